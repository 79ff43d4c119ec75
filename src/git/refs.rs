//! Refs: reading one by its full name, and moving one only from where the caller last saw it.
//!
//! A ref name is always full (`refs/...`) and checked against git's own rules, so that it never
//! becomes an option, a revision expression or a path outside the ref store.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use gix::ObjectId;
use gix::refs::transaction::{PreviousValue, RefEdit};
use gix::refs::{FullName, Target};

use super::Repository;
use super::files::Committer;
use crate::change::CommitId;

/// How many symbolic refs are followed before a chain counts as endless.
const MAX_SYMBOLIC: usize = 5;
/// How many tags are peeled before a chain counts as endless.
const MAX_PEELED: usize = 8;
/// How often a ref that another process holds locked is tried again, 20 ms and more apart.
const LOCK_RETRIES: u32 = 25;
/// The same where the file of packed refs is locked.
const PACKED_RETRIES: u32 = 3;

/// Why a ref could not be read or moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefError {
    /// Not a full ref name.
    #[error("\"{0}\" is not a full ref name such as refs/heads/main")]
    Name(String),
    /// The ref is not where the caller saw it; nothing was written.
    #[error("{name} has moved: it is at {}", .found.as_ref().map_or("no commit", CommitId::as_str))]
    Moved {
        /// The ref's full name.
        name: String,
        /// Where it is now; `None` where it does not exist.
        found: Option<CommitId>,
    },
    /// The ref leads to something else than a commit.
    #[error("{name} points to a {kind}, not to a commit")]
    NotACommit {
        /// The ref's full name.
        name: String,
        /// `blob`, `tree` or `tag`.
        kind: String,
    },
    /// A symbolic ref where a plain one has to be: nothing is written through it.
    #[error("{0} is a symbolic ref")]
    Symbolic(String),
    /// A chain of symbolic refs or tags without end.
    #[error("{0} leads through too many symbolic refs or tags")]
    TooDeep(String),
    /// Another process holds the ref, or was killed while it did.
    #[error("{name} is locked; if no other process works here, delete {}", file.display())]
    Locked {
        /// The ref's full name.
        name: String,
        /// The lock file.
        file: PathBuf,
    },
    /// The git library could not do it.
    #[error("could not {doing} {name}: {source}")]
    Git {
        /// What was tried, such as `read`.
        doing: &'static str,
        /// The ref's full name.
        name: String,
        /// The library's own error.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl RefError {
    fn git<'a>(doing: &'static str, name: &'a str) -> impl FnOnce(gix::Error) -> Self + use<'a> {
        move |source| Self::Git {
            doing,
            name: name.to_owned(),
            source: Box::new(source),
        }
    }
}

/// Checks that `name` is a full ref name by git's rules: it starts with `refs/`, and has no empty
/// or dotted component, no `..`, no control character, space, or any of `~^:?*[\`.
///
/// # Errors
/// [`RefError::Name`].
pub fn check_ref_name(name: &str) -> Result<(), RefError> {
    full_name(name).map(drop)
}

fn full_name(name: &str) -> Result<FullName, RefError> {
    let wrong = || RefError::Name(name.to_owned());
    if !name.starts_with("refs/") || name.len() > 1024 {
        return Err(wrong());
    }
    FullName::try_from(name).map_err(|_| wrong())
}

impl Repository {
    /// The commit at the ref with exactly the full name `name`, symbolic refs followed and
    /// annotated tags peeled; `None` where there is no such ref.
    ///
    /// # Errors
    /// Where the ref can't be read, or leads to no commit.
    pub fn reference(&self, name: &str) -> Result<Option<CommitId>, RefError> {
        let mut target = name.to_owned();
        for _ in 0..=MAX_SYMBOLIC {
            match self.target(&target)? {
                None => return Ok(None),
                Some(Target::Object(id)) => return self.peel(name, id).map(Some),
                Some(Target::Symbolic(next)) => target = next.as_bstr().to_string(),
            }
        }
        Err(RefError::TooDeep(name.to_owned()))
    }

    /// The commit that the ref itself names: no symbolic ref is followed and no tag peeled, so that
    /// the answer can be the `expected` of [`update_ref`](Self::update_ref).
    ///
    /// # Errors
    /// Where the ref can't be read, is symbolic, or names no commit.
    pub fn plain_reference(&self, name: &str) -> Result<Option<CommitId>, RefError> {
        match self.target(name)? {
            None => Ok(None),
            Some(Target::Symbolic(_)) => Err(RefError::Symbolic(name.to_owned())),
            Some(Target::Object(id)) => {
                self.check_commit(name, id)?;
                commit_id(name, id).map(Some)
            }
        }
    }

    /// Moves the ref `name` to the commit `new`, if it is still at `expected` (`None`: if it does
    /// not exist). A ref that is at `new` already is left alone, whatever was expected: two writers
    /// that agree both succeed. The reflog, where git keeps one, gets `message`.
    ///
    /// # Errors
    /// [`RefError::Moved`] where it is elsewhere, and nothing was written.
    pub fn update_ref(
        &self,
        name: &str,
        new: &CommitId,
        expected: Option<&CommitId>,
        by: &Committer,
        message: &str,
    ) -> Result<(), RefError> {
        let id = object_id(name, new)?;
        self.check_commit(name, id)?;
        // `MustNotExist` lets a ref pass that holds `new` already, `MustExistAndMatch` does not:
        // the ref is asked first so that both behave alike.
        if self.plain_target(name)? == Some(id) {
            return Ok(());
        }
        let previous = match expected {
            None => PreviousValue::MustNotExist,
            Some(expected) => {
                PreviousValue::MustExistAndMatch(Target::Object(object_id(name, expected)?))
            }
        };
        let log = message.replace('\n', " ");
        let edit = RefEdit::update(full_name(name)?, Target::Object(id), previous, log);
        self.edit(name, edit, expected, by)
    }

