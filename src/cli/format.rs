//! Output formats, and the files that get some.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use countersign::report::Form;

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people
    Human,
    /// One JSON object
    Json,
    /// Of verify: SARIF 2.1.0
    Sarif,
    /// Of verify: JUnit's XML
    Junit,
    /// Of verify: a page for a step's summary or a comment
    Markdown,
    /// Of verify: GitHub's annotations, and the text
    Github,
    /// Of verify: GitLab's Code Quality
    Gitlab,
}

impl Format {
    /// The form of a verdict.
    pub fn form(self) -> Form {
        match self {
            Self::Human => Form::Human,
            Self::Json => Form::Json,
            Self::Sarif => Form::Sarif,
            Self::Junit => Form::Junit,
            Self::Markdown => Form::Markdown,
            Self::Github => Form::Github,
            Self::Gitlab => Form::Gitlab,
        }
    }

    /// Whether every command has it.
    pub fn is_general(self) -> bool {
        matches!(self, Self::Human | Self::Json)
    }
}

/// A format and the file that gets it.
#[derive(Debug, Clone)]
pub struct FormatFile {
    pub format: Format,
    pub file: PathBuf,
}

impl FromStr for FormatFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = text.split_once('=').ok_or("FORMAT=FILE is wanted")?;
        if file.is_empty() {
            return Err("the file is missing".to_owned());
        }
        Ok(Self {
            format: Format::from_str(format, false)?,
            file: PathBuf::from(file),
        })
    }
}
