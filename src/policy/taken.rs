//! Which approvals a rule takes: of the right change, young enough, and with the proofs that it asks (SPEC 6.5, 8.3).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::evaluate::Evaluation;
use super::{Require, Rule};
use crate::roster::PersonId;

impl<'a> Evaluation<'a> {
    /// Whether the rule asks for signatures on what landed itself, and these are on what it is a merge of.
    pub(super) fn is_not_exact(&self, rule: &Rule) -> bool {
        self.facts.merged && rule.exact
    }

    /// The approvals that the rule takes.
    pub(super) fn approvals(&self, rule: &Rule) -> Cow<'a, BTreeSet<PersonId>> {
        let require = rule.require.as_ref();
        let asks_more =
            require.is_some_and(|require| require.max_age.is_some() || require.asks_proof());
        if self.is_not_exact(rule) {
            Cow::Owned(BTreeSet::new())
        } else if asks_more {
            let all = self.facts.approvals.iter();
            let taken =
                all.filter(|person| !self.is_too_old(rule, person) && self.has_proof(rule, person));
            Cow::Owned(taken.cloned().collect())
        } else {
            Cow::Borrowed(&self.facts.approvals)
        }
    }

    /// Whether a person's approval is older than the rule takes. One of an unknown age is.
    pub(super) fn is_too_old(&self, rule: &Rule, person: &str) -> bool {
        let most = rule.require.as_ref().and_then(|require| require.max_age);
        let age = self.facts.approval_ages.get(person);
        most.is_some_and(|most| age.is_none_or(|age| *age > most))
    }

    /// Whether a person's approval proves what the rule asks.
    pub(super) fn has_proof(&self, rule: &Rule, person: &str) -> bool {
        let facts = self.facts;
        rule.require.as_ref().is_none_or(|require| {
            (!require.presence || facts.present.contains(person))
                && (!require.user_verification || facts.user_verified.contains(person))
                && (!require.timestamp || facts.timestamped.contains(person))
        })
    }

    /// Whether the sign-offs that count would suffice, did they prove what the rule asks.
    pub(super) fn misses_proof_alone(&self, rule: &Rule) -> bool {
        let asks = rule.require.as_ref().is_some_and(Require::asks_proof);
        let all = self.facts.approvals.iter();
        let taken = all.filter(|person| !self.is_too_old(rule, person));
        asks && !self.is_not_exact(rule) && self.count_missing(rule, &taken.cloned().collect()) == 0
    }
}

#[cfg(test)]
#[path = "taken_tests.rs"]
mod tests;
