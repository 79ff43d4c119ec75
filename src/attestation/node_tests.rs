use super::*;
use crate::attestation::examples::refused;
use crate::attestation::json::{Limits, parse};

fn value(text: &str) -> Value {
    parse(text.as_bytes(), Limits::bytes(1024 * 1024)).unwrap()
}

fn wrong(expected: &'static str, found: &'static str) -> ErrorKind {
    ErrorKind::WrongType { expected, found }
}

#[test]
fn each_reader_takes_its_own_type_and_names_any_other() {
    let document = value(r#"{"o":{},"a":[],"s":"x","n":7,"b":true,"z":null,"f":7.0,"m":-7}"#);
    let object = document.root().object().unwrap();
    let at = |name: &str| object.required(name).unwrap();
    assert!(at("o").object().unwrap().is_empty());
    assert!(at("a").array(0).unwrap().is_empty());
    assert_eq!(at("s").string(), Ok("x"));
    assert_eq!(at("n").u64(), Ok(7));
    assert_eq!(at("b").bool(), Ok(true));
    refused(at("a").object(), "$.a", wrong("an object", "an array"));
    refused(at("o").array(0), "$.o", wrong("an array", "an object"));
    refused(at("z").string(), "$.z", wrong("a string", "null"));
    refused(
        at("s").u64(),
        "$.s",
        wrong("an unsigned integer", "a string"),
    );
    refused(
        at("m").u64(),
        "$.m",
        wrong("an unsigned integer", "a negative integer"),
    );
    let float = "a number that is no 64-bit integer";
    refused(at("f").u64(), "$.f", wrong("an unsigned integer", float));
    refused(
        at("n").bool(),
        "$.n",
        wrong("a boolean", "an unsigned integer"),
    );
}

#[test]
fn null_stands_and_is_not_absent() {
    let document = value(r#"{"a":null}"#);
    let object = document.root().object().unwrap();
    assert!(object.required("a").unwrap().is_null());
    assert!(object.optional("b").is_none());
    refused(object.required("b"), "$.b", ErrorKind::Missing);
    refused(
        object.optional_with("a", Node::u64),
        "$.a",
        wrong("an unsigned integer", "null"),
    );
    assert_eq!(object.optional_with("b", Node::u64), Ok(None));
}

#[test]
fn field_names_are_compared_byte_for_byte() {
    let document = value(r#"{"Decision":"approved"}"#);
    let object = document.root().object().unwrap();
    refused(
        object.required("decision"),
        "$.decision",
        ErrorKind::Missing,
    );
    refused(
        object.only(&["decision"]),
        "$.Decision",
        ErrorKind::UnknownField,
    );
    object.only(&["Decision"]).unwrap();
}

#[test]
fn lengths_are_limited_in_bytes() {
    let document = value("[\"é\"]");
    let root = document.root();
    let text = root.array(1).unwrap().remove(0);
    assert_eq!(text.string_max(2), Ok("é"));
    refused(text.string_max(1), "$[0]", ErrorKind::TooLong { limit: 1 });
    refused(root.array(0), "$", ErrorKind::TooMany { limit: 0 });
    let long = value(&format!("\"{}\"", "x".repeat(4097)));
    refused(
        long.root().string(),
        "$",
        ErrorKind::TooLong { limit: 4096 },
    );
}

#[test]
fn an_empty_text_and_a_zero_are_refused_where_they_say_nothing() {
    let bad = |result: Result<(), AttestationError>| {
        assert!(matches!(
            result.unwrap_err().kind,
            ErrorKind::BadValue { .. }
        ));
    };
    bad(value("\"\"").root().text(9).map(drop));
    bad(value("0").root().positive().map(drop));
    assert_eq!(value("\"x\"").root().text(9), Ok("x".to_owned()));
    assert_eq!(value("1").root().positive(), Ok(1));
}

#[test]
fn digests_and_commit_ids_are_lower_case_hex_of_their_length() {
    let digest = "0123456789abcdef".repeat(4);
    let read = |text: &str| {
        let value = Value::String(text.to_owned());
        let node = value.root();
        (node.digest().is_ok(), node.commit_id().is_ok())
    };
    assert_eq!(read(&digest), (true, true));
    assert_eq!(read(&digest[..40]), (false, true));
    assert_eq!(read(&digest[..39]), (false, false));
    assert_eq!(read(&digest.to_uppercase()), (false, false));
    assert_eq!(read(&format!("sha256:{digest}")), (false, false));
}

#[test]
fn a_time_is_utc_with_t_and_z() {
    let read = |text: &str| Value::String(text.to_owned()).root().timestamp();
    for text in [
        "2026-11-02T09:30:00Z",
        "2026-11-02T09:30:00.123456789Z",
        "2024-02-29T23:59:59Z",
    ] {
        assert_eq!(read(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "Z",
        "2026-11-02",
        "2026-11-02T09:30Z",
        "2026-11-02T09:30:00",
        "2026-11-02T09:30:00z",
        "2026-11-02t09:30:00Z",
        "2026-11-02 09:30:00Z",
        "2026-11-02T09:30:00+00:00",
        "2026-11-02T09:30:00+00:00Z",
        "2026-11-02T09:30:00.Z",
        "2026-11-02T09:30:00,5Z",
        "2026-11-02T09:30:00.1234567890Z",
        "2026-11-02T09:30:00Z[UTC]",
        "2026-02-30T09:30:00Z",
        "2026-11-02T24:00:00Z",
        "2026-12-31T23:59:60Z",
        "20261102T093000Z",
        "2026-11-02T09:30:0éZ",
    ] {
        let kind = read(text).unwrap_err().kind;
        assert!(
            matches!(kind, ErrorKind::BadValue { .. }),
            "{text}: {kind:?}"
        );
    }
}
