//! How AI took part in a change: the metadata object and the evidence readers.
//!
//! Evidence is read leniently and concluded from strictly: exact addresses and anchored lines only.
//! [`read_commits`] finds the traces in commits, [`assess`] concludes from them and a declaration,
//! [`claimed_people`] tells people from agents. SPEC section 7.

mod agent_trace;
mod attribution;
mod claimed;
mod commit;
mod fields;
mod found;
mod git_ai;
mod line_ranges;
mod message;
mod metadata;
mod table;

pub use agent_trace::{AgentRecords, TRACES_PATH};
pub use claimed::{CO_AUTHOR_LIMIT, ClaimedAuthors, ClaimedRole, claimed_people};
pub use commit::{is_agent_address, read_commit, read_commits};
pub use found::{Found, NamedAgent, TRACE_LIMIT, Trace, assess};
pub use git_ai::{GitAiNote, NOTE_LIMIT, NoteAgent, NoteError, Odd};
pub use message::MESSAGE_LIMIT;
pub use metadata::{
    Agent, AgentRole, AiAssistance, Contradiction, Evidence, EvidenceSource, Extent, Strength,
};
pub use table::{AgentTable, AgentTableError};
