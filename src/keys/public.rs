//! Public keys: reading and writing them, and verifying with them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::{PUBLIC_KEY_LENGTH, Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::wire::Wire;

/// The OpenSSH name of Ed25519, of the key as of its signature.
pub(super) const ED25519: &str = "ssh-ed25519";

/// What stands before the 32 bytes of an Ed25519 key in its OpenSSH encoding (RFC 8709 section 4).
const ED25519_BLOB_PREFIX: &[u8; 19] = b"\0\0\0\x0bssh-ed25519\0\0\0\x20";

/// What stands before the 32 bytes in a DER SubjectPublicKeyInfo (RFC 8410 section 4).
const ED25519_SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The longest public key line in bytes; RSA keys and certificates fit, to be named in the error.
const LINE_LIMIT: usize = 16 * 1024;

/// The longest name of an algorithm in bytes (RFC 4250 section 4.6.1).
const ALGORITHM_LIMIT: usize = 64;

/// A public key that may verify statements. Ed25519 today.
///
/// A value is canonical and never weak, so equal keys have equal bytes; order and hash go by them.
#[derive(Clone)]
pub struct PublicKey {
    verifying: VerifyingKey,
}

/// Why a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not an OpenSSH public key.
    #[error("not an OpenSSH public key")]
    Malformed,
    /// The text is longer than any public key.
    #[error("a public key line of more than {limit} bytes")]
    TooLong {
        /// The longest line that is read, in bytes.
        limit: usize,
    },
    /// A key of a kind that is not supported, or not yet.
    #[error("keys of type {algorithm} are not supported yet")]
    Unsupported {
        /// The OpenSSH name of the kind, printable ASCII.
        algorithm: String,
    },
    /// A small-order key: anybody can make signatures that a lenient verifier accepts under it.
    #[error("a weak Ed25519 key (a point of small order)")]
    Weak,
}

/// Whether the y coordinate, the lower 255 bits in little-endian order, is below p = 2^255 - 19.
fn is_below_p(bytes: &[u8; PUBLIC_KEY_LENGTH]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest < 0xed || middle.iter().any(|byte| *byte != 0xff) || highest & 0x7f != 0x7f
}

/// The signature does not verify under the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureInvalid;

/// The fingerprints of the key pairs in `keys-example/`.
const PUBLISHED: [&str; 2] = [
    "SHA256:CJmnGVL1K/FvE3DH9vINxuCr7K6wb/t740tTEEbLiDc",
    "SHA256:MiYPNO93RdUeuINg/o0kLQKnkg0BoQOP8HzkBBMTqVw",
];

impl PublicKey {
    /// Reads one line `ssh-ed25519 AAAA... [comment]`, without a line ending.
    ///
    /// Strict: single spaces, canonical base64, the same algorithm in the text and in the blob,
    /// nothing before the algorithm. The comment may be anything without control characters.
    ///
    /// # Errors
    /// [`KeyError`]; `Unsupported` for the well-formed keys of other kinds.
    pub fn from_openssh(line: &str) -> Result<Self, KeyError> {
        if line.len() > LINE_LIMIT {
            return Err(KeyError::TooLong { limit: LINE_LIMIT });
        }
        if line.chars().any(char::is_control) {
            return Err(KeyError::Malformed);
        }
        let (algorithm, rest) = line.split_once(' ').ok_or(KeyError::Malformed)?;
        let base64 = rest
            .split_once(' ')
            .map_or(rest, |(base64, _comment)| base64);
        let blob = STANDARD.decode(base64).map_err(|_| KeyError::Malformed)?;
        if blob_algorithm(&blob)? != algorithm {
            return Err(KeyError::Malformed);
        }
        Self::from_blob(&blob)
    }

    /// Reads the binary form that is inside the base64 of a line, in key files and in agents.
    pub(super) fn from_blob(blob: &[u8]) -> Result<Self, KeyError> {
        let algorithm = blob_algorithm(blob)?;
        if algorithm != ED25519 {
            return Err(KeyError::Unsupported {
                algorithm: algorithm.to_owned(),
            });
        }
        let bytes: &[u8; PUBLIC_KEY_LENGTH] = blob
            .strip_prefix(ED25519_BLOB_PREFIX)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(KeyError::Malformed)?;
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
        Ok(Self { verifying })
    }

    /// The key of a private key in memory.
    pub(super) fn from_verifying(verifying: VerifyingKey) -> Result<Self, KeyError> {
        Self::from_blob(&blob_of(&verifying))
    }

    /// The binary OpenSSH form.
    pub(super) fn blob(&self) -> Vec<u8> {
        blob_of(&self.verifying)
    }

    /// The OpenSSH line, `ssh-ed25519 AAAA...`, without comment or line ending.
    pub fn to_openssh(&self) -> String {
        format!("{} {}", self.algorithm(), STANDARD.encode(self.blob()))
    }

    /// Whether its private half is one that this project published as an example (`keys-example/`).
    pub fn is_published(&self) -> bool {
        PUBLISHED.contains(&self.fingerprint().as_str())
    }

    /// The OpenSSH fingerprint, `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.blob());
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
    }

    /// The OpenSSH name of the key's kind.
    pub fn algorithm(&self) -> &'static str {
        ED25519
    }

    /// The key as a PEM SubjectPublicKeyInfo with a last newline, as `cosign --key` takes it.
    pub fn to_pem(&self) -> String {
        let mut der = ED25519_SPKI_PREFIX.to_vec();
        der.extend_from_slice(self.verifying.as_bytes());
        let base64 = STANDARD.encode(der);
        format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n")
    }

    /// Verifies a raw Ed25519 signature of 64 bytes, strictly (SPEC 4.3): S below the group order,
    /// neither R nor the key of small order.
    ///
    /// # Errors
    /// [`SignatureInvalid`], whatever is wrong with the signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        let signature = Signature::from_slice(signature).map_err(|_| SignatureInvalid)?;
        self.verifying
            .verify_strict(message, &signature)
            .map_err(|_| SignatureInvalid)
    }
}

/// The binary OpenSSH form of an Ed25519 key.
fn blob_of(verifying: &VerifyingKey) -> Vec<u8> {
    let mut blob = ED25519_BLOB_PREFIX.to_vec();
    blob.extend_from_slice(verifying.as_bytes());
    blob
}

/// The name of the algorithm at the front of a key's or a signature's binary form.
fn blob_algorithm(blob: &[u8]) -> Result<&str, KeyError> {
    let name = Wire::new(blob).string().map_err(|_| KeyError::Malformed)?;
    let printable = name.iter().all(u8::is_ascii_graphic);
    if name.is_empty() || name.len() > ALGORITHM_LIMIT || !printable {
        return Err(KeyError::Malformed);
    }
    str::from_utf8(name).map_err(|_| KeyError::Malformed)
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey")
            .field(&self.fingerprint())
            .finish()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.verifying.as_bytes() == other.verifying.as_bytes()
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.verifying.as_bytes().hash(state);
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.verifying.as_bytes().cmp(other.verifying.as_bytes())
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
#[path = "public_tests.rs"]
mod tests;
