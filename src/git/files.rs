//! A tree of files under a ref: reading it without a checkout, and adding to it.
//!
//! Nothing here removes a file. [`Repository::add_files`] commits on top of a ref,
//! [`Repository::unite`] joins two histories by the union of their trees; both move the ref only
//! from where they read it and try again when it moved. Two sides that disagree at a path are
//! settled by a [`Keep`], which knows by a file's name what its content must be.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;

use gix::ObjectId;
use gix::bstr::BString;

use super::refs::{commit_id, object_id};
use super::union::union_trees;
use super::{RefError, Repository};
use crate::change::{CommitId, Identity};

/// How often a ref that moved meanwhile is read and written anew.
const MAX_TRIES: usize = 64;
/// The largest tree object that is read, in bytes: some 300,000 entries.
const MAX_TREE: u64 = 32 << 20;
/// The most folders that [`FileTree`] remembers; then it forgets all. A store's upper ones fit.
const MAX_PASSED: usize = 100_000;
/// The most commits looked at to find out whether one descends from another. Beyond it the answer is
/// no, which costs a merge commit and nothing else.
const MAX_ANCESTRY: usize = 1_000_000;

/// Why files under a ref could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// The ref could not be read or moved.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// More than this program reads. The text says what, and the limit.
    #[error("{0}")]
    LimitReached(String),
    /// A path with an empty, dotted or `.git` component.
    #[error("\"{0}\" can't be the path of a file")]
    Path(String),
    /// An object is not here, as a partial clone lacks some; its id.
    #[error("object {0} is not here")]
    Missing(String),
    /// The git library could not do it.
    #[error("could not {doing}: {source}")]
    Git {
        /// What was tried, such as `read a tree`.
        doing: &'static str,
        /// The library's own error.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl FilesError {
    pub(super) fn git(doing: &'static str) -> impl FnOnce(gix::Error) -> Self {
        move |source| Self::Git {
            doing,
            source: Box::new(source),
        }
    }
}

/// Who makes a commit, and when. The library reads no configuration for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committer {
    /// The name and address, used for author and committer alike.
    pub identity: Identity,
    /// Seconds since 1970-01-01T00:00:00Z; written with the offset +0000.
    pub seconds: i64,
}

impl Committer {
    /// The characters that git can't write in an identity are left out, as git itself does.
    pub(super) fn signature(&self) -> gix::actor::Signature {
        let plain = |text: &str| -> BString {
            let kept: String = text
                .chars()
                .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
                .collect();
            kept.trim().into()
        };
        gix::actor::Signature {
            name: plain(&self.identity.name),
            email: plain(&self.identity.email),
            time: gix::date::Time {
                seconds: self.seconds,
                offset: 0,
            },
        }
    }
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file, executable or not.
    File,
    /// A folder.
    Folder,
    /// A symbolic link or a submodule: never followed.
    Other,
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TreeEntry {
    /// The name as raw bytes: untrusted, it may be anything.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    pub(super) id: ObjectId,
    pub(super) mode: gix::objs::tree::EntryMode,
}

/// What stands at a path, for [`Keep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// A file with these bytes.
    File(&'a [u8]),
    /// A folder.
    Folder,
    /// A link, a submodule, or a file over the limit.
    Other,
}

/// Settles which of two things at one path stays.
pub trait Keep {
    /// Whether `found` is what belongs at `path`. Ours stays unless only theirs belongs there.
    fn belongs(&self, path: &[u8], found: Found<'_>) -> bool;

    /// The largest file that could belong at `path`, in bytes.
    fn limit(&self, path: &[u8]) -> u64;
}

/// How [`Repository::unite`] ended, with the ref's tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Union {
    /// Ours holds the other history and all its files already: nothing was written.
    Unchanged(CommitId),
    /// The ref moved to the other commit, which holds all of ours.
    FastForward(CommitId),
    /// A commit with both as parents and the union of their trees.
    Merged(CommitId),
}

impl Union {
    /// Where the ref is now.
    pub fn tip(&self) -> &CommitId {
        match self {
            Self::Unchanged(tip) | Self::FastForward(tip) | Self::Merged(tip) => tip,
        }
    }
}

/// The files of one commit.
pub struct FileTree<'r> {
    repo: &'r Repository,
    root: ObjectId,
    /// Folders that were passed through: a store is asked for thousands of folders below the same ones.
    passed: RefCell<Passed>,
}

