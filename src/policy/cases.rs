//! Cases for a policy: what is known of a change, and what the policy is expected to say (SPEC 6.11). Nothing here is
//! read from a repository: admins write down what they mean, and see whether the rules say it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::conditions::extents;
use super::{
    Approval, Decision, Facts, Missing, Policy, Proofs, evaluate, in_emergency, parse_duration,
};
use crate::ai::Extent;
use crate::change::RepoPath;
use crate::policy::Enforce;
use crate::roster::{PersonId, Roster};
use crate::text::TextError;
use crate::text::toml::{Fields, Placed, read};

/// The keys of a `[[case]]`.
const KEYS: [&str; 20] = [
    "name",
    "paths",
    "authors",
    "unknown_author",
    "declared",
    "declared_by",
    "evidence",
    "approvals",
    "approved_ago",
    "presence",
    "user_verification",
    "timestamp",
    "emergency",
    "tools",
    "models",
    "lines",
    "stage",
    "clean_merge",
    "expect",
    "missing",
];
/// The most cases of a file; the most names of a list.
const LIMIT: usize = 10_000;
/// The most paths or people of a case.
const LIST_LIMIT: usize = 1_000;

/// What a policy says in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The change passes.
    Pass,
    /// It waits for signatures.
    Wait,
    /// It is refused, whatever is signed.
    Refuse,
    /// It passes in an emergency, with signatures still to come.
    Emergency,
}

impl Expected {
    const ALL: [Self; 4] = [Self::Pass, Self::Wait, Self::Refuse, Self::Emergency];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Wait => "wait",
            Self::Refuse => "refuse",
            Self::Emergency => "emergency",
        }
    }
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name.
    pub name: String,
    /// The line where it starts, from 1.
    pub line: usize,
    /// What is known of the change.
    facts: Facts,
    expect: Expected,
    /// The names of the rules that miss something, warnings included; `None`: not said.
    missing: Option<BTreeSet<String>>,
}

/// What a policy says of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether that is what was expected.
    pub as_expected: bool,
    /// What was expected, in words.
    pub wanted: String,
    /// What was found, in words.
    pub found: String,
}

impl Case {
    /// Asks a policy.
    pub fn ask(&self, policy: &Policy, roster: &Roster) -> Outcome {
        let exempt = |path: &RepoPath| policy.is_exempt(path);
        let facts = Facts {
            exempt: !policy.exempt.is_empty() && self.facts.paths.iter().all(exempt),
            ..self.facts.clone()
        };
        let decision = evaluate(policy, roster, &facts);
        let found = word(policy, roster, (&facts, &decision));
        let rules = decision.unmet.iter();
        let rules = rules.filter_map(|unmet| policy.rules.get(unmet.rule));
        let rules: BTreeSet<_> = rules.map(|rule| rule.name.clone()).collect();
        let same = self.missing.as_ref().is_none_or(|wanted| *wanted == rules);
        Outcome {
            as_expected: found == self.expect && same,
            wanted: in_words(self.expect, self.missing.as_ref()),
            found: in_words(found, Some(&rules)),
        }
    }
}

fn word(policy: &Policy, roster: &Roster, (facts, decision): (&Facts, &Decision)) -> Expected {
    let unmet = decision.unmet.iter();
    let mut blocking = unmet.filter(|unmet| unmet.enforce == Enforce::Block);
    if decision.passes() {
        Expected::Pass
    } else if blocking.any(|unmet| unmet.missing == Missing::Forbidden) {
        Expected::Refuse
    } else if in_emergency(policy, roster, facts) {
        Expected::Emergency
    } else {
        Expected::Wait
    }
}

fn in_words(word: Expected, rules: Option<&BTreeSet<String>>) -> String {
    let rules = rules.filter(|rules| !rules.is_empty());
    let rules = rules.map(|rules| rules.iter().cloned().collect::<Vec<_>>().join("\", \""));
    let rules = rules.map(|rules| format!(" (\"{rules}\")"));
    format!("{}{}", word.as_str(), rules.unwrap_or_default())
}

/// Reads a file of cases. People must be of the roster.
///
/// # Errors
/// Every mistake with its place.
pub fn read_cases(text: &str, file: &str, roster: &Roster) -> Result<Vec<Case>, Vec<TextError>> {
    read(text, file, |root| {
        root.allow(&["case"]);
        root.demand(&["case"]);
        let cases = root.tables("case", "[[case]]", LIMIT);
        let cases = cases.iter().map(|fields| case(fields, roster));
        cases.collect()
    })
}

