//! What the evidence readers found in a change, bounded, and what was odd.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::attributed::Attributed;
use super::message::identities;
use super::{AgentRole, EvidenceSource, Extent, Strength};
use crate::change::{CommitId, Digest, Identity};

/// How many traces are kept for a change.
pub const TRACE_LIMIT: usize = 300;
/// How many people who drove agents are kept for a change.
pub const OPERATOR_LIMIT: usize = 1_000;

/// One trace of AI use, before agents have ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trace {
    /// The rule of the table that matched, such as `claude-code/co-author`.
    pub rule: String,
    /// The kind of place it was found in.
    pub source: EvidenceSource,
    /// The commit that carries it.
    pub commit: Option<CommitId>,
    /// The ref that holds it, where that isn't the commit's own branch.
    pub reference: Option<String>,
    /// The line of the commit message, from 1.
    pub line: Option<u64>,
    /// SHA-256 of the bytes that matched: of the line without the white space around it, or of
    /// `name <address>`.
    pub sha256: Digest,
    /// How much it says.
    pub strength: Strength,
    /// The extent that it shows.
    pub extent: Extent,
    /// The agent that it names.
    pub agent: Option<NamedAgent>,
    /// An agent stands in `Signed-off-by`, which only a person may.
    pub signed_off: bool,
}

/// An agent as a trace names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedAgent {
    /// The tool.
    pub tool: String,
    /// The model as it was written.
    pub model: Option<String>,
    /// The part it took.
    pub role: AgentRole,
    /// The tool's version as it was written.
    pub version: Option<String>,
    /// Who provides the model, where that is written apart from it.
    pub provider: Option<String>,
    /// The tool's own id of the session.
    pub session: Option<String>,
    /// Where the session can be looked at.
    pub session_url: Option<String>,
    /// Who drove it, as it was written.
    pub operator: Option<String>,
}

impl NamedAgent {
    /// What several traces of one agent say in common: of each field but tool, model and role, the one value
    /// that any of them has.
    pub(super) fn common(agents: &[&Self]) -> Self {
        let only = |field: fn(&Self) -> &Option<String>| {
            let values: BTreeSet<_> = agents
                .iter()
                .filter_map(|agent| field(agent).as_ref())
                .collect();
            let mut values = values.into_iter();
            values.next().filter(|_| values.next().is_none()).cloned()
        };
        let first = agents.first().map(|agent| (*agent).clone());
        Self {
            role: agents
                .iter()
                .map(|agent| agent.role)
                .min()
                .unwrap_or_default(),
            version: only(|agent| &agent.version),
            provider: only(|agent| &agent.provider),
            session: only(|agent| &agent.session),
            session_url: only(|agent| &agent.session_url),
            operator: only(|agent| &agent.operator),
            ..first.unwrap_or_default()
        }
    }
}

impl Trace {
    /// The extent that this trace raises a change to. Weak evidence raises nothing, and no trace
    /// shows that no AI took part.
    pub fn raises_to(&self) -> Option<Extent> {
        (self.strength > Strength::Weak && self.extent > Extent::None).then_some(self.extent)
    }

    fn rank(&self) -> Rank {
        (Reverse(self.raises_to()), Reverse(self.signed_off))
    }
}

/// The order in which traces are kept: those that raise most, then agents' sign-offs.
type Rank = (Reverse<Option<Extent>>, Reverse<bool>);

/// The traces of a change: at most [`TRACE_LIMIT`], those that raise the extent most, and whose its lines are. The
/// same line in one commit several times is one trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Rank and trace without its line, to the first line that has it.
    traces: BTreeMap<(Rank, Trace), Option<u64>>,
    left_out: u64,
    /// Who drove agents, as written.
    operators: BTreeSet<String>,
    operators_left_out: u64,
    pub(super) attributed: Option<Attributed>,
    /// What could not be read, or was odd.
    pub odd: Oddities,
}

