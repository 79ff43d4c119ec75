//! The verdict as text: a header, a block for each finding, a closing line.

use std::fmt::Write as _;

use super::summary::{by_earlier_version, summary};
use crate::change::CommitId;
use crate::codes::Code;
use crate::gate::{
    AuthorView, Effect, Finding, Next, Scope, StatementKind, StatementView, Undecided, UnitVerdict,
    Verdict,
};
use crate::text::escape;

/// The most characters of a commit subject or name that are shown.
pub(super) const SHOWN: usize = 72;
/// The most differing paths that are named.
const SHOWN_PATHS: usize = 3;

/// What the two ends are called, where they have a name beside their id.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// The base's name, such as a branch.
    pub base: Option<String>,
    /// The head's name.
    pub head: Option<String>,
}

/// Writes a verdict as text. Several refusals are all told, the worst first.
pub fn human(verdict: &Verdict, labels: &Labels) -> String {
    let mut out = String::new();
    header(&mut out, verdict, labels);
    out.extend(blocks(verdict).map(|(.., text)| text));
    reverts(&mut out, verdict);
    closing(&mut out, verdict, labels);
    out
}

/// Each finding with its unit and the text that tells it, the worst first.
pub(super) fn blocks(verdict: &Verdict) -> impl Iterator<Item = (&UnitVerdict, &Finding, String)> {
    let effects = [Effect::Refuses, Effect::Waits, Effect::Warns].into_iter();
    let units = move |effect| verdict.units.iter().map(move |unit| (effect, unit));
    effects.flat_map(units).flat_map(move |(effect, unit)| {
        let own = unit
            .findings
            .iter()
            .filter(move |finding| finding.effect == effect);
        own.map(move |finding| {
            let mut text = String::new();
            block(&mut text, verdict, unit, finding);
            (unit, finding, text)
        })
    })
}

/// Writes why nothing could be decided. It never looks like a verdict.
pub fn undecided(undecided: &Undecided) -> String {
    format!(
        "error[{}]: could not decide: {}\n",
        undecided.code,
        escape(&undecided.message, 1_000)
    )
}

fn header(out: &mut String, verdict: &Verdict, labels: &Labels) {
    let base = match &verdict.base {
        Some(base) => labelled(labels.base.as_ref(), base),
        None => "the beginning".to_owned(),
    };
    let head = labelled(labels.head.as_ref(), &verdict.head);
    let judged = count(verdict.count(), noun(verdict.scope));
    let trust = &verdict.trust;
    let word = match verdict.scope {
        Scope::Complete => "Release",
        Scope::Change | Scope::Range => "Range",
    };
    row(
        out,
        word,
        &format!(
            "{base} .. {head}: {judged}        root {}, trust version {}",
            trust.root.short(),
            trust.version
        ),
    );
}

/// What was taken back without a signature is always told.
fn reverts(out: &mut String, verdict: &Verdict) {
    for unit in verdict.units.iter().filter(|unit| !unit.reverts.is_empty()) {
        let taken: Vec<_> = unit.reverts.iter().map(CommitId::short).collect();
        let subject = escape(&unit.subject, SHOWN);
        let by = authors(&unit.authors);
        let text = format!(
            "{} \"{subject}\" takes back {}, by {by}",
            unit.commit.short(),
            taken.join(", ")
        );
        row(out, "revert", &text);
    }
}

pub(super) fn noun(scope: Scope) -> &'static str {
    match scope {
        Scope::Change => "change",
        Scope::Range | Scope::Complete => "unit",
    }
}

fn labelled(label: Option<&String>, id: &CommitId) -> String {
    match label {
        Some(label) => format!("{} ({})", escape(label, SHOWN), id.short()),
        None => id.short().to_owned(),
    }
}

pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn row(out: &mut String, head: &str, text: &str) {
    // Writing to a String can't fail.
    let _ = writeln!(out, "{head:<9} {text}");
}

fn inner(out: &mut String, head: &str, text: &str) {
    let _ = writeln!(out, "  {head:<7} {text}");
}

/// What there is to say beside the code's title, on the same line.
pub(super) fn detail(finding: &Finding) -> String {
    let detail = finding.detail.as_ref();
    detail.map_or_else(String::new, |detail| format!(": {}", escape(detail, 500)))
}

