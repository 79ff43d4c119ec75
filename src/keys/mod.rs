//! Keys and signatures: the only module that uses the cryptographic libraries.
//!
//! A [`PublicKey`] verifies, a [`Signer`] signs. The key's type decides the scheme; nothing in an
//! envelope does. Ed25519 is verified strictly (SPEC 4.3).

mod public;

pub use public::{KeyError, PublicKey, SignatureInvalid};
