//! Full statements for the tests: every optional field set, every array filled.

use serde_json::{Value, json};

use super::*;
use crate::ai::{
    Agent, AgentRole, AiAssistance, AttributedRange, Contradiction, Evidence, EvidenceSource,
    Extent, FileLines, LineBy, Lines, Strength,
};
use crate::change::{CommitId, sha256};

pub(in crate::attestation) const FINGERPRINT: &str =
    "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

fn commit(digit: &str) -> CommitId {
    digit.repeat(40).parse().unwrap()
}

fn change() -> Change {
    Change {
        repository: "code.example/payments".to_owned(),
        targets: vec![Target {
            name: "refs/heads/main".to_owned(),
            tip: commit("a"),
        }],
        base: commit("b"),
        head: "c".repeat(64).parse().unwrap(),
        landed: Some(commit("d")),
        commits: Some(vec![sha256(b"first"), sha256(b"second")]),
        files: 3,
        insertions: 120,
        deletions: u64::MAX,
    }
}

fn authors() -> Vec<Author> {
    let named = |id: Option<&str>, role| Author {
        name: Some("Ada Example".to_owned()),
        email: Some("ada@code.example".to_owned()),
        id: id.map(str::to_owned),
        role,
    };
    vec![
        named(Some("ada"), AuthorRole::Author),
        named(None, AuthorRole::CoAuthor),
        named(Some("ada"), AuthorRole::Declarant),
    ]
}

fn ai_assistance() -> AiAssistance {
    AiAssistance {
        extent: Some(Extent::Generated),
        declared: Some(Extent::Assisted),
        agents: vec![Agent {
            id: "a1".to_owned(),
            tool: "Claude Code".to_owned(),
            tool_version: Some("2.1".to_owned()),
            model: Some("claude-opus-4-7".to_owned()),
            model_provider: Some("anthropic".to_owned()),
            session_id: Some("f286".to_owned()),
            session_url: Some("https://code.example/s/1".to_owned()),
            operator: Some("Ada Example <ada@code.example>".to_owned()),
            role: AgentRole::Coauthor,
        }],
        lines: Some(Lines {
            ai: 3,
            human: 1,
            unknown: u64::MAX,
        }),
        files: vec![FileLines {
            path: "src/a b.rs".to_owned(),
            ai_lines: 3,
            ranges: vec![
                AttributedRange {
                    start: 1,
                    end: 3,
                    by: LineBy::Ai,
                    agent: Some("a1".to_owned()),
                },
                AttributedRange {
                    start: 9,
                    end: 9,
                    by: LineBy::Human,
                    agent: None,
                },
            ],
        }],
        evidence: vec![Evidence {
            rule: "claude-code/co-author".to_owned(),
            source: EvidenceSource::GitAiNote,
            commit: Some(commit("c")),
            reference: Some("refs/notes/ai".to_owned()),
            line: Some(7),
            sha256: sha256(b"line"),
            strength: Strength::Strong,
            extent: Extent::Generated,
            agent: Some("a1".to_owned()),
        }],
        contradictions: vec![Contradiction {
            declared: Extent::Assisted,
            evidence: Extent::Generated,
            rule: "claude-code/co-author".to_owned(),
        }],
    }
}

pub(in crate::attestation) fn sign_off() -> Statement<SignOff> {
    Statement {
        subject: sha256(b"manifest"),
        predicate: SignOff {
            change: change(),
            authors: authors(),
            ai_assistance: ai_assistance(),
            declarations: vec![sha256(b"declaration")],
            review: Review {
                decision: Decision::Approved,
                comment: Some("Read twice: \"fine\".\nÄ".to_owned()),
                evidence: vec![Link {
                    uri: "https://code.example/payments/pull/7".to_owned(),
                    sha256: Some(sha256(b"page")),
                }],
                replaces: vec![sha256(b"older")],
                interactive: true,
            },
            blast_radius: Some(json!({"level": "high", "dependents": 14, "share": 0.5})),
            policy: PolicyShown {
                trust_version: 4,
                sha256: sha256(b"policy"),
            },
            signer: PersonClaim {
                id: "grace".to_owned(),
            },
            signed_on: "2026-11-02T09:30:00Z".parse().unwrap(),
            emergency: Some(EmergencyClaim {
                incident: "INC-7".to_owned(),
                reason: "Payments are down.".to_owned(),
                follow_up_by: "2026-11-05T09:30:00.5Z".parse().unwrap(),
            }),
        },
    }
}

