use std::process::{Command, Stdio};

use super::super::testing::{SoftKey, TOUCH, Touch, keygen, mpint};
use super::*;

const MESSAGE: &[u8] = b"message";

fn both() -> [SoftKey; 2] {
    [SoftKey::new(1, false), SoftKey::new(1, true)]
}

/// What becomes of a signature of the message that a touch made.
fn verified(soft: &SoftKey, touch: Touch<'_>) -> Result<Proof, SignatureError> {
    soft.key().verify(MESSAGE, &soft.sign(MESSAGE, touch))
}

const TOUCHED: Proof = Proof {
    presence: true,
    user_verification: false,
    timestamp: false,
};

#[test]
fn a_touch_verifies_and_proves_presence_and_a_pin_proves_more() {
    for soft in both() {
        assert_eq!(verified(&soft, TOUCH), Ok(TOUCHED));
        let pin = Touch { flags: 5, ..TOUCH };
        let both = Proof {
            user_verification: true,
            ..TOUCHED
        };
        assert_eq!(verified(&soft, pin), Ok(both));
        let sha256 = Touch {
            hash: "sha256",
            ..TOUCH
        };
        assert_eq!(verified(&soft, sha256), Ok(TOUCHED));
    }
}

#[test]
fn a_signature_without_a_touch_is_refused() {
    for soft in both() {
        for flags in [0, 4, 0xfe] {
            let silent = Touch { flags, ..TOUCH };
            assert_eq!(verified(&soft, silent), Err(SignatureError::NoTouch));
        }
    }
}

#[test]
fn flags_and_counter_are_signed() {
    for soft in both() {
        let good = soft.sign(MESSAGE, TOUCH);
        // The flags stand before the counter, which ends the signature.
        for at in [good.len() - 5, good.len() - 1] {
            let mut changed = good.clone();
            changed[at] ^= 4;
            let refused = soft.key().verify(MESSAGE, &changed);
            assert_eq!(refused, Err(SignatureError::Invalid));
        }
    }
}

#[test]
fn a_signature_for_another_namespace_is_refused() {
    for namespace in ["git", "file", "", "countersign ", "Countersign"] {
        let other = Touch { namespace, ..TOUCH };
        let refused = verified(&SoftKey::new(1, false), other);
        assert!(
            matches!(refused, Err(SignatureError::Namespace { .. })),
            "{namespace}"
        );
    }
}

#[test]
fn a_signature_for_another_application_does_not_verify() {
    for soft in both() {
        let other = Touch {
            application: "ssh:other",
            ..TOUCH
        };
        assert_eq!(verified(&soft, other), Err(SignatureError::Invalid));
    }
}

#[test]
fn a_signature_of_a_browser_is_refused() {
    let browser = Touch {
        algorithm: Some("webauthn-sk-ecdsa-sha2-nistp256@openssh.com"),
        ..TOUCH
    };
    let soft = SoftKey::new(1, true);
    assert_eq!(verified(&soft, browser), Err(SignatureError::WebAuthn));
}

#[test]
fn a_signature_of_another_kind_of_key_does_not_verify() {
    for algorithm in ["ssh-ed25519", "sk-ecdsa-sha2-nistp256@openssh.com", ""] {
        let other = Touch {
            algorithm: Some(algorithm),
            ..TOUCH
        };
        let refused = verified(&SoftKey::new(1, false), other);
        assert_eq!(refused, Err(SignatureError::Invalid), "{algorithm}");
    }
}

