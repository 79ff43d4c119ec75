//! The declaration: how AI took part in a change, as one of its authors says.

use jiff::Timestamp;
use serde::Serialize;

use super::{Author, Change, PersonClaim, write_time};
use crate::ai::AiAssistance;
use crate::attestation::ai_reader;
use crate::attestation::error::AttestationError;
use crate::attestation::limits;
use crate::attestation::node::Node;
use crate::attestation::statement::{DECLARATION_TYPE, Predicate};
use crate::change::{ChangeDigest, Digest};

/// What an author declares about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// The change.
    pub change: Change,
    /// Everybody who may have written it.
    pub authors: Vec<Author>,
    /// Who declares: the person that the signature proves an author.
    pub author: PersonClaim,
    /// How AI took part.
    pub ai_assistance: AiAssistance,
    /// Why, in the author's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tickets that asked for the change.
    pub tickets: Vec<String>,
    /// The ids of the people whom the author asks for a sign-off. A wish: it decides nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// When it was signed, by the author's clock.
    #[serde(serialize_with = "write_time")]
    pub declared_on: Timestamp,
}

impl Predicate for Declaration {
    const TYPE: &'static str = DECLARATION_TYPE;
    const SUBJECTS: &'static [&'static str] = &["change"];
    const PAYLOAD_BYTES: usize = limits::PAYLOAD_BYTES;
    type Subject = ChangeDigest;

    fn digests(subject: &ChangeDigest) -> Vec<Digest> {
        vec![*subject]
    }

    fn subject(digests: &[Digest]) -> Option<ChangeDigest> {
        digests.first().copied()
    }

    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        let assistance = object.required("aiAssistance")?;
        let ai_assistance = ai_reader::read(&assistance)?;
        // Who says nothing has not declared `none`.
        if ai_assistance.declared.is_none() {
            return Err(assistance.bad_value("what is declared"));
        }
        Ok(Self {
            change: Change::read(&object.required("change")?)?,
            authors: object
                .required("authors")?
                .array_of(limits::AUTHORS, Author::read)?,
            author: PersonClaim::read(&object.required("author")?)?,
            ai_assistance,
            reason: object.optional_with("reason", |reason| reason.text(limits::COMMENT_BYTES))?,
            tickets: object
                .required("tickets")?
                .array_of(limits::TICKETS, |ticket| ticket.text(limits::STRING_BYTES))?,
            asked: object
                .optional_with("asked", |asked| {
                    asked.array_of(limits::AUTHORS, |id| id.text(limits::STRING_BYTES))
                })?
                .unwrap_or_default(),
            declared_on: object.required("declaredOn")?.timestamp()?,
        })
    }
}
