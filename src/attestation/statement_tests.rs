use serde_json::{Value, json};

use super::*;
use crate::attestation::TrustMetadata;
use crate::attestation::examples::{
    declaration, json_of, new_root, path_of, refused, replace_once, sign_off, trust, with, without,
};
use crate::change::sha256;

fn bytes_of(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn wrong(expected: &'static str, found: &'static str) -> ErrorKind {
    ErrorKind::WrongType { expected, found }
}

fn bad(expected: &'static str) -> ErrorKind {
    ErrorKind::BadValue { expected }
}

fn parse_sign_off(bytes: &[u8]) -> Result<Statement<SignOff>, AttestationError> {
    Statement::parse(bytes)
}

fn parse_trust(bytes: &[u8]) -> Result<Statement<TrustMetadata>, AttestationError> {
    Statement::parse(bytes)
}

#[test]
fn full_statements_read_as_they_were_written() {
    let payload = sign_off().to_payload().unwrap();
    assert_eq!(Statement::parse(&payload), Ok(sign_off()));
    let any = AnyStatement::SignOff(Box::new(sign_off()));
    assert_eq!(AnyStatement::parse(&payload), Ok(any));
    let payload = declaration().to_payload().unwrap();
    assert_eq!(Statement::parse(&payload), Ok(declaration()));
    let any = AnyStatement::Declaration(Box::new(declaration()));
    assert_eq!(AnyStatement::parse(&payload), Ok(any));
    for statement in [trust(), new_root()] {
        let payload = statement.to_payload().unwrap();
        assert_eq!(Statement::parse(&payload), Ok(statement));
    }
}

#[test]
fn absent_fields_are_left_out_and_read_as_absent() {
    let mut statement = sign_off();
    let predicate = &mut statement.predicate;
    predicate.change.landed = None;
    predicate.change.commits = None;
    predicate.review.comment = None;
    predicate.blast_radius = None;
    predicate.emergency = None;
    predicate.ai_assistance = AiAssistance::default();
    let payload = statement.to_payload().unwrap();
    assert_eq!(parse_sign_off(&payload), Ok(statement));
    let text = String::from_utf8(payload).unwrap();
    for absent in ["landed", "commits", "comment", "blastRadius", "emergency"] {
        assert!(!text.contains(absent), "{absent}");
    }
    assert_eq!(text.matches("null").count(), 1);
    assert!(text.contains(r#""extent":"unknown","declared":null"#));
}

#[test]
fn a_statement_starts_with_its_type_and_subject() {
    let payload = String::from_utf8(sign_off().to_payload().unwrap()).unwrap();
    let digest = sha256(b"manifest");
    let start = format!(
        r#"{{"_type":"{STATEMENT_TYPE}","subject":[{{"name":"change","digest":{{"sha256":"{digest}"}}}}],"predicateType":"{SIGN_OFF_TYPE}","predicate":{{"change":{{"repository":"#
    );
    assert!(payload.starts_with(&start), "{payload}");
}

#[test]
fn accessors_give_what_both_kinds_share() {
    for payload in [sign_off().to_payload(), declaration().to_payload()] {
        let any = AnyStatement::parse(&payload.unwrap()).unwrap();
        assert_eq!(any.change_digest(), sha256(b"manifest"));
        assert_eq!(any.change(), &sign_off().predicate.change);
        assert_eq!(any.ai_assistance(), &sign_off().predicate.ai_assistance);
    }
}

#[test]
fn a_statement_of_another_kind_is_told_as_that() {
    let kind = |found: &str| ErrorKind::PredicateType {
        found: found.to_owned(),
    };
    let declaration = declaration().to_payload().unwrap();
    let path = "$.predicateType";
    refused(parse_sign_off(&declaration), path, kind(DECLARATION_TYPE));
    refused(parse_trust(&declaration), path, kind(DECLARATION_TYPE));
    let trust = trust().to_payload().unwrap();
    refused(AnyStatement::parse(&trust), path, kind(TRUST_TYPE));
    refused(parse_sign_off(&trust), path, kind(TRUST_TYPE));
    // Foreign statements differ in everything else too, and are still told by their type.
    let slsa = "https://slsa.dev/provenance/v1";
    let foreign = json!({"_type": STATEMENT_TYPE, "predicateType": slsa, "x": 1,
        "subject": [{"name": "a", "digest": {"sha1": "x"}}, {}]});
    refused(AnyStatement::parse(&bytes_of(&foreign)), path, kind(slsa));
    for other in [
        "https://countersign.dev/sign-off/v2",
        "https://countersign.dev/sign-off/v1/",
        "https://countersign.dev/Sign-off/v1",
        "",
    ] {
        let bytes = with(&json_of(&sign_off()), "/predicateType", json!(other));
        refused(AnyStatement::parse(&bytes), path, kind(other));
        refused(parse_sign_off(&bytes), path, kind(other));
    }
}

#[test]
fn another_statement_type_is_refused() {
    for other in [
        "https://in-toto.io/Statement/v0.1",
        "https://in-toto.io/Statement/v1/",
        "https://in-toto.io/statement/v1",
    ] {
        let bytes = with(&json_of(&sign_off()), "/_type", json!(other));
        refused(parse_sign_off(&bytes), "$._type", ErrorKind::StatementType);
        refused(
            AnyStatement::parse(&bytes),
            "$._type",
            ErrorKind::StatementType,
        );
    }
}

#[test]
fn unknown_fields_are_refused_outside_the_predicate_and_ignored_inside() {
    let document = json_of(&sign_off());
    let unknown = |pointer| parse_sign_off(&with(&document, pointer, json!("x")));
    for (pointer, path) in [
        ("/extra", "$.extra"),
        ("/predicate_type", "$.predicate_type"),
        ("/subject/0/uri", "$.subject[0].uri"),
    ] {
        refused(unknown(pointer), path, ErrorKind::UnknownField);
    }
    for pointer in [
        "/predicate/extra",
        "/predicate/review/Decision",
        "/predicate/change/targets/0/extra",
        "/predicate/aiAssistance/agents/0/session_id",
    ] {
        assert_eq!(unknown(pointer), Ok(sign_off()));
    }
}

#[test]
fn a_change_statement_has_exactly_one_subject_with_exactly_one_digest() {
    let document = json_of(&sign_off());
    let subject = document["subject"][0].clone();
    let subjects = |value| parse_sign_off(&with(&document, "/subject", value));
    let count = |found| ErrorKind::SubjectCount { found, expected: 1 };
    refused(subjects(json!([])), "$.subject", count(0));
    refused(subjects(json!([subject, subject])), "$.subject", count(2));
    refused(
        subjects(subject.clone()),
        "$.subject",
        wrong("an array", "an object"),
    );
    let digest = |value| parse_sign_off(&with(&document, "/subject/0/digest", value));
    let path = "$.subject[0].digest";
    let hex = sha256(b"manifest").to_string();
    let two = json!({"sha256": hex, "gitCommit": "a".repeat(40)});
    refused(digest(two), path, ErrorKind::DigestCount { found: 2 });
    refused(digest(json!({})), path, ErrorKind::DigestCount { found: 0 });
    refused(
        digest(json!({"sha1": "a".repeat(40)})),
        "$.subject[0].digest.sha1",
        ErrorKind::UnknownField,
    );
    refused(
        digest(json!({"sha256": hex.to_uppercase()})),
        "$.subject[0].digest.sha256",
        bad("64 lower-case hex digits"),
    );
    let name = |value: &str| parse_sign_off(&with(&document, "/subject/0/name", json!(value)));
    refused(name("Change"), "$.subject[0].name", bad("change"));
    assert_eq!(name("change"), Ok(sign_off()));
    assert_eq!(digest(json!({"sha256": hex})), Ok(sign_off()));
}

#[test]
fn a_key_twice_is_refused_at_every_level() {
    let payload = sign_off().to_payload().unwrap();
    for (old, new, path) in [
        (
            r#","predicate":{"#,
            r#","predicate":{},"predicate":{"#,
            "$.predicate",
        ),
        (
            r#"{"name":"change""#,
            r#"{"name":"change","name":"change""#,
            "$.subject[0].name",
        ),
        (
            r#""digest":{"#,
            r#""digest":{"sha256":"00","#,
            "$.subject[0].digest.sha256",
        ),
        (
            r#""decision":"approved""#,
            r#""decision":"rejected","decision":"approved""#,
            "$.predicate.review.decision",
        ),
        (
            r#""decision":"approved""#,
            r#""decision":"approved","d\u0065cision":"rejected""#,
            "$.predicate.review.decision",
        ),
        (
            r#""blastRadius":{"#,
            r#""blastRadius":{"level":"low","#,
            "$.predicate.blastRadius.level",
        ),
        (
            r#""interactive":true"#,
            r#""interactive":true,"unknown":{"x":1,"x":2}"#,
            "$.predicate.review.unknown.x",
        ),
    ] {
        let bytes = replace_once(&payload, old, new);
        refused(parse_sign_off(&bytes), path, ErrorKind::DuplicateKey);
        refused(AnyStatement::parse(&bytes), path, ErrorKind::DuplicateKey);
    }
    assert_eq!(parse_sign_off(&payload), Ok(sign_off()));
}

#[test]
fn a_name_in_another_case_is_no_name() {
    let payload = sign_off().to_payload().unwrap();
    let renamed = replace_once(&payload, r#""decision""#, r#""Decision""#);
    let path = "$.predicate.review.decision";
    refused(parse_sign_off(&renamed), path, ErrorKind::Missing);
    let both = replace_once(
        &payload,
        r#""decision""#,
        r#""Decision":"rejected","decision""#,
    );
    assert_eq!(parse_sign_off(&both), Ok(sign_off()));
}

/// Every object and array of the predicate, and each of its fields, as (pointer, value).
fn walk(pointer: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    found.push((pointer.to_owned(), value.clone()));
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| walk(&format!("{pointer}/{key}"), value, found)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| walk(&format!("{pointer}/{index}"), value, found)),
        _ => {}
    }
}

fn every_known_field_is_checked<P: Predicate + std::fmt::Debug>(statement: &Statement<P>) {
    let document = json_of(statement);
    let mut fields = Vec::new();
    walk("/predicate", &document["predicate"], &mut fields);
    for (pointer, value) in fields {
        let inside_blast = pointer.starts_with("/predicate/blastRadius/");
        let replacements = [
            json!(null),
            json!([]),
            json!({}),
            json!("\u{0}"),
            json!(-1),
            json!(1.5),
            json!(true),
        ];
        for other in replacements {
            let same_type = std::mem::discriminant(&other) == std::mem::discriminant(&value);
            let no_declaration = other.is_null() && pointer.ends_with("aiAssistance/declared");
            if same_type && !value.is_number() || inside_blast || no_declaration {
                continue;
            }
            let result = Statement::<P>::parse(&with(&document, &pointer, other.clone()));
            let error = result.expect_err(&format!("{pointer} = {other}"));
            assert_eq!(error.path, path_of(&pointer), "{pointer} = {other}");
            assert!(
                matches!(error.kind, ErrorKind::WrongType { .. }),
                "{pointer} = {other}: {error}"
            );
        }
    }
}

#[test]
fn a_wrong_type_in_any_known_field_is_refused_at_its_path() {
    every_known_field_is_checked(&sign_off());
    every_known_field_is_checked(&declaration());
    every_known_field_is_checked(&trust());
    every_known_field_is_checked(&new_root());
}

/// The fields that sign-offs and declarations need not have.
const OPTIONAL: [&str; 23] = [
    "/change/landed",
    "/change/commits",
    "/authors/0/name",
    "/authors/0/email",
    "/authors/0/id",
    "/authors/1/name",
    "/authors/1/email",
    "/authors/2/name",
    "/authors/2/email",
    "/authors/2/id",
    "/agents/0/model",
    "/agents/0/toolVersion",
    "/agents/0/modelProvider",
    "/agents/0/sessionId",
    "/agents/0/sessionUrl",
    "/agents/0/operator",
    "/aiAssistance/lines",
    "/aiAssistance/files",
    "/files/0/ranges/0/agent",
    "/aiAssistance/evidence/0/ref",
    "/evidence/0/commit",
    "/aiAssistance/evidence/0/line",
    "/evidence/0/agent",
];

/// Takes each field away: what is not optional is missed at its path.
fn misses<P: Predicate + std::fmt::Debug>(statement: &Statement<P>, optional: &[&str]) {
    let document = json_of(statement);
    let mut fields = Vec::new();
    walk("", &document, &mut fields);
    for (pointer, _) in fields {
        let key = pointer.rsplit('/').next().unwrap();
        let skipped = key.is_empty()
            || key.parse::<usize>().is_ok()
            || pointer.starts_with("/subject/0/digest/")
            || pointer.starts_with("/subject/1/digest/")
            || pointer.starts_with("/predicate/blastRadius/");
        if skipped {
            continue;
        }
        let result = Statement::<P>::parse(&without(&document, &pointer));
        let known = optional.iter().any(|end| pointer.ends_with(end));
        match result {
            Ok(_) => assert!(known, "{pointer} was not missed"),
            Err(error) => {
                assert!(!known, "{pointer}: {error}");
                assert_eq!(error.path, path_of(&pointer));
                assert_eq!(error.kind, ErrorKind::Missing);
            }
        }
    }
}

#[test]
fn every_required_field_is_missed_at_its_path() {
    let sign_off_only = [
        "/review/comment",
        "/review/evidence/0/sha256",
        "/predicate/blastRadius",
        "/predicate/emergency",
    ];
    misses(&sign_off(), &[&OPTIONAL[..], &sign_off_only[..]].concat());
    misses(
        &declaration(),
        &[&OPTIONAL[..], &["/predicate/reason", "/predicate/asked"]].concat(),
    );
    misses(&trust(), &[]);
    misses(&new_root(), &["/predicate/replaces"]);
}

#[test]
fn a_wrong_value_in_a_known_field_is_refused_at_its_path() {
    let document = json_of(&sign_off());
    for (pointer, value) in [
        ("/predicate/review/decision", json!("Approved")),
        ("/predicate/review/decision", json!("")),
        ("/predicate/authors/0/as", json!("coauthor")),
        ("/predicate/authors/0/id", json!("")),
        ("/predicate/authors/0", json!({"as": "author"})),
        ("/predicate/change/targets", json!([])),
        ("/predicate/change/targets/0/ref", json!("main")),
        ("/predicate/change/targets/0/ref", json!("refs/")),
        ("/predicate/change/targets/0/tip", json!("abc")),
        ("/predicate/change/repository", json!("")),
        ("/predicate/change/head", json!("C".repeat(40))),
        ("/predicate/policy/trustVersion", json!(0)),
        ("/predicate/policy/sha256", json!("0")),
        ("/predicate/signer/id", json!("")),
        ("/predicate/signedOn", json!("2026-11-02T09:30:00+00:00")),
        ("/predicate/emergency/reason", json!("")),
        ("/predicate/declarations/0", json!("sha256:00")),
        ("/predicate/aiAssistance/extent", json!("some")),
        ("/predicate/aiAssistance/declared", json!("unknown")),
        ("/predicate/aiAssistance/extent", json!("none")),
        ("/predicate/aiAssistance/extent", json!("unknown")),
        ("/predicate/aiAssistance/agents/0/role", json!("coAuthor")),
        ("/predicate/aiAssistance/evidence/0/source", json!("note")),
        ("/predicate/aiAssistance/evidence/0/strength", json!("")),
        ("/predicate/aiAssistance/evidence/0/line", json!(0)),
        ("/predicate/aiAssistance/files/0/ranges/0/by", json!("AI")),
        ("/predicate/aiAssistance/files/0/ranges/0/start", json!(0)),
        ("/predicate/aiAssistance/files/0/ranges/1/end", json!(8)),
        ("/predicate/aiAssistance/files/0/path", json!("")),
    ] {
        let error = parse_sign_off(&with(&document, pointer, value.clone())).unwrap_err();
        assert_eq!(error.path, path_of(pointer), "{value}");
        assert!(
            matches!(error.kind, ErrorKind::BadValue { .. }),
            "{pointer} = {value}: {error}"
        );
    }
    assert_eq!(parse_sign_off(&bytes_of(&document)), Ok(sign_off()));
}

#[test]
fn a_target_named_twice_is_refused() {
    let document = json_of(&sign_off());
    let targets = |first: &str, second: &str| {
        let list =
            json!([{"ref": first, "tip": "a".repeat(40)}, {"ref": second, "tip": "b".repeat(40)}]);
        parse_sign_off(&with(&document, "/predicate/change/targets", list))
    };
    refused(
        targets("refs/heads/main", "refs/heads/main"),
        "$.predicate.change.targets[1]",
        ErrorKind::Repeated,
    );
    targets("refs/heads/main", "refs/heads/release").unwrap();
}

#[test]
fn strings_and_lists_over_their_limit_are_refused_in_reading_and_writing() {
    let mut statement = sign_off();
    statement.predicate.review.comment = Some("x".repeat(limits::COMMENT_BYTES));
    statement.to_payload().unwrap();
    statement.predicate.review.comment = Some("x".repeat(limits::COMMENT_BYTES + 1));
    let limit = limits::COMMENT_BYTES;
    refused(
        statement.to_payload(),
        "$.predicate.review.comment",
        ErrorKind::TooLong { limit },
    );

    let mut statement = sign_off();
    statement.predicate.change.commits = Some(vec![sha256(b"x"); limits::COMMITS]);
    statement.to_payload().unwrap();
    statement.predicate.change.commits = Some(vec![sha256(b"x"); limits::COMMITS + 1]);
    let limit = limits::COMMITS;
    refused(
        statement.to_payload(),
        "$.predicate.change.commits",
        ErrorKind::TooMany { limit },
    );
}

#[test]
fn a_payload_over_its_limit_is_refused() {
    let mut payload = sign_off().to_payload().unwrap();
    payload.resize(limits::PAYLOAD_BYTES, b' ');
    parse_sign_off(&payload).unwrap();
    payload.push(b' ');
    let limit = limits::PAYLOAD_BYTES;
    refused(parse_sign_off(&payload), "$", ErrorKind::TooLarge { limit });
    refused(
        AnyStatement::parse(&payload),
        "$",
        ErrorKind::TooLarge { limit },
    );
}