#[test]
fn a_reserved_field_an_unknown_hash_and_bytes_left_over_are_no_ssh_signature() {
    let soft = SoftKey::new(1, false);
    let good = soft.sign(MESSAGE, TOUCH);
    let reserved = Touch {
        reserved: b"x",
        ..TOUCH
    };
    let hash = Touch {
        hash: "sha1",
        ..TOUCH
    };
    let mut version = good.clone();
    version[9] = 2;
    for bad in [
        soft.sign(MESSAGE, reserved),
        soft.sign(MESSAGE, hash),
        version,
        [good.as_slice(), &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        good[1..].to_vec(),
        Vec::new(),
        vec![7; 64],
    ] {
        let refused = soft.key().verify(MESSAGE, &bad);
        assert_eq!(refused, Err(SignatureError::NotSshsig), "{bad:?}");
    }
    assert!(soft.key().verify(MESSAGE, &good).is_ok());
}

#[test]
fn a_signature_is_of_its_key_and_its_message_alone() {
    let (one, other) = (SoftKey::new(1, false), SoftKey::new(2, false));
    let good = one.sign(MESSAGE, TOUCH);
    assert_eq!(
        other.key().verify(MESSAGE, &good),
        Err(SignatureError::OtherKey)
    );
    assert_eq!(
        one.key().verify(b"massage", &good),
        Err(SignatureError::Invalid)
    );
    // The bare signature of the same key without its security key is none either.
    let plain = super::super::testing::signer(1);
    let refused = plain.public_key().verify(MESSAGE, &good);
    assert_eq!(refused, Err(SignatureError::Invalid));
    use super::super::Signer as _;
    let bare = plain.sign(MESSAGE).unwrap();
    assert_eq!(
        one.key().verify(MESSAGE, &bare),
        Err(SignatureError::NotSshsig)
    );
}

/// An SSH signature by `ssh-keygen`, of a key without a security key.
fn signed_by_keygen(kind: &str, namespace: &str) -> (PublicKey, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = keygen(folder.path(), "k", "", &["-t", kind]);
    let file = folder.path().join("message");
    std::fs::write(&file, MESSAGE).unwrap();
    let status = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .args([&path, &file])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let key = PublicKey::from_openssh(line.trim_end()).unwrap();
    let text = std::fs::read(file.with_extension("sig")).unwrap();
    (key, dearmor(&text).unwrap())
}

#[test]
fn what_ssh_keygen_signs_verifies_for_its_namespace_alone() {
    for kind in ["ed25519", "ecdsa"] {
        let (key, bytes) = signed_by_keygen(kind, "git");
        let signature = SshSignature::parse(&bytes).unwrap();
        assert_eq!(signature.claimed_key(), key.blob());
        assert_eq!(signature.verify(&key, "git", MESSAGE), Ok(Proof::default()));
        let elsewhere = signature.verify(&key, NAMESPACE, MESSAGE);
        assert!(matches!(elsewhere, Err(SignatureError::Namespace { .. })));
        // As a statement's signature it is none: that of such a key is over the statement itself.
        assert_eq!(key.verify(MESSAGE, &bytes), Err(SignatureError::Invalid));
    }
}

#[test]
fn an_armour_is_read_whole_or_not_at_all() {
    let armour = "-----BEGIN SSH SIGNATURE-----\nAAAA\nBBBB\n-----END SSH SIGNATURE-----\n";
    assert_eq!(dearmor(armour.as_bytes()).unwrap().len(), 6);
    for length in [0, 1, 52, 53, 104, 105, 106, 300] {
        let bytes = vec![7; length];
        let text = super::armour(&bytes);
        assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
        assert_eq!(dearmor(text.as_bytes()), Some(bytes));
    }
    for bad in [
        "",
        "AAAA",
        "-----BEGIN SSH SIGNATURE-----\nAAAA\n",
        &armour.replace("BBBB", "BBB!"),
    ] {
        assert_eq!(dearmor(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(dearmor(&[0xff]), None);
}

#[test]
fn integers_of_a_signature_have_one_form() {
    let soft = SoftKey::new(1, true);
    let good = soft.sign(MESSAGE, TOUCH);
    let name = soft.key().algorithm().as_bytes();
    let at = good
        .windows(name.len())
        .rposition(|window| window == name)
        .unwrap()
        + name.len();
    let length = u32::from_be_bytes(good[at..at + 4].try_into().unwrap()) as usize;
    let (r, s) = {
        let mut wire = Wire::new(&good[at + 4..at + 4 + length]);
        (
            wire.string().unwrap().to_vec(),
            wire.string().unwrap().to_vec(),
        )
    };
    let with = |r: &[u8], s: &[u8]| {
        let mut inner = Vec::new();
        put_string(&mut inner, r).unwrap();
        put_string(&mut inner, s).unwrap();
        inner
    };
    let key = soft.key();
    let verify = |inner: &[u8]| key.point().to_envelope(inner).map(|_| ());
    assert_eq!(verify(&with(&r, &s)), Ok(()));
    let long = [&[0], r.as_slice()].concat();
    let negative = [0x80; 32];
    let trailing = [with(&r, &s), vec![0]].concat();
    for bad in [
        with(&long, &s),
        with(&negative, &s),
        with(&[], &s),
        with(&[0], &s),
        with(&r, &mpint(&[0xff; 32])),
        with(&r, &[0x7f; 34]),
        trailing,
    ] {
        assert_eq!(verify(&bad), Err(SignatureError::Invalid), "{bad:?}");
    }
}
