//! Editing `roster.toml` as people would: comments, order and everything else stay as they are.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::{RevocationReason, Roster};
use crate::keys::PublicKey;
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

/// What becomes of a person. What is empty or `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineerChange {
    /// Another name.
    pub name: Option<String>,
    /// Another level.
    pub level: Option<String>,
    /// Teams to add.
    pub teams: Vec<String>,
    /// Teams to take away.
    pub without_teams: Vec<String>,
    /// Addresses to add.
    pub emails: Vec<String>,
    /// Addresses to take away.
    pub without_emails: Vec<String>,
    /// Another account on GitHub.
    pub github: Option<NewGithub>,
    /// OpenSSH public key lines to add.
    pub keys: Vec<String>,
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
    #[error(
        "the people and their keys must stand as [[engineer]] and [[engineer.key]] tables to be edited"
    )]
    Inline,
    /// Nobody has the id, or no key in force has the fingerprint.
    #[error("the roster has no {0}")]
    Unknown(String),
}

fn listed(errors: &[TextError]) -> String {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

/// A roster's text that is being edited. Nothing is checked until [`RosterEditor::finish`].
#[derive(Debug)]
pub struct RosterEditor<'a> {
    document: DocumentMut,
    file: &'a str,
}

impl<'a> RosterEditor<'a> {
    /// Starts with a roster without mistakes. `file` is the name that errors give it.
    ///
    /// # Errors
    /// [`EditError::Before`], [`EditError::Inline`].
    pub fn new(text: &str, file: &'a str) -> Result<Self, EditError> {
        Roster::parse(text, file).map_err(EditError::Before)?;
        // The parser that `Roster::parse` uses has read this text.
        let document = text.parse().map_err(|_| EditError::Inline)?;
        let mut editor = Self { document, file };
        editor.people()?;
        Ok(editor)
    }

    /// Adds a person after the last `[[engineer]]`.
    ///
    /// # Errors
    /// [`EditError::Inline`].
    pub fn add(&mut self, new: &NewEngineer) -> Result<(), EditError> {
        self.people()?.push(table_of(new));
        Ok(())
    }

    /// Changes a person. Says whether anything is another than before.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Inline`].
    pub fn change(&mut self, id: &str, change: &EngineerChange) -> Result<bool, EditError> {
        let person = self.person(id)?;
        let mut changed = false;
        for (key, text) in [("name", &change.name), ("level", &change.level)] {
            if let Some(text) = text {
                changed |= set(person, key, text.as_str().into());
            }
        }
        changed |= edit_list(person, "teams", &change.teams, &change.without_teams)?;
        changed |= edit_list(person, "emails", &change.emails, &change.without_emails)?;
        if let Some(github) = &change.github {
            changed |= set_github(person, github);
        }
        for line in &change.keys {
            changed |= add_key(person, line)?;
        }
        Ok(changed)
    }

    /// Marks keys of a person as revoked: the one with a fingerprint, or all that are in force. Gives the
    /// fingerprints.
    ///
    /// # Errors
    /// [`EditError::Unknown`] where there is no such person or key, [`EditError::Inline`].
    pub fn revoke(
        &mut self,
        id: &str,
        fingerprint: Option<&str>,
        on: &str,
        reason: RevocationReason,
    ) -> Result<Vec<String>, EditError> {
        let mut revoked = Vec::new();
        for key in keys(self.person(id)?)?.iter_mut() {
            let Some(found) = fingerprint_of(key) else {
                continue;
            };
            if key.contains_key("revoked") || fingerprint.is_some_and(|wanted| wanted != found) {
                continue;
            }
            let mut mark = InlineTable::new();
            mark.insert("on", on.into());
            mark.insert("reason", reason.to_string().into());
            key.insert("revoked", value(mark));
            revoked.push(found);
        }
        if revoked.is_empty() {
            let key = fingerprint.unwrap_or("key in force");
            return Err(EditError::Unknown(format!("{key} of {id}")));
        }
        Ok(revoked)
    }

    /// The id of the person with this GitHub login, where there is one.
    pub fn by_login(&self, login: &str) -> Option<String> {
        let people = self.document.get("engineer")?.as_array_of_tables()?;
        let person = people.iter().find(|person| {
            let github = person.get("github").and_then(Item::as_table_like);
            let known = github.and_then(|github| github.get("login")?.as_str());
            known.is_some_and(|known| known.eq_ignore_ascii_case(login))
        })?;
        Some(person.get("id")?.as_str()?.to_owned())
    }

