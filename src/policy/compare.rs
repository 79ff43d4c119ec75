//! What a new policy asks more or less than the one before, for the admins who sign it.

use std::time::Duration;

use super::{Emergency, Enforce, Glob, Policy, Require, Rule, When};
use crate::roster::Roster;

/// One difference between two policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// What changed, in a few words: `rule "payments": signers 2 -> 1`.
    pub what: String,
    /// Whether the gate may pass for it what it would have refused before. What can't be told counts as weaker.
    pub weaker: bool,
    /// The line of the new `policy.toml`; of what is gone, none.
    pub line: Option<usize>,
}

impl Policy {
    /// What this policy changes of an older one. Levels compare by `roster`, the newer.
    pub fn changes_since(&self, older: &Self, roster: &Roster) -> Vec<PolicyChange> {
        let mut found = Found::default();
        found.named("repository", &older.repository, &self.repository, true);
        found.lists("aliases", &older.aliases, &self.aliases, Less::Removed);
        found.lists("protected", &older.protected, &self.protected, Less::Added);
        if older.protected.first() != self.protected.first() {
            found.tell("the default target is another", true);
        }
        let (before, now) = (older.undeclared, self.undeclared);
        found.named("undeclared", before.as_str(), now.as_str(), now < before);
        match (older.clean_merge, self.clean_merge) {
            (false, true) => found.tell("clean merges of what was signed pass", true),
            (true, false) => found.tell("clean merges of what was signed pass no more", false),
            _ => {}
        }
        found.windows(older.revert_window, self.revert_window);
        found.emergency(older.emergency.as_ref(), self.emergency.as_ref(), roster);
        match (older.gate_checkpoints, self.gate_checkpoints) {
            (false, true) => found.tell("gates' summaries are checkpoints", true),
            (true, false) => found.tell("gates' summaries are checkpoints no more", false),
            _ => {}
        }
        for (branch, lines) in &self.accept_line_of {
            let before = older
                .accept_line_of
                .get(branch)
                .map_or(&[][..], Vec::as_slice);
            let what = format!("accept_line_of {branch}");
            found.lists(&what, before, lines, Less::Removed);
        }
        for (branch, lines) in &older.accept_line_of {
            if !self.accept_line_of.contains_key(branch) {
                found.lists(
                    &format!("accept_line_of {branch}"),
                    lines,
                    &[],
                    Less::Removed,
                );
            }
        }
        let exempt = |policy: &Self| texts(&policy.exempt);
        found.lists("exempt", &exempt(older), &exempt(self), Less::Removed);
        found.agents(older, self);
        for rule in &self.rules {
            found.start(name(rule), Some(rule.line));
            match older.rules.iter().find(|old| old.name == rule.name) {
                Some(old) => found.rule(old, rule, roster),
                None => found.tell("new", false),
            }
        }
        let kept = |old: &&Rule| self.rules.iter().any(|rule| rule.name == old.name);
        for gone in older.rules.iter().filter(|old| !kept(old)) {
            found.start(name(gone), None);
            found.tell("removed", true);
        }
        found.changes
    }
}

fn name(rule: &Rule) -> String {
    match rule.name.as_str() {
        "[default]" => "[default]: ".to_owned(),
        name => format!("rule \"{name}\": "),
    }
}

fn minutes(duration: Duration) -> String {
    format!("{} min", duration.as_secs() / 60)
}

fn texts(globs: &[Glob]) -> Vec<String> {
    globs.iter().map(|glob| glob.as_str().to_owned()).collect()
}

/// Which way a list asks less.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Less {
    /// What is added asks more: a protected branch, a team. What is removed asks less.
    Added,
    /// The other way round: an exemption.
    Removed,
}

#[derive(Default)]
struct Found {
    changes: Vec<PolicyChange>,
    /// What the next changes are about.
    about: String,
    line: Option<usize>,
}

impl Found {
    fn start(&mut self, about: String, line: Option<usize>) {
        (self.about, self.line) = (about, line);
    }

    fn tell(&mut self, what: impl AsRef<str>, weaker: bool) {
        self.changes.push(PolicyChange {
            what: format!("{}{}", self.about, what.as_ref()),
            weaker,
            line: self.line,
        });
    }

