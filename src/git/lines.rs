//! How many lines a change adds and removes, for people and for statements.

use gix::diff::blob::{Algorithm, Diff, InternedInput};

use super::Repository;
use super::tree::Kin;
use crate::change::{CommitId, HistoryError, LineCount, RepoPath};

/// Files larger than this are not compared line by line: all lines of both sides count (SPEC 2.8).
pub const MAX_DIFFED_BYTES: usize = 1 << 20;
/// The largest blob that is read for its lines, in bytes.
const MAX_BLOB: u64 = 64 << 20;

/// How a pointer that stands for a large file begins (the specification of Git LFS, version 1).
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// A pointer is smaller than this, in bytes.
const LFS_POINTER_BYTES: usize = 1_024;

impl Repository {
    /// [`crate::change::History::line_count`].
    pub(super) fn count_lines(
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
        let (Some(old), Some(new)) = (text(old), text(new)) else {
            return Ok(LineCount {
                opaque: true,
                ..LineCount::default()
            });
        };
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
            Some((Kin::Blob(_), id)) => match self.blob(id, path, MAX_BLOB) {
                Ok(bytes) => Some(Side::Blob(bytes)),
                // Nobody reads so much line by line.
                Err(HistoryError::Limit(_)) => Some(Side::Opaque),
                Err(error) => return Err(error),
            },
        })
    }
}

enum Side {
    Blob(Vec<u8>),
    Opaque,
}

/// The text of a side; `None` where its lines say nothing: a submodule, a NUL byte, an LFS pointer.
fn text(side: Option<Side>) -> Option<Vec<u8>> {
    match side {
        None => Some(Vec::new()),
        Some(Side::Opaque) => None,
        Some(Side::Blob(bytes)) => {
            let pointer = bytes.len() < LFS_POINTER_BYTES && bytes.starts_with(LFS_POINTER);
            (!pointer && !bytes.contains(&0)).then_some(bytes)
        }
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.split_inclusive(|&byte| byte == b'\n').count() as u64
}
