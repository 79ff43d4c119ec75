use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::testing::{SIGNED_AT, dev, read, root};
use super::super::{verify_keyless, verify_timestamp};
use super::*;

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// The first timestamp of a bundle, and its signature.
fn stamped(name: &str) -> (Vec<u8>, Vec<u8>) {
    let bundle = read(name);
    let data = &bundle["verificationMaterial"]["timestampVerificationData"];
    let token = bytes(&data["rfc3161Timestamps"][0]["signedTimestamp"]);
    let signature = &bundle["dsseEnvelope"]["signatures"][0]["sig"];
    (token, bytes(signature))
}

/// What a trusted root has of timestamp authorities.
fn only_timestamps(name: &str) -> Value {
    let mut root = read(name);
    let fields = root.as_object_mut().unwrap();
    fields.retain(|key, _| key == "mediaType" || key == "timestampAuthorities");
    root
}

fn parsed(root: &Value) -> TrustedRoot {
    TrustedRoot::parse(root.to_string().as_bytes()).unwrap()
}

#[test]
fn a_timestamp_holds_for_its_signature_under_its_authority() {
    let (token, signature) = stamped("stamped.json");
    let alone = parsed(&only_timestamps("root.json"));
    for root in [&root("root.json"), &alone] {
        let time = verify_timestamp(&token, &signature, root).unwrap();
        assert_eq!(time.as_second(), SIGNED_AT);
    }
    let refused = |token: &[u8], signature: &[u8], root: &TrustedRoot| {
        let refused = verify_timestamp(token, signature, root).unwrap_err();
        assert!(
            matches!(refused, SigstoreError::Timestamp { .. }),
            "{refused}"
        );
        refused.to_string()
    };
    let (later, of_later) = stamped("stamped-later.json");
    refused(&later, &signature, &alone);
    refused(&token, &of_later, &alone);
    refused(&token, &signature[1..], &alone);
    refused(b"", &signature, &alone);
    refused(&token, &signature, &root("root-other.json"));
    let mut none = read("root.json");
    none["timestampAuthorities"] = json!([]);
    assert!(refused(&token, &signature, &parsed(&none)).contains("no timestamp authority"));
    let mut over = only_timestamps("root.json");
    over["timestampAuthorities"][0]["validFor"] =
        json!({"start": "2020-01-01T00:00:00Z", "end": "2026-01-15T11:59:59Z"});
    assert!(refused(&token, &signature, &parsed(&over)).contains("outside the validity"));
}

#[test]
fn a_root_of_timestamp_authorities_alone_vouches_for_no_certificate() {
    let bundle = read("stamped.json");
    let payload = bytes(&bundle["dsseEnvelope"]["payload"]);
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let digest = statement["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    let mut subject = [0; 32];
    for (at, byte) in subject.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).unwrap();
    }
    let bytes = bundle.to_string();
    let run = |root: &TrustedRoot| {
        verify_keyless(bytes.as_bytes(), &payload, &subject, root, &dev()).map(drop)
    };
    assert_eq!(run(&root("root.json")), Ok(()));
    let alone = parsed(&only_timestamps("root.json"));
    assert_eq!(run(&alone), Err(SigstoreError::TimestampsAlone));
}
