//! The Sigstore bundle v0.3 of one signer: what a store holds and other tools verify.

use serde::Serialize;

use super::base64;
use super::envelope::{self, EnvelopeSignature, PAYLOAD_TYPE, WrittenEnvelope, pae};
use super::error::{AttestationError, ErrorKind};
use super::json::{self, Limits};
use super::limits;
use super::node::{Node, Object};
use crate::change::{Digest, sha256};

/// The media type of the only bundle version that countersign reads or writes.
pub const BUNDLE_MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// One payload, one signature and a hint at the key, with the bytes it was read from. Unverified.
///
/// The bytes are kept and never written again, so a bundle of another tool keeps its name in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    bytes: Vec<u8>,
    payload: Vec<u8>,
    signature: EnvelopeSignature,
    material: Material,
}

/// What says whose signature a bundle has.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    /// A key, by a hint that may be empty, and what authorities say of when the signature was made.
    Key {
        hint: String,
        timestamps: Vec<Vec<u8>>,
    },
    /// A certificate of Sigstore, with the log's and the authorities' evidence: read where it is verified.
    Certificate,
}

impl Bundle {
    /// Wraps a payload and its signature by the key with this OpenSSH fingerprint
    /// (`SHA256:<unpadded base64>`). The fingerprint becomes both the hint and the `keyid`.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse: no signature, too large.
    pub fn new(
        payload: &[u8],
        fingerprint: &str,
        signature: &[u8],
    ) -> Result<Self, AttestationError> {
        let signature = EnvelopeSignature {
            keyid: fingerprint.to_owned(),
            sig: signature.to_vec(),
        };
        Self::write(payload, fingerprint, &signature, &[])
    }

    /// The same statement and signature of a key, with one timestamp more (RFC 3161, over the signature's bytes):
    /// another bundle, with another name.
    ///
    /// # Errors
    /// A bundle of a certificate, whose evidence is complete; and what [`parse`](Self::parse) would refuse.
    pub fn with_timestamp(&self, token: &[u8]) -> Result<Self, AttestationError> {
        let Material::Key { hint, timestamps } = &self.material else {
            return Err(AttestationError {
                path: "$.verificationMaterial.certificate".to_owned(),
                kind: ErrorKind::Certificates,
            });
        };
        let mut timestamps = timestamps.clone();
        timestamps.push(token.to_vec());
        Self::write(&self.payload, hint, &self.signature, &timestamps)
    }

    fn write(
        payload: &[u8],
        hint: &str,
        signature: &EnvelopeSignature,
        timestamps: &[Vec<u8>],
    ) -> Result<Self, AttestationError> {
        let stamps = timestamps.iter().map(|token| WrittenTimestamp {
            signed_timestamp: base64::encode(token),
        });
        let stamps = WrittenTimestamps {
            rfc3161_timestamps: stamps.collect(),
        };
        let bytes = json::write(&Written {
            media_type: BUNDLE_MEDIA_TYPE,
            verification_material: WrittenMaterial {
                public_key: WrittenKey { hint },
                tlog_entries: [],
                timestamp_verification_data: (!timestamps.is_empty()).then_some(stamps),
            },
            dsse_envelope: envelope::written(payload, std::slice::from_ref(signature)),
        })?;
        Self::parse(&bytes)
    }

    /// Reads a bundle of at most [`limits::BUNDLE_BYTES`], in any field order and layout.
    ///
    /// Refused: unknown fields, another media or payload type, other than one signature,
    /// non-canonical base64, chains of certificates, log entries beside a key (`LogEntries`). Accepted, since other
    /// tools write them so: an absent or empty `hint` and `keyid`, absent `tlogEntries`, timestamps that are none. What
    /// a certificate's evidence holds is for its verification to say.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        let document = json::parse(bytes, Limits::bytes(limits::BUNDLE_BYTES))?;
        let object = document.root().object()?;
        let media_type = object.required("mediaType")?;
        if media_type.string()? != BUNDLE_MEDIA_TYPE {
            return Err(media_type.error(ErrorKind::MediaType));
        }
        object.only(&["mediaType", "verificationMaterial", "dsseEnvelope"])?;
        let material = read_material(&object.required("verificationMaterial")?)?;
        let (payload, signature) = read_envelope(&object)?;
        Ok(Self {
            bytes: bytes.to_vec(),
            payload,
            signature,
            material,
        })
    }

    /// The bytes it was read from, or that [`new`](Self::new) wrote.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of [`as_bytes`](Self::as_bytes): its name in a store.
    pub fn name(&self) -> Digest {
        sha256(&self.bytes)
    }

    /// The payload that the signature is over: read a statement from exactly these bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The SHA-256 of the payload: how other statements name this one, however it is wrapped.
    pub fn payload_digest(&self) -> Digest {
        sha256(&self.payload)
    }

    /// The signature's bytes, in the form of the key's type.
    pub fn signature(&self) -> &[u8] {
        &self.signature.sig
    }

    /// Which key is said to have signed; may be empty, and is for a certificate. A hint that decides nothing.
    pub fn hint(&self) -> &str {
        match &self.material {
            Material::Key { hint, .. } => hint,
            Material::Certificate => "",
        }
    }

    /// What authorities say of when a key made the signature (RFC 3161, in DER). Unverified; empty for a certificate,
    /// whose timestamps are part of its evidence.
    pub fn timestamps(&self) -> &[Vec<u8>] {
        match &self.material {
            Material::Key { timestamps, .. } => timestamps,
            Material::Certificate => &[],
        }
    }

    /// Whether it has a certificate of Sigstore in place of a key.
    pub fn is_keyless(&self) -> bool {
        self.material == Material::Certificate
    }

    /// The envelope's `keyid`; may be empty. A hint that decides nothing.
    pub fn keyid(&self) -> &str {
        &self.signature.keyid
    }

    /// The bytes that the signature is over.
    pub fn pae(&self) -> Vec<u8> {
        pae(PAYLOAD_TYPE, &self.payload)
    }
}