    /// Puts the ref `name` back to `id` (`None`: deletes it), whatever it holds now. Only for a ref
    /// that is this clone's own copy of a remote's.
    ///
    /// # Errors
    /// Where the ref can't be written.
    pub fn restore_ref(
        &self,
        name: &str,
        id: Option<&CommitId>,
        by: &Committer,
    ) -> Result<(), RefError> {
        let edit = match id {
            Some(id) => RefEdit::update(
                full_name(name)?,
                Target::Object(object_id(name, id)?),
                PreviousValue::Any,
                "put back",
            ),
            None => RefEdit::delete(full_name(name)?, PreviousValue::Any),
        };
        let mut time = gix::date::parse::TimeBuf::default();
        let signature = by.signature();
        self.repo
            .edit_references_as([edit], Some(signature.to_ref(&mut time)))
            .map(drop)
            .map_err(RefError::git("write", name))
    }

    fn edit(
        &self,
        name: &str,
        edit: RefEdit,
        expected: Option<&CommitId>,
        by: &Committer,
    ) -> Result<(), RefError> {
        let mut time = gix::date::parse::TimeBuf::default();
        let signature = by.signature();
        let mut tries = 0;
        loop {
            let committer = signature.to_ref(&mut time);
            let Err(error) = self
                .repo
                .edit_references_as([edit.clone()], Some(committer))
            else {
                return Ok(());
            };
            // The library's error does not say reliably what went wrong; the ref itself does.
            let found = self.plain_target(name)?;
            let expected = expected.map(|id| object_id(name, id)).transpose()?;
            if found != expected {
                let found = found.map(|id| commit_id(name, id)).transpose()?;
                let name = name.to_owned();
                return Err(RefError::Moved { name, found });
            }
            tries += 1;
            let packed = self.repo.common_dir().join("packed-refs.lock");
            // The library waits a second for this one by itself.
            let enough = if packed.exists() {
                PACKED_RETRIES
            } else {
                LOCK_RETRIES
            };
            if tries > enough || error.is_permission_denied() {
                let own = self.repo.common_dir().join(format!("{name}.lock"));
                return Err(match [own, packed].into_iter().find(|file| file.exists()) {
                    Some(file) => RefError::Locked {
                        name: name.to_owned(),
                        file,
                    },
                    None => RefError::git("write", name)(error),
                });
            }
            std::thread::sleep(Duration::from_millis(20 + u64::from(tries)));
        }
    }

    fn plain_target(&self, name: &str) -> Result<Option<ObjectId>, RefError> {
        match self.target(name)? {
            None => Ok(None),
            Some(Target::Object(id)) => Ok(Some(id)),
            Some(Target::Symbolic(_)) => Err(RefError::Symbolic(name.to_owned())),
        }
    }

    fn target(&self, name: &str) -> Result<Option<Target>, RefError> {
        let full = full_name(name)?;
        let found = self
            .repo
            .refs
            .try_find(full.as_ref().as_partial_name())
            .map_err(RefError::git("read", name))?;
        // The library also tries `refs/tags/<name>` and so on: only the exact name counts.
        Ok(found
            .filter(|reference| reference.name == full)
            .map(|reference| reference.target))
    }

    fn peel(&self, name: &str, mut id: ObjectId) -> Result<CommitId, RefError> {
        let read = || RefError::git("read", name);
        for _ in 0..=MAX_PEELED {
            let kind = self.repo.find_header(id).map_err(read())?.kind();
            match kind {
                gix::object::Kind::Commit => return commit_id(name, id),
                gix::object::Kind::Tag => {
                    let tag = self.repo.find_tag(id).map_err(read())?;
                    id = tag.target_id().map_err(read())?.detach();
                }
                other => return Err(not_a_commit(name, other)),
            }
        }
        Err(RefError::TooDeep(name.to_owned()))
    }

    fn check_commit(&self, name: &str, id: ObjectId) -> Result<(), RefError> {
        let header = self.repo.find_header(id);
        match header.map_err(RefError::git("read", name))?.kind() {
            gix::object::Kind::Commit => Ok(()),
            other => Err(not_a_commit(name, other)),
        }
    }
}

fn not_a_commit(name: &str, kind: gix::object::Kind) -> RefError {
    RefError::NotACommit {
        name: name.to_owned(),
        kind: kind.to_string(),
    }
}

pub(super) fn commit_id(name: &str, id: ObjectId) -> Result<CommitId, RefError> {
    let text = id.to_string();
    text.parse().map_err(|error| RefError::Git {
        doing: "read the object id of",
        name: name.to_owned(),
        source: Box::new(error),
    })
}

pub(super) fn object_id(name: &str, id: &CommitId) -> Result<ObjectId, RefError> {
    ObjectId::from_hex(id.as_str().as_bytes()).map_err(|error| RefError::Git {
        doing: "read the object id of",
        name: name.to_owned(),
        source: error.into(),
    })
}

#[cfg(test)]
#[path = "refs_tests.rs"]
mod tests;
