//! stdout is data, stderr is messages; failures carry a code, hints and the exit status.

use std::io::{BufWriter, Stdout, Write as _};

use countersign::codes::Code;
use countersign::gate::Undecided;
use countersign::report;
use countersign::text::escape;
use serde::Serialize;

use super::format::Format;
use super::objects::ErrorObject;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Exit 0: yes, or done.
    Yes,
    /// Exit 1: no.
    No,
}

/// stdout. What can't be written is a failure: a broken pipe is never a pass.
///
/// A command writes both its text and its object; which of them goes out is the format's choice.
pub struct Output {
    stdout: BufWriter<Stdout>,
    format: Format,
}

impl Output {
    pub fn new(format: Format) -> Self {
        Self {
            stdout: BufWriter::new(std::io::stdout()),
            format,
        }
    }

    /// Whether a program reads.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes a document of the format that was asked for, which is all of stdout.
    pub fn document(&mut self, text: &str) -> Result<(), Failure> {
        self.stdout
            .write_all(text.as_bytes())
            .map_err(Failure::stdout)
    }

    /// Writes the command's object in a line, where a program reads.
    pub fn object(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(object)
            .map_err(|error| Failure::new(Code::INTERNAL, error.to_string()))?;
        self.json(&format!("{text}\n"))
    }

    /// Writes an object that is text already, where a program reads.
    pub fn json(&mut self, text: &str) -> Result<(), Failure> {
        if !self.is_json() {
            return Ok(());
        }
        self.stdout
            .write_all(text.as_bytes())
            .map_err(Failure::stdout)
    }

    /// Writes a line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Writes a row: a word in a column of its own, then text.
    pub fn row(&mut self, word: &str, text: &str) -> Result<(), Failure> {
        self.line(&format!("{word:<9} {text}"))
    }

    /// Writes text for people as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// Writes raw bytes for people and pipes.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.format != Format::Human {
            return Ok(());
        }
        self.stdout.write_all(bytes).map_err(Failure::stdout)
    }

    /// Makes sure that everything was written.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.stdout.flush().map_err(Failure::stdout)
    }
}

/// A command that stopped: why, and what to do.
#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    /// Further rows under the error: a word and a text.
    pub rows: Vec<(&'static str, String)>,
    /// 1: no; 2: could not decide, or could not do it.
    pub exit: u8,
    /// Whether a verdict was asked for: then the text says that there is none.
    pub undecided: bool,
}

impl Failure {
    /// Could not decide, or could not do it: exit 2.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            rows: Vec::new(),
            exit: 2,
            undecided: false,
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::USAGE, message)
    }

    /// The answer is no: exit 1.
    pub fn no(code: Code, message: impl Into<String>) -> Self {
        Self {
            exit: 1,
            ..Self::new(code, message)
        }
    }

    /// Adds a row.
    pub fn row(mut self, word: &'static str, text: impl Into<String>) -> Self {
        self.rows.push((word, text.into()));
        self
    }

    /// Adds the next command.
    pub fn next(self, command: impl Into<String>) -> Self {
        self.row("next", command)
    }

    fn stdout(error: std::io::Error) -> Self {
        Self::new(Code::USAGE, format!("can't write to stdout: {error}"))
    }

    /// The failure as one JSON object, ended by a line feed: where a verdict was asked for, that there is none.
    pub fn json(&self) -> String {
        if self.undecided {
            return report::undecided_json(&Undecided::new(self.code, self.message.clone()));
        }
        let text = serde_json::to_string(&ErrorObject::new(self));
        format!("{}\n", text.unwrap_or_default())
    }

    /// Writes the failure to stderr.
    pub fn print(&self) {
        let usage = self.code.number() / 100 == 9;
        let undecided = if self.undecided && !usage {
            "could not decide: "
        } else {
            ""
        };
        let mut text = format!(
            "error[{}]: {undecided}{}\n",
            self.code,
            escape(&self.message, 2_000)
        );
        for (word, row) in &self.rows {
            text.push_str(&format!("  {word:<7} {}\n", escape(row, 2_000)));
        }
        // Nothing can be done where stderr is closed; the exit status tells.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

impl From<Undecided> for Failure {
    fn from(undecided: Undecided) -> Self {
        let failure = Self::new(undecided.code, undecided.message);
        match undecided.code {
            Code::SHALLOW => failure.next("verify --fetch, or git fetch --unshallow"),
            Code::NO_ROOT => {
                failure.next("countersign trust pin sha256:DIGEST, or --root sha256:DIGEST")
            }
            Code::TRUST_EXPIRED => failure.next("countersign trust sign"),
            Code::NOT_FETCHED => failure.next("countersign sync"),
            _ => failure,
        }
    }
}

impl From<countersign::change::HistoryError> for Failure {
    fn from(error: countersign::change::HistoryError) -> Self {
        Undecided::from(error).into()
    }
}
