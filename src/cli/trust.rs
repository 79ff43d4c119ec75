//! `trust status | log | pin`, and what the trust commands share.

use std::collections::BTreeMap;

use countersign::change::{Digest, sha256};
use countersign::codes::Code;
use countersign::text::escape;
use countersign::trust::{
    Chain, TrustError, VERSIONS_FOLDER, VerifiedVersion, WARN_DAYS, version_of, version_path,
};

use super::args::Global;
use super::context::{Context, FIRST_SEEN_KEY, ROOT_KEY, parse_root};
use super::environment::Environment;
use super::objects::TrustLogObject;
use super::trust_args::TrustCommand;
use super::trust_sign::{self, Files, begun, waits_for};
use super::{Done, Failure, Output};

/// The largest trust file that is read, in bytes.
const MAX_ENVELOPE: u64 = 1 << 20;

/// Runs a `trust` command.
pub fn run(
    command: &TrustCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    match command {
        TrustCommand::Sign(args) => trust_sign::sign(args, global, &context, output),
        TrustCommand::Status => status(&context, output),
        TrustCommand::Log => log(&context, output),
        TrustCommand::Pin { digest } => pin(digest, &context, output),
    }
}

/// The trust files of the work tree, by version.
pub fn files(context: &Context) -> Result<BTreeMap<u64, Vec<u8>>, Failure> {
    let folder = context.work_dir()?.join(VERSIONS_FOLDER);
    let unreadable = |error: std::io::Error| {
        Failure::new(
            Code::TRUST_INVALID,
            format!("can't read {VERSIONS_FOLDER}: {error}"),
        )
        .next("countersign init")
    };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Some(version) = version_of(&entry.file_name().to_string_lossy()) else {
            continue;
        };
        if entry.metadata().map_err(unreadable)?.len() > MAX_ENVELOPE {
            return Err(Failure::new(
                Code::LIMIT,
                format!("{} is over {MAX_ENVELOPE} bytes", version_path(version)),
            ));
        }
        files.insert(version, std::fs::read(entry.path()).map_err(unreadable)?);
    }
    Ok(files)
}

/// The root that this clone pinned or saw first; else version 1 of the work tree, which an admin made
/// here.
fn root(context: &Context) -> Result<Digest, Failure> {
    for key in [ROOT_KEY, FIRST_SEEN_KEY] {
        if let Some(value) = context.repo.config_string(key) {
            return parse_root(&value);
        }
    }
    context.known_root(&context.repo.resolve("HEAD")?)
}

/// The chain of the work tree, and the version after it that still lacks signatures.
pub struct State {
    pub chain: Chain,
    /// The bytes of the next version's file, where there is one that is not complete.
    pub pending: Option<Vec<u8>>,
}

impl State {
    /// The newest version that is complete.
    pub fn last(&self) -> Result<&VerifiedVersion, Failure> {
        let last = self.chain.last();
        last.ok_or_else(|| Failure::new(Code::INTERNAL, "an empty chain"))
    }
}

/// Reads and verifies the trust files of the work tree.
pub fn state(context: &Context) -> Result<State, Failure> {
    let mut files = files(context)?;
    let refused = |error: TrustError| {
        let failure = Failure::new(Code::TRUST_SIGNATURES, error.to_string());
        failure
            .row("kept", "no file was changed")
            .next(format!("look at {VERSIONS_FOLDER}/"))
    };
    match Chain::verify(&files, &root(context)?) {
        Ok((chain, None)) => Ok(State {
            chain,
            pending: None,
        }),
        // Only the last may be waiting for its admins.
        Ok((chain, Some(TrustError::Threshold { version, .. })))
            if files.last_key_value().map(|(last, _)| *last) == Some(version) =>
        {
            Ok(State {
                chain,
                pending: files.remove(&version),
            })
        }
        Ok((_, Some(error))) | Err(error) => Err(refused(error)),
    }
}

/// What is in force, what waits, and whose turn it is.
fn status(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let state = state(context)?;
    let last = state.last()?;
    let metadata = last.metadata();
    let admins: Vec<_> = metadata
        .admins
        .iter()
        .map(|admin| admin.id.as_str())
        .collect();
    let days =
        (metadata.expires_on.as_second() - context.environment.now.as_second()).div_euclid(86_400);
    output.row("Root", &format!("sha256:{}", root(context)?))?;
    output.row(
        "Version",
        &format!(
            "{}        threshold {} of {}: {}",
            last.number(),
            metadata.threshold,
            admins.len(),
            admins.join(", ")
        ),
    )?;
    let expires = metadata.expires_on.strftime("%Y-%m-%d");
    let expired = days < 0;
    let soon = days < WARN_DAYS;
    let when = if expired {
        format!("expired on {expires}")
    } else {
        format!("expires on {expires}, in {days} days")
    };
    output.row("Expiry", &when)?;
    if let Some((waiting, next)) = waiting(context, &state, last)? {
        output.row("Waiting", &waiting)?;
        if let Some(next) = next {
            output.row("Next", next)?;
        }
        return Ok(Done::No);
    }
    if soon {
        output.row(
            "Next",
            "countersign trust sign      renews it, with nothing changed",
        )?;
        return Ok(Done::No);
    }
    Ok(Done::Yes)
}

/// What of the work tree is not in force yet, and the next command where the text names none.
fn waiting(
    context: &Context,
    state: &State,
    last: &VerifiedVersion,
) -> Result<Option<(String, Option<&'static str>)>, Failure> {
    const SIGN: &str = "countersign trust sign";
    let files = Files::read(context)?;
    let in_force = sha256(files.roster_text.as_bytes()) == last.roster()
        && sha256(files.policy_text.as_bytes()) == last.policy();
    let Some(draft) = begun(context, state, &files, last)? else {
        let changed = "roster.toml or policy.toml changed, and no admin has signed";
        return Ok((!in_force).then(|| (changed.to_owned(), Some(SIGN))));
    };
    let progress = draft
        .progress(Some(last))
        .map_err(|error| Failure::new(Code::TRUST_SIGNATURES, error.to_string()))?;
    let signed: Vec<_> = progress.signed().into_iter().collect();
    let signed = format!("{} is signed by {}", last.number() + 1, signed.join(", "));
    if progress.is_complete() {
        let enough = format!("{signed}, which is enough; its file is not here");
        return Ok(Some((enough, Some(SIGN))));
    }
    Ok(Some((format!("{signed}. {}", waits_for(&progress)), None)))
}

fn log(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let chain = state(context)?.chain;
    output.object(&TrustLogObject::new(chain.versions()))?;
    for version in chain.versions().iter().rev() {
        let metadata = version.metadata();
        output.line(&format!(
            "{}  {}  by {}  expires {}  sha256:{}",
            version.number(),
            metadata.issued_on.strftime("%Y-%m-%d"),
            version.signed_by().join(", "),
            metadata.expires_on.strftime("%Y-%m-%d"),
            version.payload()
        ))?;
        for checkpoint in &metadata.checkpoints {
            output.line(&format!(
                "     checkpoint {} at {}",
                escape(&checkpoint.name, 200),
                checkpoint.git_commit.short()
            ))?;
        }
    }
    Ok(Done::Yes)
}

fn pin(digest: &str, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let root = parse_root(digest)?;
    context.set_config(ROOT_KEY, &format!("sha256:{root}"))?;
    output.row(
        "Pinned",
        &format!("sha256:{root}   in this repository's git config"),
    )?;
    Ok(Done::Yes)
}
