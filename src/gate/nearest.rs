//! The signed change that resembles one that waits: what was pushed since somebody signed.

use super::Gate;
use super::statements::kind;
use super::verdict::{Effect, Nearest, Undecided, UnitVerdict};
use crate::change::{ChangeDigest, ChangeManifest, CommitId};
use crate::store::Limits;

/// The most changes of the store that are compared. The rest is not looked at: the answer is a
/// courtesy and decides nothing.
const MAX_COMPARED: usize = 2_000;
/// The most entries of their manifests together. Anybody may have stored a huge one.
const MAX_ENTRIES: usize = 200_000;

/// The most waiting units that get such a hint.
const MAX_HINTS: usize = 50;

/// The most changes whose statements are verified for all hints together, and what is read of one.
/// Anybody may have stored many, each with many statements by nobody.
const MAX_TRIED: usize = 200;
const TRIED_LIMITS: Limits = Limits {
    names: 1_000,
    files: 64,
    bytes: 1 << 20,
    changes: 0,
};

impl Gate<'_> {
    /// Names, for each unit that waits, the stored change that resembles it most. It decides nothing,
    /// so what can't be read here stops nothing.
    /// `base` is that of a change; units that landed have their own.
    pub(super) fn name_nearest(&self, base: Option<&CommitId>, units: &mut [UnitVerdict]) {
        let waits = |unit: &&mut UnitVerdict| {
            let mut findings = unit.findings.iter();
            findings.any(|finding| finding.effect == Effect::Waits)
        };
        let mut stored = None;
        let mut tries = MAX_TRIED;
        for unit in units.iter_mut().filter(waits).take(MAX_HINTS) {
            let stored = stored.get_or_insert_with(|| self.stored_changes().unwrap_or_default());
            unit.nearest = self
                .nearest(base, unit, stored, &mut tries)
                .unwrap_or_default();
        }
    }

    /// Stored changes, as many as are compared.
    fn stored_changes(&self) -> Result<Vec<(ChangeDigest, ChangeManifest)>, Undecided> {
        let mut stored = Vec::new();
        let mut entries = 0;
        let digests = self.store.digests(&self.store_limits)?;
        for digest in digests.into_iter().take(MAX_COMPARED) {
            if let Some(manifest) = self.store.manifest(&digest)?.manifest {
                entries += manifest.len();
                if entries > MAX_ENTRIES {
                    break;
                }
                stored.push((digest, manifest));
            }
        }
        Ok(stored)
    }

    /// The stored change with a genuine statement that shares a path with the unit and differs at
    /// the fewest.
    fn nearest(
        &self,
        base: Option<&CommitId>,
        unit: &UnitVerdict,
        stored: &[(ChangeDigest, ChangeManifest)],
        tries: &mut usize,
    ) -> Result<Option<Nearest>, Undecided> {
        let base = match unit.group.first() {
            Some(first) => self.history.parents(first)?.into_iter().next(),
            None => base.cloned(),
        };
        let manifest = self.history.change(base.as_ref(), &unit.commit)?;
        let mut candidates = Vec::new();
        for (digest, other) in stored.iter().filter(|(digest, _)| *digest != unit.change) {
            if manifest.paths().any(|path| other.entry(path).is_some()) {
                candidates.push((manifest.differing_paths(other).len(), *digest, other));
            }
        }
        candidates.sort_by_key(|(differing, digest, _)| (*differing, *digest));
        for (_, change, other) in candidates {
            let Some(left) = tries.checked_sub(1) else {
                break;
            };
            *tries = left;
            let Ok(listing) = self.store.bundles(&change, &TRIED_LIMITS) else {
                continue;
            };
            let verified = listing
                .bundles
                .iter()
                .filter_map(|bundle| self.verify(&bundle.bytes, Some(change)).ok());
            if let Some(statement) = verified.max_by_key(|statement| statement.signed_on()) {
                return Ok(Some(Nearest {
                    change,
                    kind: kind(&statement),
                    signer: statement.signer().clone(),
                    signed_on: statement.signed_on(),
                    differs: manifest
                        .differing_paths(other)
                        .iter()
                        .map(ToString::to_string)
                        .collect(),
                }));
            }
        }
        Ok(None)
    }
}
