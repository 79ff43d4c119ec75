//! The table of AI tools and their exact traces: `agents.toml`, extended by `[[ai.rule]]`.

use std::collections::HashMap;
use std::sync::LazyLock;

use toml_edit::{ArrayOfTables, DocumentMut};

use super::fields::Fields;
use super::{Extent, Strength};

/// The compiled-in table's text.
pub(super) const BUILTIN_TEXT: &str = include_str!("agents.toml");

/// The keys of a row, and so of an `[[ai.rule]]`.
pub const AGENT_KEYS: [&str; 10] = [
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
pub const TRAILER_KEYS: [&str; 7] = [
    "key",
    "value",
    "prefix",
    "hex",
    "extent",
    "strength",
    "agent_in_value",
];

/// The keys of one of a row's `markers`.
pub const MARKER_KEYS: [&str; 5] = ["line", "prefix", "suffix", "extent", "strength"];

/// The tools that are known, by the exact traces that they leave.
#[derive(Debug, Clone, Default)]
pub struct AgentTable {
    rows: Vec<Row>,
    /// Lower-case address to row.
    addresses: HashMap<String, usize>,
    /// Lower-case agent name to row, and whether people bear it too.
    names: HashMap<String, (usize, bool)>,
    /// Lower-case trailer key to rows.
    trailers: HashMap<String, Vec<usize>>,
    unreadable: bool,
}

/// One tool.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: String,
    pub tool: String,
    pub alone: bool,
    pub trailers: Vec<TrailerRule>,
    pub markers: Vec<MarkerRule>,
    pub name_suffix: Option<String>,
    model_in_name: Option<(String, String)>,
}

/// A trailer that only this tool writes.
#[derive(Debug, Clone)]
pub(super) struct TrailerRule {
    /// The key in lower case.
    pub key: String,
    value: ValuePattern,
    pub extent: Extent,
    pub strength: Strength,
    /// The value names the agent; the tool itself only records.
    pub agent_in_value: bool,
}

/// A line that only this tool writes.
#[derive(Debug, Clone)]
pub(super) struct MarkerRule {
    line: LinePattern,
    pub extent: Extent,
    pub strength: Strength,
}

#[derive(Debug, Clone)]
enum ValuePattern {
    Any,
    Exact(String),
    Prefix(String),
    Hex(usize),
}

#[derive(Debug, Clone)]
enum LinePattern {
    Exact(String),
    Affixes { prefix: String, suffix: String },
}

/// Why rows are no agent table. Rows count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgentTableError {
    /// Not TOML, or without `[[agent]]`.
    #[error("the agent table is not TOML with [[agent]] rows")]
    Syntax,
    /// A key that the grammar doesn't have.
    #[error("row {row}: unknown key \"{key}\"")]
    UnknownKey {
        /// The row.
        row: usize,
        /// The key.
        key: String,
    },
    /// A key is missing or its value has another type or an impossible value.
    #[error("row {row}: \"{key}\" is missing or has no such value")]
    Value {
        /// The row.
        row: usize,
        /// The key.
        key: &'static str,
    },
    /// An id, address or name that another row has.
    #[error("row {row}: \"{value}\" stands in another row")]
    Repeated {
        /// The row.
        row: usize,
        /// What is repeated.
        value: String,
    },
}