/// What of the evidence could not be read or was not as its format says. It is counted, and nothing follows from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Oddities {
    /// Bytes of messages over the limit.
    pub message_bytes: u64,
    /// Notes over the limit or malformed.
    pub notes: u64,
    /// Notes of which no listed file is one that their commit touches.
    pub notes_of_other_files: u64,
    /// Keys of notes that are of no known form, or name nobody.
    pub note_keys: u64,
    /// Lines and ranges of notes that say nothing.
    pub note_lines: u64,
    /// Records, or ranges of them, that are of no known form or over the limit.
    pub records: u64,
    /// Files of records over the limit.
    pub record_files: u64,
    /// Versions of files whose lines weren't compared, over the limit or not here.
    pub unmapped_files: u64,
}

impl Oddities {
    /// Each count with its name, those that are 0 left out.
    pub fn named(&self) -> Vec<(&'static str, u64)> {
        let all = [
            ("bytes of messages over the limit", self.message_bytes),
            ("git-ai notes that can't be read", self.notes),
            (
                "git-ai notes of other files than their commit's",
                self.notes_of_other_files,
            ),
            ("keys of notes that name nobody", self.note_keys),
            ("lines of notes that can't be read", self.note_lines),
            ("Agent Trace records that can't be read", self.records),
            (
                "files of Agent Trace records over the limit",
                self.record_files,
            ),
            (
                "versions of files whose lines weren't compared",
                self.unmapped_files,
            ),
        ];
        all.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.message_bytes, other.message_bytes),
            (&mut self.notes, other.notes),
            (&mut self.notes_of_other_files, other.notes_of_other_files),
            (&mut self.note_keys, other.note_keys),
            (&mut self.note_lines, other.note_lines),
            (&mut self.records, other.records),
            (&mut self.record_files, other.record_files),
            (&mut self.unmapped_files, other.unmapped_files),
        ];
        for (ours, theirs) in pairs {
            *ours = ours.saturating_add(theirs);
        }
    }
}

impl Found {
    /// Adds a trace.
    pub fn add(&mut self, mut trace: Trace) {
        let line = trace.line.take();
        let first = self.traces.entry((trace.rank(), trace)).or_insert(line);
        *first = (*first).min(line);
        if self.traces.len() > TRACE_LIMIT {
            self.traces.pop_last();
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Adds all that another reader found.
    pub fn merge(&mut self, other: Self) {
        self.left_out = self.left_out.saturating_add(other.left_out);
        self.operators_left_out = self
            .operators_left_out
            .saturating_add(other.operators_left_out);
        self.odd.add(&other.odd);
        self.attributed = other.attributed.or(self.attributed.take());
        for operator in other.operators {
            self.add_operator(operator);
        }
        for ((_, trace), line) in other.traces {
            self.add(Trace { line, ..trace });
        }
    }

    /// Adds who drove an agent.
    pub(super) fn add_operator(&mut self, operator: String) {
        if self.operators.len() < OPERATOR_LIMIT {
            self.operators.insert(operator);
        } else if !self.operators.contains(&operator) {
            self.operators_left_out = self.operators_left_out.saturating_add(1);
        }
    }

    /// Who drove agents, where what is written names an address, and how many were left out over
    /// [`OPERATOR_LIMIT`].
    pub fn operators(&self) -> (impl Iterator<Item = Identity> + '_, u64) {
        let named = self.operators.iter().flat_map(|text| identities(text));
        (named, self.operators_left_out)
    }

    /// Whose the lines are that the change adds; `None` where no evidence has line ranges.
    pub fn attributed(&self) -> Option<&Attributed> {
        self.attributed.as_ref()
    }

    /// The traces, those that raise most first.
    pub fn traces(&self) -> impl Iterator<Item = Trace> + '_ {
        self.traces.iter().map(|((_, trace), line)| Trace {
            line: *line,
            ..trace.clone()
        })
    }

    /// How many traces were left out over [`TRACE_LIMIT`]. None of them raises the extent further.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The extent that the traces show; `None` where none of them shows any.
    pub fn extent(&self) -> Option<Extent> {
        self.traces
            .keys()
            .filter_map(|(_, trace)| trace.raises_to())
            .max()
    }

    /// The traces of agents that stand in `Signed-off-by`.
    pub fn agent_sign_offs(&self) -> impl Iterator<Item = Trace> + '_ {
        self.traces().filter(|trace| trace.signed_off)
    }
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