pub(in crate::attestation) fn declaration() -> Statement<Declaration> {
    Statement {
        subject: sha256(b"manifest"),
        predicate: Declaration {
            change: change(),
            authors: authors(),
            author: PersonClaim {
                id: "ada".to_owned(),
            },
            ai_assistance: ai_assistance(),
            reason: Some("Faster to write.".to_owned()),
            tickets: vec!["PAY-12".to_owned()],
            asked: vec!["grace".to_owned()],
            declared_on: "2026-11-02T09:00:00Z".parse().unwrap(),
        },
    }
}

/// Version 2, so that it has a `previous`.
pub(in crate::attestation) fn trust() -> Statement<TrustMetadata> {
    Statement {
        subject: TrustFiles {
            roster: sha256(b"roster"),
            policy: sha256(b"policy"),
        },
        predicate: TrustMetadata {
            version: 2,
            previous: Some(sha256(b"version 1")),
            issued_on: "2026-11-02T09:00:00Z".parse().unwrap(),
            expires_on: "2027-12-02T09:00:00Z".parse().unwrap(),
            admins: vec![
                Admin {
                    id: "grace".to_owned(),
                    keys: vec!["ssh-ed25519 AAAA1".to_owned()],
                },
                Admin {
                    id: "linus".to_owned(),
                    keys: vec!["ssh-ed25519 AAAA2".to_owned()],
                },
            ],
            threshold: 2,
            checkpoints: vec![Checkpoint {
                name: "refs/heads/main".to_owned(),
                git_commit: commit("e"),
            }],
            excused: vec![Excused {
                git_commit: commit("f"),
                reason: "Undone an hour later.".to_owned(),
            }],
            replaces: None,
        },
    }
}

/// Version 1 of a new root after a lost threshold.
pub(in crate::attestation) fn new_root() -> Statement<TrustMetadata> {
    let mut statement = trust();
    statement.predicate.version = 1;
    statement.predicate.previous = None;
    statement.predicate.replaces = Some(sha256(b"version 9"));
    statement
}

/// A statement as JSON, to be broken.
pub(in crate::attestation) fn json_of<P: Predicate>(statement: &Statement<P>) -> Value {
    serde_json::from_slice(&statement.to_payload().unwrap()).unwrap()
}

/// `document` with the value at `pointer` replaced, or added where its parent is an object.
pub(in crate::attestation) fn with(document: &Value, pointer: &str, value: Value) -> Vec<u8> {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => {
            fields.insert(key.to_owned(), value);
        }
        Value::Array(values) => values[key.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    document.to_string().into_bytes()
}

/// `document` without the field at `pointer`.
pub(in crate::attestation) fn without(document: &Value, pointer: &str) -> Vec<u8> {
    let mut document = document.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(key).unwrap();
    document.to_string().into_bytes()
}

/// The text with the one occurrence of `old` replaced.
pub(in crate::attestation) fn replace_once(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert_eq!(text.matches(old).count(), 1, "{old} in {text}");
    text.replace(old, new).into_bytes()
}

/// Asserts that `result` is an error of this kind at this path.
#[track_caller]
pub(in crate::attestation) fn refused<T: std::fmt::Debug>(
    result: Result<T, AttestationError>,
    path: &str,
    kind: ErrorKind,
) {
    let expected = AttestationError {
        path: path.to_owned(),
        kind,
    };
    assert_eq!(result.unwrap_err(), expected);
}

/// The path in errors of the value at a JSON pointer.
pub(in crate::attestation) fn path_of(pointer: &str) -> String {
    pointer
        .split('/')
        .skip(1)
        .fold("$".to_owned(), |path, step| match step.parse::<usize>() {
            Ok(index) => format!("{path}[{index}]"),
            Err(_) => format!("{path}.{step}"),
        })
}
