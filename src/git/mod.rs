//! Git: opening a repository safely, trees, blobs, history, refs.

mod files;
mod open;
mod program;
mod refs;
mod remote;
#[cfg(test)]
pub(crate) mod testing;
mod union;

pub use files::{Committer, EntryKind, FileTree, FilesError, Found, Keep, TreeEntry, Union};
pub use open::Repository;
pub use program::GitProgram;
pub use refs::{RefError, check_ref_name};
pub use remote::{FetchSpec, PushOutcome, PushResult, RemoteError, RemoteName, RemoteRef};
