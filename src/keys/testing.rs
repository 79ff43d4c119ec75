//! Keys for this crate's unit tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use ssh_key::private::Ed25519Keypair;
use ssh_key::{LineEnding, PrivateKey};

use super::{FileSigner, PrivateKeyFile};

/// A signer whose key depends only on `seed`, read from an OpenSSH file's text like any other.
pub(crate) fn signer(seed: u8) -> FileSigner {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
    let text = key.to_openssh(LineEnding::LF).unwrap();
    PrivateKeyFile::parse(text.as_bytes())
        .unwrap()
        .into_signer(None)
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