    fn named(&mut self, what: &str, before: &str, now: &str, weaker: bool) {
        if before != now {
            self.tell(format!("{what} {before} -> {now}"), weaker);
        }
    }

    fn lists(&mut self, what: &str, before: &[String], now: &[String], less: Less) {
        for added in now.iter().filter(|item| !before.contains(item)) {
            self.tell(format!("{what} + {added}"), less == Less::Removed);
        }
        for gone in before.iter().filter(|item| !now.contains(item)) {
            self.tell(format!("{what} - {gone}"), less == Less::Added);
        }
    }

    /// The longer what landed can be taken back without a signature, the less is asked.
    fn windows(&mut self, before: Option<Duration>, now: Option<Duration>) {
        let shown = |window: Option<Duration>| window.map_or_else(|| "none".to_owned(), minutes);
        self.named("revert window", &shown(before), &shown(now), now > before);
    }

    /// The more people may let a change through, and the longer, the less is asked.
    fn emergency(&mut self, older: Option<&Emergency>, newer: Option<&Emergency>, roster: &Roster) {
        self.start("[emergency]: ".to_owned(), None);
        match (older, newer) {
            (None, Some(_)) => self.tell("new", true),
            (Some(_), None) => self.tell("removed", false),
            (None, None) => {}
            (Some(older), Some(newer)) => {
                self.lists("ids", &older.ids, &newer.ids, Less::Removed);
                self.lists("teams", &older.teams, &newer.teams, Less::Removed);
                let more = match (&older.level, &newer.level) {
                    (_, None) => false,
                    (None, Some(_)) => true,
                    (Some(before), Some(now)) => lower(roster, before, now),
                };
                self.asked("level", older.level.as_ref(), newer.level.as_ref(), more);
                if older.author != newer.author {
                    self.tell(
                        format!("author {} -> {}", older.author, newer.author),
                        newer.author,
                    );
                }
                let (before, now) = (older.follow_up, newer.follow_up);
                self.named("follow_up", &minutes(before), &minutes(now), now > before);
            }
        }
        self.start(String::new(), None);
    }

    /// A row more finds more, where it takes nothing away; what another row finds, nobody can tell.
    fn agents(&mut self, older: &Policy, newer: &Policy) {
        for row in &newer.ai.rows {
            self.start(format!("[[ai.rule]] \"{}\": ", row.id), Some(row.line));
            match older.ai.rows.iter().find(|old| old.id == row.id) {
                None => self.tell("new", row.takes_away),
                Some(old) if old.text != row.text => self.tell("another", true),
                Some(_) => {}
            }
        }
        let kept = |id: &str| newer.ai.rows.iter().any(|row| row.id == id);
        for gone in older.ai.rows.iter().filter(|old| !kept(&old.id)) {
            self.start(format!("[[ai.rule]] \"{}\": ", gone.id), None);
            self.tell("removed", true);
        }
        self.start(String::new(), None);
    }

    fn rule(&mut self, old: &Rule, new: &Rule, roster: &Roster) {
        self.paths(&texts(&old.paths), &texts(&new.paths));
        let except = (texts(&old.except_paths), texts(&new.except_paths));
        self.lists("except_paths", &except.0, &except.1, Less::Removed);
        self.when(&old.when, &new.when, roster);
        self.require(old.require.as_ref(), new.require.as_ref(), roster);
        match (&old.forbid, &new.forbid) {
            (None, Some(_)) => self.tell("forbids", false),
            (Some(_), None) => self.tell("forbids no more", true),
            (before, now) if before != now => self.tell("forbids with other words", false),
            _ => {}
        }
        match (old.exact, new.exact) {
            (true, false) => self.tell("takes clean merges", true),
            (false, true) => self.tell("takes no clean merges", false),
            _ => {}
        }
        match (old.enforce, new.enforce) {
            (Enforce::Block, Enforce::Warn) => self.tell("enforce block -> warn", true),
            (Enforce::Warn, Enforce::Block) => self.tell("enforce warn -> block", false),
            _ => {}
        }
    }

