//! The target's first-parent line: units, their changes, and what stands at a path.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use jiff::Timestamp;

use super::Undecided;
use super::landed::{Age, Landed, Window};
use super::memo::Memo;
use super::statements::Place;
use crate::change::{ChangeDigest, ChangeManifest, CommitId, History, HistoryError};
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

/// A first-parent line, walked once and remembered, since one check asks for the same units many times.
pub(super) struct Line<'a> {
    history: &'a dyn History,
    units: RefCell<HashMap<CommitId, Rc<Unit>>>,
    digests: RefCell<HashMap<(CommitId, CommitId), ChangeDigest>>,
    walk: RefCell<Walk>,
    /// What else was found out.
    pub memo: Memo,
    /// The commits of other lines, by their tips.
    others: RefCell<HashMap<CommitId, Rc<HashSet<CommitId>>>>,
    /// When commits landed, where that isn't now.
    landed_at: RefCell<HashMap<CommitId, Timestamp>>,
}

/// What was walked so far, back from one end.
#[derive(Default)]
struct Walk {
    /// By age.
    commits: Vec<CommitId>,
    ages: HashMap<CommitId, Age>,
    /// Whether the last of them has no parent.
    complete: bool,
    /// Commits off what was walked, and whether the end can reach them.
    reached: HashMap<CommitId, bool>,
    landed: Landed,
}

impl Walk {
    fn push(&mut self, commit: CommitId) {
        self.ages.insert(commit.clone(), self.commits.len());
        self.commits.push(commit);
    }
}

/// Two commits of a line: where it stood when a statement was made, and where the change lands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    tip: Age,
    onto: Age,
}

