//! What landed on a first-parent line, by path and by digest: whether a statement is spent without a
//! walk for each statement. Statements that were made before a long range landed would else cost the
//! square of its length.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::line::Unit;
use crate::change::{ChangeDigest, ChangeManifest, Content, HistoryError, RepoPath};

/// How many first-parent steps a commit stands behind the end of the line. The older, the higher.
pub(super) type Age = usize;

/// Which units a statement's place looks at, the oldest first: `oldest` down to `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// The first unit after the statement's tip.
    pub oldest: Age,
    /// The commit on which the place lands; what is newer is the place's own.
    pub onto: Age,
    /// The newest: the place's last unit, or `onto`.
    pub last: Age,
}

/// The units of a line, from its end back to some age.
#[derive(Default)]
pub(super) struct Landed {
    /// How many units were added: the ages below.
    covered: Age,
    digests: HashMap<ChangeDigest, Vec<Age>>,
    paths: HashMap<RepoPath, Touched>,
    /// The units that can't be read.
    unread: BTreeMap<Age, HistoryError>,
}

/// The units that touch one path. Ages ascend in both.
#[derive(Default)]
struct Touched {
    all: Vec<Age>,
    by_content: HashMap<Option<Content>, Vec<Age>>,
}

impl Landed {
    /// How many units were added.
    pub fn covered(&self) -> Age {
        self.covered
    }

    /// Adds the next older unit.
    pub fn add(&mut self, unit: Result<&Unit, HistoryError>) {
        let age = self.covered;
        self.covered += 1;
        let unit = match unit {
            Ok(unit) => unit,
            Err(error) => {
                self.unread.insert(age, error);
                return;
            }
        };
        self.digests.entry(unit.digest).or_default().push(age);
        for entry in unit.manifest.entries() {
            let touched = self.paths.entry(entry.path.clone()).or_default();
            touched.all.push(age);
            let same = touched.by_content.entry(entry.new.cloned()).or_default();
            same.push(age);
        }
    }

    /// The unit that spends a statement over a change (SPEC 8.4): the first before the place that is that
    /// very change, or the first that leaves all the change's new sides in place, if a later one takes
    /// one of them away. `stood` is what stood at each of the manifest's paths before the window.
    ///
    /// # Errors
    /// That of the first unit that can't be read, where the answer isn't clear before it.
    pub fn spent(
        &self,
        manifest: &ChangeManifest,
        digest: &ChangeDigest,
        stood: &[Option<Content>],
        window: Window,
    ) -> Result<Option<Age>, HistoryError> {
        let Window { oldest, onto, last } = window;
        let ages = self.digests.get(digest);
        let repeated = ages
            .and_then(|ages| next(ages, oldest + 1))
            .filter(|age| *age >= onto);
        let lost = self.lost(manifest, stood, window);
        // What happens first, with what is told of it.
        let (at, told) = match (repeated, lost) {
            (Some(same), Some((_, lost))) if same >= lost => (Some(same), Some(same)),
            (_, Some((held, lost))) => (Some(lost), Some(held)),
            (same, None) => (same, same),
        };
        let mut unread = self.unread.range(last..=oldest.max(last)).rev();
        match unread.next() {
            Some((age, error)) if at.is_none_or(|at| at < *age) => Err(error.clone()),
            _ => Ok(told),
        }
    }

    /// The units from `newest` to `oldest` that touch any of these paths; ages ascend.
    ///
    /// # Errors
    /// That of the first unit among them that can't be read.
    pub fn touching(
        &self,
        manifest: &ChangeManifest,
        newest: Age,
        oldest: Age,
    ) -> Result<BTreeSet<Age>, HistoryError> {
        if let Some((_, error)) = self.unread.range(newest..=oldest).next_back() {
            return Err(error.clone());
        }
        let touched = manifest.paths().filter_map(|path| self.paths.get(path));
        let ages = touched.flat_map(|touched| &touched.all).copied();
        Ok(ages.filter(|age| (newest..=oldest).contains(age)).collect())
    }

    /// The first unit of the window that leaves all new sides in place, and the later one that takes
    /// one away again; `None` where none does.
    fn lost(
        &self,
        manifest: &ChangeManifest,
        stood: &[Option<Content>],
        window: Window,
    ) -> Option<(Age, Age)> {
        let sides: Vec<Side<'_>> = manifest
            .entries()
            .zip(stood)
            .map(|(entry, stood)| Side {
                touched: self.paths.get(entry.path),
                stood: stood.as_ref() == entry.new,
                holding: self.holding(entry.path, entry.new),
            })
            .collect();
        // Each path says from when on it holds its side; the latest of them asks all others again.
        let mut held = window.oldest;
        loop {
            let before = held;
            for side in &sides {
                held = side.holds_from(held, window)?;
            }
            if held == before {
                break;
            }
        }
        let lost = sides
            .iter()
            .filter_map(|side| side.changes_after(held))
            .max()?;
        (lost >= window.last).then_some((held, lost))
    }

    /// The units that leave this content at a path.
    fn holding(&self, path: &RepoPath, content: Option<&Content>) -> &[Age] {
        let touched = self.paths.get(path);
        let ages = touched.and_then(|touched| touched.by_content.get(&content.cloned()));
        ages.map(Vec::as_slice).unwrap_or_default()
    }
}

/// A path with what a change leaves there.
struct Side<'l> {
    touched: Option<&'l Touched>,
    /// Whether it stood there before the window.
    stood: bool,
    /// The units that leave it there.
    holding: &'l [Age],
}

impl Side<'_> {
    /// The first unit of the window, `from` or newer, after which the side is there.
    fn holds_from(&self, from: Age, window: Window) -> Option<Age> {
        // The newest unit up to `from` that touches the path says what stands there.
        let touching = self.all();
        let newest = touching.get(touching.partition_point(|age| *age < from));
        let holds = match newest.filter(|age| **age <= window.oldest) {
            Some(age) => self.holding.binary_search(age).is_ok(),
            None => self.stood,
        };
        if holds {
            return Some(from);
        }
        next(self.holding, from).filter(|age| *age >= window.last)
    }

    /// The first unit newer than `held` that leaves something else at the path.
    fn changes_after(&self, held: Age) -> Option<Age> {
        let mut at = held;
        while let Some(age) = next(self.all(), at) {
            if self.holding.binary_search(&age).is_err() {
                return Some(age);
            }
            at = age;
        }
        None
    }

    fn all(&self) -> &[Age] {
        self.touched
            .map(|touched| touched.all.as_slice())
            .unwrap_or_default()
    }
}

/// The next newer age: the highest below.
fn next(ages: &[Age], below: Age) -> Option<Age> {
    let after = ages.partition_point(|age| *age < below);
    ages.get(after.checked_sub(1)?).copied()
}

#[cfg(test)]
#[path = "landed_tests.rs"]
mod tests;
