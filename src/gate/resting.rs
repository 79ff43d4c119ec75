//! What landed on the word of one key: for admins who learn that somebody else had it (SPEC 5.4).

use std::collections::HashSet;

use super::Gate;
use super::line::Line;
use super::statements::Place;
use super::verdict::Undecided;
use crate::attestation::Target;
use crate::change::{ChangeDigest, CommitId};

/// A unit that statements by a key speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    /// The unit.
    pub commit: CommitId,
    /// The first line of the commit message. Untrusted text.
    pub subject: String,
}

impl Gate<'_> {
    /// The units of the target's line up to `head`, the oldest first, whose change statements by the key with
    /// this fingerprint bear, or name among the commits of a series. Whether other signatures would do as
    /// well is not asked. The key must be in force in the judging version.
    ///
    /// # Errors
    /// History or store can't be read to the point where the first of these statements was made.
    pub fn resting_on(
        &self,
        fingerprint: &str,
        head: &CommitId,
    ) -> Result<Vec<Resting>, Undecided> {
        let mut changes: HashSet<ChangeDigest> = HashSet::new();
        let mut tips: HashSet<CommitId> = HashSet::new();
        let line = Line::new(self.history);
        for digest in self.store.digests(&self.store_limits)? {
            for bundle in self.bundles(&digest)? {
                let verified = self.genuine(&line, &bundle);
                let Ok(statement) = verified.as_ref() else {
                    continue;
                };
                if statement.fingerprint() != fingerprint {
                    continue;
                }
                let change = statement.change();
                let here = |target: &&Target| target.name == self.target;
                let targets = change.targets.iter().filter(here);
                tips.extend(targets.map(|target| target.tip.clone()));
                // A post-landing statement was made after what it covers.
                tips.extend(change.landed.clone());
                changes.insert(statement.subject());
                changes.extend(change.commits.iter().flatten());
            }
        }
        if tips.is_empty() {
            return Ok(Vec::new());
        }
        let commits = line.after(None, head)?.unwrap_or_default();
        let oldest = commits.iter().position(|commit| tips.contains(commit));
        let mut found = Vec::new();
        for commit in commits.iter().skip(oldest.unwrap_or(0)) {
            let unit = line.unit(commit)?;
            let (place, parent) = (Place::of_unit(&unit), unit.parent.as_ref());
            let rests = changes.contains(&unit.digest)
                || self
                    .covering(&line, &place, parent)?
                    .iter()
                    .any(|reviewed| changes.contains(&reviewed.digest));
            if rests {
                found.push(Resting {
                    commit: commit.clone(),
                    subject: self.history.commit(commit)?.subject().to_owned(),
                });
            }
        }
        Ok(found)
    }
}
