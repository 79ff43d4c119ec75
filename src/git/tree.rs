//! Trees: read one by one, checked as git would check them, compared into a change manifest.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::{Kind, TreeRefIter};

use super::Repository;
use super::open::commit_id;
use crate::change::{
    ChangeManifest, Content, Digest, FileMode, HistoryError, PathError, RepoPath, check_component,
    sha256,
};

/// The most entries that a change may have (SPEC 10).
const MAX_ENTRIES: usize = 1_000_000;
/// The largest blob that is read, in bytes (SPEC 10).
const MAX_BLOB: u64 = 2 << 30;
/// The most folders that one comparison opens. Folders that hold no file add no entry, and a few
/// small objects can nest into more of them than anybody can visit.
const MAX_FOLDERS: usize = 2_000_000;
/// The deepest nesting of folders.
const MAX_DEPTH: usize = 512;

/// What stands at a name in a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kin {
    Tree,
    Blob(FileMode),
    Submodule,
}

pub(super) type Entries = BTreeMap<Vec<u8>, (Kin, ObjectId)>;

/// The most entries of trees that are kept; then all of them go.
const MAX_CACHED: usize = 50_000;

/// Trees that were read and checked. A unit starts from the trees that the one before it left.
#[derive(Default)]
pub(super) struct TreeCache {
    trees: HashMap<ObjectId, Rc<Entries>>,
    entries: usize,
}

impl TreeCache {
    fn keep(&mut self, id: ObjectId, entries: &Rc<Entries>) {
        self.entries += entries.len() + 1;
        if self.entries > MAX_CACHED {
            self.trees.clear();
            self.entries = entries.len() + 1;
        }
        self.trees.insert(id, Rc::clone(entries));
    }
}

impl Repository {
    /// Compares two trees into a manifest. `None` is the empty tree.
    pub(super) fn compare_trees(
        &self,
        old: Option<ObjectId>,
        new: Option<ObjectId>,
    ) -> Result<ChangeManifest, HistoryError> {
        let mut manifest = ChangeManifest::new();
        let mut pending = vec![(Vec::new(), 0, old, new)];
        let mut opened = 0;
        // All that is missing is noted, so that it can be brought at once.
        let mut lacking = None;
        while let Some((prefix, depth, old, new)) = pending.pop() {
            opened += 1;
            if opened > MAX_FOLDERS {
                return Err(HistoryError::Limit(format!(
                    "a change over more than {MAX_FOLDERS} folders"
                )));
            }
            if depth > MAX_DEPTH {
                return Err(HistoryError::Limit(format!(
                    "folders nested over {MAX_DEPTH} deep"
                )));
            }
            let (olds, news) = match (self.entries(old), self.entries(new)) {
                (Ok(olds), Ok(news)) => (olds, news),
                (Err(error @ HistoryError::Missing { .. }), _)
                | (_, Err(error @ HistoryError::Missing { .. })) => {
                    lacking.get_or_insert(error);
                    continue;
                }
                (Err(error), _) | (_, Err(error)) => return Err(error),
            };
            let both = olds
                .iter()
                .map(|(name, old)| (name, Some(*old), news.get(name).copied()));
            let added = news
                .iter()
                .filter(|(name, _)| !olds.contains_key(*name))
                .map(|(name, new)| (name, None, Some(*new)));
            for (name, before, after) in both.chain(added) {
                if before == after {
                    continue;
                }
                let path = join(&prefix, name);
                let (old_tree, new_tree) = (subtree(before), subtree(after));
                if old_tree != new_tree {
                    pending.push((path.clone(), depth + 1, old_tree, new_tree));
                }
                match self.insert(&mut manifest, path, before, after) {
                    Err(error @ HistoryError::Missing { .. }) => {
                        lacking.get_or_insert(error);
                    }
                    inserted => inserted?,
                }
            }
        }
        match lacking {
            Some(error) => Err(error),
            None => Ok(manifest),
        }
    }

    fn insert(
        &self,
        manifest: &mut ChangeManifest,
        path: Vec<u8>,
        before: Option<(Kin, ObjectId)>,
        after: Option<(Kin, ObjectId)>,
    ) -> Result<(), HistoryError> {
        let path = RepoPath::new(path).map_err(|error| HistoryError::Read(error.to_string()))?;
        let (old, new) = (
            self.content_of(before, &path),
            self.content_of(after, &path),
        );
        let (old, new) = (old?, new?);
        manifest.insert(path, old, new);
        if manifest.len() > MAX_ENTRIES {
            return Err(HistoryError::Limit(format!(
                "a change of over {MAX_ENTRIES} entries"
            )));
        }
        Ok(())
    }

    pub(super) fn content_of(
        &self,
        entry: Option<(Kin, ObjectId)>,
        path: &RepoPath,
    ) -> Result<Option<Content>, HistoryError> {
        Ok(match entry {
            None | Some((Kin::Tree, _)) => None,
            Some((Kin::Submodule, id)) => Some(Content::Submodule {
                commit: commit_id(id)?,
            }),
            Some((Kin::Blob(mode), id)) => Some(Content::Blob {
                mode,
                sha256: self.blob_digest(id, path)?,
            }),
        })
    }