    /// No paths are all paths.
    fn paths(&mut self, before: &[String], now: &[String]) {
        match (before.is_empty(), now.is_empty()) {
            (true, false) => self.tell(format!("paths all -> {}", now.join(", ")), true),
            (false, true) => self.tell(format!("paths {} -> all", before.join(", ")), false),
            _ => self.lists("paths", before, now, Less::Added),
        }
    }

    /// A condition more, or one that holds less often, asks less.
    fn when(&mut self, old: &When, new: &When, roster: &Roster) {
        let extent = |when: &When| when.ai.map(|extent| extent.as_str().to_owned());
        self.condition("ai", extent(old), extent(new), new.ai > old.ai);
        let below = |when: &When| when.author_below.clone();
        // Without the condition the rule is about everybody.
        let fewer = match (&old.author_below, &new.author_below) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(before), Some(now)) => lower(roster, before, now),
        };
        self.condition("author_below", below(old), below(new), fewer);
        // Another name is neither more nor less: people must say.
        for (what, before, now) in [
            ("tool", &old.tool, &new.tool),
            ("model", &old.model, &new.model),
        ] {
            self.condition(what, before.clone(), now.clone(), now.is_some());
        }
        self.condition(
            "stage",
            old.stage.clone(),
            new.stage.clone(),
            new.stage.is_some(),
        );
        let author = |when: &When| match (when.author_unproven, when.author_agent) {
            (true, _) => Some("unproven".to_owned()),
            (_, true) => Some("agent".to_owned()),
            _ => None,
        };
        let fewer = author(new).is_some();
        self.condition("author", author(old), author(new), fewer);
        let number = |number: Option<u64>| number.map(|number| number.to_string());
        let sizes = [
            ("lines_over", old.lines_over, new.lines_over),
            ("files_over", old.files_over, new.files_over),
        ];
        for (what, before, now) in sizes {
            self.condition(what, number(before), number(now), now > before);
        }
    }

    fn condition(&mut self, what: &str, before: Option<String>, now: Option<String>, less: bool) {
        if before != now {
            let shown = |side: Option<String>| side.unwrap_or_else(|| "any".to_owned());
            let text = format!("when {what} {} -> {}", shown(before), shown(now));
            self.tell(text, less);
        }
    }

    fn require(&mut self, old: Option<&Require>, new: Option<&Require>, roster: &Roster) {
        let (none, asked) = (Require::default(), old.is_some());
        let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
        let signers = format!("signers {} -> {}", old.signers, new.signers);
        if old.signers != new.signers {
            self.tell(signers, asked && new.signers < old.signers);
        }
        let lower = match (&old.level, &new.level) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(now)) => lower(roster, before, now),
        };
        self.asked("level", old.level.as_ref(), new.level.as_ref(), lower);
        // Another team is neither more nor less: whether it is weaker, people must say.
        let other_team = old.team.is_some();
        self.asked("team", old.team.as_ref(), new.team.as_ref(), other_team);
        self.lists("teams", &old.teams, &new.teams, Less::Added);
        let longer = match (old.max_age, new.max_age) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(now)) => now > before,
        };
        let (before, now) = (old.max_age.map(minutes), new.max_age.map(minutes));
        self.asked("max_age", before.as_ref(), now.as_ref(), longer);
        let flags = [
            ("above_author", old.above_author, new.above_author),
            ("declaration", old.declaration, new.declaration),
            ("presence", old.presence, new.presence),
            (
                "user_verification",
                old.user_verification,
                new.user_verification,
            ),
            ("timestamp", old.timestamp, new.timestamp),
        ];
        for (what, before, now) in flags {
            if before != now {
                self.tell(format!("{what} {before} -> {now}"), before);
            }
        }
    }

    fn asked(&mut self, what: &str, before: Option<&String>, now: Option<&String>, less: bool) {
        if before != now {
            let shown = |side: Option<&String>| side.map_or("any", String::as_str).to_owned();
            self.tell(format!("{what} {} -> {}", shown(before), shown(now)), less);
        }
    }
}

/// Whether `now` is a lower level than `before`, or one of them is unknown.
fn lower(roster: &Roster, before: &str, now: &str) -> bool {
    match (roster.level(before), roster.level(now)) {
        (Some(before), Some(now)) => now < before,
        _ => true,
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
