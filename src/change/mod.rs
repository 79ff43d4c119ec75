//! What a change is: the change manifest, its digest, and the algebra over manifests.
//!
//! A [`ChangeManifest`] lists every path whose content or mode differs between two trees, each side
//! by the SHA-256 of its content, so that a digest over it ([`ChangeDigest`]) does not rest on git's
//! own hashes. Manifests [compose](ChangeManifest::compose) and [invert](ChangeManifest::invert)
//! without reading git. This module does no I/O. SPEC section 2.

mod commit;
mod digest;
mod glob;
mod history;
#[cfg(test)]
pub(crate) mod history_testing;
mod kept;
mod manifest;
mod merge;
mod path;

pub use commit::{Commit, CommitId, CommitIdError, Identity};
pub use digest::{ChangeDigest, Digest, DigestError, sha256};
pub use glob::{GLOB_LIMIT, Glob, GlobError};
pub use history::{History, HistoryError, LineCount};
pub use kept::{KeptLines, KeptRun};
pub use manifest::{
    ChangeManifest, ComposeError, Content, Entry, FileMode, MANIFEST_HEADER, ManifestError,
};
pub use merge::{Fares, MERGED_LIMIT, hunk_lines, hunks_in, is_mergeable, merge_lines};
pub(crate) use path::check_component;
pub use path::{PathError, RepoPath};