    /// The new text, which [`Roster::parse`] reads.
    ///
    /// # Errors
    /// [`EditError::After`]: the text is never changed to one with mistakes.
    pub fn finish(self) -> Result<String, EditError> {
        let edited = self.document.to_string();
        Roster::parse(&edited, self.file).map_err(EditError::After)?;
        Ok(edited)
    }

    fn people(&mut self) -> Result<&mut ArrayOfTables, EditError> {
        tables(self.document.as_table_mut(), "engineer")
    }

    fn person(&mut self, id: &str) -> Result<&mut Table, EditError> {
        let mut people = self.people()?.iter_mut();
        let person = people.find(|person| person.get("id").and_then(Item::as_str) == Some(id));
        person.ok_or_else(|| EditError::Unknown(format!("person \"{id}\"")))
    }
}

fn tables<'t>(table: &'t mut Table, key: &str) -> Result<&'t mut ArrayOfTables, EditError> {
    let item = table
        .entry(key)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    item.as_array_of_tables_mut().ok_or(EditError::Inline)
}

fn keys(person: &mut Table) -> Result<&mut ArrayOfTables, EditError> {
    tables(person, "key")
}

/// Sets a value where another stands, and keeps the comment beside it.
fn set(table: &mut Table, key: &str, new: Value) -> bool {
    let Some(old) = table.get_mut(key).and_then(Item::as_value_mut) else {
        table.insert(key, value(new));
        return true;
    };
    if old.as_str().is_some() && old.as_str() == new.as_str() {
        return false;
    }
    let decor = old.decor().clone();
    *old = new;
    *old.decor_mut() = decor;
    true
}

fn edit_list(
    table: &mut Table,
    key: &str,
    more: &[String],
    less: &[String],
) -> Result<bool, EditError> {
    if more.is_empty() && less.is_empty() {
        return Ok(false);
    }
    let list = table.entry(key).or_insert_with(|| value(Array::new()));
    let list = list.as_array_mut().ok_or(EditError::Inline)?;
    let before = list.len();
    list.retain(|item| !less.iter().any(|gone| same(item, gone)));
    let mut changed = list.len() != before;
    for added in more {
        if !list.iter().any(|item| same(item, added)) {
            list.push(added);
            changed = true;
        }
    }
    Ok(changed)
}

fn same(item: &Value, text: &str) -> bool {
    item.as_str()
        .is_some_and(|known| known.eq_ignore_ascii_case(text))
}

fn set_github(person: &mut Table, github: &NewGithub) -> bool {
    let before = person.get("github").and_then(Item::as_table_like);
    let login = before.and_then(|known| known.get("login")?.as_str());
    let id = before.and_then(|known| known.get("id")?.as_integer());
    let wanted = github.id.and_then(|id| i64::try_from(id).ok());
    if login == Some(github.login.as_str()) && (wanted.is_none() || wanted == id) {
        return false;
    }
    set(person, "github", account(github).into());
    true
}

fn add_key(person: &mut Table, line: &str) -> Result<bool, EditError> {
    let keys = keys(person)?;
    let wanted = PublicKey::from_openssh(line.trim())
        .ok()
        .map(|key| key.fingerprint());
    if wanted.is_some() && keys.iter().any(|key| fingerprint_of(key) == wanted) {
        return Ok(false);
    }
    let mut key = Table::new();
    key.insert("ssh", value(line.trim()));
    keys.push(key);
    Ok(true)
}

fn fingerprint_of(key: &Table) -> Option<String> {
    let line = key.get("ssh")?.as_str()?;
    let key = PublicKey::from_openssh(line).ok()?;
    Some(key.fingerprint())
}

fn account(github: &NewGithub) -> InlineTable {
    let mut account = InlineTable::new();
    account.insert("login", github.login.as_str().into());
    if let Some(id) = github.id {
        // A number beyond TOML's becomes 0, which the roster refuses.
        account.insert("id", i64::try_from(id).unwrap_or_default().into());
    }
    account
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
        table.insert("github", value(account(github)));
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
