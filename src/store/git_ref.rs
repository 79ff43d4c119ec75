//! A store in a git ref, read together with this clone's copy of a remote's.

use super::layout::{ByName, REMOTES_PREFIX, STORE_REF};
use super::read::{Handle, Limits, Node, Source, flood};
use super::{Item, StoreError};
use crate::change::CommitId;
use crate::git::{Committer, FileTree, RefError, RemoteName, Repository, check_ref_name};

/// A store in a ref of a repository.
pub struct GitStore<'r> {
    pub(super) repo: &'r Repository,
    pub(super) name: String,
    pub(super) remotes: Vec<RemoteName>,
    /// What is about to be pushed to the ref.
    pub(super) pushed: Vec<CommitId>,
}

impl<'r> GitStore<'r> {
    /// The store in the default ref, `refs/countersign/attestations`. It is read together with what
    /// was last fetched from `remotes`.
    pub fn new(repo: &'r Repository, remotes: Vec<RemoteName>) -> Self {
        let name = STORE_REF.to_owned();
        Self {
            repo,
            name,
            remotes,
            pushed: Vec::new(),
        }
    }

    /// The same, read together with commits that are about to be pushed to its ref.
    pub fn with_pushed(self, pushed: Vec<CommitId>) -> Self {
        Self { pushed, ..self }
    }

    /// The same in another ref, such as `refs/heads/countersign` where the host protects only
    /// branches.
    ///
    /// # Errors
    /// [`RefError::Name`] where `name` is no full ref name, or one of the remotes' copies.
    pub fn in_ref(
        repo: &'r Repository,
        name: &str,
        remotes: Vec<RemoteName>,
    ) -> Result<Self, RefError> {
        check_ref_name(name)?;
        if name.starts_with(REMOTES_PREFIX) {
            return Err(RefError::Name(name.to_owned()));
        }
        let name = name.to_owned();
        Ok(Self {
            repo,
            name,
            remotes,
            pushed: Vec::new(),
        })
    }

    /// The full name of the ref.
    pub fn ref_name(&self) -> &str {
        &self.name
    }

    pub(super) fn put(
        &self,
        items: &[Item],
        by: &Committer,
        message: &str,
    ) -> Result<bool, StoreError> {
        let files: Vec<_> = items
            .iter()
            .map(|item| (item.place.path(), item.bytes.clone()))
            .collect();
        let added = self
            .repo
            .add_files(&self.name, &files, &ByName, by, message)?;
        Ok(added.1)
    }

    pub(super) fn source(&self) -> Result<GitSource<'r>, StoreError> {
        let copies = self.remotes.iter().map(tracking_ref);
        let mut trees = Vec::new();
        for name in std::iter::once(self.name.clone()).chain(copies) {
            if let Some(commit) = self.repo.plain_reference(&name)? {
                trees.push(self.repo.files(&commit)?);
            }
        }
        for commit in &self.pushed {
            trees.push(self.repo.files(commit)?);
        }
        Ok(GitSource { trees })
    }
}

/// The ref of this clone's copy of what a remote had.
pub(super) fn tracking_ref(remote: &RemoteName) -> String {
    format!("{REMOTES_PREFIX}{remote}")
}

/// Several trees read as one.
pub(super) struct GitSource<'r> {
    trees: Vec<FileTree<'r>>,
}

impl Source for GitSource<'_> {
    fn list(&self, folder: &str, limits: &Limits) -> Result<Vec<Node<Handle>>, StoreError> {
        let mut seen = std::collections::HashSet::new();
        let mut nodes = Vec::new();
        for (number, tree) in self.trees.iter().enumerate() {
            for entry in tree.entries(folder)? {
                if !seen.insert(entry.clone()) {
                    continue;
                }
                if nodes.len() >= limits.names {
                    return Err(flood(folder, limits));
                }
                nodes.push(Node {
                    name: entry.name.clone(),
                    kind: entry.kind,
                    handle: Handle::Git(number, entry),
                });
            }
        }
        Ok(nodes)
    }

    fn read(&self, handle: &Handle, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match handle {
            Handle::Git(number, entry) => match self.trees.get(*number) {
                Some(tree) => Ok(tree.read(entry, limit)?),
                None => Ok(None),
            },
            Handle::Disk(_) => Ok(None),
        }
    }
}
