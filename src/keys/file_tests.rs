use super::super::sshsig::Proof;
use super::super::testing::{keygen, signer};
use super::*;

fn ed25519_file(passphrase: &str, extra: &[&str]) -> (Vec<u8>, PublicKey) {
    let folder = tempfile::tempdir().unwrap();
    let options = [&["-t", "ed25519"], extra].concat();
    let path = keygen(folder.path(), "k", passphrase, &options);
    let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let public = PublicKey::from_openssh(line.trim_end()).unwrap();
    (std::fs::read(path).unwrap(), public)
}

/// Reads a file's binary form, lets `change` work on it, and writes it as PEM again.
fn rewrap(pem: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::STANDARD;
    let text = str::from_utf8(pem).unwrap();
    let base64: String = text.lines().filter(|l| !l.starts_with('-')).collect();
    let mut bytes = engine.decode(base64).unwrap();
    change(&mut bytes);
    let base64 = engine.encode(bytes);
    let lines: Vec<_> = base64.as_bytes().chunks(70).collect();
    let label = Container::PEM_LABEL;
    [
        format!("-----BEGIN {label}-----\n").as_bytes(),
        &lines.join(&b'\n'),
        format!("\n-----END {label}-----\n").as_bytes(),
    ]
    .concat()
}

/// Where the rounds stand in an encrypted Ed25519 file: before the count of keys (1).
fn rounds_at(bytes: &[u8]) -> usize {
    let key = b"\0\0\0\x01\0\0\0\x33\0\0\0\x0bssh-ed25519";
    let found = bytes.windows(key.len()).position(|window| window == key);
    found.unwrap() - 4
}

#[test]
fn a_plain_file_of_ssh_keygen_signs_without_a_passphrase() {
    let (bytes, public) = ed25519_file("", &[]);
    let file = PrivateKeyFile::parse(&bytes).unwrap();
    assert!(!file.is_encrypted());
    assert_eq!(file.public_key(), Some(&public));
    assert!(file.signer(Some(b"any")).is_ok());
    let signer = file.signer(None).unwrap();
    assert_eq!(signer.public_key(), &public);
    let signature = signer.sign(b"message").unwrap();
    assert_eq!(public.verify(b"message", &signature), Ok(Proof::default()));
}

#[test]
fn an_encrypted_file_signs_with_its_passphrase_in_every_cipher_of_ssh_keygen() {
    for cipher in [
        "aes256-ctr",
        "aes128-cbc",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let (bytes, public) = ed25519_file("correct horse", &["-Z", cipher]);
        let file = PrivateKeyFile::parse(&bytes).unwrap();
        assert!(file.is_encrypted());
        assert_eq!(file.public_key(), Some(&public));
        for wrong in [b"correct hors".as_slice(), b""] {
            let refused = file.signer(Some(wrong)).map(|_| ());
            assert_eq!(refused, Err(KeyFileError::WrongPassphrase), "{cipher}");
        }
        let signer = file.signer(Some(b"correct horse")).unwrap();
        let signature = signer.sign(b"message").unwrap();
        assert_eq!(public.verify(b"message", &signature), Ok(Proof::default()));
    }
}

#[test]
fn an_encrypted_file_without_a_passphrase_asks_for_one() {
    let (bytes, _) = ed25519_file("secret", &[]);
    let parse = || PrivateKeyFile::parse(&bytes).unwrap();
    let refused = parse().signer(None).map(|_| ());
    assert_eq!(refused, Err(KeyFileError::PassphraseNeeded));
    assert!(parse().signer(Some(b"secret")).is_ok());
}

#[test]
fn files_with_other_kinds_of_key_are_unsupported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, passphrase, algorithm) in [("rsa", "", "ssh-rsa"), ("rsa", "secret", "ssh-rsa")] {
        let name = format!("{kind}{passphrase}");
        let path = keygen(folder.path(), &name, passphrase, &["-t", kind]);
        let refused = PrivateKeyFile::parse(&std::fs::read(path).unwrap()).map(|_| ());
        let unsupported = KeyError::Unsupported {
            algorithm: algorithm.to_owned(),
        };
        assert_eq!(refused, Err(KeyFileError::Key(unsupported)));
    }
}