impl<'a> Line<'a> {
    pub fn new(history: &'a dyn History) -> Self {
        Self {
            history,
            units: RefCell::default(),
            digests: RefCell::default(),
            walk: RefCell::default(),
            memo: Memo::default(),
            others: RefCell::default(),
            landed_at: RefCell::default(),
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

    /// The digest of the change between two commits, for all statements that name them.
    pub fn digest(&self, base: &CommitId, head: &CommitId) -> Result<ChangeDigest, HistoryError> {
        if let Some(unit) = self.units.borrow().get(head)
            && unit.parent.as_ref() == Some(base)
        {
            return Ok(unit.digest);
        }
        let ends = (base.clone(), head.clone());
        if let Some(digest) = self.digests.borrow().get(&ends) {
            return Ok(*digest);
        }
        let digest = self.history.change(Some(base), head)?.digest();
        self.digests.borrow_mut().insert(ends, digest);
        Ok(digest)
    }

    /// The commits of `head`'s first-parent line after `base`, the oldest first; `None` where `base`
    /// isn't on the line. No base means the whole line.
    pub fn after(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Option<Vec<CommitId>>, Undecided> {
        let first = self.age(head);
        let mut commits = Vec::new();
        while let Some(commit) = self.commit(first + commits.len())? {
            if Some(&commit) == base {
                commits.reverse();
                return Ok(Some(commits));
            }
            if commits.len() >= MAX_LINE {
                return Err(too_long());
            }
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

    /// Where `tip` lies before `end`, itself included; `None` where it isn't on the line. Unlike
    /// [`Self::after`] this stops early where `tip` can't be met.
    pub fn since(&self, tip: &CommitId, end: &CommitId) -> Result<Option<Since>, Undecided> {
        let onto = self.age(end);
        let walked = self.walk.borrow().ages.get(tip).copied();
        let age = match walked {
            Some(age) => {
                // Whatever names it, it has to be here.
                self.history.commit(tip)?;
                Some(age)
            }
            None if self.may_meet(tip, end, onto)? => self.walk_to(tip, onto)?,
            None => None,
        };
        let Some(age) = age.filter(|age| *age >= onto) else {
            return Ok(None);
        };
        if age - onto > MAX_LINE {
            return Err(too_long());
        }
        Ok(Some(Since { tip: age, onto }))
    }

    /// Whether a statement over the change at `place`, made when the line stood at `tip`, is spent: a
    /// commit before the place was that very change, or a commit held all its new sides and a later
    /// one, up to the place's last, doesn't (SPEC 8.4). `since` is where `tip` lies before the place.
    /// A series that was the change earlier held its new sides, so it needs no look of its own.
    pub fn spent(
        &self,
        place: &Place<'_>,
        (manifest, digest): (&ChangeManifest, &ChangeDigest),
        tip: &CommitId,
        since: Since,
    ) -> Result<Option<CommitId>, Undecided> {
        // Right before landed units stands what their change starts from, which was read already.
        let own = std::ptr::eq(manifest, place.manifest);
        let from_tip = own && since.tip == since.onto && !place.units.is_empty();
        let entries = manifest.entries();
        let stood = entries
            .map(|entry| match from_tip {
                true => Ok(entry.old.cloned()),
                false => self.history.content(tip, entry.path),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let last = match place.units.last() {
            Some(unit) => self.walk.borrow().ages.get(&unit.commit).copied(),
            None => Some(since.onto),
        };
        let last = last.ok_or_else(|| Undecided::new(Code::INTERNAL, "a unit off its own line"))?;
        let Some(oldest) = since.tip.checked_sub(1).filter(|oldest| *oldest >= last) else {
            return Ok(None);
        };
        self.index(oldest)?;
        let window = Window {
            oldest,
            onto: since.onto,
            last,
        };
        let walk = self.walk.borrow();
        let spent = walk.landed.spent(manifest, digest, &stood, window)?;
        Ok(spent.and_then(|age| walk.commits.get(age).cloned()))
    }

    /// The units after a statement's tip, up to where its change lands, that touch any of these paths; the oldest
    /// first.
    pub fn touching(
        &self,
        manifest: &ChangeManifest,
        since: Since,
    ) -> Result<Vec<Rc<Unit>>, Undecided> {
        let Some(oldest) = since
            .tip
            .checked_sub(1)
            .filter(|oldest| *oldest >= since.onto)
        else {
            return Ok(Vec::new());
        };
        self.index(oldest)?;
        let ages = self
            .walk
            .borrow()
            .landed
            .touching(manifest, since.onto, oldest)?;
        let commits: Vec<_> = {
            let walk = self.walk.borrow();
            let commits = ages.iter().rev().filter_map(|age| walk.commits.get(*age));
            commits.cloned().collect()
        };
        let units = commits.iter().map(|commit| self.unit(commit));
        Ok(units.collect::<Result<_, _>>()?)
    }

    /// Whether a commit stands on the first-parent line that ends at `tip`, as far as that is here and walked.
    pub fn lies_on(&self, commit: &CommitId, tip: &CommitId) -> bool {
        let known = self.others.borrow().get(tip).map(Rc::clone);
        let line = known.unwrap_or_else(|| {
            let mut line = HashSet::new();
            let mut next = Some(tip.clone());
            while let Some(commit) = next.filter(|_| line.len() < MAX_LINE) {
                let parents = self.history.parents(&commit);
                line.insert(commit);
                next = parents.ok().and_then(|parents| parents.into_iter().next());
            }
            let line = Rc::new(line);
            let mut others = self.others.borrow_mut();
            others.insert(tip.clone(), Rc::clone(&line));
            line
        });
        line.contains(commit)
    }

    /// Notes when a commit landed.
    pub fn lands(&self, commit: &CommitId, at: Timestamp) {
        self.landed_at.borrow_mut().insert(commit.clone(), at);
    }

    /// When a commit landed; `None`: now.
    pub fn landed_at(&self, commit: &CommitId) -> Option<Timestamp> {
        self.landed_at.borrow().get(commit).copied()
    }

    /// Makes sure that landed units are on what is walked, with what they landed on, so that they have a place there.
    pub fn walks_over(&self, units: &[Rc<Unit>]) -> Result<(), HistoryError> {
        if let Some(last) = units.last() {
            let age = self.age(&last.commit);
            self.commit(age + units.len())?;
        }
        Ok(())
    }

    /// How far a commit lies behind the end of what was walked. One that wasn't met is the end of a new
    /// walk.
    fn age(&self, commit: &CommitId) -> Age {
        let mut walk = self.walk.borrow_mut();
        if let Some(age) = walk.ages.get(commit) {
            return *age;
        }
        *walk = Walk::default();
        walk.push(commit.clone());
        0
    }

    /// The commit of this age; `None` where the line has no more.
    fn commit(&self, age: Age) -> Result<Option<CommitId>, HistoryError> {
        let mut walk = self.walk.borrow_mut();
        while walk.commits.len() <= age {
            let Some(last) = walk.commits.last().filter(|_| !walk.complete) else {
                return Ok(None);
            };
            match self.history.parents(last)?.into_iter().next() {
                Some(parent) => walk.push(parent),
                None => walk.complete = true,
            }
        }
        Ok(walk.commits.get(age).cloned())
    }

    /// Whether `tip`, off what was walked, may lie further back. It must be here in any case.
    fn may_meet(&self, tip: &CommitId, end: &CommitId, onto: Age) -> Result<bool, HistoryError> {
        let mut walk = self.walk.borrow_mut();
        let reached = match (walk.reached.get(tip), walk.commits.first()) {
            (Some(reached), _) => *reached,
            (None, Some(newest)) => self.history.is_ancestor(tip, newest)?,
            (None, None) => false,
        };
        walk.reached.insert(tip.clone(), reached);
        Ok(reached && !walk.complete && (onto == 0 || self.history.is_ancestor(tip, end)?))
    }

    /// Walks back to `tip`.
    fn walk_to(&self, tip: &CommitId, onto: Age) -> Result<Option<Age>, Undecided> {
        let mut age = self.walk.borrow().commits.len();
        loop {
            if age > onto + MAX_LINE {
                return Err(too_long());
            }
            match self.commit(age)? {
                Some(commit) if commit == *tip => return Ok(Some(age)),
                Some(_) => age += 1,
                None => return Ok(None),
            }
        }
    }

    /// Indexes the units back to this age.
    fn index(&self, oldest: Age) -> Result<(), HistoryError> {
        let covered = self.walk.borrow().landed.covered();
        for age in covered..=oldest {
            let Some(commit) = self.commit(age)? else {
                break;
            };
            let unit = self.unit(&commit);
            let unit = unit.as_deref().map_err(HistoryError::clone);
            self.walk.borrow_mut().landed.add(unit);
        }
        Ok(())
    }
}

fn too_long() -> Undecided {
    Undecided::new(Code::LIMIT, format!("a line of over {MAX_LINE} commits"))
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
