//! Timestamps beside keys: what they prove, and what they don't (SPEC 4.8).

use countersign::attestation::Bundle;
use countersign::codes::Code;
use countersign::keys::{FileSigner, PrivateKeyFile, Signer as _, TrustedRoot, verify_timestamp};
use countersign::roster::Roster;
use countersign::verify::{Expected, VerifiedStatement, verify};
use jiff::Timestamp;
use serde_json::json;

use super::authority::{Authority, parsed, roots};

/// When the declaration of keys-example says that it was made.
const DECLARED: &str = "2025-11-24T09:02:00Z";

fn example(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/keys-example");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// maya's declaration, made at another time, signed anew.
fn declaration(declared_on: &str) -> Bundle {
    let key = PrivateKeyFile::parse(&example("EXAMPLE-key-maya")).unwrap();
    let key: FileSigner = key.signer(None).unwrap();
    let payload = String::from_utf8(example("declaration.payload.json")).unwrap();
    let payload = payload.replace(DECLARED, declared_on);
    let pae = countersign::attestation::pae("application/vnd.in-toto+json", payload.as_bytes());
    let fingerprint = key.public_key().fingerprint();
    let signature = key.sign(&pae).unwrap();
    Bundle::new(payload.as_bytes(), &fingerprint, &signature).unwrap()
}

/// What the gate takes a bundle for at a time.
fn judged(
    bundle: &Bundle,
    root: Option<&TrustedRoot>,
    now: &str,
) -> Result<VerifiedStatement, Code> {
    let text = String::from_utf8(example("roster.toml")).unwrap();
    let roster = Roster::parse(&text, "roster.toml").unwrap();
    let expected = Expected {
        change: None,
        repositories: &["code.example/acme/pay".to_owned()],
        now: time(now),
        sigstore: root,
        timestamps: true,
    };
    verify(bundle.as_bytes(), &roster, &expected).map_err(|rejected| rejected.code)
}

fn stamped(bundle: &Bundle, authority: &Authority, at: &str) -> Bundle {
    let token = authority.stamp(bundle.signature(), time(at));
    bundle.with_timestamp(&token).unwrap()
}

/// Whether a timestamp counts, and which time does.
fn counts(bundle: &Bundle, root: &TrustedRoot, now: &str) -> (bool, String) {
    let statement = judged(bundle, Some(root), now).unwrap();
    (
        statement.proof().timestamp,
        statement.signed_on().to_string(),
    )
}

const NOW: &str = "2025-11-24T10:00:00Z";
const STAMPED: &str = "2025-11-24T09:02:30Z";

#[test]
fn a_pinned_authoritys_timestamp_over_the_signature_counts_and_no_other_helps_or_harms() {
    let authority = Authority::new(1);
    let root = parsed(&authority.root());
    let plain = declaration(DECLARED);
    let claimed = |counted| (counted, DECLARED.to_owned());
    let good = stamped(&plain, &authority, STAMPED);
    assert_eq!(counts(&good, &root, NOW), claimed(true));
    assert_eq!(counts(&plain, &root, NOW), claimed(false));

    let other = declaration("2025-11-24T09:02:01Z");
    let foreign = authority.stamp(other.signature(), time(STAMPED));
    let foreign = plain.with_timestamp(&foreign).unwrap();
    assert_eq!(counts(&foreign, &root, NOW), claimed(false));
    let junk = plain.with_timestamp(b"\x30\x00").unwrap();
    assert_eq!(counts(&junk, &root, NOW), claimed(false));
    let unpinned = stamped(&plain, &Authority::new(2), STAMPED);
    assert_eq!(counts(&unpinned, &root, NOW), claimed(false));
    assert_eq!(
        counts(&good, &parsed(&Authority::new(2).root()), NOW),
        claimed(false)
    );
    // Of several, one that holds is enough.
    let token = authority.stamp(plain.signature(), time(STAMPED));
    let both = junk.with_timestamp(&token).unwrap();
    assert_eq!(counts(&both, &root, NOW), claimed(true));
    // Another signature's stays foreign beside it.
    let expected = "2025-11-24T09:01:00Z";
    let earlier = authority.stamp(other.signature(), time(expected));
    let both = good.with_timestamp(&earlier).unwrap();
    assert_eq!(counts(&both, &root, NOW), claimed(true));

    let alone = judged(&good, None, NOW).unwrap();
    assert!(!alone.proof().timestamp);
    assert_eq!(
        alone.payload(),
        judged(&plain, None, NOW).unwrap().payload()
    );
}

#[test]
fn a_timestamp_counts_within_its_authoritys_time_and_the_gates() {
    let authority = Authority::new(1);
    let plain = declaration(DECLARED);
    let good = stamped(&plain, &authority, STAMPED);
    let within = |start: &str, end: &str| {
        let entry = authority.entry(json!({"start": start, "end": end}));
        counts(&good, &parsed(&roots(&[entry])), NOW).0
    };
    assert!(within("2025-11-24T09:02:30Z", "2025-11-24T09:02:30Z"));
    assert!(!within("2025-11-24T09:02:31Z", "2026-11-24T00:00:00Z"));
    assert!(!within("2025-11-01T00:00:00Z", "2025-11-24T09:02:29Z"));
    // The same authority may stand twice, with two spans of time.
    let spans = [
        ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        (STAMPED, NOW),
    ];
    let entries = spans.map(|(start, end)| authority.entry(json!({"start": start, "end": end})));
    assert!(counts(&good, &parsed(&roots(&entries)), NOW).0);

    let root = parsed(&authority.root());
    for (now, counted) in [
        (STAMPED, true),
        ("2025-11-24T08:57:30Z", true),
        ("2025-11-24T08:57:29Z", false),
    ] {
        assert_eq!(
            counts(&good, &root, now),
            (counted, DECLARED.to_owned()),
            "{now}"
        );
    }
}

#[test]
fn a_timestamp_makes_no_signature_younger_and_one_of_the_future_as_old_as_it_is() {
    let authority = Authority::new(1);
    let root = parsed(&authority.root());
    // Whoever has an old signature may have it stamped today.
    let old = stamped(&declaration("2024-11-24T09:00:00Z"), &authority, STAMPED);
    let expected = "2024-11-24T09:00:00Z".to_owned();
    assert_eq!(counts(&old, &root, NOW), (true, expected));
    // A signer who dates a year ahead has a statement that the clock refuses, unless it was stamped.
    let ahead = declaration("2026-11-24T09:00:00Z");
    assert_eq!(
        judged(&ahead, Some(&root), NOW).unwrap_err(),
        Code::SIGNED_IN_FUTURE
    );
    let ahead = stamped(&ahead, &authority, STAMPED);
    assert_eq!(counts(&ahead, &root, NOW), (true, STAMPED.to_owned()));
    // The earliest counts, in either order.
    let earliest = "2025-11-24T09:02:10Z";
    let first = authority.stamp(ahead.signature(), time(earliest));
    let both = ahead.with_timestamp(&first).unwrap();
    assert_eq!(counts(&both, &root, NOW), (true, earliest.to_owned()));
}

#[test]
fn a_damaged_timestamp_never_counts_and_never_ends_the_program() {
    let authority = Authority::new(1);
    let root = parsed(&authority.root());
    let signature = [7; 64];
    let token = authority.stamp(&signature, time(STAMPED));
    assert_eq!(
        verify_timestamp(&token, &signature, &root),
        Ok(time(STAMPED))
    );
    for at in 0..token.len() {
        assert!(verify_timestamp(&token[..at], &signature, &root).is_err());
        let mut other = token.clone();
        other[at] ^= 0x01;
        if let Ok(other) = verify_timestamp(&other, &signature, &root) {
            // The answer's status, and how the token names its kinds of hash, are not signed.
            assert_eq!(other, time(STAMPED), "{at}");
        }
        other[at] ^= 0xfe;
        let _ = verify_timestamp(&other, &signature, &root);
    }
}
