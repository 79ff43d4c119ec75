//! Trust metadata: one signed version of roster and policy.

use jiff::Timestamp;
use serde::Serialize;

use super::{read_ref, refuse_repeats, write_time};
use crate::attestation::error::AttestationError;
use crate::attestation::limits;
use crate::attestation::node::{Node, Object};
use crate::attestation::statement::{Predicate, TRUST_TYPE, TrustFiles};
use crate::change::{CommitId, Digest};

/// One version of the trust metadata. Its subjects are `roster.toml` and `policy.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustMetadata {
    /// The version, from 1, without gaps.
    pub version: u64,
    /// SHA-256 of the payload of the version before; absent in version 1, and only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// When it was issued.
    #[serde(serialize_with = "write_time")]
    pub issued_on: Timestamp,
    /// From when on it no longer counts; after `issued_on`.
    #[serde(serialize_with = "write_time")]
    pub expires_on: Timestamp,
    /// Who may sign the next version, each id once.
    pub admins: Vec<Admin>,
    /// How many of the admins must sign, from 1 to their number.
    pub threshold: u64,
    /// Up to where each branch is accepted history, each branch once.
    pub checkpoints: Vec<Checkpoint>,
    /// Units that the admins accept though they fail, each commit once.
    pub excused: Vec<Excused>,
    /// Only in version 1, after a lost threshold: SHA-256 of the payload of the last version that
    /// this new root replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Digest>,
}

/// Somebody who may sign trust metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admin {
    /// The roster id: one person, however many keys.
    pub id: String,
    /// Their public keys in OpenSSH form, such as `ssh-ed25519 AAAA...`, at least one; unchecked here.
    pub keys: Vec<String>,
}

/// A commit up to which a branch's first-parent line is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// The full ref name, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub name: String,
    /// The commit.
    pub git_commit: CommitId,
}

/// A unit that the admins accept though it fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Excused {
    /// The unit's commit.
    pub git_commit: CommitId,
    /// Why, as every report lists it.
    pub reason: String,
}

impl Predicate for TrustMetadata {
    const TYPE: &'static str = TRUST_TYPE;
    const SUBJECTS: &'static [&'static str] = &["roster.toml", "policy.toml"];
    const PAYLOAD_BYTES: usize = limits::TRUST_PAYLOAD_BYTES;
    type Subject = TrustFiles;

    fn digests(subject: &TrustFiles) -> Vec<Digest> {
        vec![subject.roster, subject.policy]
    }

    fn subject(digests: &[Digest]) -> Option<TrustFiles> {
        match *digests {
            [roster, policy] => Some(TrustFiles { roster, policy }),
            _ => None,
        }
    }

    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        let metadata = Self {
            version: object.required("version")?.positive()?,
            previous: object.optional_with("previous", Node::digest)?,
            issued_on: object.required("issuedOn")?.timestamp()?,
            expires_on: object.required("expiresOn")?.timestamp()?,
            admins: read_admins(&object.required("admins")?)?,
            threshold: object.required("threshold")?.positive()?,
            checkpoints: read_checkpoints(&object.required("checkpoints")?)?,
            excused: read_excused(&object.required("excused")?)?,
            replaces: object.optional_with("replaces", Node::digest)?,
        };
        metadata.check(&object)?;
        Ok(metadata)
    }
}

impl TrustMetadata {
    /// What holds between the fields.
    fn check(&self, object: &Object<'_>) -> Result<(), AttestationError> {
        if self.version > 1 {
            object.required("previous")?;
            if let Some(replaces) = object.optional("replaces") {
                return Err(replaces.bad_value("no such field after version 1"));
            }
        } else if let Some(previous) = object.optional("previous") {
            return Err(previous.bad_value("no such field in version 1"));
        }
        if self.expires_on <= self.issued_on {
            return Err(object
                .required("expiresOn")?
                .bad_value("a time after issuedOn"));
        }
        if usize::try_from(self.threshold).map_or(true, |n| n > self.admins.len()) {
            return Err(object
                .required("threshold")?
                .bad_value("at most the number of admins"));
        }
        Ok(())
    }
}

fn read_admins(node: &Node<'_>) -> Result<Vec<Admin>, AttestationError> {
    let nodes = node.array(limits::ADMINS)?;
    let admins = nodes
        .iter()
        .map(|node| {
            let object = node.object()?;
            let keys = object.required("keys")?;
            let admin = Admin {
                id: object.required("id")?.text(limits::ID_BYTES)?,
                keys: keys.array_of(limits::ADMIN_KEYS, |key| key.text(limits::STRING_BYTES))?,
            };
            if admin.keys.is_empty() {
                return Err(keys.bad_value("at least one key"));
            }
            Ok(admin)
        })
        .collect::<Result<Vec<_>, _>>()?;
    refuse_repeats(&nodes, admins.iter().map(|admin| &admin.id))?;
    Ok(admins)
}

fn read_checkpoints(node: &Node<'_>) -> Result<Vec<Checkpoint>, AttestationError> {
    let nodes = node.array(limits::CHECKPOINTS)?;
    let checkpoints = nodes
        .iter()
        .map(|node| {
            let object = node.object()?;
            Ok(Checkpoint {
                name: read_ref(&object.required("ref")?)?,
                git_commit: object.required("gitCommit")?.commit_id()?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    refuse_repeats(
        &nodes,
        checkpoints.iter().map(|checkpoint| &checkpoint.name),
    )?;
    Ok(checkpoints)
}

fn read_excused(node: &Node<'_>) -> Result<Vec<Excused>, AttestationError> {
    let nodes = node.array(limits::EXCUSED)?;
    let excused = nodes
        .iter()
        .map(|node| {
            let object = node.object()?;
            Ok(Excused {
                git_commit: object.required("gitCommit")?.commit_id()?,
                reason: object.required("reason")?.text(limits::STRING_BYTES)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    refuse_repeats(&nodes, excused.iter().map(|excused| &excused.git_commit))?;
    Ok(excused)
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
