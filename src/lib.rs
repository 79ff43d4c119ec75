//! countersign: cryptographic sign-off for AI-assisted changes.
//!
//! An author declares how AI took part in a change; a senior engineer countersigns it; a gate
//! verifies both against a signed roster and policy. Data moves one way:
//!
//! ```text
//! git range -> ChangeManifest -> ChangeDigest
//! Change + AI evidence -> Statement -> Envelope (DSSE) -> Bundle -> Store
//! Store -> Bundle -> verified facts -> coverage -> policy Decision -> Verdict -> outputs
//! ```
//!
//! The library touches no terminal, no environment variable and no clock: `now` is a parameter.
//! `SPEC.md` is the normative text; comments name its clauses where the code enforces them.

pub mod ai;
pub mod attestation;
pub mod change;
pub mod codes;
pub mod gate;
pub mod git;
pub mod keys;
pub mod policy;
pub mod report;
pub mod roster;
pub mod store;
pub mod text;
pub mod trust;
pub mod verify;