impl AgentTable {
    /// The compiled-in table.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<AgentTable> = LazyLock::new(|| {
            // Never for a released program: a test parses the table.
            AgentTable::parse(BUILTIN_TEXT).unwrap_or_else(|_| AgentTable::unreadable())
        });
        &BUILTIN
    }

    /// What stands for a table that can't be read.
    pub(super) fn unreadable() -> Self {
        Self {
            unreadable: true,
            ..Self::default()
        }
    }

    /// Whether the table couldn't be read. Then everything is an agent's work, and everybody an author.
    pub(super) fn is_unreadable(&self) -> bool {
        self.unreadable
    }

    /// Parses a text of `[[agent]]` rows.
    ///
    /// # Errors
    /// Where the text isn't TOML, or a row breaks the grammar that `agents.toml` describes.
    pub fn parse(text: &str) -> Result<Self, AgentTableError> {
        let document: DocumentMut = text.parse().map_err(|_| AgentTableError::Syntax)?;
        let rows = document
            .get("agent")
            .and_then(|item| item.as_array_of_tables())
            .filter(|_| document.len() == 1)
            .ok_or(AgentTableError::Syntax)?;
        let mut table = Self::default();
        table.extend(rows)?;
        Ok(table)
    }

    /// Adds rows, such as a policy's `[[ai.rule]]`. A row may add to what is known of a tool only
    /// under an id of its own, and may not claim an address or name that another row has.
    ///
    /// # Errors
    /// Where a row breaks the grammar that `agents.toml` describes.
    pub fn extend(&mut self, rows: &ArrayOfTables) -> Result<(), AgentTableError> {
        rows.iter().zip(1..).try_for_each(|(row, number)| {
            self.add_row(&Fields {
                row: number,
                table: row,
            })
        })
    }

    fn add_row(&mut self, fields: &Fields<'_>) -> Result<(), AgentTableError> {
        fields.allow(&AGENT_KEYS)?;
        let row = Row {
            id: fields.required("id")?,
            tool: fields.required("tool")?,
            alone: fields.flag("alone")?,
            trailers: fields.each("trailers", TrailerRule::parse)?,
            markers: fields.each("markers", MarkerRule::parse)?,
            name_suffix: fields.string("name_suffix")?,
            model_in_name: fields.pair("model_in_name")?,
        };
        let repeated = |value: &str| AgentTableError::Repeated {
            row: fields.row,
            value: value.to_owned(),
        };
        if self.rows.iter().any(|other| other.id == row.id) {
            return Err(repeated(&row.id));
        }
        let index = self.rows.len();
        for address in fields.strings("addresses")? {
            if !is_exact_address(&address) {
                return Err(fields.bad("addresses"));
            }
            if self
                .addresses
                .insert(address.to_ascii_lowercase(), index)
                .is_some()
            {
                return Err(repeated(&address));
            }
        }
        for (key, given) in [("names", false), ("given_names", true)] {
            for name in fields.strings(key)? {
                if self
                    .names
                    .insert(name.to_ascii_lowercase(), (index, given))
                    .is_some()
                {
                    return Err(repeated(&name));
                }
            }
        }
        for trailer in &row.trailers {
            self.trailers
                .entry(trailer.key.clone())
                .or_default()
                .push(index);
        }
        self.rows.push(row);
        Ok(())
    }

    /// Whether the address is exactly one of an AI agent's, compared without case.
    pub fn is_agent_address(&self, address: &str) -> bool {
        self.by_address(address).is_some()
    }

    pub(super) fn by_address(&self, address: &str) -> Option<&Row> {
        let index = self.addresses.get(&address.trim().to_ascii_lowercase())?;
        self.rows.get(*index)
    }

    /// The tool of exactly this name, and whether people bear the name too.
    pub(super) fn by_name(&self, name: &str) -> Option<(&Row, bool)> {
        let (index, given) = self.names.get(&name.trim().to_ascii_lowercase())?;
        Some((self.rows.get(*index)?, *given))
    }

    /// The tool whose name opens the text as whole words, the longest such name, with whether people
    /// bear it, and the rest of the text.
    pub(super) fn by_leading_name<'a>(&self, text: &'a str) -> Option<(&Row, bool, &'a str)> {
        let opens = |name: &String| {
            let head = text.get(..name.len())?;
            let rest = text.get(name.len()..)?;
            let ends =
                !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
            (ends && head.eq_ignore_ascii_case(name)).then_some(rest)
        };
        let (name, rest) = self
            .names
            .keys()
            .filter_map(|name| Some((name, opens(name)?)))
            .max_by_key(|(name, _)| name.len())?;
        let (row, given) = self.by_name(name)?;
        Some((row, given, rest))
    }

    /// The rows and rules that a trailer meets.
    pub(super) fn by_trailer<'a>(
        &'a self,
        key: &str,
        value: &'a str,
    ) -> impl Iterator<Item = (&'a Row, &'a TrailerRule)> {
        let key = key.to_ascii_lowercase();
        let indexes = self
            .trailers
            .get(&key)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let rows = indexes.iter().filter_map(|index| self.rows.get(*index));
        rows.flat_map(|row| row.trailers.iter().map(move |rule| (row, rule)))
            .filter(move |(_, rule)| rule.key == key && rule.value.meets(value))
    }

    /// The rows and rules that a line meets, a leading emoji aside.
    pub(super) fn by_marker<'a>(
        &'a self,
        line: &'a str,
    ) -> impl Iterator<Item = (&'a Row, &'a MarkerRule)> {
        let line = line.trim_start_matches(|c: char| !c.is_ascii() || c == ' ');
        self.rows
            .iter()
            .flat_map(|row| row.markers.iter().map(move |rule| (row, rule)))
            .filter(move |(_, rule)| rule.line.meets(line))
    }

    /// The row whose suffix ends a person's name.
    pub(super) fn by_name_suffix(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| {
            row.name_suffix
                .as_ref()
                .is_some_and(|suffix| name.ends_with(suffix))
        })
    }
}

