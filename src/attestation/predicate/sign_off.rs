//! The sign-off: a reviewer's decision over a change, with all that the reviewer was shown.

use jiff::Timestamp;
use serde::Serialize;

use super::{Author, Change, PersonClaim, write_time};
use crate::ai::AiAssistance;
use crate::attestation::ai_reader;
use crate::attestation::error::AttestationError;
use crate::attestation::limits;
use crate::attestation::node::Node;
use crate::attestation::statement::{Predicate, SIGN_OFF_TYPE};
use crate::change::{ChangeDigest, Digest};

/// What a reviewer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignOff {
    /// The change.
    pub change: Change,
    /// Everybody who may have written it.
    pub authors: Vec<Author>,
    /// How AI took part, as shown.
    pub ai_assistance: AiAssistance,
    /// SHA-256 of the payloads of the declarations that were shown.
    pub declarations: Vec<Digest>,
    /// The decision.
    pub review: Review,
    /// The blast radius as shown: a JSON object, kept as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blast_radius: Option<serde_json::Value>,
    /// The policy as shown.
    pub policy: PolicyShown,
    /// Who signs.
    pub signer: PersonClaim,
    /// When it was signed, by the signer's clock.
    #[serde(serialize_with = "write_time")]
    pub signed_on: Timestamp,
    /// Set where the sign-off replaces what the rules require.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyClaim>,
}

/// The decision of a reviewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Approved or rejected.
    pub decision: Decision,
    /// Why, in the reviewer's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What the review rests on.
    pub evidence: Vec<Link>,
    /// SHA-256 of the payloads of the same signer's statements that this one replaces.
    pub replaces: Vec<Digest>,
    /// Whether the signer confirmed at a terminal: a claim of the signer's program.
    pub interactive: bool,
}

/// What a reviewer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The change may land.
    Approved,
    /// The change must not land.
    Rejected,
}

/// A document that a review rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where it is.
    pub uri: String,
    /// The SHA-256 of its bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

/// The policy that a signer was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyShown {
    /// The version of the trust metadata, from 1.
    pub trust_version: u64,
    /// SHA-256 of `policy.toml`.
    pub sha256: Digest,
}

/// Why a change cannot wait for what the rules require.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyClaim {
    /// The incident's name.
    pub incident: String,
    /// Why, in the signer's words.
    pub reason: String,
    /// When the missing sign-offs are due, as the signer promises.
    #[serde(serialize_with = "write_time")]
    pub follow_up_by: Timestamp,
}

impl Predicate for SignOff {
    const TYPE: &'static str = SIGN_OFF_TYPE;
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
        Ok(Self {
            change: Change::read(&object.required("change")?)?,
            authors: object
                .required("authors")?
                .array_of(limits::AUTHORS, Author::read)?,
            ai_assistance: ai_reader::read(&object.required("aiAssistance")?)?,
            declarations: object
                .required("declarations")?
                .array_of(limits::PAYLOADS, Node::digest)?,
            review: Review::read(&object.required("review")?)?,
            blast_radius: object.optional_with("blastRadius", |blast| {
                blast.object()?;
                Ok(blast.value().to_json())
            })?,
            policy: PolicyShown::read(&object.required("policy")?)?,
            signer: PersonClaim::read(&object.required("signer")?)?,
            signed_on: object.required("signedOn")?.timestamp()?,
            emergency: object.optional_with("emergency", EmergencyClaim::read)?,
        })
    }
}

impl Review {
    const DECISIONS: [(&'static str, Decision); 2] = [
        ("approved", Decision::Approved),
        ("rejected", Decision::Rejected),
    ];

    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        Ok(Self {
            decision: object
                .required("decision")?
                .one_of(&Self::DECISIONS, "approved or rejected")?,
            comment: object
                .optional_with("comment", |comment| comment.text(limits::COMMENT_BYTES))?,
            evidence: object
                .required("evidence")?
                .array_of(limits::LINKS, Link::read)?,
            replaces: object
                .required("replaces")?
                .array_of(limits::PAYLOADS, Node::digest)?,
            interactive: object.required("interactive")?.bool()?,
        })
    }
}

impl Link {
    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        Ok(Self {
            uri: object.required("uri")?.text(limits::STRING_BYTES)?,
            sha256: object.optional_with("sha256", Node::digest)?,
        })
    }
}

impl PolicyShown {
    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        Ok(Self {
            trust_version: object.required("trustVersion")?.positive()?,
            sha256: object.required("sha256")?.digest()?,
        })
    }
}

impl EmergencyClaim {
    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        let object = node.object()?;
        Ok(Self {
            incident: object.required("incident")?.text(limits::STRING_BYTES)?,
            reason: object.required("reason")?.text(limits::COMMENT_BYTES)?,
            follow_up_by: object.required("followUpBy")?.timestamp()?,
        })
    }
}
