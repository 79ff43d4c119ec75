//! The values of `Assisted-by` and `Generated-by`.
//!
//! The Linux kernel writes `AGENT:MODEL [TOOL...]`. In the wild there are also `name <mail>`,
//! `model via tool`, `tool (model)` and free text, and curl thanks people with the same trailer.

use super::message::identities;
use super::table::{AgentTable, Row};
use super::{NamedAgent, Strength};

/// Longest tool or model name that is kept, in characters.
const NAME_LIMIT: usize = 250;

/// Schemes and hosts before a colon that are no agent's name, and what documents write in place of one.
const NO_AGENTS: [&str; 8] = [
    "http",
    "https",
    "mailto",
    "ssh",
    "git",
    "github",
    "agent",
    "agent_name",
];

/// Who a value names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribution {
    /// The id of the table's row; `None` where the agent isn't known.
    pub id: Option<String>,
    /// Tool and model; `None` where the value may name a person.
    pub agent: Option<(String, Option<String>)>,
    pub strength: Strength,
}

impl Attribution {
    fn known(row: &Row, model: Option<&str>, strength: Strength) -> Self {
        let model = model.map(str::trim).filter(|model| !model.is_empty());
        Self {
            id: Some(row.id.clone()),
            agent: Some((row.tool.clone(), model.map(shortened))),
            strength,
        }
    }

    /// The agent of a trace.
    pub fn named(self) -> Option<NamedAgent> {
        self.agent.map(|(tool, model)| NamedAgent {
            tool,
            model,
            ..NamedAgent::default()
        })
    }

    fn weak() -> Self {
        Self {
            id: None,
            agent: None,
            strength: Strength::Weak,
        }
    }
}

/// Reads a value. It is never nothing: what names no known agent is weak.
pub(super) fn read(table: &AgentTable, value: &str) -> Attribution {
    kernel_form(table, value)
        .or_else(|| with_address(table, value))
        .or_else(|| model_via_tool(table, value))
        .or_else(|| leading_name(table, value))
        .unwrap_or_else(Attribution::weak)
}

/// `AGENT:MODEL [TOOL...]`. An agent that isn't known is medium: the form is no person's name.
fn kernel_form(table: &AgentTable, value: &str) -> Option<Attribution> {
    let (agent, rest) = value.split_once(':')?;
    let model = rest.split_whitespace().next()?;
    if let Some((row, _)) = table.by_name(agent) {
        return Some(Attribution::known(row, Some(model), Strength::Strong));
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let one_word = !agent.is_empty() && agent.chars().all(is_word);
    let joined = !rest.starts_with(char::is_whitespace) && !rest.starts_with("//");
    let is_agent = !NO_AGENTS
        .iter()
        .any(|other| agent.eq_ignore_ascii_case(other));
    (one_word && joined && is_agent).then(|| Attribution {
        id: None,
        agent: Some((shortened(agent), Some(shortened(model)))),
        strength: Strength::Medium,
    })
}

/// `name <mail>`: the address decides. With an address that isn't an agent's the value reads as a
/// person, unless the whole name is one that nobody bears.
fn with_address(table: &AgentTable, value: &str) -> Option<Attribution> {
    let people = identities(value);
    let first = people.first()?;
    for person in &people {
        if let Some(row) = table.by_address(&person.email) {
            let model = row.model_in(&person.name);
            return Some(Attribution::known(row, model.as_deref(), Strength::Strong));
        }
    }
    match table.by_name(&first.name) {
        Some((row, false)) => Some(Attribution::known(row, None, Strength::Medium)),
        _ => Some(Attribution::weak()),
    }
}

/// `model via tool`.
fn model_via_tool(table: &AgentTable, value: &str) -> Option<Attribution> {
    let (model, tool) = value.rsplit_once(" via ")?;
    let (row, _) = table.by_name(tool)?;
    Some(Attribution::known(row, Some(model), Strength::Medium))
}

/// `tool`, `tool (model)`, `tool model`. Behind a name that people bear too there must be a model in
/// brackets or a version number, or it may be a surname.
fn leading_name(table: &AgentTable, value: &str) -> Option<Attribution> {
    let (row, given, rest) = table.by_leading_name(value)?;
    let rest = rest.trim();
    let bracketed = rest
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'));
    let versioned = rest.contains(|c: char| c.is_ascii_digit()) && !rest.contains(['#', '@']);
    if given && !rest.is_empty() && !versioned {
        return Some(Attribution::weak());
    }
    let model = bracketed.or_else(|| Some(rest).filter(|_| given && versioned));
    Some(Attribution::known(row, model, Strength::Medium))
}

/// The text, cut at [`NAME_LIMIT`] characters.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

#[cfg(test)]
#[path = "attribution_tests.rs"]
mod tests;
