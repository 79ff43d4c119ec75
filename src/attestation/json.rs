//! A JSON parser that refuses what others read in different ways.
//!
//! A key that stands twice (compared after unescaping) is an error at every level, since readers
//! disagree on which one wins; so are trailing data, wrong UTF-8, and depth and size over a limit.
//! Reading goes [`parse`] -> [`Value::root`] -> [`Node`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::{AttestationError, ErrorKind};
use super::limits;
use super::node::Node;

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The document's size in bytes.
    pub bytes: usize,
    /// How deep objects and arrays may lie inside each other, the outermost counted; at most 127.
    pub depth: usize,
}

impl Limits {
    /// Documents of at most `bytes` bytes, with the depth that all formats share.
    pub fn bytes(bytes: usize) -> Self {
        Self {
            bytes,
            depth: limits::DEPTH,
        }
    }
}

/// A JSON value, its objects without duplicate keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, which is never the same as absent.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of 0..2^64.
    Unsigned(u64),
    /// An integer of -2^63..0.
    Negative(i64),
    /// Any other number. Nothing that countersign reads is one.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

impl Value {
    /// The document's root, at the path `$`.
    pub fn root(&self) -> Node<'_> {
        Node::root(self)
    }

    /// The type's name, for errors.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) => "an unsigned integer",
            Self::Negative(_) => "a negative integer",
            Self::Float(_) => "a number that is no 64-bit integer",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// The same value for `serde_json`.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Unsigned(value) => (*value).into(),
            Self::Negative(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::String(value) => value.as_str().into(),
            Self::Array(values) => values.iter().map(Self::to_json).collect(),
            Self::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), value.to_json()))
                .collect(),
        }
    }
}

/// Parses one JSON document.
///
/// # Errors
/// `TooLarge`, `NotUtf8`, `Syntax`, `TooDeep`, `DuplicateKey` or `TrailingData`, with the path at
/// which reading stopped. The size is checked before anything is read.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, AttestationError> {
    let whole = |kind| AttestationError {
        path: "$".to_owned(),
        kind,
    };
    if bytes.len() > limits.bytes {
        return Err(whole(ErrorKind::TooLarge {
            limit: limits.bytes,
        }));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| whole(ErrorKind::NotUtf8))?;
    let mut state = State {
        depth_limit: limits.depth,
        path: Vec::new(),
        fault: None,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Seed {
        state: &mut state,
        depth: 0,
    };
    let value = seed
        .deserialize(&mut deserializer)
        .map_err(|error| state.error(&error))?;
    deserializer
        .end()
        .map_err(|_| whole(ErrorKind::TrailingData))?;
    Ok(value)
}

/// Writes `value` as compact JSON.
pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>, AttestationError> {
    serde_json::to_vec(value).map_err(|_| unwritable())
}

/// Writes `value` as JSON indented by two spaces.
pub(super) fn write_indented(value: &impl Serialize) -> Result<Vec<u8>, AttestationError> {
    serde_json::to_vec_pretty(value).map_err(|_| unwritable())
}

fn unwritable() -> AttestationError {
    AttestationError {
        path: "$".to_owned(),
        kind: ErrorKind::Unwritable,
    }
}

/// One step of a JSON path.
enum Step {
    Key(String),
    Index(usize),
}

/// `path` and one key, escaped where it is no plain name.
pub(super) fn join_key(path: &str, key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.len() <= limits::ID_BYTES && key.bytes().all(plain) {
        return format!("{path}.{key}");
    }
    // A key is untrusted text of any length: errors show its start.
    let shown: String = key
        .chars()
        .take(64)
        .flat_map(char::escape_default)
        .collect();
    format!("{path}[\"{shown}\"]")
}

/// `path` and one index.
pub(super) fn join_index(path: &str, index: usize) -> String {
    format!("{path}[{index}]")
}

/// Where the parser is, and what it refused: `serde` errors can carry neither.
struct State {
    depth_limit: usize,
    path: Vec<Step>,
    fault: Option<ErrorKind>,
}

impl State {
    fn error(self, error: &serde_json::Error) -> AttestationError {
        let path = self
            .path
            .iter()
            .fold("$".to_owned(), |path, step| match step {
                Step::Key(key) => join_key(&path, key),
                Step::Index(index) => join_index(&path, *index),
            });
        let kind = self.fault.unwrap_or(ErrorKind::Syntax {
            line: error.line(),
            column: error.column(),
        });
        AttestationError { path, kind }
    }
}

/// Builds one value at a known depth. On an error the path stays where the error is.
struct Seed<'s> {
    state: &'s mut State,
    depth: usize,
}

impl Seed<'_> {
    fn child(&mut self) -> Seed<'_> {
        Seed {
            state: self.state,
            depth: self.depth + 1,
        }
    }

    fn refuse<E: de::Error>(&mut self, kind: ErrorKind) -> E {
        self.state.fault = Some(kind);
        E::custom("refused")
    }

    fn check_depth<E: de::Error>(&mut self) -> Result<(), E> {
        let limit = self.state.depth_limit;
        if self.depth < limit {
            Ok(())
        } else {
            Err(self.refuse(ErrorKind::TooDeep { limit }))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut array: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut values = Vec::new();
        loop {
            self.state.path.push(Step::Index(values.len()));
            let value = array.next_element_seed(self.child())?;
            self.state.path.pop();
            match value {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Value, A::Error> {
        self.check_depth()?;
        let mut fields = BTreeMap::new();
        while let Some(key) = object.next_key::<String>()? {
            self.state.path.push(Step::Key(key.clone()));
            match fields.entry(key) {
                Entry::Occupied(_) => return Err(self.refuse(ErrorKind::DuplicateKey)),
                Entry::Vacant(slot) => slot.insert(object.next_value_seed(self.child())?),
            };
            self.state.path.pop();
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