fn block(out: &mut String, verdict: &Verdict, unit: &UnitVerdict, finding: &Finding) {
    let severity = if finding.effect == Effect::Warns {
        "warning"
    } else {
        "error"
    };
    let _ = writeln!(
        out,
        "{severity}[{}]: {}{}",
        finding.code,
        finding.code.title(),
        detail(finding)
    );
    let id = match verdict.scope {
        Scope::Change => unit.change.short(),
        Scope::Range | Scope::Complete => unit.commit.short().to_owned(),
    };
    let evidence = evidence(unit)
        .map(|evidence| format!("      evidence: {evidence}"))
        .unwrap_or_default();
    let authors = authors(&unit.authors);
    let series = match unit.group.as_slice() {
        [first, _, ..] => format!(" and {} before it from {}", unit.count() - 1, first.short()),
        _ => String::new(),
    };
    inner(
        out,
        noun(verdict.scope),
        &format!(
            "{id} \"{}\"{series} by {authors}{evidence}",
            escape(&unit.subject, SHOWN)
        ),
    );
    for (index, found) in found(unit, finding, verdict).iter().enumerate() {
        inner(out, if index == 0 { "found" } else { "" }, found);
    }
    if !finding.missing.is_empty() {
        inner(out, "missing", &finding.missing.join("; "));
    }
    if let Some(rule) = &finding.rule {
        let name = if rule.name == "[default]" {
            rule.name.clone()
        } else {
            format!("\"{}\"", escape(&rule.name, 200))
        };
        inner(out, "rule", &format!("{name} policy.toml:{}", rule.line));
    }
    if !finding.who.is_empty() {
        inner(out, "who", &finding.who.join(", "));
    }
    inner(out, "next", &next(verdict.scope, unit, finding));
}

pub(super) fn authors(authors: &[AuthorView]) -> String {
    if authors.is_empty() {
        return "nobody it names".to_owned();
    }
    let shown = authors
        .iter()
        .map(|author| match (&author.id, &author.level) {
            (Some(id), Some(level)) => format!("{id} ({level})"),
            (Some(id), None) => id.clone(),
            (None, _) => format!("{} (not in the roster)", escape(&author.name, SHOWN)),
        });
    shown.collect::<Vec<_>>().join(", ")
}

fn evidence(unit: &UnitVerdict) -> Option<String> {
    let trace = unit
        .ai
        .evidence
        .iter()
        .max_by_key(|trace| (trace.strength, trace.extent))?;
    let agent = unit
        .ai
        .agents
        .iter()
        .find(|agent| Some(&agent.id) == trace.agent.as_ref());
    let tool = match agent {
        Some(agent) => {
            let model = agent
                .model
                .as_ref()
                .map(|model| format!(" {}", escape(model, SHOWN)))
                .unwrap_or_default();
            format!("{}{model}", escape(&agent.tool, SHOWN))
        }
        None => trace.rule.clone(),
    };
    let place = trace
        .commit
        .as_ref()
        .map(|commit| format!(" in {}", commit.short()))
        .unwrap_or_default();
    Some(format!(
        "{}, {tool} ({}{place})",
        trace.extent,
        source(trace.source)
    ))
}

fn source(source: crate::ai::EvidenceSource) -> &'static str {
    use crate::ai::EvidenceSource as Source;
    match source {
        Source::GitAiNote => "git-ai note",
        Source::AgentTrace => "Agent Trace",
        Source::Trailer => "trailer",
        Source::Identity => "address",
        Source::Marker => "marker line",
        Source::Declaration => "declaration",
    }
}

fn found(unit: &UnitVerdict, finding: &Finding, verdict: &Verdict) -> Vec<String> {
    let forbidden = finding.code == Code::FORBIDDEN;
    if !forbidden && finding.missing.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<String> = unit.statements.iter().map(statement).collect();
    if let Some(nearest) = &unit.nearest {
        let kind = match nearest.kind {
            StatementKind::Declaration => "declaration",
            _ => "sign-off",
        };
        let mut paths = nearest
            .differs
            .iter()
            .take(SHOWN_PATHS)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if nearest.differs.len() > SHOWN_PATHS {
            let _ = write!(paths, " and {} more", nearest.differs.len() - SHOWN_PATHS);
        }
        let verb = if nearest.differs.len() == 1 {
            "differs"
        } else {
            "differ"
        };
        rows.push(format!(
            "1 {kind}, of another change: {paths} {verb} ({}, {}, {})",
            nearest.change.short(),
            nearest.signer,
            age(verdict, nearest.signed_on)
        ));
    }
    rows
}

