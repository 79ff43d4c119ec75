//! Formats that CI systems read: SARIF 2.1.0, JUnit's XML and GitLab's Code Quality.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::problems::{Answer, Problem, problems};
use crate::codes::Code;
use crate::gate::{Effect, POLICY_PATH, UnitVerdict};
use crate::text::escape;

const NAME: &str = "countersign";

/// SARIF 2.1.0: a result for each finding, at the rule that asks.
pub(super) fn sarif(answer: Answer<'_>) -> String {
    let problems = problems(answer);
    let codes: BTreeSet<Code> = problems.iter().map(|problem| problem.code).collect();
    let rules: Vec<_> = codes.iter().map(rule).collect();
    let results: Vec<_> = problems.iter().map(result).collect();
    let notifications = match answer {
        Answer::Verdict(..) => json!([]),
        Answer::Undecided(undecided) => json!([{
            "level": "error",
            "descriptor": { "id": undecided.code },
            "message": { "text": escape(&undecided.message, 1_000) },
        }]),
    };
    let invocation = json!({
        "executionSuccessful": matches!(answer, Answer::Verdict(..)),
        "toolExecutionNotifications": notifications,
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": NAME, "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [invocation],
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn rule(code: &Code) -> Value {
    let entry = code.entry();
    json!({
        "id": code,
        "shortDescription": { "text": entry.title },
        "fullDescription": { "text": entry.meaning },
        "help": { "text": entry.repair },
    })
}

fn result(problem: &Problem) -> Value {
    let level = match problem.effect {
        Effect::Refuses | Effect::Waits => "error",
        Effect::Warns => "warning",
    };
    json!({
        "ruleId": problem.code,
        "level": level,
        "message": { "text": problem.text.trim_end() },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": POLICY_PATH },
            "region": { "startLine": problem.line },
        } }],
        "partialFingerprints": { "countersign/v1": problem.fingerprint },
    })
}

/// GitLab's Code Quality: an issue for each finding.
pub(super) fn gitlab(answer: Answer<'_>) -> String {
    let issue = |problem: &Problem| {
        let severity = match problem.effect {
            Effect::Refuses => "blocker",
            Effect::Waits => "major",
            Effect::Warns => "minor",
        };
        json!({
            "description": format!("{}: {}", problem.code, problem.title),
            "content": { "body": problem.text.trim_end() },
            "check_name": problem.code,
            "fingerprint": problem.fingerprint,
            "severity": severity,
            "location": { "path": POLICY_PATH, "lines": { "begin": problem.line } },
        })
    };
    let issues: Vec<_> = problems(answer).iter().map(issue).collect();
    format!("{}\n", Value::from(issues))
}

/// JUnit's XML: a test for each unit, which fails where something refuses it; an error where nothing was decided.
pub(super) fn junit(answer: Answer<'_>) -> String {
    let problems = problems(answer);
    let (target, cases, failures, errors) = match answer {
        Answer::Verdict(verdict, _) => {
            let units = verdict.units.iter();
            let cases: String = units.map(|unit| case(unit, &problems)).collect();
            let failing = verdict.units.iter().filter(|unit| !unit.passes()).count();
            let tests = verdict.units.len();
            (verdict.target.as_str(), (cases, tests), failing, 0)
        }
        Answer::Undecided(_) => {
            let error = problems
                .first()
                .map(|problem| told("error", problem, &problem.text));
            let case = format!(
                "    <testcase classname=\"{NAME}\" name=\"verify\">\n{}    </testcase>\n",
                error.unwrap_or_default()
            );
            (NAME, (case, 1), 0, 1)
        }
    };
    let (cases, tests) = cases;
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{NAME}\" {counts}>\n  <testsuite name=\"{}\" {counts}>\n{cases}  </testsuite>\n</testsuites>\n",
        xml(target)
    )
}

fn case(unit: &UnitVerdict, problems: &[Problem]) -> String {
    let name = format!("{} {}", unit.commit.short(), escape(&unit.subject, 200));
    let mut case = format!(
        "    <testcase classname=\"{NAME}\" name=\"{}\">\n",
        xml(&name)
    );
    let own = || {
        problems
            .iter()
            .filter(|problem| problem.commit == Some(unit.commit.clone()))
    };
    let texts = |warns: bool| -> String {
        let chosen = own().filter(|problem| (problem.effect == Effect::Warns) == warns);
        chosen.map(|problem| problem.text.as_str()).collect()
    };
    if let Some(first) = own().find(|problem| problem.effect != Effect::Warns) {
        case.push_str(&told("failure", first, &texts(false)));
    }
    let warnings = texts(true);
    if !warnings.is_empty() {
        // Writing to a String can't fail.
        let _ = writeln!(case, "      <system-out>{}</system-out>", xml(&warnings));
    }
    case.push_str("    </testcase>\n");
    case
}

fn told(element: &str, problem: &Problem, text: &str) -> String {
    let message = format!("{}: {}", problem.code, problem.title);
    format!(
        "      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n",
        problem.code,
        xml(&message),
        xml(text)
    )
}

/// Text in XML. What XML has no form for was escaped before.
fn xml(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
