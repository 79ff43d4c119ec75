//! How large a change is, and whether the policy lets it through for what it touches (SPEC 6.8).

use super::Gate;
use super::statements::Place;
use super::trust_unit::touches_trust;
use super::verdict::Undecided;
use crate::change::{ChangeManifest, CommitId, Content, Entry, FileMode};

/// The most paths whose lines are counted; a change of more exceeds every `lines_over` (SPEC 10).
const MAX_COUNTED: usize = 20_000;

/// What rules ask of a change's size. It costs reading files, so it is looked at where a policy asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    /// Lines added and removed, counted no further than rules ask; `None` is more than any number.
    pub lines: Option<u64>,
    /// Whether everything it touches is exempt.
    pub exempt: bool,
}

impl Gate<'_> {
    /// Measures the change at a place, whose sides are `base` and `head`.
    pub(super) fn size(
        &self,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Size, Undecided> {
        let policy = &self.judging.policy;
        let lines = match policy.most_lines() {
            Some(most) => self.lines(place.manifest, base, head, most)?,
            None => None,
        };
        Ok(Size {
            lines,
            exempt: !policy.exempt.is_empty() && self.exempt(place, base, head)?,
        })
    }

    fn lines(
        &self,
        manifest: &ChangeManifest,
        base: Option<&CommitId>,
        head: &CommitId,
        most: u64,
    ) -> Result<Option<u64>, Undecided> {
        if manifest.len() > MAX_COUNTED {
            return Ok(None);
        }
        let mut lines: u64 = 0;
        for path in manifest.paths() {
            let count = self.history.line_count(base, head, path)?;
            if count.opaque {
                return Ok(None);
            }
            lines = lines
                .saturating_add(count.insertions)
                .saturating_add(count.deletions);
            // More lines change no answer, and reading them is work that an author could make.
            if lines > most {
                break;
            }
        }
        Ok(Some(lines))
    }

    /// Whether everything that a unit of the group touches is exempt, even what is undone inside.
    fn exempt(
        &self,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<bool, Undecided> {
        if place.units.len() < 2 {
            return self.is_exempt(place.manifest, base, head);
        }
        for unit in place.units {
            if !self.is_exempt(&unit.manifest, unit.parent.as_ref(), &unit.commit)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_exempt(
        &self,
        manifest: &ChangeManifest,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<bool, Undecided> {
        let policy = &self.judging.policy;
        let exempt = |entry: Entry<'_>| policy.is_exempt(entry.path) && is_plain(&entry);
        let all = manifest.entries().all(exempt);
        if !all || touches_trust(manifest) {
            return Ok(false);
        }
        if manifest.len() > MAX_COUNTED {
            return Ok(false);
        }
        // Only what people can read line by line.
        for path in manifest.paths() {
            for side in base.into_iter().chain([head]) {
                if self.history.is_opaque(side, path)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// Whether an entry is about regular files alone, of one mode: no link, no submodule, nothing that becomes
/// executable.
fn is_plain(entry: &Entry<'_>) -> bool {
    let mode = |side: Option<&Content>| match side {
        Some(Content::Blob { mode, .. }) => Some(*mode),
        _ => None,
    };
    match (entry.old, entry.new) {
        (None, side) | (side, None) => mode(side) == Some(FileMode::Regular),
        (old, new) => {
            let (old, new) = (mode(old), mode(new));
            old == new && matches!(old, Some(FileMode::Regular | FileMode::Executable))
        }
    }
}
