//! Keys for this crate's unit tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256, Sha512};
use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use super::secret::Secret;
use super::wire::put_string;
use super::{FileSigner, PrivateKeyFile, PublicKey};

/// A signer whose key depends only on `seed`, read from an OpenSSH file's text like any other.
pub(crate) fn signer(seed: u8) -> FileSigner {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
    let text = key.to_openssh(LineEnding::LF).unwrap();
    PrivateKeyFile::parse(text.as_bytes())
        .unwrap()
        .signer(None)
        .unwrap()
}

/// Has `ssh-keygen` make a key file `name` in `folder`; `extra` are more options.
pub(crate) fn keygen(folder: &Path, name: &str, passphrase: &str, extra: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let output = Command::new("ssh-keygen")
        .args(["-q", "-a", "1", "-C", "a comment", "-N", passphrase, "-f"])
        .arg(&path)
        .args(extra)
        .output()
        .unwrap();
    assert!(output.status.success(), "ssh-keygen: {output:?}");
    path
}

/// A security key in software: it signs as one does, with the flags that a test gives it.
pub(crate) struct SoftKey {
    secret: Secret,
    key: PublicKey,
}

/// What a [`SoftKey`] does when it is asked to sign.
#[derive(Clone, Copy)]
pub(crate) struct Touch<'a> {
    pub flags: u8,
    pub application: &'a str,
    pub namespace: &'a str,
    pub hash: &'a str,
    pub reserved: &'a [u8],
    /// The name of the algorithm in the signature; `None`: that of the key.
    pub algorithm: Option<&'a str>,
}

/// A touch.
pub(crate) const TOUCH: Touch<'static> = Touch {
    flags: 1,
    application: "ssh:",
    namespace: "countersign",
    hash: "sha512",
    reserved: b"",
    algorithm: None,
};

impl SoftKey {
    /// A key that depends on the seed alone.
    pub(crate) fn new(seed: u8, is_p256: bool) -> Self {
        let secret = match is_p256 {
            false => Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[seed; 32])),
            true => Secret::P256(p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap()),
        };
        let plain = secret.public().unwrap();
        let name = match is_p256 {
            false => "sk-ssh-ed25519@openssh.com",
            true => "sk-ecdsa-sha2-nistp256@openssh.com",
        };
        let mut blob = Vec::new();
        put_string(&mut blob, name.as_bytes()).unwrap();
        plain.point().write_ssh(&mut blob).unwrap();
        put_string(&mut blob, b"ssh:").unwrap();
        let key = PublicKey::from_blob(&blob).unwrap();
        Self { secret, key }
    }

    pub(crate) fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Signs a message as `ssh-keygen -Y sign` has it signed.
    pub(crate) fn sign(&self, message: &[u8], touch: Touch<'_>) -> Vec<u8> {
        let hashed = match touch.hash {
            "sha256" => Sha256::digest(message).to_vec(),
            _ => Sha512::digest(message).to_vec(),
        };
        let mut signed = b"SSHSIG".to_vec();
        for field in [
            touch.namespace.as_bytes(),
            touch.reserved,
            touch.hash.as_bytes(),
            &hashed,
        ] {
            put_string(&mut signed, field).unwrap();
        }
        let mut data = Sha256::digest(touch.application).to_vec();
        data.push(touch.flags);
        data.extend_from_slice(&7u32.to_be_bytes());
        data.extend_from_slice(&Sha256::digest(&signed));
        let mut blob = Vec::new();
        let algorithm = touch.algorithm.unwrap_or(self.key.algorithm());
        put_string(&mut blob, algorithm.as_bytes()).unwrap();
        put_string(&mut blob, &self.ssh(&data)).unwrap();
        blob.push(touch.flags);
        blob.extend_from_slice(&7u32.to_be_bytes());
        let mut out = b"SSHSIG\0\0\0\x01".to_vec();
        for field in [
            self.key.blob(),
            touch.namespace.as_bytes(),
            touch.reserved,
            touch.hash.as_bytes(),
            &blob,
        ] {
            put_string(&mut out, field).unwrap();
        }
        out
    }

    /// A signature in SSH's form.
    fn ssh(&self, data: &[u8]) -> Vec<u8> {
        let signature = self.secret.sign(data);
        match self.secret {
            Secret::Ed25519(_) => signature,
            Secret::P256(_) => {
                let signature = p256::ecdsa::Signature::from_der(&signature).unwrap();
                let mut out = Vec::new();
                let (r, s) = signature.split_bytes();
                for scalar in [r, s] {
                    put_string(&mut out, &mpint(&scalar)).unwrap();
                }
                out
            }
        }
    }
}

/// A positive integer as SSH writes it.
pub(crate) fn mpint(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = &digits[zeros..];
    match digits.first() {
        Some(first) if *first >= 0x80 => [&[0], digits].concat(),
        _ => digits.to_vec(),
    }
}