/// Some trees with their folders, by name.
#[derive(Default)]
struct Passed {
    trees: HashMap<ObjectId, HashMap<Vec<u8>, ObjectId>>,
    folders: usize,
}

impl FileTree<'_> {
    /// What is in `folder` (`""`: the root), unsorted; nothing where there is no such folder.
    ///
    /// # Errors
    /// Where a tree can't be read or is over 32 MiB.
    pub fn entries(&self, folder: &str) -> Result<Vec<TreeEntry>, FilesError> {
        let mut tree = self.root;
        for component in folder.split('/').filter(|part| !part.is_empty()) {
            match self.folder(tree, component.as_bytes())? {
                Some(id) => tree = id,
                None => return Ok(Vec::new()),
            }
        }
        self.repo.tree_entries(tree)
    }

    /// The folder of this name in a tree, the first where a broken tree has several.
    fn folder(&self, tree: ObjectId, name: &[u8]) -> Result<Option<ObjectId>, FilesError> {
        let mut passed = self.passed.borrow_mut();
        if let Some(folders) = passed.trees.get(&tree) {
            return Ok(folders.get(name).copied());
        }
        let mut folders = HashMap::new();
        for entry in self.repo.tree_entries(tree)? {
            if entry.kind == EntryKind::Folder {
                folders.entry(entry.name).or_insert(entry.id);
            }
        }
        let found = folders.get(name).copied();
        passed.folders += folders.len() + 1;
        if passed.folders > MAX_PASSED {
            passed.trees.clear();
            passed.folders = folders.len() + 1;
        }
        passed.trees.insert(tree, folders);
        Ok(found)
    }

    /// The size in bytes of the file, without reading it.
    ///
    /// # Errors
    /// Where the object is missing.
    pub fn size(&self, entry: &TreeEntry) -> Result<u64, FilesError> {
        self.repo.blob_size(entry.id)
    }

    /// The bytes of the file; `None` where they are more than `limit` or the entry is no file.
    ///
    /// # Errors
    /// Where the object is missing or can't be read.
    pub fn read(&self, entry: &TreeEntry, limit: u64) -> Result<Option<Vec<u8>>, FilesError> {
        self.repo.blob_within(entry, limit)
    }

    /// Calls `visit` with the path and the entry of every file of this tree that `other` doesn't have with the same
    /// bytes. False where there were too many to go through all of them.
    ///
    /// # Errors
    /// Where a tree can't be read.
    pub fn missing_in(
        &self,
        other: Option<&FileTree<'_>>,
        visit: &mut dyn FnMut(&[u8], &TreeEntry),
    ) -> Result<bool, FilesError> {
        super::union::missing_in(self.repo, self.root, other.map(|tree| tree.root), visit)
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.root.is_empty_tree()
    }
}

