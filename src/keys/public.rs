//! Public keys: reading and writing them, and verifying with them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::VerifyingKey;
use p256::ecdsa;
use sha2::{Digest as _, Sha256};

use super::point::Point;
use super::sshsig::{self, Proof, SignatureError};
use super::wire::{BadWire, Wire, put_string};

/// The OpenSSH names of the kinds of key, which are those of their signatures.
const ED25519: &str = "ssh-ed25519";
const P256: &str = "ecdsa-sha2-nistp256";
const SECURITY_ED25519: &str = "sk-ssh-ed25519@openssh.com";
const SECURITY_P256: &str = "sk-ecdsa-sha2-nistp256@openssh.com";

/// The longest application of a security key in bytes. `ssh-keygen` makes `ssh:` with a few more.
const APPLICATION_LIMIT: usize = 255;

/// The longest PEM text of a public key in bytes; RSA keys fit, to be named in the error.
const PEM_LIMIT: usize = 16 * 1024;

/// The longest public key line in bytes; RSA keys and certificates fit, to be named in the error.
const LINE_LIMIT: usize = 16 * 1024;

/// The longest name of an algorithm in bytes (RFC 4250 section 4.6.1).
const ALGORITHM_LIMIT: usize = 64;

/// A public key that may verify statements: Ed25519, ECDSA over P-256, and either of them in a security key.
///
/// A value is canonical and never weak, so equal keys have equal binary forms; order and hash go by them.
#[derive(Clone)]
pub struct PublicKey {
    blob: Vec<u8>,
    point: Point,
    /// Of a security key: what it was made for, such as `ssh:`.
    application: Option<String>,
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
    /// A key of a kind that is not supported.
    #[error(
        "keys of type {algorithm} can't sign here: Ed25519, ECDSA P-256 and FIDO keys can; ssh-keygen -t ed25519 makes one"
    )]
    Unsupported {
        /// The name of the kind, printable ASCII.
        algorithm: String,
    },
    /// The text is not a PEM public key.
    #[error("not one PEM public key (-----BEGIN PUBLIC KEY-----)")]
    NotPem,
    /// A small-order key: anybody can make signatures that a lenient verifier accepts under it.
    #[error("a weak Ed25519 key (a point of small order)")]
    Weak,
}

impl From<BadWire> for KeyError {
    fn from(_: BadWire) -> Self {
        Self::Malformed
    }
}

/// The fingerprints of the key pairs in `keys-example/`.
const PUBLISHED: [&str; 2] = [
    "SHA256:CJmnGVL1K/FvE3DH9vINxuCr7K6wb/t740tTEEbLiDc",
    "SHA256:MiYPNO93RdUeuINg/o0kLQKnkg0BoQOP8HzkBBMTqVw",
];

impl PublicKey {
    /// Reads one line such as `ssh-ed25519 AAAA... [comment]`, without a line ending.
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

