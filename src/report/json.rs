//! The verdict as a versioned JSON object. Its types are its own, so that the gate's may change.

use serde::Serialize;
use serde_json::{Value, json as object};

use super::human::next_command;
use crate::change::Digest;
use crate::codes::Code;
use crate::gate::{Effect, Finding, Scope, StatementView, Undecided, UnitVerdict, Verdict};

/// The `schema` of the object.
pub const VERDICT_SCHEMA: &str = "https://countersign.dev/verdict/v1";

/// Writes a verdict as JSON, ended by a line feed.
pub fn json(verdict: &Verdict) -> String {
    let trust = &verdict.trust;
    let units: Vec<_> = verdict
        .units
        .iter()
        .map(|unit| unit_object(verdict, unit))
        .collect();
    let whole = object!({
        "schema": VERDICT_SCHEMA,
        "result": if verdict.verified { "verified" } else { "refused" },
        "waiting": verdict.waiting,
        "scope": verdict.scope.as_str(),
        "stage": verdict.stage,
        "repository": trust.repository,
        "target": verdict.target,
        "base": verdict.base,
        "head": verdict.head,
        "root": trust.root,
        "trustVersion": trust.version,
        "trustExpiresOn": trust.expires_on.to_string(),
        "policySha256": trust.policy,
        "now": verdict.now.to_string(),
        "toolVersion": env!("CARGO_PKG_VERSION"),
        "searchCutShort": verdict.search_cut_short,
        "units": units,
    });
    format!("{whole}\n")
}

/// Writes why nothing could be decided as JSON, ended by a line feed.
pub fn undecided_json(undecided: &Undecided) -> String {
    let whole = object!({
        "schema": VERDICT_SCHEMA,
        "result": "undecided",
        "waiting": false,
        "codes": [undecided.code],
        "message": undecided.message,
        "toolVersion": env!("CARGO_PKG_VERSION"),
    });
    format!("{whole}\n")
}

fn unit_object(verdict: &Verdict, unit: &UnitVerdict) -> Value {
    let refusing = || {
        unit.findings
            .iter()
            .filter(|finding| finding.effect != Effect::Warns)
    };
    let mut who: Vec<_> = refusing().flat_map(|finding| finding.who.iter()).collect();
    who.sort();
    who.dedup();
    let next: Vec<String> = refusing()
        .find_map(|finding| next_command(verdict.scope, unit, finding).ok())
        .unwrap_or_default();
    let nearest = unit.nearest.as_ref().map(|nearest| {
        object!({
            "change": nearest.change,
            "kind": nearest.kind.as_str(),
            "signer": nearest.signer,
            "signedOn": nearest.signed_on.to_string(),
            "differs": nearest.differs,
        })
    });
    object!({
        "commit": unit.commit,
        "group": unit.group,
        "change": unit.change,
        "reviewed": unit.reviewed,
        "subject": unit.subject,
        "trustVersion": unit.trust_version,
        "entries": unit.entries,
        "result": if unit.passes() { "verified" } else { "refused" },
        "coverage": unit.coverage.as_str(),
        "reverts": unit.reverts,
        "extent": unit.extent,
        "ai": unit.ai,
        "authors": unit.authors.iter().map(|author| object!({
            "id": author.id,
            "name": author.name,
            "level": author.level,
            "proven": author.proven,
        })).collect::<Vec<_>>(),
        "codes": refusing().map(|finding| finding.code).collect::<Vec<Code>>(),
        "who": who,
        "next": next,
        "findings": unit.findings.iter().map(|finding| FindingObject::new(verdict.scope, unit, finding)).collect::<Vec<_>>(),
        "statements": unit.statements.iter().map(StatementObject::new).collect::<Vec<_>>(),
        "nearest": nearest,
    })
}

/// A finding, as verdicts and other outputs hold it.
#[derive(Debug, Serialize)]
pub struct FindingObject<'a> {
    code: Code,
    effect: &'static str,
    title: &'static str,
    detail: Option<&'a str>,
    missing: &'a [String],
    rule: Option<RuleObject<'a>>,
    who: &'a [String],
    debt: Option<DebtObject<'a>>,
    next: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DebtObject<'a> {
    incident: &'a str,
    signer: &'a str,
    due_on: String,
}

#[derive(Debug, Serialize)]
struct RuleObject<'a> {
    name: &'a str,
    line: usize,
}

impl<'a> FindingObject<'a> {
    /// The finding of a unit, in a verdict that speaks for `scope`.
    pub fn new(scope: Scope, unit: &UnitVerdict, finding: &'a Finding) -> Self {
        Self {
            code: finding.code,
            effect: match finding.effect {
                Effect::Refuses => "refuses",
                Effect::Waits => "waits",
                Effect::Warns => "warns",
            },
            title: finding.code.title(),
            detail: finding.detail.as_deref(),
            missing: &finding.missing,
            rule: finding.rule.as_ref().map(|rule| RuleObject {
                name: &rule.name,
                line: rule.line,
            }),
            who: &finding.who,
            debt: finding.debt.as_ref().map(|debt| DebtObject {
                incident: &debt.incident,
                signer: &debt.signer,
                due_on: debt.due.to_string(),
            }),
            next: next_command(scope, unit, finding).unwrap_or_default(),
        }
    }
}

/// A statement that was looked at, as verdicts and other outputs hold it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementObject<'a> {
    bundle: Digest,
    payload: Option<Digest>,
    kind: Option<&'static str>,
    signer: Option<&'a str>,
    hint: Option<&'a str>,
    signed_on: Option<String>,
    declared: Option<crate::ai::Extent>,
    proves: Vec<&'static str>,
    counts: bool,
    code: Option<Code>,
    reason: Option<&'a str>,
}

impl<'a> StatementObject<'a> {
    /// The statement as the gate saw it.
    pub fn new(view: &'a StatementView) -> Self {
        Self {
            bundle: view.bundle,
            payload: view.payload,
            kind: view.kind.map(crate::gate::StatementKind::as_str),
            signer: view.signer.as_deref(),
            hint: view.hint.as_deref(),
            signed_on: view.signed_on.map(|time| time.to_string()),
            declared: view.declared,
            proves: view.proof.words(),
            counts: view.not_counted.is_none(),
            code: view.not_counted.as_ref().map(|(code, _)| *code),
            reason: view.not_counted.as_ref().map(|(_, why)| why.as_str()),
        }
    }
}
