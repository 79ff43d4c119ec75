//! A typed reader over [`Value`]: every step knows its path, and every mismatch says it.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;

use super::error::{AttestationError, ErrorKind};
use super::json::{Value, join_index, join_key};
use super::limits;
use crate::change::{CommitId, Digest};

/// A value inside a document, and the path to it.
///
/// All readers fail with `WrongType` where the JSON type is another: an array is never read as an
/// object, `null` never as absent, and a number never from a string.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    path: String,
    value: &'a Value,
}

/// An object inside a document.
#[derive(Debug, Clone)]
pub struct Object<'a> {
    path: String,
    fields: &'a BTreeMap<String, Value>,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            path: "$".to_owned(),
            value,
        }
    }

    /// The JSON path, such as `$.predicate.authors[0]`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The raw value.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// An error at this path.
    pub fn error(&self, kind: ErrorKind) -> AttestationError {
        AttestationError {
            path: self.path.clone(),
            kind,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Reads an object.
    pub fn object(&self) -> Result<Object<'a>, AttestationError> {
        match self.value {
            Value::Object(fields) => Ok(Object {
                path: self.path.clone(),
                fields,
            }),
            _ => Err(self.wrong_type("an object")),
        }
    }

    /// Reads an array of at most `max` elements; more is `TooMany`.
    pub fn array(&self, max: usize) -> Result<Vec<Node<'a>>, AttestationError> {
        let Value::Array(values) = self.value else {
            return Err(self.wrong_type("an array"));
        };
        if values.len() > max {
            return Err(self.error(ErrorKind::TooMany { limit: max }));
        }
        let nodes = values.iter().enumerate().map(|(index, value)| Node {
            path: join_index(&self.path, index),
            value,
        });
        Ok(nodes.collect())
    }

    /// Reads an array of at most `max` elements, each with `read`.
    pub fn array_of<T>(
        &self,
        max: usize,
        read: impl FnMut(&Node<'a>) -> Result<T, AttestationError>,
    ) -> Result<Vec<T>, AttestationError> {
        self.array(max)?.iter().map(read).collect()
    }

    /// Reads a string of at most [`limits::STRING_BYTES`]; longer is `TooLong`.
    pub fn string(&self) -> Result<&'a str, AttestationError> {
        self.string_max(limits::STRING_BYTES)
    }

    /// Reads a string of at most `max` bytes of UTF-8; longer is `TooLong`.
    pub fn string_max(&self, max: usize) -> Result<&'a str, AttestationError> {
        match self.value {
            Value::String(text) if text.len() <= max => Ok(text),
            Value::String(_) => Err(self.error(ErrorKind::TooLong { limit: max })),
            _ => Err(self.wrong_type("a string")),
        }
    }

    /// Reads a string of 1..=`max` bytes of UTF-8; an empty one is `BadValue`.
    pub fn text(&self, max: usize) -> Result<String, AttestationError> {
        let text = self.string_max(max)?;
        if text.is_empty() {
            return Err(self.bad_value("a string that is not empty"));
        }
        Ok(text.to_owned())
    }

    /// Reads an integer of 0..2^64.
    pub fn u64(&self) -> Result<u64, AttestationError> {
        match self.value {
            Value::Unsigned(value) => Ok(*value),
            _ => Err(self.wrong_type("an unsigned integer")),
        }
    }

    /// Reads an integer of 1..2^64; zero is `BadValue`.
    pub fn positive(&self) -> Result<u64, AttestationError> {
        match self.u64()? {
            0 => Err(self.bad_value("1 or more")),
            value => Ok(value),
        }
    }

    /// Reads a truth value.
    pub fn bool(&self) -> Result<bool, AttestationError> {
        match self.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(self.wrong_type("a boolean")),
        }
    }

    /// Reads one of `words`, compared byte for byte; any other is `BadValue` with `expected`.
    pub fn one_of<T: Copy>(
        &self,
        words: &[(&str, T)],
        expected: &'static str,
    ) -> Result<T, AttestationError> {
        let found = self.string()?;
        words
            .iter()
            .find_map(|(word, value)| (*word == found).then_some(*value))
            .ok_or_else(|| self.bad_value(expected))
    }

    /// Reads a SHA-256 digest: 64 lower-case hex digits.
    pub fn digest(&self) -> Result<Digest, AttestationError> {
        self.parsed("64 lower-case hex digits")
    }

    /// Reads a git commit id: 40 or 64 lower-case hex digits.
    pub fn commit_id(&self) -> Result<CommitId, AttestationError> {
        self.parsed("40 or 64 lower-case hex digits")
    }

    /// Reads a time: RFC 3339 in UTC, written with `T` and `Z`, at most nine digits of a second.
    pub fn timestamp(&self) -> Result<Timestamp, AttestationError> {
        const EXPECTED: &str = "a time such as 2026-11-02T09:30:00Z";
        if !is_utc_time(self.string()?) {
            return Err(self.bad_value(EXPECTED));
        }
        self.parsed(EXPECTED)
    }

    /// A `BadValue` at this path.
    pub fn bad_value(&self, expected: &'static str) -> AttestationError {
        self.error(ErrorKind::BadValue { expected })
    }

    fn parsed<T: FromStr>(&self, expected: &'static str) -> Result<T, AttestationError> {
        self.string()?.parse().map_err(|_| self.bad_value(expected))
    }

    fn wrong_type(&self, expected: &'static str) -> AttestationError {
        self.error(ErrorKind::WrongType {
            expected,
            found: self.value.type_name(),
        })
    }
}

