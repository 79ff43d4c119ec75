//! What signs.

use super::agent::AgentError;
use super::public::PublicKey;

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
    key.verify(message, &signature)
        .map_err(|_| SignError::Unverified)?;
    Ok(signature)
}
