//! Notes of git-ai, `authorship/3.0.0`: which lines of a commit which agent wrote.
//!
//! Read leniently, since writers deviate, and concluded from strictly: what is odd is counted, and only lines
//! that a session or prompt with an agent claims are taken for AI's. Prompts and messages are never kept.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::attribution::shortened;
use super::line_ranges::{LineRange, agents_of, last_wins};
use super::{AgentRole, AgentTable, EvidenceSource, Extent, LineBy, NamedAgent, Strength, Trace};
use crate::change::{CommitId, Digest, RepoPath, sha256};

/// The largest note that is read, in bytes. The largest of 10,781 real ones has 3.2 MB.
pub const NOTE_LIMIT: usize = 8 << 20;
/// The ref of the notes.
pub const NOTES_REF: &str = "refs/notes/ai";
/// The most files, and the most ranges of all files, that are read of a note.
const FILES_LIMIT: usize = 100_000;
const RANGES_LIMIT: usize = 1_000_000;

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitAiNote {
    /// The lines of each file that agents or people are named for, in order; none overlaps another.
    pub files: BTreeMap<RepoPath, Vec<LineRange>>,
    /// The agents of these lines.
    pub agents: BTreeSet<NamedAgent>,
    /// What was odd.
    pub odd: Odd,
    /// SHA-256 of the note.
    pub sha256: Digest,
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
    agents: HashMap<String, Arc<NamedAgent>>,
    people: HashSet<String>,
}

