//! Reads the `aiAssistance` object of declarations and sign-offs.

use super::error::AttestationError;
use super::limits;
use super::node::Node;
use crate::ai::{
    Agent, AgentRole, AiAssistance, AttributedRange, Contradiction, Evidence, EvidenceSource,
    Extent, FileLines, LineBy, Lines, Strength,
};

const EXTENTS: [(&str, Extent); 4] = [
    ("none", Extent::None),
    ("assisted", Extent::Assisted),
    ("generated", Extent::Generated),
    ("autonomous", Extent::Autonomous),
];

const ROLES: [(&str, AgentRole); 5] = [
    ("author", AgentRole::Author),
    ("coauthor", AgentRole::Coauthor),
    ("completion", AgentRole::Completion),
    ("reviewer", AgentRole::Reviewer),
    ("unknown", AgentRole::Unknown),
];

const SOURCES: [(&str, EvidenceSource); 6] = [
    ("git-ai-note", EvidenceSource::GitAiNote),
    ("agent-trace", EvidenceSource::AgentTrace),
    ("trailer", EvidenceSource::Trailer),
    ("identity", EvidenceSource::Identity),
    ("marker", EvidenceSource::Marker),
    ("declaration", EvidenceSource::Declaration),
];

const LINES_BY: [(&str, LineBy); 4] = [
    ("unknown", LineBy::Unknown),
    ("human", LineBy::Human),
    ("mixed", LineBy::Mixed),
    ("ai", LineBy::Ai),
];

const STRENGTHS: [(&str, Strength); 4] = [
    ("weak", Strength::Weak),
    ("medium", Strength::Medium),
    ("strong", Strength::Strong),
    ("signed", Strength::Signed),
];

/// Reads the object. `declared` is `null` where nobody declared, and stands always. An extent below
/// what was declared is an error: it is the strongest of declaration and evidence.
pub(super) fn read(node: &Node<'_>) -> Result<AiAssistance, AttestationError> {
    let object = node.object()?;
    let extent_node = object.required("extent")?;
    let extent = match extent_node.string()? {
        "unknown" => None,
        _ => Some(read_extent(&extent_node)?),
    };
    let declared = object.required("declared")?;
    let declared = match declared.is_null() {
        true => None,
        false => Some(read_extent(&declared)?),
    };
    if extent < declared {
        return Err(extent_node.bad_value("at least what was declared"));
    }
    Ok(AiAssistance {
        extent,
        declared,
        agents: object
            .required("agents")?
            .array_of(limits::AGENTS, read_agent)?,
        lines: object.optional_with("lines", read_lines)?,
        files: object
            .optional_with("files", |files| files.array_of(limits::FILES, read_file))?
            .unwrap_or_default(),
        evidence: object
            .required("evidence")?
            .array_of(limits::EVIDENCE, read_evidence)?,
        contradictions: object
            .required("contradictions")?
            .array_of(limits::AGENTS, read_contradiction)?,
    })
}

fn read_extent(node: &Node<'_>) -> Result<Extent, AttestationError> {
    node.one_of(&EXTENTS, "none, assisted, generated or autonomous")
}

fn read_agent(node: &Node<'_>) -> Result<Agent, AttestationError> {
    let object = node.object()?;
    let text = |node: &Node<'_>| node.string().map(str::to_owned);
    Ok(Agent {
        id: object.required("id")?.text(limits::ID_BYTES)?,
        tool: object.required("tool")?.text(limits::STRING_BYTES)?,
        tool_version: object.optional_with("toolVersion", text)?,
        model: object.optional_with("model", text)?,
        model_provider: object.optional_with("modelProvider", text)?,
        session_id: object.optional_with("sessionId", text)?,
        session_url: object.optional_with("sessionUrl", text)?,
        operator: object.optional_with("operator", text)?,
        role: object
            .required("role")?
            .one_of(&ROLES, "author, coauthor, completion, reviewer or unknown")?,
    })
}

fn read_lines(node: &Node<'_>) -> Result<Lines, AttestationError> {
    let object = node.object()?;
    let count = |key| object.required(key)?.u64();
    Ok(Lines {
        ai: count("ai")?,
        human: count("human")?,
        unknown: count("unknown")?,
    })
}

fn read_file(node: &Node<'_>) -> Result<FileLines, AttestationError> {
    let object = node.object()?;
    Ok(FileLines {
        path: object.required("path")?.text(limits::STRING_BYTES)?,
        ai_lines: object.required("aiLines")?.u64()?,
        ranges: object
            .required("ranges")?
            .array_of(limits::LINE_RANGES, read_range)?,
    })
}

fn read_range(node: &Node<'_>) -> Result<AttributedRange, AttestationError> {
    let object = node.object()?;
    let end = object.required("end")?;
    let range = AttributedRange {
        start: object.required("start")?.positive()?,
        end: end.positive()?,
        by: object
            .required("by")?
            .one_of(&LINES_BY, "human, ai, mixed or unknown")?,
        agent: object.optional_with("agent", |agent| agent.text(limits::ID_BYTES))?,
    };
    match range.end < range.start {
        true => Err(end.bad_value("not before the range's start")),
        false => Ok(range),
    }
}

fn read_evidence(node: &Node<'_>) -> Result<Evidence, AttestationError> {
    let object = node.object()?;
    Ok(Evidence {
        rule: object.required("rule")?.text(limits::ID_BYTES)?,
        source: object.required("source")?.one_of(
            &SOURCES,
            "git-ai-note, agent-trace, trailer, identity, marker or declaration",
        )?,
        commit: object.optional_with("commit", Node::commit_id)?,
        reference: object.optional_with("ref", |name| name.text(limits::STRING_BYTES))?,
        line: object.optional_with("line", Node::positive)?,
        sha256: object.required("sha256")?.digest()?,
        strength: object
            .required("strength")?
            .one_of(&STRENGTHS, "weak, medium, strong or signed")?,
        extent: read_extent(&object.required("extent")?)?,
        agent: object.optional_with("agent", |agent| agent.text(limits::ID_BYTES))?,
    })
}

fn read_contradiction(node: &Node<'_>) -> Result<Contradiction, AttestationError> {
    let object = node.object()?;
    Ok(Contradiction {
        declared: read_extent(&object.required("declared")?)?,
        evidence: read_extent(&object.required("evidence")?)?,
        rule: object.required("rule")?.text(limits::ID_BYTES)?,
    })
}
