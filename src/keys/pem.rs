//! Private keys in PEM: PKCS#8, SEC 1, and the key pairs that cosign makes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::{EncryptedPrivateKeyInfoOwned, SecretDocument};
use zeroize::Zeroizing;

use super::file::KeyFileError;
use super::secret::Secret;

/// The PEM labels that are read here. cosign wrote the last one first.
const PKCS8: &str = "PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";
const ENCRYPTED_PKCS8: &str = "ENCRYPTED PRIVATE KEY";
const ENCRYPTED_COSIGN: [&str; 2] = [
    "ENCRYPTED SIGSTORE PRIVATE KEY",
    "ENCRYPTED COSIGN PRIVATE KEY",
];

/// The most rounds of PBKDF2 that are run: some seconds.
const ROUNDS_LIMIT: u32 = 10_000_000;

/// The most memory that scrypt is given, in bytes. cosign's parameters take 64 MiB.
const MEMORY_LIMIT: u64 = 256 << 20;

/// The most of scrypt's work: its memory times its parallel lanes.
const WORK_LIMIT: u64 = 1 << 30;

/// A private key in PEM, still locked or not.
pub(super) enum PemKey {
    Open(Box<Secret>),
    Pkcs8(Box<EncryptedPrivateKeyInfoOwned>),
    Cosign(Box<CosignKey>),
}

/// cosign's JSON form (github.com/secure-systems-lab/go-securesystemslib, `encrypted`).
#[derive(serde::Deserialize)]
pub(super) struct CosignKey {
    kdf: CosignKdf,
    cipher: CosignCipher,
    ciphertext: String,
}

#[derive(serde::Deserialize)]
struct CosignKdf {
    name: String,
    params: CosignParams,
    salt: String,
}

#[derive(serde::Deserialize)]
struct CosignParams {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(serde::Deserialize)]
struct CosignCipher {
    name: String,
    nonce: String,
}

impl PemKey {
    /// Reads a PEM text of one of the labels above; `None` for any other.
    pub fn parse(label: &str, text: &str) -> Option<Result<Self, KeyFileError>> {
        match label {
            PKCS8 => Some(pkcs8(text)),
            SEC1 => Some(Secret::from_sec1_pem(text).map(Self::open)),
            ENCRYPTED_PKCS8 => Some(encrypted_pkcs8(text)),
            label if ENCRYPTED_COSIGN.contains(&label) => Some(CosignKey::parse(text)),
            _ => None,
        }
    }

    fn open(secret: Secret) -> Self {
        Self::Open(Box::new(secret))
    }

    /// The key, opened with a passphrase where it is locked.
    pub fn secret(&self, passphrase: &[u8]) -> Result<Secret, KeyFileError> {
        match self {
            Self::Open(secret) => Ok(secret.as_ref().clone()),
            Self::Pkcs8(info) => {
                let document = info.decrypt(passphrase);
                let document = document.map_err(|_| KeyFileError::WrongPassphrase)?;
                Secret::from_pkcs8(document.as_bytes())
            }
            Self::Cosign(key) => key.open(passphrase),
        }
    }
}

fn pkcs8(text: &str) -> Result<PemKey, KeyFileError> {
    let (_, document) = SecretDocument::from_pem(text).map_err(|_| KeyFileError::Malformed)?;
    Secret::from_pkcs8(document.as_bytes()).map(PemKey::open)
}

fn encrypted_pkcs8(text: &str) -> Result<PemKey, KeyFileError> {
    let (_, document) = SecretDocument::from_pem(text).map_err(|_| KeyFileError::Malformed)?;
    let info = EncryptedPrivateKeyInfoOwned::try_from(document.as_bytes())
        .map_err(|_| KeyFileError::Malformed)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(KeyFileError::UnsupportedCipher {
            cipher: "PBES1".to_owned(),
        });
    };
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > ROUNDS_LIMIT => {
            return Err(KeyFileError::TooManyRounds {
                rounds: pbkdf2.iteration_count,
                limit: ROUNDS_LIMIT,
            });
        }
        Kdf::Scrypt(scrypt) => check_scrypt(
            scrypt.cost_parameter,
            scrypt.block_size.into(),
            scrypt.parallelization.into(),
        )?,
        _ => {}
    }
    Ok(PemKey::Pkcs8(Box::new(info)))
}

/// Refuses parameters of scrypt that would take all memory or never end.
fn check_scrypt(n: u64, r: u32, p: u32) -> Result<(), KeyFileError> {
    let memory = n.checked_mul(128).and_then(|n| n.checked_mul(r.into()));
    let work = memory.and_then(|memory| memory.checked_mul(p.into()));
    match (memory, work) {
        (Some(memory), Some(work)) if memory <= MEMORY_LIMIT && work <= WORK_LIMIT => Ok(()),
        _ => Err(KeyFileError::TooMuchMemory {
            limit: MEMORY_LIMIT,
        }),
    }
}

impl CosignKey {
    fn parse(text: &str) -> Result<PemKey, KeyFileError> {
        // No DER inside: only the armour is that of PEM.
        let (_, json) =
            pem_rfc7468::decode_vec(text.as_bytes()).map_err(|_| KeyFileError::Malformed)?;
        let key: Self = serde_json::from_slice(&json).map_err(|_| KeyFileError::Malformed)?;
        if key.kdf.name != "scrypt" || key.cipher.name != "nacl/secretbox" {
            return Err(KeyFileError::UnsupportedCipher {
                cipher: "another cipher than cosign's".to_owned(),
            });
        }
        let CosignParams { n, r, p } = key.kdf.params;
        check_scrypt(n, r, p)?;
        Ok(PemKey::Cosign(Box::new(key)))
    }

    fn open(&self, passphrase: &[u8]) -> Result<Secret, KeyFileError> {
        let malformed = |_| KeyFileError::Malformed;
        let decode = |text: &str| STANDARD.decode(text).map_err(malformed);
        let (salt, nonce) = (decode(&self.kdf.salt)?, decode(&self.cipher.nonce)?);
        let ciphertext = decode(&self.ciphertext)?;
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| KeyFileError::Malformed)?;
        let CosignParams { n, r, p } = self.kdf.params;
        if !n.is_power_of_two() {
            return Err(KeyFileError::Malformed);
        }
        let log_n = u8::try_from(n.ilog2()).map_err(|_| KeyFileError::Malformed)?;
        let parameters = scrypt::Params::new(log_n, r, p).map_err(|_| KeyFileError::Malformed)?;
        let mut key = Zeroizing::new([0; 32]);
        scrypt::scrypt(passphrase, &salt, &parameters, key.as_mut())
            .map_err(|_| KeyFileError::Malformed)?;
        let cipher = XSalsa20Poly1305::new(key.as_ref().into());
        let der = cipher
            .decrypt(Nonce::from_slice(&nonce), ciphertext.as_slice())
            .map_err(|_| KeyFileError::WrongPassphrase)?;
        Secret::from_pkcs8(&Zeroizing::new(der))
    }
}

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