/// One address, no pattern and no domain.
fn is_exact_address(address: &str) -> bool {
    let local_and_domain = address.split_once('@');
    local_and_domain.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !address.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '<' | '>' | ','))
}

impl Row {
    /// The model that the agent's display name gives. The name is never evidence itself.
    pub fn model_in(&self, display_name: &str) -> Option<String> {
        let (before, after) = self.model_in_name.as_ref()?;
        let model = display_name
            .trim()
            .strip_prefix(before)?
            .strip_suffix(after)?
            .trim();
        (!model.is_empty()).then(|| model.to_owned())
    }
}

impl TrailerRule {
    fn parse(fields: &Fields<'_>) -> Result<Self, AgentTableError> {
        fields.allow(&TRAILER_KEYS)?;
        let forms = (
            fields.string("value")?,
            fields.string("prefix")?,
            fields.digits("hex")?,
        );
        let value = match forms {
            (None, None, None) => ValuePattern::Any,
            (Some(value), None, None) => ValuePattern::Exact(value),
            (None, Some(prefix), None) => ValuePattern::Prefix(prefix),
            (None, None, Some(digits)) => ValuePattern::Hex(digits),
            _ => return Err(fields.bad("value")),
        };
        Ok(Self {
            key: fields.required("key")?.to_ascii_lowercase(),
            value,
            extent: fields.extent(Extent::Assisted)?,
            strength: fields.strength()?,
            agent_in_value: fields.flag("agent_in_value")?,
        })
    }
}

impl MarkerRule {
    fn parse(fields: &Fields<'_>) -> Result<Self, AgentTableError> {
        fields.allow(&MARKER_KEYS)?;
        let forms = (
            fields.string("line")?,
            fields.string("prefix")?,
            fields.string("suffix")?,
        );
        let line = match forms {
            (Some(line), None, None) => LinePattern::Exact(line),
            (None, Some(prefix), Some(suffix)) => LinePattern::Affixes { prefix, suffix },
            _ => return Err(fields.bad("line")),
        };
        Ok(Self {
            line,
            extent: fields.extent(Extent::Generated)?,
            strength: fields.strength()?,
        })
    }
}

impl ValuePattern {
    fn meets(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => value.eq_ignore_ascii_case(exact),
            Self::Prefix(prefix) => value
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace)),
            Self::Hex(digits) => {
                value.len() == *digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
        }
    }
}

impl LinePattern {
    fn meets(&self, line: &str) -> bool {
        match self {
            Self::Exact(exact) => line == exact,
            Self::Affixes { prefix, suffix } => line
                .strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_suffix(suffix.as_str()))
                .is_some_and(|middle| !middle.contains(char::is_whitespace)),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
