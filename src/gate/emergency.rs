//! Emergencies: what passes before those have signed whom the rules ask, and until when (SPEC 6.10).

use jiff::Timestamp;

use super::Gate;
use super::findings::bare;
use super::line::Line;
use super::statements::{Place, Statements};
use super::verdict::{Debt, Effect, Finding, Next};
use crate::attestation::EmergencyClaim;
use crate::codes::Code;
use crate::policy::{Facts, in_emergency, is_named};
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    /// When a group landed, or lands.
    pub(super) fn landed_at(&self, line: &Line<'_>, place: &Place<'_>) -> Timestamp {
        let last = place.units.last();
        let landed = last.and_then(|unit| line.landed_at(&unit.commit));
        landed.unwrap_or(self.now)
    }

    /// Until when a statement lets a change through that landed at a time; `None` where it is for no emergency, or
    /// the policy knows none.
    fn due(&self, landed_at: Timestamp, statement: &VerifiedStatement) -> Option<Timestamp> {
        let claim = statement.emergency()?;
        let follow_up = self.judging.policy.emergency.as_ref()?.follow_up;
        let after = |time: Timestamp| time.checked_add(follow_up).unwrap_or(Timestamp::MAX);
        let due = after(statement.signed_on()).min(after(landed_at));
        Some(due.min(claim.follow_up_by))
    }

    /// Why an emergency sign-off lets nothing through, or no longer.
    pub(super) fn no_emergency(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
    ) -> Option<(Code, String)> {
        statement.emergency()?;
        let (policy, roster) = (&self.judging.policy, &self.judging.roster);
        match is_named(policy, roster, statement.signer()) {
            Ok(_) => self.overdue(line, place, statement),
            Err(_) => {
                let why = "the policy names them for no emergency";
                Some((Code::BELOW_LEVEL, why.to_owned()))
            }
        }
    }

    /// Whether the follow-up is overdue, by the gate's clock in every check.
    fn overdue(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
    ) -> Option<(Code, String)> {
        let due = self.due(self.landed_at(line, place), statement)?;
        (self.now > due).then(|| {
            let why = format!("the follow-up was due on {}", shown(due));
            (Code::EMERGENCY_OVERDUE, why)
        })
    }

    /// Turns what waits for signatures into a warning where an emergency sign-off counts; and names the one that is
    /// overdue.
    pub(super) fn let_through(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        (facts, statements): (&Facts, &Statements),
        findings: &mut Vec<Finding>,
    ) {
        let (policy, roster) = (&self.judging.policy, &self.judging.roster);
        // A rule for exact changes takes nothing that was signed for what they are merges of.
        let is_exact = |line: usize| {
            policy
                .rules
                .iter()
                .any(|rule| rule.line == line && rule.exact)
        };
        let of_exact = |finding: &Finding| {
            let rule = finding.rule.as_ref();
            facts.merged && rule.is_some_and(|rule| is_exact(rule.line))
        };
        let waits = |finding: &&Finding| finding.effect == Effect::Waits && !of_exact(finding);
        let missing = findings.iter().filter(waits);
        let missing: Vec<_> = missing.flat_map(|it| it.missing.clone()).collect();
        if !findings.iter().any(|finding| waits(&finding)) {
            return;
        }
        let landed_at = self.landed_at(line, place);
        let debt = |statement: &VerifiedStatement, claim: &EmergencyClaim| Debt {
            incident: claim.incident.clone(),
            signer: statement.signer().clone(),
            due: self.due(landed_at, statement).unwrap_or(self.now),
        };
        let claims = |statement| {
            let claim = VerifiedStatement::emergency(statement)?;
            Some((statement, claim))
        };
        if in_emergency(policy, roster, facts) {
            let mut who: Vec<_> = findings.iter().flat_map(|it| it.who.clone()).collect();
            who.sort();
            who.dedup();
            let rule = findings.iter().find(waits).and_then(|it| it.rule.clone());
            // What waits for a declaration goes on to wait for one.
            let next = findings.iter().find(waits).map_or(Next::Sign, |it| it.next);
            findings.retain(|finding| !waits(&finding));
            let counted = statements.counted().filter_map(claims);
            let told = counted.max_by_key(|(statement, _)| self.due(landed_at, statement));
            let debt = told.map(|(statement, claim)| (debt(statement, claim), &claim.reason));
            findings.push(Finding {
                detail: debt.as_ref().map(|(debt, reason)| told_of(debt, reason)),
                debt: debt.map(|(debt, _)| debt),
                missing,
                rule,
                who,
                ..bare(Code::EMERGENCY, Effect::Warns, next)
            });
            return;
        }
        let late = statements.verified.iter().filter_map(claims);
        let late = late.filter(|(statement, _)| self.overdue(line, place, statement).is_some());
        if let Some((statement, claim)) = late.max_by_key(|(statement, _)| statement.signed_on()) {
            let who = findings.iter().find(waits).map(|it| it.who.clone());
            let debt = debt(statement, claim);
            findings.push(Finding {
                detail: Some(told_of(&debt, &claim.reason)),
                debt: Some(debt),
                missing,
                who: who.unwrap_or_default(),
                ..bare(Code::EMERGENCY_OVERDUE, Effect::Waits, Next::Sign)
            });
        }
    }
}

fn told_of(debt: &Debt, reason: &str) -> String {
    let Debt {
        incident,
        signer,
        due,
    } = debt;
    format!("{incident} by {signer}, due on {}: {reason}", shown(*due))
}

fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%MZ").to_string()
}
