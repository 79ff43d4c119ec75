//! How many lines a change adds and removes, and what lines say nothing about (SPEC 2.8, 6.8).

use gix::ObjectId;
use gix::diff::blob::{Algorithm, Diff, InternedInput, Token};

use super::Repository;
use super::tree::Kin;
use crate::change::{CommitId, HistoryError, KeptLines, KeptRun, LineCount, RepoPath};

/// Files larger than this are not compared line by line: all lines of both sides count (SPEC 2.8).
pub const MAX_DIFFED_BYTES: usize = 1 << 20;
/// The lines of both sides times the lines that the smallest diff adds and removes: where that is more,
/// all lines of both sides count (SPEC 2.8). Else two files of a megabyte would take hours.
const MAX_WORK: u64 = 1 << 26;
/// The largest blob that is read for its lines, in bytes.
const MAX_BLOB: u64 = 64 << 20;
/// The most counts that are kept; then all of them go.
const MAX_CACHED: usize = 100_000;

/// How many bytes of a file Git LFS looks at, whatever follows them.
const LFS_BYTES: usize = 1_024;
/// The versions of pointers that Git LFS reads.
const LFS_VERSIONS: [&str; 3] = [
    "https://git-lfs.github.com/spec/v1",
    "https://hawser.github.com/spec/v1",
    "http://git-media.io/v/2",
];

