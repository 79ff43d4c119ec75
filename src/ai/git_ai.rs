//! Notes of git-ai, `authorship/3.0.0`: which lines of a commit which agent wrote.
//!
//! Read leniently, since writers deviate, and concluded from strictly: what is odd is counted, and only lines
//! that a session or prompt with an agent claims are taken for AI's. Prompts and messages are never kept.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::line_ranges::{LineRange, count};
use super::{AgentRole, AgentTable, EvidenceSource, Extent, Found, NamedAgent, Strength, Trace};
use crate::change::{CommitId, sha256};

/// The largest note that is read, in bytes. The largest of 10,781 real ones has 3.2 MB.
pub const NOTE_LIMIT: usize = 8 << 20;
/// The most files, and the most ranges of all files, that are read of a note.
const FILES_LIMIT: usize = 100_000;
const RANGES_LIMIT: usize = 1_000_000;
/// The longest tool or model name that is kept, in characters.
const NAME_LIMIT: usize = 250;

/// What a note says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitAiNote {
    /// How many distinct lines agents wrote, over all files.
    pub ai_lines: u64,
    /// How many distinct lines people are named for.
    pub human_lines: u64,
    /// The agents that wrote at least one line.
    pub agents: BTreeSet<NoteAgent>,
    /// What was odd.
    pub odd: Odd,
}

/// An agent as a note names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteAgent {
    /// The tool as written, such as `claude`.
    pub tool: String,
    /// The model as written.
    pub model: Option<String>,
}

/// What of a note was not as its format says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odd {
    /// Keys of no known form.
    pub malformed_keys: u64,
    /// Keys that name no session, prompt or person.
    pub dangling_keys: u64,
    /// Lists of ranges that are not in order.
    pub unsorted: u64,
    /// Lines that are neither a path nor ranges.
    pub unread_lines: u64,
}

/// Why nothing can be read of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Over [`NOTE_LIMIT`], or more files or ranges than are read.
    #[error("a note over the limits")]
    TooLarge,
    /// No UTF-8, or without the line `---` between files and JSON.
    #[error("no note of git-ai")]
    Malformed,
    /// The JSON after `---` can't be read, or is of another version.
    #[error("the metadata of a note can't be read")]
    Metadata,
}

/// Who the keys of a note stand for.
#[derive(Default)]
struct Metadata {
    /// Sessions and prompts that name a tool.
    agents: HashMap<String, NoteAgent>,
    people: HashSet<String>,
}

impl Metadata {
    /// Reads the JSON: of sessions and prompts the agent alone, since prompts hold what people wrote.
    fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let version = value.get("schema_version")?.as_str()?;
        if !version.starts_with("authorship/3.") {
            return None;
        }
        let mut metadata = Self::default();
        for kind in ["prompts", "sessions"] {
            let entries = value.get(kind).and_then(Value::as_object);
            for (key, entry) in entries.into_iter().flatten() {
                let agent = entry.get("agent_id");
                let word = |name: &str| agent?.get(name)?.as_str().map(shortened);
                if let Some(tool) = word("tool") {
                    let model = word("model");
                    metadata
                        .agents
                        .insert(key.clone(), NoteAgent { tool, model });
                }
            }
        }
        let people = value.get("humans").and_then(Value::as_object);
        metadata
            .people
            .extend(people.into_iter().flatten().map(|(key, _)| key.clone()));
        Some(metadata)
    }
}

