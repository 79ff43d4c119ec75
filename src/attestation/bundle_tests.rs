use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::attestation::examples::{FINGERPRINT, refused, replace_once, sign_off, with, without};
use crate::attestation::{AnyStatement, ErrorKind};

const SIGNATURE: [u8; 64] = [7; 64];

fn bundle() -> Bundle {
    Bundle::new(&sign_off().to_payload().unwrap(), FINGERPRINT, &SIGNATURE).unwrap()
}

fn document() -> Value {
    serde_json::from_slice(bundle().as_bytes()).unwrap()
}

#[test]
fn a_bundle_has_exactly_the_form_that_other_tools_accept() {
    let bundle = Bundle::new(b"{}", FINGERPRINT, b"\x01").unwrap();
    let expected = [
        r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","#,
        r#""verificationMaterial":{"publicKey":{"hint":"FINGERPRINT"},"tlogEntries":[]},"#,
        r#""dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","#,
        r#""signatures":[{"keyid":"FINGERPRINT","sig":"AQ=="}]}}"#,
    ];
    let expected = expected.concat().replace("FINGERPRINT", FINGERPRINT);
    assert_eq!(std::str::from_utf8(bundle.as_bytes()).unwrap(), expected);
}

#[test]
fn what_is_written_reads_as_the_same() {
    let bundle = bundle();
    let read = Bundle::parse(bundle.as_bytes()).unwrap();
    assert_eq!(read, bundle);
    assert_eq!(read.signature(), SIGNATURE);
    assert_eq!((read.hint(), read.keyid()), (FINGERPRINT, FINGERPRINT));
    assert_eq!(read.pae(), pae(PAYLOAD_TYPE, read.payload()));
    assert_eq!(read.payload_digest(), sha256(read.payload()));
    assert_eq!(read.name(), sha256(bundle.as_bytes()));
    let statement = AnyStatement::parse(read.payload()).unwrap();
    assert_eq!(statement, AnyStatement::SignOff(Box::new(sign_off())));
}

#[test]
fn a_bundle_of_another_tool_keeps_its_bytes_and_gives_the_same_payload() {
    // Another field order, indented, an empty keyid, no hint, no tlogEntries: as cosign writes it.
    let payload = document()["dsseEnvelope"]["payload"].to_string();
    let text = format!(
        r#"{{
          "dsseEnvelope": {{
            "signatures": [ {{ "sig": "AQ==", "keyid": "" }} ],
            "payloadType": "application/vnd.in-toto+json",
            "payload": {payload}
          }},
          "verificationMaterial": {{ "publicKey": {{}} }},
          "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"
        }}
        "#
    );
    let other = Bundle::parse(text.as_bytes()).unwrap();
    assert_eq!(other.as_bytes(), text.as_bytes());
    assert_eq!(other.payload(), bundle().payload());
    assert_eq!((other.hint(), other.keyid()), ("", ""));
    assert_ne!(other.name(), bundle().name());
}

#[test]
fn another_media_type_is_refused() {
    for other in [
        "application/vnd.dev.sigstore.bundle+json;version=0.3",
        "application/vnd.dev.sigstore.bundle.v0.2+json",
        "application/vnd.dev.sigstore.bundle.v0.3+JSON",
    ] {
        let bytes = with(&document(), "/mediaType", json!(other));
        refused(Bundle::parse(&bytes), "$.mediaType", ErrorKind::MediaType);
    }
    Bundle::parse(&with(&document(), "/mediaType", json!(BUNDLE_MEDIA_TYPE))).unwrap();
}

#[test]
fn another_payload_type_is_refused() {
    let pointer = "/dsseEnvelope/payloadType";
    let bytes = with(&document(), pointer, json!("application/vnd.gittuf+json"));
    refused(
        Bundle::parse(&bytes),
        "$.dsseEnvelope.payloadType",
        ErrorKind::PayloadType,
    );
}

