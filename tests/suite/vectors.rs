//! The test vectors of `tests/vectors`, run against the library. Their README.md is the format.

mod formats;
mod judging;
mod rules;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::run;

const SPEC: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/SPEC.md"));

/// Every file of cases, and how many it must have at least: an emptied file proves nothing.
const LAYERS: [(&str, usize); 20] = [
    ("manifest", 60),
    ("path", 50),
    ("composition", 20),
    ("merge", 400),
    ("json", 60),
    ("base64", 20),
    ("pae", 8),
    ("bundle", 80),
    ("declaration", 380),
    ("sign-off", 210),
    ("trust", 160),
    ("ed25519", 85),
    ("chain", 45),
    ("genuine", 45),
    ("evidence", 80),
    ("authors", 13),
    ("glob", 45),
    ("files", 50),
    ("policy", 65),
    ("verdict", 80),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    #[serde(default)]
    texts: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    clause: String,
    #[serde(rename = "do")]
    operation: String,
    input: Value,
    result: Answer,
    code: Option<String>,
    twin: Option<String>,
    out: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok,
    Refused,
    Undecided,
}

/// What an operation answers.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: Answer,
    code: Option<String>,
    out: Option<Value>,
}

impl Outcome {
    fn ok(out: Value) -> Self {
        Self {
            result: Answer::Ok,
            code: None,
            out: Some(out),
        }
    }

    fn refused(code: Option<&str>) -> Self {
        Self {
            result: Answer::Refused,
            code: code.map(str::to_owned),
            out: None,
        }
    }

    /// What was read, or a refusal with this code.
    fn of<T, E>(read: Result<T, E>, code: Option<&str>, out: impl FnOnce(T) -> Value) -> Self {
        match read {
            Ok(value) => Self::ok(out(value)),
            Err(_) => Self::refused(code),
        }
    }
}

/// The input of a case, or a part of it.
#[derive(Clone, Copy)]
struct Input<'a> {
    value: &'a Value,
    texts: &'a BTreeMap<String, String>,
}

impl<'a> Input<'a> {
    fn at(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// A field that must stand.
    fn field(self, name: &str) -> Self {
        self.optional(name)
            .unwrap_or_else(|| panic!("no {name} in {}", self.value))
    }

    fn optional(self, name: &str) -> Option<Self> {
        self.value.get(name).map(|value| self.at(value))
    }

    /// Refuses fields that the operation doesn't know.
    fn only(self, known: &[&str]) -> Self {
        for name in self.value.as_object().unwrap().keys() {
            assert!(known.contains(&name.as_str()), "unknown input {name}");
        }
        self
    }

    fn str(self) -> &'a str {
        self.value
            .as_str()
            .unwrap_or_else(|| panic!("{} is no text", self.value))
    }

    fn list(self) -> impl Iterator<Item = Self> {
        let values = self.value.as_array().unwrap().iter();
        values.map(move |value| self.at(value))
    }

    fn fields(self) -> impl Iterator<Item = (&'a str, Self)> {
        let fields = self.value.as_object().unwrap().iter();
        fields.map(move |(name, value)| (name.as_str(), self.at(value)))
    }

    /// The bytes that an expression stands for.
    fn bytes(self) -> Vec<u8> {
        if let Some(text) = self.value.as_str() {
            return text.as_bytes().to_vec();
        }
        let names: BTreeSet<_> = self.fields().map(|(name, _)| name).collect();
        let names: Vec<_> = names.into_iter().collect();
        match *names {
            ["base64"] => STANDARD.decode(self.field("base64").str()).unwrap(),
            ["file"] => std::fs::read(folder().join(self.field("file").str())).unwrap(),
            ["join"] => self.field("join").list().flat_map(Self::bytes).collect(),
            ["repeat", "times"] => {
                let times = self.field("times").value.as_u64().unwrap();
                self.field("repeat")
                    .bytes()
                    .repeat(usize::try_from(times).unwrap())
            }
            ["of"] => self.named().as_bytes().to_vec(),
            ["by", "of", "replace"] => {
                let (text, old) = (self.named(), self.field("replace").str());
                assert_eq!(text.matches(old).count(), 1, "{old} stands once");
                let (before, after) = text.split_once(old).unwrap();
                let by = self.field("by").bytes();
                [before.as_bytes(), &by, after.as_bytes()].concat()
            }
            _ => panic!("{} stands for no bytes", self.value),
        }
    }

