use serde_json::json;

use super::*;
use crate::attestation::examples::{json_of, new_root, path_of, refused, trust, with, without};
use crate::attestation::{ErrorKind, Statement};
use crate::change::sha256;

fn parse_trust(bytes: &[u8]) -> Result<Statement<TrustMetadata>, AttestationError> {
    Statement::parse(bytes)
}

fn bad(expected: &'static str) -> ErrorKind {
    ErrorKind::BadValue { expected }
}

#[test]
fn trust_metadata_has_its_two_files_in_their_order() {
    let document = json_of(&trust());
    let [roster, policy] = [0, 1].map(|index| document["subject"][index].clone());
    let subjects = |value| parse_trust(&with(&document, "/subject", value));
    let count = |found| ErrorKind::SubjectCount { found, expected: 2 };
    refused(subjects(json!([roster])), "$.subject", count(1));
    refused(
        subjects(json!([roster, policy, policy])),
        "$.subject",
        count(3),
    );
    refused(
        subjects(json!([policy, roster])),
        "$.subject[0].name",
        bad("roster.toml"),
    );
    assert_eq!(subjects(json!([roster, policy])), Ok(trust()));
}

#[test]
fn trust_metadata_that_contradicts_itself_is_refused() {
    let document = json_of(&trust());
    let digest = sha256(b"x").to_string();
    for (pointer, value) in [
        ("/predicate/version", json!(0)),
        ("/predicate/replaces", json!(digest)),
        ("/predicate/threshold", json!(0)),
        ("/predicate/threshold", json!(3)),
        ("/predicate/threshold", json!(u64::MAX)),
        ("/predicate/expiresOn", json!("2026-11-02T09:00:00Z")),
        ("/predicate/admins/0/keys", json!([])),
        ("/predicate/admins/0/keys/0", json!("")),
        ("/predicate/checkpoints/0/ref", json!("main")),
        ("/predicate/excused/0/reason", json!("")),
    ] {
        let error = parse_trust(&with(&document, pointer, value.clone())).unwrap_err();
        assert_eq!(error.path, path_of(pointer), "{value}");
        assert!(
            matches!(error.kind, ErrorKind::BadValue { .. }),
            "{pointer} = {value}: {error}"
        );
    }
    let later = json!("2026-11-02T09:00:01Z");
    parse_trust(&with(&document, "/predicate/expiresOn", later)).unwrap();
    parse_trust(&with(&document, "/predicate/threshold", json!(1))).unwrap();
}

#[test]
fn only_version_1_has_no_previous() {
    let path = "$.predicate.previous";
    let second = without(&json_of(&trust()), "/predicate/previous");
    refused(parse_trust(&second), path, ErrorKind::Missing);
    let digest = json!(sha256(b"x").to_string());
    let first = with(&json_of(&new_root()), "/predicate/previous", digest);
    refused(parse_trust(&first), path, bad("no such field in version 1"));
    parse_trust(&without(&json_of(&new_root()), "/predicate/replaces")).unwrap();
}

#[test]
fn nothing_in_trust_metadata_is_named_twice() {
    let document = json_of(&trust());
    for list in ["admins", "checkpoints", "excused"] {
        let pointer = format!("/predicate/{list}");
        let mut values = document
            .pointer(&pointer)
            .unwrap()
            .as_array()
            .unwrap()
            .clone();
        values.push(values[0].clone());
        let path = format!("$.predicate.{list}[{}]", values.len() - 1);
        let bytes = with(&document, &pointer, json!(values));
        refused(parse_trust(&bytes), &path, ErrorKind::Repeated);
    }
    assert_eq!(parse_trust(document.to_string().as_bytes()), Ok(trust()));
}
