//! The two curves: reading and writing a key's point, and verifying with it.

use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::{PUBLIC_KEY_LENGTH, VerifyingKey};
use p256::ecdsa;
use p256::pkcs8::{Document, LineEnding, ObjectIdentifier, SubjectPublicKeyInfoRef};
use signature::Verifier as _;

use super::public::KeyError;
use super::sshsig::SignatureError;
use super::wire::{BadWire, Wire, put_string};

/// The OpenSSH name of the curve P-256 inside a key.
const NISTP256: &[u8] = b"nistp256";

/// The length of an uncompressed point of P-256 in bytes; OpenSSH takes no other form.
const UNCOMPRESSED: usize = 65;

/// The longest coordinate of a signature as SSH writes it: 32 bytes and one that keeps it positive.
const MPINT_LIMIT: usize = 33;

/// The algorithms of a PEM key, by their object identifiers.
pub(super) const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(super) const EC_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const RSA_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A point that is on its curve, in its one form, and never weak.
#[derive(Clone)]
pub(super) enum Point {
    Ed25519(VerifyingKey),
    P256(ecdsa::VerifyingKey),
}

/// Whether the y coordinate, the lower 255 bits in little-endian order, is below p = 2^255 - 19.
fn is_below_p(bytes: &[u8; PUBLIC_KEY_LENGTH]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest < 0xed || middle.iter().any(|byte| *byte != 0xff) || highest & 0x7f != 0x7f
}

impl Point {
    /// Reads 32 bytes (RFC 8032 section 5.1.5).
    pub fn ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: &[u8; PUBLIC_KEY_LENGTH] = bytes.try_into().map_err(|_| KeyError::Malformed)?;
        let verifying = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed)?;
        // SPEC 4.3: a weak key is refused when it is read, not only when it verifies.
        if verifying.is_weak() {
            return Err(KeyError::Weak);
        }
        // The library also reads a y coordinate of p or more. One point must not have two forms. The other
        // second form, a sign of x = 0, is that of a weak key.
        if !is_below_p(bytes) {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Ed25519(verifying))
    }

    /// Reads the fields of an OpenSSH key after its name: for P-256 the curve and the point (RFC 5656 section 3.1).
    pub fn read_ssh(is_p256: bool, wire: &mut Wire<'_>) -> Result<Self, KeyError> {
        if !is_p256 {
            return Self::ed25519(wire.string()?);
        }
        let (curve, point) = (wire.string()?, wire.string()?);
        if curve != NISTP256 || point.len() != UNCOMPRESSED {
            return Err(KeyError::Malformed);
        }
        // On the curve and not at infinity; the group's order is a prime, so no such point is weak.
        let verifying = ecdsa::VerifyingKey::from_sec1_bytes(point);
        verifying.map(Self::P256).map_err(|_| KeyError::Malformed)
    }

    /// Writes those fields.
    pub fn write_ssh(&self, out: &mut Vec<u8>) -> Result<(), BadWire> {
        match self {
            Self::Ed25519(key) => put_string(out, key.as_bytes()),
            Self::P256(key) => {
                put_string(out, NISTP256)?;
                put_string(out, key.to_sec1_point(false).as_bytes())
            }
        }
    }

    /// Reads a SubjectPublicKeyInfo in PEM (RFC 7468 section 13).
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let (label, document) = Document::from_pem(pem).map_err(|_| KeyError::Malformed)?;
        if label != "PUBLIC KEY" {
            return Err(KeyError::Malformed);
        }
        let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes())
            .map_err(|_| KeyError::Malformed)?;
        let oid = info.algorithm.oid;
        let curve = || info.algorithm.parameters_oid().ok();
        let unsupported = |algorithm: &str| {
            Err(KeyError::Unsupported {
                algorithm: algorithm.to_owned(),
            })
        };
        match oid {
            ED25519_OID => {
                // The library takes a key of small order here too; ours doesn't.
                let key = VerifyingKey::try_from(info).map_err(|_| KeyError::Malformed)?;
                Self::ed25519(key.as_bytes())
            }
            EC_OID if curve() == Some(P256_OID) => ecdsa::VerifyingKey::try_from(info)
                .map(Self::P256)
                .map_err(|_| KeyError::Malformed),
            EC_OID => unsupported("ECDSA of another curve than P-256"),
            RSA_OID => unsupported("RSA"),
            other => unsupported(&other.to_string()),
        }
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn to_der(&self) -> Option<Vec<u8>> {
        let der = match self {
            Self::Ed25519(key) => key.to_public_key_der(),
            Self::P256(key) => key.to_public_key_der(),
        };
        Some(der.ok()?.as_bytes().to_vec())
    }

    /// The SubjectPublicKeyInfo in PEM, with a last newline.
    pub fn to_pem(&self) -> Option<String> {
        let pem = match self {
            Self::Ed25519(key) => key.to_public_key_pem(LineEnding::LF),
            Self::P256(key) => key.to_public_key_pem(LineEnding::LF),
        };
        pem.ok()
    }

    /// Verifies a signature as an envelope has it: 64 bytes of Ed25519, strictly; DER of ECDSA over SHA-256.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        match self {
            Self::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature)?;
                Ok(key.verify_strict(message, &signature)?)
            }
            Self::P256(key) => {
                let signature = ecdsa::Signature::from_der(signature)?;
                Ok(key.verify(message, &signature)?)
            }
        }
    }

    /// Verifies a signature as SSH has it: for ECDSA two integers (RFC 5656 section 3.1.2).
    pub fn verify_ssh(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        match self {
            Self::Ed25519(_) => self.verify(message, signature),
            Self::P256(key) => Ok(key.verify(message, &p256_signature(signature)?)?),
        }
    }

    /// A signature as SSH has it, as an envelope has it.
    pub fn to_envelope(&self, signature: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match self {
            Self::Ed25519(_) => Ok(signature.to_vec()),
            Self::P256(_) => Ok(p256_signature(signature)?.to_der().as_bytes().to_vec()),
        }
    }
}

/// Reads the two integers of a signature.
fn p256_signature(bytes: &[u8]) -> Result<ecdsa::Signature, SignatureError> {
    let mut wire = Wire::new(bytes);
    let (r, s) = (scalar(&mut wire)?, scalar(&mut wire)?);
    wire.finish()?;
    Ok(ecdsa::Signature::from_scalars(r, s)?)
}

/// Reads a positive integer of at most 32 bytes in its one form: no sign, no zeros before it but one that it needs.
fn scalar(wire: &mut Wire<'_>) -> Result<[u8; 32], SignatureError> {
    let bytes = wire.string()?;
    let minimal = match bytes {
        [0, next, ..] => *next >= 0x80,
        [first, ..] => (1..0x80).contains(first),
        [] => false,
    };
    if !minimal || bytes.len() > MPINT_LIMIT {
        return Err(SignatureError::Invalid);
    }
    let digits = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    let mut scalar = [0; 32];
    let start = scalar.len().checked_sub(digits.len());
    let place = start.and_then(|start| scalar.get_mut(start..));
    place
        .ok_or(SignatureError::Invalid)?
        .copy_from_slice(digits);
    Ok(scalar)
}
