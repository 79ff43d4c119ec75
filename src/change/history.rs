//! What the rest of the program asks of a repository's history. `git` answers; tests may.

use super::{ChangeManifest, Commit, CommitId, Content, FileMode, KeptLines, RepoPath};

/// Read access to a history. Nothing here writes, fetches or runs a program.
pub trait History {
    /// Reads a commit.
    fn commit(&self, id: &CommitId) -> Result<Commit, HistoryError>;

    /// The parents of a commit that is not cut off by a shallow boundary.
    ///
    /// # Errors
    /// [`HistoryError::Shallow`] where the parents were not fetched: a cut commit is never taken
    /// for a first one.
    fn parents(&self, id: &CommitId) -> Result<Vec<CommitId>, HistoryError>;

    /// The change between the trees of two commits. No base means the empty tree.
    fn change(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<ChangeManifest, HistoryError>;

    /// The best common ancestors of two commits; several in criss-cross histories.
    fn merge_bases(&self, one: &CommitId, other: &CommitId) -> Result<Vec<CommitId>, HistoryError>;

    /// Whether `ancestor` can be reached from `descendant`; a commit reaches itself.
    fn is_ancestor(&self, ancestor: &CommitId, descendant: &CommitId)
    -> Result<bool, HistoryError>;

    /// The commits that can be reached from `head` and not from any of `without`, newest first.
    fn commits_between(
        &self,
        without: &[CommitId],
        head: &CommitId,
    ) -> Result<Vec<CommitId>, HistoryError>;

    /// What stands at a path of a commit's tree, as a manifest names it.
    fn content(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Content>, HistoryError>;

    /// A file's mode and raw content at a commit; `None` where nothing, or no file, stands there.
    fn file(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<Option<(FileMode, Vec<u8>)>, HistoryError>;

    /// The names in a folder at a commit, that of the repository for the empty path; empty where there is no such
    /// folder.
    fn folder(&self, commit: &CommitId, path: &str) -> Result<Vec<String>, HistoryError>;

    /// The lines that a change from `base` (none: the empty tree) to `head` adds and removes at `path`,
    /// by a minimal line diff, within a bound of work (SPEC 2.8).
    fn line_count(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<LineCount, HistoryError>;

    /// Which lines of `path` the same diff keeps: none where finding it is too much work. `None` where lines
    /// say nothing about a side.
    fn kept_lines(
        &self,
        _base: Option<&CommitId>,
        _head: &CommitId,
        _path: &RepoPath,
    ) -> Result<Option<KeptLines>, HistoryError> {
        Ok(None)
    }

    /// Whether what stands at a path of a commit's tree is opaque: its lines say nothing about it
    /// (SPEC 6.8). Nothing is not.
    fn is_opaque(&self, commit: &CommitId, path: &RepoPath) -> Result<bool, HistoryError>;

    /// The raw content of a file that is read line by line; `None` where nothing, or no file, stands there.
    ///
    /// # Errors
    /// [`HistoryError::Limit`] where it has over 64 MiB.
    fn text(&self, _commit: &CommitId, _path: &RepoPath) -> Result<Option<Vec<u8>>, HistoryError> {
        Ok(None)
    }

    /// The note of git-ai on a commit, where this repository has one.
    fn ai_note(&self, _commit: &CommitId) -> Result<Option<Vec<u8>>, HistoryError> {
        Ok(None)
    }

    /// The commit that a full ref name points to; `None` where there is no such ref.
    fn reference(&self, name: &str) -> Result<Option<CommitId>, HistoryError>;
}

/// Lines added and removed at one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineCount {
    /// Lines added.
    pub insertions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// A side holds a NUL byte, is a submodule or an LFS pointer, or is too large: lines say nothing.
    pub opaque: bool,
}

/// Why a history could not be read. Every variant means "could not decide", never "no".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// No repository here.
    #[error("no git repository at {0}")]
    NoRepository(String),
    /// The revision is empty, unknown or no commit.
    #[error("unknown revision \"{0}\"")]
    UnknownRevision(String),
    /// The name stands for several refs.
    #[error("\"{name}\" is ambiguous: {candidates}")]
    Ambiguous {
        /// The name.
        name: String,
        /// The refs it may mean, separated by commas.
        candidates: String,
    },
    /// The clone is cut here.
    #[error("history ends at {} (shallow clone)", .0.short())]
    Shallow(CommitId),
    /// An object is not here (partial clone, or damage).
    #[error("object {id} is not here{}", place(.path.as_ref()))]
    Missing {
        /// The object's id.
        id: String,
        /// The path that needs it, where known.
        path: Option<RepoPath>,
    },
    /// A tree that git would not have made.
    #[error("malformed tree {id}: {why}")]
    MalformedTree {
        /// The tree's id.
        id: String,
        /// What is wrong with it.
        why: String,
    },
    /// A commit that can't be read.
    #[error("malformed commit {0}")]
    MalformedCommit(String),
    /// A documented limit was reached.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The repository could not be read.
    #[error("{0}")]
    Read(String),
}

fn place(path: Option<&RepoPath>) -> String {
    path.map(|path| format!(" (needed for {path})"))
        .unwrap_or_default()
}