    fn named(self) -> &'a str {
        &self.texts[self.field("of").str()]
    }

    /// The bytes as text; every such input is UTF-8.
    fn text(self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

/// Bytes as the vectors show them: as text where they are UTF-8.
fn shown(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn read(layer: &str) -> Layer {
    let path = folder().join(format!("{layer}.json"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn operate(operation: &str, input: Input<'_>) -> Outcome {
    formats::operate(operation, input)
        .or_else(|| judging::operate(operation, input))
        .or_else(|| rules::operate(operation, input))
        .or_else(|| verdicts::operate(operation, input))
        .unwrap_or_else(|| panic!("unknown operation {operation}"))
}

/// Runs a layer's cases and fails with all that came out otherwise.
fn run_layer(name: &str) {
    let layer = read(name);
    let mut wrong = Vec::new();
    for case in &layer.cases {
        println!("{name}: {}", case.name);
        let input = Input {
            value: &case.input,
            texts: &layer.texts,
        };
        let expected = Outcome {
            result: case.result,
            code: case.code.clone(),
            out: case.out.clone(),
        };
        let found = operate(&case.operation, input);
        if found != expected {
            wrong.push(format!(
                "{name}: {} (SPEC {})\n  expected {expected:?}\n  found    {found:?}",
                case.name, case.clause
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

macro_rules! layers {
    ($($test:ident: $($layer:literal),+;)+) => {$(
        #[test]
        fn $test() {
            for layer in [$($layer),+] {
                run_layer(layer);
            }
        }
    )+};
}

layers! {
    changes_are_read_composed_and_inverted_as_the_vectors_say: "manifest", "path", "composition";
    bytes_are_read_as_the_vectors_say: "json", "base64", "pae", "bundle";
    statements_are_read_as_the_vectors_say: "declaration", "sign-off", "trust";
    signatures_and_trust_versions_are_verified_as_the_vectors_say: "ed25519", "chain", "genuine";
    commits_and_policies_are_read_as_the_vectors_say: "evidence", "authors", "glob", "files", "policy";
    repositories_are_judged_as_the_vectors_say: "verdict";
}

#[test]
fn every_file_of_cases_is_run_and_none_was_emptied() {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        found.extend(name.strip_suffix(".json").map(str::to_owned));
    }
    let listed = LAYERS.map(|(name, _)| name.to_owned());
    assert_eq!(found, BTreeSet::from(listed));
    for (name, least) in LAYERS {
        let count = read(name).cases.len();
        assert!(count >= least, "{name} has {count} cases");
    }
}

#[test]
fn every_case_that_is_not_ok_has_a_passing_twin_and_every_clause_stands() {
    for (name, _) in LAYERS {
        let cases = read(name).cases;
        let names: BTreeSet<_> = cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), cases.len(), "{name}: a name stands twice");
        for case in &cases {
            let clause = &case.clause;
            let starts = [
                format!("\n### {clause} "),
                format!("\n## {clause}. "),
                format!("\n{clause} "),
            ];
            let stands = starts.iter().any(|start| SPEC.contains(start));
            assert!(stands, "{name}: {}: no clause {clause}", case.name);
            let twin = cases
                .iter()
                .find(|other| Some(&other.name) == case.twin.as_ref());
            let expected = (case.result != Answer::Ok).then_some((Answer::Ok, &case.operation));
            let found = twin.map(|twin| (twin.result, &twin.operation));
            assert_eq!(found, expected, "{name}: {}", case.name);
        }
    }
}

#[test]
fn an_unknown_key_or_result_is_no_case() {
    let case = json!({ "name": "x", "clause": "1.1", "do": "pae", "input": "", "result": "ok" });
    let reads = |case: &Value| serde_json::from_value::<Case>(case.clone()).is_ok();
    assert!(reads(&case));
    for (key, value) in [("result", json!("passed")), ("unknown", json!(1))] {
        let mut case = case.clone();
        case[key] = value;
        assert!(!reads(&case), "{key}");
    }
}

#[test]
fn an_independent_script_makes_the_vectors() {
    let made = tempfile::tempdir().unwrap();
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let script = folder().join("make");
    run(Command::new(python)
        .arg("-B")
        .args([&script, made.path()])
        .env("PYTHONUTF8", "1"))
    .ok();
    for (name, _) in LAYERS {
        let name = format!("{name}.json");
        let remade = std::fs::read(made.path().join(&name)).unwrap();
        let same = remade == std::fs::read(folder().join(&name)).unwrap();
        assert!(
            same,
            "{name} is not what python -B tests/vectors/make tests/vectors writes"
        );
    }
}
