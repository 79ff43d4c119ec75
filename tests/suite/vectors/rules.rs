//! The operations over roster, policy and what commits tell.

use std::collections::BTreeMap;

use countersign::ai::{AgentTable, ClaimedRole, Extent, assess};
use countersign::change::{Commit, Glob, Identity, RepoPath};
use countersign::gate::{read_texts, refuse_unsupported};
use countersign::policy::{
    Approval, Enforce, Facts, Missing, Policy, Proofs, evaluate, in_emergency,
};
use countersign::roster::Roster;
use serde_json::{Value, json};

use super::{Answer, Input, Outcome, shown};

pub fn operate(operation: &str, input: Input<'_>) -> Option<Outcome> {
    Some(match operation {
        "glob" => glob(input.only(&["glob", "paths"])),
        "trust.files" => files(input.only(&["roster", "policy"])),
        "policy.decide" => decide(input.only(&["roster", "policy", "facts"])),
        "evidence.read" => evidence(input.only(&["commits", "declared"])),
        "authors.read" => authors(input),
        _ => return None,
    })
}

fn path(input: Input<'_>) -> RepoPath {
    RepoPath::new(input.bytes()).unwrap()
}

fn glob(input: Input<'_>) -> Outcome {
    Outcome::of(Glob::new(input.field("glob").str()), None, |glob| {
        let paths = input.field("paths").list().map(path);
        let matches = paths.filter(|path| glob.matches(path));
        let matches: Vec<_> = matches.map(|path| shown(path.as_bytes())).collect();
        json!({ "matches": matches })
    })
}

fn files(input: Input<'_>) -> Outcome {
    let [roster, policy] = ["roster", "policy"].map(|name| input.field(name).bytes());
    let read = read_texts(&roster, &policy).and_then(|(_, policy)| refuse_unsupported(&policy));
    match read {
        Ok(()) => Outcome {
            out: None,
            ..Outcome::ok(Value::Null)
        },
        Err(undecided) => Outcome {
            result: Answer::Undecided,
            ..Outcome::refused(Some(&undecided.code.to_string()))
        },
    }
}

fn extent(input: Input<'_>) -> Option<Extent> {
    input.value.as_str().map(|word| word.parse().unwrap())
}

/// What is said of a group.
const FACTS: [&str; 17] = [
    "paths",
    "claimed",
    "unknownAuthor",
    "proven",
    "approvals",
    "declared",
    "evidence",
    "files",
    "lines",
    "exempt",
    "automated",
    "tools",
    "models",
    "agentWrote",
    "merged",
    "stage",
    "emergencies",
];

fn approvals(input: Input<'_>) -> BTreeMap<String, Vec<Approval>> {
    let all = input.value.as_object().unwrap().keys();
    let all = all.map(|who| {
        let given = input.field(who).list();
        (who.clone(), given.map(approval).collect())
    });
    all.collect()
}

fn approval(input: Input<'_>) -> Approval {
    let given = input.only(&["age", "presence", "userVerification", "timestamp"]);
    let flag = |name| {
        let flag = given.optional(name);
        flag.is_some_and(|flag| flag.value.as_bool().unwrap())
    };
    let age = given.optional("age").map(|age| age.value.as_u64().unwrap());
    Approval {
        age: age.map(std::time::Duration::from_secs),
        proofs: Proofs {
            presence: flag("presence"),
            user_verification: flag("userVerification"),
            timestamp: flag("timestamp"),
        },
    }
}

fn facts(input: Input<'_>) -> Facts {
    let given = input.only(&FACTS);
    let names = |name| {
        let names = given.optional(name).into_iter().flat_map(Input::list);
        names.map(|name| name.str().to_owned()).collect()
    };
    let flag = |name| {
        given
            .optional(name)
            .is_some_and(|flag| flag.value.as_bool().unwrap())
    };
    let number = |name| given.optional(name).map(|number| number.value.as_u64());
    let people = |name| {
        let people = given.field(name).list();
        people.map(|person| person.str().to_owned()).collect()
    };
    Facts {
        paths: given.field("paths").list().map(path).collect(),
        claimed: people("claimed"),
        claims_unknown: given.field("unknownAuthor").value.as_bool().unwrap(),
        proven: people("proven"),
        approvals: approvals(given.field("approvals")),
        declared: extent(given.field("declared")),
        evidence: extent(given.field("evidence")),
        files: number("files").flatten().unwrap_or_default(),
        // Absent there are none; null is more than any number.
        lines: number("lines").unwrap_or(Some(0)),
        exempt: flag("exempt"),
        automated: flag("automated"),
        tools: names("tools"),
        models: names("models"),
        agent_wrote: flag("agentWrote"),
        merged: flag("merged"),
        stage: given.optional("stage").map(|stage| stage.str().to_owned()),
        emergencies: names("emergencies"),
        ..Facts::default()
    }
}

