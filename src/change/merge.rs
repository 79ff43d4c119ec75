//! The line merge of a change that was reviewed on another base (SPEC 2.9): one answer, whatever git is installed.
//!
//! Two sides change the same old text. Where their hunks lie apart, wherever each of them could slide, both are
//! applied; else there is a conflict. No rename, no attribute and no configuration takes part.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The level on which only equal ends are paired.
const LAST_LEVEL: usize = 16;

/// The largest text that is merged, in bytes (SPEC 10).
const TEXT_LIMIT: usize = 16 << 20;
/// The most bytes of all texts that are merged for one unit (SPEC 10).
pub const MERGED_LIMIT: usize = 64 << 20;

/// Whether a text is one that is merged: no binary, and not too large.
pub fn is_mergeable(text: &[u8]) -> bool {
    text.len() <= TEXT_LIMIT && !text.contains(&0)
}

/// The line merge of `new` and `cur`, both made from `old`; `None` where they conflict.
pub fn merge_lines(old: &[u8], new: &[u8], cur: &[u8]) -> Option<Vec<u8>> {
    let mut lines = Lines::default();
    let (old, new, cur) = (lines.read(old), lines.read(new), lines.read(cur));
    let (ours, theirs) = (lines.hunks(&old, &new), lines.hunks(&old, &cur));
    let common: Vec<bool> = common(&ours, &new, &theirs, &cur);
    let (common_ours, common_theirs) = common.split_at(ours.len());
    if conflict(
        reaches(&ours, &old, &new, common_ours),
        reaches(&theirs, &old, &cur, common_theirs),
    ) {
        return None;
    }
    let mut hunks: Vec<(&Hunk, &[u32])> = ours.iter().map(|hunk| (hunk, new.as_slice())).collect();
    let others = theirs.iter().zip(common_theirs);
    hunks.extend(
        others
            .filter(|(_, common)| !**common)
            .map(|(hunk, _)| (hunk, cur.as_slice())),
    );
    hunks.sort_by_key(|(hunk, _)| (hunk.old.start, hunk.old.end));
    Some(lines.apply(&old, &hunks))
}

/// The lines that each hunk from `old` to `new` takes away, and those that it brings, in order. A merge changes no other
/// line.
pub fn hunk_lines<'t>(old: &'t [u8], new: &'t [u8]) -> Vec<[Vec<&'t [u8]>; 2]> {
    let mut lines = Lines::default();
    let (old, new) = (lines.read(old), lines.read(new));
    let texts = |side: &[u32], range: Range<usize>| {
        let numbers = side.get(range).unwrap_or_default().iter();
        let texts = numbers.filter_map(|line| lines.texts.get(*line as usize));
        texts.copied().collect()
    };
    let hunks = lines.hunks(&old, &new).into_iter();
    hunks
        .map(|hunk| [texts(&old, hunk.old), texts(&new, hunk.new)])
        .collect()
}

/// How a hunk of a change fares in another text; neither where it was changed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fares {
    /// Nothing there touches it: merging the change brings it in.
    pub lacking: bool,
    /// It stands there: its new lines, or for one that only deletes the gap. Blank lines alone are too like one another.
    pub stands: bool,
}

/// How each hunk from `old` to `new` fares in `cur`, in order (SPEC 2.9).
pub fn hunks_in(old: &[u8], new: &[u8], cur: &[u8]) -> Vec<Fares> {
    let mut lines = Lines::default();
    let (old, new, cur) = (lines.read(old), lines.read(new), lines.read(cur));
    let (ours, theirs) = (lines.hunks(&old, &new), lines.hunks(&old, &cur));
    let common = common(&ours, &new, &theirs, &cur);
    let (common_ours, common_theirs) = common.split_at(ours.len());
    let theirs = reaches(&theirs, &old, &cur, common_theirs);
    let lacking = reaches(&ours, &old, &new, &[]).into_iter().zip(common_ours);
    let lacking = lacking.map(|(reach, common)| !common && touching(&theirs, reach).is_empty());
    let stand = lines.stand(&ours, [&old, &new, &cur]);
    let fares = lacking.zip(stand);
    // Where lines are alike both may seem true; then it is what a merge says that counts.
    let fares = fares.map(|(lacking, stands)| Fares {
        lacking,
        stands: stands && !lacking,
    });
    fares.collect()
}

/// The lines of the texts, each as the number of its bytes.
#[derive(Default)]
struct Lines<'t> {
    numbers: HashMap<&'t [u8], u32>,
    texts: Vec<&'t [u8]>,
}

