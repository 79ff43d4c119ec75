use super::*;
use crate::change::sha256;

fn summary() -> Summary {
    Summary {
        gate: "release".to_owned(),
        repository: "code.example/acme/pay".to_owned(),
        target: "refs/heads/main".to_owned(),
        head: "8aa0f52d".repeat(5).parse().unwrap(),
        artifacts: vec![("pay.tar.gz".to_owned(), sha256(b"pay"))],
        verified_on: "2025-11-24T10:00:00Z".parse().unwrap(),
        policy: sha256(b"policy"),
        inputs: vec![sha256(b"one"), sha256(b"two")],
        passed: true,
        base: Some("c03d11e0".repeat(5).parse().unwrap()),
        root: sha256(b"root"),
        trust_version: 12,
        stage: None,
        units: 41,
        debts: 0,
        tool_version: "0.1.0".to_owned(),
    }
}

#[test]
fn what_is_written_is_read_again() {
    let all = summary();
    let failed = Summary {
        passed: false,
        base: None,
        stage: Some("global".to_owned()),
        artifacts: Vec::new(),
        inputs: Vec::new(),
        debts: 2,
        ..summary()
    };
    for summary in [all, failed] {
        let payload = summary.to_payload().unwrap();
        assert_eq!(Summary::parse(&payload), Ok(summary));
    }
}

/// Whether the schema and the reader both take a statement, or neither does.
fn agreed(statement: &Value) -> bool {
    let schema = include_str!("../../schemas/verification-summary-v1.schema.json");
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let valid = schema.is_valid(statement);
    let read = Summary::parse(statement.to_string().as_bytes());
    assert_eq!(valid, read.is_ok(), "{read:?}: {statement}");
    valid
}

#[test]
fn schema_and_reader_agree_on_what_is_missing_or_null() {
    let whole: Value = serde_json::from_slice(&summary().to_payload().unwrap()).unwrap();
    assert!(agreed(&whole));
    let extension = "/predicate/https:~1~1countersign.dev~1verdict~1v1";
    let mut wrong = 0;
    for parent in [
        "",
        "/subject/0",
        "/subject/0/digest",
        "/subject/1",
        "/predicate/verifier",
        extension,
    ] {
        let fields = whole.pointer(parent).unwrap().as_object().unwrap();
        for key in fields.keys() {
            let mut missing = whole.clone();
            let object = missing
                .pointer_mut(parent)
                .unwrap()
                .as_object_mut()
                .unwrap();
            object.remove(key);
            wrong += usize::from(!agreed(&missing));
            let mut null = whole.clone();
            null.pointer_mut(parent).unwrap()[key] = Value::Null;
            // SLSA's own fields that nobody here reads may be anything.
            if key != "annotations" {
                wrong += usize::from(!agreed(&null));
            }
        }
    }
    assert!(wrong > 30, "{wrong}");
}

#[test]
fn only_what_passed_without_a_debt_claims_to_be_countersigned() {
    let levels = |passed, debts| {
        let summary = Summary {
            passed,
            debts,
            ..summary()
        };
        let payload = summary.to_payload().unwrap();
        let value: Value = serde_json::from_slice(&payload).unwrap();
        value["predicate"]["verifiedLevels"].clone()
    };
    assert_eq!(levels(true, 0), json!(["ORG_SOURCE_COUNTERSIGNED"]));
    assert_eq!(levels(true, 1), json!(["ORG_SOURCE_COUNTERSIGN_EMERGENCY"]));
    assert_eq!(levels(false, 0), json!(["FAILED"]));
}

#[test]
fn more_inputs_than_are_listed_are_not_listed_at_all() {
    let inputs: Vec<_> = (0..1_001_u32).map(|n| sha256(&n.to_be_bytes())).collect();
    for (number, listed) in [(1_000, true), (1_001, false)] {
        let summary = Summary {
            inputs: inputs.iter().take(number).copied().collect(),
            ..summary()
        };
        let text = String::from_utf8(summary.to_predicate().unwrap()).unwrap();
        assert_eq!(text.contains("inputAttestations"), listed);
    }
}

#[test]
fn a_wrong_field_is_told_by_its_path() {
    let text = String::from_utf8(summary().to_payload().unwrap()).unwrap();
    Summary::parse(text.as_bytes()).unwrap();
    let cases = [
        (
            "in-toto.io/Statement/v1",
            "in-toto.io/Statement/v2",
            "$._type",
        ),
        (
            "verification_summary/v1",
            "verification_summary/v2",
            "$.predicateType",
        ),
        ("\"gitCommit\"", "\"sha1\"", "$.subject[0].digest"),
        ("\"complete\"", "\"range\"", "scope"),
        ("\"PASSED\"", "\"OK\"", "verificationResult"),
        (
            "countersign.dev/gate/release",
            "countersign.dev/gate/",
            "verifier.id",
        ),
        ("\"debts\":0", "\"debts\":-1", "debts"),
        ("\"trustVersion\":12", "\"trustVersion\":0", "trustVersion"),
    ];
    for (from, to, path) in cases {
        assert!(text.contains(from), "{from}");
        let error = Summary::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains(path), "{from}: {error}");
    }
}
