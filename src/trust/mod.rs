//! Trust metadata: the signed, versioned statements over roster and policy (SPEC 5).
//!
//! [`Chain::verify`] walks from the pinned root: version 1 is the root, each next version is signed
//! by the threshold of the admins before it and by its own, numbers go up by one. A [`Draft`]
//! is a version that admins still sign. What the policy means is not looked at here.

mod chain;
mod draft;
mod issue;
#[cfg(test)]
mod testing;

pub use chain::{Chain, MAX_VERSIONS, TrustError, VerifiedVersion};
pub use draft::{Count, Draft, Progress};
pub use issue::{IssueError, NewVersion, VALID_MONTHS, WARN_DAYS, expires_after};

/// The folder of the trust files.
pub const FOLDER: &str = ".countersign";
/// The roster's path.
pub const ROSTER_PATH: &str = ".countersign/roster.toml";
/// The policy's path.
pub const POLICY_PATH: &str = ".countersign/policy.toml";
/// The folder of the versions.
pub const VERSIONS_FOLDER: &str = ".countersign/trust";

/// The path of a version's envelope.
pub fn version_path(version: u64) -> String {
    format!("{VERSIONS_FOLDER}/{version}.dsse.json")
}

/// The version of an envelope's file name, if it is one in its only spelling.
pub fn version_of(name: &str) -> Option<u64> {
    let version = name.strip_suffix(".dsse.json")?.parse().ok()?;
    (version > 0 && name == format!("{version}.dsse.json")).then_some(version)
}
