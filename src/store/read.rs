//! Reading a store, whatever it lies in: what is good, what is junk, and when to give up.

use std::collections::{BTreeMap, BTreeSet};

use super::StoreError;
use super::layout::{
    MANIFEST_NAME, Place, TRUST_FOLDER, bundle_name, change_folder, parse_version,
};
use crate::change::{ChangeDigest, ChangeManifest, Digest};
use crate::git::EntryKind;

/// How many pieces of junk are named; the rest is only counted.
const NAMED_JUNK: usize = 100;
/// How many bytes of a junk file's name are kept.
const JUNK_NAME: usize = 200;

/// Up to where a store is read. Beyond, the answer is [`StoreError::LimitReached`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Names in one folder. They are listed but not opened.
    pub names: usize,
    /// Files of one change, or of one trust version, that are opened.
    pub files: usize,
    /// Bytes of those files together.
    pub bytes: u64,
    /// Changes in the whole store.
    pub changes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            names: 200_000,
            files: 20_000,
            bytes: 64 << 20,
            changes: 1_000_000,
        }
    }
}

/// A bundle whose name is the SHA-256 of its bytes. Nothing else about it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBundle {
    /// The SHA-256 of the bytes.
    pub name: Digest,
    /// The bytes as stored.
    pub bytes: Vec<u8>,
}

/// Something in a store that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Junk {
    /// Its path, cut at 200 bytes a name, invalid UTF-8 replaced. Untrusted: escape it before showing
    /// it.
    pub path: String,
    /// Why it doesn't count.
    pub why: &'static str,
}

/// What is stored under one digest or version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// What is good, sorted by name.
    pub bundles: Vec<StoredBundle>,
    /// What is not; at most 100 of it are named.
    pub junk: Vec<Junk>,
    /// How much junk there is.
    pub junk_count: usize,
}

/// The manifest of a change, and what stood in its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManifestLookup {
    /// The manifest, if there is one with the change's digest.
    pub manifest: Option<ChangeManifest>,
    /// What stands under its name and is another's, or none.
    pub junk: Vec<Junk>,
}

/// One name in a folder of a store.
pub(super) struct Node<H> {
    pub(super) name: Vec<u8>,
    pub(super) kind: EntryKind,
    pub(super) handle: H,
}

/// Where a file is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Handle {
    /// In the tree with this number.
    Git(usize, crate::git::TreeEntry),
    /// On disk.
    Disk(std::path::PathBuf),
}

/// What a store lies in.
pub(super) trait Source {
    /// What is in `folder`; nothing where there is no such folder. A union has a name once for each
    /// different file.
    fn list(&self, folder: &str, limits: &Limits) -> Result<Vec<Node<Handle>>, StoreError>;

    /// The bytes of a file; `None` where they are more than `limit` or it is no regular file.
    fn read(&self, handle: &Handle, limit: u64) -> Result<Option<Vec<u8>>, StoreError>;
}

pub(super) fn bundles(
    source: &dyn Source,
    change: &ChangeDigest,
    limits: &Limits,
) -> Result<Listing, StoreError> {
    let folder = change_folder(change);
    let place = |name| Place::Bundle(*change, name);
    collect(source, &folder, &["manifest", "blobs"], place, limits)
}

pub(super) fn trust(
    source: &dyn Source,
    version: u64,
    limits: &Limits,
) -> Result<Listing, StoreError> {
    let folder = format!("{TRUST_FOLDER}/{version}");
    collect(
        source,
        &folder,
        &[],
        |name| Place::Trust(version, name),
        limits,
    )
}

fn collect(
    source: &dyn Source,
    folder: &str,
    others: &[&str],
    place: impl Fn(Digest) -> Place,
    limits: &Limits,
) -> Result<Listing, StoreError> {
    let mut listing = Listing::default();
    let mut good = BTreeMap::new();
    let (mut files, mut bytes_left) = (0, limits.bytes);
    for node in source.list(folder, limits)? {
        if others.iter().any(|other| node.name == other.as_bytes()) {
            continue;
        }
        let name = std::str::from_utf8(&node.name).ok().and_then(bundle_name);
        let Some(name) = name else {
            listing.junk(folder, &node.name, "its name is not <sha256>.json");
            continue;
        };
        if good.contains_key(&name) {
            continue;
        }
        let place = place(name);
        match source.read(&node.handle, place.limit())? {
            None => listing.junk(folder, &node.name, "it is no file, or over 256 KiB"),
            Some(bytes) => {
                files += 1;
                bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
                if place.vouches_for(&bytes) {
                    good.insert(name, bytes);
                } else {
                    listing.junk(
                        folder,
                        &node.name,
                        "its name is not the SHA-256 of its bytes",
                    );
                }
            }
        }
        if files > limits.files || bytes_left == 0 {
            return Err(flood(folder, limits));
        }
    }
    let stored = good
        .into_iter()
        .map(|(name, bytes)| StoredBundle { name, bytes });
    listing.bundles = stored.collect();
    Ok(listing)
}

