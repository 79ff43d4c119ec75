//! Rules and facts in, a decision out. Pure; the one place where people are counted.
//!
//! Every rule is evaluated once for each person who may have written the change (SPEC 6.4): the
//! proven and the claimed authors, and, unless a declaration counts, a stranger. A rule holds if it
//! holds for each of them with their own sign-off left out. Unless somebody else is proven, a signer
//! may be the author as well, so the rule must also hold for each signer that it relies on.

use std::collections::BTreeSet;

use super::decision::{Decision, Missing, MissingSignOffs, Unhelpful, Unmet};
use super::taken::{asked, could_prove};
use super::{Facts, Policy, Proofs, Require, Rule};
use crate::roster::{Engineer, Level, PersonId, Roster};

/// Evaluates every rule over the facts of one group.
pub fn evaluate(policy: &Policy, roster: &Roster, facts: &Facts) -> Decision {
    let extent = facts.extent(policy.undeclared);
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    let declared = facts.as_if_declared();
    let hypothetical = Evaluation {
        policy,
        roster,
        facts: &declared,
    };
    let may_fold = facts.declared.is_none() && !facts.claimed.is_empty();
    let mut unmet: Vec<Unmet> = Vec::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        for mut missing in evaluation.missing(rule) {
            let vanishes = || !hypothetical.missing(rule).iter().any(Missing::is_sign_offs);
            if may_fold && missing.is_sign_offs() && vanishes() {
                missing = Missing::Declaration;
            }
            let found = Unmet {
                rule: index,
                enforce: rule.enforce,
                missing,
            };
            // One declaration meets every rule that asks for one: it is told once.
            let told = unmet.iter().any(|known| {
                known.missing == Missing::Declaration
                    && known.missing == found.missing
                    && known.enforce == found.enforce
            });
            if !told {
                unmet.push(found);
            }
        }
    }
    Decision {
        unmet,
        extent: Some(extent),
    }
}

/// Whether an approval by `person`, whose signature proves so much, would lower what any rule misses.
pub fn would_count(
    policy: &Policy,
    roster: &Roster,
    facts: &Facts,
    (person, proofs): (&str, Proofs),
) -> bool {
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    policy
        .rules
        .iter()
        .any(|rule| evaluation.lowers(rule, person, proofs))
}

/// Whether a rule that matches the change, its conditions on AI and author aside, asks for somebody
/// of the person's level and team: they could have signed, so their rejection counts (SPEC 6.7).
pub fn could_sign(policy: &Policy, roster: &Roster, facts: &Facts, person: &str) -> bool {
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    let Some(engineer) = roster.engineer(person) else {
        return false;
    };
    policy
        .rules
        .iter()
        .filter(|rule| evaluation.concerns(rule))
        .any(|rule| {
            let asks = rule
                .require
                .as_ref()
                .filter(|require| require.signers > 0 || !require.teams.is_empty());
            asks.is_some_and(|require| {
                let serves = require.teams.is_empty()
                    || require
                        .teams
                        .iter()
                        .any(|team| engineer.teams.contains(team));
                meets(require, roster, engineer) && (require.signers > 0 || serves)
            })
        })
}

/// Why an approval by `person` does not help `rule`; `None` where it does or nothing is missing.
pub fn unhelpful(
    policy: &Policy,
    roster: &Roster,
    facts: &Facts,
    rule: &Rule,
    person: &str,
) -> Option<Unhelpful> {
    let mut without = facts.clone();
    without.approvals.remove(person);
    let lowers = |facts: &Facts| {
        Evaluation {
            policy,
            roster,
            facts,
        }
        .lowers(rule, person, asked(rule))
    };
    let missing = Evaluation {
        policy,
        roster,
        facts: &without,
    }
    .missing(rule);
    if !missing.iter().any(Missing::is_sign_offs) {
        return None;
    }
    if lowers(&without) {
        let evaluation = Evaluation {
            policy,
            roster,
            facts,
        };
        let counts = facts.approvals.contains_key(person);
        return if counts && evaluation.is_too_old(rule, person) {
            Some(Unhelpful::Age)
        } else if counts && evaluation.proves_too_little(rule, person) {
            Some(Unhelpful::Proof)
        } else {
            None
        };
    }
    if facts.claimed.contains(person) || facts.proven.contains(person) {
        return Some(Unhelpful::Author);
    }
    // Were somebody else proven, nobody could take the signer for the author.
    let mut proven = without;
    proven.proven.insert(String::new());
    Some(if lowers(&proven) {
        Unhelpful::Author
    } else {
        Unhelpful::Level
    })
}

/// Somebody who may have written the change.
#[derive(Clone, Copy)]
pub(super) enum Writer<'a> {
    Person(&'a Engineer),
    Stranger,
}

