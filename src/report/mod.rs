//! Outputs from one verdict. They decide nothing.
//!
//! [`human`] writes the text for terminals and logs, [`json`] the versioned object for programs
//! (`schemas/verdict-v1.schema.json`). Untrusted text is escaped for the place where it is shown.

mod claim;
mod human;
mod json;
mod machines;
mod pages;
mod problems;
mod summary;

/// The formats of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Text for people.
    Human,
    /// The versioned object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// A page for people on a code host.
    Markdown,
    /// GitHub's workflow commands, and the text for people.
    Github,
    /// GitLab's Code Quality.
    Gitlab,
}

impl Form {
    /// Writes a verdict, or why there is none, in this form, ended by a line feed.
    pub fn write(self, answer: Answer<'_>) -> String {
        match (self, answer) {
            (Self::Human, Answer::Verdict(verdict, labels)) => human(verdict, labels),
            (Self::Human, Answer::Undecided(why)) => undecided(why),
            (Self::Json, Answer::Verdict(verdict, _)) => json(verdict),
            (Self::Json, Answer::Undecided(why)) => undecided_json(why),
            (Self::Sarif, answer) => machines::sarif(answer),
            (Self::Junit, answer) => machines::junit(answer),
            (Self::Gitlab, answer) => machines::gitlab(answer),
            (Self::Markdown, answer) => pages::markdown(answer),
            (Self::Github, answer) => pages::github(answer),
        }
    }
}

pub use claim::claim;
pub use human::{Labels, human, lifts_rejection, undecided};
pub use json::{FindingObject, StatementObject, VERDICT_SCHEMA, json, undecided_json};
pub use problems::Answer;
