//! Admins and versions for the tests of this module.

use crate::attestation::{Admin, TrustMetadata};
use crate::change::Digest;
use crate::keys::Signer as _;
use crate::keys::testing::signer;

/// An admin of the tests: an id and the seeds of the keys.
pub(super) type Person = (&'static str, &'static [u8]);

/// A version's predicate.
pub(super) fn metadata(
    version: u64,
    previous: Option<Digest>,
    admins: &[Person],
    threshold: u64,
) -> TrustMetadata {
    let admin = |(id, seeds): &Person| Admin {
        id: (*id).to_owned(),
        keys: seeds
            .iter()
            .map(|seed| signer(*seed).public_key().to_openssh())
            .collect(),
    };
    TrustMetadata {
        version,
        previous,
        issued_on: "2026-11-25T00:00:00Z".parse().unwrap(),
        expires_on: "2027-12-25T00:00:00Z".parse().unwrap(),
        admins: admins.iter().map(admin).collect(),
        threshold,
        checkpoints: Vec::new(),
        excused: Vec::new(),
        replaces: None,
    }
}
