//! Rejections: they refuse, whatever else was signed (SPEC 6.7).

use super::Gate;
use super::findings::bare;
use super::line::Line;
use super::statements::{Place, Statements};
use super::verdict::{Effect, Finding, Next};
use crate::attestation::SignOff;
use crate::codes::Code;
use crate::policy::{Facts, could_sign};
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    /// Rejections by people who could have signed, unless the same person replaced them.
    pub(super) fn rejections(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        facts: &Facts,
        statements: &Statements,
    ) -> Vec<Finding> {
        let (policy, roster) = (&self.judging.policy, &self.judging.roster);
        let all = &statements.verified;
        let stands = |statement: &VerifiedStatement, rejection: &SignOff| {
            self.is_of_this_landing(line, place, (statement, rejection))
                && could_sign(policy, roster, facts, statement.signer())
                && !all.iter().any(|newer| replaces(place, newer, statement))
        };
        all.iter()
            .filter_map(|statement| Some((statement, statement.rejection()?)))
            .filter(|(statement, rejection)| stands(statement, rejection))
            .map(|(statement, rejection)| finding(statement, rejection))
            .collect()
    }

    /// Whether a rejection speaks of the group at this place: on this target, and of the landed unit that it
    /// names, or of what lands after its tip, which nothing spends. Where its tip stands is no way out of
    /// it: only a group that landed before it is let through.
    ///
    /// Of a part of several units only what landed can be rejected: a commit that was rejected before may stand in a
    /// branch that was made better by more of them, and is judged as a whole.
    fn is_of_this_landing(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        (statement, rejection): (&VerifiedStatement, &SignOff),
    ) -> bool {
        let Some(target) = self.target_of(line, place, &rejection.change) else {
            return false;
        };
        let landed = rejection.change.landed.as_ref();
        if place.units.iter().any(|unit| landed == Some(&unit.commit)) {
            return true;
        }
        if place.of_each.contains(&statement.subject()) {
            return false;
        }
        let Some(last) = place.units.last() else {
            return true;
        };
        !matches!(
            self.history.is_ancestor(&last.commit, &target.tip),
            Ok(true)
        )
    }
}

/// Whether `newer` is an approval by the same person that takes their rejection back, on all its targets: over the same
/// change, or over the one that is judged. An approval of a mere part of what is judged says nothing of the rest.
fn replaces(place: &Place<'_>, newer: &VerifiedStatement, rejection: &VerifiedStatement) -> bool {
    let Some(approval) = newer.approval() else {
        return false;
    };
    let judged = [place.digest, place.borne()];
    let (over, rejected) = (newer.subject(), rejection.subject());
    // Who signed what is left of a rejected change before the rest landed could not know what it would be.
    let is_form = place.others.contains(&rejected) && !judged.contains(&rejected);
    let is_implied = is_form && rejection.change().landed.is_none();
    let names_it = approval.review.replaces.contains(&rejection.payload());
    let takes_back = match over == rejected {
        true => names_it,
        false => judged.contains(&over) && (names_it || is_implied),
    };
    let targets = |statement: &VerifiedStatement| -> Vec<String> {
        let targets = &statement.change().targets;
        targets.iter().map(|target| target.name.clone()).collect()
    };
    let covered = targets(newer);
    takes_back
        && newer.signer() == rejection.signer()
        && newer.signed_on() > rejection.signed_on()
        && targets(rejection)
            .iter()
            .all(|target| covered.contains(target))
}

fn finding(statement: &VerifiedStatement, rejection: &SignOff) -> Finding {
    let comment = rejection.review.comment.as_deref().unwrap_or_default();
    let on = statement.signed_on().strftime("%Y-%m-%d %H:%MZ");
    let separator = if comment.is_empty() { "" } else { ": " };
    Finding {
        detail: Some(format!(
            "by {}, {on}{separator}{comment}",
            statement.signer()
        )),
        who: vec![statement.signer().clone()],
        ..bare(Code::REJECTED, Effect::Refuses, Next::Change)
    }
}
