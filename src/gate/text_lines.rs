//! Lines of texts as numbers, so that texts are told apart without merging them.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use super::Undecided;
use super::texts::Text;
use crate::change::{Digest, hunk_lines};

/// The most lines that one check remembers.
const MAX_LINES: usize = 16 << 20;

/// A text, old and new.
type Sides = (Digest, Digest);

/// What is known of the lines of texts, by their names. Of what is too much, or no text that is merged, nothing is known.
#[derive(Default)]
pub(super) struct TextLines {
    texts: RefCell<HashMap<Digest, Option<Rc<Lines>>>>,
    hunks: RefCell<HashMap<Sides, Option<Rc<HunkLines>>>>,
    number: Cell<usize>,
}

/// The lines that the hunks of a change are about.
pub(super) struct HunkLines {
    all: HashSet<u64>,
    /// Those that each of them brings.
    brought: Vec<Vec<u64>>,
}

impl HunkLines {
    fn of(hunks: &[[Vec<&[u8]>; 2]]) -> Self {
        let numbers = |lines: &Vec<&[u8]>| lines.iter().map(|line| number(line)).collect();
        let mut all: HashSet<u64> = HashSet::new();
        let mut brought: Vec<Vec<u64>> = Vec::new();
        for [taken, lines] in hunks {
            all.extend(taken.iter().chain(lines).map(|line| number(line)));
            brought.push(numbers(lines));
        }
        for lines in &mut brought {
            lines.sort_unstable();
            lines.dedup();
        }
        Self { all, brought }
    }

    fn number(&self) -> usize {
        let brought = self.brought.iter().map(|lines| lines.len() + 1);
        self.all.len() + brought.sum::<usize>()
    }

    /// Whether a line is one of them.
    pub fn contain(&self, line: u64) -> bool {
        self.all.contains(&line)
    }

    /// Whether some hunk may stand in a text: all lines that it brings are there.
    pub fn may_stand(&self, text: &Lines) -> bool {
        let mut brought = self.brought.iter();
        brought.any(|hunk| hunk.iter().all(|line| text.contain(*line)))
    }

    /// Whether all lines that the hunks bring are in a text.
    pub fn all_are_in(&self, text: &Lines) -> bool {
        let mut brought = self.brought.iter().flatten();
        brought.all(|line| text.contain(*line))
    }
}

/// The lines of one text, sorted.
pub(super) struct Lines(Vec<u64>);

impl TextLines {
    /// The lines of a text.
    pub fn of(
        &self,
        name: Digest,
        read: impl FnOnce() -> Result<Text, Undecided>,
    ) -> Result<Option<Rc<Lines>>, Undecided> {
        if let Some(known) = self.texts.borrow().get(&name) {
            return Ok(known.clone());
        }
        let text = match read()? {
            // Another change may have it.
            Text::Missing => return Ok(None),
            Text::Unfit => None,
            Text::Fit(text) => Some(text),
        };
        let mut lines = text.map(|text| {
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            lines.map(number).collect::<Vec<_>>()
        });
        if let Some(lines) = &mut lines {
            lines.sort_unstable();
        }
        let lines = lines.filter(|lines| self.remembers(lines.len()));
        let lines = lines.map(|lines| Rc::new(Lines(lines)));
        self.texts.borrow_mut().insert(name, lines.clone());
        Ok(lines)
    }

    /// The lines that the hunks between two texts are about.
    pub fn about(
        &self,
        sides: Sides,
        read: impl FnOnce() -> Result<(Text, Text), Undecided>,
    ) -> Result<Option<Rc<HunkLines>>, Undecided> {
        if let Some(known) = self.hunks.borrow().get(&sides) {
            return Ok(known.clone());
        }
        let hunks = match read()? {
            (Text::Missing, _) | (_, Text::Missing) => return Ok(None),
            (Text::Fit(old), Text::Fit(new)) => Some(HunkLines::of(&hunk_lines(&old, &new))),
            _ => None,
        };
        let hunks = hunks.filter(|hunks| self.remembers(hunks.number()));
        let hunks = hunks.map(Rc::new);
        self.hunks.borrow_mut().insert(sides, hunks.clone());
        Ok(hunks)
    }

    fn remembers(&self, lines: usize) -> bool {
        let number = self.number.get().saturating_add(lines);
        let fits = number <= MAX_LINES;
        if fits {
            self.number.set(number);
        }
        fits
    }
}

impl Lines {
    fn contain(&self, line: u64) -> bool {
        self.0.binary_search(&line).is_ok()
    }

    /// The lines of which the other text has more, or fewer.
    pub fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        std::iter::from_fn(move || {
            loop {
                match (one.peek(), two.peek()) {
                    (Some(first), Some(second)) if first == second => {
                        one.next();
                        two.next();
                    }
                    (Some(first), Some(second)) if first < second => return one.next().copied(),
                    (Some(_), None) => return one.next().copied(),
                    _ => return two.next().copied(),
                }
            }
        })
    }
}

/// Two lines of one number are taken for one: then texts are merged that need not be.
fn number(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
#[path = "text_lines_tests.rs"]
mod tests;