impl Listing {
    fn junk(&mut self, folder: &str, name: &[u8], why: &'static str) {
        self.junk_count += 1;
        if self.junk.len() < NAMED_JUNK {
            self.junk.push(Junk::new(folder, name, why));
        }
    }
}

impl Junk {
    fn new(folder: &str, name: &[u8], why: &'static str) -> Self {
        let name = String::from_utf8_lossy(name.get(..JUNK_NAME).unwrap_or(name));
        let path = format!("{folder}/{name}");
        Self { path, why }
    }
}

/// The bytes at `place`, if they are what the place vouches for.
pub(super) fn find(
    source: &dyn Source,
    place: Place,
    junk: &mut Vec<Junk>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let path = place.path();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    for node in source.list(folder, &Limits::default())? {
        if node.name != name.as_bytes() {
            continue;
        }
        match source.read(&node.handle, place.limit())? {
            Some(bytes) if place.vouches_for(&bytes) => return Ok(Some(bytes)),
            Some(_) => junk.push(Junk::new(folder, &node.name, "it has another digest")),
            None => junk.push(Junk::new(folder, &node.name, "it is no file, or too large")),
        }
    }
    Ok(None)
}

pub(super) fn manifest(
    source: &dyn Source,
    change: &ChangeDigest,
) -> Result<ManifestLookup, StoreError> {
    let mut lookup = ManifestLookup::default();
    let found = find(source, Place::Manifest(*change), &mut lookup.junk)?;
    let Some(bytes) = found else {
        return Ok(lookup);
    };
    let parsed = String::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse().ok());
    match parsed {
        // The digest of the bytes was right; the digest of what they say has to be as well.
        Some(manifest) if ChangeManifest::digest(&manifest) == *change => {
            lookup.manifest = Some(manifest);
        }
        _ => {
            let why = "it is not a change manifest of version 1";
            let folder = change_folder(change);
            lookup
                .junk
                .push(Junk::new(&folder, MANIFEST_NAME.as_bytes(), why));
        }
    }
    Ok(lookup)
}

pub(super) fn digests(
    source: &dyn Source,
    limits: &Limits,
) -> Result<Vec<ChangeDigest>, StoreError> {
    let mut found = BTreeSet::new();
    for first in hex_folders(source, "", limits)? {
        for second in hex_folders(source, &first, limits)? {
            let folder = format!("{first}/{second}");
            for node in source.list(&folder, limits)? {
                let digest = std::str::from_utf8(&node.name).ok().map(str::parse);
                let Some(Ok(digest)) = digest else { continue };
                let expected = format!("{folder}/{digest}");
                if node.kind == EntryKind::Folder && change_folder(&digest) == expected {
                    found.insert(digest);
                }
                if found.len() > limits.changes {
                    return Err(flood("", limits));
                }
            }
        }
    }
    Ok(found.into_iter().collect())
}

fn hex_folders(
    source: &dyn Source,
    folder: &str,
    limits: &Limits,
) -> Result<BTreeSet<String>, StoreError> {
    let is_hex = |name: &String| {
        name.len() == 2 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let nodes = source.list(folder, limits)?.into_iter();
    Ok(nodes
        .filter(|node| node.kind == EntryKind::Folder)
        .filter_map(|node| String::from_utf8(node.name).ok())
        .filter(is_hex)
        .collect())
}

pub(super) fn trust_versions(source: &dyn Source, limits: &Limits) -> Result<Vec<u64>, StoreError> {
    let nodes = source.list(TRUST_FOLDER, limits)?.into_iter();
    let versions: BTreeSet<_> = nodes
        .filter(|node| node.kind == EntryKind::Folder)
        .filter_map(|node| parse_version(std::str::from_utf8(&node.name).ok()?))
        .collect();
    Ok(versions.into_iter().collect())
}

/// The error for a folder that holds more than is read.
pub(super) fn flood(folder: &str, limits: &Limits) -> StoreError {
    let Limits {
        names,
        files,
        bytes,
        changes,
    } = limits;
    let folder = if folder.is_empty() { "it" } else { folder };
    StoreError::LimitReached(format!(
        "{folder} holds more than {names} names, {files} files, {bytes} bytes or {changes} changes"
    ))
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
