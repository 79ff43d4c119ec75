//! The signed change that resembles one that waits: what was pushed since somebody signed.

use super::Gate;
use super::statements::kind;
use super::verdict::{Nearest, Undecided};
use crate::change::ChangeManifest;
use crate::store::Limits;

/// The most changes of the store that are compared. The rest is not looked at: the answer is a
/// courtesy and decides nothing.
const MAX_COMPARED: usize = 2_000;
/// The most entries of their manifests together. Anybody may have stored a huge one.
const MAX_ENTRIES: usize = 200_000;

impl Gate<'_> {
    /// The stored change with a genuine statement that shares a path with `manifest` and differs at
    /// the fewest.
    pub(super) fn nearest(&self, manifest: &ChangeManifest) -> Result<Option<Nearest>, Undecided> {
        let digest = manifest.digest();
        let digests = self.store.digests(&Limits::default())?;
        let mut candidates = Vec::new();
        let mut entries = 0;
        for other in digests
            .into_iter()
            .filter(|other| *other != digest)
            .take(MAX_COMPARED)
        {
            let Some(stored) = self.store.manifest(&other)?.manifest else {
                continue;
            };
            entries += stored.len();
            if entries > MAX_ENTRIES {
                break;
            }
            if manifest.paths().any(|path| stored.entry(path).is_some()) {
                let differs: Vec<_> = manifest
                    .differing_paths(&stored)
                    .iter()
                    .map(ToString::to_string)
                    .collect();
                candidates.push((differs.len(), other, differs));
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
