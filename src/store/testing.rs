//! Stores for tests.

use super::{Item, Limits, Listing, Store};
use crate::change::{ChangeDigest, ChangeManifest, Content, FileMode, RepoPath, sha256};
use crate::git::testing::by;

/// A manifest of one changed path, and its digest.
pub(crate) fn manifest(path: &str) -> (ChangeDigest, ChangeManifest) {
    let mut manifest = ChangeManifest::new();
    let content = Content::Blob {
        mode: FileMode::Regular,
        sha256: sha256(path.as_bytes()),
    };
    manifest.insert(RepoPath::new(path).unwrap(), None, Some(content));
    (manifest.digest(), manifest)
}

pub(crate) fn put(store: &Store<'_>, change: &ChangeDigest, text: &str) {
    store
        .put_bundle(change, text.as_bytes().to_vec(), &by("ana"))
        .unwrap();
}

pub(crate) fn listing(store: &Store<'_>, change: &ChangeDigest) -> Listing {
    store
        .open()
        .unwrap()
        .bundles(change, &Limits::default())
        .unwrap()
}

/// The texts of all good bundles of a change, sorted.
pub(crate) fn texts(store: &Store<'_>, change: &ChangeDigest) -> Vec<String> {
    let bundles = listing(store, change).bundles.into_iter();
    let mut texts: Vec<_> = bundles
        .map(|bundle| String::from_utf8(bundle.bytes).unwrap())
        .collect();
    texts.sort();
    texts
}

pub(crate) fn bundle(change: &ChangeDigest, text: &str) -> Item {
    Item::bundle(change, text.as_bytes().to_vec()).unwrap()
}
