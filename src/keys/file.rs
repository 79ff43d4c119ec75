//! Private key files: OpenSSH's format, and PEM.

use std::fmt;

use ed25519_dalek::SigningKey;
use ssh_key::encoding::pem::PemLabel;
use ssh_key::encoding::{Decode, DecodePem as _, Reader};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::{Cipher, Kdf, PrivateKey};
use zeroize::Zeroizing;

use super::pem::PemKey;
use super::public::{KeyError, PublicKey};
use super::secret::Secret;
use super::signer::{SignError, Signer, checked};
use super::wire::{BadWire, Wire};

/// The largest private key file that is read, in bytes.
const FILE_LIMIT: usize = 64 * 1024;

/// The most bcrypt rounds that are run. A round takes some milliseconds; `ssh-keygen` makes 16.
const ROUNDS_LIMIT: u32 = 4096;

/// What the binary form of a private key file starts with.
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// The longest PEM label that an error repeats, in bytes.
const LABEL_LIMIT: usize = 64;

/// A private key file that was read and not yet unlocked.
pub struct PrivateKeyFile {
    form: Form,
    /// Readable in every file but an encrypted PEM.
    public: Option<PublicKey>,
}

enum Form {
    OpenSsh(Box<PrivateKey>),
    Pem(PemKey),
}

/// Signs with a key that is in this process's memory; wiped when dropped.
pub struct FileSigner {
    secret: Secret,
    public: PublicKey,
}

/// Why a private key file gives no signer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Larger than any private key.
    #[error("a private key file of more than {limit} bytes")]
    TooLarge {
        /// The largest file that is read, in bytes.
        limit: usize,
    },
    /// A private key, but in another format.
    #[error("a \"{label}\" file, not a private key of OpenSSH, PKCS#8 or cosign")]
    OtherFormat {
        /// The PEM label, printable ASCII.
        label: String,
    },
    /// Not an OpenSSH private key file, or a damaged one.
    #[error("not a private key, or a damaged one")]
    Malformed,
    /// The file names a security key, which alone can sign.
    #[error("the private key is in a security key, which the file only names")]
    SecurityKey,
    /// The key can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Encrypted with a cipher that is not read.
    #[error("a private key encrypted with {cipher}, which is not supported")]
    UnsupportedCipher {
        /// OpenSSH's name of the cipher.
        cipher: String,
    },
    /// The file asks for so many rounds of key derivation that it would never end.
    #[error("a private key with {rounds} rounds of key derivation; the limit is {limit}")]
    TooManyRounds {
        /// What the file asks for.
        rounds: u32,
        /// The most that are run.
        limit: u32,
    },
    /// The file asks for more memory or work to derive its key than is given.
    #[error("a private key whose passphrase takes over {limit} bytes of memory to check")]
    TooMuchMemory {
        /// The most that is given, in bytes.
        limit: u64,
    },
    /// The file is encrypted and there is no passphrase.
    #[error("the private key is encrypted and needs a passphrase")]
    PassphraseNeeded,
    /// The passphrase does not open the file (or the encrypted part is damaged: the common ciphers
    /// can't tell the one from the other).
    #[error("wrong passphrase")]
    WrongPassphrase,
}

impl PrivateKeyFile {
    /// Reads a private key file of at most 64 KiB; the private part stays locked.
    ///
    /// # Errors
    /// [`KeyFileError`]; [`KeyFileError::Key`] with `Unsupported` for a key of another kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() > FILE_LIMIT {
            return Err(KeyFileError::TooLarge { limit: FILE_LIMIT });
        }
        if let Some(label) = other_label(bytes) {
            let text = str::from_utf8(bytes).map_err(|_| KeyFileError::Malformed)?;
            let key =
                PemKey::parse(&label, text).unwrap_or(Err(KeyFileError::OtherFormat { label }))?;
            let public = match &key {
                PemKey::Open(secret) => Some(secret.public()?),
                _ => None,
            };
            let form = Form::Pem(key);
            return Ok(Self { form, public });
        }
        let container = Container::decode_pem(bytes).map_err(|_| KeyFileError::Malformed)?;
        // Our own reading of the public half comes first: it names a kind that we don't support.
        let blob = public_blob(&container.0).map_err(|_| KeyFileError::Malformed)?;
        let public = PublicKey::from_blob(blob)?;
        let key = PrivateKey::from_bytes(&container.0).map_err(|_| KeyFileError::Malformed)?;
        check_encryption(&key)?;
        Ok(Self {
            form: Form::OpenSsh(Box::new(key)),
            public: Some(public),
        })
    }

    /// Whether a passphrase is needed.
    pub fn is_encrypted(&self) -> bool {
        match &self.form {
            Form::OpenSsh(key) => key.is_encrypted(),
            Form::Pem(key) => !matches!(key, PemKey::Open(_)),
        }
    }

    /// The public half; `None` for an encrypted PEM, which shows it to its passphrase alone.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// Whether the file only names a security key. Its signatures come from an agent or from `ssh-keygen`.
    pub fn is_security_key(&self) -> bool {
        self.public.as_ref().is_some_and(PublicKey::is_security_key)
    }

    /// Opens the file, with the passphrase if it has one; may be called again after a wrong one.
    ///
    /// # Errors
    /// [`KeyFileError::PassphraseNeeded`] for an encrypted file and `None`; [`KeyFileError::WrongPassphrase`];
    /// [`KeyFileError::SecurityKey`]; another variant for a damaged file.
    pub fn signer(&self, passphrase: Option<&[u8]>) -> Result<FileSigner, KeyFileError> {
        if self.is_security_key() {
            return Err(KeyFileError::SecurityKey);
        }
        let passphrase = match passphrase {
            None if self.is_encrypted() => return Err(KeyFileError::PassphraseNeeded),
            passphrase => passphrase.filter(|_| self.is_encrypted()),
        };
        let secret = match (&self.form, passphrase) {
            (Form::OpenSsh(key), None) => secret_of(key)?,
            (Form::OpenSsh(key), Some(passphrase)) => {
                let key = key.decrypt(passphrase).map_err(|error| match error {
                    // The two check integers differ, or the cipher's tag does not fit.
                    ssh_key::Error::Crypto => KeyFileError::WrongPassphrase,
                    _ => KeyFileError::Malformed,
                })?;
                secret_of(&key)?
            }
            (Form::Pem(key), passphrase) => key.secret(passphrase.unwrap_or_default())?,
        };
        let public = secret.public()?;
        match &self.public {
            Some(known) if *known != public => Err(KeyFileError::Malformed),
            _ => Ok(FileSigner { secret, public }),
        }
    }
}