impl GitAiNote {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`]: such a note is counted by whoever reads it, and says nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_LIMIT {
            return Err(NoteError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed)?;
        let (files, metadata) = split(text).ok_or(NoteError::Malformed)?;
        let metadata = Metadata::parse(metadata).ok_or(NoteError::Metadata)?;
        let mut reader = Reader {
            metadata: &metadata,
            note: Self::default(),
            files: 0,
            ranges: 0,
        };
        reader.files(files)?;
        Ok(reader.note)
    }

    /// The traces of a commit's note. More than half of the lines that the commit adds: generated; any: assisted.
    pub fn traces(&self, commit: &CommitId, bytes: &[u8], added: u64) -> Found {
        let mut found = Found::default();
        if self.ai_lines == 0 {
            return found;
        }
        let extent = match self.ai_lines.saturating_mul(2) > added {
            true => Extent::Generated,
            false => Extent::Assisted,
        };
        let table = AgentTable::builtin().ok();
        for agent in &self.agents {
            let known = table.and_then(|table| table.by_name(&agent.tool));
            found.add(Trace {
                rule: "git-ai/note".to_owned(),
                source: EvidenceSource::GitAiNote,
                commit: Some(commit.clone()),
                line: None,
                sha256: sha256(bytes),
                strength: Strength::Strong,
                extent,
                agent: Some(NamedAgent {
                    tool: known.map_or_else(|| agent.tool.clone(), |(row, _)| row.tool.clone()),
                    model: agent.model.clone(),
                    role: AgentRole::Coauthor,
                }),
                signed_off: false,
            });
        }
        found
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(NAME_LIMIT).collect()
}

/// The files' part and the JSON, apart by the first line that is exactly `---`.
fn split(text: &str) -> Option<(&str, &str)> {
    if let Some(metadata) = text.strip_prefix("---\n") {
        return Some(("", metadata));
    }
    text.split_once("\n---\n")
}

/// Whose lines a key's are.
enum Whose {
    Agent(NoteAgent),
    Person,
    Nobody,
}

struct Reader<'m> {
    metadata: &'m Metadata,
    note: GitAiNote,
    files: usize,
    ranges: usize,
}

impl Reader<'_> {
    fn files(&mut self, text: &str) -> Result<(), NoteError> {
        let mut ranges = Vec::new();
        for line in text.lines() {
            if let Some(entry) = line.strip_prefix("  ") {
                self.entry(entry, &mut ranges)?;
            } else if line.is_empty() {
                self.note.odd.unread_lines += 1;
            } else {
                self.count(&mut ranges);
                self.files += 1;
                if self.files > FILES_LIMIT {
                    return Err(NoteError::TooLarge);
                }
            }
        }
        self.count(&mut ranges);
        Ok(())
    }

    /// A key and its ranges.
    fn entry(&mut self, entry: &str, ranges: &mut Vec<LineRange>) -> Result<(), NoteError> {
        let Some((key, listed)) = entry.trim_end().rsplit_once(' ') else {
            self.note.odd.unread_lines += 1;
            return Ok(());
        };
        let whose = self.whose(key.trim());
        let by_agent = match &whose {
            Whose::Agent(_) => true,
            Whose::Person => false,
            Whose::Nobody => return Ok(()),
        };
        let (mut last, mut sorted, mut any) = (0, true, false);
        for range in listed.split(',') {
            let Some((start, end)) = bounds(range) else {
                self.note.odd.unread_lines += 1;
                continue;
            };
            sorted &= start >= last;
            (last, any) = (start, true);
            self.ranges += 1;
            if self.ranges > RANGES_LIMIT {
                return Err(NoteError::TooLarge);
            }
            ranges.push(LineRange {
                start,
                end,
                by_agent,
            });
        }
        self.note.odd.unsorted += u64::from(!sorted);
        if let Whose::Agent(agent) = whose
            && any
        {
            self.note.agents.insert(agent);
        }
        Ok(())
    }

    /// Whose a key's lines are: a session's (`s_<14 hex>::t_<14 hex>`), a person's (`h_<14 hex>`), or an older
    /// prompt's (16 or 7 hex).
    fn whose(&mut self, key: &str) -> Whose {
        let metadata = self.metadata;
        let session = key.split_once("::");
        let session = session.filter(|(session, turn)| id(session, "s_", 14) && id(turn, "t_", 14));
        let found = if let Some((session, _)) = session {
            metadata.agents.get(session).map(Whose::of)
        } else if id(key, "h_", 14) {
            metadata.people.get(key).map(|_| Whose::Person)
        } else if id(key, "", 16) || id(key, "", 7) {
            metadata.agents.get(key).map(Whose::of)
        } else {
            self.note.odd.malformed_keys += 1;
            return Whose::Nobody;
        };
        self.note.odd.dangling_keys += u64::from(found.is_none());
        found.unwrap_or(Whose::Nobody)
    }

    /// Counts what was read of one file.
    fn count(&mut self, ranges: &mut Vec<LineRange>) {
        let (agents, people) = count(ranges);
        self.note.ai_lines += agents;
        self.note.human_lines += people;
        ranges.clear();
    }
}

impl Whose {
    fn of(agent: &NoteAgent) -> Self {
        Self::Agent(agent.clone())
    }
}

/// A prefix and so many hex digits.
fn id(text: &str, prefix: &str, digits: usize) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|hex| hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `n` or `n-m`, from 1.
fn bounds(range: &str) -> Option<(u32, u32)> {
    let (start, end) = range.split_once('-').unwrap_or((range, range));
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    (start >= 1 && start <= end).then_some((start, end))
}

#[cfg(test)]
#[path = "git_ai_tests.rs"]
mod tests;
