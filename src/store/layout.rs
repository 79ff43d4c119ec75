//! Where things are in a store. Names are made from digests and numbers alone, never from bytes that
//! somebody sent (design 4.6):
//!
//! ```text
//! <2 hex>/<2 hex>/<change digest>/<sha256>.json   a bundle
//! <2 hex>/<2 hex>/<change digest>/manifest        the change manifest
//! <2 hex>/<2 hex>/<change digest>/blobs/<sha256>  the content of a modified path
//! trust/<N>/<sha256>.json                         trust metadata, version N
//! ```

use crate::change::{ChangeDigest, Digest, sha256};
use crate::git::{Found, Keep};

/// The ref of the default store.
pub const STORE_REF: &str = "refs/countersign/attestations";
/// Under it this clone keeps what each remote had when it was last asked.
pub const REMOTES_PREFIX: &str = "refs/countersign/remotes/";
/// The folder of trust metadata.
pub const TRUST_FOLDER: &str = "trust";
/// The name of a change's manifest.
pub const MANIFEST_NAME: &str = "manifest";
/// The folder of blobs beside a change's bundles.
pub const BLOBS_FOLDER: &str = "blobs";

/// The largest bundle or trust metadata, in bytes (design 4.3).
pub const MAX_BUNDLE: u64 = 256 << 10;
/// The largest manifest, in bytes.
pub const MAX_MANIFEST: u64 = 64 << 20;
/// The largest blob beside a change, in bytes.
pub const MAX_BLOB: u64 = 64 << 20;

/// A place in the store, for a file whose content its name vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A bundle of a change.
    Bundle(ChangeDigest, Digest),
    /// A change's manifest.
    Manifest(ChangeDigest),
    /// A blob of a change.
    Blob(ChangeDigest, Digest),
    /// Trust metadata of a version.
    Trust(u64, Digest),
}

impl Place {
    /// The path of the file, with `/` between its components.
    pub fn path(&self) -> String {
        match self {
            Self::Bundle(change, name) => format!("{}/{name}.json", change_folder(change)),
            Self::Manifest(change) => format!("{}/{MANIFEST_NAME}", change_folder(change)),
            Self::Blob(change, name) => {
                format!("{}/{BLOBS_FOLDER}/{name}", change_folder(change))
            }
            Self::Trust(version, name) => format!("{TRUST_FOLDER}/{version}/{name}.json"),
        }
    }

    /// The place with exactly this path, if it is one.
    pub fn parse(path: &[u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?;
        let parts: Vec<&str> = path.split('/').collect();
        let place = match *parts.as_slice() {
            [TRUST_FOLDER, version, file] => {
                Self::Trust(parse_version(version)?, bundle_name(file)?)
            }
            [_, _, change, MANIFEST_NAME] => Self::Manifest(change.parse().ok()?),
            [_, _, change, file] => Self::Bundle(change.parse().ok()?, bundle_name(file)?),
            [_, _, change, BLOBS_FOLDER, name] => {
                Self::Blob(change.parse().ok()?, name.parse().ok()?)
            }
            _ => return None,
        };
        (place.path() == path).then_some(place)
    }

    /// The SHA-256 that the file's bytes must have.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Bundle(_, name) | Self::Blob(_, name) | Self::Trust(_, name) => *name,
            Self::Manifest(change) => *change,
        }
    }

    /// The largest file that can be here, in bytes.
    pub fn limit(&self) -> u64 {
        match self {
            Self::Bundle(..) | Self::Trust(..) => MAX_BUNDLE,
            Self::Manifest(_) => MAX_MANIFEST,
            Self::Blob(..) => MAX_BLOB,
        }
    }

    /// Whether `bytes` are what the name says.
    pub fn vouches_for(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 <= self.limit() && sha256(bytes) == self.digest()
    }
}

/// The folder of a change, `<2 hex>/<2 hex>/<digest>`.
pub fn change_folder(change: &ChangeDigest) -> String {
    let hex = change.to_string();
    let (first, rest) = hex.split_at(2);
    let (second, _) = rest.split_at(2);
    format!("{first}/{second}/{hex}")
}

/// The digest in `<sha256>.json`.
pub fn bundle_name(name: &str) -> Option<Digest> {
    name.strip_suffix(".json")?.parse().ok()
}

/// A version number from 1, in its one spelling.
pub fn parse_version(text: &str) -> Option<u64> {
    let version: u64 = text.parse().ok()?;
    (version > 0 && version.to_string() == text).then_some(version)
}

/// Whether `path` is the folder of something that can be in a store.
fn is_folder(path: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(path) else {
        return false;
    };
    let hex = |part: &str| {
        part.len() == 2 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let change = |part: &str, text: &str| {
        let digest = text.parse::<ChangeDigest>();
        digest.is_ok_and(|digest| change_folder(&digest) == part)
    };
    match *path.split('/').collect::<Vec<_>>().as_slice() {
        [TRUST_FOLDER] => true,
        [TRUST_FOLDER, version] => parse_version(version).is_some(),
        [first] => hex(first),
        [first, second] => hex(first) && hex(second),
        [_, _, digest] => change(path, digest),
        [_, _, digest, BLOBS_FOLDER] => path
            .strip_suffix("/blobs")
            .is_some_and(|parent| change(parent, digest)),
        _ => false,
    }
}

/// Two stores that disagree at a path keep what the path vouches for, so that junk under a good name
/// never hides what is good.
pub struct ByName;

impl Keep for ByName {
    fn belongs(&self, path: &[u8], found: Found<'_>) -> bool {
        match found {
            Found::Folder => is_folder(path),
            Found::File(bytes) => Place::parse(path).is_some_and(|place| place.vouches_for(bytes)),
            Found::Other => false,
        }
    }

    fn limit(&self, path: &[u8]) -> u64 {
        Place::parse(path).map_or(0, |place| place.limit())
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