impl<'a> Object<'a> {
    /// The JSON path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The field `name`; `Missing` where it is absent.
    pub fn required(&self, name: &str) -> Result<Node<'a>, AttestationError> {
        self.optional(name).ok_or_else(|| AttestationError {
            path: join_key(&self.path, name),
            kind: ErrorKind::Missing,
        })
    }

    /// The field `name`, where it stands. A `null` stands.
    pub fn optional(&self, name: &str) -> Option<Node<'a>> {
        self.fields.get(name).map(|value| Node {
            path: join_key(&self.path, name),
            value,
        })
    }

    /// The field `name` read with `read`, where it stands.
    pub fn optional_with<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Node<'a>) -> Result<T, AttestationError>,
    ) -> Result<Option<T>, AttestationError> {
        self.optional(name).as_ref().map(read).transpose()
    }

    /// Refuses every field that is not in `known` with `UnknownField`.
    pub fn only(&self, known: &[&str]) -> Result<(), AttestationError> {
        match self
            .fields
            .keys()
            .find(|key| !known.contains(&key.as_str()))
        {
            Some(key) => Err(AttestationError {
                path: join_key(&self.path, key),
                kind: ErrorKind::UnknownField,
            }),
            None => Ok(()),
        }
    }
}

/// Whether `text` has the shape `YYYY-MM-DDThh:mm:ss[.f{1,9}]Z`. The calendar is checked afterwards,
/// except that a leap second is refused here: jiff would read it as the second before.
fn is_utc_time(text: &str) -> bool {
    let Some((date_time, fraction)) = text
        .strip_suffix('Z')
        .and_then(|text| text.split_at_checked(19))
    else {
        return false;
    };
    let shape = date_time.bytes().zip("dddd-dd-ddTdd:dd:dd".bytes());
    let shaped = shape.fold(true, |ok, (byte, expected)| {
        ok && match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        }
    });
    let fraction_ok = fraction.is_empty()
        || fraction.strip_prefix('.').is_some_and(|digits| {
            matches!(digits.len(), 1..=9) && digits.bytes().all(|byte| byte.is_ascii_digit())
        });
    shaped && fraction_ok && !date_time.ends_with(":60")
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
