//! The store: raw bytes by change digest, in a git ref or a folder. It never verifies a signature.
//!
//! A store is untrusted and only ever grows. Every file stands under the SHA-256 of its own bytes, so
//! that adding is idempotent, nothing is overwritten, and whatever is under a wrong name is junk:
//! counted, named, and without any influence on what is good. Reading writes nothing.
//! [`sync`](GitStore::sync) makes a union with a remote, in both directions. Design 4.6.

mod folder;
mod git_ref;
mod layout;
mod lost;
mod read;
mod sync;
#[cfg(test)]
mod testing;

use std::io;
use std::path::PathBuf;

pub use folder::FolderStore;
pub use git_ref::GitStore;
pub use layout::{
    MAX_BLOB, MAX_BUNDLE, MAX_MANIFEST, Place, REMOTES_PREFIX, STORE_REF, change_folder,
};
pub use lost::first_lost;
pub use read::{Junk, Limits, Listing, ManifestLookup, StoredBundle};
pub use sync::{Direction, Fetched, SyncError, SyncReport, SyncRequest};

use crate::change::{ChangeDigest, ChangeManifest, Digest, sha256};
use crate::git::{Committer, FilesError, RefError};

/// Why a store could not be read or written. Bytes in a store are never the reason, except in a
/// flood over [`Limits`]: what is wrong with them is [`Junk`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// More is there than is read: no answer, rather than one from a part of it. The text names the
    /// folder and the limit.
    #[error("the store is flooded: {0}")]
    LimitReached(String),
    /// The bytes are over the limit of their place, in bytes; nothing was written.
    #[error("{size} bytes are over the limit of {limit}")]
    TooLarge {
        /// The size of what was to be put.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The manifest is another change's; nothing was written.
    #[error("the manifest's digest is {found}, not {expected}")]
    WrongManifest {
        /// The change under which it was to be put.
        expected: ChangeDigest,
        /// The digest of the manifest.
        found: ChangeDigest,
    },
    /// An object of the git ref is not here, as a partial clone lacks some; its id.
    #[error("the store lacks an object: {0} is not here")]
    Missing(String),
    /// The git ref could not be read or written.
    #[error(transparent)]
    Git(FilesError),
    /// A file or folder could not be read or written.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `write`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl From<FilesError> for StoreError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::LimitReached(text) => Self::LimitReached(text),
            FilesError::Missing(id) => Self::Missing(id),
            error => Self::Git(error),
        }
    }
}

impl From<RefError> for StoreError {
    fn from(error: RefError) -> Self {
        Self::Git(error.into())
    }
}

/// One file to put, at the place that its content has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    place: Place,
    bytes: Vec<u8>,
}

impl Item {
    /// A bundle of `change`.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] over 256 KiB.
    pub fn bundle(change: &ChangeDigest, bytes: Vec<u8>) -> Result<Self, StoreError> {
        Self::new(Place::Bundle(*change, sha256(&bytes)), bytes)
    }

    /// The manifest of `change`.
    ///
    /// # Errors
    /// [`StoreError::WrongManifest`] where it is another change's.
    pub fn manifest(change: &ChangeDigest, manifest: &ChangeManifest) -> Result<Self, StoreError> {
        let (bytes, expected) = (manifest.to_string().into_bytes(), *change);
        let found = sha256(&bytes);
        if found != expected {
            return Err(StoreError::WrongManifest { expected, found });
        }
        Self::new(Place::Manifest(expected), bytes)
    }

    /// The content of one of the paths that `change` modifies.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] over 64 MiB.
    pub fn blob(change: &ChangeDigest, bytes: Vec<u8>) -> Result<Self, StoreError> {
        Self::new(Place::Blob(*change, sha256(&bytes)), bytes)
    }

    /// Trust metadata of `version`, signed by one admin or more.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] over 256 KiB.
    pub fn trust(version: u64, bytes: Vec<u8>) -> Result<Self, StoreError> {
        Self::new(Place::Trust(version, sha256(&bytes)), bytes)
    }

    fn new(place: Place, bytes: Vec<u8>) -> Result<Self, StoreError> {
        let (size, limit) = (bytes.len() as u64, place.limit());
        if size > limit {
            return Err(StoreError::TooLarge { size, limit });
        }
        Ok(Self { place, bytes })
    }

