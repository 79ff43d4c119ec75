//! `verify --vsa`: the verdict on a release as SLSA's verification summary, signed by a gate; and `--after`, which reads
//! one.

use std::path::Path;

use countersign::attestation::{ARTIFACTS, AttestationError, limits};
use countersign::change::Digest;
use countersign::codes::Code;
use countersign::gate::{Judging, Verdict};
use countersign::report;
use countersign::roster::Roster;
use countersign::text::escape;
use countersign::verify::{ExpectedSummary, VerifiedSummary, verify_summary};

use super::args::VerifyArgs;
use super::context::{Context, Target};
use super::{Failure, key};

/// What is written of a verdict, found out before anything is judged.
pub struct Writer {
    /// The gate's id, and its key; none for a bare predicate of somebody else's gate.
    gate: String,
    key: Option<key::Found>,
    artifacts: Vec<(String, Digest)>,
}

impl Writer {
    /// What the command line asks for; `None` where it asks for no summary.
    pub fn of(
        args: &VerifyArgs,
        context: &Context,
        roster: &Roster,
    ) -> Result<Option<Self>, Failure> {
        if args.vsa.is_none() && args.vsa_predicate.is_none() {
            return Ok(None);
        }
        if args.release.is_none() {
            return Err(only_releases());
        }
        let artifacts: Result<Vec<_>, _> =
            args.subjects.iter().map(|text| artifact(text)).collect();
        let artifacts = artifacts?;
        if artifacts.len() > ARTIFACTS {
            let message = format!("--subject: more than {ARTIFACTS}");
            return Err(Failure::usage(message));
        }
        let Some(found) = key::named(&args.key, &context.environment)? else {
            return match &args.vsa {
                Some(_) => Err(Failure::usage("--vsa needs the gate's key: --key FILE")),
                None => Ok(Some(Self {
                    gate: "unsigned".to_owned(),
                    key: None,
                    artifacts,
                })),
            };
        };
        let fingerprint = found.fingerprint();
        let mut gates = roster.gates().iter();
        let Some(gate) = gates.find(|gate| gate.key.fingerprint() == fingerprint) else {
            let message = format!("{fingerprint} is no gate's key in the roster in force");
            return Err(Failure::new(Code::NO_KEY, message)
                .next("an admin: [[gate]] in roster.toml, then countersign trust sign"));
        };
        Ok(Some(Self {
            gate: gate.id.clone(),
            key: Some(found),
            artifacts,
        }))
    }

    /// Writes the files. Where one can't be written nobody takes an older one for this verdict: that is a failure.
    pub fn write(self, args: &VerifyArgs, verdict: &Verdict) -> Result<(), Failure> {
        let Some(summary) = report::claim(verdict, &self.gate, self.artifacts) else {
            return Err(only_releases());
        };
        let unwritable = |error: AttestationError| Failure::new(Code::LIMIT, error.to_string());
        if let Some(path) = &args.vsa_predicate {
            write(path, &summary.to_predicate().map_err(unwritable)?)?;
        }
        if let (Some(path), Some(key)) = (&args.vsa, &self.key) {
            let payload = summary.to_payload().map_err(unwritable)?;
            write(path, super::statement::seal(&payload, key)?.as_bytes())?;
        }
        Ok(())
    }
}

fn only_releases() -> Failure {
    Failure::usage("--vsa: only --release speaks for all that landed")
        .next("verify --release --vsa FILE")
}

fn artifact(text: &str) -> Result<(String, Digest), Failure> {
    let wrong = || Failure::usage(format!("--subject {text}: NAME@sha256:HEX is asked for"));
    let (name, digest) = text.rsplit_once("@sha256:").ok_or_else(wrong)?;
    match digest.parse() {
        Ok(digest) if !name.is_empty() => Ok((name.to_owned(), digest)),
        _ => Err(wrong()),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let told = |error| Failure::usage(format!("can't write {}: {error}", path.display()));
    std::fs::write(path, bytes).map_err(told)
}

/// Reads and verifies the summary of `--after`.
pub fn after(
    path: &Path,
    judging: &Judging,
    target: &Target,
    context: &Context,
) -> Result<VerifiedSummary, Failure> {
    let shown = escape(&path.display().to_string(), 200);
    let unread = |error: std::io::Error| Failure::usage(format!("can't read {shown}: {error}"));
    let length = std::fs::metadata(path).map_err(unread)?.len();
    if length > limits::BUNDLE_BYTES as u64 {
        let message = format!("{shown} has over {} bytes", limits::BUNDLE_BYTES);
        return Err(Failure::new(Code::LIMIT, message));
    }
    let bytes = std::fs::read(path).map_err(unread)?;
    let expected = ExpectedSummary {
        root: judging.root,
        repositories: &judging.repositories(),
        target: &target.name,
        now: context.environment.now,
    };
    verify_summary(&bytes, &judging.roster, &expected)
        .map_err(|(code, why)| Failure::new(code, format!("--after {shown}: {why}")))
}
