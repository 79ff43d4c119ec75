//! Strict, placed access to TOML: every mistake is collected with its line, column and nearest name.
//!
//! [`read`] parses a text and hands out its root as [`Fields`]. A getter that meets a mistake reports
//! it and gives `None`; [`read`] gives the value only where nothing was reported.

use std::cell::RefCell;

use toml_edit::{Document, Item, TableLike, Value};

use super::{Lines, TextError, escape, is_plain, nearest};

/// The largest roster or policy in bytes.
pub(crate) const FILE_LIMIT: usize = 4 << 20;

/// The most mistakes that are told of one file.
pub(crate) const ERROR_LIMIT: usize = 200;

/// The longest name or other label in characters.
pub(crate) const LABEL_LIMIT: usize = 200;

/// How much of a wrong name a message shows, in characters.
const SHOWN: usize = 60;

/// A value and the byte where it starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<T> {
    pub value: T,
    pub at: usize,
}

impl<T> Placed<T> {
    pub(crate) fn map<U>(self, to: impl FnOnce(T) -> U) -> Placed<U> {
        Placed {
            value: to(self.value),
            at: self.at,
        }
    }
}

/// A file that is being read, and the mistakes found so far.
pub(crate) struct Reader<'a> {
    file: &'a str,
    lines: Lines<'a>,
    errors: RefCell<Vec<TextError>>,
}

/// Reads `text` by `read`.
///
/// # Errors
/// Every mistake that was reported, in the file's order; at most [`ERROR_LIMIT`].
pub(crate) fn read<T>(
    text: &str,
    file: &str,
    read: impl FnOnce(&Fields<'_>) -> Option<T>,
) -> Result<T, Vec<TextError>> {
    if text.len() > FILE_LIMIT {
        let reader = Reader::new("", file);
        reader.error(0, format!("the file has more than {FILE_LIMIT} bytes"));
        return reader.finish(None);
    }
    let reader = Reader::new(text, file);
    match Document::parse(text) {
        Ok(document) => {
            let root = Fields {
                reader: &reader,
                table: document.as_table(),
                at: 0,
                name: "",
            };
            let value = read(&root);
            reader.finish(value)
        }
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let message = escape(error.message(), LABEL_LIMIT);
            reader.error(at, format!("not TOML: {message}"));
            reader.finish(None)
        }
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, file: &'a str) -> Self {
        Self {
            file,
            lines: Lines::new(text),
            errors: RefCell::default(),
        }
    }

    /// The line and column of a byte.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        self.lines.position(at)
    }

    /// The line of a byte.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.lines.position(at).0
    }

    /// Reports a mistake at a byte.
    pub(crate) fn error(&self, at: usize, message: impl Into<String>) {
        self.report(at, message.into(), None);
    }

    /// Reports a mistake, with the name that was probably meant.
    pub(crate) fn error_near(&self, at: usize, message: String, typed: &str, known: &[&str]) {
        // Looking a name up costs more than telling it: not for mistakes past the limit.
        if self.errors.borrow().len() < ERROR_LIMIT {
            self.report(at, message, nearest(typed, known).map(str::to_owned));
        }
    }

    /// Reports a mistake, with what was probably meant.
    pub(crate) fn report(&self, at: usize, message: String, nearest: Option<String>) {
        let mut errors = self.errors.borrow_mut();
        if errors.len() >= ERROR_LIMIT {
            return;
        }
        let (line, column) = self.position(at);
        errors.push(TextError {
            file: self.file.to_owned(),
            line,
            column,
            message,
            nearest,
        });
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, Vec<TextError>> {
        if let (Some(value), true) = (value, self.errors.borrow().is_empty()) {
            return Ok(value);
        }
        if self.errors.borrow().is_empty() {
            // A reader that gives nothing says why; should one forget to, the file still fails.
            self.error(0, "the file can't be read");
        }
        let mut errors = self.errors.into_inner();
        errors.sort_by_key(|error| (error.line, error.column));
        Err(errors)
    }
}

/// The keys of one table.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'r> {
    pub reader: &'r Reader<'r>,
    pub table: &'r dyn TableLike,
    /// The byte where the table starts.
    pub at: usize,
    /// The table as messages name it, such as `[[rule]]`; empty for the root.
    pub name: &'r str,
}

impl<'r> Fields<'r> {
    /// Reports every key that is not `known`; whether there was none.
    pub(crate) fn allow(&self, known: &[&str]) -> bool {
        let unknown: Vec<_> = self
            .table
            .iter()
            .filter(|(key, _)| !known.contains(key))
            .collect();
        for (key, item) in &unknown {
            let at = self.key_at(key).or_else(|| start(item)).unwrap_or(self.at);
            let message = format!("unknown key \"{}\"{}", escape(key, SHOWN), self.place());
            self.reader.error_near(at, message, key, known);
        }
        unknown.is_empty()
    }

