//! Checking `[[ai.rule]]`: rows for the table of AI tools.

use toml_edit::{ArrayOfTables, Table};

use super::parse::RULES_LIMIT;
use crate::ai::{AgentTable, AgentTableError};
use crate::text::escape;
use crate::text::toml::Fields;

/// The keys of an `[[ai.rule]]`, which are those of a row of the agent table.
pub(super) const AI_RULE_KEYS: [&str; 10] = [
    "id",
    "tool",
    "alone",
    "addresses",
    "names",
    "given_names",
    "model_in_name",
    "name_suffix",
    "trailers",
    "markers",
];

/// The keys of one of a row's `trailers`.
pub(super) const TRAILER_KEYS: [&str; 7] = [
    "key",
    "value",
    "prefix",
    "hex",
    "extent",
    "strength",
    "agent_in_value",
];

/// The keys of one of a row's `markers`.
pub(super) const MARKER_KEYS: [&str; 5] = ["line", "prefix", "suffix", "extent", "strength"];

/// The most trailers or markers of a row.
const TRACES_LIMIT: usize = 100;

/// How much of a value an error shows, in characters.
const SHOWN: usize = 60;

/// Checks each `[[ai.rule]]` as the table of AI tools would read it.
pub(super) fn check_ai_rules(ai: &Fields<'_>) {
    let Ok(builtin) = AgentTable::builtin() else {
        ai.reader
            .error(ai.at, "the built-in table of agents can't be read");
        return;
    };
    let mut table = builtin.clone();
    for row in ai.tables("rule", "[[ai.rule]]", RULES_LIMIT) {
        let mut known = row.allow(&AI_RULE_KEYS);
        for trailer in row.tables("trailers", "trailers", TRACES_LIMIT) {
            known &= trailer.allow(&TRAILER_KEYS);
        }
        for marker in row.tables("markers", "markers", TRACES_LIMIT) {
            known &= marker.allow(&MARKER_KEYS);
        }
        let items = row.table.iter().map(|(key, item)| (key, item.clone()));
        let rows = ArrayOfTables::from_iter([Table::from_iter(items)]);
        if known && let Err(error) = table.extend(&rows) {
            report(&row, error);
        }
    }
}

fn report(row: &Fields<'_>, error: AgentTableError) {
    let (at, message) = match error {
        AgentTableError::Value { key, .. } => (
            row.key_at(key).unwrap_or(row.at),
            format!("\"{key}\" is missing or has no such value in [[ai.rule]]"),
        ),
        AgentTableError::UnknownKey { key, .. } => (
            row.at,
            format!("unknown key \"{}\" in [[ai.rule]]", escape(&key, SHOWN)),
        ),
        AgentTableError::Repeated { value, .. } => (
            row.at,
            format!("another tool has \"{}\" already", escape(&value, SHOWN)),
        ),
        AgentTableError::Syntax => (row.at, "not a row of the table of AI tools".to_owned()),
    };
    row.reader.error(at, message);
}
