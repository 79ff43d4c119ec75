//! What was verified before a check: up to the admins' checkpoint, and up to what a gate's summary names (SPEC 8.1).

use super::Gate;
use super::line::Line;
use super::verdict::{Scope, Undecided, Verdict};
use crate::attestation::Summary;
use crate::change::CommitId;
use crate::codes::Code;

impl Gate<'_> {
    /// Judges all units of the target's line after its checkpoint, up to `head` (SPEC 8.1). Where there is no
    /// checkpoint the line starts where it leaves that of another protected branch, whose tips are `others`.
    ///
    /// # Errors
    /// `head`, the checkpoint, or what the gate's summary names is not on the target's line: could not decide.
    pub fn judge_release(
        &self,
        head: &CommitId,
        others: &[CommitId],
    ) -> Result<Verdict, Undecided> {
        let unresolved = || Undecided::new(Code::REF_UNRESOLVED, "the target is not here");
        let tip = self.target_tip.as_ref().ok_or_else(unresolved)?;
        if !self.on_line(head, tip)? {
            return Err(self.not_on_line(head));
        }
        self.refuse_rewritten(head)?;
        let mut start = match self.judging.checkpoint(&self.target) {
            Some(checkpoint) if !self.on_line(checkpoint, tip)? => {
                return Err(self.not_on_line(checkpoint));
            }
            Some(checkpoint) => Some(checkpoint.clone()),
            None => Line::new(self.history).leaves(tip, others)?,
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
            start => self.judge_line(Scope::Complete, start.as_ref(), head),
        }
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
