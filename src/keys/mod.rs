//! Keys and signatures: the only module that uses the cryptographic libraries.
//!
//! A [`PublicKey`] verifies, a [`Signer`] signs. The key's type decides the scheme; nothing in an
//! envelope does. Ed25519 is verified strictly (SPEC 4.3).
//!
//! There are two signers: [`FileSigner`] out of a [`PrivateKeyFile`], and [`AgentSigner`] out of an
//! [`Agent`]. Both hand out only signatures that [`PublicKey::verify`] accepts.

mod agent;
mod file;
mod public;
mod signer;
mod socket;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

pub use agent::{Agent, AgentError, AgentKey, AgentSigner, Identities, SkippedKey};
pub use file::{FileSigner, KeyFileError, PrivateKeyFile};
pub use public::{KeyError, PublicKey, SignatureInvalid};
pub use signer::{SignError, Signer};
