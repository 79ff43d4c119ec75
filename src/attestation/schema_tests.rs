//! The schemas in `schemas/` say of a statement what the readers say.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::examples::{declaration, json_of, new_root, sign_off, trust, with, without};
use super::{Predicate, Statement};

const DECLARATION: &str = include_str!("../../schemas/declaration-v1.schema.json");
const SIGN_OFF: &str = include_str!("../../schemas/sign-off-v1.schema.json");
const TRUST: &str = include_str!("../../schemas/trust-v1.schema.json");

fn schema(text: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

/// Asserts that the schema and the reader both say `valid` of these bytes.
#[track_caller]
fn agree<P: Predicate>(schema: &Validator, bytes: &[u8], valid: bool, what: &str) {
    let document = serde_json::from_slice::<Value>(bytes).unwrap();
    assert_eq!(schema.is_valid(&document), valid, "schema: {what}");
    let read = Statement::<P>::parse(bytes);
    assert_eq!(read.is_ok(), valid, "reader: {what}: {:?}", read.err());
}

/// The pointers of all values inside `value`.
fn pointers(at: &str, value: &Value, found: &mut Vec<String>) {
    let mut child = |key: String, value: &Value| {
        found.push(format!("{at}/{key}"));
        pointers(&format!("{at}/{key}"), value, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(k, v)| child(k.clone(), v)),
        Value::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered.for_each(|(index, v)| child(index.to_string(), v));
        }
        _ => {}
    }
}

/// Breaks a full statement everywhere: each field removed, and replaced by each JSON type and by
/// strings of every form. What the reader takes the schema takes, and the reverse.
fn agree_everywhere<P: Predicate>(schema: &Validator, statement: &Statement<P>) {
    let document = json_of(statement);
    agree::<P>(schema, document.to_string().as_bytes(), true, "the example");
    let mut places = Vec::new();
    pointers("", &document, &mut places);
    let mut refused = 0;
    for place in places {
        let mut broken = vec![];
        if place.rsplit('/').next().unwrap().parse::<usize>().is_err() {
            broken.push((without(&document, &place), format!("without {place}")));
        }
        let values = json!([
            null,
            true,
            -1,
            0,
            1,
            1.5,
            "",
            "x",
            [],
            {},
            [[]],
            [{}],
            [1],
            "0".repeat(64),
            "0".repeat(40),
            "0".repeat(41),
            "F".repeat(40),
            "2026-11-02T09:30:00Z",
            "2028-11-02T09:30:00Z",
            "2026-11-02T09:30:60Z",
            "2026-11-02T09:30:00+01:00",
            "refs/heads/x",
            "none",
            "autonomous",
            "unknown"
        ]);
        for value in values.as_array().unwrap() {
            let what = format!("{place} = {value}");
            broken.push((with(&document, &place, value.clone()), what));
        }
        for (bytes, what) in broken {
            // Only the reader compares two fields.
            if place.ends_with("/aiAssistance/extent")
                || place.ends_with("/aiAssistance/declared")
                || place.ends_with("expiresOn")
                || place.ends_with("issuedOn")
                || place.ends_with("threshold")
                || place == "/predicate/admins"
                || (place.contains("/ranges/")
                    && (place.ends_with("start") || place.ends_with("end")))
            {
                continue;
            }
            let valid = Statement::<P>::parse(&bytes).is_ok();
            agree::<P>(schema, &bytes, valid, &what);
            refused += usize::from(!valid);
        }
    }
    assert!(refused > 200, "{refused}");
}

#[test]
fn schema_and_reader_agree_on_declarations() {
    agree_everywhere(&schema(DECLARATION), &declaration());
}

#[test]
fn schema_and_reader_agree_on_sign_offs() {
    agree_everywhere(&schema(SIGN_OFF), &sign_off());
}

#[test]
fn schema_and_reader_agree_on_trust_metadata() {
    agree_everywhere(&schema(TRUST), &trust());
    agree_everywhere(&schema(TRUST), &new_root());
}

#[test]
fn schema_and_reader_refuse_unknown_fields_outside_the_predicate_only() {
    let schema = schema(SIGN_OFF);
    let document = json_of(&sign_off());
    for (pointer, valid) in [
        ("/extra", false),
        ("/subject/0/extra", false),
        ("/subject/0/digest/sha512", false),
        ("/predicate/extra", true),
        ("/predicate/review/extra", true),
    ] {
        let bytes = with(&document, pointer, json!("x"));
        agree::<super::SignOff>(&schema, &bytes, valid, pointer);
    }
}

#[test]
fn a_schema_refuses_the_statements_of_the_other_kinds() {
    let sign_off = json_of(&sign_off());
    assert!(schema(SIGN_OFF).is_valid(&sign_off));
    assert!(!schema(DECLARATION).is_valid(&sign_off));
    assert!(!schema(TRUST).is_valid(&sign_off));
}
