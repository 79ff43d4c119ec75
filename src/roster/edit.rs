//! Editing `roster.toml` as people would: comments, order and everything else stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

use super::Roster;
use crate::text::TextError;

/// A person to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewEngineer {
    /// The id.
    pub id: String,
    /// The name, for people to read.
    pub name: String,
    /// The addresses; GitHub's noreply forms follow from `github`.
    pub emails: Vec<String>,
    /// The name of the level.
    pub level: String,
    /// The teams.
    pub teams: Vec<String>,
    /// The account on GitHub.
    pub github: Option<NewGithub>,
    /// OpenSSH public key lines, `ssh-ed25519 AAAA...`; a comment is kept.
    pub keys: Vec<String>,
}

/// An account on GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGithub {
    /// The login.
    pub login: String,
    /// The account's number, which noreply addresses carry since 2017.
    pub id: Option<u64>,
}

/// Why a roster was not edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The text has mistakes before the edit.
    #[error("the roster has mistakes: {}", listed(.0))]
    Before(Vec<TextError>),
    /// The edit would make mistakes, such as an id that exists. Places are those of the new text.
    #[error("the roster would have mistakes: {}", listed(.0))]
    After(Vec<TextError>),
    /// `engineer` is an inline list, which is not edited.
    #[error("the people must stand as [[engineer]] tables to be edited")]
    Inline,
}

fn listed(errors: &[TextError]) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

/// Adds a person after the last `[[engineer]]` and gives the new text, which [`Roster::parse`]
/// reads. `file` is the name that errors give the roster.
///
/// # Errors
/// [`EditError`]; the text is never changed to one with mistakes.
pub fn add_engineer(text: &str, file: &str, new: &NewEngineer) -> Result<String, EditError> {
    Roster::parse(text, file).map_err(EditError::Before)?;
    // The parser that `Roster::parse` uses has read this text.
    let mut document: DocumentMut = text.parse().map_err(|_| EditError::Inline)?;
    let people = document
        .entry("engineer")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let people = people.as_array_of_tables_mut().ok_or(EditError::Inline)?;
    people.push(table_of(new));
    let edited = document.to_string();
    Roster::parse(&edited, file).map_err(EditError::After)?;
    Ok(edited)
}

fn table_of(new: &NewEngineer) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table.insert("id", value(&new.id));
    table.insert("name", value(&new.name));
    table.insert("level", value(&new.level));
    if !new.teams.is_empty() {
        table.insert("teams", value(new.teams.iter().collect::<Array>()));
    }
    if !new.emails.is_empty() {
        table.insert("emails", value(new.emails.iter().collect::<Array>()));
    }
    if let Some(github) = &new.github {
        let mut account = InlineTable::new();
        account.insert("login", github.login.as_str().into());
        if let Some(id) = github.id {
            // A number beyond TOML's becomes 0, which the roster refuses.
            account.insert("id", i64::try_from(id).unwrap_or_default().into());
        }
        table.insert("github", value(account));
    }
    let mut keys = ArrayOfTables::new();
    for line in &new.keys {
        let mut key = Table::new();
        key.insert("ssh", value(line.trim()));
        keys.push(key);
    }
    if !keys.is_empty() {
        table.insert("key", Item::ArrayOfTables(keys));
    }
    table
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
