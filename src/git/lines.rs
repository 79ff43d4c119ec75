//! How many lines a change adds and removes, for people and for statements.

use gix::diff::blob::{Algorithm, Diff, InternedInput};

use super::Repository;
use super::tree::Kin;
use crate::change::{CommitId, HistoryError, RepoPath};

/// Files larger than this are not compared line by line: all lines of both sides count (SPEC 2.8).
pub const MAX_DIFFED_BYTES: usize = 1 << 20;
/// The largest blob that is read for its lines, in bytes.
const MAX_BLOB: u64 = 64 << 20;

/// Lines added and removed at one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCount {
    /// Lines added.
    pub insertions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// A side holds a NUL byte or is a submodule, so lines say nothing.
    pub opaque: bool,
}

impl Repository {
    /// The lines that a change from `base` (none: the empty tree) to `head` adds and removes at `path`,
    /// by a minimal line diff.
    pub fn line_count(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<LineCount, HistoryError> {
        let old = base
            .map(|base| self.side(base, path))
            .transpose()?
            .flatten();
        let new = self.side(head, path)?;
        let (old, new) = match (old, new) {
            (Some(Side::Opaque), _) | (_, Some(Side::Opaque)) => {
                return Ok(LineCount {
                    opaque: true,
                    ..LineCount::default()
                });
            }
            (old, new) => (bytes(old), bytes(new)),
        };
        if old.contains(&0) || new.contains(&0) {
            return Ok(LineCount {
                opaque: true,
                ..LineCount::default()
            });
        }
        if old.len().max(new.len()) > MAX_DIFFED_BYTES {
            let (insertions, deletions) = (count_lines(&new), count_lines(&old));
            return Ok(LineCount {
                insertions,
                deletions,
                opaque: false,
            });
        }
        let input = InternedInput::new(old.as_slice(), new.as_slice());
        let diff = Diff::compute(Algorithm::MyersMinimal, &input);
        Ok(LineCount {
            insertions: u64::from(diff.count_additions()),
            deletions: u64::from(diff.count_removals()),
            opaque: false,
        })
    }

    fn side(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Side>, HistoryError> {
        Ok(match self.lookup(commit, path.as_bytes())? {
            None | Some((Kin::Tree, _)) => None,
            Some((Kin::Submodule, _)) => Some(Side::Opaque),
            Some((Kin::Blob(_), id)) => Some(Side::Text(self.blob(id, path, MAX_BLOB)?)),
        })
    }
}

enum Side {
    Text(Vec<u8>),
    Opaque,
}

fn bytes(side: Option<Side>) -> Vec<u8> {
    match side {
        Some(Side::Text(bytes)) => bytes,
        _ => Vec::new(),
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|&byte| byte == b'\n').count() as u64
}