#[test]
fn a_private_key_in_another_pem_format_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-t", "rsa", "-b", "2048", "-m", "PEM"];
    let path = keygen(folder.path(), "k", "", &options);
    let refused = PrivateKeyFile::parse(&std::fs::read(path).unwrap()).map(|_| ());
    let label = "RSA PRIVATE KEY".to_owned();
    assert_eq!(refused, Err(KeyFileError::OtherFormat { label }));
}

#[test]
fn files_that_are_no_private_key_are_malformed() {
    let (good, public) = ed25519_file("", &[]);
    let half = &good[..good.len() / 2];
    let line = public.to_openssh();
    let hostile = b"-----BEGIN \x1b[2J-----\n".as_slice();
    let no_magic = rewrap(&good, |bytes| bytes[0] ^= 1);
    let tail = rewrap(&good, |bytes| bytes.push(0));
    for bad in [b"", half, line.as_bytes(), hostile, &no_magic, &tail] {
        let refused = PrivateKeyFile::parse(bad).map(|_| ());
        assert_eq!(refused, Err(KeyFileError::Malformed), "{bad:?}");
    }
    let twin = rewrap(&good, |_| ());
    assert!(PrivateKeyFile::parse(&twin).is_ok());
}

#[test]
fn a_file_whose_public_half_is_of_another_key_gives_no_signer() {
    let (encrypted, _) = ed25519_file("secret", &[]);
    let other = signer(9).public_key().blob().to_vec();
    let swapped = rewrap(&encrypted, |bytes| {
        let at = rounds_at(bytes) + 12;
        bytes[at..at + other.len()].copy_from_slice(&other);
    });
    let file = PrivateKeyFile::parse(&swapped).unwrap();
    let refused = file.signer(Some(b"secret")).map(|_| ());
    assert_eq!(refused, Err(KeyFileError::Malformed));
    let twin = PrivateKeyFile::parse(&encrypted).unwrap();
    assert!(twin.signer(Some(b"secret")).is_ok());
}

#[test]
fn a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let (key, _) = ed25519_file("", &[]);
    // The PEM format allows text before the key.
    let filled = |length: usize| [vec![b'\n'; length - key.len()], key.clone()].concat();
    assert!(PrivateKeyFile::parse(&filled(FILE_LIMIT)).is_ok());
    let over = PrivateKeyFile::parse(&filled(FILE_LIMIT + 1)).map(|_| ());
    assert_eq!(over, Err(KeyFileError::TooLarge { limit: FILE_LIMIT }));
}

#[test]
fn a_file_that_wants_endless_key_derivation_is_refused_before_it_starts() {
    let (good, _) = ed25519_file("secret", &[]);
    let with_rounds = |rounds: u32| {
        let file = rewrap(&good, |bytes| {
            let at = rounds_at(bytes);
            bytes[at..at + 4].copy_from_slice(&rounds.to_be_bytes());
        });
        PrivateKeyFile::parse(&file).map(|_| ())
    };
    assert_eq!(with_rounds(ROUNDS_LIMIT), Ok(()));
    let refused = KeyFileError::TooManyRounds {
        rounds: ROUNDS_LIMIT + 1,
        limit: ROUNDS_LIMIT,
    };
    assert_eq!(with_rounds(ROUNDS_LIMIT + 1), Err(refused));
    assert_eq!(with_rounds(0), Err(KeyFileError::Malformed));
}

#[test]
fn debug_output_shows_the_public_half_only() {
    let signer = signer(3);
    let shown = format!("{signer:?}");
    assert!(shown.contains(&signer.public_key().fingerprint()));
    // Each byte of the seed is 3.
    assert!(!shown.contains("3, 3"));
}