impl Repository {
    /// The files of `commit`.
    ///
    /// # Errors
    /// Where the commit can't be read.
    pub fn files(&self, commit: &CommitId) -> Result<FileTree<'_>, FilesError> {
        let root = self.tree_of(object_id("a commit", commit)?)?;
        Ok(FileTree {
            repo: self,
            root,
            passed: RefCell::default(),
        })
    }

    /// Commits `files` (path and bytes) on top of the ref `name`, which is made where it is missing.
    /// A file that is there already is not written again; where all are, nothing is. A path at which
    /// something else stands is settled by `keep`. The answer says where the ref is now and whether
    /// it moved.
    ///
    /// # Errors
    /// Where a path is no path, or the ref can't be read or moved; then the ref is as it was.
    pub fn add_files(
        &self,
        name: &str,
        files: &[(String, Vec<u8>)],
        keep: &dyn Keep,
        by: &Committer,
        message: &str,
    ) -> Result<(Option<CommitId>, bool), FilesError> {
        let added = self.write_files(files)?;
        self.retry(name, || {
            let tip = self.plain_reference(name)?;
            let parent = tip.as_ref().map(|id| object_id(name, id)).transpose()?;
            let tree = match parent {
                Some(parent) => {
                    let ours = self.tree_of(parent)?;
                    let tree = union_trees(self, ours, added, keep)?;
                    if tree == ours {
                        return Ok((tip, false));
                    }
                    tree
                }
                None if files.is_empty() => return Ok((None, false)),
                None => added,
            };
            let new = self.write_commit(name, tree, parent, by, message)?;
            self.update_ref(name, &new, tip.as_ref(), by, message)?;
            Ok((Some(new), true))
        })
    }

    /// Joins the history at `other` into the ref `name`: no file of either is lost, and the ref only
    /// ever moves to a commit that descends from where it was. Unrelated roots are fine. Paths at
    /// which the two disagree are settled by `keep`.
    ///
    /// # Errors
    /// Where a tree can't be read or the ref can't be moved; then the ref is as it was.
    pub fn unite(
        &self,
        name: &str,
        other: &CommitId,
        keep: &dyn Keep,
        by: &Committer,
        message: &str,
    ) -> Result<Union, FilesError> {
        let theirs = object_id(name, other)?;
        let their_tree = self.tree_of(theirs)?;
        self.retry(name, || {
            let Some(tip) = self.plain_reference(name)? else {
                self.update_ref(name, other, None, by, message)?;
                return Ok(Union::FastForward(other.clone()));
            };
            let ours = object_id(name, &tip)?;
            let our_tree = self.tree_of(ours)?;
            let tree = union_trees(self, our_tree, their_tree, keep)?;
            if tree == our_tree && self.descends(ours, theirs)? {
                return Ok(Union::Unchanged(tip));
            }
            if tree == their_tree && self.descends(theirs, ours)? {
                self.update_ref(name, other, Some(&tip), by, message)?;
                return Ok(Union::FastForward(other.clone()));
            }
            let merged = self.write_commit(name, tree, [ours, theirs], by, message)?;
            self.update_ref(name, &merged, Some(&tip), by, message)?;
            Ok(Union::Merged(merged))
        })
    }

    /// A commit without parents whose tree is empty, not yet named by any ref.
    ///
    /// # Errors
    /// Where it can't be written.
    pub fn write_empty_commit(
        &self,
        by: &Committer,
        message: &str,
    ) -> Result<CommitId, FilesError> {
        let tree = self
            .repo
            .write_object(gix::objs::Tree::empty())
            .map_err(FilesError::git("write a tree"))?;
        self.write_commit("a commit", tree.detach(), None, by, message)
    }

    fn retry<T>(
        &self,
        name: &str,
        mut once: impl FnMut() -> Result<T, FilesError>,
    ) -> Result<T, FilesError> {
        for _ in 1..MAX_TRIES {
            match once() {
                Err(FilesError::Ref(RefError::Moved { name: moved, .. })) if moved == name => {}
                done => return done,
            }
        }
        once()
    }

    /// Writes the blobs, and a tree that holds them and nothing else.
    fn write_files(&self, files: &[(String, Vec<u8>)]) -> Result<ObjectId, FilesError> {
        let root = self.repo.empty_tree();
        let mut editor = root.edit().map_err(FilesError::git("write a tree"))?;
        for (path, bytes) in files {
            crate::change::RepoPath::new(path.as_bytes())
                .map_err(|_| FilesError::Path(path.clone()))?;
            let blob = self
                .repo
                .write_blob(bytes)
                .map_err(FilesError::git("write a file"))?;
            editor
                .upsert(
                    path.as_str(),
                    gix::objs::tree::EntryKind::Blob,
                    blob.detach(),
                )
                .map_err(FilesError::git("write a tree"))?;
        }
        let tree = editor.write().map_err(FilesError::git("write a tree"))?;
        Ok(tree.detach())
    }

    fn write_commit(
        &self,
        name: &str,
        tree: ObjectId,
        parents: impl IntoIterator<Item = ObjectId>,
        by: &Committer,
        message: &str,
    ) -> Result<CommitId, FilesError> {
        let signature = by.signature();
        let commit = gix::objs::Commit {
            tree,
            parents: parents.into_iter().collect(),
            author: signature.clone(),
            committer: signature,
            encoding: None,
            message: format!("{}\n", message.trim_end()).into(),
            extra_headers: Vec::new(),
        };
        let id = self
            .repo
            .write_object(commit)
            .map_err(FilesError::git("write a commit"))?;
        Ok(commit_id(name, id.detach())?)
    }

    fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, FilesError> {
        let read = || FilesError::git("read a commit");
        let commit = self.repo.find_commit(commit).map_err(read())?;
        Ok(commit.tree_id().map_err(read())?.detach())
    }

    /// Whether `ancestor` is `commit` or one of its ancestors.
    fn descends(&self, commit: ObjectId, ancestor: ObjectId) -> Result<bool, FilesError> {
        use gix::revision::walk::Sorting;
        use gix::traverse::commit::simple::CommitTimeOrder;
        let walk = self
            .repo
            .rev_walk([commit])
            .sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst))
            .all()
            .map_err(FilesError::git("walk the history"))?;
        for found in walk.take(MAX_ANCESTRY) {
            if found.map_err(FilesError::git("walk the history"))?.id == ancestor {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn blob_size(&self, id: ObjectId) -> Result<u64, FilesError> {
        self.object_size(id, "read a file")
    }

    fn object_size(&self, id: ObjectId, doing: &'static str) -> Result<u64, FilesError> {
        let header = self.repo.try_find_header(id);
        match header.map_err(FilesError::git(doing))? {
            Some(header) => Ok(header.size()),
            None => {
                self.miss(id, None);
                Err(FilesError::Missing(id.to_string()))
            }
        }
    }

    pub(super) fn blob_within(
        &self,
        entry: &TreeEntry,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, FilesError> {
        if entry.kind != EntryKind::File || self.blob_size(entry.id)? > limit {
            return Ok(None);
        }
        let object = self.repo.find_object(entry.id);
        let mut object = object.map_err(FilesError::git("read a file"))?;
        let is_blob = object.kind == gix::object::Kind::Blob;
        Ok(is_blob.then(|| std::mem::take(&mut object.data)))
    }

    /// The entries of a tree object.
    pub(super) fn tree_entries(&self, tree: ObjectId) -> Result<Vec<TreeEntry>, FilesError> {
        if tree.is_empty_tree() {
            return Ok(Vec::new());
        }
        let read = || FilesError::git("read a tree");
        let size = self.object_size(tree, "read a tree")?;
        if size > MAX_TREE {
            let text = format!("a folder of {size} bytes is over the limit of {MAX_TREE}");
            return Err(FilesError::LimitReached(text));
        }
        let object = self.repo.find_tree(tree).map_err(read())?;
        let decoded = object.decode().map_err(read())?;
        let entries = decoded.entries.iter().map(|entry| TreeEntry {
            name: entry.filename.to_vec(),
            kind: if entry.mode.is_tree() {
                EntryKind::Folder
            } else if entry.mode.is_blob() {
                EntryKind::File
            } else {
                EntryKind::Other
            },
            id: entry.oid.to_owned(),
            mode: entry.mode,
        });
        Ok(entries.collect())
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