    /// Reads OpenSSH's binary form, which is inside the base64 of a line, in key files and in agents.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_blob(blob: &[u8]) -> Result<Self, KeyError> {
        let algorithm = blob_algorithm(blob)?;
        let (is_p256, is_security) = match algorithm {
            ED25519 => (false, false),
            P256 => (true, false),
            SECURITY_ED25519 => (false, true),
            SECURITY_P256 => (true, true),
            _ => {
                return Err(KeyError::Unsupported {
                    algorithm: algorithm.to_owned(),
                });
            }
        };
        let mut wire = Wire::new(blob);
        wire.string()?;
        let point = Point::read_ssh(is_p256, &mut wire)?;
        let application = match is_security {
            true => Some(application(wire.string()?)?),
            false => None,
        };
        wire.finish()?;
        Ok(Self {
            blob: blob.to_vec(),
            point,
            application,
        })
    }

    /// Reads a PEM SubjectPublicKeyInfo: of cosign's key pairs, of key management services.
    ///
    /// # Errors
    /// [`KeyError`]; `Unsupported` for RSA, other curves and other kinds.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > PEM_LIMIT {
            return Err(KeyError::TooLong { limit: PEM_LIMIT });
        }
        let point = Point::from_pem(pem).map_err(|error| match error {
            KeyError::Malformed => KeyError::NotPem,
            error => error,
        })?;
        Self::of_point(point)
    }

    /// The key of a private key in memory.
    pub(super) fn from_ed25519(verifying: &VerifyingKey) -> Result<Self, KeyError> {
        Self::of_point(Point::ed25519(verifying.as_bytes())?)
    }

    /// The key of a private key in memory.
    pub(super) fn from_p256(verifying: &ecdsa::VerifyingKey) -> Result<Self, KeyError> {
        Self::of_point(Point::P256(*verifying))
    }

    fn of_point(point: Point) -> Result<Self, KeyError> {
        let name = match point {
            Point::Ed25519(_) => ED25519,
            Point::P256(_) => P256,
        };
        let mut blob = Vec::new();
        put_string(&mut blob, name.as_bytes())?;
        point.write_ssh(&mut blob)?;
        Ok(Self {
            blob,
            point,
            application: None,
        })
    }

    /// OpenSSH's binary form.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    pub(super) fn point(&self) -> &Point {
        &self.point
    }

    /// Of a security key: what it was made for, such as `ssh:`. `None` for any other key.
    pub fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    /// Whether it is in a security key, so that its signatures prove a touch.
    pub fn is_security_key(&self) -> bool {
        self.application.is_some()
    }

    /// The OpenSSH line, `ssh-ed25519 AAAA...`, without comment or line ending.
    pub fn to_openssh(&self) -> String {
        format!("{} {}", self.algorithm(), STANDARD.encode(&self.blob))
    }

    /// Whether its private half is one that this project published as an example (`keys-example/`).
    pub fn is_published(&self) -> bool {
        PUBLISHED.contains(&self.fingerprint().as_str())
    }

    /// The OpenSSH fingerprint, `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.blob);
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest))
    }

    /// Whether a bundle's hint names the key: by its fingerprint, or as cosign does.
    pub fn is_named(&self, hint: &str) -> bool {
        self.fingerprint() == hint || self.cosign_hint().is_some_and(|own| own == hint)
    }

    /// How cosign names the key in a bundle: SHA-256 of its SubjectPublicKeyInfo, in base64. `None` for a security key,
    /// which cosign doesn't know.
    pub fn cosign_hint(&self) -> Option<String> {
        let der = self.point.to_der().filter(|_| !self.is_security_key())?;
        Some(STANDARD.encode(Sha256::digest(der)))
    }

    /// The OpenSSH name of the key's kind.
    pub fn algorithm(&self) -> &'static str {
        match (&self.point, &self.application) {
            (Point::Ed25519(_), None) => ED25519,
            (Point::Ed25519(_), Some(_)) => SECURITY_ED25519,
            (Point::P256(_), None) => P256,
            (Point::P256(_), Some(_)) => SECURITY_P256,
        }
    }

    /// The key as a PEM SubjectPublicKeyInfo with a last newline, as `cosign --key` takes it; `None` for a security
    /// key, whose signatures are none over an envelope's bytes.
    pub fn to_pem(&self) -> Option<String> {
        match self.application {
            None => self.point.to_pem(),
            Some(_) => None,
        }
    }

    /// Verifies a signature over a statement's bytes (SPEC 4.3). The key's kind decides what it has to be: 64 bytes of
    /// Ed25519, verified strictly (S below the group order, neither R nor the key of small order); DER of ECDSA over
    /// SHA-256; of a security key an SSH signature of the namespace [`sshsig::NAMESPACE`] with a touch.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<Proof, SignatureError> {
        match self.application {
            None => self
                .point
                .verify(message, signature)
                .map(|()| Proof::default()),
            Some(_) => sshsig::verify_statement(self, message, signature),
        }
    }
}

/// What a security key was made for: printable, so that it can be shown.
fn application(bytes: &[u8]) -> Result<String, KeyError> {
    let printable = bytes.iter().all(u8::is_ascii_graphic);
    if bytes.is_empty() || bytes.len() > APPLICATION_LIMIT || !printable {
        return Err(KeyError::Malformed);
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| KeyError::Malformed)
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
        self.blob == other.blob
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.blob.hash(state);
    }
}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.blob.cmp(&other.blob)
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
