//! What verifies somebody's signatures: a key, or an identity of Sigstore.

use crate::keys::{PublicKey, SigstoreIdentity};

/// What the roster has of somebody: a key of their own, or an identity at an issuer for which Sigstore makes a
/// certificate at each signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A public key.
    Key(PublicKey),
    /// An identity, compared byte for byte.
    Keyless(SigstoreIdentity),
}

impl Credential {
    /// What it is called: the key's OpenSSH fingerprint (`SHA256:...`), or `IDENTITY at ISSUER`.
    pub fn name(&self) -> String {
        match self {
            Self::Key(key) => key.fingerprint(),
            Self::Keyless(identity) => identity.to_string(),
        }
    }

    /// Every text by which a bundle may name it: [`Self::name`], and of a key what cosign calls it.
    pub(super) fn hints(&self) -> impl Iterator<Item = String> {
        let cosign = self.key().and_then(PublicKey::cosign_hint);
        std::iter::once(self.name()).chain(cosign)
    }

    /// Whether a bundle's hint, or the identity that its certificate claims, names it.
    pub fn is_named(&self, hint: &str) -> bool {
        self.hints().any(|own| own == hint)
    }

    /// The key, if it is one.
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Keyless(_) => None,
        }
    }

    /// The OpenSSH name of the key's kind, or `keyless`.
    pub fn kind(&self) -> &'static str {
        self.key().map_or("keyless", PublicKey::algorithm)
    }

    /// Whether it is in a security key, so that its signatures prove a touch.
    pub fn is_security_key(&self) -> bool {
        self.key().is_some_and(PublicKey::is_security_key)
    }

    /// Whether its private half is one that this project published as an example.
    pub fn is_published(&self) -> bool {
        self.key().is_some_and(PublicKey::is_published)
    }
}
