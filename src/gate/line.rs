//! The target's first-parent line: units, their changes, and what stands at a path.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::Undecided;
use super::statements::Place;
use crate::change::{
    ChangeDigest, ChangeManifest, CommitId, Content, History, HistoryError, RepoPath,
};
use crate::codes::Code;

/// The most first-parent commits that one check walks back (SPEC 10).
pub(super) const MAX_LINE: usize = 100_000;

/// One step of a first-parent line.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub commit: CommitId,
    /// The first parent; `None` for a root commit.
    pub parent: Option<CommitId>,
    /// Against the first parent; of a root commit, against the empty tree.
    pub manifest: ChangeManifest,
    pub digest: ChangeDigest,
}

/// Reads units and remembers them, since one check meets the same unit many times.
pub(super) struct Line<'a> {
    history: &'a dyn History,
    units: RefCell<HashMap<CommitId, Rc<Unit>>>,
}

impl<'a> Line<'a> {
    pub fn new(history: &'a dyn History) -> Self {
        Self {
            history,
            units: RefCell::default(),
        }
    }

    /// The unit that ends with a commit.
    pub fn unit(&self, commit: &CommitId) -> Result<Rc<Unit>, HistoryError> {
        if let Some(unit) = self.units.borrow().get(commit) {
            return Ok(Rc::clone(unit));
        }
        let parent = self.history.parents(commit)?.into_iter().next();
        let manifest = self.history.change(parent.as_ref(), commit)?;
        let digest = manifest.digest();
        let unit = Rc::new(Unit {
            commit: commit.clone(),
            parent,
            manifest,
            digest,
        });
        self.units
            .borrow_mut()
            .insert(commit.clone(), Rc::clone(&unit));
        Ok(unit)
    }

    /// The commits of `head`'s first-parent line after `base`, the oldest first; `None` where `base`
    /// isn't on the line. No base means the whole line.
    pub fn after(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Option<Vec<CommitId>>, Undecided> {
        let mut commits = Vec::new();
        let mut next = Some(head.clone());
        while let Some(commit) = next {
            if Some(&commit) == base {
                commits.reverse();
                return Ok(Some(commits));
            }
            if commits.len() >= MAX_LINE {
                return Err(Undecided::new(
                    Code::LIMIT,
                    format!("a line of over {MAX_LINE} commits"),
                ));
            }
            next = self.history.parents(&commit)?.into_iter().next();
            commits.push(commit);
        }
        commits.reverse();
        Ok(base.is_none().then_some(commits))
    }

    /// The newest commit of the line that ends at `tip` which stands on one of the other lines too; `None`
    /// where they share none.
    pub fn leaves(
        &self,
        tip: &CommitId,
        others: &[CommitId],
    ) -> Result<Option<CommitId>, Undecided> {
        let mut elsewhere = HashSet::new();
        for other in others {
            elsewhere.extend(self.after(None, other)?.unwrap_or_default());
        }
        let own = self.after(None, tip)?.unwrap_or_default();
        Ok(own
            .into_iter()
            .rev()
            .find(|commit| elsewhere.contains(commit)))
    }

    /// Which first-parent commits lie between `tip` and `end`, the oldest first; `None` where `tip`
    /// isn't on the line. Unlike [`Self::after`] this stops early where `tip` can't be met.
    pub fn since(
        &self,
        tip: &CommitId,
        end: &CommitId,
    ) -> Result<Option<Vec<CommitId>>, Undecided> {
        if !self.history.is_ancestor(tip, end)? {
            return Ok(None);
        }
        self.after(Some(tip), end)
    }

    /// Whether a statement over the change at `place`, made when the line stood at `tip`, is spent: a
    /// commit before the place was that very change, or a commit held all its new sides and a later
    /// one, up to the place's last, doesn't (SPEC 8.4). `since` are the commits after `tip` and before
    /// the place. A series that was the change earlier held its new sides, so it needs no look of its own.
    pub fn spent(
        &self,
        place: &Place<'_>,
        tip: &CommitId,
        since: &[CommitId],
    ) -> Result<Option<CommitId>, Undecided> {
        let mut stands = HashMap::new();
        for path in place.manifest.paths() {
            stands.insert(path.clone(), self.history.content(tip, path)?);
        }
        let own = place.units.iter().map(|unit| &unit.commit);
        let mut held: Option<CommitId> = None;
        for (index, commit) in since.iter().chain(own).enumerate() {
            let unit = self.unit(commit)?;
            if index < since.len() && unit.digest == place.digest {
                return Ok(Some(commit.clone()));
            }
            for entry in unit.manifest.entries() {
                if let Some(content) = stands.get_mut(entry.path) {
                    *content = entry.new.cloned();
                }
            }
            match (holds(place.manifest, &stands), &held) {
                (true, None) => held = Some(commit.clone()),
                (false, Some(first)) => return Ok(Some(first.clone())),
                _ => {}
            }
        }
        Ok(None)
    }
}

fn holds(manifest: &ChangeManifest, stands: &HashMap<RepoPath, Option<Content>>) -> bool {
    manifest.entries().all(|entry| {
        stands
            .get(entry.path)
            .is_some_and(|content| content.as_ref() == entry.new)
    })
}
