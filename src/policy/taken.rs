//! Which approvals a rule takes: of the right change, young enough, and with the proofs that it asks (SPEC 6.5, 8.3).

use std::collections::BTreeSet;

use super::evaluate::Evaluation;
use super::{Approval, Proofs, Require, Rule};
use crate::roster::{Engineer, PersonId};

impl Evaluation<'_> {
    /// Whether the rule asks for signatures on what landed itself, and these are on what it is a merge of.
    pub(super) fn is_not_exact(&self, rule: &Rule) -> bool {
        self.facts.merged && rule.exact
    }

    /// Whose approvals the rule takes.
    pub(super) fn approvals(&self, rule: &Rule) -> BTreeSet<PersonId> {
        match self.is_not_exact(rule) {
            true => BTreeSet::new(),
            false => self.approved(|approval| is_young(rule, approval) && proves(rule, approval)),
        }
    }

    /// Who has an approval of this kind.
    fn approved(&self, is_such: impl Fn(&Approval) -> bool) -> BTreeSet<PersonId> {
        let all = self.facts.approvals.iter();
        let such = all.filter(|(_, approvals)| approvals.iter().any(&is_such));
        such.map(|(person, _)| person.clone()).collect()
    }

    fn approvals_of(&self, person: &str) -> &[Approval] {
        self.facts.approvals.get(person).map_or(&[], Vec::as_slice)
    }

    /// Whether a person's approvals are all older than the rule takes.
    pub(super) fn is_too_old(&self, rule: &Rule, person: &str) -> bool {
        let mut approvals = self.approvals_of(person).iter();
        !approvals.any(|approval| is_young(rule, approval))
    }

    /// Whether none of a person's approvals that are young enough proves what the rule asks.
    pub(super) fn proves_too_little(&self, rule: &Rule, person: &str) -> bool {
        let approvals = self.approvals_of(person).iter();
        let mut young = approvals.filter(|approval| is_young(rule, approval));
        asked(rule) != Proofs::default() && !young.any(|approval| proves(rule, approval))
    }

    /// Whether the sign-offs that count would suffice, did they prove what the rule asks.
    pub(super) fn misses_proof_alone(&self, rule: &Rule) -> bool {
        let young = || self.approved(|approval| is_young(rule, approval));
        asked(rule) != Proofs::default()
            && !self.is_not_exact(rule)
            && self.count_missing(rule, &young()) == 0
    }
}

/// What a person's signatures may prove, as far as the roster tells: whether a security key asks for a PIN it doesn't,
/// and a timestamp may stand beside any.
pub(super) fn could_prove(engineer: &Engineer) -> Proofs {
    let security_key = engineer.has_security_key();
    Proofs {
        presence: security_key,
        user_verification: security_key,
        timestamp: true,
    }
}

/// What the rule asks of each signature.
pub(super) fn asked(rule: &Rule) -> Proofs {
    let require = rule.require.as_ref();
    require.map(Require::proofs).unwrap_or_default()
}

/// Whether an approval is no older than the rule takes. One of an unknown age is.
fn is_young(rule: &Rule, approval: &Approval) -> bool {
    let most = rule.require.as_ref().and_then(|require| require.max_age);
    most.is_none_or(|most| approval.age.is_some_and(|age| age <= most))
}

fn proves(rule: &Rule, approval: &Approval) -> bool {
    approval.proofs.cover(asked(rule))
}

#[cfg(test)]
#[path = "taken_tests.rs"]
mod tests;
