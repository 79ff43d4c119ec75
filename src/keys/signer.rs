//! What signs.

use super::agent::AgentError;
use super::keygen::KeygenError;
use super::public::PublicKey;
use super::sshsig::SignatureError;

/// A private key that can be used, wherever it is kept.
pub trait Signer {
    /// The key that verifies what this signs.
    fn public_key(&self) -> &PublicKey;

    /// Signs the message; the answer is the bytes that [`PublicKey::verify`] takes.
    ///
    /// # Errors
    /// [`SignError`]. No signature is returned that does not verify.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The agent did not sign.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// `ssh-keygen` did not sign.
    #[error(transparent)]
    Keygen(#[from] KeygenError),
    /// The security key signed without a touch, and no statement takes that.
    #[error("the security key signed without a touch: it was made with no-touch-required")]
    NoTouch,
    /// The signer returned something that is not the key's signature of the message.
    #[error("the signature that the signer made does not verify under its own key")]
    Unverified,
}

/// Lets a signature out only after it verifies: a fault in a signer must not be found by the gate.
pub(super) fn checked(
    key: &PublicKey,
    message: &[u8],
    signature: Vec<u8>,
) -> Result<Vec<u8>, SignError> {
    match key.verify(message, &signature) {
        Ok(_) => Ok(signature),
        Err(SignatureError::NoTouch) => Err(SignError::NoTouch),
        Err(_) => Err(SignError::Unverified),
    }
}