    /// The SHA-256 of a blob's raw bytes, remembered by object id.
    fn blob_digest(&self, id: ObjectId, path: &RepoPath) -> Result<Digest, HistoryError> {
        if let Some(digest) = self.digests.borrow().get(&id) {
            return Ok(*digest);
        }
        let digest = sha256(&self.blob(id, path, MAX_BLOB)?);
        self.digests.borrow_mut().insert(id, digest);
        Ok(digest)
    }

    /// A blob's raw bytes, of at most `limit` bytes.
    pub(super) fn blob(
        &self,
        id: ObjectId,
        path: &RepoPath,
        limit: u64,
    ) -> Result<Vec<u8>, HistoryError> {
        let absent = || self.miss(id, Some(path));
        let header = self
            .repo
            .try_find_header(id)
            .map_err(read_error)?
            .ok_or_else(absent)?;
        if header.kind() != Kind::Blob {
            return Err(HistoryError::Read(format!(
                "object {id} at {path} is no blob"
            )));
        }
        if header.size() > limit {
            return Err(HistoryError::Limit(format!("{path} is over {limit} bytes")));
        }
        let mut object = self
            .repo
            .try_find_object(id)
            .map_err(read_error)?
            .ok_or_else(absent)?;
        Ok(std::mem::take(&mut object.data))
    }

    /// Reads one tree; no tree is an empty one.
    pub(super) fn entries(&self, tree: Option<ObjectId>) -> Result<Rc<Entries>, HistoryError> {
        let Some(id) = tree else {
            return Ok(Rc::default());
        };
        if let Some(known) = self.trees.borrow().trees.get(&id) {
            return Ok(Rc::clone(known));
        }
        let entries = Rc::new(self.read_entries(id)?);
        self.trees.borrow_mut().keep(id, &entries);
        Ok(entries)
    }

    /// Refuses what git would not have written: a name twice, out of order or reserved, an unknown mode
    /// (SPEC 2.6).
    fn read_entries(&self, id: ObjectId) -> Result<Entries, HistoryError> {
        let malformed = |why: String| HistoryError::MalformedTree {
            id: id.to_string(),
            why,
        };
        if id == ObjectId::empty_tree(id.kind()) {
            return Ok(Entries::new());
        }
        let object = self
            .repo
            .try_find_object(id)
            .map_err(read_error)?
            .ok_or_else(|| self.miss(id, None))?;
        if object.kind != Kind::Tree {
            return Err(malformed("the object is no tree".into()));
        }
        check_hash(Kind::Tree, &object.data, id)?;
        let mut entries = Entries::new();
        let mut last_key: Option<Vec<u8>> = None;
        for entry in TreeRefIter::from_bytes(&object.data, id.kind()) {
            let entry = entry.map_err(|_| malformed("an entry can't be read".into()))?;
            let name = entry.filename.to_vec();
            let shown = || entry.filename.to_str_lossy().into_owned();
            check_name(&name).map_err(|error| malformed(error.to_string()))?;
            let kin = kin(entry.mode.value()).ok_or_else(|| {
                malformed(format!(
                    "unknown mode {:o} of \"{}\"",
                    entry.mode.value(),
                    shown()
                ))
            })?;
            let key = order_key(&name, kin);
            let in_order = last_key.as_ref().is_none_or(|last| *last < key);
            if entries.insert(name, (kin, entry.oid.to_owned())).is_some() {
                return Err(malformed(format!("entry \"{}\" stands twice", shown())));
            }
            if !in_order {
                return Err(malformed(format!("entry \"{}\" is out of order", shown())));
            }
            last_key = Some(key);
        }
        Ok(entries)
    }
}

/// Git's order of entries: by name, where a folder's name ends with a slash.
fn order_key(name: &[u8], kin: Kin) -> Vec<u8> {
    let mut key = name.to_vec();
    if kin == Kin::Tree {
        key.push(b'/');
    }
    key
}

fn check_name(name: &[u8]) -> Result<(), PathError> {
    if name.contains(&b'/') {
        return Err(PathError::Reserved("/"));
    }
    check_component(name)
}

/// Git's reading of a tree entry's mode: any permission bits, but one of the five kinds.
fn kin(mode: u16) -> Option<Kin> {
    match mode & 0o170_000 {
        0o040_000 => Some(Kin::Tree),
        0o100_000 if mode & 0o100 == 0 => Some(Kin::Blob(FileMode::Regular)),
        0o100_000 => Some(Kin::Blob(FileMode::Executable)),
        0o120_000 => Some(Kin::Blob(FileMode::Symlink)),
        0o160_000 => Some(Kin::Submodule),
        _ => None,
    }
}

fn subtree(entry: Option<(Kin, ObjectId)>) -> Option<ObjectId> {
    entry.filter(|(kin, _)| *kin == Kin::Tree).map(|(_, id)| id)
}

fn join(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = prefix.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// A tree or commit whose bytes don't hash to its id is not that object.
pub(super) fn check_hash(kind: Kind, data: &[u8], id: ObjectId) -> Result<(), HistoryError> {
    let hash = gix::objs::compute_hash(id.kind(), kind, data).map_err(read_error)?;
    if hash == id {
        Ok(())
    } else {
        Err(HistoryError::Read(format!(
            "object {id} is damaged: its bytes hash to {hash}"
        )))
    }
}

pub(super) fn read_error(error: impl std::fmt::Display) -> HistoryError {
    HistoryError::Read(error.to_string())
}
