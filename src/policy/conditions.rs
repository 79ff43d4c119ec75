//! Reading `when` and `require`.

use super::against::MentionKind;
use super::parse::Reading;
use super::{Require, When};
use crate::ai::Extent;
use crate::text::toml::Fields;

/// The keys of `when`.
pub(super) const WHEN_KEYS: [&str; 9] = [
    "ai",
    "tool",
    "model",
    "author_below",
    "author",
    "blast_radius",
    "lines_over",
    "files_over",
    "stage",
];

/// The keys of `require`.
pub(super) const REQUIRE_KEYS: [&str; 10] = [
    "signers",
    "level",
    "above_author",
    "team",
    "teams",
    "presence",
    "user_verification",
    "timestamp",
    "declaration",
    "max_age",
];

/// The levels of a blast radius, the least first.
const BLAST_LEVELS: [(&str, ()); 4] = [("low", ()), ("medium", ()), ("high", ()), ("critical", ())];

/// The most signers that a rule may ask for.
const SIGNERS_LIMIT: i64 = 100;

/// The most teams that a rule may ask for.
pub(super) const TEAMS_LIMIT: usize = 100;

/// The extents by their words.
pub(super) fn extents() -> [(&'static str, Extent); 4] {
    Extent::ALL.map(|extent| (extent.as_str(), extent))
}

impl Reading {
    /// Reads the `when` of a rule.
    pub(super) fn when(&mut self, rule: &Fields<'_>) -> Option<When> {
        if !rule.has("when") {
            return Some(When::default());
        }
        let fields = rule.table("when", "when")?;
        fields.allow(&WHEN_KEYS);
        let ai = fields.choice("ai", &extents());
        let below = fields.label("author_below");
        self.mention(&fields, MentionKind::Level, below);
        let authors = [("agent", false), ("unproven", true)];
        let author = fields.choice("author", &authors);
        let over = |key: &str| {
            let number = fields.number(key, 0, i64::MAX)?;
            u64::try_from(number.value).ok()
        };
        let (lines_over, files_over) = (over("lines_over"), over("files_over"));
        let tool = fields.label("tool");
        let model = fields.label("model");
        let stage = fields.label("stage");
        // What follows is checked, and refused at the gate as not supported (CS906).
        fields.choice("blast_radius", &BLAST_LEVELS);
        self.unsupported_if(fields.has("blast_radius"), &fields, "when.", "blast_radius");
        Some(When {
            ai: ai.map(|ai| ai.value),
            author_below: below.map(|level| level.value.to_owned()),
            tool: tool.map(|tool| tool.value.to_owned()),
            model: model.map(|model| model.value.to_owned()),
            stage: stage.map(|stage| stage.value.to_owned()),
            author_unproven: author.is_some_and(|author| author.value),
            author_agent: author.is_some_and(|author| !author.value),
            lines_over,
            files_over,
        })
    }

    /// Reads a `require`; `None` also where it is missing.
    pub(super) fn require(&mut self, rule: &Fields<'_>) -> Option<Require> {
        let fields = rule.table("require", "require")?;
        let known = fields.allow(&REQUIRE_KEYS);
        let signers = fields.number("signers", 1, SIGNERS_LIMIT);
        let level = fields.label("level");
        self.mention(&fields, MentionKind::Level, level);
        let team = fields.label("team");
        self.mention(&fields, MentionKind::Team, team);
        let teams = fields.some_strings("teams", TEAMS_LIMIT);
        let teams = fields.distinct("teams", teams.unwrap_or_default());
        for team in &teams {
            self.mention(&fields, MentionKind::Team, Some(*team));
        }
        let above_author = is_set(&fields, "above_author");
        let declaration = is_set(&fields, "declaration");
        let max_age = self.duration(&fields, "max_age");
        // A sign-off is asked for by the number of signers or by what they must be or bring.
        let mut asks = fields.has("max_age") || above_author;
        let presence = is_set(&fields, "presence");
        let user_verification = is_set(&fields, "user_verification");
        let timestamp = is_set(&fields, "timestamp");
        asks |= presence || user_verification || timestamp;
        asks |= ["signers", "level", "team", "teams"]
            .into_iter()
            .any(|key| fields.has(key));
        if known && !asks && !declaration {
            fields
                .reader
                .error(fields.at, "\"require\" asks for nothing");
        }
        let number = signers.and_then(|signers| usize::try_from(signers.value).ok());
        Some(Require {
            signers: number.unwrap_or(usize::from(asks)),
            level: level.map(|level| level.value.to_owned()),
            above_author,
            team: team.map(|team| team.value.to_owned()),
            teams: teams.iter().map(|team| team.value.to_owned()).collect(),
            declaration,
            presence,
            user_verification,
            timestamp,
            max_age,
        })
    }
}

/// Whether a flag is there and true.
fn is_set(fields: &Fields<'_>, key: &str) -> bool {
    fields.flag(key).is_some_and(|flag| flag.value)
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
