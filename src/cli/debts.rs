//! `status --debts`: what emergencies let through on a protected branch, and whose signatures are still to come.

use countersign::gate::{Debt, Effect, Finding, Undecided, UnitVerdict, Verdict};
use countersign::report;
use countersign::text::escape;
use jiff::Timestamp;

use super::context::Context;
use super::session;
use super::{Done, Failure, Output};

/// Lists the debts on the target's line since its checkpoint. Uses no network.
pub fn run(context: &Context, target: Option<&str>, output: &mut Output) -> Result<Done, Failure> {
    let judging = session::judging(context)?;
    let target = context.target(&judging, target)?;
    let store = context.store()?;
    let snapshot = store.open().map_err(Undecided::from)?;
    let gate = context.gate(&snapshot, &judging, &target);
    let verdict = gate.judge_release(&target.tip)?;
    let debts: Vec<_> = debts(&verdict).collect();
    if output.is_json() {
        output.json(&report::json(&verdict))?;
    } else if debts.is_empty() {
        output.line(&format!("No debts on {}", escape(target.short(), 100)))?;
    }
    for (unit, finding, debt) in &debts {
        output.line(&line((unit, finding, debt), context.environment.now))?;
    }
    Ok(match debts.is_empty() {
        true => Done::Yes,
        false => Done::No,
    })
}

fn debts(verdict: &Verdict) -> impl Iterator<Item = (&UnitVerdict, &Finding, &Debt)> {
    let units = verdict.units.iter();
    units.flat_map(|unit| {
        let findings = unit.findings.iter();
        findings.filter_map(move |finding| Some((unit, finding, finding.debt.as_ref()?)))
    })
}

fn line((unit, finding, debt): (&UnitVerdict, &Finding, &Debt), now: Timestamp) -> String {
    let commit = unit.commit.short();
    let due = match finding.effect {
        Effect::Warns => format!("due in {}", span(debt.due.as_second() - now.as_second())),
        _ => format!(
            "overdue for {}",
            span(now.as_second() - debt.due.as_second())
        ),
    };
    let who = match finding.who.as_slice() {
        [] => String::new(),
        who => format!(": {}", who.join(", ")),
    };
    format!(
        "{}  {commit}  {}   {due}   {}{who}     countersign sign {commit}",
        escape(&debt.incident, 60),
        debt.signer,
        finding.missing.join("; ")
    )
}

/// Seconds in the two largest units.
fn span(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn a_span_is_told_in_its_two_largest_units() {
        let spans = [
            (0, "0 min"),
            (59 * 60 + 59, "59 min"),
            (3_600, "1 h 0 min"),
            (2 * 86_400 + 20 * 3_600 + 60, "2 d 20 h"),
            (-5, "0 min"),
        ];
        for (seconds, text) in spans {
            assert_eq!(span(seconds), text);
        }
    }
}