/// A maximal run without a paired line: so many lines of the old text become those of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hunk {
    old: Range<usize>,
    new: Range<usize>,
}

impl Hunk {
    fn inverse(&self) -> Self {
        Self {
            old: self.new.clone(),
            new: self.old.clone(),
        }
    }
}

impl<'t> Lines<'t> {
    /// The numbers of a text's lines (L1).
    fn read(&mut self, text: &'t [u8]) -> Vec<u32> {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        lines
            .map(|line| {
                // Three texts of 16 MiB have fewer lines than that.
                let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                *self.numbers.entry(line).or_insert_with(|| {
                    self.texts.push(line);
                    next
                })
            })
            .collect()
    }

    /// What differs between two texts (L2, L3).
    fn hunks(&self, old: &[u32], new: &[u32]) -> Vec<Hunk> {
        let mut hunks = Vec::new();
        let mut start = (0, 0);
        let pairs = Matching::new(old, new, self.texts.len()).pairs();
        for (i, j) in pairs.into_iter().chain([(old.len(), new.len())]) {
            let hunk = Hunk {
                old: start.0..i,
                new: start.1..j,
            };
            if !hunk.old.is_empty() || !hunk.new.is_empty() {
                hunks.push(hunk);
            }
            start = (i + 1, j + 1);
        }
        hunks
    }

    /// Whether each hunk from `old` to `new` stands in `cur`.
    fn stand(&self, hunks: &[Hunk], [old, new, cur]: [&[u32]; 3]) -> Vec<bool> {
        let back: Vec<Hunk> = hunks.iter().map(Hunk::inverse).collect();
        let since = self.hunks(new, cur);
        let since_reaches = reaches(&since, new, cur, &[]);
        let reaches = reaches(&back, new, old, &[]).into_iter();
        // Only a gap asks for these.
        let (in_new, in_cur) = match hunks.iter().any(|hunk| hunk.new.is_empty()) {
            true => (counts(new), counts(cur)),
            false => Default::default(),
        };
        let moved = |line: &u32| in_cur.get(line) > in_new.get(line);
        let stands = hunks.iter().zip(reaches).map(|(hunk, reach)| {
            let taken = old.get(hunk.old.clone()).unwrap_or_default();
            let brought = new.get(hunk.new.clone()).unwrap_or_default();
            if taken.iter().chain(brought).all(|line| self.is_blank(*line)) {
                return false;
            }
            if brought.is_empty() && taken.iter().all(moved) {
                return false;
            }
            let deleted: HashSet<u32> = match brought.is_empty() {
                true => taken.iter().copied().collect(),
                false => HashSet::new(),
            };
            let mut others = touching(&since_reaches, reach);
            !others.any(|at| match (since.get(at), since_reaches.get(at)) {
                (Some(other), _) if brought.is_empty() => {
                    closes(other, hunk.new.start, (&deleted, cur))
                }
                (Some(other), Some(own)) => breaks((other, *own), (&hunk.new, reach)),
                _ => true,
            })
        });
        stands.collect()
    }

    fn is_blank(&self, line: u32) -> bool {
        let text = self.texts.get(line as usize);
        text.is_some_and(|text| text.iter().all(u8::is_ascii_whitespace))
    }

    /// The old text with the hunks in place (L6). They are in order and lie apart.
    fn apply(&self, old: &[u32], hunks: &[(&Hunk, &[u32])]) -> Vec<u8> {
        let mut result = Vec::new();
        let mut write = |lines: Option<&[u32]>| {
            let texts = lines.into_iter().flatten();
            let texts = texts.filter_map(|line| self.texts.get(*line as usize));
            texts.for_each(|text| result.extend_from_slice(text));
        };
        let mut at = 0;
        for (hunk, side) in hunks {
            write(old.get(at..hunk.old.start));
            write(side.get(hunk.new.clone()));
            at = hunk.old.end;
        }
        write(old.get(at..));
        result
    }
}

/// The pairs of equal lines of two texts (L2).
struct Matching<'a> {
    old: &'a [u32],
    new: &'a [u32],
    /// For each line of any text how often it stands in the stretches that are looked at, and where in the new one.
    counts: Vec<Count>,
    pairs: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    old: u32,
    new: u32,
    place: usize,
}

/// Lines of both texts between which pairs are looked for.
struct Stretch {
    old: Range<usize>,
    new: Range<usize>,
    level: usize,
}

