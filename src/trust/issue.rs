//! What a next version says.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::chain::TrustError;
use crate::attestation::{
    Admin, AttestationError, Checkpoint, Excused, Statement, TrustFiles, TrustMetadata,
};
use crate::change::{Digest, sha256};
use crate::keys::SignError;
use crate::roster::Roster;

/// How long a version is valid where nothing else is asked.
pub const VALID_MONTHS: i32 = 13;
/// From how many days before its expiry a version is warned about.
pub const WARN_DAYS: i64 = 60;

/// The content of a version that is to be signed.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// The number.
    pub number: u64,
    /// The payload digest of the version before; `None` for version 1.
    pub previous: Option<Digest>,
    /// Of a new version 1, the root that it replaces.
    pub replaces: Option<Digest>,
    /// The bytes of `roster.toml` as git would commit them.
    pub roster_bytes: &'a [u8],
    /// The bytes of `policy.toml` as git would commit them.
    pub policy_bytes: &'a [u8],
    /// The roster, read.
    pub roster: &'a Roster,
    /// From when on each branch's units are judged.
    pub checkpoints: Vec<Checkpoint>,
    /// Units that are accepted though they fail.
    pub excused: Vec<Excused>,
    /// When it is made.
    pub issued_on: Timestamp,
    /// When it expires.
    pub expires_on: Timestamp,
}

/// Why a version can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The key is none of an admin, neither of this version nor of the one before.
    #[error("the key is not one of an admin")]
    NotAdmin,
    /// The admins of the version, or of the one before, make no sense.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The statement is over a documented limit.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// The signature failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// When a version that is issued at `issued` expires, to the second; the latest time there is if the
/// calendar ends before.
pub fn expires_after(issued: Timestamp, months: i32) -> Timestamp {
    let date: DateTime = TimeZone::UTC.to_datetime(issued);
    let later = date
        .checked_add(jiff::Span::new().months(months))
        .unwrap_or(DateTime::MAX);
    TimeZone::UTC.to_timestamp(later).unwrap_or(Timestamp::MAX)
}

impl NewVersion<'_> {
    /// The statement to sign.
    pub(super) fn statement(&self) -> Statement<TrustMetadata> {
        let version = self;
        let admins = version.roster.admins();
        let people = admins
            .ids
            .iter()
            .filter_map(|id| version.roster.engineer(id));
        let admin = |engineer: &crate::roster::Engineer| Admin {
            id: engineer.id.clone(),
            keys: engineer
                .keys
                .iter()
                .filter(|key| key.revoked.is_none())
                .filter_map(|key| key.key.key())
                .map(crate::keys::PublicKey::to_openssh)
                .collect(),
        };
        Statement {
            subject: TrustFiles {
                roster: sha256(version.roster_bytes),
                policy: sha256(version.policy_bytes),
            },
            predicate: TrustMetadata {
                version: version.number,
                previous: version.previous,
                issued_on: version.issued_on,
                expires_on: version.expires_on,
                admins: people.map(admin).collect(),
                threshold: admins.threshold as u64,
                checkpoints: version.checkpoints.clone(),
                excused: version.excused.clone(),
                replaces: version.replaces,
            },
        }
    }
}
