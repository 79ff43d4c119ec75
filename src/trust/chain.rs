//! The chain of versions, from the root up.

use std::collections::BTreeMap;

use super::draft::{Draft, Keys};
use crate::attestation::{AttestationError, TrustMetadata};
use crate::change::Digest;
use crate::keys::{KeyError, PublicKey};

/// The most versions in a chain (SPEC 10).
pub const MAX_VERSIONS: u64 = 10_000;

/// A version whose signatures, number and predecessor were checked. Made by [`Chain::verify`] alone,
/// through [`Draft`].
#[derive(Debug, Clone)]
pub struct VerifiedVersion {
    pub(super) metadata: TrustMetadata,
    pub(super) payload: Digest,
    pub(super) roster: Digest,
    pub(super) policy: Digest,
    pub(super) signed_by: Vec<String>,
}

impl VerifiedVersion {
    /// The predicate.
    pub fn metadata(&self) -> &TrustMetadata {
        &self.metadata
    }

    /// The version's number.
    pub fn number(&self) -> u64 {
        self.metadata.version
    }

    /// SHA-256 of the payload: what the next version names as `previous`, and of version 1 the root.
    pub fn payload(&self) -> Digest {
        self.payload
    }

    /// SHA-256 of the roster that it signs.
    pub fn roster(&self) -> Digest {
        self.roster
    }

    /// SHA-256 of the policy that it signs.
    pub fn policy(&self) -> Digest {
        self.policy
    }

    /// An admin with a key pair that this project published.
    pub fn admin_with_published_key(&self) -> Option<&str> {
        let published =
            |line: &String| PublicKey::from_openssh(line).is_ok_and(|key| key.is_published());
        let mut admins = self.metadata.admins.iter();
        let admin = admins.find(|admin| admin.keys.iter().any(published))?;
        Some(&admin.id)
    }

    /// The admins whose signatures verify, sorted.
    pub fn signed_by(&self) -> &[String] {
        &self.signed_by
    }
}

/// The verified versions from 1 up, without a gap. Never empty.
#[derive(Debug, Clone)]
pub struct Chain {
    versions: Vec<VerifiedVersion>,
}

/// Why a version, and all after it, don't count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There is no version 1.
    #[error("there is no trust version 1")]
    NoVersions,
    /// Version 1 is another than the pinned root.
    #[error("trust version 1 is sha256:{found}, pinned is sha256:{pinned}")]
    RootDiffers {
        /// The digest of version 1's payload.
        found: Digest,
        /// The pinned root.
        pinned: Digest,
    },
    /// A version is missing below a later one.
    #[error("trust version {0} is missing")]
    Gap(u64),
    /// A file that is no trust version.
    #[error("trust version {version} can't be read: {error}")]
    Malformed {
        /// The version, by its file name.
        version: u64,
        /// What is wrong.
        error: AttestationError,
    },
    /// The statement says another number than the file.
    #[error("the file of trust version {file} holds version {found}")]
    WrongNumber {
        /// By the file name.
        file: u64,
        /// By the statement.
        found: u64,
    },
    /// The version follows another one than the chain's.
    #[error("trust version {0} does not follow the version before it")]
    WrongPrevious(u64),
    /// An admin's key can't be used.
    #[error("trust version {version}: a key of admin {admin} can't be used: {error}")]
    BadKey {
        /// The version.
        version: u64,
        /// The admin's id.
        admin: String,
        /// Why.
        error: KeyError,
    },
    /// Two admins share a key, or one stands twice.
    #[error("trust version {version}: {what} stands twice among the admins")]
    Twice {
        /// The version.
        version: u64,
        /// The id or fingerprint.
        what: String,
    },
    /// The threshold is 0 or over the number of admins.
    #[error("trust version {0}: the threshold can't be met or asks nobody")]
    BadThreshold(u64),
    /// Too few people signed.
    #[error("trust version {version} is signed by {have} of {need} {whose}")]
    Threshold {
        /// The version.
        version: u64,
        /// Distinct people whose signatures verify.
        have: usize,
        /// The threshold.
        need: usize,
        /// Whose threshold.
        whose: Whose,
    },
    /// More versions than [`MAX_VERSIONS`].
    #[error("over {MAX_VERSIONS} trust versions")]
    TooMany,
}

/// Whose threshold a version misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// That of the admins it names itself.
    Own,
    /// That of the admins of the version before.
    Previous,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Own => "of its own admins",
            Self::Previous => "admins of the version before",
        })
    }
}

impl Chain {
    /// Verifies the versions from `root` up (SPEC 5.3). `files` are envelopes by the number in their
    /// file name. Gives the longest valid chain and what ended it before the last file, if anything.
    ///
    /// # Errors
    /// Where not even version 1 counts.
    pub fn verify(
        files: &BTreeMap<u64, Vec<u8>>,
        root: &Digest,
    ) -> Result<(Self, Option<TrustError>), TrustError> {
        let last = files.last_key_value().map_or(0, |(version, _)| *version);
        if files.len() as u64 > MAX_VERSIONS {
            return Err(TrustError::TooMany);
        }
        let first = files.get(&1).ok_or(TrustError::NoVersions)?;
        let draft = Draft::parse(1, first)?;
        if draft.payload() != *root {
            return Err(TrustError::RootDiffers {
                found: draft.payload(),
                pinned: *root,
            });
        }
        let mut keys = Keys::default();
        let mut versions = vec![draft.verified(None, &mut keys)?];
        for version in 2..=last {
            match step(&versions, files, version, &mut keys) {
                Ok(next) => versions.push(next),
                Err(error) => return Ok((Self { versions }, Some(error))),
            }
        }
        Ok((Self { versions }, None))
    }

    /// The versions, version 1 first.
    pub fn versions(&self) -> &[VerifiedVersion] {
        &self.versions
    }

    /// The version of this number.
    pub fn version(&self, number: u64) -> Option<&VerifiedVersion> {
        self.versions
            .iter()
            .find(|version| version.number() == number)
    }

    /// The number of the last version.
    pub fn newest(&self) -> u64 {
        self.versions.len() as u64
    }

    /// The last version.
    pub fn last(&self) -> Option<&VerifiedVersion> {
        self.versions.last()
    }
}

fn step(
    versions: &[VerifiedVersion],
    files: &BTreeMap<u64, Vec<u8>>,
    version: u64,
    keys: &mut Keys,
) -> Result<VerifiedVersion, TrustError> {
    let bytes = files.get(&version).ok_or(TrustError::Gap(version))?;
    let before = versions.last().ok_or(TrustError::NoVersions)?;
    Draft::parse(version, bytes)?.verified(Some(before), keys)
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
