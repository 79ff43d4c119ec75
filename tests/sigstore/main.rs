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
mod instance;
#[cfg(feature = "keyless")]
mod keyless;
#[cfg(feature = "keyless")]
mod signing;
#[cfg(feature = "keyless")]
mod timestamps;
// The team and its terminal, as the other tests have them.
#[cfg(feature = "keyless")]
#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../suite/support.rs"]
mod support;
#[cfg(feature = "keyless")]
#[path = "../suite/terminal.rs"]
mod terminal;
#[cfg(feature = "keyless")]
#[allow(dead_code, reason = "the other tests use more of it")]
#[path = "../suite/world.rs"]
mod world;
