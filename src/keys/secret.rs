//! Private keys in this process's memory.

use ed25519_dalek::Signer as _;
use p256::ecdsa;
use p256::pkcs8::ObjectIdentifier;
use pkcs8::PrivateKeyInfoRef;

use super::file::KeyFileError;
use super::point::{EC_OID, ED25519_OID, P256_OID, RSA_OID};
use super::public::{KeyError, PublicKey};

/// A private key; the libraries wipe it when it is dropped.
#[derive(Clone)]
pub(super) enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    P256(ecdsa::SigningKey),
}

impl Secret {
    /// Reads PKCS#8 (RFC 5958).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFileError> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyFileError::Malformed)?;
        let unsupported = |algorithm: &str| {
            Err(KeyFileError::Key(KeyError::Unsupported {
                algorithm: algorithm.to_owned(),
            }))
        };
        let curve: Option<ObjectIdentifier> = info.algorithm.parameters_oid().ok();
        match info.algorithm.oid {
            ED25519_OID => ed25519_dalek::SigningKey::try_from(info)
                .map(Self::Ed25519)
                .map_err(|_| KeyFileError::Malformed),
            EC_OID if curve == Some(P256_OID) => ecdsa::SigningKey::try_from(info)
                .map(Self::P256)
                .map_err(|_| KeyFileError::Malformed),
            EC_OID => unsupported("ECDSA of another curve than P-256"),
            RSA_OID => unsupported("RSA"),
            other => unsupported(&other.to_string()),
        }
    }

    /// Reads SEC 1's form of an elliptic curve key in PEM (RFC 5915).
    pub fn from_sec1_pem(pem: &str) -> Result<Self, KeyFileError> {
        // A key of another curve is not told from a damaged one here.
        let key = p256::SecretKey::from_sec1_pem(pem).map_err(|_| KeyFileError::Malformed)?;
        Ok(Self::P256(key.into()))
    }

    pub fn public(&self) -> Result<PublicKey, KeyError> {
        match self {
            Self::Ed25519(key) => PublicKey::from_ed25519(&key.verifying_key()),
            Self::P256(key) => PublicKey::from_p256(key.verifying_key()),
        }
    }

    /// Signs as an envelope has it. Both schemes are deterministic: no randomness can fail.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::P256(key) => {
                let signature: ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        }
    }
}
