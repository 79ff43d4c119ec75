//! Who may have written a change, by what commits claim (SPEC 6.3). Claims only ever add authors.

use std::collections::BTreeSet;

use super::Undecided;
use crate::ai::{AgentTable, ClaimedRole, Found, read_evidence};
use crate::change::{Commit, CommitId, History, HistoryError, Identity};
use crate::codes::Code;
use crate::roster::{PersonId, Roster};

/// The most commits that one unit may bring in (SPEC 10).
const MAX_BROUGHT_IN: usize = 100_000;

/// The most parents of a merge that are compared with it; one with more has an author.
const MAX_PARENTS: usize = 100;

/// What the commits that a change brings in say of authors and of AI.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Authors that the roster knows.
    pub people: BTreeSet<PersonId>,
    /// Authors that the roster doesn't know.
    pub unknown: BTreeSet<Identity>,
    /// Everybody who is named, as written, with the role.
    pub named: Vec<(Identity, ClaimedRole)>,
    /// The author of the only commit, where the change is one commit and no merge: a lander, where
    /// somebody else's declaration counts and no statement names them.
    pub sole_author: Option<Identity>,
    /// Traces of AI use.
    pub found: Found,
    /// How many co-authors were left out over the limit of one commit: unknown people.
    pub left_out: u64,
    /// The commits, newest first.
    pub commits: Vec<Commit>,
}

impl Claims {
    /// Adds an author whom a commit or a statement names.
    pub fn claim(&mut self, roster: &Roster, identity: &Identity) {
        match roster.claimed(identity) {
            Some(engineer) => self.people.insert(engineer.id.clone()),
            None => self.unknown.insert(identity.clone()),
        };
    }
}

/// Reads the claims of the commits between `base` and `head`, agents told from people by `table`.
pub fn read_claims(
    history: &dyn History,
    (roster, table): (&Roster, &AgentTable),
    base: Option<&CommitId>,
    head: &CommitId,
) -> Result<Claims, Undecided> {
    let without: Vec<CommitId> = base.into_iter().cloned().collect();
    let ids = history.commits_between(&without, head)?;
    if ids.len() > MAX_BROUGHT_IN {
        return Err(Undecided::new(
            Code::LIMIT,
            format!("{} commits in one change", ids.len()),
        ));
    }
    let mut claims = Claims::default();
    for id in &ids {
        let commit = history.commit(id)?;
        let authored = !commit.is_merge() || merge_adds(history, &commit)?;
        let named = table.claimed_people(&commit);
        claims.left_out = claims.left_out.saturating_add(named.left_out);
        for (identity, role) in named.people {
            if authored || role == ClaimedRole::CoAuthor {
                claims.claim(roster, &identity);
                claims.named.push((identity, role));
            }
        }
        claims.commits.push(commit);
    }
    claims.found = read_evidence(table, history, (base, head), &claims.commits);
    let (operators, left_out) = claims.found.operators();
    let operators: Vec<_> = operators.collect();
    claims.left_out = claims.left_out.saturating_add(left_out);
    for operator in operators {
        if !table.is_agent_address(&operator.email) {
            claims.claim(roster, &operator);
            claims.named.push((operator, ClaimedRole::Operator));
        }
    }
    if let [only] = claims.commits.as_slice()
        && !only.is_merge()
    {
        claims.sole_author = Some(only.author.clone());
    }
    Ok(claims)
}

/// Whether a merge holds anything that none of its parents has: a path whose entry is another in
/// each of them. Until clean merges are computed, such a merge has an author.
pub fn merge_adds(history: &dyn History, merge: &Commit) -> Result<bool, HistoryError> {
    if merge.parents.len() > MAX_PARENTS {
        return Ok(true);
    }
    let mut differing: Option<BTreeSet<_>> = None;
    for parent in &merge.parents {
        let paths: BTreeSet<_> = history
            .change(Some(parent), &merge.id)?
            .paths()
            .cloned()
            .collect();
        differing = Some(match differing {
            None => paths,
            Some(known) => known.intersection(&paths).cloned().collect(),
        });
        if differing.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(false);
        }
    }
    Ok(differing.is_some_and(|paths| !paths.is_empty()))
}
