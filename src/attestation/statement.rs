//! in-toto Statement v1: subjects, predicate type and predicate, and nothing else.

use serde::{Serialize, Serializer};

use super::error::{AttestationError, ErrorKind};
use super::json::{self, Limits};
use super::limits;
use super::node::Node;
use super::predicate::{Change, Declaration, SignOff};
use crate::ai::AiAssistance;
use crate::change::{ChangeDigest, Digest};

/// `_type` of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The predicate type of an author's declaration.
pub const DECLARATION_TYPE: &str = "https://countersign.dev/declaration/v1";
/// The predicate type of a reviewer's sign-off.
pub const SIGN_OFF_TYPE: &str = "https://countersign.dev/sign-off/v1";
/// The predicate type of trust metadata.
pub const TRUST_TYPE: &str = "https://countersign.dev/trust/v1";

/// What a statement of one kind says, and about what.
pub trait Predicate: Serialize + Sized {
    /// The predicate type.
    const TYPE: &'static str;
    /// The subjects' names, in their order.
    const SUBJECTS: &'static [&'static str];
    /// The limit of the payload in bytes.
    const PAYLOAD_BYTES: usize;
    /// The subjects' digests.
    type Subject: Clone + std::fmt::Debug + PartialEq + Eq;

    /// The SHA-256 of each subject, in the order of [`SUBJECTS`](Self::SUBJECTS).
    fn digests(subject: &Self::Subject) -> Vec<Digest>;

    /// The subjects from their digests; `None` where their number is wrong.
    fn subject(digests: &[Digest]) -> Option<Self::Subject>;

    /// Reads the predicate. Unknown fields are ignored; a wrong type or value in a known one is an
    /// error.
    fn read(node: &Node<'_>) -> Result<Self, AttestationError>;
}

/// The subjects of trust metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustFiles {
    /// SHA-256 of `roster.toml`.
    pub roster: Digest,
    /// SHA-256 of `policy.toml`.
    pub policy: Digest,
}

/// A statement as its signer wrote it: claims, until a signature over its payload has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<P: Predicate> {
    /// What it is about.
    pub subject: P::Subject,
    /// What it says.
    pub predicate: P,
}

impl<P: Predicate> Statement<P> {
    /// Reads a payload as a statement of this kind.
    ///
    /// # Errors
    /// `StatementType` for another `_type`, then `PredicateType` for another kind, then whatever is
    /// wrong with the fields: unknown ones outside the predicate, other than the exact subjects.
    pub fn parse(payload: &[u8]) -> Result<Self, AttestationError> {
        let document = json::parse(payload, Limits::bytes(P::PAYLOAD_BYTES))?;
        let root = document.root();
        let predicate_type = predicate_type(&root)?;
        if predicate_type.string()? != P::TYPE {
            return Err(another_kind(&predicate_type));
        }
        Self::read(&root)
    }

    /// Writes the payload: compact JSON. Do this once and sign exactly these bytes.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse, so that nothing is signed that no gate could read.
    pub fn to_payload(&self) -> Result<Vec<u8>, AttestationError> {
        let payload = json::write(self)?;
        Self::parse(&payload)?;
        Ok(payload)
    }

    fn read(root: &Node<'_>) -> Result<Self, AttestationError> {
        let object = root.object()?;
        object.only(&["_type", "subject", "predicateType", "predicate"])?;
        Ok(Self {
            subject: read_subjects::<P>(&object.required("subject")?)?,
            predicate: P::read(&object.required("predicate")?)?,
        })
    }
}

/// A declaration or a sign-off, whichever the payload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyStatement {
    /// A reviewer's sign-off.
    SignOff(Box<Statement<SignOff>>),
    /// An author's declaration.
    Declaration(Box<Statement<Declaration>>),
}

impl AnyStatement {
    /// The change that it is about.
    pub fn subject(&self) -> ChangeDigest {
        match self {
            Self::Declaration(statement) => statement.subject,
            Self::SignOff(statement) => statement.subject,
        }
    }

