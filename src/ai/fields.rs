//! Typed reading of one row of the table.

use toml_edit::{TableLike, Value};

use super::table::AgentTableError;
use super::{Extent, Strength};

/// Typed access to the keys of one table, with errors that name the row.
pub(super) struct Fields<'a> {
    pub(super) row: usize,
    pub(super) table: &'a dyn TableLike,
}

impl Fields<'_> {
    pub(super) fn bad(&self, key: &'static str) -> AgentTableError {
        AgentTableError::Value { row: self.row, key }
    }

    pub(super) fn allow(&self, known: &[&str]) -> Result<(), AgentTableError> {
        match self.table.iter().find(|(key, _)| !known.contains(key)) {
            None => Ok(()),
            Some((key, _)) => Err(AgentTableError::UnknownKey {
                row: self.row,
                key: key.to_owned(),
            }),
        }
    }

    /// Reads a key by `read`, which gives `None` for a value of another type.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, AgentTableError> {
        let Some(item) = self.table.get(key) else {
            return Ok(None);
        };
        let value = item.as_value().and_then(read);
        value.map(Some).ok_or_else(|| self.bad(key))
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<String>, AgentTableError> {
        self.read(key, |value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        })
    }

    pub(super) fn required(&self, key: &'static str) -> Result<String, AgentTableError> {
        self.string(key)?.ok_or_else(|| self.bad(key))
    }

    pub(super) fn flag(&self, key: &'static str) -> Result<bool, AgentTableError> {
        Ok(self.read(key, Value::as_bool)?.unwrap_or_default())
    }

    pub(super) fn digits(&self, key: &'static str) -> Result<Option<usize>, AgentTableError> {
        self.read(key, |value| {
            usize::try_from(value.as_integer()?)
                .ok()
                .filter(|digits| (1..=64).contains(digits))
        })
    }

    pub(super) fn strings(&self, key: &'static str) -> Result<Vec<String>, AgentTableError> {
        let texts = self.read(key, |value| {
            let texts = value
                .as_array()?
                .iter()
                .map(|text| text.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<_>>>()
        })?;
        Ok(texts.unwrap_or_default())
    }

    pub(super) fn pair(
        &self,
        key: &'static str,
    ) -> Result<Option<(String, String)>, AgentTableError> {
        if self.table.get(key).is_none() {
            return Ok(None);
        }
        match <[String; 2]>::try_from(self.strings(key)?) {
            Ok([before, after]) => Ok(Some((before, after))),
            Err(_) => Err(self.bad(key)),
        }
    }

    pub(super) fn each<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&Fields<'_>) -> Result<T, AgentTableError>,
    ) -> Result<Vec<T>, AgentTableError> {
        let Some(item) = self.table.get(key) else {
            return Ok(Vec::new());
        };
        let array = item.as_array().ok_or_else(|| self.bad(key))?;
        let parse_one = |value: &Value| {
            let table = value.as_inline_table().ok_or_else(|| self.bad(key))?;
            parse(&Fields {
                row: self.row,
                table,
            })
        };
        array.iter().map(parse_one).collect()
    }

    /// `none` would be evidence of a person's work, which no trace is.
    pub(super) fn extent(&self, default: Extent) -> Result<Extent, AgentTableError> {
        let extent = self.read("extent", |value| value.as_str()?.parse::<Extent>().ok())?;
        match extent {
            Some(Extent::None) => Err(self.bad("extent")),
            other => Ok(other.unwrap_or(default)),
        }
    }

    pub(super) fn strength(&self) -> Result<Strength, AgentTableError> {
        let strength = self.read("strength", |value| match value.as_str()? {
            "weak" => Some(Strength::Weak),
            "medium" => Some(Strength::Medium),
            "strong" => Some(Strength::Strong),
            _ => None,
        })?;
        Ok(strength.unwrap_or(Strength::Strong))
    }
}
