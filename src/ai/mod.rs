//! How AI took part in a change: the metadata object and the evidence readers.
//!
//! Evidence is read leniently and concluded from strictly: exact addresses and anchored lines only.
//! SPEC section 7.

mod metadata;

pub use metadata::{
    Agent, AgentRole, AiAssistance, Contradiction, Evidence, EvidenceSource, Extent, Strength,
};
