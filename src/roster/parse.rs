//! Reading `roster.toml`. SPEC section 5, design 4.4.

use crate::change::Digest;
use crate::text::TextError;
use crate::text::toml::{Fields, read};

use super::people::People;
use super::{Admins, Index, Roster, Withdrawn};

/// The keys of the file.
pub(super) const ROSTER_KEYS: [&str; 6] = [
    "levels",
    "engineer",
    "automation",
    "gate",
    "admins",
    "withdrawn",
];

/// The keys of `[admins]`.
pub(super) const ADMINS_KEYS: [&str; 2] = ["ids", "threshold"];

/// The keys of a `[[withdrawn]]`.
pub(super) const WITHDRAWN_KEYS: [&str; 2] = ["payload", "why"];

/// The most levels.
const LEVELS_LIMIT: usize = 100;

/// The most people.
const ENGINEERS_LIMIT: usize = 10_000;

/// The most bots, gates and admins, each.
const OTHERS_LIMIT: usize = 1_000;

/// The most withdrawn statements.
const WITHDRAWN_LIMIT: usize = 10_000;

impl Roster {
    /// Reads and checks a roster; `file` is the name that errors give it.
    ///
    /// # Errors
    /// Every mistake with its place, in the file's order.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<TextError>> {
        read(text, file, read_roster)
    }
}

fn read_roster(root: &Fields<'_>) -> Option<Roster> {
    root.allow(&ROSTER_KEYS);
    root.demand(&["levels", "admins"]);
    let levels = root
        .some_strings("levels", LEVELS_LIMIT)
        .unwrap_or_default();
    let levels: Vec<_> = root.distinct("levels", levels);
    let levels: Vec<_> = levels.iter().map(|level| level.value).collect();
    let mut people = People::new(root.reader, levels.clone());
    let tables = root.tables("engineer", "[[engineer]]", ENGINEERS_LIMIT);
    let engineers = tables.iter().filter_map(|table| people.engineer(table));
    let engineers: Vec<_> = engineers.collect();
    let tables = root.tables("automation", "[[automation]]", OTHERS_LIMIT);
    let automations = tables.iter().filter_map(|table| people.automation(table));
    let automations: Vec<_> = automations.collect();
    let tables = root.tables("gate", "[[gate]]", OTHERS_LIMIT);
    let gates: Vec<_> = tables
        .iter()
        .filter_map(|table| people.gate(table))
        .collect();
    let admins = root.table("admins", "[admins]");
    let admins = admins.and_then(|admins| read_admins(&admins, &people));
    let tables = root.tables("withdrawn", "[[withdrawn]]", WITHDRAWN_LIMIT);
    let withdrawn = tables.iter().filter_map(read_withdrawn).collect();
    // Case C67: a roster by which nothing could ever verify is told as such.
    if people.able.is_empty() {
        let at = root.key_at("engineer").unwrap_or(root.at);
        root.reader.error(
            at,
            "no trusted keys: no engineer has a key that isn't revoked",
        );
    }
    Some(Roster {
        index: Index::of(&engineers, &automations),
        levels: levels.into_iter().map(str::to_owned).collect(),
        engineers,
        automations,
        gates,
        admins: admins?,
        withdrawn,
    })
}

fn read_admins(fields: &Fields<'_>, people: &People<'_>) -> Option<Admins> {
    fields.allow(&ADMINS_KEYS);
    fields.demand(&ADMINS_KEYS);
    let ids = fields.some_strings("ids", OTHERS_LIMIT).unwrap_or_default();
    let listed = ids.len();
    let ids = fields.distinct("ids", ids);
    for id in &ids {
        if !people.engineers.contains(&id.value) {
            fields.unknown("ids", *id, &people.engineers);
        } else if !people.able.contains(id.value) {
            let message = format!("the admin \"{}\" has no key that isn't revoked", id.value);
            fields.reader.error(id.at, message);
        } else if people.keyless.contains(id.value) {
            let message = format!(
                "the admin \"{}\" has no key of their own: nobody signs trust versions by Sigstore",
                id.value
            );
            fields.reader.error(id.at, message);
        }
    }
    let most = i64::try_from(listed.max(1)).unwrap_or(i64::MAX);
    let threshold = fields.number("threshold", 1, most);
    Some(Admins {
        ids: ids.iter().map(|id| id.value.to_owned()).collect(),
        threshold: usize::try_from(threshold?.value).ok()?,
    })
}

fn read_withdrawn(fields: &Fields<'_>) -> Option<Withdrawn> {
    fields.allow(&WITHDRAWN_KEYS);
    fields.demand(&WITHDRAWN_KEYS);
    let why = fields.label("why");
    let payload = fields.string("payload")?;
    match payload.value.parse::<Digest>() {
        Ok(digest) => Some(Withdrawn {
            payload: digest,
            why: why?.value.to_owned(),
        }),
        Err(error) => {
            fields
                .reader
                .error(payload.at, format!("\"payload\" is {error}"));
            None
        }
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
