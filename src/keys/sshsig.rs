//! SSH signatures (openssh `PROTOCOL.sshsig`), and what security keys sign (`PROTOCOL.u2f`).
//!
//! A security key signs no envelope's bytes: it signs a hash of them together with what it did, in a form that
//! `ssh-keygen -Y verify` reads. The form is read strictly: one version, one namespace, nothing left over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

use super::public::PublicKey;
use super::wire::{BadWire, Wire, put_string};

/// The namespace of what countersign signs (SPEC 4.3).
pub const NAMESPACE: &str = "countersign";

/// What a signature, and what it is over, starts with.
const MAGIC: &[u8] = b"SSHSIG";

/// The only version of the format.
const VERSION: u32 = 1;

/// How long the lines of an armour are.
const LINE: usize = 70;

/// A touch: bit 0 of a security key's flags (WebAuthn section 6.1, UP).
const TOUCHED: u8 = 0x01;
/// A PIN or a finger: bit 2 (UV).
const USER_VERIFIED: u8 = 0x04;

/// What a signature proves beside that the key made it. A key in a file or in a plain agent proves nothing more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// Somebody touched the security key.
    pub presence: bool,
    /// The security key asked for a PIN or a finger.
    pub user_verification: bool,
    /// A log or a timestamp authority says when the signature was made.
    pub timestamp: bool,
}

impl Proof {
    /// What is proven, in words: `presence`, `user verification`.
    pub fn words(self) -> Vec<&'static str> {
        let all = [
            (self.presence, "presence"),
            (self.user_verification, "user verification"),
            (self.timestamp, "timestamp"),
        ];
        let proven = all.into_iter().filter(|(proven, _)| *proven);
        proven.map(|(_, word)| word).collect()
    }
}

/// Why a signature isn't one of the key over the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// It does not verify, or has not the form that the key's kind has.
    #[error("the signature does not verify")]
    Invalid,
    /// The key is a security key, and this is no SSH signature, or not exactly one.
    #[error("no SSH signature of a security key")]
    NotSshsig,
    /// It is made for something else.
    #[error("an SSH signature of another namespace than \"{expected}\"")]
    Namespace {
        /// The namespace that it has to have.
        expected: String,
    },
    /// It names another key than the one that it is to be of.
    #[error("an SSH signature of another key")]
    OtherKey,
    /// A browser made it: what was signed there was not what is here.
    #[error("a WebAuthn signature, not one of OpenSSH")]
    WebAuthn,
    /// Nobody touched the security key.
    #[error("nobody touched the security key")]
    NoTouch,
}

impl From<BadWire> for SignatureError {
    fn from(_: BadWire) -> Self {
        Self::Invalid
    }
}

impl From<signature::Error> for SignatureError {
    fn from(_: signature::Error) -> Self {
        Self::Invalid
    }
}

/// The hashes that an SSH signature may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn of_name(name: &[u8]) -> Option<Self> {
        match name {
            b"sha256" => Some(Self::Sha256),
            b"sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn name(self) -> &'static [u8] {
        match self {
            Self::Sha256 => b"sha256",
            Self::Sha512 => b"sha512",
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// An SSH signature in its binary form, read and not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSignature<'a> {
    key: &'a [u8],
    namespace: &'a [u8],
    hash: Hash,
    signature: &'a [u8],
}

impl<'a> SshSignature<'a> {
    /// Reads the binary form, to its last byte.
    ///
    /// # Errors
    /// [`SignatureError::NotSshsig`]: another version, an unknown hash, something in the reserved field, bytes left over.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SignatureError> {
        Self::read(bytes).map_err(|_| SignatureError::NotSshsig)
    }

    fn read(bytes: &'a [u8]) -> Result<Self, BadWire> {
        let mut wire = Wire::new(bytes);
        if wire.take(MAGIC.len())? != MAGIC || wire.u32()? != VERSION {
            return Err(BadWire);
        }
        let (key, namespace, reserved) = (wire.string()?, wire.string()?, wire.string()?);
        let hash = Hash::of_name(wire.string()?).ok_or(BadWire)?;
        let signature = wire.string()?;
        wire.finish()?;
        if !reserved.is_empty() {
            return Err(BadWire);
        }
        Ok(Self {
            key,
            namespace,
            hash,
            signature,
        })
    }

    /// The key that it says it is of, in OpenSSH's binary form: a claim.
    pub fn claimed_key(&self) -> &'a [u8] {
        self.key
    }

    /// Verifies it: of this key, for this namespace, over this message. What it proves may be nothing more: whether a
    /// touch is asked for is the caller's to say.
    ///
    /// # Errors
    /// [`SignatureError`], but not [`SignatureError::NoTouch`].
    pub fn verify(
        &self,
        key: &PublicKey,
        namespace: &str,
        message: &[u8],
    ) -> Result<Proof, SignatureError> {
        if self.key != key.blob() {
            return Err(SignatureError::OtherKey);
        }
        if self.namespace != namespace.as_bytes() {
            return Err(SignatureError::Namespace {
                expected: namespace.to_owned(),
            });
        }
        let signed = signed_data(namespace, self.hash, message)?;
        verify_blob(key, &signed, self.signature)
    }
}