#[test]
fn other_than_one_signature_is_refused() {
    let one = document()["dsseEnvelope"]["signatures"][0].clone();
    let decoy = json!({"keyid": FINGERPRINT, "sig": "AAAA"});
    let list = |signatures| with(&document(), "/dsseEnvelope/signatures", signatures);
    let kind = |found, expected| ErrorKind::SignatureCount { found, expected };
    let path = "$.dsseEnvelope.signatures";
    let two = list(json!([decoy, one]));
    refused(Bundle::parse(&two), path, kind(2, "exactly one"));
    let repeated = list(json!([one, one]));
    refused(Bundle::parse(&repeated), path, kind(2, "exactly one"));
    refused(
        Bundle::parse(&list(json!([]))),
        path,
        kind(0, "one or more"),
    );
    Bundle::parse(&list(json!([one]))).unwrap();
}

#[test]
fn two_payloads_are_refused_in_either_order() {
    for (first, last) in [("e30=", "eyJ4IjoxfQ=="), ("eyJ4IjoxfQ==", "e30=")] {
        let bytes = format!(
            r#"{{"mediaType":"{BUNDLE_MEDIA_TYPE}","verificationMaterial":{{"publicKey":{{}}}},
            "dsseEnvelope":{{"payload":"{first}","payloadType":"{PAYLOAD_TYPE}","payload":"{last}",
            "signatures":[{{"sig":"AQ=="}}]}}}}"#
        );
        refused(
            Bundle::parse(bytes.as_bytes()),
            "$.dsseEnvelope.payload",
            ErrorKind::DuplicateKey,
        );
        let twin = replace_once(bytes.as_bytes(), &format!(r#","payload":"{last}""#), "");
        Bundle::parse(&twin).unwrap();
    }
}

#[test]
fn a_bundle_has_one_certificate_or_one_key() {
    let material = |value| with(&document(), "/verificationMaterial", value);
    let keyless =
        material(json!({"certificate": {"rawBytes": "AQ=="}, "tlogEntries": [{"any": []}]}));
    let bundle = Bundle::parse(&keyless).unwrap();
    assert!(bundle.is_keyless() && bundle.hint().is_empty());
    let both = material(json!({"publicKey": {"hint": ""}, "certificate": {}}));
    let path = "$.verificationMaterial.certificate";
    refused(Bundle::parse(&both), path, ErrorKind::Certificates);
    let chain = material(json!({"x509CertificateChain": {"certificates": []}}));
    let path = "$.verificationMaterial.x509CertificateChain";
    refused(Bundle::parse(&chain), path, ErrorKind::Certificates);
    let more = material(json!({"certificate": {"rawBytes": "AQ==", "x": 1}}));
    assert!(Bundle::parse(&more).is_err());
}

#[test]
fn a_certificate_and_a_timestamp_have_no_more_bytes_than_anybody_writes() {
    let of = |bytes: usize| base64::encode(&vec![7; bytes]);
    let certificate = |bytes| {
        let material = json!({"certificate": {"rawBytes": of(bytes)}, "tlogEntries": []});
        Bundle::parse(&with(&document(), "/verificationMaterial", material))
    };
    let path = "$.verificationMaterial.certificate.rawBytes";
    let limit = 8_192;
    certificate(limit).unwrap();
    for bytes in [limit + 1, limit + 2, 5 * limit] {
        refused(certificate(bytes), path, ErrorKind::TooLong { limit });
    }
    let timestamp = |bytes| {
        let stamps = json!({"rfc3161Timestamps": [{"signedTimestamp": of(bytes)}]});
        let material = json!({"publicKey": {"hint": "x"}, "timestampVerificationData": stamps});
        Bundle::parse(&with(&document(), "/verificationMaterial", material))
    };
    let path =
        "$.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp";
    let limit = 16_384;
    timestamp(limit).unwrap();
    refused(timestamp(limit + 1), path, ErrorKind::TooLong { limit });
}

