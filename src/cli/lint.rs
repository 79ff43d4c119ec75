//! What `lint` says of a file: each problem in a line, or as an object.

use std::fmt;

use countersign::codes::Code;
use countersign::text::{TextError, Unsupported};
use serde::Serialize;

use super::{Done, Failure, Output};

/// Something to look at.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub severity: Severity,
    pub code: Option<Code>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub message: String,
    /// The nearest known name, where the mistake looks like a typo.
    pub nearest: Option<String>,
    #[serde(skip)]
    pub file: String,
}

/// Whether a problem makes the file invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Serialize)]
struct LintObject<'a> {
    schema: &'static str,
    file: &'a str,
    valid: bool,
    problems: &'a [Problem],
}

impl Problem {
    fn at(severity: Severity, error: &TextError) -> Self {
        Self {
            severity,
            code: None,
            line: Some(error.line),
            column: Some(error.column),
            message: error.message.clone(),
            nearest: error.nearest.clone(),
            file: error.file.clone(),
        }
    }

    /// A mistake.
    pub fn error(error: &TextError) -> Self {
        Self::at(Severity::Error, error)
    }

    /// Something that may be meant.
    pub fn warning(error: &TextError) -> Self {
        Self::at(Severity::Warning, error)
    }

    /// What this version doesn't do yet: a gate would refuse it.
    pub fn unsupported(file: &str, found: &Unsupported) -> Self {
        Self {
            severity: Severity::Error,
            code: Some(Code::UNSUPPORTED),
            line: Some(found.line),
            column: None,
            message: format!("{} is not supported yet", found.key),
            nearest: None,
            file: file.to_owned(),
        }
    }

    /// A warning about what starts on a line.
    pub fn of_line(file: &str, line: usize, message: String) -> Self {
        Self {
            line: Some(line),
            file: file.to_owned(),
            ..Self::of_file(message)
        }
    }

    /// A warning about the file as a whole.
    pub fn of_file(message: String) -> Self {
        Self {
            severity: Severity::Warning,
            code: None,
            line: None,
            column: None,
            message,
            nearest: None,
            file: String::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        if let Some(line) = self.line {
            write!(f, "{}:{line}:", self.file)?;
            if let Some(column) = self.column {
                write!(f, "{column}:")?;
            }
            f.write_str(" ")?;
        }
        if let Some(code) = self.code {
            write!(f, "{code} ")?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean \"{nearest}\"?"),
            None => Ok(()),
        }
    }
}

/// Tells every problem of a file, and `ok` with a few words where none is an error.
pub fn tell(
    file: &str,
    problems: &[Problem],
    ok: &str,
    output: &mut Output,
) -> Result<Done, Failure> {
    for problem in problems {
        output.line(&problem.to_string())?;
    }
    let mut severities = problems.iter().map(|problem| problem.severity);
    let valid = severities.all(|severity| severity == Severity::Warning);
    if valid {
        output.row("ok", ok)?;
    }
    output.object(&LintObject {
        schema: "https://countersign.dev/output/lint/v1",
        file,
        valid,
        problems,
    })?;
    Ok(if valid { Done::Yes } else { Done::No })
}