/// Reads the verification material: of a key, or that there is a certificate.
fn read_material(node: &Node<'_>) -> Result<Material, AttestationError> {
    let material = node.object()?;
    if let Some(chain) = material.optional("x509CertificateChain") {
        return Err(chain.error(ErrorKind::Certificates));
    }
    if let Some(certificate) = material.optional("certificate") {
        if material.optional("publicKey").is_some() {
            return Err(certificate.error(ErrorKind::Certificates));
        }
        material.only(&["certificate", "tlogEntries", "timestampVerificationData"])?;
        let certificate = certificate.object()?;
        certificate.only(&["rawBytes"])?;
        let read = |bytes: &Node<'_>| base64::decode_max(bytes, limits::CERTIFICATE_BYTES);
        certificate.optional_with("rawBytes", read)?;
        return Ok(Material::Certificate);
    }
    material.only(&["publicKey", "tlogEntries", "timestampVerificationData"])?;
    if let Some(entries) = material.optional("tlogEntries")
        && !entries.array(usize::MAX)?.is_empty()
    {
        return Err(entries.error(ErrorKind::LogEntries));
    }
    let key = material.required("publicKey")?.object()?;
    key.only(&["hint"])?;
    let hint = key.optional_with("hint", |hint| hint.string_max(limits::ID_BYTES))?;
    let timestamps = material.optional_with("timestampVerificationData", read_timestamps)?;
    Ok(Material::Key {
        hint: hint.unwrap_or_default().to_owned(),
        timestamps: timestamps.unwrap_or_default(),
    })
}

/// Reads timestamps: no list is an empty one, as in every JSON of protobuf.
fn read_timestamps(node: &Node<'_>) -> Result<Vec<Vec<u8>>, AttestationError> {
    let data = node.object()?;
    data.only(&["rfc3161Timestamps"])?;
    let read = |list: &Node<'_>| list.array_of(limits::TIMESTAMPS, read_timestamp);
    let timestamps = data.optional_with("rfc3161Timestamps", read)?;
    Ok(timestamps.unwrap_or_default())
}

fn read_timestamp(node: &Node<'_>) -> Result<Vec<u8>, AttestationError> {
    let object = node.object()?;
    object.only(&["signedTimestamp"])?;
    let node = object.required("signedTimestamp")?;
    let token = base64::decode_max(&node, limits::TIMESTAMP_BYTES)?;
    if token.is_empty() {
        return Err(node.bad_value("a timestamp"));
    }
    Ok(token)
}

/// Reads the envelope and takes its one signature.
fn read_envelope(bundle: &Object<'_>) -> Result<(Vec<u8>, EnvelopeSignature), AttestationError> {
    let node = bundle.required("dsseEnvelope")?;
    let (payload, signatures) = envelope::read(&node)?.into_parts();
    let found = signatures.len();
    let mut signatures = signatures.into_iter();
    match (signatures.next(), signatures.next()) {
        (Some(signature), None) => Ok((payload, signature)),
        _ => Err(AttestationError {
            path: json::join_key(node.path(), "signatures"),
            kind: ErrorKind::SignatureCount {
                found,
                expected: "exactly one",
            },
        }),
    }
}

/// The bundle as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    media_type: &'a str,
    verification_material: WrittenMaterial<'a>,
    dsse_envelope: WrittenEnvelope<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenMaterial<'a> {
    public_key: WrittenKey<'a>,
    tlog_entries: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp_verification_data: Option<WrittenTimestamps>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenTimestamps {
    rfc3161_timestamps: Vec<WrittenTimestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenTimestamp {
    signed_timestamp: String,
}

#[derive(Serialize)]
struct WrittenKey<'a> {
    hint: &'a str,
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