/// A signer: a person of the roster, or one of the ideal people by whom the missing are counted.
#[derive(Clone, Copy)]
enum Signer<'a> {
    Person(&'a Engineer),
    /// Of the top level and every team; told apart by number.
    Ideal(usize),
}

pub(super) struct Evaluation<'a> {
    pub policy: &'a Policy,
    pub roster: &'a Roster,
    pub facts: &'a Facts,
}

impl<'a> Evaluation<'a> {
    /// What the rule misses; empty where it doesn't match or is met.
    fn missing(&self, rule: &Rule) -> Vec<Missing> {
        if !self.asks(rule) {
            return Vec::new();
        }
        if self.silent(rule) {
            // Silence is not cheaper than honesty: declare, or bring what the rule would ask.
            let met = rule.require.as_ref().is_some_and(|require| {
                !require.declaration && self.count_missing(rule, &self.approvals(rule)) == 0
            });
            return if met {
                Vec::new()
            } else {
                vec![Missing::Declaration]
            };
        }
        if !self.ai_matches(rule) {
            return Vec::new();
        }
        if rule.forbid.is_some() {
            return vec![Missing::Forbidden];
        }
        let Some(require) = &rule.require else {
            return Vec::new();
        };
        let mut missing = Vec::new();
        if require.declaration && (self.facts.proven.is_empty() || self.is_not_exact(rule)) {
            missing.push(Missing::Declaration);
        }
        let signers = self.count_missing(rule, &self.approvals(rule));
        if signers > 0 {
            missing.push(Missing::SignOffs(MissingSignOffs {
                signers,
                teams: self.missing_teams(rule, require),
                above_author: require.above_author,
                proof_alone: self.misses_proof_alone(rule),
                who: self.who(rule),
            }));
        }
        missing
    }

    /// Whether the rule asks anything, its condition on AI aside. `forbid` is looked at before `exempt`.
    pub(super) fn asks(&self, rule: &Rule) -> bool {
        // An automation's declaration is no more exact than anybody's.
        let automated = self.facts.automated && !self.is_not_exact(rule);
        let exempt = (self.facts.exempt || automated) && rule.forbid.is_none();
        !exempt && self.concerns(rule) && self.applies(rule)
    }

    /// Whether the rule applies for anybody who may have written the change.
    pub(super) fn applies(&self, rule: &Rule) -> bool {
        self.writers()
            .into_iter()
            .any(|writer| self.holds_for(rule, writer))
    }

