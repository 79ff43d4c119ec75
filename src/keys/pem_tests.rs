use super::super::Signer as _;
use super::super::file::PrivateKeyFile;
use super::super::testing::{keygen, signer};
use super::*;

/// A key pair as cosign writes it, with the parameters of scrypt that a test gives it.
fn cosign(passphrase: &[u8], n: u64, change: impl Fn(&mut serde_json::Value)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let options = ["-t", "ecdsa", "-m", "PKCS8"];
    let path = keygen(folder.path(), "k", "", &options);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, der) = SecretDocument::from_pem(&text).unwrap();
    let (salt, nonce) = ([7; 32], [9; 24]);
    let parameters = scrypt::Params::new(u8::try_from(n.ilog2()).unwrap(), 8, 1).unwrap();
    let mut key = [0; 32];
    scrypt::scrypt(passphrase, &salt, &parameters, &mut key).unwrap();
    let cipher = XSalsa20Poly1305::new(&key.into());
    let sealed = cipher.encrypt(&nonce.into(), der.as_bytes()).unwrap();
    let mut json = serde_json::json!({
        "kdf": { "name": "scrypt", "params": { "N": n, "r": 8, "p": 1 }, "salt": STANDARD.encode(salt) },
        "cipher": { "name": "nacl/secretbox", "nonce": STANDARD.encode(nonce) },
        "ciphertext": STANDARD.encode(sealed),
    });
    change(&mut json);
    let bytes = serde_json::to_vec(&json).unwrap();
    pem_rfc7468::encode_string(ENCRYPTED_COSIGN[0], pem_rfc7468::LineEnding::LF, &bytes).unwrap()
}

fn opened(text: &str, passphrase: Option<&[u8]>) -> Result<(), KeyFileError> {
    let file = PrivateKeyFile::parse(text.as_bytes())?;
    let signer = file.signer(passphrase)?;
    let signature = signer.sign(b"message").unwrap();
    assert!(signer.public_key().verify(b"message", &signature).is_ok());
    Ok(())
}

#[test]
fn a_key_pair_of_cosign_opens_with_its_passphrase_alone() {
    let text = cosign(b"secret", 1 << 10, |_| ());
    let file = PrivateKeyFile::parse(text.as_bytes()).unwrap();
    assert!(file.is_encrypted() && file.public_key().is_none());
    assert_eq!(opened(&text, Some(b"secret")), Ok(()));
    assert_eq!(
        opened(&text, Some(b"Secret")),
        Err(KeyFileError::WrongPassphrase)
    );
    assert_eq!(opened(&text, None), Err(KeyFileError::PassphraseNeeded));
    let old = text.replace(ENCRYPTED_COSIGN[0], ENCRYPTED_COSIGN[1]);
    assert_eq!(opened(&old, Some(b"secret")), Ok(()));
}

#[test]
fn a_key_pair_that_would_take_all_memory_is_refused_before_it_is_opened() {
    for (n, r, p) in [
        (1u64 << 40, 8, 1),
        (1 << 20, 1 << 20, 1),
        (1 << 15, 8, 1 << 20),
        (u64::MAX, u32::MAX, u32::MAX),
    ] {
        let text = cosign(b"secret", 1 << 10, |json| {
            json["kdf"]["params"] = serde_json::json!({ "N": n, "r": r, "p": p });
        });
        let limit = MEMORY_LIMIT;
        assert_eq!(
            opened(&text, Some(b"secret")),
            Err(KeyFileError::TooMuchMemory { limit })
        );
    }
}

#[test]
fn a_key_pair_of_another_form_is_refused() {
    type Change = fn(&mut serde_json::Value);
    let other: [Change; 2] = [
        |json| json["kdf"]["name"] = "argon".into(),
        |json| json["cipher"]["name"] = "aes".into(),
    ];
    for change in other {
        let refused = opened(&cosign(b"secret", 1 << 10, change), Some(b"secret"));
        assert!(matches!(
            refused,
            Err(KeyFileError::UnsupportedCipher { .. })
        ));
    }
    let broken: [Change; 4] = [
        |json| json["ciphertext"] = "!".into(),
        |json| json["cipher"]["nonce"] = "AAAA".into(),
        |json| json["kdf"]["params"]["N"] = 1_000.into(),
        |json| json["kdf"] = 7.into(),
    ];
    for change in broken {
        let refused = opened(&cosign(b"secret", 1 << 10, change), Some(b"secret"));
        assert_eq!(refused, Err(KeyFileError::Malformed));
    }
}

