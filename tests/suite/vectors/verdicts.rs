//! Whole verdicts, in process: a repository from a stream, a store folder, the gate.

use countersign::change::CommitId;
use countersign::gate::{Chains, Gate, Judging, PublishedKeys, Undecided, Verdict};
use countersign::store::{FolderStore, Limits, Store};
use serde_json::{Value, json};

use super::{Answer, Input, Outcome};
use crate::support::{Repo, git_with_input};

const FIELDS: [&str; 10] = [
    "history",
    "store",
    "root",
    "target",
    "tip",
    "range",
    "change",
    "trust",
    "now",
    "publishedKeys",
];

pub fn operate(operation: &str, input: Input<'_>) -> Option<Outcome> {
    (operation == "verdict").then(|| match judge(input.only(&FIELDS)) {
        Ok(verdict) => outcome(&verdict),
        Err(undecided) => Outcome {
            result: Answer::Undecided,
            ..Outcome::refused(Some(&undecided.code.to_string()))
        },
    })
}

fn commit(input: Input<'_>) -> CommitId {
    input.str().parse().unwrap()
}

/// The repository that the stream makes.
fn repository(input: Input<'_>) -> Repo {
    let repo = Repo::with(&["init", "-q", "-b", "main", "--object-format=sha1"]);
    let stream = input.field("history").bytes();
    git_with_input(&repo.path, &["fast-import", "--quiet"], &stream);
    repo
}

/// A folder with the store's files.
fn store(input: Input<'_>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, file) in input.field("store").fields() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.bytes()).unwrap();
    }
    folder
}

fn judge(input: Input<'_>) -> Result<Verdict, Undecided> {
    let (repo, folder) = (repository(input), store(input));
    let (scope, ends) = match (input.optional("range"), input.optional("change")) {
        (Some(range), None) => ("range", range),
        (None, Some(change)) => ("change", change),
        _ => panic!("either range or change"),
    };
    let [base, head] = ends.list().collect::<Vec<_>>().try_into().ok().unwrap();
    let base = (!base.value.is_null()).then(|| commit(base));
    let head = commit(head);
    let now = input.field("now").str().parse().unwrap();
    let published = match input.field("publishedKeys").value.as_bool().unwrap() {
        true => PublishedKeys::Allowed,
        false => PublishedKeys::Refused,
    };
    // The trees that may hold the version that judges: SPEC 5.5.
    let candidates = match input.optional("trust") {
        Some(trust) => trust.list().map(commit).collect(),
        None => vec![head.clone()],
    };
    let history = repo.open();
    let root = input.field("root").str().parse().unwrap();
    let judging = Judging::find(&Chains::new(&history, root), &candidates, published, now)?;
    let store = Store::Folder(FolderStore::new(folder.path().to_owned()));
    let snapshot = store.open().unwrap();
    let gate = Gate {
        sigstore: None,
        progress: &(),
        history: &history,
        store: &snapshot,
        store_limits: Limits::default(),
        judging: &judging,
        target: input.field("target").str().to_owned(),
        target_tip: Some(commit(input.field("tip"))),
        branches: Vec::new(),
        accepted_lines: Vec::new(),
        after: None,
        stage: None,
        now,
    };
    match scope {
        "range" => gate.judge_range(base.as_ref(), &head),
        _ => gate.judge_change(&base.unwrap(), &head),
    }
}

fn outcome(verdict: &Verdict) -> Outcome {
    let report = countersign::report::json(verdict);
    let report: Value = serde_json::from_str(&report).unwrap();
    let units = report["units"].as_array().unwrap().iter().map(|unit| {
        let statements = unit["statements"].as_array().unwrap().iter();
        let mut statements: Vec<_> = statements
            .map(|shown| json!({ "bundle": shown["bundle"], "code": shown["code"] }))
            .collect();
        statements.sort_by_key(|shown| shown["bundle"].to_string());
        json!({
            "commit": unit["commit"],
            "group": unit["group"],
            "coverage": unit["coverage"],
            "codes": unit["codes"],
            "statements": statements,
        })
    });
    let mut out = json!({ "units": units.collect::<Vec<_>>() });
    if verdict.verified {
        return Outcome::ok(out);
    }
    out["waiting"] = json!(verdict.waiting);
    Outcome {
        out: Some(out),
        ..Outcome::refused(None)
    }
}
