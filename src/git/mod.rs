//! Git: opening a repository safely, trees, blobs, history, refs, fetch and push. The only module
//! that uses the git library or the git program.
//!
//! [`Repository::open`] reads a repository with replace refs, grafts, alternates from the
//! environment, hooks, filters and configured programs out of play (SPEC 8.8). It implements
//! [`History`](crate::change::History); objects are read, never checked out. [`GitProgram`] runs git
//! to talk to remotes, and for nothing else.

mod config;
mod files;
mod history;
mod lines;
mod open;
mod program;
mod refs;
mod remote;
#[cfg(test)]
pub(crate) mod testing;
mod tree;
mod union;

pub use config::UserConfig;
pub use files::{Committer, EntryKind, FileTree, FilesError, Found, Keep, TreeEntry, Union};
pub use lines::MAX_DIFFED_BYTES;
pub use open::Repository;
pub use program::{GitProgram, find_program};
pub use refs::{RefError, check_ref_name};
pub use remote::{Depth, FetchSpec, PushOutcome, PushResult, RemoteError, RemoteName, RemoteRef};
