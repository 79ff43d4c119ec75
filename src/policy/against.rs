//! What a policy names that only the roster knows: levels, teams, people, and addresses that are nobody's.

use std::collections::BTreeSet;

use super::Policy;
use crate::change::Identity;
use crate::roster::Roster;
use crate::text::toml::ERROR_LIMIT;
use crate::text::{TextError, escape, nearest};

/// How much of a wrong name an error shows, in characters.
const SHOWN: usize = 60;

/// A name in the policy and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Mention {
    pub kind: MentionKind,
    pub name: String,
    pub line: usize,
    pub column: usize,
}

/// What a name is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MentionKind {
    Level,
    Team,
    Person,
    /// An address of an AI agent, which nobody of the roster may have.
    Agent,
}

impl Policy {
    /// Looks up every level, team, person and agent's address that the policy names. `file` is the name that errors
    /// give the policy. An empty list means that the two fit.
    pub fn check_against(&self, roster: &Roster, file: &str) -> Vec<TextError> {
        let levels: Vec<_> = roster.levels().iter().map(String::as_str).collect();
        let people: Vec<_> = roster
            .engineers()
            .iter()
            .map(|who| who.id.as_str())
            .collect();
        let teams = roster.engineers().iter().flat_map(|who| &who.teams);
        let teams: BTreeSet<_> = teams.map(String::as_str).collect();
        let teams: Vec<_> = teams.into_iter().collect();
        let none = Vec::new();
        let unknown = |mention: &Mention| {
            let name = mention.name.as_str();
            let shown = escape(name, SHOWN);
            let (known, message) = match mention.kind {
                MentionKind::Level => (&levels, format!("the roster has no level \"{shown}\"")),
                MentionKind::Team => (
                    &teams,
                    format!("nobody in the roster is of the team \"{shown}\""),
                ),
                MentionKind::Person => (&people, format!("the roster has no engineer \"{shown}\"")),
                MentionKind::Agent => {
                    let identity = Identity {
                        name: String::new(),
                        email: name.to_owned(),
                    };
                    let person = roster.claimed(&identity)?;
                    let message = format!("\"{shown}\" is an address of {}, no agent's", person.id);
                    (&none, message)
                }
            };
            (!known.contains(&name)).then(|| TextError {
                file: file.to_owned(),
                line: mention.line,
                column: mention.column,
                message,
                nearest: nearest(name, known).map(str::to_owned),
            })
        };
        self.mentions
            .iter()
            .filter_map(unknown)
            .take(ERROR_LIMIT)
            .collect()
    }
}

#[cfg(test)]
#[path = "against_tests.rs"]
mod tests;
