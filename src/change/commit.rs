//! Commits as the rest of the program sees them: ids, people, messages.

use std::fmt;
use std::str::FromStr;

/// A git commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(String);

/// The text is not a commit id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a commit id of 40 or 64 lower-case hex digits")]
pub struct CommitIdError;

impl CommitId {
    /// The id as hex.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven hex digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl FromStr for CommitId {
    type Err = CommitIdError;

    fn from_str(text: &str) -> Result<Self, CommitIdError> {
        let hex = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(CommitIdError)
        }
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for CommitId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A name and an e-mail address as a commit or a trailer gives them: a claim, never proof.
/// Raw, before any `.mailmap`; bytes that are not UTF-8 are replaced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The name as written.
    pub name: String,
    /// The address as written, without the angle brackets.
    pub email: String,
}

/// What the gate reads of a commit object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit's id.
    pub id: CommitId,
    /// The parents' ids, the first parent first.
    pub parents: Vec<CommitId>,
    /// Who the commit says wrote it.
    pub author: Identity,
    /// Who the commit says made the commit object.
    pub committer: Identity,
    /// The committer's time in seconds since 1970-01-01T00:00:00Z.
    pub committed_at: i64,
    /// The message; bytes that are not UTF-8 are replaced.
    pub message: String,
}

impl Commit {
    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// Whether the commit has two parents or more.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }
}
