//! Rules that too few people can satisfy: what `policy lint` and `policy simulate` say of bottlenecks.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::Evaluation;
use super::taken::could_prove;
use super::{Facts, Policy, Rule};
use crate::ai::Extent;
use crate::policy::decision::Missing;
use crate::roster::{Engineer, PersonId, Roster};

/// A rule that can't be met for some authors, or only with certain people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrow {
    /// The rule's index in [`Policy::rules`].
    pub rule: usize,
    /// For whose changes.
    pub authors: Vec<PersonId>,
    /// How many more people would have to be able to sign; 0 where the rule can be met.
    pub lacking: usize,
    /// Who must sign each such change, since nobody can stand in.
    pub indispensable: Vec<PersonId>,
}

impl Policy {
    /// Rules that nobody or only certain people can satisfy, each with the declared authors for whom that is so.
    pub fn narrow_rules(&self, roster: &Roster) -> Vec<Narrow> {
        let mut narrow = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let mut found: BTreeMap<(usize, Vec<PersonId>), Vec<PersonId>> = BTreeMap::new();
            for author in roster.engineers() {
                let (lacking, indispensable) = self.narrowness(roster, rule, author);
                if lacking > 0 || !indispensable.is_empty() {
                    let authors = found.entry((lacking, indispensable)).or_default();
                    authors.push(author.id.clone());
                }
            }
            let told = found.into_iter();
            narrow.extend(told.map(|((lacking, indispensable), authors)| Narrow {
                rule: index,
                authors,
                lacking,
                indispensable,
            }));
        }
        narrow
    }

    fn narrowness(
        &self,
        roster: &Roster,
        rule: &Rule,
        author: &Engineer,
    ) -> (usize, Vec<PersonId>) {
        let Some(require) = &rule.require else {
            return (0, Vec::new());
        };
        if require.signers == 0 && require.teams.is_empty() {
            return (0, Vec::new());
        }
        let proven = BTreeSet::from([author.id.clone()]);
        let facts = Facts {
            claimed: proven.clone(),
            proven,
            declared: Some(Extent::Autonomous),
            ..Facts::default()
        };
        let evaluation = Evaluation {
            policy: self,
            roster,
            facts: &facts,
        };
        if !evaluation.applies(rule) {
            return (0, Vec::new());
        }
        let able = roster.engineers().iter();
        let able = able.filter(|who| who.can_sign() && could_prove(who).cover(require.proofs()));
        let able: BTreeSet<PersonId> = able.map(|who| who.id.clone()).collect();
        let lacking = evaluation.count_missing(rule, &able);
        if lacking > 0 {
            return (lacking, Vec::new());
        }
        let needed = |person: &&PersonId| {
            let mut others = able.clone();
            others.remove(*person);
            evaluation.count_missing(rule, &others) > 0
        };
        (0, able.iter().filter(needed).cloned().collect())
    }
}

/// What a change asks of people once every claimed author of the roster declared what was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Burden {
    /// How many people must sign, by the rule that asks most.
    pub signers: usize,
    /// The rule, by its index in [`Policy::rules`].
    pub rule: Option<usize>,
    /// Who could sign for it.
    pub who: Vec<PersonId>,
    /// Whether a rule forbids it.
    pub forbidden: bool,
}

/// Asks a policy what people would have to do for a change that nobody signed yet.
pub fn burden(policy: &Policy, roster: &Roster, facts: &Facts) -> Burden {
    let mut facts = match facts.claimed.is_empty() {
        false => facts.as_if_declared(),
        true => facts.clone(),
    };
    facts.approvals.clear();
    let mut burden = Burden::default();
    for unmet in super::evaluate(policy, roster, &facts).unmet {
        match unmet.missing {
            Missing::Forbidden => burden.forbidden = true,
            Missing::Declaration => {}
            Missing::SignOffs(missing) if missing.signers > burden.signers => {
                burden.signers = missing.signers;
                burden.rule = Some(unmet.rule);
                burden.who = missing.who;
            }
            Missing::SignOffs(_) => {}
        }
    }
    burden
}

#[cfg(test)]
#[path = "reach_tests.rs"]
mod tests;
