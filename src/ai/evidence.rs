//! The evidence of a change: what its commits, their notes and the records that it adds say together.

use std::collections::{BTreeMap, HashMap};

use super::attributed::Attributed;
use super::line_ranges::{LineRange, agents_of, agents_win, moved, within};
use super::{AgentRecords, AgentTable, Extent, Found, GitAiNote, TRACES_PATH};
use crate::change::{ChangeManifest, Commit, CommitId, History, HistoryError, KeptLines, RepoPath};

/// The most paths of a change whose added lines are told apart (SPEC 10).
const MAX_PATHS: usize = 20_000;
/// How much comparing of lines a change may cost: for each version of a file its lines times those that differ, at
/// least [`LEAST_WORK`] (SPEC 10).
const MAX_WORK: u64 = 10_000_000_000;
const LEAST_WORK: u64 = 1_000_000;
/// The most ranges of lines that are kept of all notes and records of a change (SPEC 10).
const MAX_RANGES: usize = 2_000_000;

/// Reads all evidence of the change from `base` to `head`, which brings in `commits` (SPEC 7). What can't be read
/// says nothing: anybody may leave a note or a record out.
pub fn read_evidence(
    table: &AgentTable,
    history: &dyn History,
    (base, head): (Option<&CommitId>, &CommitId),
    commits: &[Commit],
) -> Found {
    let mut reader = Reader {
        table,
        history,
        base,
        head,
        found: table.read_commits(commits),
        change: None,
        added: HashMap::new(),
        lines: BTreeMap::new(),
        work: MAX_WORK,
        ranges: 0,
        cut: false,
    };
    let notes: Vec<_> = commits
        .iter()
        .filter_map(|commit| reader.note(commit))
        .collect();
    let records = reader.records();
    reader.conclude(&notes, records.as_ref());
    reader.found
}

struct Reader<'a> {
    table: &'a AgentTable,
    history: &'a dyn History,
    base: Option<&'a CommitId>,
    head: &'a CommitId,
    found: Found,
    /// The whole change, read where evidence has line ranges.
    change: Option<ChangeManifest>,
    /// The lines that the change adds to a path, first and last.
    added: HashMap<RepoPath, Vec<(u32, u32)>>,
    /// What sources say of them.
    lines: BTreeMap<RepoPath, Vec<LineRange>>,
    work: u64,
    /// How many ranges `lines` has.
    ranges: usize,
    /// A bound cut the mapping off: what is not mapped may well be agents'.
    cut: bool,
}

/// A note whose agents took part, without its lines.
struct Noted<'c> {
    commit: &'c CommitId,
    note: GitAiNote,
}

