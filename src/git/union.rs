//! The union of two trees, and the difference of two trees, by path. Equal folders are never
//! entered, so both cost what differs and not what is there.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::tree;

use super::Repository;
use super::files::{EntryKind, FilesError, Found, Keep, TreeEntry};

/// How deep folders are entered. Deeper down ours stays as it is.
const MAX_DEPTH: usize = 12;
/// The most entries looked at in one union or difference.
const MAX_ENTRIES: usize = 5_000_000;

/// The tree that holds every path of `ours` and of `theirs`. Where both have a path with different
/// content, ours stays unless only theirs belongs there.
pub(super) fn union_trees(
    repo: &Repository,
    ours: ObjectId,
    theirs: ObjectId,
    keep: &dyn Keep,
) -> Result<ObjectId, FilesError> {
    let mut walk = Walk {
        repo,
        keep,
        budget: MAX_ENTRIES,
        path: Vec::new(),
    };
    walk.unite(ours, theirs, 0)
}

struct Walk<'a> {
    repo: &'a Repository,
    keep: &'a dyn Keep,
    budget: usize,
    path: Vec<u8>,
}

impl Walk<'_> {
    fn unite(
        &mut self,
        ours: ObjectId,
        theirs: ObjectId,
        depth: usize,
    ) -> Result<ObjectId, FilesError> {
        if ours == theirs || theirs.is_empty_tree() || depth > MAX_DEPTH {
            return Ok(ours);
        }
        if ours.is_empty_tree() {
            return Ok(theirs);
        }
        let mut united = self.load(ours)?;
        let mut changed = false;
        for (name, theirs) in self.load(theirs)? {
            let Some(ours) = united.get(&name) else {
                united.insert(name, theirs);
                changed = true;
                continue;
            };
            let length = self.path.len();
            push(&mut self.path, &name);
            let settled = self.settle(ours, &theirs, depth);
            self.path.truncate(length);
            if let Some(settled) = settled? {
                united.insert(name, settled);
                changed = true;
            }
        }
        if changed {
            self.write(united)
        } else {
            Ok(ours)
        }
    }

    /// What stands at a path that both have; `None` where ours stays as it is.
    fn settle(
        &mut self,
        ours: &TreeEntry,
        theirs: &TreeEntry,
        depth: usize,
    ) -> Result<Option<TreeEntry>, FilesError> {
        if ours.id == theirs.id && ours.kind == theirs.kind {
            return Ok(None);
        }
        if ours.kind == EntryKind::Folder && theirs.kind == EntryKind::Folder {
            let id = self.unite(ours.id, theirs.id, depth + 1)?;
            let united = TreeEntry { id, ..ours.clone() };
            return Ok((id != ours.id).then_some(united));
        }
        if self.belongs(ours)? || !self.belongs(theirs)? {
            return Ok(None);
        }
        Ok(Some(theirs.clone()))
    }

    /// Whether the entry is what belongs at the current path.
    fn belongs(&self, entry: &TreeEntry) -> Result<bool, FilesError> {
        Ok(match entry.kind {
            EntryKind::Folder => self.keep.belongs(&self.path, Found::Folder),
            EntryKind::Other => self.keep.belongs(&self.path, Found::Other),
            EntryKind::File => {
                let bytes = self.repo.blob_within(entry, self.keep.limit(&self.path))?;
                let found = bytes.as_deref().map_or(Found::Other, Found::File);
                self.keep.belongs(&self.path, found)
            }
        })
    }

    /// The entries by name. A name that a broken tree has twice is settled like two sides.
    fn load(&mut self, tree: ObjectId) -> Result<BTreeMap<Vec<u8>, TreeEntry>, FilesError> {
        let mut entries = BTreeMap::<Vec<u8>, TreeEntry>::new();
        for entry in spend(&mut self.budget, self.repo.tree_entries(tree)?)? {
            if let Some(twin) = entries.get(&entry.name) {
                let length = self.path.len();
                push(&mut self.path, &entry.name);
                let stays = self.belongs(twin);
                self.path.truncate(length);
                if stays? {
                    continue;
                }
            }
            entries.insert(entry.name.clone(), entry);
        }
        Ok(entries)
    }

    fn write(&self, entries: BTreeMap<Vec<u8>, TreeEntry>) -> Result<ObjectId, FilesError> {
        let entries = entries.into_values().map(|entry| tree::Entry {
            mode: entry.mode,
            filename: entry.name.into(),
            oid: entry.id,
        });
        let mut entries: Vec<_> = entries.collect();
        entries.sort();
        let written = self.repo.repo.write_object(gix::objs::Tree { entries });
        Ok(written.map_err(FilesError::git("write a tree"))?.detach())
    }
}

/// Calls `visit` with the path and the entry of each file that stands in `have` and not, or with other bytes, in
/// `lacks`. False where the limit on entries ended the walk early.
pub(super) fn missing_in(
    repo: &Repository,
    have: ObjectId,
    lacks: Option<ObjectId>,
    visit: &mut dyn FnMut(&[u8], &TreeEntry),
) -> Result<bool, FilesError> {
    let mut budget = MAX_ENTRIES;
    let mut folders = vec![(Vec::new(), have, lacks, 0)];
    while let Some((path, have, lacks, depth)) = folders.pop() {
        if Some(have) == lacks {
            continue;
        }
        if depth > MAX_DEPTH {
            return Ok(false);
        }
        let mut theirs = BTreeMap::new();
        for entry in lacks.map_or(Ok(Vec::new()), |tree| repo.tree_entries(tree))? {
            // The first where a broken tree has several, as readers take it.
            theirs.entry(entry.name.clone()).or_insert(entry);
        }
        let Ok(entries) = spend(&mut budget, repo.tree_entries(have)?) else {
            return Ok(false);
        };
        for entry in entries {
            let twin = theirs.get(&entry.name);
            if twin.is_some_and(|twin| twin.id == entry.id && twin.kind == entry.kind) {
                continue;
            }
            let mut path = path.clone();
            push(&mut path, &entry.name);
            if entry.kind == EntryKind::Folder {
                let twin = twin.filter(|twin| twin.kind == EntryKind::Folder);
                folders.push((path, entry.id, twin.map(|twin| twin.id), depth + 1));
            } else {
                visit(&path, &entry);
            }
        }
    }
    Ok(true)
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

fn spend(budget: &mut usize, entries: Vec<TreeEntry>) -> Result<Vec<TreeEntry>, FilesError> {
    match budget.checked_sub(entries.len()) {
        Some(left) => {
            *budget = left;
            Ok(entries)
        }
        None => {
            let text = format!("the trees differ in more than {MAX_ENTRIES} entries");
            Err(FilesError::LimitReached(text))
        }
    }
}
