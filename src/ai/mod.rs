//! How AI took part in a change: the metadata object and the evidence readers.
//!
//! Evidence is read leniently and concluded from strictly: exact addresses and anchored lines only.
//! [`AgentTable`] knows the tools' traces, [`read_evidence`] finds them in a change, [`assess`] concludes from them and
//! a declaration. SPEC section 7.

mod agent_trace;
mod assess;
mod attributed;
mod attribution;
mod claimed;
mod commit;
mod evidence;
mod fields;
mod found;
mod git_ai;
mod line_ranges;
mod message;
mod metadata;
mod table;

pub use agent_trace::{AgentRecords, TRACES_PATH};
pub use assess::assess;
pub use attributed::Attributed;
pub use claimed::{CO_AUTHOR_LIMIT, ClaimedAuthors, ClaimedRole};
pub use evidence::read_evidence;
pub use found::{Found, NamedAgent, OPERATOR_LIMIT, Oddities, TRACE_LIMIT, Trace};
pub use git_ai::{GitAiNote, NOTE_LIMIT, NOTES_REF, NoteError, Odd};
pub use line_ranges::LineRange;
pub use message::MESSAGE_LIMIT;
pub use metadata::{
    Agent, AgentRole, AiAssistance, AttributedRange, Contradiction, Evidence, EvidenceSource,
    Extent, FileLines, LineBy, Lines, Strength,
};
pub use table::{AGENT_KEYS, AgentTable, AgentTableError, MARKER_KEYS, TRAILER_KEYS};