impl<'a> Matching<'a> {
    fn new(old: &'a [u32], new: &'a [u32], lines: usize) -> Self {
        Self {
            old,
            new,
            counts: vec![Count::default(); lines],
            pairs: Vec::new(),
        }
    }

    fn pairs(mut self) -> Vec<(usize, usize)> {
        let mut open = vec![Stretch {
            old: 0..self.old.len(),
            new: 0..self.new.len(),
            level: 0,
        }];
        while let Some(stretch) = open.pop() {
            let rest = self.equal_ends(stretch);
            if rest.level == LAST_LEVEL {
                continue;
            }
            let chain = self.chain(&rest);
            if chain.is_empty() {
                continue;
            }
            let mut start = (rest.old.start, rest.new.start);
            for (i, j) in chain.iter().copied().chain([(rest.old.end, rest.new.end)]) {
                open.push(Stretch {
                    old: start.0..i,
                    new: start.1..j,
                    level: rest.level + 1,
                });
                start = (i + 1, j + 1);
            }
            self.pairs.extend(chain);
        }
        self.pairs.sort_unstable();
        self.pairs
    }

    /// Pairs first lines while they are equal, then last lines, and gives what is left.
    fn equal_ends(&mut self, mut stretch: Stretch) -> Stretch {
        let (old, new) = (&mut stretch.old, &mut stretch.new);
        let left =
            |old: &Range<usize>, new: &Range<usize>| old.start < old.end && new.start < new.end;
        let equal = |i: usize, j: usize| self.old.get(i) == self.new.get(j);
        while left(old, new) && equal(old.start, new.start) {
            self.pairs.push((old.start, new.start));
            (old.start, new.start) = (old.start + 1, new.start + 1);
        }
        while left(old, new) && equal(old.end - 1, new.end - 1) {
            (old.end, new.end) = (old.end - 1, new.end - 1);
            self.pairs.push((old.end, new.end));
        }
        stretch
    }

    /// The places of lines that stand exactly once in each stretch, in the order of the old text.
    fn candidates(&mut self, stretch: &Stretch) -> Vec<(usize, usize)> {
        let old = self.old.get(stretch.old.clone()).unwrap_or_default();
        let new = self.new.get(stretch.new.clone()).unwrap_or_default();
        for line in old {
            if let Some(count) = self.counts.get_mut(*line as usize) {
                count.old += 1;
            }
        }
        for (line, place) in new.iter().zip(stretch.new.clone()) {
            if let Some(count) = self.counts.get_mut(*line as usize) {
                count.new += 1;
                count.place = place;
            }
        }
        let once = |(line, place): (&u32, usize)| {
            let count = self.counts.get(*line as usize)?;
            ((count.old, count.new) == (1, 1)).then_some((place, count.place))
        };
        let candidates = old.iter().zip(stretch.old.clone()).filter_map(once);
        let candidates = candidates.collect();
        for line in old.iter().chain(new) {
            if let Some(count) = self.counts.get_mut(*line as usize) {
                *count = Count::default();
            }
        }
        candidates
    }

    /// The chain of candidates that patience finds: rising in both texts.
    fn chain(&mut self, stretch: &Stretch) -> Vec<(usize, usize)> {
        let candidates = self.candidates(stretch);
        // The top of each pile, as a candidate; and for each candidate the top of the pile to the left when it was put.
        let mut piles: Vec<usize> = Vec::new();
        let mut notes: Vec<Option<usize>> = Vec::with_capacity(candidates.len());
        let place = |candidate: &usize| candidates.get(*candidate).map(|(_, place)| *place);
        for (number, (_, at)) in candidates.iter().enumerate() {
            let pile = piles.partition_point(|top| place(top) < Some(*at));
            notes.push(
                pile.checked_sub(1)
                    .and_then(|left| piles.get(left))
                    .copied(),
            );
            match piles.get_mut(pile) {
                Some(top) => *top = number,
                None => piles.push(number),
            }
        }
        let next = |number: &usize| notes.get(*number).copied().flatten();
        let chain = std::iter::successors(piles.last().copied(), next);
        let mut chain: Vec<_> = chain
            .filter_map(|number| candidates.get(number).copied())
            .collect();
        chain.reverse();
        chain
    }
}

