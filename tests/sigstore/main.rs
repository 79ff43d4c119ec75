//! Sigstore: its own suite of bundles, and signing with a private instance on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod conformance;
#[cfg(feature = "keyless")]
mod keyless;
