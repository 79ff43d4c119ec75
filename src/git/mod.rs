//! Git: opening a repository safely, trees, blobs, history, refs. The only module that uses the git
//! library or the git program.
//!
//! [`Repository::open`] reads a repository with replace refs, grafts, alternates from the
//! environment, hooks, filters and configured programs out of play (SPEC 8.7). It implements
//! [`History`](crate::change::History); objects are read, never checked out.

mod history;
mod lines;
mod open;
mod tree;

pub use lines::{LineCount, MAX_DIFFED_BYTES};
pub use open::Repository;
