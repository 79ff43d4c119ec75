//! Text that people read and write: places in files, nearest names, untrusted text made safe.

use std::fmt;

mod alike;
#[cfg(test)]
pub(crate) mod schema_testing;
pub(crate) mod toml;

pub use alike::{fold, hides};

/// The longest text in bytes that is looked up among known names.
const NEAREST_LIMIT: usize = 64;

/// A key of `roster.toml` or `policy.toml` that this version reads but can't evaluate. A gate never
/// ignores one: CS906.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The key, such as `when.blast_radius`.
    pub key: String,
    /// The line, from 1.
    pub line: usize,
}

/// A mistake in `roster.toml` or `policy.toml`, placed so that an editor can jump to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TextError {
    /// The file as the reader knows it, such as `.countersign/policy.toml`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, without a full stop.
    pub message: String,
    /// The nearest known name, where the mistake looks like a typo.
    pub nearest: Option<String>,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean \"{nearest}\"?"),
            None => Ok(()),
        }
    }
}

/// A text and where its lines start, so that any number of places are found fast.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of `text`.
    pub fn new(text: &'a str) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(newlines.map(|(offset, _)| offset + 1));
        Self {
            text,
            starts: starts.collect(),
        }
    }

    /// The line and the column in characters, both from 1, of the byte at `offset`.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied();
        let start = start.unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

/// The known name that is nearest to `typed`, if one is near enough to be a typo.
pub fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    if typed.len() > NEAREST_LIMIT {
        return None;
    }
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(typed, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= 2.max(name.chars().count() / 3))
        .map(|(_, name)| name)
}

/// Untrusted text as it is safe to show on one line: control, bidirectional, invisible, private and
/// unassigned characters, and white space but the plain blank, become `\u{..}`; at most `most`
/// characters, then `...`.
pub fn escape(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count >= most {
            shown.push_str("...");
            break;
        }
        if is_plain(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

/// Whether [`escape`] shows the character as it is.
pub fn is_plain(character: char) -> bool {
    use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
    character == ' '
        || !matches!(
            character.general_category_group(),
            GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_hide_or_reorder_text_are_escaped() {
        let shown = escape("a\u{202e}b\u{1b}[31m\nc\u{200b}\u{a0}\u{feff}", 100);
        assert_eq!(
            shown,
            "a\\u{202e}b\\u{1b}[31m\\u{a}c\\u{200b}\\u{a0}\\u{feff}"
        );
        assert_eq!(escape("Grüße, 世界 (ok)", 100), "Grüße, 世界 (ok)");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(escape("abcdef", 3), "abc...");
        assert_eq!(escape("abc", 3), "abc");
    }

    #[test]
    fn places_count_lines_and_characters_from_1() {
        let lines = Lines::new("ab\nüx\n\nz");
        let places = [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (5, (2, 2)),
            (7, (3, 1)),
            (8, (4, 1)),
        ];
        for (offset, place) in places {
            assert_eq!(lines.position(offset), place, "byte {offset}");
        }
        assert_eq!(Lines::new("").position(0), (1, 1));
    }

    #[test]
    fn a_very_long_name_has_no_nearest() {
        assert_eq!(nearest(&"x".repeat(1 << 20), &["signers"]), None);
    }

    #[test]
    fn the_nearest_name_is_found_only_where_it_is_near() {
        assert_eq!(nearest("signer", &["signers", "level"]), Some("signers"));
        assert_eq!(nearest("zebra", &["signers", "level"]), None);
    }
}
