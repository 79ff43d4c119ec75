//! Who a commit claims as its authors.

use std::collections::HashSet;

use super::message::{identities, lines, trailer};
use super::table::AgentTable;
use crate::change::{Commit, Identity};

/// How many co-authors are kept for a commit.
pub const CO_AUTHOR_LIMIT: usize = 1_000;

/// How a commit names an author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimedRole {
    /// The commit's author field.
    Author,
    /// A `Co-authored-by` on any line of the message.
    CoAuthor,
    /// Who drove an agent that took part, as evidence names them.
    Operator,
}

/// The authors that a commit names. Each address stands once, the author first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClaimedAuthors {
    /// The people: claimed authors.
    pub people: Vec<(Identity, ClaimedRole)>,
    /// Known agents. They are evidence, never authors.
    pub agents: Vec<(Identity, ClaimedRole)>,
    /// How many co-authors were left out over [`CO_AUTHOR_LIMIT`].
    pub left_out: u64,
}

impl AgentTable {
    /// The people that a commit names as its authors, by this table, known agents apart.
    pub fn claimed_people(&self, commit: &Commit) -> ClaimedAuthors {
        let mut claimed = ClaimedAuthors::default();
        let mut seen = HashSet::new();
        let co_authors = lines(&commit.message)
            .filter_map(|line| trailer(line.text))
            .filter(|(key, _)| key.eq_ignore_ascii_case("co-authored-by"))
            .flat_map(|(_, value)| identities(value))
            .map(|identity| (identity, ClaimedRole::CoAuthor));
        let author = (commit.author.clone(), ClaimedRole::Author);
        for (identity, role) in std::iter::once(author).chain(co_authors) {
            if !seen.insert(identity.email.trim().to_ascii_lowercase()) {
                continue;
            }
            let list = if self.is_agent_address(&identity.email) {
                &mut claimed.agents
            } else {
                &mut claimed.people
            };
            if list.len() > CO_AUTHOR_LIMIT {
                claimed.left_out = claimed.left_out.saturating_add(1);
            } else {
                list.push((identity, role));
            }
        }
        claimed
    }
}

#[cfg(test)]
#[path = "claimed_tests.rs"]
mod tests;
