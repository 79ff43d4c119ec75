//! Keys and signatures: the only module that uses the cryptographic libraries.
//!
//! A [`PublicKey`] verifies, a [`Signer`] signs. The key's type decides the scheme; nothing in an
//! envelope does. Ed25519 is verified strictly (SPEC 4.3).
//!
//! There are three signers: [`FileSigner`] out of a [`PrivateKeyFile`], [`AgentSigner`] out of an [`Agent`], and
//! [`KeygenSigner`] for a security key that no agent holds. All hand out only signatures that
//! [`PublicKey::verify`] accepts.

mod agent;
mod file;
mod keygen;
#[cfg(feature = "keyless")]
mod keyless;
#[cfg(feature = "keyless")]
mod keyless_timestamps;
#[cfg(feature = "keyless")]
mod keyless_token;
mod pem;
mod point;
mod public;
mod secret;
mod signer;
mod sigstore;
mod socket;
mod sshsig;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

pub use agent::{Agent, AgentError, AgentKey, AgentSigner, Identities, SkippedKey};
pub use file::{FileSigner, KeyFileError, PrivateKeyFile};
pub use keygen::{KeygenError, KeygenSigner};
#[cfg(feature = "keyless")]
pub use keyless::{KeylessError, KeylessService, KeylessServices, KeylessSigner, KeylessStatement};
#[cfg(feature = "keyless")]
pub use keyless_timestamps::TimestampService;
#[cfg(feature = "keyless")]
pub use keyless_token::{Person, Token, ambient_token, token_of_person};
pub use public::{KeyError, PublicKey};
pub use signer::{SignError, Signer};
pub use sigstore::{
    SignedAt, SigstoreError, SigstoreIdentity, SigstoreIdentityError, TimeSource, TrustedRoot,
    TrustedRootError, claimed_identity, verify_keyless, verify_timestamp,
};
pub use sshsig::{NAMESPACE, Proof, SignatureError, SshSignature, armour, dearmor};
