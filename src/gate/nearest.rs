//! The signed change that resembles one that waits: what was pushed since somebody signed.

use super::Gate;
use super::statements::kind;
use super::verdict::{Effect, Nearest, Undecided, UnitVerdict};
use crate::change::{ChangeDigest, ChangeManifest, CommitId};

/// The most changes of the store that are compared. The rest is not looked at: the answer is a
/// courtesy and decides nothing.
const MAX_COMPARED: usize = 2_000;
/// The most entries of their manifests together. Anybody may have stored a huge one.
const MAX_ENTRIES: usize = 200_000;

/// The most waiting units that get such a hint.
const MAX_HINTS: usize = 50;

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
        for unit in units.iter_mut().filter(waits).take(MAX_HINTS) {
            let stored = stored.get_or_insert_with(|| self.stored_changes().unwrap_or_default());
            unit.nearest = self.nearest(base, unit, stored).unwrap_or_default();
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
    ) -> Result<Option<Nearest>, Undecided> {
        let base = match unit.group.first() {
            Some(first) => self.history.parents(first)?.into_iter().next(),
            None => base.cloned(),
        };
        let manifest = self.history.change(base.as_ref(), &unit.commit)?;
        let mut candidates = Vec::new();
        for (digest, other) in stored.iter().filter(|(digest, _)| *digest != unit.change) {
            if manifest.paths().any(|path| other.entry(path).is_some()) {
                let differs: Vec<_> = manifest
                    .differing_paths(other)
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                candidates.push((differs.len(), *digest, differs));
            }
        }
        candidates.sort();
        for (_, change, differs) in candidates {
            let verified = self
                .bundles(&change)?
                .into_iter()
                .filter_map(|bundle| self.verify(&bundle, Some(change)).ok());
            if let Some(statement) = verified.max_by_key(|statement| statement.signed_on()) {
                return Ok(Some(Nearest {
                    change,
                    kind: kind(&statement),
                    signer: statement.signer().clone(),
                    signed_on: statement.signed_on(),
                    differs,
                }));
            }
        }
        Ok(None)
    }
}
