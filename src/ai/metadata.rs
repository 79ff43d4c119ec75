//! The `aiAssistance` object of declarations and sign-offs.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::change::{CommitId, Digest};

/// How far AI took part. Ordered: each is more than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Extent {
    /// No AI took part.
    None,
    /// A person wrote it, AI helped: completion, review, snippets.
    Assisted,
    /// AI wrote most of it, a person drove and read it.
    Generated,
    /// An agent made the change on its own.
    Autonomous,
}

impl Extent {
    /// All extents, the least first.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::Assisted,
        Self::Generated,
        Self::Autonomous,
    ];

    /// The word in statements, policy and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Assisted => "assisted",
            Self::Generated => "generated",
            Self::Autonomous => "autonomous",
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word is none of the four extents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of none, assisted, generated, autonomous")]
pub struct ExtentError;

impl FromStr for Extent {
    type Err = ExtentError;

    fn from_str(word: &str) -> Result<Self, ExtentError> {
        Self::ALL
            .into_iter()
            .find(|extent| extent.as_str() == word)
            .ok_or(ExtentError)
    }
}

/// `aiAssistance`: what was declared, what was found, and the extent that follows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AiAssistance {
    /// The stronger of declaration and evidence; `None`, written `unknown`, where there is neither.
    #[serde(serialize_with = "extent_or_unknown")]
    pub extent: Option<Extent>,
    /// What the author declared; `None`, written `null`, where nobody declared.
    pub declared: Option<Extent>,
    /// The agents that took part.
    pub agents: Vec<Agent>,
    /// Whose the lines are that the change adds; `None` where no evidence has line ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
    /// Which lines of which file they are; may be empty though `lines` is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileLines>,
    /// What was found, and where.
    pub evidence: Vec<Evidence>,
    /// Where evidence shows more than was declared.
    pub contradictions: Vec<Contradiction>,
}

fn extent_or_unknown<S: serde::Serializer>(
    extent: &Option<Extent>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(extent.map_or("unknown", Extent::as_str))
}

/// An AI agent or tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    /// Its id within this object, such as `a1`; evidence refers to it.
    pub id: String,
    /// The tool, such as `Claude Code`.
    pub tool: String,
    /// The tool's version as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_version: Option<String>,
    /// The model as it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Who provides the model, where that is written apart from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// The tool's own id of the session. Written only where the author asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Where the session can be looked at. Written only where the author asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_url: Option<String>,
    /// Who drove it, as it was written: `name <address>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The part it took.
    pub role: AgentRole,
}

/// Whose the lines are that a change adds. Together they are its insertions, less those of Agent Trace records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Lines {
    /// Lines in which an agent took part.
    pub ai: u64,
    /// Lines for which evidence names a person.
    pub human: u64,
    /// Lines of which evidence says nothing.
    pub unknown: u64,
}

/// Whose the lines are that a change adds to one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileLines {
    /// The path as manifests write it (SPEC 2.3).
    pub path: String,
    /// In how many of the added lines an agent took part.
    pub ai_lines: u64,
    /// Whose they are, in order; lines of which nothing is known are left out.
    pub ranges: Vec<AttributedRange>,
}

/// Some of a file's added lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributedRange {
    /// The first line, from 1, in the file as the change leaves it.
    pub start: u64,
    /// The last line.
    pub end: u64,
    /// Whose they are.
    pub by: LineBy,
    /// The agent that took part, by [`Agent::id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// Whose lines are. Ordered: an agent's part counts for more than a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LineBy {
    /// Not known.
    Unknown,
    /// A person's.
    Human,
    /// A person's and an agent's.
    Mixed,
    /// An agent's.
    Ai,
}

impl LineBy {
    /// Whether an agent took part.
    pub fn is_ai(self) -> bool {
        matches!(self, Self::Mixed | Self::Ai)
    }
}

/// The part an agent took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentRole {
    /// A commit names it as its author.
    Author,
    /// A trailer names it beside the author.
    Coauthor,
    /// It completed what a person wrote.
    Completion,
    /// It reviewed.
    Reviewer,
    /// Not known.
    #[default]
    Unknown,
}

/// One trace of AI use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The rule of the table that matched, such as `claude-code/co-author`.
    pub rule: String,
    /// The kind of place it was found in.
    pub source: EvidenceSource,
    /// The commit that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// The ref that holds it, where that isn't the commit's own branch.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The line of the commit message, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// SHA-256 of the bytes that matched.
    pub sha256: Digest,
    /// How much it says. Weak evidence never raises the extent.
    pub strength: Strength,
    /// The extent that it shows.
    pub extent: Extent,
    /// The agent it names, by [`Agent::id`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// The kinds of places in which evidence is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceSource {
    /// A note of git-ai.
    GitAiNote,
    /// An Agent Trace record.
    AgentTrace,
    /// A trailer of a commit message.
    Trailer,
    /// An author's or co-author's address.
    Identity,
    /// A marker line.
    Marker,
    /// A signed declaration.
    Declaration,
}

/// How much a trace says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Strength {
    /// Could well be something else; never raises the extent.
    Weak,
    /// Likely.
    Medium,
    /// An exact trace of a known tool.
    Strong,
    /// Carried by a verified statement.
    Signed,
}

impl Strength {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Medium => "medium",
            Self::Strong => "strong",
            Self::Signed => "signed",
        }
    }
}

/// Evidence shows more than was declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contradiction {
    /// What was declared.
    pub declared: Extent,
    /// What the evidence shows.
    pub evidence: Extent,
    /// The rule that matched.
    pub rule: String,
}
