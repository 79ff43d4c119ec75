//! The conclusion from a declaration and what the evidence readers found.

use std::collections::{BTreeMap, BTreeSet};

use super::attributed::Attributed;
use super::{
    Agent, AiAssistance, Contradiction, Evidence, Extent, Found, NamedAgent, Strength, Trace,
};

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
    let attributed = found.attributed();
    AiAssistance {
        extent: declared.max(found.extent()),
        declared,
        contradictions: contradictions(declared, found),
        lines: attributed.map(Attributed::lines),
        files: attributed.map_or_else(Vec::new, |lines| lines.files(&agents)),
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
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<&NamedAgent>> = BTreeMap::new();
    for agent in &named {
        let only = models.get(agent.tool.as_str()).filter(|all| all.len() == 1);
        let model = agent.model.as_deref().or_else(|| only?.first().copied());
        groups.entry((&agent.tool, model)).or_default().push(agent);
    }
    let numbered = groups.into_iter().zip(1..);
    numbered
        .map(|(((tool, model), named), number)| {
            let common = NamedAgent::common(&named);
            Agent {
                id: format!("a{number}"),
                tool: tool.to_owned(),
                tool_version: common.version,
                model: model.map(str::to_owned),
                model_provider: common.provider,
                session_id: common.session,
                session_url: common.session_url,
                operator: common.operator,
                role: common.role,
            }
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
        reference: trace.reference,
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
