use std::process::Command;

use base64::Engine as _;
use ed25519_dalek::Verifier as _;

use super::super::Signer as _;
use super::super::testing::{keygen, signer};
use super::*;

/// The neutral point: the best known point of small order.
const NEUTRAL: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

/// The order of the group, little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn line_of(algorithm: &str, fields: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for field in [&[algorithm.as_bytes()], fields].concat() {
        put_string(&mut blob, field).unwrap();
    }
    format!("{algorithm} {}", STANDARD.encode(blob))
}

fn good_line() -> String {
    signer(1).public_key().to_openssh()
}

fn unsupported(algorithm: &str) -> Result<PublicKey, KeyError> {
    Err(KeyError::Unsupported {
        algorithm: algorithm.to_owned(),
    })
}

#[test]
fn a_key_of_ssh_keygen_has_the_fingerprint_that_ssh_keygen_prints() {
    for (kind, algorithm) in [("ed25519", "ssh-ed25519"), ("ecdsa", "ecdsa-sha2-nistp256")] {
        fingerprint_is_that_of_ssh_keygen(kind, algorithm);
    }
}

fn fingerprint_is_that_of_ssh_keygen(kind: &str, algorithm: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = keygen(folder.path(), "k", "", &["-t", kind]);
    let text = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let key = PublicKey::from_openssh(text.trim_end()).unwrap();
    let listed = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(&path)
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert_eq!(listed.split(' ').nth(1).unwrap(), key.fingerprint());
    assert_eq!(text.trim_end(), format!("{} a comment", key.to_openssh()));
    assert_eq!(key.algorithm(), algorithm);
}

#[test]
fn a_line_reads_with_and_without_a_comment_and_writes_back_the_same() {
    let line = good_line();
    let key = PublicKey::from_openssh(&line).unwrap();
    assert_eq!(key.to_openssh(), line);
    for comment in [" ", " maya@example.org", " two words", " M\u{e4}ya"] {
        let commented = format!("{line}{comment}");
        assert_eq!(PublicKey::from_openssh(&commented).unwrap(), key);
    }
    assert_ne!(&key, signer(2).public_key());
}

#[test]
fn a_line_that_is_not_exactly_a_key_is_malformed() {
    let line = good_line();
    let base64 = line.strip_prefix("ssh-ed25519 ").unwrap();
    let blob = signer(1).public_key().blob().to_vec();
    let key = &blob[blob.len() - 32..];
    for bad in [
        String::new(),
        "ssh-ed25519".to_owned(),
        "ssh-ed25519 ".to_owned(),
        format!(" {line}"),
        format!("{line}\n"),
        format!("{line} a\u{1b}[2Jcomment"),
        format!("ssh-ed25519  {base64}"),
        format!("ssh-ed25519\t{base64}"),
        format!("no-pty {line}"),
        format!("SSH-ED25519 {base64}"),
        format!("ssh-rsa {base64}"),
        format!("{line}AAAA"),
        format!("{line}="),
        line.strip_suffix(char::is_alphanumeric)
            .unwrap_or("x")
            .to_owned(),
        base64.to_owned(),
        line_of("ssh-ed25519", &[&key[..31]]),
        line_of("ssh-ed25519", &[key, b""]),
        line_of("ssh-ed25519", &[]),
        line_of("", &[key]),
    ] {
        assert_eq!(
            PublicKey::from_openssh(&bad),
            Err(KeyError::Malformed),
            "{bad:?}"
        );
    }
    let twin = line_of("ssh-ed25519", &[key]);
    assert_eq!(twin, line);
    assert!(PublicKey::from_openssh(&twin).is_ok());
}

#[test]
fn a_point_that_is_not_on_the_curve_or_not_canonical_is_malformed() {
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    // y = p + 3, a second form of y = 3, which is on the curve.
    let mut second_form = [0xff; 32];
    second_form[0] = 0xf0;
    second_form[31] = 0x7f;
    let mut first_form = [0; 32];
    first_form[0] = 3;
    assert!(VerifyingKey::from_bytes(&second_form).is_ok());
    for bytes in [off_curve, second_form] {
        let line = line_of("ssh-ed25519", &[&bytes]);
        assert_eq!(PublicKey::from_openssh(&line), Err(KeyError::Malformed));
    }
    let twin = line_of("ssh-ed25519", &[&first_form]);
    assert!(PublicKey::from_openssh(&twin).is_ok());
}

#[test]
fn a_line_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let line = good_line();
    let at = format!("{line} {}", "c".repeat(LINE_LIMIT - line.len() - 1));
    assert!(PublicKey::from_openssh(&at).is_ok());
    let over = format!("{at}c");
    let refused = PublicKey::from_openssh(&over);
    assert_eq!(refused, Err(KeyError::TooLong { limit: LINE_LIMIT }));
}

