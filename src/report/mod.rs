//! Outputs from one verdict. They decide nothing.
//!
//! [`human`] writes the text for terminals and logs, [`json`] the versioned object for programs
//! (`schemas/verdict-v1.schema.json`). Untrusted text is escaped for the place where it is shown.

mod human;
mod json;

pub use human::{Labels, human, lifts_rejection, undecided};
pub use json::{FindingObject, StatementObject, VERDICT_SCHEMA, json, undecided_json};
