//! A store in a folder, such as a CI artifact or a share. Links are never followed, and nothing but
//! a regular file is opened.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::layout::Place;
use super::read::{Handle, Limits, Node, Source, flood};
use super::{Item, StoreError};
use crate::git::EntryKind;

/// A store in a folder. It need not exist to be read.
#[derive(Debug, Clone)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// The store in `root`, which is made on the first write.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Writes what is not there yet; false where all of it was.
    pub(super) fn put(&self, items: &[Item]) -> Result<bool, StoreError> {
        let mut changed = false;
        for item in items {
            let path = item.place.path();
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            let folder = self.make_folder(folder)?;
            let target = folder.join(name);
            if !stands(&target, &item.place)? {
                write_whole(&folder, &target, &item.bytes)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Makes the folder; what stands in its way and is no folder is an error.
    fn make_folder(&self, folder: &str) -> Result<PathBuf, StoreError> {
        fs::create_dir_all(&self.root).map_err(io_error("make", &self.root))?;
        let mut path = self.root.clone();
        for component in folder.split('/') {
            path.push(component);
            match fs::create_dir(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let found = fs::symlink_metadata(&path).map_err(io_error("read", &path))?;
                    if !found.is_dir() {
                        let source = io::ErrorKind::NotADirectory.into();
                        return Err(io_error("make", &path)(source));
                    }
                }
                made => {
                    made.map_err(io_error("make", &path))?;
                    sync_folder(path.parent().unwrap_or(&path))?;
                }
            }
        }
        Ok(path)
    }

    /// The folder on disk, if it and all folders above it, below the root, are folders.
    fn resolve(&self, folder: &str) -> Result<Option<PathBuf>, StoreError> {
        let mut path = self.root.clone();
        for component in folder.split('/').filter(|part| !part.is_empty()) {
            path.push(component);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(io_error("read", &path)(error)),
            }
        }
        Ok(Some(path))
    }
}

impl Source for &FolderStore {
    fn list(&self, folder: &str, limits: &Limits) -> Result<Vec<Node<Handle>>, StoreError> {
        let Some(path) = self.resolve(folder)? else {
            return Ok(Vec::new());
        };
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error("read", &path))?,
        };
        let mut nodes = Vec::new();
        for entry in entries {
            let entry = entry.map_err(io_error("read", &path))?;
            if nodes.len() >= limits.names {
                return Err(flood(folder, limits));
            }
            let kind = entry.file_type().map_err(io_error("read", &path))?;
            nodes.push(Node {
                name: entry.file_name().into_encoded_bytes(),
                kind: match (kind.is_dir(), kind.is_file()) {
                    (true, _) => EntryKind::Folder,
                    (_, true) => EntryKind::File,
                    _ => EntryKind::Other,
                },
                handle: Handle::Disk(entry.path()),
            });
        }
        Ok(nodes)
    }

    fn read(&self, handle: &Handle, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match handle {
            Handle::Disk(path) => read_regular(path, limit),
            Handle::Git(..) => Ok(None),
        }
    }
}

/// Whether the file is there with the content that its place vouches for.
fn stands(path: &Path, place: &Place) -> Result<bool, StoreError> {
    let bytes = read_regular(path, place.limit())?;
    Ok(bytes.is_some_and(|bytes| place.vouches_for(&bytes)))
}

/// The bytes of a regular file of at most `limit` bytes. A pipe or device is not opened: it could
/// block or never end.
fn read_regular(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found.map_err(io_error("read", path))?,
    };
    if !found.is_file() || found.len() > limit {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io_error("read", path))?;
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error("read", path))?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Writes beside the target, to disk, and renames: a reader sees the whole file or none. What the
/// rename replaces is junk, or the same bytes from another writer.
fn write_whole(folder: &Path, target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| io_error("write", target)(io::Error::other(error)))?;
    let temporary = folder.join(format!(".tmp-{:016x}", u64::from_le_bytes(random)));
    let written = File::create_new(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&temporary, target));
    if let Err(error) = written {
        // The first error is the one that matters; the file may not even exist.
        let _ = fs::remove_file(&temporary);
        return Err(io_error("write", target)(error));
    }
    sync_folder(folder)
}

/// Makes names in a folder last through a power cut, where the system can.
fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    if cfg!(unix) {
        let opened = File::open(folder).and_then(|folder| folder.sync_all());
        opened.map_err(io_error("write", folder))?;
    }
    Ok(())
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        doing,
        path,
        source,
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