#[test]
fn keys_of_other_kinds_from_ssh_keygen_are_unsupported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits, algorithm) in [
        ("rsa", "2048", "ssh-rsa"),
        ("ecdsa", "384", "ecdsa-sha2-nistp384"),
        ("ecdsa", "521", "ecdsa-sha2-nistp521"),
    ] {
        let path = keygen(folder.path(), algorithm, "", &["-t", kind, "-b", bits]);
        let text = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        assert_eq!(
            PublicKey::from_openssh(text.trim_end()),
            unsupported(algorithm)
        );
    }
}

#[test]
fn a_certificate_of_ssh_keygen_is_unsupported_though_its_key_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = keygen(folder.path(), "k", "", &["-t", "ed25519"]);
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-I", "maya", "-s"])
        .args([&path, &path.with_extension("pub")])
        .status()
        .unwrap();
    assert!(signed.success());
    let read = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        PublicKey::from_openssh(text.trim_end())
    };
    assert_eq!(
        read("k-cert.pub"),
        unsupported("ssh-ed25519-cert-v01@openssh.com")
    );
    assert!(read("k.pub").is_ok());
}

#[test]
fn dss_and_certificates_are_unsupported_by_name() {
    for algorithm in [
        "ssh-dss",
        "ssh-ed25519-cert-v01@openssh.com",
        "sk-ssh-ed25519-cert-v01@openssh.com",
        "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    ] {
        let line = line_of(algorithm, &[&[7; 32], b"ssh:"]);
        assert_eq!(PublicKey::from_openssh(&line), unsupported(algorithm));
    }
}

#[test]
fn an_algorithm_name_that_would_spoil_the_output_is_malformed() {
    let long = "a".repeat(ALGORITHM_LIMIT + 1);
    let at = &long[1..];
    for name in [long.as_str(), "ssh-\u{202e}"] {
        let line = line_of(name, &[&[7; 32]]);
        assert_eq!(PublicKey::from_openssh(&line), Err(KeyError::Malformed));
    }
    let line = line_of(at, &[&[7; 32]]);
    assert_eq!(PublicKey::from_openssh(&line), unsupported(at));
}

#[test]
fn keys_of_small_order_are_weak_and_the_base_point_is_not() {
    let zero = [0; 32];
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    for bytes in [NEUTRAL, zero, minus_one] {
        let line = line_of("ssh-ed25519", &[&bytes]);
        assert_eq!(PublicKey::from_openssh(&line), Err(KeyError::Weak));
    }
    let mut base_point = [0x66; 32];
    base_point[0] = 0x58;
    let twin = line_of("ssh-ed25519", &[&base_point]);
    assert!(PublicKey::from_openssh(&twin).is_ok());
}

#[test]
fn a_signature_forged_under_a_small_order_key_does_not_verify() {
    let verifying = VerifyingKey::from_bytes(&NEUTRAL).unwrap();
    let forged = [NEUTRAL, [0; 32]].concat();
    // The lenient verification takes it for every message: this is what strictness is for.
    let signature = ed25519_dalek::Signature::from_slice(&forged).unwrap();
    let lenient = verifying.verify(b"anything", &signature);
    assert!(lenient.is_ok());
    let weak = PublicKey {
        blob: Vec::new(),
        point: Point::Ed25519(verifying),
        application: None,
    };
    assert_eq!(
        weak.verify(b"anything", &forged),
        Err(SignatureError::Invalid)
    );
}

