//! Timestamps beside keys: what they prove, and what they don't (SPEC 4.8).

use countersign::attestation::{Bundle, PAYLOAD_TYPE, pae};
use countersign::codes::Code;
use countersign::keys::{FileSigner, PrivateKeyFile, Signer as _, TrustedRoot, verify_timestamp};
use countersign::roster::Roster;
use countersign::verify::{Expected, VerifiedStatement, verify};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::authority::{Authority, parsed, roots};
use super::keys::{approval, branch, put, sign, touched, with_key};
use super::security_key::{Kind, PIN};
use super::world::{Clone, Run, World};

/// When the declaration of keys-example says that it was made.
const DECLARED: &str = "2025-11-24T09:02:00Z";

fn example(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/keys-example");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn signed(payload: &[u8], key: &FileSigner) -> Bundle {
    let signature = key.sign(&pae(PAYLOAD_TYPE, payload)).unwrap();
    Bundle::new(payload, &key.public_key().fingerprint(), &signature).unwrap()
}

/// maya's declaration, made at another time, signed anew.
fn declaration(declared_on: &str) -> Bundle {
    let key = PrivateKeyFile::parse(&example("EXAMPLE-key-maya")).unwrap();
    let payload = String::from_utf8(example("declaration.payload.json")).unwrap();
    let payload = payload.replace(DECLARED, declared_on);
    signed(payload.as_bytes(), &key.signer(None).unwrap())
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

const RULE: &str = "[[rule]]\nname = \"stamped\"\nrequire = { signers = 1, level = \"senior\", timestamp = true, max_age = \"1h\" }\n";

/// A change that carol signed off without a timestamp before the policy asked for one.
struct Asked {
    world: World,
    carol: Clone,
    path: String,
    plain: Bundle,
    authority: Authority,
}

impl Asked {
    fn new() -> Self {
        let world = World::team();
        branch(&world);
        let carol = world.clone_for("carol");
        carol.sign("work").ok();
        world.sign_policy(|policy| format!("{policy}\n{RULE}"));
        carol.git(&["fetch", "-q"]);
        let (path, plain) = approval(&carol);
        let authority = Authority::new(1);
        let pinned = carol.path.join("../root.json");
        std::fs::write(pinned, authority.root().to_string()).unwrap();
        Self {
            world,
            carol,
            path,
            plain,
            authority,
        }
    }

    /// What the gate says where the store has this bundle for carol's.
    fn verify(&self, bundle: &Bundle, more: &[&str]) -> Run {
        put(&self.carol, &self.path, bundle);
        let root = self.world.root();
        let args = [
            "verify",
            "--root",
            &root,
            "--pr",
            "origin/work",
            "--store",
            "store",
        ];
        self.carol.countersign(&[&args, more].concat())
    }

    fn judge(&self, bundle: &Bundle) -> Run {
        self.verify(bundle, &["--trusted-root", "../root.json"])
    }

    /// The bundle with a timestamp of so long after now.
    fn stamp(&self, bundle: &Bundle, seconds: i64) -> Bundle {
        stamped(bundle, &self.authority, &after(seconds))
    }

    /// The sign-off with another time, signed by carol anew.
    fn dated(&self, seconds: i64) -> Bundle {
        let mut payload: Value = serde_json::from_slice(self.plain.payload()).unwrap();
        payload["predicate"]["signedOn"] = json!(after(seconds));
        let key = std::fs::read(self.carol.home.join("key")).unwrap();
        let key = PrivateKeyFile::parse(&key).unwrap().signer(None).unwrap();
        signed(payload.to_string().as_bytes(), &key)
    }
}

fn after(seconds: i64) -> String {
    let time = Timestamp::now() + SignedDuration::from_secs(seconds);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

const WAITS: (i32, &str) = (1, "CS103");
const PASSES: (i32, &str) = (0, "signed off by carol");

#[test]
fn a_rule_that_asks_for_a_timestamp_waits_without_one_and_passes_with_it() {
    let asked = Asked::new();
    let plain = &asked.plain;
    asked.judge(plain).expect(WAITS.0, WAITS.1);
    let good = asked.stamp(plain, 0);
    asked.judge(&good).expect(PASSES.0, PASSES.1);
    let run = asked.verify(
        &good,
        &["--trusted-root", "../root.json", "--format", "json"],
    );
    let verdict: Value = serde_json::from_str(&run.ok().stdout).unwrap();
    let statements = verdict["units"][0]["statements"].as_array().unwrap();
    let proves: Vec<_> = statements.iter().map(|one| &one["proves"]).collect();
    assert!(proves.contains(&&json!(["timestamp"])), "{proves:?}");
    // The instance that is trusted where none is named is another; one that can't be read decides nothing.
    asked.verify(&good, &[]).expect(WAITS.0, WAITS.1);
    asked
        .verify(&good, &["--trusted-root", "none.json"])
        .expect(2, "CS901");
    // Both are facts of one person, of which the rule takes the one that meets it.
    put(&asked.carol, &asked.path, &good);
    let store = asked.carol.path.join("store").join(&asked.path);
    std::fs::write(store, plain.as_bytes()).unwrap();
    let root = asked.world.root();
    let args = ["--root", &root, "--pr", "origin/work", "--store", "store"];
    let trusted = ["--trusted-root", "../root.json"];
    let run = asked
        .carol
        .countersign(&[&["verify"], &args[..], &trusted].concat())
        .expect(PASSES.0, PASSES.1);
    assert!(!run.stdout.contains("carol, carol"), "{run:?}");
    // Who signs without one is told before, and how to get one.
    let digest = asked.carol.digest(&["origin/work"]);
    asked
        .carol
        .countersign(&["sign", "work", "--confirm", &digest])
        .expect(1, "--timestamp-url URL");
}

#[test]
fn a_timestamp_of_another_signature_meets_no_rule() {
    let asked = Asked::new();
    let plain = &asked.plain;
    let stamped_by = |authority: &Authority, signature: &[u8]| {
        let token = authority.stamp(signature, Timestamp::now());
        plain.with_timestamp(&token).unwrap()
    };
    let own = &asked.authority;
    let other = asked.dated(-1);
    for bundle in [
        stamped_by(own, other.signature()),
        stamped_by(&Authority::new(2), plain.signature()),
        plain.with_timestamp(b"0").unwrap(),
        asked.stamp(plain, 900),
    ] {
        asked.judge(&bundle).expect(WAITS.0, WAITS.1);
    }
    let good = stamped_by(own, plain.signature());
    asked.judge(&good).expect(PASSES.0, PASSES.1);
}

#[test]
fn an_old_sign_off_that_is_stamped_anew_is_as_old_as_before() {
    let asked = Asked::new();
    let (old, ahead) = (asked.dated(-7200), asked.dated(7200));
    asked.judge(&asked.stamp(&old, 0)).expect(1, "CS208");
    let young = asked.dated(-1800);
    asked
        .judge(&asked.stamp(&young, 0))
        .expect(PASSES.0, PASSES.1);
    // Dated ahead, it is no older than its timestamp, and no younger.
    asked.judge(&ahead).expect(1, "CS215");
    asked
        .judge(&asked.stamp(&ahead, 0))
        .expect(PASSES.0, PASSES.1);
    asked.judge(&asked.stamp(&ahead, -7200)).expect(1, "CS208");
}

#[test]
fn a_security_keys_signature_is_stamped_as_it_stands() {
    for kind in [Kind::Ed25519, Kind::Ecdsa] {
        let (world, key) = touched(kind, &[]);
        let carol = world.fresh("carol");
        sign(&carol, PIN, &with_key(&key)).ok();
        let both = RULE.replace("timestamp", "presence = true, timestamp");
        world.sign_policy(|policy| format!("{policy}\n{both}"));
        carol.git(&["fetch", "-q"]);
        let (path, plain) = approval(&carol);
        let authority = Authority::new(1);
        let pinned = carol.path.join("../root.json");
        std::fs::write(pinned, authority.root().to_string()).unwrap();
        let asked = Asked {
            world,
            carol,
            path,
            plain,
            authority,
        };
        let plain = &asked.plain;
        asked.judge(plain).expect(WAITS.0, WAITS.1);
        asked
            .judge(&asked.stamp(plain, 0))
            .expect(PASSES.0, PASSES.1);
        // The signature within it is another than what the envelope has.
        let inner = &plain.signature()[1..];
        let token = asked.authority.stamp(inner, Timestamp::now());
        let inner = plain.with_timestamp(&token).unwrap();
        asked.judge(&inner).expect(WAITS.0, WAITS.1);
    }
}

#[cfg(not(feature = "keyless"))]
#[test]
fn a_program_without_the_network_says_how_to_get_one() {
    let world = World::team();
    branch(&world);
    let carol = world.clone_for("carol");
    let digest = carol.digest(&["origin/work"]);
    let url = "https://tsa.example";
    carol
        .countersign(&["sign", "work", "--confirm", &digest, "--timestamp-url", url])
        .expect(2, "CS906");
    carol.sign("work").ok();
}