fn decide(input: Input<'_>) -> Outcome {
    let roster = Roster::parse(&input.field("roster").text(), "roster.toml").unwrap();
    let policy = Policy::parse(&input.field("policy").text(), "policy.toml").unwrap();
    let facts = facts(input.field("facts"));
    let decision = evaluate(&policy, &roster, &facts);
    let mut unmet = Vec::new();
    for found in &decision.unmet {
        let mut told = json!({ "rule": policy.rules[found.rule].name });
        match &found.missing {
            Missing::Forbidden => told["missing"] = json!("forbidden"),
            Missing::Declaration => told["missing"] = json!("declaration"),
            Missing::SignOffs(missing) => {
                told["missing"] = json!("signOffs");
                told["signers"] = json!(missing.signers);
                told["teams"] = json!(missing.teams);
            }
        }
        if found.enforce == Enforce::Warn {
            told["warns"] = json!(true);
        }
        unmet.push(told);
    }
    let result = if decision.passes() {
        Answer::Ok
    } else {
        Answer::Refused
    };
    let mut out = json!({ "extent": decision.extent, "unmet": unmet });
    if !facts.emergencies.is_empty() {
        out["inEmergency"] = json!(in_emergency(&policy, &roster, &facts));
    }
    Outcome {
        result,
        code: None,
        out: Some(out),
    }
}

fn identity(input: Input<'_>) -> Identity {
    let input = input.only(&["name", "email"]);
    Identity {
        name: input.field("name").str().to_owned(),
        email: input.field("email").str().to_owned(),
    }
}

/// A commit whose id is its number.
fn commit(number: usize, input: Input<'_>) -> Commit {
    let input = input.only(&["author", "committer", "message"]);
    Commit {
        id: format!("{number:040}").parse().unwrap(),
        parents: Vec::new(),
        author: identity(input.field("author")),
        committer: identity(input.field("committer")),
        committed_at: 0,
        message: input.field("message").text(),
    }
}

fn evidence(input: Input<'_>) -> Outcome {
    let commits = input.field("commits").list().enumerate();
    let commits: Vec<_> = commits
        .map(|(number, given)| commit(number, given))
        .collect();
    let ai = assess(
        extent(input.field("declared")),
        &AgentTable::builtin().read_commits(&commits),
    );
    let mut traces = ai.evidence;
    traces.sort_by_key(|trace| (trace.rule.clone(), trace.line));
    let traces: Vec<_> = traces
        .iter()
        .map(|trace| {
            json!({
                "rule": trace.rule,
                "source": trace.source,
                "line": trace.line,
                "sha256": trace.sha256,
                "strength": trace.strength,
                "extent": trace.extent,
            })
        })
        .collect();
    Outcome::ok(json!({
        "extent": ai.extent,
        "traces": traces,
        "contradictions": ai.contradictions,
    }))
}

fn authors(input: Input<'_>) -> Outcome {
    let claimed = AgentTable::builtin().claimed_people(&commit(0, input));
    let people: Vec<_> = claimed
        .people
        .iter()
        .map(|(who, role)| {
            let role = match role {
                ClaimedRole::Author => "author",
                ClaimedRole::CoAuthor => "coAuthor",
                ClaimedRole::Operator => "operator",
            };
            json!({ "name": who.name, "email": who.email, "as": role })
        })
        .collect();
    let agents: Vec<_> = claimed.agents.iter().map(|(who, _)| &who.email).collect();
    Outcome::ok(json!({ "people": people, "agents": agents }))
}
