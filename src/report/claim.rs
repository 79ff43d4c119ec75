//! What a gate may claim of a verdict towards others (SPEC 8.10).

use crate::attestation::Summary;
use crate::change::Digest;
use crate::gate::{Scope, UnitVerdict, Verdict};

/// The summary of a verdict, in the name of a gate, also for what was built of it; `None` where the verdict doesn't speak
/// for all that landed.
pub fn claim(verdict: &Verdict, gate: &str, artifacts: Vec<(String, Digest)>) -> Option<Summary> {
    let units = || verdict.units.iter();
    let counted = units().flat_map(|unit| &unit.statements);
    let counted = counted.filter(|view| view.not_counted.is_none() && view.payload.is_some());
    let mut inputs: Vec<_> = counted.map(|view| view.bundle).collect();
    inputs.sort();
    inputs.dedup();
    (verdict.scope == Scope::Complete).then(|| Summary {
        gate: gate.to_owned(),
        repository: verdict.trust.repository.clone(),
        target: verdict.target.clone(),
        head: verdict.head.clone(),
        artifacts,
        verified_on: verdict.now,
        policy: verdict.trust.policy,
        inputs,
        passed: verdict.verified,
        base: verdict.base.clone(),
        root: verdict.trust.root,
        trust_version: verdict.trust.version,
        stage: verdict.stage.clone(),
        units: verdict.count() as u64,
        debts: units().filter(|unit| UnitVerdict::owes(unit)).count() as u64,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}