impl Metadata {
    /// Reads the JSON: of sessions and prompts the agent alone, since prompts hold what people wrote.
    fn parse(text: &str, table: &AgentTable) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let version = value.get("schema_version")?.as_str()?;
        if !version.starts_with("authorship/3.") {
            return None;
        }
        let mut metadata = Self::default();
        for kind in ["prompts", "sessions"] {
            let entries = value.get(kind).and_then(Value::as_object);
            for (key, entry) in entries.into_iter().flatten() {
                if let Some(agent) = named(entry, table) {
                    metadata.agents.insert(key.clone(), Arc::new(agent));
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

/// The agent of a session or prompt.
fn named(entry: &Value, table: &AgentTable) -> Option<NamedAgent> {
    let agent = entry.get("agent_id")?;
    let word = |value: &Value, name: &str| value.get(name)?.as_str().map(shortened);
    let tool = word(agent, "tool")?;
    let known = table.by_name(&tool).map(|(row, _)| row.tool.clone());
    Some(NamedAgent {
        tool: known.unwrap_or(tool),
        model: word(agent, "model"),
        session: word(agent, "id"),
        operator: word(entry, "human_author"),
        role: AgentRole::Coauthor,
        ..NamedAgent::default()
    })
}

impl GitAiNote {
    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`]: such a note is counted by whoever reads it, and says nothing.
    pub fn parse(bytes: &[u8], table: &AgentTable) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_LIMIT {
            return Err(NoteError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed)?;
        let (files, metadata) = split(text).ok_or(NoteError::Malformed)?;
        let metadata = Metadata::parse(metadata, table).ok_or(NoteError::Metadata)?;
        let note = Self {
            files: BTreeMap::new(),
            agents: BTreeSet::new(),
            odd: Odd::default(),
            sha256: sha256(bytes),
        };
        let mut reader = Reader {
            metadata: &metadata,
            note,
            path: None,
            files: 0,
            ranges: 0,
        };
        reader.files(files)?;
        let mut note = reader.note;
        for ranges in note.files.values_mut() {
            *ranges = last_wins(ranges);
        }
        note.agents = agents_of(note.files.values().flatten());
        Ok(note)
    }

    /// How many distinct lines agents wrote, over all files.
    pub fn ai_lines(&self) -> u64 {
        self.lines(LineBy::Ai)
    }

    /// How many distinct lines people are named for.
    pub fn human_lines(&self) -> u64 {
        self.lines(LineBy::Human)
    }

    fn lines(&self, by: LineBy) -> u64 {
        let ranges = self.files.values().flatten();
        ranges
            .filter(|range| range.by == by)
            .map(LineRange::lines)
            .sum()
    }

    /// The traces of a commit's note: one for each tool and model.
    pub fn traces(&self, commit: &CommitId, extent: Extent) -> impl Iterator<Item = Trace> {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for agent in &self.agents {
            let key = (&agent.tool, &agent.model);
            groups.entry(key).or_default().push(agent);
        }
        groups.into_values().map(move |agents| Trace {
            agent: Some(NamedAgent::common(&agents)),
            ..self.trace(commit, "git-ai/note", Strength::Strong, extent)
        })
    }

    /// The trace of a note that lists no file that its commit touches: named, and raising nothing.
    pub fn set_aside(&self, commit: &CommitId) -> Trace {
        let rule = "git-ai/note-of-other-files";
        self.trace(commit, rule, Strength::Weak, Extent::Assisted)
    }

    fn trace(&self, commit: &CommitId, rule: &str, strength: Strength, extent: Extent) -> Trace {
        Trace {
            rule: rule.to_owned(),
            source: EvidenceSource::GitAiNote,
            commit: Some(commit.clone()),
            reference: Some(NOTES_REF.to_owned()),
            line: None,
            sha256: self.sha256,
            strength,
            extent,
            agent: None,
            signed_off: false,
        }
    }
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
    Agent(Arc<NamedAgent>),
    Person,
    Nobody,
}

struct Reader<'m> {
    metadata: &'m Metadata,
    note: GitAiNote,
    /// The file that entries are of; `None` where the path is none.
    path: Option<RepoPath>,
    files: usize,
    ranges: usize,
}

impl Reader<'_> {
    fn files(&mut self, text: &str) -> Result<(), NoteError> {
        for line in text.lines() {
            if let Some(entry) = line.strip_prefix("  ") {
                self.entry(entry)?;
            } else if line.is_empty() {
                self.note.odd.unread_lines += 1;
            } else {
                self.files += 1;
                if self.files > FILES_LIMIT {
                    return Err(NoteError::TooLarge);
                }
                let quoted = line
                    .strip_prefix('"')
                    .and_then(|line| line.strip_suffix('"'));
                self.path = RepoPath::new(quoted.unwrap_or(line)).ok();
                self.note.odd.unread_lines += u64::from(self.path.is_none());
            }
        }
        Ok(())
    }

    /// A key and its ranges.
    fn entry(&mut self, entry: &str) -> Result<(), NoteError> {
        let Some((key, listed)) = entry.trim_end().rsplit_once(' ') else {
            self.note.odd.unread_lines += 1;
            return Ok(());
        };
        let (by, agent) = match self.whose(key.trim()) {
            Whose::Agent(agent) => (LineBy::Ai, Some(agent)),
            Whose::Person => (LineBy::Human, None),
            Whose::Nobody => return Ok(()),
        };
        let Some(path) = self.path.clone() else {
            return Ok(());
        };
        let ranges = self.note.files.entry(path).or_default();
        let (mut last, mut sorted) = (0, true);
        for range in listed.split(',') {
            let Some((start, end)) = bounds(range) else {
                self.note.odd.unread_lines += 1;
                continue;
            };
            sorted &= start >= last;
            last = start;
            self.ranges += 1;
            if self.ranges > RANGES_LIMIT {
                return Err(NoteError::TooLarge);
            }
            ranges.push(LineRange {
                start,
                end,
                by,
                agent: agent.clone(),
            });
        }
        self.note.odd.unsorted += u64::from(!sorted);
        Ok(())
    }

    /// Whose a key's lines are: a session's (`s_<14 hex>::t_<14 hex>`), a person's (`h_<14 hex>`), or an older
    /// prompt's (16 or 7 hex).
    fn whose(&mut self, key: &str) -> Whose {
        let agent = |key: &str| self.metadata.agents.get(key).cloned().map(Whose::Agent);
        let session = key.split_once("::");
        let session = session.filter(|(session, turn)| id(session, "s_", 14) && id(turn, "t_", 14));
        let found = if let Some((session, _)) = session {
            agent(session)
        } else if id(key, "h_", 14) {
            self.metadata.people.get(key).map(|_| Whose::Person)
        } else if id(key, "", 16) || id(key, "", 7) {
            agent(key)
        } else {
            self.note.odd.malformed_keys += 1;
            return Whose::Nobody;
        };
        self.note.odd.dangling_keys += u64::from(found.is_none());
        found.unwrap_or(Whose::Nobody)
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
