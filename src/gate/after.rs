//! What was verified before a check: up to the admins' checkpoint, and up to what a gate's summary names (SPEC 8.1).

use super::Gate;
use super::line::Line;
use super::verdict::{Scope, Undecided, Verdict};
use crate::attestation::Summary;
use crate::change::CommitId;
use crate::codes::Code;

impl Gate<'_> {
    /// Judges all units of the target's line after its checkpoint, up to `head` (SPEC 8.1). A target without a checkpoint
    /// is judged as a new branch, beside the others that are protected.
    ///
    /// # Errors
    /// `head`, the checkpoint, or what the gate's summary names is not on the target's line: could not decide.
    pub fn judge_release(&self, head: &CommitId) -> Result<Verdict, Undecided> {
        let unresolved = || Undecided::new(Code::REF_UNRESOLVED, "the target is not here");
        let tip = self.target_tip.as_ref().ok_or_else(unresolved)?;
        if !self.on_line(head, tip)? {
            return Err(self.not_on_line(head));
        }
        self.refuse_rewritten(head)?;
        let (mut start, beside) = match self.judging.checkpoint(&self.target) {
            Some(checkpoint) if !self.on_line(checkpoint, tip)? => {
                return Err(self.not_on_line(checkpoint));
            }
            Some(checkpoint) => (Some(checkpoint.clone()), None),
            None => (self.accepted_elsewhere(tip)?, Some(self.beside())),
        };
        if let Some(summary) = self.summary_that_accepts()
            && match &start {
                Some(start) => self.history.is_ancestor(start, &summary.head)?,
                None => true,
            }
        {
            start = Some(summary.head.clone());
        }
        match &start {
            // Accepted history.
            Some(start) if self.history.is_ancestor(head, start)? => self.verdict(
                Scope::Complete,
                Some(head.clone()),
                head.clone(),
                Vec::new(),
            ),
            start => {
                let gate = beside.as_ref().unwrap_or(self);
                gate.judge_line(Scope::Complete, start.as_ref(), head)
            }
        }
    }

    /// Judges a protected branch that is new: what stands on it and on no line that the admins accepted, with what was
    /// signed for the others where it stands on their lines too.
    pub fn judge_new_branch(&self, head: &CommitId) -> Result<Verdict, Undecided> {
        if let Some(checkpoint) = self.judging.checkpoint(&self.target)
            && !self.on_line(checkpoint, head)?
        {
            return Err(self.not_on_line(checkpoint));
        }
        let start = self.accepted_elsewhere(head)?;
        let gate = self.beside();
        gate.judge_line(Scope::Range, start.as_ref(), head)
    }

    /// The newest commit of the line that ends at `tip` which the admins accepted on the line of another protected branch.
    fn accepted_elsewhere(&self, tip: &CommitId) -> Result<Option<CommitId>, Undecided> {
        let checkpoints = &self.judging.version.metadata().checkpoints;
        let commits = checkpoints.iter().map(|checkpoint| &checkpoint.git_commit);
        // One that isn't here says nothing; then more is judged.
        let here = commits.filter(|commit| self.history.commit(commit).is_ok());
        let here: Vec<_> = here.cloned().collect();
        Line::new(self.history).leaves(tip, &here)
    }

    /// The same gate of a branch that left others: what was signed for them counts for the units that it brought along.
    fn beside(&self) -> Gate<'_> {
        let mut gate = self.with(self.judging, self.progress);
        gate.accepted_lines = self.branches.clone();
        gate
    }

    /// The summary, where what it names is accepted like a checkpoint: the policy says so, and it passed by this very
    /// trust version, for this stage, without a debt.
    fn summary_that_accepts(&self) -> Option<&Summary> {
        let summary = self.after.as_ref()?.summary();
        let accepts = self.judging.policy.gate_checkpoints
            && summary.passed
            && summary.debts == 0
            && summary.trust_version == self.judging.version.number()
            && summary.policy == self.judging.version.policy()
            && summary.stage == self.stage;
        accepts.then_some(summary)
    }

    /// Where a gate knew the line up to a commit, that commit must still stand on it.
    pub(super) fn refuse_rewritten(&self, head: &CommitId) -> Result<(), Undecided> {
        let Some(after) = &self.after else {
            return Ok(());
        };
        let known = &after.summary().head;
        for end in self.target_tip.iter().chain([head]) {
            if self.on_line(known, end)? {
                return Ok(());
            }
        }
        let message = format!(
            "{} judged {}, which is no longer on the line of {}",
            after.summary().gate,
            known.short(),
            self.target
        );
        Err(Undecided::new(Code::OFF_LINE, message))
    }

    fn not_on_line(&self, commit: &CommitId) -> Undecided {
        let message = format!("{} is not on the line of {}", commit.short(), self.target);
        Undecided::new(Code::OFF_LINE, message)
    }
}
