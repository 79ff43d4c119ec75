//! Whose the lines are that a change adds.

use std::collections::BTreeMap;

use super::line_ranges::{LineRange, agents_win};
use super::{Agent, AttributedRange, FileLines, Lines};
use crate::change::RepoPath;

/// The most files, and the most ranges of all files, that a statement lists; of a change with more it lists none.
const LISTED_FILES: usize = 200;
const LISTED_RANGES: usize = 1_000;
/// The longest path that a statement lists, in bytes: readers take no longer strings.
const LISTED_PATH: usize = 4_096;

/// Whose the lines are that a change adds, by what evidence with line ranges says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributed {
    added: u64,
    files: BTreeMap<RepoPath, Vec<LineRange>>,
}

impl Attributed {
    /// `added` is how many lines the change adds, `files` what each source says of them, within the lines that
    /// the change adds to the file.
    pub(super) fn new(added: u64, files: BTreeMap<RepoPath, Vec<LineRange>>) -> Self {
        let files = files
            .into_iter()
            .map(|(path, ranges)| (path, agents_win(ranges)))
            .collect();
        Self { added, files }
    }

    /// Whether no source says anything of any line.
    pub fn is_empty(&self) -> bool {
        self.files.values().all(Vec::is_empty)
    }

    /// How many lines they are.
    pub fn lines(&self) -> Lines {
        let ranges = || self.files.values().flatten();
        let ai = ranges().filter(|range| range.by.is_ai());
        let ai: u64 = ai.map(LineRange::lines).sum();
        let all: u64 = ranges().map(LineRange::lines).sum();
        Lines {
            ai,
            human: all - ai,
            unknown: self.added.saturating_sub(all),
        }
    }

    /// Whether agents took part in more than half of the added lines.
    pub fn is_mostly_ai(&self) -> bool {
        self.lines().ai.saturating_mul(2) > self.added
    }

    /// Whose the added lines of a path are, in order; what isn't listed is not known.
    pub fn of(&self, path: &RepoPath) -> &[LineRange] {
        self.files.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// The files as statements list them; none where they are too many for one.
    pub(super) fn files(&self, agents: &[Agent]) -> Vec<FileLines> {
        let file = |(path, ranges): (&RepoPath, &Vec<LineRange>)| {
            let ai = ranges.iter().filter(|range| range.by.is_ai());
            FileLines {
                path: path.to_string(),
                ai_lines: ai.map(LineRange::lines).sum(),
                ranges: joined(ranges.iter().map(|range| written(range, agents))),
            }
        };
        let some = self.files.iter().filter(|(_, ranges)| !ranges.is_empty());
        let files: Vec<_> = some
            .map(file)
            .filter(|file| file.path.len() <= LISTED_PATH)
            .collect();
        let ranges: usize = files.iter().map(|file| file.ranges.len()).sum();
        match files.len() > LISTED_FILES || ranges > LISTED_RANGES {
            true => Vec::new(),
            false => files,
        }
    }
}

/// The ranges, those that follow one another and say the same as one: statements name agents, not their sessions.
fn joined(ranges: impl Iterator<Item = AttributedRange>) -> Vec<AttributedRange> {
    let mut joined: Vec<AttributedRange> = Vec::new();
    for range in ranges {
        let last = joined.last_mut().filter(|last| {
            last.end.checked_add(1) == Some(range.start)
                && (last.by, &last.agent) == (range.by, &range.agent)
        });
        match last {
            Some(last) => last.end = range.end,
            None => joined.push(range),
        }
    }
    joined
}

fn written(range: &LineRange, agents: &[Agent]) -> AttributedRange {
    let agent = range.agent.as_ref().and_then(|named| {
        let same = |agent: &&Agent| agent.tool == named.tool && agent.model == named.model;
        agents.iter().find(same).map(|agent| agent.id.clone())
    });
    AttributedRange {
        start: u64::from(range.start),
        end: u64::from(range.end),
        by: range.by,
        agent,
    }
}
