//! Reading `[[ai.rule]]`: rows for the table of AI tools.

use std::sync::Arc;

use toml_edit::{ArrayOfTables, Table};

use super::against::{Mention, MentionKind};
use super::parse::RULES_LIMIT;
use crate::ai::{AGENT_KEYS, AgentTable, AgentTableError, MARKER_KEYS, TRAILER_KEYS};
use crate::text::escape;
use crate::text::toml::Fields;

/// The most trailers or markers of a row.
const TRACES_LIMIT: usize = 100;

/// How much of a value an error shows, in characters.
const SHOWN: usize = 60;

/// The most addresses of a row.
const ADDRESSES_LIMIT: usize = 1_000;

/// The tools that a policy knows beside those of the built-in table.
#[derive(Debug, Clone, Default)]
pub(super) struct AiRules {
    /// The built-in table with the policy's rows; `None` where it has none.
    pub table: Option<Arc<AgentTable>>,
    pub rows: Vec<AiRule>,
}

/// An `[[ai.rule]]`.
#[derive(Debug, Clone)]
pub(super) struct AiRule {
    pub id: String,
    /// What it says, to compare.
    pub text: String,
    pub line: usize,
    /// Whether it can take an author or a trace away: its addresses are no people's, and a name that people bear
    /// makes a trace weak.
    pub takes_away: bool,
}

/// Reads each `[[ai.rule]]` as the table of AI tools reads its rows. Their addresses are mentioned, since a person
/// of the roster can't have them.
pub(super) fn read_ai_rules(ai: &Fields<'_>, mentions: &mut Vec<Mention>) -> AiRules {
    let mut table = AgentTable::builtin().clone();
    let mut rows = Vec::new();
    for row in ai.tables("rule", "[[ai.rule]]", RULES_LIMIT) {
        let mut known = row.allow(&AGENT_KEYS);
        for trailer in row.tables("trailers", "trailers", TRACES_LIMIT) {
            known &= trailer.allow(&TRAILER_KEYS);
        }
        for marker in row.tables("markers", "markers", TRACES_LIMIT) {
            known &= marker.allow(&MARKER_KEYS);
        }
        if !known {
            continue;
        }
        let items = row.table.iter().map(|(key, item)| (key, item.clone()));
        let tables = ArrayOfTables::from_iter([Table::from_iter(items)]);
        if let Err(error) = table.extend(&tables) {
            report(&row, error);
            continue;
        }
        let addresses = row.strings("addresses", ADDRESSES_LIMIT);
        for address in addresses.iter().flatten() {
            let (line, column) = row.reader.position(address.at);
            mentions.push(Mention {
                kind: MentionKind::Agent,
                name: address.value.to_owned(),
                line,
                column,
            });
        }
        let mut text: Vec<_> = row
            .table
            .iter()
            .map(|(key, item)| format!("{key}={}", item.to_string().trim()))
            .collect();
        text.sort();
        rows.push(AiRule {
            id: row
                .string("id")
                .map_or_else(String::new, |id| id.value.to_owned()),
            text: text.join("\n"),
            line: row.line(),
            takes_away: row.has("addresses") || row.has("given_names"),
        });
    }
    AiRules {
        table: (!rows.is_empty()).then(|| Arc::new(table)),
        rows,
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