/// What an SSH signature over a message is over.
fn signed_data(namespace: &str, hash: Hash, message: &[u8]) -> Result<Vec<u8>, BadWire> {
    let mut data = MAGIC.to_vec();
    put_string(&mut data, namespace.as_bytes())?;
    put_string(&mut data, b"")?;
    put_string(&mut data, hash.name())?;
    put_string(&mut data, &hash.digest(message))?;
    Ok(data)
}

/// What an agent has to sign so that [`wrap`] makes an SSH signature over the message.
pub(super) fn to_sign(message: &[u8]) -> Result<Vec<u8>, BadWire> {
    signed_data(NAMESPACE, Hash::Sha512, message)
}

/// The binary form of an SSH signature, around what a key signed of [`to_sign`].
pub(super) fn wrap(key: &PublicKey, signature: &[u8]) -> Result<Vec<u8>, BadWire> {
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_be_bytes());
    put_string(&mut out, key.blob())?;
    put_string(&mut out, NAMESPACE.as_bytes())?;
    put_string(&mut out, b"")?;
    put_string(&mut out, Hash::Sha512.name())?;
    put_string(&mut out, signature)?;
    Ok(out)
}

/// The binary form inside the armour that `ssh-keygen` writes; `None` where it is none.
pub fn dearmor(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok()?.trim();
    let inner = text.strip_prefix("-----BEGIN SSH SIGNATURE-----")?;
    let inner = inner.strip_suffix("-----END SSH SIGNATURE-----")?;
    let base64: String = inner.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

/// The armour of an SSH signature, as `ssh-keygen` writes it.
pub fn armour(signature: &[u8]) -> String {
    let base64 = STANDARD.encode(signature);
    let mut text = String::from("-----BEGIN SSH SIGNATURE-----\n");
    for (at, character) in base64.chars().enumerate() {
        text.push(character);
        if at % LINE == LINE - 1 {
            text.push('\n');
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str("-----END SSH SIGNATURE-----\n");
    text
}

/// Verifies a signature in SSH's own form: the algorithm's name, the signature, and of a security key its flags and
/// its counter.
fn verify_blob(key: &PublicKey, message: &[u8], blob: &[u8]) -> Result<Proof, SignatureError> {
    let mut wire = Wire::new(blob);
    let algorithm = wire.string()?;
    if algorithm.starts_with(b"webauthn-") {
        return Err(SignatureError::WebAuthn);
    }
    // Each kind of key that is supported has one kind of signature, of the same name.
    if algorithm != key.algorithm().as_bytes() {
        return Err(SignatureError::Invalid);
    }
    let signature = wire.string()?;
    let Some(application) = key.application() else {
        wire.finish()?;
        key.point().verify_ssh(message, signature)?;
        return Ok(Proof::default());
    };
    let flags = wire.byte()?;
    let counter = wire.u32()?;
    wire.finish()?;
    let mut data = Sha256::digest(application.as_bytes()).to_vec();
    data.push(flags);
    data.extend_from_slice(&counter.to_be_bytes());
    data.extend_from_slice(&Sha256::digest(message));
    key.point().verify_ssh(&data, signature)?;
    Ok(Proof {
        presence: flags & TOUCHED != 0,
        user_verification: flags & USER_VERIFIED != 0,
        timestamp: false,
    })
}

/// Verifies a statement's signature by a security key: an SSH signature of countersign's namespace, with a touch.
pub(super) fn verify_statement(
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> Result<Proof, SignatureError> {
    let proof = SshSignature::parse(signature)?.verify(key, NAMESPACE, message)?;
    match proof.presence {
        true => Ok(proof),
        false => Err(SignatureError::NoTouch),
    }
}

#[cfg(test)]
#[path = "sshsig_tests.rs"]
mod tests;
