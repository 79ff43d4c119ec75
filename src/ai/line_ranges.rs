//! Ranges of lines that agents and people are named for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};
use std::sync::Arc;

use super::{LineBy, NamedAgent};
use crate::change::KeptLines;

/// Some lines of a file, first and last, from 1, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRange {
    /// The first line.
    pub start: u32,
    /// The last line, not before the first.
    pub end: u32,
    /// Whose they are.
    pub by: LineBy,
    /// The agent that took part in them.
    pub agent: Option<Arc<NamedAgent>>,
}

impl LineRange {
    /// How many lines they are.
    pub fn lines(&self) -> u64 {
        u64::from(self.end) + 1 - u64::from(self.start)
    }

    fn within(&self, start: u32, end: u32) -> Self {
        Self {
            start,
            end,
            ..self.clone()
        }
    }
}

/// The agents that took part in the lines.
pub(super) fn agents_of<'r>(
    ranges: impl IntoIterator<Item = &'r LineRange>,
) -> BTreeSet<NamedAgent> {
    // Many ranges share an agent, and few follow one of another.
    let mut agents: Vec<&Arc<NamedAgent>> = Vec::new();
    for agent in ranges.into_iter().filter_map(|range| range.agent.as_ref()) {
        if !agents.last().is_some_and(|last| Arc::ptr_eq(last, agent)) {
            agents.push(agent);
        }
    }
    agents.into_iter().map(|agent| (**agent).clone()).collect()
}

/// The ranges in order, none of which overlap: of those that do, the last one wins.
pub(super) fn last_wins(ranges: &[LineRange]) -> Vec<LineRange> {
    // Starts to ends of what is taken, from the last range back; none of them overlap.
    let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
    let mut won = Vec::new();
    for range in ranges.iter().rev() {
        let free = take(&mut taken, range.start, range.end);
        won.extend(
            free.into_iter()
                .map(|(start, end)| range.within(start, end)),
        );
    }
    won.sort_by_key(|range| range.start);
    won
}

/// The ranges of several sources in order, none of which overlap: what one of them says is an agent's is an
/// agent's, so that another source never makes it less.
pub(super) fn agents_win(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort_by_key(|range| range.by);
    last_wins(&ranges)
}

/// Takes the lines from `start` to `end`, and gives those that nobody had taken.
fn take(taken: &mut BTreeMap<u32, u32>, start: u32, end: u32) -> Vec<(u32, u32)> {
    let before = taken.range(..=start).next_back();
    let within = taken.range((Excluded(start), Included(end)));
    let overlapping: Vec<_> = before
        .into_iter()
        .chain(within)
        .map(|(start, end)| (*start, *end))
        .filter(|(_, other_end)| *other_end >= start)
        .collect();
    let (mut from, mut to) = (start, end);
    let mut free = Vec::new();
    // The first line that may be free; none after the last line that there can be.
    let mut next = Some(start);
    for (other_start, other_end) in overlapping {
        if let Some(first) = next.filter(|first| *first < other_start) {
            free.push((first, other_start - 1));
        }
        next = other_end.checked_add(1);
        (from, to) = (from.min(other_start), to.max(other_end));
        taken.remove(&other_start);
    }
    if let Some(first) = next.filter(|first| *first <= end) {
        free.push((first, end));
    }
    taken.insert(from, to);
    free
}

/// What of the ranges lies within others. Both are in order, and neither overlaps itself.
pub(super) fn within(ranges: &[LineRange], others: &[(u32, u32)]) -> Vec<LineRange> {
    let mut found = Vec::new();
    let mut others = others.iter().peekable();
    for range in ranges {
        while others.next_if(|(_, end)| *end < range.start).is_some() {}
        let mut ahead = others.clone();
        while let Some((start, end)) = ahead.next_if(|(start, _)| *start <= range.end) {
            found.push(range.within(range.start.max(*start), range.end.min(*end)));
        }
    }
    found
}

/// The ranges in the numbers of a newer version of the file, less what isn't kept. They are in order, and none
/// overlaps another.
pub(super) fn moved(ranges: &[LineRange], kept: &KeptLines) -> Vec<LineRange> {
    let mut found = Vec::new();
    let mut runs = kept.runs.iter().peekable();
    for range in ranges {
        while runs
            .next_if(|run| run.old + (run.lines - 1) < range.start)
            .is_some()
        {}
        let mut ahead = runs.clone();
        while let Some(run) = ahead.next_if(|run| run.old <= range.end) {
            let start = range.start.max(run.old);
            let end = range.end.min(run.old + (run.lines - 1));
            found.push(range.within(start - run.old + run.new, end - run.old + run.new));
        }
    }
    found
}

#[cfg(test)]
#[path = "line_ranges_tests.rs"]
mod tests;
