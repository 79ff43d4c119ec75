//! Whether a schema in `schemas/` and a reader of TOML say the same.

use jsonschema::Validator;
use serde_json::{Map, Value as Json};
use toml_edit::{DocumentMut, Item, Value};

/// A schema and the reader of the same files.
pub(crate) struct Agreement<'a> {
    schema: Json,
    validator: Validator,
    reads: &'a dyn Fn(&str) -> bool,
}

impl<'a> Agreement<'a> {
    pub(crate) fn new(schema: &str, reads: &'a dyn Fn(&str) -> bool) -> Self {
        let schema: Json = serde_json::from_str(schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        Self {
            schema,
            validator,
            reads,
        }
    }

    /// Whether the schema accepts the text.
    pub(crate) fn accepts(&self, text: &str) -> bool {
        let document: DocumentMut = text.parse().unwrap();
        self.validator.is_valid(&json(document.as_item()))
    }

    /// The names of a definition's properties; those of the root for the empty name.
    pub(crate) fn keys(&self, definition: &str) -> Vec<&str> {
        let at = match definition {
            "" => &self.schema,
            name => &self.schema["$defs"][name],
        };
        let properties = at["properties"].as_object().unwrap();
        properties.keys().map(String::as_str).collect()
    }

    /// Breaks a text that both accept: each key misspelt, each removed, each value replaced by one of
    /// every type. Whatever the schema refuses the reader refuses; gives what only the reader refuses.
    pub(crate) fn break_everywhere(&self, text: &str) -> Vec<String> {
        assert!(self.accepts(text) && (self.reads)(text));
        let document: DocumentMut = text.parse().unwrap();
        let mut places = Vec::new();
        collect(document.as_item(), &mut Vec::new(), &mut places);
        let mut only_reader = Vec::new();
        for place in places {
            for (what, broken) in breaks(&document, &place) {
                let (schema, reader) = (self.accepts(&broken), (self.reads)(&broken));
                let what = format!("{} {what}", place.join("."));
                assert!(
                    schema || !reader,
                    "only the schema refuses: {what}\n{broken}"
                );
                if schema && !reader {
                    only_reader.push(what);
                }
            }
        }
        only_reader
    }
}

/// The TOML as JSON; dates become strings.
fn json(item: &Item) -> Json {
    if let Some(table) = item.as_table_like() {
        let fields = table.iter().map(|(key, item)| (key.to_owned(), json(item)));
        return Json::Object(fields.collect::<Map<_, _>>());
    }
    if let Some(tables) = item.as_array_of_tables() {
        return tables
            .iter()
            .map(|table| json(&Item::Table(table.clone())))
            .collect();
    }
    match item.as_value().unwrap() {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(date) => date.value().to_string().into(),
        Value::Array(values) => values
            .iter()
            .map(|value| json(&Item::Value(value.clone())))
            .collect(),
        Value::InlineTable(_) => unreachable!("a table"),
    }
}

/// Every key, by its path.
fn collect(item: &Item, at: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    let mut child = |key: String, item: &Item| {
        at.push(key);
        places.push(at.clone());
        collect(item, at, places);
        at.pop();
    };
    if let Some(table) = item.as_table_like() {
        table
            .iter()
            .for_each(|(key, item)| child(key.to_owned(), item));
    } else if let Some(tables) = item.as_array_of_tables() {
        for (index, table) in tables.iter().enumerate() {
            child(index.to_string(), &Item::Table(table.clone()));
        }
    }
}

fn parent<'d>(document: &'d mut DocumentMut, path: &[String]) -> &'d mut Item {
    let mut item = document.as_item_mut();
    for key in path {
        item = match key.parse::<usize>() {
            Ok(index) => &mut item[index],
            Err(_) => &mut item[key.as_str()],
        };
    }
    item
}

fn breaks(document: &DocumentMut, place: &[String]) -> Vec<(String, String)> {
    let (key, above) = place.split_last().unwrap();
    if key.parse::<usize>().is_ok() {
        return Vec::new();
    }
    let mut broken = Vec::new();
    let mut edit = |what: &str, change: &dyn Fn(&mut dyn toml_edit::TableLike)| {
        let mut document = document.clone();
        let table = parent(&mut document, above).as_table_like_mut().unwrap();
        change(table);
        broken.push((what.to_owned(), document.to_string()));
    };
    edit("removed", &|table| drop(table.remove(key)));
    edit("misspelt", &|table| {
        let item = table.remove(key).unwrap();
        table.insert(&format!("{key}x"), item);
    });
    let values = [
        "true",
        "false",
        "0",
        "-1",
        "1",
        "1000000",
        "1.0",
        "\"\"",
        "\" \"",
        "\"x y\"",
        "\"refs/heads/x\"",
        "\"72h\"",
        "\"high\"",
        "[]",
        "[1]",
        "[\"x\", \"x\"]",
        "[[]]",
        "[{}]",
        "{}",
        "{ zz = 1 }",
    ];
    for text in values {
        edit(text, &|table| {
            table.remove(key);
            table.insert(key, Item::Value(text.parse().unwrap()));
        });
    }
    broken
}
