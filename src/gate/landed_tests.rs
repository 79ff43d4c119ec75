use std::collections::BTreeMap;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::change::{CommitId, FileMode, sha256};
use crate::gate::line::Unit;

/// What stands at each path.
type State = BTreeMap<RepoPath, Content>;

fn path(number: u8) -> RepoPath {
    RepoPath::new(format!("f{number}")).unwrap()
}

fn content(number: u8) -> Content {
    Content::Blob {
        mode: FileMode::Regular,
        sha256: sha256(&[number]),
    }
}

fn difference(old: &State, new: &State) -> ChangeManifest {
    let mut manifest = ChangeManifest::new();
    for path in old.keys().chain(new.keys()) {
        manifest.insert(path.clone(), old.get(path).cloned(), new.get(path).cloned());
    }
    manifest
}

/// A line, the oldest first: its states, and what led from each to the next.
struct History {
    states: Vec<State>,
    units: Vec<Result<Rc<Unit>, HistoryError>>,
}

impl History {
    /// Each step sets some paths; content 0 removes, and a step may not be readable.
    fn new(steps: &[(Vec<(u8, u8)>, bool)]) -> Self {
        let mut states = vec![State::new()];
        let mut units = Vec::new();
        for (number, (writes, unread)) in steps.iter().enumerate() {
            let old = states[number].clone();
            let mut new = old.clone();
            for (at, value) in writes {
                match value {
                    0 => new.remove(&path(*at)),
                    _ => new.insert(path(*at), content(*value)),
                };
            }
            let manifest = difference(&old, &new);
            let commit: CommitId = format!("{number:040x}").parse().unwrap();
            units.push(if *unread {
                Err(HistoryError::Read(commit.to_string()))
            } else {
                Ok(Rc::new(Unit {
                    commit,
                    parent: None,
                    digest: manifest.digest(),
                    manifest,
                }))
            });
            states.push(new);
        }
        Self { states, units }
    }

    fn age(&self, index: usize) -> Age {
        self.units.len() - 1 - index
    }

    fn indexed(&self) -> Landed {
        let mut landed = Landed::default();
        for unit in self.units.iter().rev() {
            landed.add(unit.as_deref().map_err(HistoryError::clone));
        }
        landed
    }

    /// SPEC 8.4 word by word: one step after the other.
    fn plain(
        &self,
        manifest: &ChangeManifest,
        since: std::ops::Range<usize>,
        last: usize,
    ) -> Result<Option<Age>, HistoryError> {
        let mut stands = self.states[since.start].clone();
        let mut held = None;
        for index in since.start..last {
            let unit = self.units[index].as_ref().map_err(HistoryError::clone)?;
            if index < since.end && unit.digest == manifest.digest() {
                return Ok(Some(self.age(index)));
            }
            for entry in unit.manifest.entries() {
                match entry.new {
                    Some(content) => stands.insert(entry.path.clone(), content.clone()),
                    None => stands.remove(entry.path),
                };
            }
            let holds = manifest
                .entries()
                .all(|entry| stands.get(entry.path) == entry.new);
            match (holds, held) {
                (true, None) => held = Some(index),
                (false, Some(first)) => return Ok(Some(self.age(first))),
                _ => {}
            }
        }
        Ok(None)
    }

    fn spent(
        &self,
        manifest: &ChangeManifest,
        since: std::ops::Range<usize>,
        last: usize,
    ) -> Result<Option<Age>, HistoryError> {
        let stood: Vec<_> = manifest
            .paths()
            .map(|path| self.states[since.start].get(path).cloned())
            .collect();
        let window = Window {
            oldest: self.age(since.start),
            onto: self.units.len() - since.end,
            last: self.units.len() - last,
        };
        self.indexed()
            .spent(manifest, &manifest.digest(), &stood, window)
    }
}

fn steps() -> impl Strategy<Value = Vec<(Vec<(u8, u8)>, bool)>> {
    let writes = prop::collection::vec((0..3u8, 0..3u8), 0..3);
    prop::collection::vec((writes, prop::bool::weighted(0.03)), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8_000))]

    #[test]
    fn the_index_answers_as_the_walk_does(
        steps in steps(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        cuts in prop::array::uniform3(any::<prop::sample::Index>()),
    ) {
        let history = History::new(&steps);
        // The change between any two states; where it is landed doesn't matter here.
        let (from, to) = (from.index(history.states.len()), to.index(history.states.len()));
        let manifest = difference(&history.states[from], &history.states[to]);
        let mut cuts = cuts.map(|cut| cut.index(history.states.len()));
        cuts.sort_unstable();
        let [tip, onto, last] = cuts;
        // Of an empty change nobody asks.
        if manifest.is_empty() || tip == last {
            return Ok(());
        }
        prop_assert_eq!(
            history.spent(&manifest, tip..onto, last),
            history.plain(&manifest, tip..onto, last)
        );
    }
}

#[test]
fn a_change_that_was_undone_and_redone_is_spent_by_its_first_landing() {
    let write = |value| (vec![(0, value)], false);
    let history = History::new(&[write(1), write(2), write(1), write(2)]);
    let manifest = difference(&history.states[1], &history.states[2]);
    // Landed by the second unit, undone by the third, landed again by the fourth.
    let first = history.age(1);
    assert_eq!(history.spent(&manifest, 1..3, 4), Ok(Some(first)));
    // A statement that was made after the undoing is not.
    assert_eq!(history.spent(&manifest, 3..3, 4), Ok(None));
}
