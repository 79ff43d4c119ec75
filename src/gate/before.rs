//! What lands while a new trust version is on its way: the version before it may judge it too, since
//! nobody could know the rule that the new one brings (SPEC 5.5).

use std::collections::HashSet;

use super::Gate;
use super::judging::Judging;
use super::line::Line;
use super::statements::Place;
use super::verdict::{Undecided, UnitVerdict};
use crate::change::{CommitId, FileMode};
use crate::codes::Code;
use crate::trust::version_path;

/// The version before the judging one, and the commits that it may judge.
pub(super) struct Before {
    judging: Judging,
    /// The commits of the first protected branch's line after the judging version's checkpoint of it and before the one
    /// that brings it.
    commits: HashSet<CommitId>,
}

/// [`Before`], looked for once in a check and only where something fails.
pub(super) struct Lookup {
    /// The last commit of the judged range.
    head: CommitId,
    found: Option<Option<Before>>,
}

impl Lookup {
    pub fn new(head: &CommitId) -> Self {
        Self {
            head: head.clone(),
            found: None,
        }
    }
}

impl Gate<'_> {
    /// Judges a group of landed units by the judging version and, where that fails and the group landed
    /// before that version did, by the version before it.
    pub(super) fn assess_group(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        lookup: &mut Lookup,
    ) -> Result<UnitVerdict, Undecided> {
        let (Some(first), Some(last)) = (place.units.first(), place.units.last()) else {
            return Err(Undecided::new(Code::INTERNAL, "a group without units"));
        };
        let ends = (first.parent.as_ref(), &last.commit);
        let unit = self.assess(line, place, ends.0, ends.1)?.unit;
        // A rejection that the judging version knows stands.
        let rejected = |unit: &UnitVerdict| {
            let mut findings = unit.findings.iter();
            findings.any(|finding| finding.code == Code::REJECTED)
        };
        if unit.passes() || rejected(&unit) {
            return Ok(unit);
        }
        let Some(gate) = self.gate_before(place, lookup)? else {
            return Ok(unit);
        };
        let then = gate.assess(line, place, ends.0, ends.1)?.unit;
        Ok(if then.passes() { then } else { unit })
    }

    /// The gate of the version before the judging one, where a group landed before that version did.
    pub(super) fn gate_before<'l>(
        &'l self,
        place: &Place<'_>,
        lookup: &'l mut Lookup,
    ) -> Result<Option<Gate<'l>>, Undecided> {
        let before = match lookup.found.take() {
            Some(known) => known,
            None => self.before(&lookup.head)?,
        };
        let before = lookup.found.insert(before).as_ref();
        let landed = place.units.last();
        let before = before
            .zip(landed)
            .filter(|(before, last)| before.commits.contains(&last.commit));
        Ok(before.map(|(before, _)| self.with(&before.judging, self.progress)))
    }

    /// Finds the version before the judging one, and what landed between the signing and the landing of the judging one on
    /// the line of the first protected branch, where versions land. `head` ends the judged range.
    ///
    /// On any other branch whoever pushes says when a version comes along, and would keep the one before in force for as
    /// long as they like; but such a branch may have been cut from the first.
    fn before(&self, head: &CommitId) -> Result<Option<Before>, Undecided> {
        let first = self.judging.policy.protected.first();
        let checkpoint = first.and_then(|first| self.judging.checkpoint(first));
        let (Some(previous), Some(checkpoint)) = (&self.judging.previous, checkpoint) else {
            return Ok(None);
        };
        let mut branches = self.branches.iter();
        let tip = if first == Some(&self.target) {
            // The version may have landed after the judged range.
            match &self.target_tip {
                Some(tip) if self.on_line(head, tip)? => tip,
                _ => head,
            }
        } else {
            match branches.find(|(branch, _)| Some(branch) == first) {
                Some((_, tip)) => tip,
                None => return Ok(None),
            }
        };
        let line = Line::new(self.history);
        let Some(mut commits) = line.after(Some(checkpoint), tip)? else {
            return Ok(None);
        };
        let mut brought_at = None;
        for (at, commit) in commits.iter().enumerate() {
            if self.holds_version(commit)? {
                brought_at = Some(at);
                break;
            }
        }
        commits.truncate(brought_at.unwrap_or(0));
        let Some(last) = commits.last() else {
            return Ok(None);
        };
        let judging = self.judging.before(self.history, previous, last)?;
        let Some(judging) = judging else {
            return Ok(None);
        };
        self.with(&judging, self.progress).refuse_uncheckable()?;
        Ok(Some(Before {
            judging,
            commits: commits.into_iter().collect(),
        }))
    }

    fn holds_version(&self, commit: &CommitId) -> Result<bool, Undecided> {
        let path = version_path(self.judging.version.number());
        let file = self.history.file(commit, &path)?;
        Ok(matches!(file, Some((FileMode::Regular, _))))
    }
}
