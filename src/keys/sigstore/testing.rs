//! The bundles of `src/keys/testdata/sigstore`, which `tests/sigstore/make-bundles.js` writes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{SigstoreIdentity, TrustedRoot};

pub(super) const EMAIL: &str = "dev@example.com";
pub(super) const ISSUER: &str = "https://accounts.example.com";
/// When every bundle was signed, unless its name says otherwise.
pub(super) const SIGNED_AT: i64 = 1_768_478_400;

/// DER with a length of two bytes.
pub(super) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

pub(super) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/keys/testdata/sigstore")
        .join(name)
}

pub(super) fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(file(name)).unwrap()).unwrap()
}

pub(super) fn root(name: &str) -> TrustedRoot {
    TrustedRoot::parse(&std::fs::read(file(name)).unwrap()).unwrap()
}

pub(super) fn dev() -> SigstoreIdentity {
    SigstoreIdentity::new(EMAIL, ISSUER).unwrap()
}
