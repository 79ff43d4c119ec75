use super::*;
use crate::attestation::examples::{FINGERPRINT, json_of, refused, replace_once, trust};
use crate::attestation::{Statement, TrustMetadata};

fn signed() -> Envelope {
    let mut envelope = Envelope::new(trust().to_payload().unwrap());
    envelope.add_signature(FINGERPRINT, vec![1; 64]);
    envelope.add_signature("", vec![2; 70]);
    envelope
}

fn with_signatures(count: usize) -> Vec<u8> {
    let one = r#"{"sig":"AQ=="}"#;
    let list = vec![one; count].join(",");
    format!(r#"{{"payloadType":"{PAYLOAD_TYPE}","payload":"e30=","signatures":[{list}]}}"#)
        .into_bytes()
}

fn with_payload(payload: &str) -> Vec<u8> {
    replace_once(&with_signatures(1), "e30=", payload)
}

#[test]
fn the_encoding_that_is_signed_is_the_one_of_the_dsse_protocol() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
    assert_eq!(pae("", b""), b"DSSEv1 0  0 ");
    // Lengths are in bytes.
    assert_eq!(pae("é", b"\xff"), b"DSSEv1 2 \xc3\xa9 1 \xff");
}

#[test]
fn what_is_written_reads_as_the_same() {
    let envelope = signed();
    let read = Envelope::parse(&envelope.to_bytes().unwrap()).unwrap();
    assert_eq!(read, envelope);
    assert_eq!(read.pae(), pae(PAYLOAD_TYPE, envelope.payload()));
    assert_eq!(read.payload_digest(), sha256(envelope.payload()));
    let statement = Statement::<TrustMetadata>::parse(read.payload()).unwrap();
    assert_eq!(json_of(&statement), json_of(&trust()));
}

#[test]
fn the_same_signature_is_added_once() {
    let mut envelope = signed();
    envelope.add_signature("", vec![2; 70]);
    assert_eq!(envelope.signatures().len(), 2);
    envelope.add_signature("", vec![3; 70]);
    assert_eq!(envelope.signatures().len(), 3);
}

#[test]
fn an_envelope_without_signatures_is_refused_in_reading_and_writing() {
    let none = ErrorKind::SignatureCount {
        found: 0,
        expected: "one or more",
    };
    refused(
        Envelope::parse(&with_signatures(0)),
        "$.signatures",
        none.clone(),
    );
    refused(
        Envelope::new(b"{}".to_vec()).to_bytes(),
        "$.signatures",
        none,
    );
    Envelope::parse(&with_signatures(1)).unwrap();
}

#[test]
fn signatures_are_limited() {
    Envelope::parse(&with_signatures(64)).unwrap();
    let result = Envelope::parse(&with_signatures(65));
    refused(result, "$.signatures", ErrorKind::TooMany { limit: 64 });
}

#[test]
fn size_is_limited() {
    let mut bytes = with_signatures(1);
    bytes.resize(limits::ENVELOPE_BYTES, b' ');
    Envelope::parse(&bytes).unwrap();
    bytes.push(b' ');
    let limit = limits::ENVELOPE_BYTES;
    refused(Envelope::parse(&bytes), "$", ErrorKind::TooLarge { limit });
}

#[test]
fn an_empty_signature_is_refused() {
    let bytes = replace_once(&with_signatures(1), "AQ==", "");
    let expected = "a signature";
    let kind = ErrorKind::BadValue { expected };
    refused(Envelope::parse(&bytes), "$.signatures[0].sig", kind);
}

#[test]
fn another_payload_type_is_refused() {
    for other in [
        "application/json",
        "application/vnd.in-toto+JSON",
        "application/vnd.in-toto+json ",
        "",
    ] {
        let bytes = replace_once(&with_signatures(1), PAYLOAD_TYPE, other);
        refused(
            Envelope::parse(&bytes),
            "$.payloadType",
            ErrorKind::PayloadType,
        );
    }
}

#[test]
fn base64_has_one_spelling() {
    let payload = |text: &str| Envelope::parse(&with_payload(text)).map(|e| e.payload);
    assert_eq!(payload("+/8=").unwrap(), [0xfb, 0xff]);
    refused(payload("-_8="), "$.payload", ErrorKind::UrlSafeBase64);
    for text in [
        "+/8",        // no padding
        "+/9=",       // bits left over
        "+/8==",      // too much padding
        "+/8=\\n",    // white space
        " +/8=",      // white space
        "+/\\r\\n8=", // white space
        "+/8=+/8=",   // two texts
        "=",
        "é",
    ] {
        refused(payload(text), "$.payload", ErrorKind::BadBase64);
    }
    assert!(payload("").unwrap().is_empty());
}

#[test]
fn base64_of_a_signature_has_one_spelling_too() {
    let sig = |text: &str| Envelope::parse(&replace_once(&with_signatures(1), "AQ==", text));
    sig("+w==").unwrap();
    refused(sig("-w=="), "$.signatures[0].sig", ErrorKind::UrlSafeBase64);
    refused(sig("+x=="), "$.signatures[0].sig", ErrorKind::BadBase64);
}

#[test]
fn unknown_fields_are_refused() {
    let envelope = replace_once(
        &with_signatures(1),
        r#"{"payloadType""#,
        r#"{"x":1,"payloadType""#,
    );
    refused(Envelope::parse(&envelope), "$.x", ErrorKind::UnknownField);
    let signature = replace_once(&with_signatures(1), r#"{"sig""#, r#"{"cert":"x","sig""#);
    refused(
        Envelope::parse(&signature),
        "$.signatures[0].cert",
        ErrorKind::UnknownField,
    );
}

#[test]
fn an_array_is_no_envelope_and_no_signature() {
    let kind = ErrorKind::WrongType {
        expected: "an object",
        found: "an array",
    };
    let array = format!(r#"["e30=","{PAYLOAD_TYPE}",[{{"sig":"AQ=="}}]]"#);
    refused(Envelope::parse(array.as_bytes()), "$", kind.clone());
    let signature = replace_once(&with_signatures(1), r#"{"sig":"AQ=="}"#, r#"["","AQ=="]"#);
    refused(Envelope::parse(&signature), "$.signatures[0]", kind);
}