fn case(fields: &Fields<'_>, roster: &Roster) -> Option<Case> {
    fields.allow(&KEYS);
    fields.demand(&["name", "paths", "expect"]);
    let name = fields.label("name");
    let words = Expected::ALL.map(|expected| (expected.as_str(), expected));
    let expect = fields.choice("expect", &words);
    let missing = fields.has("missing").then(|| names(fields, "missing"));
    let facts = facts(fields, roster);
    Some(Case {
        name: name?.value.to_owned(),
        line: fields.line(),
        facts: facts?,
        expect: expect?.value,
        missing,
    })
}

fn facts(fields: &Fields<'_>, roster: &Roster) -> Option<Facts> {
    let paths = fields.some_strings("paths", LIST_LIMIT)?;
    let path = |text: &Placed<&str>| match RepoPath::new(text.value) {
        Ok(path) => Some(path),
        Err(error) => {
            fields.reader.error(text.at, format!("\"paths\": {error}"));
            None
        }
    };
    let paths: Option<Vec<_>> = paths.iter().map(path).collect();
    let claimed = people(fields, "authors", roster);
    let extent = |key: &str| -> Option<Extent> { Some(fields.choice(key, &extents())?.value) };
    let declared = extent("declared");
    let proven = match (declared, fields.has("declared_by")) {
        (_, true) => people(fields, "declared_by", roster),
        (Some(_), false) => claimed.clone(),
        (None, false) => BTreeSet::new(),
    };
    if proven.is_empty() != declared.is_none() {
        let message = "\"declared\" and who declared, \"declared_by\" or \"authors\", go together";
        fields.reader.error(fields.at, message);
    }
    let approval = approval(fields);
    let approvals = people(fields, "approvals", roster).into_iter();
    let approvals = approvals.map(|who| (who, vec![approval.clone()])).collect();
    let lower = |key: &str| -> BTreeSet<String> {
        let names = names(fields, key).into_iter();
        names.map(|name| name.to_lowercase()).collect()
    };
    let lines = fields.number("lines", 0, i64::MAX);
    let paths = paths?;
    Some(Facts {
        stage: fields.label("stage").map(|stage| stage.value.to_owned()),
        files: paths.len() as u64,
        paths,
        lines: Some(lines.map_or(0, |lines| lines.value.unsigned_abs())),
        evidence: extent("evidence"),
        tools: lower("tools"),
        models: lower("models"),
        declared,
        claimed,
        claims_unknown: fields.flag("unknown_author").is_some_and(|flag| flag.value),
        proven,
        approvals,
        emergencies: people(fields, "emergency", roster),
        merged: fields.flag("clean_merge").is_some_and(|flag| flag.value),
        ..Facts::default()
    })
}

/// How each approval was made: now and without any proof where the file is silent.
fn approval(fields: &Fields<'_>) -> Approval {
    let flag = |key| fields.flag(key).is_some_and(|flag| flag.value);
    Approval {
        age: Some(age(fields)),
        proofs: Proofs {
            presence: flag("presence"),
            user_verification: flag("user_verification"),
            timestamp: flag("timestamp"),
        },
    }
}

/// How long ago the approvals were given; now where the file is silent.
fn age(fields: &Fields<'_>) -> Duration {
    let Some(text) = fields.string("approved_ago") else {
        return Duration::ZERO;
    };
    parse_duration(text.value).unwrap_or_else(|error| {
        let message = format!("\"approved_ago\": {error}");
        fields.reader.error(text.at, message);
        Duration::ZERO
    })
}

fn names(fields: &Fields<'_>, key: &str) -> BTreeSet<String> {
    let names = fields.strings(key, LIST_LIMIT).unwrap_or_default();
    names.iter().map(|name| name.value.to_owned()).collect()
}

fn people(fields: &Fields<'_>, key: &str, roster: &Roster) -> BTreeSet<PersonId> {
    let known: Vec<_> = roster
        .engineers()
        .iter()
        .map(|who| who.id.as_str())
        .collect();
    let named = fields.strings(key, LIST_LIMIT).unwrap_or_default();
    for name in named.iter().filter(|name| !known.contains(&name.value)) {
        let message = format!("\"{key}\": the roster has no such engineer");
        fields
            .reader
            .error_near(name.at, message, name.value, &known);
    }
    named.iter().map(|name| name.value.to_owned()).collect()
}

#[cfg(test)]
#[path = "cases_tests.rs"]
mod tests;
