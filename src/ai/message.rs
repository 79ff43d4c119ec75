//! The lines, trailers and identities of a commit message.

use crate::change::Identity;

/// How many bytes of a message are scanned.
pub const MESSAGE_LIMIT: usize = 1 << 20;

/// A line that isn't blank, without the white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The line of the message, from 1.
    pub number: u64,
    pub text: &'a str,
}

/// The lines of the part of a message that is scanned. A literal `\n`, which a badly quoted shell
/// argument leaves, and a carriage return split a line too; its parts bear the same number.
pub(super) fn lines(message: &str) -> impl Iterator<Item = Line<'_>> {
    scanned(message)
        .split('\n')
        .zip(1..)
        .flat_map(|(line, number)| {
            line.split('\r')
                .flat_map(|part| part.split("\\n"))
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(move |text| Line { number, text })
        })
}

/// The first [`MESSAGE_LIMIT`] bytes, less where that would cut a character.
pub(super) fn scanned(message: &str) -> &str {
    let end = MESSAGE_LIMIT.min(message.len());
    (0..=end)
        .rev()
        .find_map(|end| message.get(..end))
        .unwrap_or_default()
}

/// The key and value of a line `Key: value`, wherever in the message it stands.
pub(super) fn trailer(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let (key, value) = (key.trim_end(), value.trim());
    let is_key = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_key && !value.is_empty()).then_some((key, value))
}

/// The people in a trailer's value: each `name <address>`, or one bare address. A name without an
/// address is nobody.
pub(super) fn identities(value: &str) -> Vec<Identity> {
    let separator = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '&');
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((name, after)) = rest.split_once('<') {
        // A missing `>` is a slip, not a reason to overlook somebody.
        let (email, next) = after.split_once('>').unwrap_or((after, ""));
        let email = email.trim_matches(|c: char| c == '<' || c.is_whitespace());
        if !email.is_empty() {
            found.push(Identity {
                name: name.trim_matches(separator).to_owned(),
                email: email.to_owned(),
            });
        }
        rest = next;
    }
    if found.is_empty() && value.contains('@') && !value.contains(char::is_whitespace) {
        found.push(Identity {
            name: String::new(),
            email: value.to_owned(),
        });
    }
    found
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