#[test]
fn log_entries_of_a_key_are_refused() {
    let pointer = "/verificationMaterial/tlogEntries";
    let entries = |value| Bundle::parse(&with(&document(), pointer, value));
    let path = "$.verificationMaterial.tlogEntries";
    refused(
        entries(json!([{"logIndex": "1"}])),
        path,
        ErrorKind::LogEntries,
    );
    let kind = ErrorKind::WrongType {
        expected: "an array",
        found: "null",
    };
    refused(entries(Value::Null), path, kind);
    entries(json!([])).unwrap();
    Bundle::parse(&without(&document(), pointer)).unwrap();
}

const STAMPS: &str = "/verificationMaterial/timestampVerificationData";

#[test]
fn timestamps_stand_where_sigstore_has_them() {
    let plain = bundle();
    let one = plain.with_timestamp(b"\x01").unwrap();
    let two = one.with_timestamp(b"\x02\x03").unwrap();
    assert!(plain.timestamps().is_empty());
    assert_eq!(two.timestamps(), [b"\x01".to_vec(), b"\x02\x03".to_vec()]);
    assert_eq!(Bundle::parse(two.as_bytes()).unwrap(), two);
    assert_eq!(
        (two.payload(), two.signature(), two.hint(), two.keyid()),
        (
            plain.payload(),
            plain.signature(),
            plain.hint(),
            plain.keyid()
        )
    );
    assert_ne!(two.name(), plain.name());
    let stamps = json!([{"signedTimestamp": "AQ=="}, {"signedTimestamp": "AgM="}]);
    let expected = with(&document(), STAMPS, json!({"rfc3161Timestamps": stamps}));
    let written: Value = serde_json::from_slice(two.as_bytes()).unwrap();
    assert_eq!(written, serde_json::from_slice::<Value>(&expected).unwrap());
    for none in [json!({}), json!({"rfc3161Timestamps": []})] {
        let read = Bundle::parse(&with(&document(), STAMPS, none)).unwrap();
        assert!(read.timestamps().is_empty());
    }
    let certificate = json!({"certificate": {"rawBytes": "AQ=="}});
    let keyless = with(&document(), "/verificationMaterial", certificate);
    let refusal = Bundle::parse(&keyless).unwrap().with_timestamp(b"\x01");
    let path = "$.verificationMaterial.certificate";
    refused(refusal, path, ErrorKind::Certificates);
}

#[test]
fn timestamps_of_another_form_are_refused() {
    let at = |rest: &str| format!("$.verificationMaterial.timestampVerificationData{rest}");
    let read = |value: Value| Bundle::parse(&with(&document(), STAMPS, value));
    let list = |stamps: Value| read(json!({"rfc3161Timestamps": stamps}));
    let stamp = |text: &str| list(json!([{"signedTimestamp": text}]));
    stamp("AQ==").unwrap();
    list(json!(vec![json!({"signedTimestamp": "AQ=="}); 8])).unwrap();
    let many = list(json!(vec![json!({"signedTimestamp": "AQ=="}); 9]));
    let path = at(".rfc3161Timestamps");
    refused(many, &path, ErrorKind::TooMany { limit: 8 });
    let path = at(".rfc3161Timestamps[0].signedTimestamp");
    for (text, kind) in [
        ("AQ", ErrorKind::BadBase64),
        ("AR==", ErrorKind::BadBase64),
        ("A Q==", ErrorKind::BadBase64),
        ("_w==", ErrorKind::UrlSafeBase64),
        (
            "",
            ErrorKind::BadValue {
                expected: "a timestamp",
            },
        ),
    ] {
        refused(stamp(text), &path, kind);
    }
    refused(list(json!([{}])), &path, ErrorKind::Missing);
    let path = at(".rfc3161Timestamps[0].x");
    let more = list(json!([{"signedTimestamp": "AQ==", "x": 1}]));
    refused(more, &path, ErrorKind::UnknownField);
    let more = read(json!({"rfc3161Timestamps": [], "x": 1}));
    refused(more, &at(".x"), ErrorKind::UnknownField);
    for (value, path) in [(Value::Null, at("")), (json!([]), at(""))] {
        assert_eq!(read(value).unwrap_err().path, path);
    }
    assert!(list(Value::Null).is_err());
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for (pointer, path) in [
        ("/extra", "$.extra"),
        ("/media_type", "$.media_type"),
        ("/messageSignature", "$.messageSignature"),
        (
            "/verificationMaterial/publicKey/rawBytes",
            "$.verificationMaterial.publicKey.rawBytes",
        ),
        ("/dsseEnvelope/payload_type", "$.dsseEnvelope.payload_type"),
        (
            "/dsseEnvelope/signatures/0/x",
            "$.dsseEnvelope.signatures[0].x",
        ),
    ] {
        let bytes = with(&document(), pointer, json!({}));
        refused(Bundle::parse(&bytes), path, ErrorKind::UnknownField);
    }
}

