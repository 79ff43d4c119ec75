//! What the evidence readers found in a change, bounded, and the conclusion from it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Agent, AgentRole, AiAssistance, Contradiction, Evidence, EvidenceSource, Extent, Strength,
};
use crate::change::{CommitId, Digest};

/// How many traces are kept for a change.
pub const TRACE_LIMIT: usize = 300;

/// One trace of AI use, before agents have ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trace {
    /// The rule of the table that matched, such as `claude-code/co-author`.
    pub rule: String,
    /// The kind of place it was found in.
    pub source: EvidenceSource,
    /// The commit that carries it.
    pub commit: Option<CommitId>,
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamedAgent {
    /// The tool.
    pub tool: String,
    /// The model as it was written.
    pub model: Option<String>,
    /// The part it took.
    pub role: AgentRole,
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

/// The traces of a change: at most [`TRACE_LIMIT`], those that raise the extent most. The same line
/// in one commit several times is one trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Rank and trace without its line, to the first line that has it.
    traces: BTreeMap<(Rank, Trace), Option<u64>>,
    left_out: u64,
    unread_bytes: u64,
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
        self.add_unread(other.unread_bytes);
        for ((_, trace), line) in other.traces {
            self.add(Trace { line, ..trace });
        }
    }

    pub(super) fn add_unread(&mut self, bytes: u64) {
        self.unread_bytes = self.unread_bytes.saturating_add(bytes);
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

    /// How many bytes of messages weren't scanned, being over the limit.
    pub fn unread_bytes(&self) -> u64 {
        self.unread_bytes
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

/// Concludes from a declaration and what was found: the extent is the stronger of the two, and
/// evidence above the declaration is a contradiction, one for each rule.
pub fn assess(declared: Option<Extent>, found: &Found) -> AiAssistance {
    let agents = agents(found);
    let mut evidence: Vec<_> = found
        .traces()
        .map(|trace| written(trace, &agents))
        .collect();
    evidence.sort();
    evidence.dedup();
    AiAssistance {
        extent: declared.max(found.extent()),
        declared,
        contradictions: contradictions(declared, found),
        agents,
        evidence,
    }
}

/// The agents of all traces that are more than weak, by tool and model. Where a tool is named with
/// one model only, traces without a model mean the same agent.
fn agents(found: &Found) -> Vec<Agent> {
    let named: Vec<_> = found
        .traces()
        .filter(|trace| trace.strength > Strength::Weak)
        .filter_map(|trace| trace.agent)
        .collect();
    let mut models: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for agent in &named {
        models
            .entry(&agent.tool)
            .or_default()
            .extend(agent.model.as_deref());
    }
    let mut roles: BTreeMap<(&str, Option<&str>), AgentRole> = BTreeMap::new();
    for agent in &named {
        let only = models.get(agent.tool.as_str()).filter(|all| all.len() == 1);
        let model = agent.model.as_deref().or_else(|| only?.first().copied());
        let role = roles.entry((&agent.tool, model)).or_insert(agent.role);
        *role = (*role).min(agent.role);
    }
    let numbered = roles.into_iter().zip(1..);
    numbered
        .map(|(((tool, model), role), number)| Agent {
            id: format!("a{number}"),
            tool: tool.to_owned(),
            model: model.map(str::to_owned),
            role,
        })
        .collect()
}

fn written(trace: Trace, agents: &[Agent]) -> Evidence {
    let named = trace
        .agent
        .as_ref()
        .filter(|_| trace.strength > Strength::Weak);
    let agent = named.and_then(|named| {
        let same_tool = || agents.iter().filter(|agent| agent.tool == named.tool);
        let exact = same_tool().find(|agent| agent.model == named.model);
        let agent = exact.or_else(|| same_tool().find(|_| named.model.is_none()))?;
        Some(agent.id.clone())
    });
    Evidence {
        rule: trace.rule,
        source: trace.source,
        commit: trace.commit,
        line: trace.line,
        sha256: trace.sha256,
        strength: trace.strength,
        extent: trace.extent,
        agent,
    }
}

fn contradictions(declared: Option<Extent>, found: &Found) -> Vec<Contradiction> {
    let Some(declared) = declared else {
        return Vec::new();
    };
    let mut by_rule: BTreeMap<String, Extent> = BTreeMap::new();
    for trace in found.traces() {
        if let Some(extent) = trace.raises_to().filter(|extent| *extent > declared) {
            let highest = by_rule.entry(trace.rule).or_insert(extent);
            *highest = (*highest).max(extent);
        }
    }
    let contradiction = |(rule, evidence)| Contradiction {
        declared,
        evidence,
        rule,
    };
    by_rule.into_iter().map(contradiction).collect()
}

#[cfg(test)]
#[path = "found_tests.rs"]
mod tests;
