//! The DSSE envelope: what a signature is made over, and the form with several signatures.

use serde::Serialize;

use super::base64;
use super::error::{AttestationError, ErrorKind};
use super::json::{self, Limits};
use super::limits;
use super::node::Node;
use crate::change::{Digest, sha256};

/// The only payload type that countersign reads or writes.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// DSSE's pre-authentication encoding: the bytes that are signed.
///
/// `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in bytes as ASCII decimals.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// A DSSE envelope with one or more signatures over one payload: the form of trust metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope. Unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// Which key is said to have made it, an OpenSSH fingerprint or empty: a hint that decides nothing.
    pub keyid: String,
    /// The signature's bytes, in the form of the key's type.
    pub sig: Vec<u8>,
}

impl Envelope {
    /// An envelope over `payload` without signatures yet.
    pub fn new(payload: Vec<u8>) -> Self {
        Self {
            payload,
            signatures: Vec::new(),
        }
    }

    /// Adds a signature; one that stands there already is not repeated.
    pub fn add_signature(&mut self, keyid: impl Into<String>, sig: Vec<u8>) {
        let signature = EnvelopeSignature {
            keyid: keyid.into(),
            sig,
        };
        if !self.signatures.contains(&signature) {
            self.signatures.push(signature);
        }
    }

    /// The payload that the signatures are over.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The SHA-256 of the payload: for version 1 of trust metadata, the root.
    pub fn payload_digest(&self) -> Digest {
        sha256(&self.payload)
    }

    /// The signatures, in the envelope's order.
    pub fn signatures(&self) -> &[EnvelopeSignature] {
        &self.signatures
    }

    pub(super) fn into_parts(self) -> (Vec<u8>, Vec<EnvelopeSignature>) {
        (self.payload, self.signatures)
    }

    /// The bytes that each signature is over.
    pub fn pae(&self) -> Vec<u8> {
        pae(PAYLOAD_TYPE, &self.payload)
    }

    /// Reads an envelope of at most [`limits::ENVELOPE_BYTES`] and 1..=[`limits::SIGNATURES`]
    /// signatures. Unknown fields, another payload type and non-canonical base64 are errors.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        let document = json::parse(bytes, Limits::bytes(limits::ENVELOPE_BYTES))?;
        read(&document.root())
    }

    /// Writes the envelope as indented JSON with a line end, so that signatures are lines of a diff.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse: no signature, too many, too large.
    pub fn to_bytes(&self) -> Result<Vec<u8>, AttestationError> {
        let mut bytes = json::write_indented(&written(&self.payload, &self.signatures))?;
        bytes.push(b'\n');
        Self::parse(&bytes)?;
        Ok(bytes)
    }
}

/// Reads a DSSE envelope with at least one signature.
pub(super) fn read(node: &Node<'_>) -> Result<Envelope, AttestationError> {
    let object = node.object()?;
    object.only(&["payload", "payloadType", "signatures"])?;
    let payload_type = object.required("payloadType")?;
    if payload_type.string()? != PAYLOAD_TYPE {
        return Err(payload_type.error(ErrorKind::PayloadType));
    }
    let list = object.required("signatures")?;
    let signatures = list.array_of(limits::SIGNATURES, read_signature)?;
    if signatures.is_empty() {
        return Err(list.error(ErrorKind::SignatureCount {
            found: 0,
            expected: "one or more",
        }));
    }
    Ok(Envelope {
        payload: base64::decode(&object.required("payload")?)?,
        signatures,
    })
}

/// Reads one signature. `keyid` may be absent or empty: other tools leave it out.
fn read_signature(node: &Node<'_>) -> Result<EnvelopeSignature, AttestationError> {
    let object = node.object()?;
    object.only(&["keyid", "sig"])?;
    let keyid = object.optional_with("keyid", |keyid| keyid.string_max(limits::ID_BYTES))?;
    let node = object.required("sig")?;
    let sig = base64::decode(&node)?;
    if sig.is_empty() {
        return Err(node.bad_value("a signature"));
    }
    Ok(EnvelopeSignature {
        keyid: keyid.unwrap_or_default().to_owned(),
        sig,
    })
}

/// The envelope as it is written. Structs, not `serde_json::Value`, so that the order is fixed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenEnvelope<'a> {
    payload: String,
    payload_type: &'a str,
    signatures: Vec<WrittenSignature<'a>>,
}

#[derive(Serialize)]
struct WrittenSignature<'a> {
    keyid: &'a str,
    sig: String,
}

pub(super) fn written<'a>(
    payload: &[u8],
    signatures: &'a [EnvelopeSignature],
) -> WrittenEnvelope<'a> {
    let signatures = signatures.iter().map(|signature| WrittenSignature {
        keyid: &signature.keyid,
        sig: base64::encode(&signature.sig),
    });
    WrittenEnvelope {
        payload: base64::encode(payload),
        payload_type: PAYLOAD_TYPE,
        signatures: signatures.collect(),
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
