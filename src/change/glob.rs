//! Globs over raw path bytes. SPEC section 6.2.
//!
//! A glob is about the whole path, byte by byte, case-sensitive. `?` is one byte but `/`; `*` any
//! number of bytes but `/`; `**` stands for a whole component and is any number of components, none
//! included; `[a-z]` and `[!a-z]` one byte, never `/`; `{a,b}` either; `\` takes the next character
//! as it is. What could never match a path is refused: such a rule would quietly protect nothing.

use std::iter::Peekable;
use std::str::Chars;

use globset::{Candidate, ErrorKind, GlobBuilder, GlobMatcher};

use super::RepoPath;

/// The longest glob in bytes.
pub const GLOB_LIMIT: usize = 1024;

/// A glob over whole paths.
#[derive(Debug, Clone)]
pub struct Glob {
    source: String,
    matcher: GlobMatcher,
}

/// Why a text is no glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GlobError {
    /// Nothing.
    #[error("a glob is empty")]
    Empty,
    /// More than [`GLOB_LIMIT`] bytes.
    #[error("a glob has more than {GLOB_LIMIT} bytes")]
    TooLong,
    /// A `!` at the start.
    #[error("a glob can't start with \"!\": there is no negation but except_paths")]
    Negated,
    /// A path that git doesn't have: `/` at an end, `//`, or a component `.` or `..`.
    #[error(
        "no path matches this glob: paths have no \"/\" at an end and no empty, \".\" or \"..\" component"
    )]
    NoPath,
    /// A `**` beside other characters than `/`.
    #[error("\"**\" must be a whole component, as in \"src/**\" or \"**/x\"")]
    Stars,
    /// A `[..]` with `/`, `[:name:]` or a character of several bytes.
    #[error("a \"[..]\" can hold only ASCII, without \"/\" and without \"[:name:]\"")]
    Class,
    /// A `[` without `]`.
    #[error("a \"[\" has no \"]\"")]
    UnclosedClass,
    /// A range such as `z-a`.
    #[error("the range {0}-{1} goes down")]
    Range(char, char),
    /// A `{` without `}` or a `}` without `{`.
    #[error("a \"{{\" or \"}}\" stands alone")]
    Alternates,
    /// A `\` at the end.
    #[error("a glob ends with \"\\\"")]
    Escape,
    /// Nested too deeply, or too large to compile.
    #[error("a glob is too complex")]
    TooComplex,
}

impl Glob {
    /// Reads a glob.
    ///
    /// # Errors
    /// [`GlobError`], for a text of another syntax or one that no path can match.
    pub fn new(text: &str) -> Result<Self, GlobError> {
        check(text)?;
        let mut builder = GlobBuilder::new(text);
        builder
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true);
        let glob = builder.build().map_err(|error| match error.kind() {
            ErrorKind::UnclosedClass => GlobError::UnclosedClass,
            ErrorKind::InvalidRange(from, to) => GlobError::Range(*from, *to),
            ErrorKind::UnopenedAlternates | ErrorKind::UnclosedAlternates => GlobError::Alternates,
            ErrorKind::DanglingEscape => GlobError::Escape,
            _ => GlobError::TooComplex,
        })?;
        Ok(Self {
            source: text.to_owned(),
            matcher: glob.compile_matcher(),
        })
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Whether the whole path matches.
    pub fn matches(&self, path: &RepoPath) -> bool {
        let candidate = Candidate::from_bytes(path.as_bytes());
        self.matcher.is_match_candidate(&candidate)
    }
}

/// Refuses what the library would read otherwise than the specification does.
fn check(text: &str) -> Result<(), GlobError> {
    if text.is_empty() {
        return Err(GlobError::Empty);
    }
    if text.len() > GLOB_LIMIT {
        return Err(GlobError::TooLong);
    }
    if text.starts_with('!') {
        return Err(GlobError::Negated);
    }
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(GlobError::NoPath);
    }
    let mut characters = text.chars().peekable();
    let mut before = None;
    let mut depth = 0_usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                before = characters.next();
                continue;
            }
            '[' => check_class(&mut characters)?,
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '*' if characters.next_if_eq(&'*').is_some() => {
                let starts = matches!(before, None | Some('/'));
                let ends = match characters.peek() {
                    None | Some('/') => true,
                    Some(',' | '}') => depth > 0,
                    Some(_) => false,
                };
                if !starts || !ends {
                    return Err(GlobError::Stars);
                }
            }
            _ => {}
        }
        before = Some(character);
    }
    Ok(())
}

/// Reads past a class whose `[` was read.
fn check_class(characters: &mut Peekable<Chars<'_>>) -> Result<(), GlobError> {
    characters.next_if(|character| matches!(character, '!' | '^'));
    let mut first = true;
    while let Some(character) = characters.next() {
        match character {
            ']' if !first => return Ok(()),
            '[' if characters.peek() == Some(&':') => return Err(GlobError::Class),
            '/' => return Err(GlobError::Class),
            other if !other.is_ascii() => return Err(GlobError::Class),
            _ => first = false,
        }
    }
    Err(GlobError::UnclosedClass)
}

#[cfg(test)]
#[path = "glob_tests.rs"]
mod tests;