/// One statement in a row: who, what, and why it doesn't count.
fn statement(view: &StatementView) -> String {
    let kind = view.kind.map_or("file", StatementKind::as_str);
    let kind = match view.declared {
        Some(extent) => format!("{kind} of {extent}"),
        None => kind.to_owned(),
    };
    let kind = [&[kind.as_str()], view.proof.words().as_slice()]
        .concat()
        .join(", ");
    let who = match (&view.signer, &view.level) {
        (Some(signer), Some(level)) => format!("{signer} ({level})"),
        (Some(signer), None) => signer.clone(),
        (None, _) => escape(view.hint.as_deref().unwrap_or("no key named"), SHOWN),
    };
    match &view.not_counted {
        None => format!("{who}   {kind}, counts"),
        Some((code, why)) => format!("{who}   {kind}, {code} {}", escape(why, 300)),
    }
}

fn age(verdict: &Verdict, then: jiff::Timestamp) -> String {
    let seconds = (verdict.now.as_second() - then.as_second()).max(0);
    let told = |amount: i64, unit: &str| {
        format!("{amount} {unit}{} ago", if amount == 1 { "" } else { "s" })
    };
    match seconds {
        0..60 => "just now".to_owned(),
        60..3_600 => told(seconds / 60, "minute"),
        3_600..86_400 => told(seconds / 3_600, "hour"),
        _ => told(seconds / 86_400, "day"),
    }
}

/// The next command, ready to paste.
pub(super) fn next(scope: Scope, unit: &UnitVerdict, finding: &Finding) -> String {
    next_command(scope, unit, finding).map_or_else(|text| text, |words| words.join(" "))
}

/// The next command as words, or advice where no command helps.
pub(super) fn next_command(
    scope: Scope,
    unit: &UnitVerdict,
    finding: &Finding,
) -> Result<Vec<String>, String> {
    let words = |words: &[&str]| Ok(words.iter().map(|word| (*word).to_owned()).collect());
    if finding.effect == Effect::Waits
        && let Some(first) = unit
            .findings
            .iter()
            .find(|other| other.effect == Effect::Refuses)
    {
        let why = match first.code {
            Code::REJECTED => "the rejection stands",
            _ => "no signature lifts that",
        };
        return Err(format!("{} first: {why}.", first.code));
    }
    if finding.code == Code::REJECTED {
        let change = match unit.group.as_slice() {
            [_, _, ..] => "BRANCH",
            _ => unit.commit.short(),
        };
        return Err(lifts_rejection(finding, change));
    }
    if let (Next::Declare | Next::Sign, [_, _, ..]) = (finding.next, unit.group.as_slice()) {
        // What landed is covered one by one, so the series' declaration helps none of them.
        let commands = match finding.next {
            Next::Sign => "an author: countersign declare COMMIT; then countersign sign COMMIT",
            _ => "countersign declare COMMIT",
        };
        let commits: Vec<_> = unit.group.iter().map(CommitId::short).collect();
        return Err(format!("{commands}; for each of {}", commits.join(" ")));
    }
    match (finding.next, scope) {
        (Next::Declare, Scope::Change) => words(&["countersign", "declare"]),
        (Next::Declare, _) => words(&["countersign", "declare", unit.commit.short()]),
        (Next::Sign, _) => words(&["countersign", "sign", unit.commit.short()]),
        (Next::TrustSign, _) => words(&["countersign", "trust", "sign"]),
        (Next::Change, _) => Err(finding.code.entry().repair.to_owned()),
    }
}

/// What lifts a rejection: whoever made it signs `change` off, or something else lands.
pub fn lifts_rejection(finding: &Finding, change: &str) -> String {
    let who = finding.who.join(", ");
    format!(
        "{who}: countersign sign {change}, which takes the rejection back; or land another change"
    )
}

fn closing(out: &mut String, verdict: &Verdict, labels: &Labels) {
    let total = verdict.count();
    let passing = verdict.units.iter().filter(|unit| unit.passes());
    let passed: usize = passing.map(UnitVerdict::count).sum();
    let head = match &labels.head {
        Some(label) => format!("{} = {}", escape(label, SHOWN), verdict.head.short()),
        None => verdict.head.short().to_owned(),
    };
    if verdict.search_cut_short {
        row(
            out,
            "note",
            "a limit ended the search for units that were signed together; verify a shorter range",
        );
    }
    if verdict.verified {
        let summary = summary(verdict);
        let earlier = by_earlier_version(verdict);
        row(out, "verified", &format!("{summary}{earlier}     {head}"));
        return;
    }
    let word = if verdict.waiting {
        "waiting"
    } else {
        "refused"
    };
    let verified = if passed > 0 {
        format!(" ({passed} verified)")
    } else {
        String::new()
    };
    row(
        out,
        word,
        &format!(
            "{} of {}{verified}",
            total - passed,
            count(total, noun(verdict.scope))
        ),
    );
}
