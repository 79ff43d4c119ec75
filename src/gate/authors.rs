//! Who may have written a change, by what commits claim (SPEC 6.3). Claims only ever add authors.

use std::collections::BTreeSet;

use super::Undecided;
use crate::ai::{
    AgentRecords, ClaimedRole, Found, GitAiNote, TRACES_PATH, claimed_people, read_commit,
};
use crate::change::{ChangeManifest, Commit, CommitId, History, HistoryError, Identity};
use crate::codes::Code;
use crate::roster::{PersonId, Roster};

/// The most commits that one unit may bring in (SPEC 10).
const MAX_BROUGHT_IN: usize = 100_000;

/// The most parents of a merge that are compared with it; one with more has an author.
const MAX_PARENTS: usize = 100;

/// The most paths whose added lines a note is compared with.
const MAX_PATHS: usize = 20_000;

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

/// Reads the claims of the commits between `base` and `head`.
pub fn read_claims(
    history: &dyn History,
    roster: &Roster,
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
        let named = claimed_people(&commit);
        claims.left_out = claims.left_out.saturating_add(named.left_out);
        for (identity, role) in named.people {
            if authored || role == ClaimedRole::CoAuthor {
                claims.claim(roster, &identity);
                claims.named.push((identity, role));
            }
        }
        claims.found.merge(read_traces(history, &commit));
        claims.commits.push(commit);
    }
    claims.found.merge(read_records(history, base, head));
    if let [only] = claims.commits.as_slice()
        && !only.is_merge()
    {
        claims.sole_author = Some(only.author.clone());
    }
    Ok(claims)
}

/// The traces of AI that a commit and its note carry (SPEC 7).
pub fn read_traces(history: &dyn History, commit: &Commit) -> Found {
    let mut found = read_commit(commit);
    let bytes = history.ai_note(&commit.id).unwrap_or_default();
    if let Ok(note) = GitAiNote::parse(&bytes)
        && note.ai_lines > 0
    {
        // Where what the commit adds isn't here, the note tells no share.
        let added = added_lines(history, commit).unwrap_or(u64::MAX);
        found.merge(note.traces(&commit.id, &bytes, added));
    }
    found
}

/// The traces of AI in the Agent Trace records that a change adds (SPEC 7.5). What can't be read says nothing:
/// anybody may leave a record out.
pub fn read_records(history: &dyn History, base: Option<&CommitId>, head: &CommitId) -> Found {
    records(history, base, head)
        .ok()
        .flatten()
        .unwrap_or_default()
}

fn records(
    history: &dyn History,
    base: Option<&CommitId>,
    head: &CommitId,
) -> Result<Option<Found>, HistoryError> {
    let read = |commit: &CommitId| history.file(commit, TRACES_PATH);
    let Some((_, after)) = read(head)? else {
        return Ok(None);
    };
    let before = base.map(read).transpose()?.flatten();
    let before = before.map(|(_, bytes)| bytes).unwrap_or_default();
    if before == after {
        return Ok(None);
    }
    let records = AgentRecords::added(&before, &after);
    let change = history.change(base, head)?;
    let added = added_between(history, base, head, &change).unwrap_or(u64::MAX);
    Ok(Some(records.traces(head, change.paths(), added)))
}

/// The lines that a commit adds against its first parent.
fn added_lines(history: &dyn History, commit: &Commit) -> Result<u64, HistoryError> {
    let parent = commit.parents.first();
    let change = history.change(parent, &commit.id)?;
    added_between(history, parent, &commit.id, &change)
}

fn added_between(
    history: &dyn History,
    base: Option<&CommitId>,
    head: &CommitId,
    change: &ChangeManifest,
) -> Result<u64, HistoryError> {
    let mut added: u64 = 0;
    for path in change.paths().take(MAX_PATHS) {
        let lines = history.line_count(base, head, path)?;
        added = added.saturating_add(lines.insertions);
    }
    Ok(added)
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