#[test]
fn every_part_is_required() {
    for (pointer, path) in [
        ("/mediaType", "$.mediaType"),
        ("/verificationMaterial", "$.verificationMaterial"),
        (
            "/verificationMaterial/publicKey",
            "$.verificationMaterial.publicKey",
        ),
        ("/dsseEnvelope", "$.dsseEnvelope"),
        ("/dsseEnvelope/payload", "$.dsseEnvelope.payload"),
        ("/dsseEnvelope/payloadType", "$.dsseEnvelope.payloadType"),
        ("/dsseEnvelope/signatures", "$.dsseEnvelope.signatures"),
        (
            "/dsseEnvelope/signatures/0/sig",
            "$.dsseEnvelope.signatures[0].sig",
        ),
    ] {
        let bytes = without(&document(), pointer);
        refused(Bundle::parse(&bytes), path, ErrorKind::Missing);
    }
    Bundle::parse(document().to_string().as_bytes()).unwrap();
}

#[test]
fn size_is_limited_in_reading_and_writing() {
    let limit = limits::BUNDLE_BYTES;
    let mut bytes = bundle().as_bytes().to_vec();
    bytes.resize(limit, b' ');
    Bundle::parse(&bytes).unwrap();
    bytes.push(b' ');
    refused(Bundle::parse(&bytes), "$", ErrorKind::TooLarge { limit });
    let payload = vec![b'x'; limits::PAYLOAD_BYTES];
    let result = Bundle::new(&payload, FINGERPRINT, &SIGNATURE);
    refused(result, "$", ErrorKind::TooLarge { limit });
}

#[test]
fn a_bundle_without_a_signature_cannot_be_made() {
    let result = Bundle::new(b"{}", FINGERPRINT, b"");
    let expected = "a signature";
    refused(
        result,
        "$.dsseEnvelope.signatures[0].sig",
        ErrorKind::BadValue { expected },
    );
}

#[test]
fn depth_is_limited() {
    let bytes = replace_once(
        bundle().as_bytes(),
        r#""tlogEntries":[]"#,
        &format!(r#""tlogEntries":{}{}"#, "[".repeat(64), "]".repeat(64)),
    );
    let kind = Bundle::parse(&bytes).unwrap_err().kind;
    assert_eq!(kind, ErrorKind::TooDeep { limit: 32 });
}

proptest! {
    #[test]
    fn any_payload_and_signature_come_back(payload: Vec<u8>, signature in prop::collection::vec(any::<u8>(), 1..200), keyid: String) {
        prop_assume!(keyid.len() <= limits::ID_BYTES);
        let bundle = Bundle::new(&payload, &keyid, &signature).unwrap();
        let read = Bundle::parse(bundle.as_bytes()).unwrap();
        prop_assert_eq!(read.payload(), payload);
        prop_assert_eq!(read.signature(), signature);
        prop_assert_eq!(read.hint(), keyid);
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_without_panic(at: prop::sample::Index, byte: u8) {
        let mut bytes = bundle().as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Bundle::parse(&bytes) {
            prop_assert_eq!(read.as_bytes(), bytes);
        }
    }
}