    /// Where it goes.
    pub fn place(&self) -> Place {
        self.place
    }
}

/// A store of either kind.
pub enum Store<'r> {
    /// A ref of a git repository.
    Git(GitStore<'r>),
    /// A folder, such as a CI artifact.
    Folder(FolderStore),
}

impl Store<'_> {
    /// Puts all `items`: one commit in a git ref. What is there already is left alone. False where
    /// all of it was there. A git ref needs the committer; a folder takes no notice of it.
    ///
    /// # Errors
    /// Where the store can't be written; then what was there is still there, and what was put is
    /// whole or absent, file by file.
    pub fn put(&self, items: &[Item], by: &Committer, message: &str) -> Result<bool, StoreError> {
        match self {
            Self::Git(store) => store.put(items, by, message),
            Self::Folder(store) => store.put(items),
        }
    }

    /// Puts one bundle and says its name, the SHA-256 of its bytes.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`StoreError::TooLarge`].
    pub fn put_bundle(
        &self,
        change: &ChangeDigest,
        bytes: Vec<u8>,
        by: &Committer,
    ) -> Result<Digest, StoreError> {
        let item = Item::bundle(change, bytes)?;
        let name = item.place.digest();
        self.put(&[item], by, &format!("Add a bundle for {}", change.short()))?;
        Ok(name)
    }

    /// Puts the manifest of a change.
    ///
    /// # Errors
    /// As [`put`](Self::put), and [`StoreError::WrongManifest`].
    pub fn put_manifest(
        &self,
        change: &ChangeDigest,
        manifest: &ChangeManifest,
        by: &Committer,
    ) -> Result<(), StoreError> {
        let item = Item::manifest(change, manifest)?;
        let message = format!("Add the manifest of {}", change.short());
        self.put(&[item], by, &message).map(drop)
    }

    /// The store as it is now, for reading. What is put later doesn't show in it.
    ///
    /// # Errors
    /// Where the ref, or a copy of a remote's, can't be read.
    pub fn open(&self) -> Result<Snapshot<'_>, StoreError> {
        let source: Box<dyn read::Source + '_> = match self {
            Self::Git(store) => Box::new(store.source()?),
            Self::Folder(store) => Box::new(store),
        };
        Ok(Snapshot { source })
    }
}

/// A store at one moment: a verdict rests on one state of it. (Of a folder, each folder is as it is
/// when it is read.)
pub struct Snapshot<'s> {
    source: Box<dyn read::Source + 's>,
}

impl Snapshot<'_> {
    /// All bundles of `change`, sorted by name, and the junk beside them.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] in a flood; otherwise where the store can't be read.
    pub fn bundles(&self, change: &ChangeDigest, limits: &Limits) -> Result<Listing, StoreError> {
        read::bundles(self.source.as_ref(), change, limits)
    }

    /// The manifest of `change`, if one is there whose digest is the change's.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub fn manifest(&self, change: &ChangeDigest) -> Result<ManifestLookup, StoreError> {
        read::manifest(self.source.as_ref(), change)
    }

    /// The blob with this digest beside `change`, if it is there.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub fn blob(
        &self,
        change: &ChangeDigest,
        name: &Digest,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut junk = Vec::new();
        let place = Place::Blob(*change, *name);
        read::find(self.source.as_ref(), place, &mut junk)
    }

    /// The digests of all changes of which something is stored, sorted.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] in a flood; otherwise where the store can't be read.
    pub fn digests(&self, limits: &Limits) -> Result<Vec<ChangeDigest>, StoreError> {
        read::digests(self.source.as_ref(), limits)
    }

    /// The versions of which trust metadata is stored, sorted.
    ///
    /// # Errors
    /// Where the store can't be read.
    pub fn trust_versions(&self, limits: &Limits) -> Result<Vec<u64>, StoreError> {
        read::trust_versions(self.source.as_ref(), limits)
    }

    /// All trust metadata of `version`, and the junk beside it.
    ///
    /// # Errors
    /// [`StoreError::LimitReached`] in a flood; otherwise where the store can't be read.
    pub fn trust(&self, version: u64, limits: &Limits) -> Result<Listing, StoreError> {
        read::trust(self.source.as_ref(), version, limits)
    }
}
