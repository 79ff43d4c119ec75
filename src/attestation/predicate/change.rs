//! The change and its authors, as declarations and sign-offs describe them.

use serde::Serialize;

use super::{read_ref, refuse_repeats};
use crate::attestation::error::AttestationError;
use crate::attestation::limits;
use crate::attestation::node::Node;
use crate::change::{ChangeDigest, CommitId};

/// The change as its signer saw it. The subject's digest binds its content; this binds its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The signed policy's `repository`, or one of its aliases, byte for byte.
    pub repository: String,
    /// The branches it is for, at least one, each named once.
    pub targets: Vec<Target>,
    /// The commit whose tree is the old side.
    pub base: CommitId,
    /// The commit whose tree is the new side.
    pub head: CommitId,
    /// For a statement made after landing: the landed commit that it covers, and it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed: Option<CommitId>,
    /// The change digests of the reviewed commits in order, merges that add nothing left out; absent
    /// where a merge among them adds something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commits: Option<Vec<ChangeDigest>>,
    /// How many paths differ.
    pub files: u64,
    /// Added lines.
    pub insertions: u64,
    /// Removed lines.
    pub deletions: u64,
}

/// A branch that a statement is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Target {
    /// The full ref name, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub name: String,
    /// The commit that the ref named when the statement was signed.
    pub tip: CommitId,
}

impl Change {
    pub(super) fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        Ok(Self {
            repository: object.required("repository")?.text(limits::STRING_BYTES)?,
            targets: read_targets(&object.required("targets")?)?,
            base: object.required("base")?.commit_id()?,
            head: object.required("head")?.commit_id()?,
            landed: object.optional_with("landed", Node::commit_id)?,
            commits: object.optional_with("commits", |commits| {
                commits.array_of(limits::COMMITS, Node::digest)
            })?,
            files: object.required("files")?.u64()?,
            insertions: object.required("insertions")?.u64()?,
            deletions: object.required("deletions")?.u64()?,
        })
    }
}

/// A ref named twice with two tips could be spent twice, so it is refused.
fn read_targets(node: &Node<'_>) -> Result<Vec<Target>, AttestationError> {
    let nodes = node.array(limits::TARGETS)?;
    let targets = nodes
        .iter()
        .map(|node| {
            let object = node.object()?;
            Ok(Target {
                name: read_ref(&object.required("ref")?)?,
                tip: object.required("tip")?.commit_id()?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if targets.is_empty() {
        return Err(node.bad_value("at least one target"));
    }
    refuse_repeats(&nodes, targets.iter().map(|target| &target.name))?;
    Ok(targets)
}

/// Somebody who may have written the change: a claim of commits, trailers or declarations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Author {
    /// The name as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The roster id, where the claim is resolved to a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the claim comes from.
    #[serde(rename = "as")]
    pub role: AuthorRole,
}

/// Where the claim comes from that somebody wrote the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthorRole {
    /// A commit names them as its author.
    Author,
    /// A trailer names them beside the author.
    CoAuthor,
    /// They signed a declaration.
    Declarant,
    /// They drove an agent that took part, as evidence names them.
    Operator,
}

impl Author {
    const ROLES: [(&'static str, AuthorRole); 4] = [
        ("author", AuthorRole::Author),
        ("coAuthor", AuthorRole::CoAuthor),
        ("declarant", AuthorRole::Declarant),
        ("operator", AuthorRole::Operator),
    ];

    /// Reads an author. One without name, address and id would name nobody.
    pub(super) fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        let text = |node: &Node<'_>| node.string().map(str::to_owned);
        let author = Self {
            name: object.optional_with("name", text)?,
            email: object.optional_with("email", text)?,
            id: object.optional_with("id", |id| id.text(limits::ID_BYTES))?,
            role: object
                .required("as")?
                .one_of(&Self::ROLES, "author, coAuthor, declarant or operator")?,
        };
        if author.name.is_none() && author.email.is_none() && author.id.is_none() {
            return Err(node.bad_value("a name, an email or an id"));
        }
        Ok(author)
    }
}