impl Repository {
    /// [`crate::change::History::line_count`].
    pub(super) fn count_lines(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<LineCount, HistoryError> {
        let (old, new) = self.sides(base, head, path)?;
        let known = self.line_counts.borrow().get(&(old, new)).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let count = match (self.text(old, path)?, self.text(new, path)?) {
            (Some(old), Some(new)) => compare(&old, &new, MAX_WORK),
            _ => LineCount {
                opaque: true,
                ..LineCount::default()
            },
        };
        let mut counts = self.line_counts.borrow_mut();
        if counts.len() >= MAX_CACHED {
            counts.clear();
        }
        counts.insert((old, new), count);
        Ok(count)
    }

    /// [`crate::change::History::kept_lines`].
    pub(super) fn keep_lines(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<Option<KeptLines>, HistoryError> {
        let (old, new) = self.sides(base, head, path)?;
        let new_text = self.text(new, path)?;
        let old_text = match old == new {
            true => new_text.clone(),
            false => self.text(old, path)?,
        };
        Ok(old_text.zip(new_text).map(|(old, new)| kept(&old, &new)))
    }

    fn sides(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<(Side, Side), HistoryError> {
        let old = match base {
            Some(base) => self.side(base, path)?,
            None => Side::Nothing,
        };
        Ok((old, self.side(head, path)?))
    }

    /// [`crate::change::History::is_opaque`].
    pub(super) fn opaque(&self, commit: &CommitId, path: &RepoPath) -> Result<bool, HistoryError> {
        let side = self.side(commit, path)?;
        Ok(self.text(side, path)?.is_none())
    }

    fn side(&self, commit: &CommitId, path: &RepoPath) -> Result<Side, HistoryError> {
        Ok(match self.lookup(commit, path.as_bytes())? {
            None | Some((Kin::Tree, _)) => Side::Nothing,
            Some((Kin::Submodule, _)) => Side::Submodule,
            Some((Kin::Blob(_), id)) => Side::Blob(id),
        })
    }

    /// The text of a side; `None` where its lines say nothing.
    fn text(&self, side: Side, path: &RepoPath) -> Result<Option<Vec<u8>>, HistoryError> {
        match side {
            Side::Nothing => Ok(Some(Vec::new())),
            Side::Submodule => Ok(None),
            Side::Blob(id) => match self.blob(id, path, MAX_BLOB) {
                Ok(bytes) => Ok((!bytes.contains(&0) && !is_pointer(&bytes)).then_some(bytes)),
                // Nobody reads so much line by line.
                Err(HistoryError::Limit(_)) => Ok(None),
                Err(error) => Err(error),
            },
        }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Nothing,
    Submodule,
    Blob(ObjectId),
}

/// Whether Git LFS may put another file in the place of this one. It passes white space over, and
/// what comes after the bytes that it looks at.
fn is_pointer(bytes: &[u8]) -> bool {
    let start = bytes.get(..LFS_BYTES).unwrap_or(bytes);
    let start = String::from_utf8_lossy(start);
    let version = start.trim_start().strip_prefix("version ");
    version.is_some_and(|rest| LFS_VERSIONS.iter().any(|known| rest.starts_with(known)))
}

/// Counts the lines of the smallest diff, or all lines where finding it is too much work.
fn compare(old: &[u8], new: &[u8], work: u64) -> LineCount {
    let all = LineCount {
        insertions: count(new),
        deletions: count(old),
        opaque: false,
    };
    if old.len().max(new.len()) > MAX_DIFFED_BYTES {
        return all;
    }
    let lines = all.insertions + all.deletions;
    let Some(most) = work.checked_div(lines) else {
        return all;
    };
    let input = InternedInput::new(old, new);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let Some(distance) = distance(&input.before, &input.after, most) else {
        return all;
    };
    // Insertions and deletions together are `distance`, and their difference is that of the lengths.
    let kept = lines.saturating_sub(distance as u64) / 2;
    LineCount {
        insertions: all.insertions - kept,
        deletions: all.deletions - kept,
        opaque: false,
    }
}

/// The lines that a smallest diff keeps, none where [`compare`] counts all lines.
fn kept(old: &[u8], new: &[u8]) -> KeptLines {
    // A blob has fewer bytes than that.
    let lines = u32::try_from(count(new)).unwrap_or(u32::MAX);
    if old == new {
        let run = KeptRun {
            old: 1,
            new: 1,
            lines,
        };
        let runs = (lines > 0).then_some(run).into_iter().collect();
        return KeptLines { runs, lines };
    }
    let all = count(new);
    let mut kept = KeptLines {
        runs: Vec::new(),
        lines,
    };
    // The bound of the search is that of the count.
    if compare(old, new, MAX_WORK).insertions == all {
        return kept;
    }
    let input = InternedInput::new(old, new);
    let diff = Diff::compute(Algorithm::MyersMinimal, &input);
    let (mut before, mut after) = (0, 0);
    let end = (input.before.len(), input.after.len());
    let end = (end.0 as u32, end.1 as u32);
    let hunks = diff.hunks().map(|hunk| (hunk.before, hunk.after));
    for (removed, added) in hunks.chain([(end.0..end.0, end.1..end.1)]) {
        if added.start > after {
            kept.runs.push(KeptRun {
                old: before + 1,
                new: after + 1,
                lines: added.start - after,
            });
        }
        (before, after) = (removed.end, added.end);
    }
    kept
}

fn count(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|&byte| byte == b'\n').count() as u64
}

/// How many lines the smallest diff adds and removes together; `None` where they are more than `most`.
///
/// Myers' greedy search, forwards: after the step `d`, `ends` has for each diagonal (place in `old` less
/// place in `new`) the furthest place in `old` that `d` lines lead to. Only the number is wanted, so no
/// way back is kept.
fn distance(old: &[Token], new: &[Token], most: usize) -> Option<usize> {
    let same = old.iter().zip(new).take_while(|(one, other)| one == other);
    let same = same.count();
    let (old, new) = (old.get(same..)?, new.get(same..)?);
    let tail = old.iter().rev().zip(new.iter().rev());
    let same = tail.take_while(|(one, other)| one == other).count();
    let old = old.get(..old.len() - same)?;
    let new = new.get(..new.len() - same)?;
    if old.len().abs_diff(new.len()) > most {
        return None;
    }
    let most = most.min(old.len() + new.len());
    // The diagonal k stands at the index `middle + k`, with room for a neighbour on each side.
    let middle = most + 1;
    let mut ends = vec![0_usize; 2 * most + 3];
    for d in 0..=most {
        for index in (middle - d..=middle + d).step_by(2) {
            let (below, above) = (*ends.get(index - 1)?, *ends.get(index + 1)?);
            let down = index == middle - d || (index != middle + d && below < above);
            // A line of `new` is added, or one of `old` removed.
            let start = if down { above } else { below + 1 };
            let other = (start + middle).checked_sub(index);
            let run = other.and_then(|other| Some((old.get(start..)?, new.get(other..)?)));
            let run = run.map_or(0, |(old, new)| {
                let same = old.iter().zip(new).take_while(|(one, other)| one == other);
                same.count()
            });
            let end = start + run;
            *ends.get_mut(index)? = end;
            if end >= old.len() && end + middle >= new.len() + index {
                return Some(d);
            }
        }
    }
    None
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
