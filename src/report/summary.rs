//! What passed, in a few words.

use std::collections::HashSet;

use super::human::{SHOWN, count, noun};
use crate::gate::{Coverage, Effect, Scope, StatementKind, UnitVerdict, Verdict};
use crate::text::escape;

/// How many units pass by the version before the judging one.
pub(super) fn by_earlier_version(verdict: &Verdict) -> String {
    let earlier = |unit: &&UnitVerdict| unit.trust_version != verdict.trust.version;
    let units: Vec<_> = verdict.units.iter().filter(earlier).collect();
    let number: usize = units.iter().map(|unit| unit.count()).sum();
    units.first().map_or_else(String::new, |unit| {
        format!(", {number} by trust version {}", unit.trust_version)
    })
}

/// What passed, in a few words.
pub(super) fn summary(verdict: &Verdict) -> String {
    if verdict.units.is_empty() {
        return match verdict.scope {
            Scope::Complete => "nothing since what the admins accepted".to_owned(),
            Scope::Change | Scope::Range => "nothing to land".to_owned(),
        };
    }
    if let [unit] = verdict.units.as_slice() {
        return summary_of_one(verdict, unit);
    }
    let number = |wanted: fn(&UnitVerdict) -> bool| -> usize {
        let units = verdict.units.iter().filter(|unit| wanted(unit));
        units.map(UnitVerdict::count).sum()
    };
    let signs =
        |unit: &UnitVerdict| unit.coverage != Coverage::Revert && approvers(unit).next().is_some();
    let signed = number(signs);
    let merged =
        number(|unit| unit.coverage == Coverage::CleanMerge && approvers(unit).next().is_some());
    let as_merges = match merged {
        0 => "signed".to_owned(),
        _ => format!("signed ({merged} as clean merges)"),
    };
    let declared = number(|unit| {
        matches!(
            unit.coverage,
            Coverage::Exact | Coverage::Series | Coverage::CleanMerge
        ) && approvers(unit).next().is_none()
            && !unit.owes()
    });
    let trust = number(|unit| unit.coverage == Coverage::Trust);
    let empty = number(|unit| unit.coverage == Coverage::Empty);
    let through = number(UnitVerdict::owes);
    let reverts = number(|unit| unit.coverage == Coverage::Revert);
    let free = number(|unit| matches!(unit.coverage, Coverage::None | Coverage::Exempt));
    let warned = number(|unit| {
        unit.findings
            .iter()
            .any(|finding| finding.effect == Effect::Warns)
    });
    let parts = [
        (signed, as_merges.as_str()),
        (declared, "declared"),
        (reverts, "reverts"),
        (through, "in an emergency"),
        (trust, "trust"),
        (empty, "empty"),
        (free, "without need"),
        (warned, "warned"),
    ];
    let told = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"));
    told.collect::<Vec<_>>().join(", ")
}

fn summary_of_one(verdict: &Verdict, unit: &UnitVerdict) -> String {
    let noun = noun(verdict.scope);
    if let Some(finding) = unit.debt() {
        return format!(
            "{} in an emergency, {} still to come",
            count(unit.count(), noun),
            finding.missing.join("; ")
        );
    }
    let signers: Vec<_> = approvers(unit).collect();
    match unit.coverage {
        Coverage::Empty => format!("1 {noun} that brings in nothing"),
        Coverage::Trust => format!("{}: trust metadata", count(unit.count(), noun)),
        Coverage::None | Coverage::Exempt => {
            format!("1 {noun} that needs nothing ({})", unit.coverage.as_str())
        }
        Coverage::Revert => format!("{} that takes back what landed", count(unit.count(), noun)),
        Coverage::Exact if signers.is_empty() => format!("1 {noun} (declared {})", unit.extent),
        Coverage::Series if signers.is_empty() => {
            format!("{} units (series, declared {})", unit.count(), unit.extent)
        }
        Coverage::CleanMerge if signers.is_empty() => {
            let units = count(unit.count(), noun);
            format!("{units} (clean merge, declared {})", unit.extent)
        }
        Coverage::Exact | Coverage::Series | Coverage::CleanMerge => {
            let how = match unit.coverage {
                Coverage::CleanMerge => {
                    let reviewed = unit.reviewed.map(|reviewed| reviewed.short());
                    let merge = reviewed.map_or_else(
                        || "clean merge".to_owned(),
                        |reviewed| format!("clean merge of {reviewed}"),
                    );
                    match unit.count() {
                        1 => merge,
                        units => format!("series of {units}, {merge}"),
                    }
                }
                Coverage::Series => format!("series of {}", unit.count()),
                _ => "exact".to_owned(),
            };
            let who: Vec<_> = unit
                .authors
                .iter()
                .map(|author| {
                    author
                        .id
                        .clone()
                        .unwrap_or_else(|| escape(&author.name, SHOWN))
                })
                .collect();
            format!(
                "1 signed ({how}): \"{}\" by {}, {}, signed off by {}",
                escape(&unit.subject, SHOWN),
                who.join(", "),
                unit.extent,
                signers.join(", ")
            )
        }
    }
}

/// Who gave a counted approval, each once: anybody may sign twice, or have a copy of their bundle stored.
fn approvers(unit: &UnitVerdict) -> impl Iterator<Item = &str> {
    let counted = unit
        .statements
        .iter()
        .filter(|view| view.not_counted.is_none());
    counted
        .filter(|view| view.kind == Some(StatementKind::Approval))
        .filter_map(|view| view.signer.as_deref())
        .filter({
            let mut told = HashSet::new();
            move |signer| told.insert(*signer)
        })
}