#[test]
fn a_signature_with_the_group_order_added_to_s_does_not_verify() {
    let signer = signer(1);
    let message = b"message";
    let good = signer.sign(message).unwrap();
    let mut malleated = good.clone();
    let mut carry = 0;
    for (byte, order) in malleated[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let key = signer.public_key();
    assert_eq!(
        key.verify(message, &malleated),
        Err(SignatureError::Invalid)
    );
    assert_eq!(key.verify(message, &good), Ok(Proof::default()));
}

#[test]
fn a_signature_verifies_only_with_its_bytes_its_message_and_its_key() {
    let signer = signer(1);
    let other = super::super::testing::signer(2);
    let good = signer.sign(b"message").unwrap();
    assert_eq!(good.len(), 64);
    let key = signer.public_key();
    assert_eq!(key.verify(b"message", &good), Ok(Proof::default()));
    assert_eq!(key.verify(b"massage", &good), Err(SignatureError::Invalid));
    let elsewhere = other.public_key().verify(b"message", &good);
    assert_eq!(elsewhere, Err(SignatureError::Invalid));
    for at in [0, 31, 32, 63] {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        assert_eq!(
            key.verify(b"message", &flipped),
            Err(SignatureError::Invalid)
        );
    }
    let long = [good.as_slice(), &[0]].concat();
    for wrong_length in [&good[..63], long.as_slice(), &[]] {
        assert_eq!(
            key.verify(b"message", wrong_length),
            Err(SignatureError::Invalid)
        );
    }
}

#[test]
fn the_pem_of_the_key_in_rfc_8410_is_the_one_printed_there() {
    let expected = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    let point = STANDARD
        .decode("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
        .unwrap();
    let key = PublicKey::from_openssh(&line_of("ssh-ed25519", &[&point])).unwrap();
    assert_eq!(key.to_pem().unwrap(), expected);
    assert_eq!(PublicKey::from_pem(expected), Ok(key));
}

#[test]
fn equal_keys_are_equal_in_order_and_hash() {
    let line = good_line();
    let keys = || {
        let first = PublicKey::from_openssh(&line).unwrap();
        let again = PublicKey::from_openssh(&format!("{line} again")).unwrap();
        [first, again, signer(2).public_key().clone()]
    };
    let hashed: std::collections::HashSet<_> = keys().into();
    let ordered: std::collections::BTreeSet<_> = keys().into();
    assert_eq!((hashed.len(), ordered.len()), (2, 2));
}

/// The base point of P-256 (SEC 2, 2.4.2), uncompressed.
const BASE_POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                          4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

#[test]
fn a_point_of_p256_is_read_in_its_one_form_alone() {
    let algorithm = "ecdsa-sha2-nistp256";
    let point = hex(BASE_POINT);
    let line = line_of(algorithm, &[b"nistp256", &point]);
    let key = PublicKey::from_openssh(&line).unwrap();
    assert_eq!(key.to_openssh(), line);
    let mut off_curve = point.clone();
    off_curve[64] ^= 1;
    let compressed = [&[3], &point[1..33]].concat();
    let long = [point.as_slice(), &[0]].concat();
    for bad in [
        off_curve.as_slice(),
        &compressed,
        &[0],
        &[],
        &long,
        &point[..64],
    ] {
        let line = line_of(algorithm, &[b"nistp256", bad]);
        assert_eq!(
            PublicKey::from_openssh(&line),
            Err(KeyError::Malformed),
            "{bad:?}"
        );
    }
    for fields in [
        &[b"nistp384".as_slice(), &point][..],
        &[b"nistp256", &point, b""],
        &[&point],
    ] {
        let line = line_of(algorithm, fields);
        assert_eq!(PublicKey::from_openssh(&line), Err(KeyError::Malformed));
    }
}

#[test]
fn a_security_key_is_another_key_than_the_same_point_without_one() {
    let blob = signer(1).public_key().blob().to_vec();
    let point = &blob[blob.len() - 32..];
    let read = |application: &[u8]| {
        PublicKey::from_openssh(&line_of(
            "sk-ssh-ed25519@openssh.com",
            &[point, application],
        ))
    };
    let key = read(b"ssh:").unwrap();
    assert_eq!(
        (key.application(), key.is_security_key()),
        (Some("ssh:"), true)
    );
    assert_eq!(key.to_pem(), None);
    assert_ne!(&key, signer(1).public_key());
    assert_ne!(key, read(b"ssh:other").unwrap());
    for bad in [
        b"".as_slice(),
        b"ssh:\x1b[2J",
        b"ssh: ",
        &[b'a'; APPLICATION_LIMIT + 1],
    ] {
        assert_eq!(read(bad), Err(KeyError::Malformed), "{bad:?}");
    }
    assert!(read(&[b'a'; APPLICATION_LIMIT]).is_ok());
}

#[test]
fn a_pem_is_read_as_the_same_key_as_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = keygen(folder.path(), "k", "", &["-t", "ecdsa"]);
    let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let key = PublicKey::from_openssh(line.trim_end()).unwrap();
    let exported = Command::new("ssh-keygen")
        .args(["-e", "-m", "PKCS8", "-f"])
        .arg(&path)
        .output()
        .unwrap();
    let pem = String::from_utf8(exported.stdout).unwrap();
    assert_eq!(key.to_pem().unwrap(), pem);
    assert_eq!(PublicKey::from_pem(&pem), Ok(key));
    let private = pem.replace("PUBLIC", "PRIVATE");
    let body = pem.lines().nth(1).unwrap();
    for bad in [
        "",
        body,
        &private,
        &pem[..pem.len() / 2],
        &format!("{pem}{pem}"),
        &format!("{pem}x"),
    ] {
        assert_eq!(PublicKey::from_pem(bad), Err(KeyError::NotPem), "{bad}");
    }
    let long = PublicKey::from_pem(&"x".repeat(PEM_LIMIT + 1));
    assert_eq!(long, Err(KeyError::TooLong { limit: PEM_LIMIT }));
}

#[test]
fn a_pem_of_another_kind_or_of_a_weak_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, bits, named) in [
        ("rsa", "2048", "RSA"),
        ("ecdsa", "384", "ECDSA of another curve than P-256"),
    ] {
        let path = keygen(folder.path(), bits, "", &["-t", kind, "-b", bits]);
        let exported = Command::new("ssh-keygen")
            .args(["-e", "-m", "PKCS8", "-f"])
            .arg(&path)
            .output()
            .unwrap();
        let pem = String::from_utf8(exported.stdout).unwrap();
        assert_eq!(PublicKey::from_pem(&pem), unsupported(named));
    }
    let der = [hex("302a300506032b6570032100"), NEUTRAL.to_vec()].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der)
    );
    assert_eq!(PublicKey::from_pem(&pem), Err(KeyError::Weak));
}
