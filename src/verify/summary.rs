//! Verifying a gate's verification summary (SPEC 8.10).

use super::{MAX_AHEAD_SECONDS, malformed};
use crate::attestation::{Bundle, Summary};
use crate::change::Digest;
use crate::codes::Code;
use crate::roster::Roster;
use jiff::Timestamp;

/// What a summary is compared with.
#[derive(Debug, Clone)]
pub struct ExpectedSummary<'a> {
    /// The pinned root.
    pub root: Digest,
    /// The repository's names.
    pub repositories: &'a [String],
    /// The branch, as a full ref.
    pub target: &'a str,
    /// The clock.
    pub now: Timestamp,
}

/// A summary that a gate of the roster signed, of this repository and branch.
#[derive(Debug, Clone)]
pub struct VerifiedSummary {
    summary: Summary,
}

impl VerifiedSummary {
    /// What it says.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// Verifies a summary. The only way to a [`VerifiedSummary`].
///
/// # Errors
/// The code and the reason: malformed, a key that is no gate's, a wrong signature, of another gate, repository,
/// branch or root, or ahead of the clock.
pub fn verify_summary(
    bytes: &[u8],
    roster: &Roster,
    expected: &ExpectedSummary<'_>,
) -> Result<VerifiedSummary, (Code, String)> {
    let bundle = Bundle::parse(bytes).map_err(|error| malformed(&error))?;
    let named = |gate: &&crate::roster::Gate| gate.key.is_named(bundle.hint());
    let gate = roster.gates().iter().find(named).ok_or_else(|| {
        let why = "signed by a key that is no gate's in the roster";
        (Code::UNKNOWN_KEY, why.to_owned())
    })?;
    let wrong = |_| {
        (
            Code::BAD_SIGNATURE,
            format!("the key of {} does not verify it", gate.id),
        )
    };
    gate.key
        .verify(&bundle.pae(), bundle.signature())
        .map_err(wrong)?;
    let summary = Summary::parse(bundle.payload()).map_err(|error| malformed(&error))?;
    if summary.gate != gate.id {
        let why = format!("it says \"{}\", the key is {}'s", summary.gate, gate.id);
        return Err((Code::SIGNER_CONTRADICTS, why));
    }
    if !expected.repositories.contains(&summary.repository) || summary.target != expected.target {
        let why = format!("of {} of {}", summary.target, summary.repository);
        return Err((Code::OTHER_TARGET, why));
    }
    if summary.root != expected.root {
        return Err((Code::ROOT_DIFFERS, "judged from another root".to_owned()));
    }
    let ahead = summary.verified_on.as_second() - expected.now.as_second();
    if ahead > MAX_AHEAD_SECONDS {
        let why = format!("made {ahead} seconds ahead of the clock");
        return Err((Code::SIGNED_IN_FUTURE, why));
    }
    Ok(VerifiedSummary { summary })
}
