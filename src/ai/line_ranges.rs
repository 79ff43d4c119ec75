//! Ranges of lines that agents and people are named for, and how many distinct lines they are.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};

/// Some lines of a file, from 1, and whether they are an agent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineRange {
    pub start: u32,
    pub end: u32,
    pub by_agent: bool,
}

/// The distinct lines of one file by agents, and by people. Of ranges that overlap the last wins, so they are
/// taken from the end, each with what later ones left of it.
pub(super) fn count(ranges: &[LineRange]) -> (u64, u64) {
    // Starts to ends of what is taken; none of them overlap.
    let mut taken: BTreeMap<u32, u32> = BTreeMap::new();
    let (mut agents, mut people) = (0, 0);
    for range in ranges.iter().rev() {
        let left = take(&mut taken, range.start, range.end);
        match range.by_agent {
            true => agents += left,
            false => people += left,
        }
    }
    (agents, people)
}

/// Takes the lines from `start` to `end`; how many nobody had taken.
fn take(taken: &mut BTreeMap<u32, u32>, start: u32, end: u32) -> u64 {
    let before = taken.range(..=start).next_back();
    let (mut from, mut to) = (start, end);
    let mut overlapping = Vec::new();
    let mut covered = 0;
    let within = taken.range((Excluded(start), Included(end)));
    let within = before.into_iter().chain(within);
    for (other_start, other_end) in within {
        if *other_end < start {
            continue;
        }
        covered += u64::from((*other_end).min(end)) + 1 - u64::from((*other_start).max(start));
        (from, to) = (from.min(*other_start), to.max(*other_end));
        overlapping.push(*other_start);
    }
    for other in overlapping {
        taken.remove(&other);
    }
    taken.insert(from, to);
    u64::from(end) + 1 - u64::from(start) - covered
}