/// PKCS#8 of Ed25519 (RFC 8410, section 7) around a seed.
fn pkcs8_of_ed25519(seed: u8) -> Vec<u8> {
    let start = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    [&start[..], &[seed; 32]].concat()
}

#[test]
fn an_ed25519_key_in_pkcs8_is_the_key_that_openssh_has() {
    let pem =
        |der: &[u8]| pem_rfc7468::encode_string(PKCS8, pem_rfc7468::LineEnding::LF, der).unwrap();
    let der = pkcs8_of_ed25519(1);
    let file = PrivateKeyFile::parse(pem(&der).as_bytes()).unwrap();
    assert_eq!(file.public_key(), Some(signer(1).public_key()));
    assert_eq!(opened(&pem(&der), None), Ok(()));
    let long = [der.as_slice(), &[0]].concat();
    for bad in [&der[..der.len() - 1], &long, &[]] {
        assert_eq!(
            opened(&pem(bad), None),
            Err(KeyFileError::Malformed),
            "{bad:?}"
        );
    }
}

#[test]
fn keys_of_other_kinds_in_pkcs8_are_unsupported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits, named) in [
        ("rsa", "2048", "RSA"),
        ("ecdsa", "384", "ECDSA of another curve than P-256"),
    ] {
        let path = keygen(
            folder.path(),
            bits,
            "",
            &["-t", kind, "-b", bits, "-m", "PKCS8"],
        );
        let refused = opened(&std::fs::read_to_string(path).unwrap(), None);
        let unsupported = super::super::KeyError::Unsupported {
            algorithm: named.to_owned(),
        };
        assert_eq!(refused, Err(KeyFileError::Key(unsupported)));
    }
}

#[test]
fn a_passphrase_of_too_many_rounds_is_refused_before_it_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let path = keygen(
        folder.path(),
        "k",
        "secret",
        &["-t", "ecdsa", "-m", "PKCS8"],
    );
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(opened(&text, Some(b"secret")), Ok(()));
    assert_eq!(
        opened(&text, Some(b"other")),
        Err(KeyFileError::WrongPassphrase)
    );
    let (_, der) = SecretDocument::from_pem(&text).unwrap();
    let mut der = der.as_bytes().to_vec();
    // The rounds of PBKDF2, 2048 here, as a DER integer.
    let rounds = [2, 2, 8, 0];
    let at = der.windows(4).position(|window| window == rounds).unwrap();
    der.splice(at..at + 4, [2, 4, 0x7f, 0xff, 0xff, 0xff]);
    grow(&mut der, 0, at);
    let text =
        pem_rfc7468::encode_string(ENCRYPTED_PKCS8, pem_rfc7468::LineEnding::LF, &der).unwrap();
    let (rounds, limit) = (0x7fff_ffff, ROUNDS_LIMIT);
    assert_eq!(
        opened(&text, Some(b"secret")),
        Err(KeyFileError::TooManyRounds { rounds, limit })
    );
}

/// Adds two to the lengths of whatever holds the byte at `inside`, from the value that starts at `at` on.
fn grow(der: &mut [u8], mut at: usize, inside: usize) {
    while der[at] & 0x20 != 0 {
        let (length, start) = match der[at + 1] {
            0x81 => (at + 2, at + 3),
            0x82 => (at + 3, at + 4),
            _ => (at + 1, at + 2),
        };
        der[length] += 2;
        // On to the value in it that holds the byte; none before it has a length of more than a byte.
        at = start;
        while at + 2 + usize::from(der[at + 1]) <= inside {
            at += 2 + usize::from(der[at + 1]);
        }
    }
}