    /// Reads a payload as a declaration or a sign-off. Any other kind, trust metadata included, is
    /// `PredicateType` at `$.predicateType`.
    pub fn parse(payload: &[u8]) -> Result<Self, AttestationError> {
        let document = json::parse(payload, Limits::bytes(limits::PAYLOAD_BYTES))?;
        let root = document.root();
        let predicate_type = predicate_type(&root)?;
        match predicate_type.string()? {
            SIGN_OFF_TYPE => Statement::read(&root).map(|s| Self::SignOff(Box::new(s))),
            DECLARATION_TYPE => Statement::read(&root).map(|s| Self::Declaration(Box::new(s))),
            _ => Err(another_kind(&predicate_type)),
        }
    }

    /// The digest of the change that the statement is about.
    pub fn change_digest(&self) -> ChangeDigest {
        match self {
            Self::SignOff(statement) => statement.subject,
            Self::Declaration(statement) => statement.subject,
        }
    }

    /// The change as its signer described it.
    pub fn change(&self) -> &Change {
        match self {
            Self::SignOff(statement) => &statement.predicate.change,
            Self::Declaration(statement) => &statement.predicate.change,
        }
    }

    /// How AI took part, as the statement says.
    pub fn ai_assistance(&self) -> &AiAssistance {
        match self {
            Self::SignOff(statement) => &statement.predicate.ai_assistance,
            Self::Declaration(statement) => &statement.predicate.ai_assistance,
        }
    }
}

/// Checks `_type` and finds the predicate type: first of all, so that a statement of another kind is
/// told as that and not by its other fields.
fn predicate_type<'a>(root: &Node<'a>) -> Result<Node<'a>, AttestationError> {
    let object = root.object()?;
    let statement_type = object.required("_type")?;
    if statement_type.string()? != STATEMENT_TYPE {
        return Err(statement_type.error(ErrorKind::StatementType));
    }
    object.required("predicateType")
}

fn another_kind(predicate_type: &Node<'_>) -> AttestationError {
    match predicate_type.string() {
        Ok(found) => predicate_type.error(ErrorKind::PredicateType {
            found: found.to_owned(),
        }),
        Err(error) => error,
    }
}

/// Reads exactly the subjects of `P`, each with exactly one digest, SHA-256.
fn read_subjects<P: Predicate>(node: &Node<'_>) -> Result<P::Subject, AttestationError> {
    let subjects = node.array(usize::MAX)?;
    let count = node.error(ErrorKind::SubjectCount {
        found: subjects.len(),
        expected: P::SUBJECTS.len(),
    });
    if subjects.len() != P::SUBJECTS.len() {
        return Err(count);
    }
    let digests = subjects
        .iter()
        .zip(P::SUBJECTS)
        .map(|(subject, name)| read_subject(subject, name))
        .collect::<Result<Vec<_>, _>>()?;
    P::subject(&digests).ok_or(count)
}

fn read_subject(node: &Node<'_>, name: &'static str) -> Result<Digest, AttestationError> {
    let subject = node.object()?;
    subject.only(&["name", "digest"])?;
    let found = subject.required("name")?;
    if found.string()? != name {
        return Err(found.bad_value(name));
    }
    let node = subject.required("digest")?;
    let digests = node.object()?;
    if digests.len() != 1 {
        return Err(node.error(ErrorKind::DigestCount {
            found: digests.len(),
        }));
    }
    digests.only(&["sha256"])?;
    digests.required("sha256")?.digest()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a, P> {
    #[serde(rename = "_type")]
    statement_type: &'static str,
    subject: Vec<WrittenSubject>,
    predicate_type: &'static str,
    predicate: &'a P,
}

#[derive(Serialize)]
struct WrittenSubject {
    name: &'static str,
    digest: WrittenDigest,
}

#[derive(Serialize)]
struct WrittenDigest {
    sha256: Digest,
}

impl<P: Predicate> Serialize for Statement<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let subjects = P::SUBJECTS.iter().zip(P::digests(&self.subject));
        let written = Written {
            statement_type: STATEMENT_TYPE,
            subject: subjects
                .map(|(name, sha256)| WrittenSubject {
                    name,
                    digest: WrittenDigest { sha256 },
                })
                .collect(),
            predicate_type: P::TYPE,
            predicate: &self.predicate,
        };
        written.serialize(serializer)
    }
}

#[cfg(test)]
#[path = "statement_tests.rs"]
mod tests;
