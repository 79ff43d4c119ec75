//! What the store holds by way of changes, and what was signed of them. Anybody may have stored any.

use std::collections::HashMap;
use std::rc::Rc;

use super::Gate;
use super::line::{Line, Unit};
use super::verdict::Undecided;
use crate::change::{ChangeDigest, ChangeManifest, CommitId, RepoPath};
use crate::codes::Code;

/// The most entries of stored changes that one check looks at (SPEC 10).
const MAX_ENTRIES: usize = 2_000_000;

/// What one genuine statement says of a stored change.
pub(super) struct Signed {
    /// Over which commits it is, where it lists them.
    commits: Option<Vec<ChangeDigest>>,
    /// Where it says that the sides stand.
    pub sides: (CommitId, CommitId),
}

impl Signed {
    /// The commits that it lists.
    pub fn commits(&self) -> Option<&[ChangeDigest]> {
        self.commits.as_deref()
    }
}

/// The stored changes, by path. Anybody may have stored any.
#[derive(Default)]
pub(super) struct Stored {
    changes: Vec<(ChangeDigest, ChangeManifest)>,
    by_path: HashMap<RepoPath, Vec<usize>>,
}

impl Stored {
    /// Among which changes those are that touch every path of this one.
    pub fn fewest(&self, manifest: &ChangeManifest) -> &[usize] {
        let of = |path| {
            self.by_path
                .get(path)
                .map(Vec::as_slice)
                .unwrap_or_default()
        };
        let fewest = manifest.paths().map(of).min_by_key(|changes| changes.len());
        fewest.unwrap_or_default()
    }

    /// The changes that touch every path of this one, itself aside.
    pub fn around<'s>(
        &'s self,
        manifest: &'s ChangeManifest,
        own: &'s ChangeDigest,
    ) -> impl Iterator<Item = &'s (ChangeDigest, ChangeManifest)> {
        let changes = self.fewest(manifest).iter();
        let changes = changes.filter_map(|change| self.changes.get(*change));
        changes.filter(move |(digest, other)| {
            digest != own && manifest.paths().all(|path| other.entry(path).is_some())
        })
    }
}

impl Gate<'_> {
    /// How many stored changes must be looked at to find those of which this one is the clean merge.
    pub(super) fn candidates(
        &self,
        line: &Line<'_>,
        manifest: &ChangeManifest,
    ) -> Result<usize, Undecided> {
        if !self.judging.policy.clean_merge {
            return Ok(0);
        }
        let stored = self.changes(line)?;
        Ok(stored.fewest(manifest).len())
    }

    /// All stored changes whose manifest is there, read once in a check.
    pub(super) fn changes(&self, line: &Line<'_>) -> Result<Rc<Stored>, Undecided> {
        line.memo.stored(|| self.manifests())
    }

    fn manifests(&self) -> Result<Stored, Undecided> {
        let mut stored = Stored::default();
        let mut entries = 0;
        for digest in self.store.digests(&self.store_limits)? {
            let Some(manifest) = self.store.manifest(&digest)?.manifest else {
                continue;
            };
            entries += manifest.len();
            if entries > MAX_ENTRIES {
                let message = format!("over {MAX_ENTRIES} entries of stored changes");
                return Err(Undecided::new(Code::LIMIT, message));
            }
            for path in manifest.paths() {
                let changes = stored.by_path.entry(path.clone()).or_default();
                changes.push(stored.changes.len());
            }
            stored.changes.push((digest, manifest));
        }
        Ok(stored)
    }

    /// Where the genuine statements over a change say that its sides stand, and whether one is over as many commits as
    /// there are `units`, where these are several.
    pub(super) fn signed_sides(
        &self,
        line: &Line<'_>,
        change: &ChangeDigest,
        units: &[Rc<Unit>],
    ) -> Result<(Vec<(CommitId, CommitId)>, bool), Undecided> {
        let signed = self.signed_of(line, change)?;
        let landed = units
            .iter()
            .filter(|unit| !unit.manifest.is_empty())
            .count();
        let fits = units.len() < 2
            || signed
                .iter()
                .any(|signed| signed.commits().is_some_and(|all| all.len() == landed));
        let sides = signed.iter().map(|signed| signed.sides.clone());
        Ok((sides.collect(), fits))
    }

    /// What the genuine statements over a change say of it, read once in a check.
    pub(super) fn signed_of(
        &self,
        line: &Line<'_>,
        change: &ChangeDigest,
    ) -> Result<Rc<Vec<Signed>>, Undecided> {
        let version = self.judging.version.number();
        line.memo
            .signed((version, *change), || self.signed(line, change))
    }

    fn signed(&self, line: &Line<'_>, change: &ChangeDigest) -> Result<Vec<Signed>, Undecided> {
        let bundles = self.bundles(change)?;
        let genuine = bundles
            .iter()
            .filter_map(|bundle| self.verified(line, bundle, *change).ok());
        let signed = genuine.map(|statement| {
            let change = statement.change();
            Signed {
                commits: change.commits.clone(),
                sides: (change.base.clone(), change.head.clone()),
            }
        });
        Ok(signed.collect())
    }
}
