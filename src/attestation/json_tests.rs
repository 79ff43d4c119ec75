use proptest::prelude::*;

use super::*;
use crate::attestation::examples::refused;

const SMALL: Limits = Limits {
    bytes: 64,
    depth: 3,
};

fn read(text: &str) -> Result<Value, AttestationError> {
    parse(text.as_bytes(), Limits::bytes(1024))
}

#[test]
fn a_document_reads_as_what_it_says() {
    let value = read(r#" {"a": [null, true, 7, -7, 0.5, "x"], "A": {}} "#).unwrap();
    let Value::Object(fields) = &value else {
        panic!("{value:?}")
    };
    assert_eq!(fields["A"], Value::Object(BTreeMap::new()));
    let expected = [
        Value::Null,
        Value::Bool(true),
        Value::Unsigned(7),
        Value::Negative(-7),
        Value::Float(0.5),
        Value::String("x".to_owned()),
    ];
    assert_eq!(fields["a"], Value::Array(expected.to_vec()));
}

#[test]
fn a_key_twice_is_refused_at_every_level_and_however_it_is_escaped() {
    let duplicate = |text, path| refused(read(text), path, ErrorKind::DuplicateKey);
    duplicate(r#"{"a":1,"a":1}"#, "$.a");
    duplicate(r#"{"a":1,"\u0061":2}"#, "$.a");
    duplicate(r#"{"x":{"y":[{"a":1},{"a":1,"b":2,"a":3}]}}"#, "$.x.y[1].a");
    read(r#"{"a":1,"A":1,"x":{"a":[{"a":1},{"a":1}]}}"#).unwrap();
}

#[test]
fn the_path_of_an_error_after_a_nested_value_is_the_outer_one() {
    let text = r#"{"a":{"b":[1,2]},"c":[{"d":1}],"a":1}"#;
    refused(read(text), "$.a", ErrorKind::DuplicateKey);
}

#[test]
fn data_after_the_document_is_refused_and_white_space_is_not() {
    refused(read("{} {}"), "$", ErrorKind::TrailingData);
    refused(read("{}\0"), "$", ErrorKind::TrailingData);
    read("{} \r\n\t").unwrap();
}

#[test]
fn depth_is_limited() {
    let limit = ErrorKind::TooDeep { limit: 3 };
    let result = parse(br#"{"a":[0,[[]]]}"#, SMALL);
    refused(result, "$.a[1][0]", limit.clone());
    refused(parse(b"[[[[", SMALL), "$[0][0][0]", limit);
    parse(br#"{"a":[0,[1]]}"#, SMALL).unwrap();
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    read(&deep(32)).unwrap();
    let error = read(&deep(33)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TooDeep { limit: 32 });
}

#[test]
fn size_is_limited_to_the_byte() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2)).into_bytes();
    parse(&text(64), SMALL).unwrap();
    refused(
        parse(&text(65), SMALL),
        "$",
        ErrorKind::TooLarge { limit: 64 },
    );
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    refused(parse(b"\"\xff\"", SMALL), "$", ErrorKind::NotUtf8);
    // A surrogate, encoded as if it were a character.
    refused(parse(b"\"\xed\xa0\x80\"", SMALL), "$", ErrorKind::NotUtf8);
    parse("\"ÿ\"".as_bytes(), SMALL).unwrap();
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let syntax = |line, column| ErrorKind::Syntax { line, column };
    refused(read(""), "$", syntax(1, 0));
    refused(read("{\"a\":\n nul}"), "$.a", syntax(2, 5));
    for text in [
        "\u{feff}{}",
        "{'a':1}",
        "{\"a\":1,}",
        "[1,]",
        "[01]",
        "[+1]",
        "[NaN]",
        "[1e999]",
        "// a\n{}",
        "\"\\ud800\"",
        "\"\n\"",
        "\"\\x41\"",
        "[",
        "{\"a\"",
    ] {
        let kind = read(text).unwrap_err().kind;
        assert!(matches!(kind, ErrorKind::Syntax { .. }), "{text}: {kind:?}");
    }
}

#[test]
fn a_strange_key_is_escaped_and_cut_in_the_path() {
    let long = "\u{202e}".repeat(65);
    let text = format!(r#"{{"{long}":1,"{long}":1}}"#);
    let path = read(&text).unwrap_err().path;
    assert_eq!(path, format!("$[\"{}\"]", "\\u{202e}".repeat(64)));
    assert_eq!(read(r#"{"":[}"#).unwrap_err().path, r#"$[""][0]"#);
}

#[test]
fn integers_keep_their_value_up_to_64_bits() {
    assert_eq!(
        read("18446744073709551615").unwrap(),
        Value::Unsigned(u64::MAX)
    );
    assert!(matches!(
        read("18446744073709551616").unwrap(),
        Value::Float(_)
    ));
    assert_eq!(
        read("-9223372036854775808").unwrap(),
        Value::Negative(i64::MIN)
    );
    assert!(matches!(read("-0").unwrap(), Value::Float(_)));
    assert!(matches!(read("1.0").unwrap(), Value::Float(_)));
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_reads_as_the_same(value in values()) {
        let text = value.to_string();
        let read = parse(text.as_bytes(), Limits::bytes(usize::MAX)).unwrap();
        prop_assert_eq!(read.to_json(), value);
    }

    #[test]
    fn any_text_is_read_as_serde_json_reads_it_or_refused(text in "[\\[\\]{}\",:\\\\ua01e.\\- ]{0,24}") {
        if let Ok(value) = read(&text) {
            prop_assert_eq!(value.to_json(), serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }
    }
}