    fn writers(&self) -> Vec<Writer<'a>> {
        let known = self.facts.proven.union(&self.facts.claimed);
        let mut writers: Vec<_> = known
            .filter_map(|id| self.roster.engineer(id))
            .map(Writer::Person)
            .collect();
        if self.facts.declared.is_none() || self.facts.claims_unknown || writers.is_empty() {
            writers.push(Writer::Stranger);
        }
        writers
    }

    /// How many more people must sign, at least; 0 where the rule is met.
    pub(super) fn count_missing(&self, rule: &Rule, approvals: &BTreeSet<PersonId>) -> usize {
        let Some(require) = &rule.require else {
            return 0;
        };
        let people = approvals
            .iter()
            .filter_map(|id| self.roster.engineer(id))
            .map(Signer::Person);
        let mut signers: Vec<_> = people.collect();
        let most = require.signers + require.teams.len() + 2;
        for ideal in 0..=most {
            if self.met(rule, require, &signers) {
                return ideal;
            }
            signers.push(Signer::Ideal(ideal));
        }
        most
    }

    /// Whether these signers meet the rule, whoever wrote the change.
    fn met(&self, rule: &Rule, require: &Require, signers: &[Signer<'a>]) -> bool {
        let relied_on = self.reliable(rule, require, signers.to_vec());
        self.writers()
            .into_iter()
            .all(|writer| self.met_for(rule, require, &relied_on, writer))
    }

    /// Drops the signers for whom the rule would not hold had they written the change themselves,
    /// until none is left to drop. What remains is the largest set that can be relied on: a signer
    /// of any smaller set that works is never dropped, since more signers never make `met_for` false.
    fn reliable(
        &self,
        rule: &Rule,
        require: &Require,
        mut signers: Vec<Signer<'a>>,
    ) -> Vec<Signer<'a>> {
        loop {
            let kept: Vec<_> = signers
                .iter()
                .copied()
                .filter(|signer| {
                    self.somebody_else_is_proven(*signer)
                        || self.met_had_they_written(rule, require, &signers, *signer)
                })
                .collect();
            if kept.len() == signers.len() {
                return kept;
            }
            signers = kept;
        }
    }

    fn somebody_else_is_proven(&self, signer: Signer<'_>) -> bool {
        self.facts
            .proven
            .iter()
            .any(|id| !matches!(signer, Signer::Person(person) if person.id == *id))
    }

    fn met_had_they_written(
        &self,
        rule: &Rule,
        require: &Require,
        signers: &[Signer<'a>],
        writer: Signer<'a>,
    ) -> bool {
        let others: Vec<_> = signers
            .iter()
            .copied()
            .filter(|signer| !same(*signer, writer))
            .collect();
        match writer {
            Signer::Person(person) => self.met_for(rule, require, &others, Writer::Person(person)),
            Signer::Ideal(_) => {
                let below_applies = match &rule.when.author_below {
                    Some(below) => self
                        .roster
                        .level(below)
                        .is_none_or(|below| self.roster.top_level() < below),
                    None => true,
                };
                !below_applies
                    || enough(require, self.roster, &others, self.roster.top_level(), None)
            }
        }
    }

    fn met_for(
        &self,
        rule: &Rule,
        require: &Require,
        signers: &[Signer<'a>],
        writer: Writer<'a>,
    ) -> bool {
        if !self.holds_for(rule, writer) {
            return true;
        }
        match writer {
            Writer::Person(person) => {
                enough(require, self.roster, signers, person.level, Some(person))
            }
            Writer::Stranger => enough(
                require,
                self.roster,
                signers,
                self.stranger_level(rule),
                None,
            ),
        }
    }

    /// The highest level at which the rule still asks: whom somebody must stand above.
    fn stranger_level(&self, rule: &Rule) -> Level {
        let below = rule
            .when
            .author_below
            .as_ref()
            .and_then(|below| self.roster.level(below));
        match below {
            Some(Level(rank)) => Level(rank.saturating_sub(1)),
            None => self.roster.top_level(),
        }
    }

    fn missing_teams(&self, rule: &Rule, require: &Require) -> Vec<String> {
        let approvals = self.approvals(rule);
        let signed = |team: &String| {
            let mut engineers = approvals.iter().filter_map(|id| self.roster.engineer(id));
            engineers.any(|engineer| engineer.teams.contains(team))
        };
        require
            .teams
            .iter()
            .filter(|team| !signed(team))
            .cloned()
            .collect()
    }

    fn who(&self, rule: &Rule) -> Vec<PersonId> {
        let able = self.roster.engineers().iter().filter(|engineer| {
            engineer.can_sign() && self.lowers(rule, &engineer.id, could_prove(engineer))
        });
        able.map(|engineer| engineer.id.clone()).collect()
    }

    /// Whether an approval more by this person, whose signature proves so much, lowers what the rule misses.
    fn lowers(&self, rule: &Rule, person: &str, proofs: Proofs) -> bool {
        let asks = self.asks(rule) && (self.ai_matches(rule) || self.silent(rule));
        let approvals = self.approvals(rule);
        if !asks || approvals.contains(person) {
            return false;
        }
        if !proofs.cover(asked(rule)) {
            return false;
        }
        let mut with = approvals.clone();
        with.insert(person.to_owned());
        self.count_missing(rule, &with) < self.count_missing(rule, &approvals)
    }
}

fn same(one: Signer<'_>, other: Signer<'_>) -> bool {
    match (one, other) {
        (Signer::Person(one), Signer::Person(other)) => one.id == other.id,
        (Signer::Ideal(one), Signer::Ideal(other)) => one == other,
        _ => false,
    }
}

/// Counts people: whether distinct signers, each meeting every key, are enough above an author of
/// `level`, the author left out. The only place where sign-offs are counted.
fn enough(
    require: &Require,
    roster: &Roster,
    signers: &[Signer<'_>],
    level: Level,
    author: Option<&Engineer>,
) -> bool {
    let counts = |signer: &Signer<'_>| match *signer {
        Signer::Ideal(_) => true,
        Signer::Person(person) => {
            author.is_none_or(|author| author.id != person.id)
                && meets(require, roster, person)
                && (!require.above_author || above(roster, person.level, level))
        }
    };
    let counted: Vec<_> = signers.iter().filter(|signer| counts(signer)).collect();
    let serves = |team: &String| {
        counted.iter().any(|signer| match signer {
            Signer::Ideal(_) => true,
            Signer::Person(person) => person.teams.contains(team),
        })
    };
    counted.len() >= require.signers && require.teams.iter().all(serves)
}

/// Above a top-level author stands another top-level person.
fn above(roster: &Roster, signer: Level, author: Level) -> bool {
    signer > author || (author == roster.top_level() && signer == author)
}

/// Whether a person's level and team are what the rule asks of each signer.
fn meets(require: &Require, roster: &Roster, person: &Engineer) -> bool {
    let level = match &require.level {
        // A level that the roster lacks is met by nobody.
        Some(name) => roster
            .level(name)
            .is_some_and(|level| person.level >= level),
        None => true,
    };
    level
        && require
            .team
            .as_ref()
            .is_none_or(|team| person.teams.contains(team))
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
