//! Records of Agent Trace 0.1, one a line in `.agent-trace/traces.jsonl`: which lines an agent wrote.
//!
//! A record names the commit at which its writer edited, which is the parent of the one that brings it in. So the
//! records that a change adds to the file are taken for those of the change. Read leniently: other schemas under
//! the same name, links and pseudo paths say nothing.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::attribution::shortened;
use super::line_ranges::LineRange;
use super::{AgentRole, AgentTable, EvidenceSource, Extent, LineBy, NamedAgent, Strength, Trace};
use crate::change::{CommitId, Digest, RepoPath, sha256};

/// Where the records of a repository stand.
pub const TRACES_PATH: &str = ".agent-trace/traces.jsonl";
/// The most new records, and the most ranges of all of them, that are read of a change.
const RECORDS_LIMIT: usize = 100_000;
const RANGES_LIMIT: usize = 1_000_000;

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
    agents: BTreeMap<Arc<NamedAgent>, Digest>,
}

/// What a record says of all of its files.
struct Record<'r> {
    tool: Option<&'r str>,
    version: Option<&'r str>,
    digest: Digest,
    table: &'r AgentTable,
}

impl AgentRecords {
    /// Reads the lines of a file that its older content doesn't have.
    pub fn added(before: &[u8], after: &[u8], table: &AgentTable) -> Self {
        let known: HashSet<&[u8]> = lines(before).collect();
        let mut records = Self::default();
        let new = lines(after).filter(|line| !line.is_empty() && !known.contains(line));
        for (number, line) in new.enumerate() {
            if number >= RECORDS_LIMIT || records.record(line, table).is_none() {
                records.odd += 1;
            }
        }
        records
    }

    /// The ranges of a path, as the records have them: they may overlap.
    pub fn ranges(&self, path: &RepoPath) -> &[LineRange] {
        let file = self.files.get(path.as_bytes());
        file.map(|file| file.ranges.as_slice()).unwrap_or_default()
    }

    /// The traces of the change that adds the records: of its own paths alone, one for each tool and model.
    pub fn traces<'p>(
        &self,
        head: &CommitId,
        paths: impl Iterator<Item = &'p RepoPath>,
        extent: Extent,
    ) -> Vec<Trace> {
        let files = paths.filter_map(|path| self.files.get(path.as_bytes()));
        let mut groups: BTreeMap<_, (Vec<&NamedAgent>, Digest)> = BTreeMap::new();
        for (agent, record) in files.flat_map(|file| &file.agents) {
            let key = (&agent.tool, &agent.model);
            let group = groups.entry(key).or_insert((Vec::new(), *record));
            group.0.push(agent);
        }
        let trace = |(agents, record): (Vec<&NamedAgent>, Digest)| Trace {
            rule: "agent-trace/record".to_owned(),
            source: EvidenceSource::AgentTrace,
            commit: Some(head.clone()),
            reference: None,
            line: None,
            sha256: record,
            strength: Strength::Strong,
            extent,
            agent: Some(NamedAgent::common(&agents)),
            signed_off: false,
        };
        groups.into_values().map(trace).collect()
    }

    /// Reads one record; `None` where it is none.
    fn record(&mut self, line: &[u8], table: &AgentTable) -> Option<()> {
        let value: Value = serde_json::from_slice(line).ok()?;
        value.get("version")?.as_str()?;
        let files = value.get("files")?.as_array()?;
        let tool = value.get("tool");
        let record = Record {
            tool: tool.and_then(|tool| tool.get("name")?.as_str()),
            version: tool.and_then(|tool| tool.get("version")?.as_str()),
            digest: sha256(line),
            table,
        };
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
                self.conversation(conversation, &path, &record);
            }
        }
        Some(())
    }

    fn conversation(&mut self, value: &Value, path: &[u8], record: &Record<'_>) {
        let whole = value.get("contributor");
        let url = value.get("url").and_then(Value::as_str);
        // The reference writer names files of its own machine.
        let url = url.filter(|url| url.starts_with("https://"));
        let ranges = value.get("ranges").and_then(Value::as_array);
        for range in ranges.into_iter().flatten() {
            let contributor = range.get("contributor").or(whole);
            let kind = contributor.and_then(|who| who.get("type")?.as_str());
            let by = match kind {
                Some("ai") => LineBy::Ai,
                Some("mixed") => LineBy::Mixed,
                Some("human") => LineBy::Human,
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
            let agent = by.is_ai().then(|| {
                let model = contributor.and_then(|who| who.get("model_id")?.as_str());
                Arc::new(record.agent(model, url))
            });
            if let Some(agent) = &agent {
                let known = file.agents.entry(agent.clone());
                known.or_insert(record.digest);
            }
            file.ranges.push(LineRange {
                start,
                end,
                by,
                agent,
            });
        }
    }
}

impl Record<'_> {
    /// Tool and model. A record without a tool names it by its model's provider, `provider/model`.
    fn agent(&self, model: Option<&str>, url: Option<&str>) -> NamedAgent {
        let provided = model.and_then(|model| model.split_once('/'));
        let provider = provided.map(|(provider, _)| provider);
        let model = provided.map_or(model, |(_, model)| Some(model));
        let tool = self.tool.or(provider).unwrap_or("an agent");
        let known = self.table.by_name(tool).map(|(row, _)| row.tool.clone());
        NamedAgent {
            tool: known.unwrap_or_else(|| shortened(tool)),
            version: self.version.map(shortened),
            model: model.map(shortened),
            provider: provider.map(shortened),
            session_url: url.map(shortened),
            role: AgentRole::Coauthor,
            ..NamedAgent::default()
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

#[cfg(test)]
#[path = "agent_trace_tests.rs"]
mod tests;