/// Which of our hunks, then which of theirs, the other side has too (L5).
fn common(ours: &[Hunk], new: &[u32], theirs: &[Hunk], cur: &[u32]) -> Vec<bool> {
    let key = |hunk: &Hunk, side: &'_ [u32]| {
        (
            hunk.old.clone(),
            side.get(hunk.new.clone()).map(<[u32]>::to_vec),
        )
    };
    let of = |hunks: &[Hunk], side: &[u32]| -> HashMap<_, ()> {
        hunks.iter().map(|hunk| (key(hunk, side), ())).collect()
    };
    let (our_keys, their_keys) = (of(ours, new), of(theirs, cur));
    let in_theirs = ours
        .iter()
        .map(|hunk| their_keys.contains_key(&key(hunk, new)));
    let in_ours = theirs
        .iter()
        .map(|hunk| our_keys.contains_key(&key(hunk, cur)));
    in_theirs.chain(in_ours).collect()
}

/// How far each hunk of one side that the other doesn't have reaches in the old text, first and last boundary (L4).
fn reaches(hunks: &[Hunk], old: &[u32], side: &[u32], common: &[bool]) -> Vec<(usize, usize)> {
    let mut reaches = Vec::new();
    for (number, hunk) in hunks.iter().enumerate() {
        if common.get(number) == Some(&true) {
            continue;
        }
        let before = number.checked_sub(1).and_then(|number| hunks.get(number));
        let above = before.map_or(0, |before| before.old.end);
        let below = hunks
            .get(number + 1)
            .map_or(old.len(), |next| next.old.start);
        reaches.push(reach(hunk, old, side, (above, below)));
    }
    reaches
}

/// A hunk that only inserts or only deletes can stand wherever the lines around it repeat its text.
fn reach(hunk: &Hunk, old: &[u32], side: &[u32], (above, below): (usize, usize)) -> (usize, usize) {
    let (mut start, mut end) = (hunk.old.start, hunk.old.end);
    let text = match (hunk.old.is_empty(), hunk.new.is_empty()) {
        (true, false) => side.get(hunk.new.clone()),
        (false, true) => old.get(hunk.old.clone()),
        _ => None,
    };
    let Some(text) = text else {
        return (start, end);
    };
    let mut upwards = text.iter().rev().cycle();
    while start > above && old.get(start - 1) == upwards.next() {
        start -= 1;
    }
    let mut downwards = text.iter().cycle();
    while end < below && old.get(end) == downwards.next() {
        end += 1;
    }
    (start, end)
}

/// Which of these reaches, which are in order, touch this one.
fn touching(reaches: &[(usize, usize)], (start, end): (usize, usize)) -> Range<usize> {
    let first = reaches.partition_point(|(_, other)| *other < start);
    let last = reaches.partition_point(|(other, _)| *other <= end);
    first..last.max(first)
}

/// Whether a later hunk takes something of the lines `own` away, or parts them. One that only inserts and can slide stands
/// where it spares them; of lines that are alike any may have been taken away.
fn breaks(
    (other, (start, end)): (&Hunk, (usize, usize)),
    (own, reach): (&Range<usize>, (usize, usize)),
) -> bool {
    match other.old.is_empty() {
        true => own.start < start && end < own.end,
        false => start < reach.1 && reach.0 < end,
    }
}

/// How often each line stands in a text.
fn counts(text: &[u32]) -> HashMap<u32, usize> {
    let mut counts = HashMap::new();
    for line in text {
        *counts.entry(*line).or_default() += 1;
    }
    counts
}

/// Whether a later hunk closes the gap at a line that a deletion left: it brings a deleted line back, or other lines in
/// place of the deleted ones or of those around.
fn closes(other: &Hunk, gap: usize, (deleted, cur): (&HashSet<u32>, &[u32])) -> bool {
    let within = other.old.is_empty() || (other.old.start < gap && gap < other.old.end);
    let brought = cur.get(other.new.clone()).unwrap_or_default();
    (within && !brought.is_empty()) || brought.iter().any(|line| deleted.contains(line))
}

/// Whether any reach of one side touches any of the other (L5).
fn conflict(ours: Vec<(usize, usize)>, theirs: Vec<(usize, usize)>) -> bool {
    let ours = ours.into_iter().map(|reach| (reach, true));
    let theirs = theirs.into_iter().map(|reach| (reach, false));
    let mut all: Vec<_> = ours.chain(theirs).collect();
    all.sort_unstable();
    // The furthest end so far of each side.
    let (mut our_end, mut their_end) = (None, None);
    for ((start, end), is_ours) in all {
        let (own, other) = match is_ours {
            true => (&mut our_end, their_end),
            false => (&mut their_end, our_end),
        };
        if other >= Some(start) {
            return true;
        }
        *own = (*own).max(Some(end));
    }
    false
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
