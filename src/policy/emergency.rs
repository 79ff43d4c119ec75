//! Emergencies: who may let a change through before those have signed whom the rules ask (SPEC 6.10).

use std::collections::BTreeSet;
use std::time::Duration;

use super::against::MentionKind;
use super::evaluate::Evaluation;
use super::parse::{LIST_LIMIT, Reading};
use super::{Enforce, Facts, Policy, Require, Rule, When};
use crate::policy::conditions::TEAMS_LIMIT;
use crate::roster::{Engineer, PersonId, Roster};
use crate::text::toml::Fields;

/// The keys of `[emergency]`.
pub(super) const EMERGENCY_KEYS: [&str; 5] = ["ids", "teams", "level", "author", "follow_up"];

/// `[emergency]`: a signature of one of these people replaces what rules require, until the follow-up is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emergency {
    /// These people.
    pub ids: Vec<PersonId>,
    /// Whoever is of one of these teams.
    pub teams: Vec<String>,
    /// Whoever stands at this level or above.
    pub level: Option<String>,
    /// Whether it may be the change's own author.
    pub author: bool,
    /// How long it stands without the sign-offs that were left out.
    pub follow_up: Duration,
}

impl Emergency {
    /// Whether somebody is one of the people whom it names.
    pub fn names(&self, roster: &Roster, engineer: &Engineer) -> bool {
        let level = self.level.as_ref().and_then(|name| roster.level(name));
        self.ids.contains(&engineer.id)
            || self.teams.iter().any(|team| engineer.teams.contains(team))
            || level.is_some_and(|level| engineer.level >= level)
    }
}

/// What keeps an emergency signature by somebody from letting a change through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEmergency {
    /// The policy has no `[emergency]`.
    NotInPolicy,
    /// It doesn't name them.
    NotNamed,
    /// They wrote the change, or may have, and that is not enough.
    Author,
}

/// Whether the emergency signatures among the facts let the change through.
pub fn in_emergency(policy: &Policy, roster: &Roster, facts: &Facts) -> bool {
    let signers = facts.emergencies.iter();
    let named = signers.filter(|person| is_named(policy, roster, person).is_ok());
    let named: BTreeSet<PersonId> = named.cloned().collect();
    let Some(emergency) = policy.emergency.as_ref().filter(|_| !named.is_empty()) else {
        return false;
    };
    emergency.author || enough_without_author(policy, roster, facts, &named)
}

/// Why an emergency signature by one person would not let the change through.
///
/// # Errors
/// [`NoEmergency`].
pub fn may_sign_emergency(
    policy: &Policy,
    roster: &Roster,
    facts: &Facts,
    person: &str,
) -> Result<(), NoEmergency> {
    let emergency = is_named(policy, roster, person)?;
    let alone = BTreeSet::from([person.to_owned()]);
    match emergency.author || enough_without_author(policy, roster, facts, &alone) {
        true => Ok(()),
        false => Err(NoEmergency::Author),
    }
}

/// The policy's `[emergency]`, if it names a person.
///
/// # Errors
/// [`NoEmergency::NotInPolicy`] and [`NoEmergency::NotNamed`].
pub fn is_named<'p>(
    policy: &'p Policy,
    roster: &Roster,
    person: &str,
) -> Result<&'p Emergency, NoEmergency> {
    let emergency = policy.emergency.as_ref().ok_or(NoEmergency::NotInPolicy)?;
    match roster.engineer(person) {
        Some(engineer) if emergency.names(roster, engineer) => Ok(emergency),
        _ => Err(NoEmergency::NotNamed),
    }
}

/// Whether somebody is among the signers who can't be the author: counted as for a rule that asks for anybody.
fn enough_without_author(
    policy: &Policy,
    roster: &Roster,
    facts: &Facts,
    signers: &BTreeSet<PersonId>,
) -> bool {
    let rule = Rule {
        name: String::new(),
        line: 0,
        paths: Vec::new(),
        except_paths: Vec::new(),
        when: When::default(),
        require: Some(Require {
            signers: 1,
            ..Require::default()
        }),
        forbid: None,
        exact: false,
        enforce: Enforce::Block,
    };
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    evaluation.count_missing(&rule, signers) == 0
}

impl Reading {
    /// Reads `[emergency]`; `None` where there is none, or a wrong one.
    pub(super) fn emergency(&mut self, root: &Fields<'_>) -> Option<Emergency> {
        let fields = root.table("emergency", "[emergency]")?;
        fields.allow(&EMERGENCY_KEYS);
        fields.demand(&["follow_up"]);
        let ids = fields.some_strings("ids", LIST_LIMIT).unwrap_or_default();
        let ids = fields.distinct("ids", ids);
        for id in &ids {
            self.mention(&fields, MentionKind::Person, Some(*id));
        }
        let teams = fields.some_strings("teams", TEAMS_LIMIT);
        let teams = fields.distinct("teams", teams.unwrap_or_default());
        for team in &teams {
            self.mention(&fields, MentionKind::Team, Some(*team));
        }
        let level = fields.label("level");
        self.mention(&fields, MentionKind::Level, level);
        let author = fields.flag("author").is_some_and(|flag| flag.value);
        let follow_up = self.duration(&fields, "follow_up");
        let mut whom = ["ids", "teams", "level"].into_iter();
        if !whom.any(|key| fields.has(key)) {
            let message = "[emergency] has none of ids, teams, level: nobody is allowed";
            fields.reader.error(fields.at, message);
        }
        Some(Emergency {
            ids: ids.iter().map(|id| id.value.to_owned()).collect(),
            teams: teams.iter().map(|team| team.value.to_owned()).collect(),
            level: level.map(|level| level.value.to_owned()),
            author,
            follow_up: follow_up?,
        })
    }
}

#[cfg(test)]
#[path = "emergency_tests.rs"]
mod tests;
