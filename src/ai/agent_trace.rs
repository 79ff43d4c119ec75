//! Records of Agent Trace 0.1, one a line in `.agent-trace/traces.jsonl`: which lines an agent wrote.
//!
//! A record names the commit at which its writer edited, which is the parent of the one that brings it in. So the
//! records that a change adds to the file are taken for those of the change. Read leniently: other schemas under
//! the same name, links and pseudo paths say nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::line_ranges::{LineRange, count};
use super::{AgentRole, AgentTable, EvidenceSource, Extent, Found, NamedAgent, Strength, Trace};
use crate::change::{CommitId, Digest, RepoPath, sha256};

/// Where the records of a repository stand.
pub const TRACES_PATH: &str = ".agent-trace/traces.jsonl";
/// The most new records, and the most ranges of all of them, that are read of a change.
const RECORDS_LIMIT: usize = 100_000;
const RANGES_LIMIT: usize = 1_000_000;
/// The longest tool or model name that is kept, in characters.
const NAME_LIMIT: usize = 250;

/// The records that a change adds.
#[derive(Debug, Clone, Default)]
pub struct AgentRecords {
    files: BTreeMap<Vec<u8>, File>,
    ranges: usize,
    /// Lines that are no record of this schema, and ranges that are none.
    pub odd: u64,
}

/// What the records say of one path.
#[derive(Debug, Clone, Default)]
struct File {
    ranges: Vec<LineRange>,
    /// Each agent with the digest of the first record that names it here.
    agents: BTreeMap<(String, Option<String>), Digest>,
}

impl AgentRecords {
    /// Reads the lines of a file that its older content doesn't have.
    pub fn added(before: &[u8], after: &[u8]) -> Self {
        let known: HashSet<&[u8]> = lines(before).collect();
        let mut records = Self::default();
        let new = lines(after).filter(|line| !line.is_empty() && !known.contains(line));
        for line in new.take(RECORDS_LIMIT) {
            if records.record(line).is_none() {
                records.odd += 1;
            }
        }
        records
    }

    /// The traces of the change that adds the records: of its own paths alone. More than half of the lines that
    /// it adds: generated; any: assisted.
    pub fn traces<'p>(
        &self,
        head: &CommitId,
        paths: impl Iterator<Item = &'p RepoPath>,
        added: u64,
    ) -> Found {
        let mut found = Found::default();
        let files: Vec<_> = paths
            .filter_map(|path| self.files.get(path.as_bytes()))
            .collect();
        let lines: u64 = files.iter().map(|file| count(&file.ranges).0).sum();
        if lines == 0 {
            return found;
        }
        let extent = match lines.saturating_mul(2) > added {
            true => Extent::Generated,
            false => Extent::Assisted,
        };
        let mut told = BTreeSet::new();
        for ((tool, model), record) in files.iter().flat_map(|file| &file.agents) {
            if told.insert((tool, model)) {
                found.add(Trace {
                    rule: "agent-trace/record".to_owned(),
                    source: EvidenceSource::AgentTrace,
                    commit: Some(head.clone()),
                    line: None,
                    sha256: *record,
                    strength: Strength::Strong,
                    extent,
                    agent: Some(NamedAgent {
                        tool: tool.clone(),
                        model: model.clone(),
                        role: AgentRole::Coauthor,
                    }),
                    signed_off: false,
                });
            }
        }
        found
    }

    /// Reads one record; `None` where it is none.
    fn record(&mut self, line: &[u8]) -> Option<()> {
        let value: Value = serde_json::from_slice(line).ok()?;
        value.get("version")?.as_str()?;
        let files = value.get("files")?.as_array()?;
        let tool = value
            .get("tool")
            .and_then(|tool| tool.get("name")?.as_str());
        let digest = sha256(line);
        for file in files {
            let path = file.get("path").and_then(Value::as_str);
            let conversations = file.get("conversations").and_then(Value::as_array);
            let (Some(path), Some(conversations)) = (path, conversations) else {
                self.odd += 1;
                continue;
            };
            // Some writers run on Windows.
            let path = path.replace('\\', "/").into_bytes();
            for conversation in conversations {
                self.conversation(conversation, &path, tool, digest);
            }
        }
        Some(())
    }

    fn conversation(&mut self, value: &Value, path: &[u8], tool: Option<&str>, record: Digest) {
        let whole = value.get("contributor");
        let ranges = value.get("ranges").and_then(Value::as_array);
        for range in ranges.into_iter().flatten() {
            let contributor = range.get("contributor").or(whole);
            let kind = contributor.and_then(|who| who.get("type")?.as_str());
            // Mixed lines have an agent's part in them.
            let by_agent = match kind {
                Some("ai" | "mixed") => true,
                Some("human") => false,
                _ => continue,
            };
            let Some((start, end)) = bounds(range) else {
                self.odd += 1;
                continue;
            };
            self.ranges += 1;
            if self.ranges > RANGES_LIMIT {
                self.odd += 1;
                return;
            }
            let file = self.files.entry(path.to_vec()).or_default();
            file.ranges.push(LineRange {
                start,
                end,
                by_agent,
            });
            if by_agent {
                let model = contributor.and_then(|who| who.get("model_id")?.as_str());
                file.agents.entry(named(tool, model)).or_insert(record);
            }
        }
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)
}

fn bounds(range: &Value) -> Option<(u32, u32)> {
    let line = |name: &str| u32::try_from(range.get(name)?.as_u64()?).ok();
    let (start, end) = (line("start_line")?, line("end_line")?);
    (start >= 1 && start <= end).then_some((start, end))
}

/// Tool and model. A record without a tool names it by its model's provider, `provider/model`.
fn named(tool: Option<&str>, model: Option<&str>) -> (String, Option<String>) {
    let provider = model.and_then(|model| model.split_once('/'));
    let model = provider.map_or(model, |(_, model)| Some(model));
    let tool = tool
        .or(provider.map(|(provider, _)| provider))
        .unwrap_or("an agent");
    let table = AgentTable::builtin().ok();
    let known = table.and_then(|table| table.by_name(tool));
    let known = known.map(|(row, _)| row.tool.clone());
    (
        known.unwrap_or_else(|| shortened(tool)),
        model.map(shortened),
    )
}

fn shortened(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

#[cfg(test)]
#[path = "agent_trace_tests.rs"]
mod tests;
