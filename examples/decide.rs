//! Asks policies about facts, for `scripts/compare-decisions`. Reads a line with `roster` and `policy` as JSON, then lines
//! of facts up to an empty one, and so on until the end of stdin; writes for each what is unmet.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use countersign::ai::Extent;
use countersign::change::RepoPath;
use countersign::policy::{
    Approval, Enforce, Facts, Missing, Policy, Proofs, evaluate, in_emergency,
};
use countersign::roster::Roster;
use serde_json::{Value, json};

fn main() -> ExitCode {
    match decide_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn decide_all() -> Result<(), Box<dyn Error>> {
    let input = BufReader::new(std::io::stdin().lock());
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut files: Option<(Roster, Policy)> = None;
    for line in input.lines() {
        let line = line?;
        if line.is_empty() {
            files = None;
            continue;
        }
        let value: Value = serde_json::from_str(&line)?;
        let Some((roster, policy)) = &files else {
            let text = |key: &str| {
                value
                    .get(key)
                    .and_then(Value::as_str)
                    .ok_or("no text")
                    .map(str::to_owned)
            };
            let told = |errors: Vec<_>| format!("{errors:?} in {line}");
            let roster = Roster::parse(&text("roster")?, "roster.toml").map_err(told)?;
            let policy = Policy::parse(&text("policy")?, "policy.toml").map_err(told)?;
            files = Some((roster, policy));
            continue;
        };
        writeln!(output, "{}", decide(roster, policy, &facts(&value)?))?;
    }
    output.flush()?;
    Ok(())
}

fn decide(roster: &Roster, policy: &Policy, facts: &Facts) -> Value {
    let decision = evaluate(policy, roster, facts);
    let unmet = decision.unmet.iter().map(|found| {
        let rule = policy.rules.get(found.rule).map(|rule| &rule.name);
        let (missing, signers) = match &found.missing {
            Missing::Forbidden => ("forbidden", None),
            Missing::Declaration => ("declaration", None),
            Missing::SignOffs(missing) => ("signOffs", Some(missing.signers)),
        };
        json!([rule, missing, signers, found.enforce == Enforce::Warn])
    });
    json!({
        "extent": decision.extent,
        "unmet": unmet.collect::<Vec<_>>(),
        "inEmergency": in_emergency(policy, roster, facts),
    })
}

fn names(value: &Value, key: &str) -> BTreeSet<String> {
    let names = value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn approvals(value: &Value) -> BTreeMap<String, Vec<Approval>> {
    let all = value.get("approvals").and_then(Value::as_object);
    let all = all.into_iter().flatten();
    all.map(|(who, given)| {
        let given = given.as_array().into_iter().flatten();
        (who.clone(), given.map(approval).collect())
    })
    .collect()
}

fn approval(value: &Value) -> Approval {
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    Approval {
        age: value
            .get("age")
            .and_then(Value::as_u64)
            .map(Duration::from_secs),
        proofs: Proofs {
            presence: flag("presence"),
            user_verification: flag("userVerification"),
            timestamp: flag("timestamp"),
        },
    }
}

fn facts(value: &Value) -> Result<Facts, Box<dyn Error>> {
    let extent = |key: &str| -> Result<Option<Extent>, Box<dyn Error>> {
        let word = value.get(key).and_then(Value::as_str);
        Ok(word.map(str::parse).transpose().map_err(|_| "no extent")?)
    };
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let paths = names(value, "paths").into_iter().map(RepoPath::new);
    Ok(Facts {
        paths: paths.collect::<Result<_, _>>()?,
        files: value
            .get("files")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        lines: value.get("lines").and_then(Value::as_u64),
        exempt: flag("exempt"),
        automated: flag("automated"),
        evidence: extent("evidence")?,
        declared: extent("declared")?,
        tools: names(value, "tools"),
        models: names(value, "models"),
        agent_wrote: flag("agentWrote"),
        claimed: names(value, "claimed"),
        claims_unknown: flag("unknownAuthor"),
        proven: names(value, "proven"),
        approvals: approvals(value),
        emergencies: names(value, "emergencies"),
        merged: flag("merged"),
        stage: value
            .get("stage")
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Facts::default()
    })
}