impl Reader<'_> {
    /// Reads the note of a commit, and maps its lines to those of the change.
    fn note<'c>(&mut self, commit: &'c Commit) -> Option<Noted<'c>> {
        let bytes = match self.history.ai_note(&commit.id) {
            Ok(bytes) => bytes?,
            Err(_) => {
                self.found.odd.notes += 1;
                return None;
            }
        };
        let Ok(mut note) = GitAiNote::parse(&bytes, self.table) else {
            self.found.odd.notes += 1;
            return None;
        };
        let odd = &mut self.found.odd;
        odd.note_keys += note.odd.malformed_keys + note.odd.dangling_keys;
        odd.note_lines += note.odd.unread_lines;
        // Where what the commit changes isn't here, its note can't be checked and still says who took part.
        let own = self.history.change(commit.parents.first(), &commit.id).ok();
        note.files
            .retain(|path, _| own.as_ref().is_none_or(|own| own.entry(path).is_some()));
        let took_part = agents_of(note.files.values().flatten());
        if took_part.is_empty() && !note.agents.is_empty() {
            self.found.odd.notes_of_other_files += 1;
            self.found.add(note.set_aside(&commit.id));
        }
        note.agents = took_part;
        for (path, ranges) in std::mem::take(&mut note.files) {
            self.own_lines(commit, &path, ranges);
        }
        Some(Noted {
            commit: &commit.id,
            note,
        })
    }

    /// Takes of a note's lines those that its commit adds: who drove their agents is an author, and what the
    /// change still has and adds of them is theirs.
    fn own_lines(&mut self, commit: &Commit, path: &RepoPath, ranges: Vec<LineRange>) {
        let kept = self.kept(commit.parents.first(), &commit.id, path);
        let own = kept.map(|kept| within(&ranges, &kept.added()));
        for agent in agents_of(own.as_ref().unwrap_or(&ranges)) {
            if let Some(operator) = agent.operator {
                self.found.add_operator(operator);
            }
        }
        let Some(own) = own.filter(|own| !own.is_empty() && self.changes(path)) else {
            return;
        };
        let mapped = match commit.id == *self.head {
            true => Some(own),
            false => self
                .kept(Some(&commit.id), self.head, path)
                .map(|kept| moved(&own, &kept)),
        };
        if let (Some(mapped), Some(added)) = (mapped, self.added(path)) {
            self.attribute(path, within(&mapped, &added));
        }
    }

    /// Adds what a source says of the change's lines of a path.
    fn attribute(&mut self, path: &RepoPath, ranges: Vec<LineRange>) {
        if is_records(path) {
            return;
        }
        self.ranges += ranges.len();
        if self.ranges > MAX_RANGES {
            self.found.odd.unmapped_files += 1;
            self.cut = true;
        } else {
            self.lines.entry(path.clone()).or_default().extend(ranges);
        }
    }

    /// Reads the records that the change adds. Their numbers are taken for those of the change's own files.
    fn records(&mut self) -> Option<AgentRecords> {
        let path = RepoPath::new(TRACES_PATH).ok()?;
        let mut read =
            |commit: Option<&CommitId>| match commit.map(|id| self.history.text(id, &path)) {
                None | Some(Ok(None)) => Some(Vec::new()),
                Some(Ok(Some(bytes))) => Some(bytes),
                Some(Err(error)) => {
                    let large = matches!(error, HistoryError::Limit(_));
                    self.found.odd.record_files += u64::from(large);
                    None
                }
            };
        let (before, after) = (read(self.base)?, read(Some(self.head))?);
        if after.is_empty() || before == after {
            return None;
        }
        let records = AgentRecords::added(&before, &after, self.table);
        self.found.odd.records += records.odd;
        for path in self.paths() {
            let ranges = agents_win(records.ranges(&path).to_vec());
            if let Some(added) = (!ranges.is_empty()).then(|| self.added(&path)).flatten() {
                self.attribute(&path, within(&ranges, &added));
            }
        }
        Some(records)
    }

    /// Adds the traces of notes and records. More than half of the lines that the change adds: generated, and so
    /// too where a bound cut the mapping off, so that more evidence never shows less.
    fn conclude(&mut self, notes: &[Noted<'_>], records: Option<&AgentRecords>) {
        if notes.is_empty() && records.is_none() {
            return;
        }
        let lines = std::mem::take(&mut self.lines);
        let attributed = self.insertions().map(|added| Attributed::new(added, lines));
        let mostly = attributed.as_ref().is_some_and(Attributed::is_mostly_ai);
        let extent = match mostly || self.cut {
            true => Extent::Generated,
            false => Extent::Assisted,
        };
        for noted in notes {
            for trace in noted.note.traces(noted.commit, extent) {
                self.found.add(trace);
            }
        }
        if let Some(records) = records {
            let paths = self.paths();
            for trace in records.traces(self.head, paths.iter(), extent) {
                self.found.add(trace);
            }
        }
        self.found.attributed = attributed.filter(|lines| !lines.is_empty());
    }

    /// The whole change; `None` where it can't be read.
    fn change(&mut self) -> Option<&ChangeManifest> {
        if self.change.is_none() {
            self.change = self.history.change(self.base, self.head).ok();
        }
        self.change.as_ref()
    }

    fn changes(&mut self, path: &RepoPath) -> bool {
        self.change()
            .is_some_and(|change| change.entry(path).is_some())
    }

    fn paths(&mut self) -> Vec<RepoPath> {
        let change = self.change();
        change.map_or_else(Vec::new, |change| change.paths().cloned().collect())
    }

    /// How many lines the change adds, records aside; `None` where that can't be told.
    fn insertions(&mut self) -> Option<u64> {
        let mut paths = self.paths();
        paths.retain(|path| !is_records(path));
        if paths.is_empty() || paths.len() > MAX_PATHS {
            return None;
        }
        let count = |path| self.history.line_count(self.base, self.head, path);
        let counts = paths.iter().map(count);
        let insertions = counts.map(|count| count.map(|count| count.insertions));
        insertions.sum::<Result<u64, _>>().ok()
    }

    /// The lines that the change adds to a path.
    fn added(&mut self, path: &RepoPath) -> Option<Vec<(u32, u32)>> {
        if let Some(known) = self.added.get(path) {
            return Some(known.clone());
        }
        let added = self.kept(self.base, self.head, path)?.added();
        self.added.insert(path.clone(), added.clone());
        Some(added)
    }

    /// The lines that two versions of a path share, within the bound of work.
    fn kept(
        &mut self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Option<KeptLines> {
        self.cut |= self.work == 0;
        let kept = match self.work {
            0 => None,
            _ => self.history.kept_lines(base, head, path).ok().flatten(),
        };
        let cost = kept.as_ref().map_or(0, |kept| {
            u64::from(kept.lines).saturating_mul(kept.insertions().saturating_add(1))
        });
        self.work = self.work.saturating_sub(cost.max(LEAST_WORK));
        self.found.odd.unmapped_files += u64::from(kept.is_none());
        kept
    }
}

/// Records are told of the work, and are none of it.
fn is_records(path: &RepoPath) -> bool {
    path.as_bytes() == TRACES_PATH.as_bytes()
}

#[cfg(test)]
#[path = "evidence_tests.rs"]
mod tests;