/// The key inside an OpenSSH file that is open.
fn secret_of(key: &PrivateKey) -> Result<Secret, KeyFileError> {
    match key.key_data() {
        KeypairData::Ed25519(pair) => Ok(Secret::Ed25519(SigningKey::from(&pair.private))),
        KeypairData::Ecdsa(EcdsaKeypair::NistP256 { private, .. }) => {
            let key = p256::ecdsa::SigningKey::from_slice(private.as_slice());
            key.map(Secret::P256).map_err(|_| KeyFileError::Malformed)
        }
        _ => Err(KeyFileError::Malformed),
    }
}

impl Signer for FileSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        checked(&self.public, message, self.secret.sign(message))
    }
}

/// The binary form inside the PEM, wiped when dropped.
struct Container(Zeroizing<Vec<u8>>);

impl PemLabel for Container {
    const PEM_LABEL: &'static str = "OPENSSH PRIVATE KEY";
}

impl Decode for Container {
    type Error = ssh_key::encoding::Error;

    fn decode(reader: &mut impl Reader) -> Result<Self, Self::Error> {
        // Sized once: a vector that grows would leave copies behind.
        let mut bytes = Zeroizing::new(vec![0; reader.remaining_len()]);
        reader.read(&mut bytes)?;
        Ok(Self(bytes))
    }
}

/// The public key inside the binary form (openssh `PROTOCOL.key`).
fn public_blob(container: &[u8]) -> Result<&[u8], BadWire> {
    let mut wire = Wire::new(container);
    if wire.take(MAGIC.len())? != MAGIC {
        return Err(BadWire);
    }
    let _cipher = wire.string()?;
    let _kdf = wire.string()?;
    let _kdf_options = wire.string()?;
    if wire.u32()? != 1 {
        return Err(BadWire);
    }
    wire.string()
}

/// Refuses what could not be opened with any passphrase, before one is asked for.
fn check_encryption(key: &PrivateKey) -> Result<(), KeyFileError> {
    if key.cipher() == Cipher::TdesCbc {
        return Err(KeyFileError::UnsupportedCipher {
            cipher: key.cipher().to_string(),
        });
    }
    match key.kdf() {
        Kdf::Bcrypt { rounds, .. } if *rounds > ROUNDS_LIMIT => Err(KeyFileError::TooManyRounds {
            rounds: *rounds,
            limit: ROUNDS_LIMIT,
        }),
        Kdf::Bcrypt { salt, rounds } if *rounds == 0 || salt.is_empty() => {
            Err(KeyFileError::Malformed)
        }
        Kdf::None if key.is_encrypted() => Err(KeyFileError::Malformed),
        _ => Ok(()),
    }
}

/// The PEM label of the first line, if it is a plain one and not ours.
fn other_label(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let label = line.strip_prefix(b"-----BEGIN ")?.strip_suffix(b"-----")?;
    let printable = label.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    let label = str::from_utf8(label).ok()?;
    (printable && label.len() <= LABEL_LIMIT && label != Container::PEM_LABEL)
        .then(|| label.to_owned())
}

impl fmt::Debug for PrivateKeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKeyFile")
            .field("public", &self.public)
            .field("encrypted", &self.is_encrypted())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FileSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSigner")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