    /// Reports every key of `keys` that is missing.
    pub(crate) fn demand(&self, keys: &[&str]) {
        for key in keys.iter().filter(|key| self.item(key).is_none()) {
            let message = format!("\"{key}\" is missing{}", self.place());
            self.reader.error(self.at, message);
        }
    }

    fn place(&self) -> String {
        match self.name {
            "" => String::new(),
            name => format!(" in {name}"),
        }
    }

    fn item(&self, key: &str) -> Option<&'r Item> {
        self.table.get(key).filter(|item| !item.is_none())
    }

    /// Whether the table has the key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.item(key).is_some()
    }

    /// The byte where a key is written.
    pub(crate) fn key_at(&self, key: &str) -> Option<usize> {
        let (key, _) = self.table.get_key_value(key)?;
        key.span().map(|span| span.start)
    }

    /// The line of a key, or of the table.
    pub(crate) fn key_line(&self, key: &str) -> usize {
        self.reader.line(self.key_at(key).unwrap_or(self.at))
    }

    /// The line where the table starts.
    pub(crate) fn line(&self) -> usize {
        self.reader.line(self.at)
    }

    /// Reads a value of one TOML type.
    fn typed<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&'r Value) -> Option<T>,
    ) -> Option<Placed<T>> {
        let item = self.item(key)?;
        let at = start(item).or_else(|| self.key_at(key)).unwrap_or(self.at);
        let value = item.as_value().and_then(read);
        if value.is_none() {
            let message = format!("\"{key}\" must be {wanted}, not {}", kind(item.type_name()));
            self.reader.error(at, message);
        }
        value.map(|value| Placed { value, at })
    }

    /// A string, however it looks.
    pub(crate) fn string(&self, key: &str) -> Option<Placed<&'r str>> {
        self.typed(key, "a string", Value::as_str)
    }

    /// A string that people read: not empty, not long, without characters that hide or reorder text.
    pub(crate) fn label(&self, key: &str) -> Option<Placed<&'r str>> {
        let text = self.string(key)?;
        self.check_label(key, text)
    }

    fn check_label(&self, key: &str, text: Placed<&'r str>) -> Option<Placed<&'r str>> {
        let fault = if text.value.trim().is_empty() {
            "is empty".to_owned()
        } else if text.value.trim() != text.value {
            "starts or ends with white space".to_owned()
        } else if text.value.chars().count() > LABEL_LIMIT {
            format!("has more than {LABEL_LIMIT} characters")
        } else if !text.value.chars().all(is_plain) {
            "holds a character that hides or reorders text".to_owned()
        } else {
            return Some(text);
        };
        self.reader.error(text.at, format!("\"{key}\" {fault}"));
        None
    }

    /// A boolean.
    pub(crate) fn flag(&self, key: &str) -> Option<Placed<bool>> {
        self.typed(key, "true or false", Value::as_bool)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(&self, key: &str, least: i64, most: i64) -> Option<Placed<i64>> {
        let number = self.typed(key, "a whole number", Value::as_integer)?;
        if (least..=most).contains(&number.value) {
            return Some(number);
        }
        let message = format!("\"{key}\" must be {least} to {most}, not {}", number.value);
        self.reader.error(number.at, message);
        None
    }

    /// A day, as a TOML date or a string `YYYY-MM-DD`.
    pub(crate) fn date(&self, key: &str) -> Option<Placed<String>> {
        let wanted = "a date YYYY-MM-DD";
        let date = self.typed(key, wanted, |value| match value {
            Value::Datetime(date) => Some(date.value().to_string()),
            other => other.as_str().map(str::to_owned),
        })?;
        let day = date.value.parse::<jiff::civil::Date>().ok();
        if day.is_some_and(|day| day.to_string() == date.value) {
            return Some(date);
        }
        self.reader
            .error(date.at, format!("\"{key}\" must be {wanted}"));
        None
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<Placed<T>> {
        let word = self.string(key)?;
        let found = words.iter().find(|(known, _)| *known == word.value);
        if let Some((_, value)) = found {
            return Some(word.map(|_| *value));
        }
        let known: Vec<_> = words.iter().map(|(known, _)| *known).collect();
        self.unknown(key, word, &known);
        None
    }

    /// Reports that a value is none of the known ones.
    pub(crate) fn unknown(&self, key: &str, word: Placed<&str>, known: &[&str]) {
        let shown = escape(word.value, SHOWN);
        let mut message = format!("\"{key}\" has the unknown value \"{shown}\"");
        if known.len() <= 8 {
            message.push_str(&format!(" (known: {})", known.join(", ")));
        }
        self.reader.error_near(word.at, message, word.value, known);
    }

    /// A list of strings of at most `most`, maybe empty.
    pub(crate) fn strings(&self, key: &str, most: usize) -> Option<Vec<Placed<&'r str>>> {
        let list = self.typed(key, "a list of strings", Value::as_array)?;
        if list.value.len() > most {
            self.reader
                .error(list.at, format!("\"{key}\" has more than {most} values"));
            return None;
        }
        let mut strings = Vec::with_capacity(list.value.len());
        for value in list.value {
            let at = value.span().map_or(list.at, |span| span.start);
            match value.as_str() {
                Some(value) => strings.push(Placed { value, at }),
                None => {
                    let kind = kind(value.type_name());
                    self.reader
                        .error(at, format!("\"{key}\" must hold strings, not {kind}"));
                }
            }
        }
        Some(strings)
    }

    /// A list of strings that is not empty where it stands.
    pub(crate) fn some_strings(&self, key: &str, most: usize) -> Option<Vec<Placed<&'r str>>> {
        let strings = self.strings(key, most)?;
        if strings.is_empty() {
            let at = self.item(key).and_then(start).unwrap_or(self.at);
            self.reader
                .error(at, format!("\"{key}\" is empty: fill it or leave it out"));
            return None;
        }
        Some(strings)
    }

    /// Distinct labels out of a list that was read before. Those that are none are reported.
    pub(crate) fn distinct(&self, key: &str, list: Vec<Placed<&'r str>>) -> Vec<Placed<&'r str>> {
        let mut known = std::collections::HashSet::new();
        let labels = list
            .into_iter()
            .filter_map(|text| self.check_label(key, text));
        labels
            .filter(|label| {
                let new = known.insert(label.value);
                if !new {
                    let message = format!("\"{key}\" lists \"{}\" twice", label.value);
                    self.reader.error(label.at, message);
                }
                new
            })
            .collect()
    }

    /// A table, with a header or inline.
    pub(crate) fn table(&self, key: &str, name: &'r str) -> Option<Fields<'r>> {
        let item = self.item(key)?;
        let at = start(item).or_else(|| self.key_at(key)).unwrap_or(self.at);
        let Some(table) = item.as_table_like() else {
            let message = format!("\"{key}\" must be a table, not {}", kind(item.type_name()));
            self.reader.error(at, message);
            return None;
        };
        let reader = self.reader;
        Some(Fields {
            reader,
            table,
            at,
            name,
        })
    }

    /// A list of tables, each with a `[[header]]` or inline; empty where the key is missing.
    pub(crate) fn tables(&self, key: &str, name: &'r str, most: usize) -> Vec<Fields<'r>> {
        let Some(item) = self.item(key) else {
            return Vec::new();
        };
        let reader = self.reader;
        let at = start(item).or_else(|| self.key_at(key)).unwrap_or(self.at);
        let mut tables: Vec<Fields<'r>> = Vec::new();
        if let Some(array) = item.as_array_of_tables() {
            tables.extend(array.iter().map(|table| {
                let at = table.span().map_or(at, |span| span.start);
                Fields {
                    reader,
                    table,
                    at,
                    name,
                }
            }));
        } else if let Some(array) = item.as_array() {
            for value in array {
                let at = value.span().map_or(at, |span| span.start);
                match value.as_inline_table() {
                    Some(table) => tables.push(Fields {
                        reader,
                        table,
                        at,
                        name,
                    }),
                    None => {
                        let kind = kind(value.type_name());
                        reader.error(at, format!("\"{key}\" must hold tables, not {kind}"));
                    }
                }
            }
        } else {
            let kind = kind(item.type_name());
            reader.error(
                at,
                format!("\"{key}\" must be written as {name}, not {kind}"),
            );
        }
        if tables.len() > most {
            reader.error(at, format!("more than {most} {name}"));
            tables.clear();
        }
        tables
    }
}

/// The byte where an item starts.
fn start(item: &Item) -> Option<usize> {
    item.span().map(|span| span.start)
}

/// A TOML type as messages name it.
fn kind(type_name: &str) -> &'static str {
    match type_name {
        "string" => "a string",
        "integer" => "a whole number",
        "float" => "a number with a decimal point",
        "boolean" => "a boolean",
        "datetime" => "a date or time",
        "array" => "a list",
        "array of tables" => "a list of tables",
        _ => "a table",
    }
}
