//! What a decision rests on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ai::Extent;
use crate::change::RepoPath;
use crate::roster::PersonId;

/// One counted approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// How old it was when the change landed; `None` is older than any rule takes.
    pub age: Option<Duration>,
    /// What its signature proves.
    pub proofs: Proofs,
}

/// What a signature proves beside that the key made it, or what a rule asks of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proofs {
    /// Somebody touched a security key.
    pub presence: bool,
    /// The security key asked for a PIN or a finger.
    pub user_verification: bool,
    /// An authority says when it was made.
    pub timestamp: bool,
}

impl Proofs {
    /// Whether these are all that is asked.
    pub fn cover(self, asked: Self) -> bool {
        (self.presence || !asked.presence)
            && (self.user_verification || !asked.user_verification)
            && (self.timestamp || !asked.timestamp)
    }
}

/// The facts about one group: a unit, or a change that is to land. The gate gathers them from
/// verified statements and from git; nothing unverified makes a rule lighter.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The stage that the check is for, where it is for one.
    pub stage: Option<String>,
    /// Every touched path.
    pub paths: Vec<RepoPath>,
    /// How many paths differ.
    pub files: u64,
    /// Lines added and removed, counted no further than [`super::Policy::most_lines`]; `None` is more
    /// than any number: opaque content, or not counted.
    pub lines: Option<u64>,
    /// Whether every path is exempt, and nothing is opaque, a link or a change of mode.
    pub exempt: bool,
    /// Whether every path is an automation's own, and its declaration counts.
    pub automated: bool,
    /// The extent that evidence and verified statements show; `None` where there is no trace.
    pub evidence: Option<Extent>,
    /// The tools of agents that took part, by evidence and verified statements; lower case.
    pub tools: BTreeSet<String>,
    /// Their models, as written but in lower case.
    pub models: BTreeSet<String>,
    /// Whether traces were left out over a limit, so that there may be other tools and models.
    pub agents_left_out: bool,
    /// Whether an agent is an author.
    pub agent_wrote: bool,
    /// The highest extent of the counted declarations; `None` where nobody declared.
    pub declared: Option<Extent>,
    /// The roster people whom commits, trailers or verified statements name as authors.
    pub claimed: BTreeSet<PersonId>,
    /// Whether somebody whom the roster doesn't know is named as an author.
    pub claims_unknown: bool,
    /// Who signed a counted declaration.
    pub proven: BTreeSet<PersonId>,
    /// The counted approvals, by who signed them. A rule takes whom it takes for one of theirs by itself: an old
    /// signature with a touch and a new one without make no new one with a touch.
    pub approvals: BTreeMap<PersonId, Vec<Approval>>,
    /// Who signed a counted emergency whose follow-up is not overdue.
    pub emergencies: BTreeSet<PersonId>,
    /// Whether what counts was signed for a change of which this one is the clean merge.
    pub merged: bool,
}

impl Facts {
    /// The extent that rules compare with: the evidence or the declaration, whichever is more; in
    /// place of a declaration that is missing, `undeclared` (SPEC 6.6).
    pub fn extent(&self, undeclared: Extent) -> Extent {
        self.declared
            .unwrap_or(undeclared)
            .max(self.evidence.unwrap_or(Extent::None))
    }

    /// The same facts as if every claimed roster author had declared the extent that was found.
    pub(super) fn as_if_declared(&self) -> Self {
        let mut facts = self.clone();
        facts.proven.extend(self.claimed.iter().cloned());
        facts.declared = Some(self.evidence.unwrap_or(Extent::None));
        facts
    }
}
