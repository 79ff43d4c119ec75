//! Reading `policy.toml`. SPEC section 6, design 4.4 and 6.
//!
//! The whole grammar is read and checked; what this version can't evaluate is listed in
//! [`Policy::unsupported`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::against::{Mention, MentionKind};
use super::ai_rule::{AiRules, read_ai_rules};
use super::conditions::extents;
use super::{Enforce, Glob, Policy, Rule, Unsupported, parse_duration};
use crate::ai::Extent;
use crate::text::toml::{Fields, Placed, read};
use crate::text::{TextError, escape};

/// Where statements are kept where nothing else is said; the only store that a policy may name yet.
const DEFAULT_STORE: &str = "refs/countersign/attestations";

/// The keys of the file.
pub(super) const POLICY_KEYS: [&str; 14] = [
    "repository",
    "aliases",
    "protected",
    "undeclared",
    "exempt",
    "clean_merge",
    "checkpoints",
    "store",
    "default",
    "rule",
    "revert",
    "emergency",
    "accept_line_of",
    "ai",
];

/// The keys of `[default]`.
pub(super) const DEFAULT_KEYS: [&str; 2] = ["require", "enforce"];

/// The keys of a `[[rule]]`.
pub(super) const RULE_KEYS: [&str; 8] = [
    "name",
    "paths",
    "except_paths",
    "when",
    "require",
    "forbid",
    "enforce",
    "clean_merge",
];

/// The name of `[default]` among the rules.
const DEFAULT_NAME: &str = "[default]";

/// The most rules, and the most `[[ai.rule]]`.
pub(super) const RULES_LIMIT: usize = 1_000;

/// The most globs of a file.
const GLOBS_LIMIT: usize = 4_096;

/// The most branches, aliases or people of a list.
pub(super) const LIST_LIMIT: usize = 1_000;

impl Policy {
    /// Reads and checks a policy; `file` is the name that errors give it.
    ///
    /// # Errors
    /// Every mistake with its place, in the file's order.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<TextError>> {
        read(text, file, |root| Reading::default().policy(root))
    }
}

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reading {
    unsupported: Vec<Unsupported>,
    mentions: Vec<Mention>,
    globs: usize,
    revert_window: Option<Duration>,
    accept_line_of: BTreeMap<String, Vec<String>>,
    gate_checkpoints: bool,
    ai: AiRules,
}

impl Reading {
    fn policy(mut self, root: &Fields<'_>) -> Option<Policy> {
        root.allow(&POLICY_KEYS);
        root.demand(&["repository", "protected", "default"]);
        let repository = repository(root);
        let aliases = aliases(root, repository);
        let protected = protected(root);
        let undeclared = root.choice("undeclared", &extents());
        let clean_merge = root.flag("clean_merge").is_some_and(|flag| flag.value);
        let exempt = self.globs(root, "exempt");
        self.later_settings(root, &protected);
        let emergency = self.emergency(root);
        let default = root.table("default", DEFAULT_NAME);
        let default = default.and_then(|default| self.default_rule(&default));
        let rules = self.rules(root);
        self.unsupported.sort_by_key(|unsupported| unsupported.line);
        Some(Policy {
            repository: repository?.value.to_owned(),
            aliases: aliases.iter().map(|alias| alias.value.to_owned()).collect(),
            protected: protected
                .iter()
                .map(|branch| branch.value.to_owned())
                .collect(),
            undeclared: undeclared.map_or(Extent::Assisted, |extent| extent.value),
            clean_merge,
            revert_window: self.revert_window,
            emergency,
            accept_line_of: self.accept_line_of,
            gate_checkpoints: self.gate_checkpoints,
            exempt,
            rules: default.into_iter().chain(rules).collect(),
            unsupported: self.unsupported,
            ai: self.ai,
            mentions: self.mentions,
        })
    }

    /// Notes a key that this version can't evaluate.
    pub(super) fn unsupported_if(&mut self, set: bool, fields: &Fields<'_>, path: &str, key: &str) {
        if set {
            self.unsupported.push(Unsupported {
                key: format!("{path}{key}"),
                line: fields.key_line(key),
            });
        }
    }

    /// Notes a name to be looked up in the roster.
    pub(super) fn mention(
        &mut self,
        fields: &Fields<'_>,
        kind: MentionKind,
        name: Option<Placed<&str>>,
    ) {
        if let Some(name) = name {
            let (line, column) = fields.reader.position(name.at);
            self.mentions.push(Mention {
                kind,
                name: name.value.to_owned(),
                line,
                column,
            });
        }
    }

    /// Reads a duration.
    pub(super) fn duration(&mut self, fields: &Fields<'_>, key: &str) -> Option<Duration> {
        let text = fields.string(key)?;
        let read = parse_duration(text.value);
        read.map_err(|error| fields.reader.error(text.at, format!("\"{key}\": {error}")))
            .ok()
    }

    /// Reads a list of globs; empty where the key is missing.
    fn globs(&mut self, fields: &Fields<'_>, key: &str) -> Vec<Glob> {
        let texts = fields.some_strings(key, GLOBS_LIMIT).unwrap_or_default();
        let before = self.globs;
        self.globs += texts.len();
        if self.globs > GLOBS_LIMIT {
            // Told once, where the limit is passed; what is past it is not compiled.
            if before <= GLOBS_LIMIT {
                let at = fields.key_at(key).unwrap_or(fields.at);
                let message = format!("the file has more than {GLOBS_LIMIT} globs");
                fields.reader.error(at, message);
            }
            return Vec::new();
        }
        let mut known = HashSet::new();
        let read = |text: Placed<&str>| match Glob::new(text.value) {
            Ok(glob) if known.insert(text.value.to_owned()) => Some(glob),
            Ok(_) => {
                let shown = escape(text.value, 60);
                let message = format!("\"{key}\" lists \"{shown}\" twice");
                fields.reader.error(text.at, message);
                None
            }
            Err(error) => {
                fields.reader.error(text.at, format!("\"{key}\": {error}"));
                None
            }
        };
        texts.into_iter().filter_map(read).collect()
    }

    /// Reads what this version only checks: the settings outside the rules.
    fn later_settings(&mut self, root: &Fields<'_>, protected: &[Placed<&str>]) {
        let store = root
            .string("store")
            .filter(|store| is_full_ref(root, "store", *store));
        let elsewhere = store.is_some_and(|store| store.value != DEFAULT_STORE);
        self.unsupported_if(elsewhere, root, "", "store");
        let checkpoints = root.some_strings("checkpoints", 2).unwrap_or_default();
        let checkpoints = root.distinct("checkpoints", checkpoints);
        for word in &checkpoints {
            if !["admins", "gate"].contains(&word.value) {
                root.unknown("checkpoints", *word, &["admins", "gate"]);
            }
        }
        let by_admins = checkpoints.iter().any(|word| word.value == "admins");
        if let Some(first) = checkpoints.first().filter(|_| !by_admins) {
            // What the admins accept is always accepted: nobody shall believe otherwise.
            let message = "\"checkpoints\" must list \"admins\"";
            root.reader.error(first.at, message);
        }
        let by_gate = checkpoints.iter().any(|word| word.value == "gate");
        self.gate_checkpoints = by_gate;
        if let Some(revert) = root.table("revert", "[revert]") {
            revert.allow(&["window"]);
            revert.demand(&["window"]);
            self.revert_window = self.duration(&revert, "window");
        }
        if let Some(lines) = root.table("accept_line_of", "accept_line_of") {
            self.accept_line_of = accept_line_of(&lines, protected);
        }
        if let Some(ai) = root.table("ai", "[ai]") {
            ai.allow(&["rule"]);
            ai.demand(&["rule"]);
            self.ai = read_ai_rules(&ai, &mut self.mentions);
        }
    }

    fn default_rule(&mut self, fields: &Fields<'_>) -> Option<Rule> {
        fields.allow(&DEFAULT_KEYS);
        Some(Rule {
            name: DEFAULT_NAME.to_owned(),
            line: fields.line(),
            paths: Vec::new(),
            except_paths: Vec::new(),
            when: super::When::default(),
            require: self.require(fields),
            forbid: None,
            exact: false,
            enforce: enforce(fields),
        })
    }

    fn rules(&mut self, root: &Fields<'_>) -> Vec<Rule> {
        let mut names: HashMap<&str, usize> = HashMap::new();
        let mut rules = Vec::new();
        for fields in root.tables("rule", "[[rule]]", RULES_LIMIT) {
            let known = fields.allow(&RULE_KEYS);
            fields.demand(&["name"]);
            if known && !fields.has("require") && !fields.has("forbid") {
                let message = "a rule needs \"require\" or \"forbid\"";
                fields.reader.error(fields.at, message);
            }
            let name = fields.label("name");
            if let Some(name) = name {
                let line = fields.reader.line(name.at);
                if name.value == DEFAULT_NAME {
                    fields
                        .reader
                        .error(name.at, "a rule can't be named \"[default]\"");
                } else if let Some(first) = names.insert(name.value, line) {
                    let message = format!("the rule of line {first} has the same name");
                    fields.reader.error(name.at, message);
                }
            }
            rules.extend(self.rule(&fields, name));
        }
        rules
    }

    fn rule(&mut self, fields: &Fields<'_>, name: Option<Placed<&str>>) -> Option<Rule> {
        let paths = self.globs(fields, "paths");
        let except_paths = self.globs(fields, "except_paths");
        let when = self.when(fields);
        let require = self.require(fields);
        let forbid = fields.label("forbid");
        // SPEC 6: a rule can only make the gate stricter.
        let clean_merge = fields.flag("clean_merge");
        if let Some(flag) = clean_merge.filter(|flag| flag.value) {
            let message = "\"clean_merge\" in a rule can only be false";
            fields.reader.error(flag.at, message);
        }
        Some(Rule {
            name: name?.value.to_owned(),
            line: fields.line(),
            paths,
            except_paths,
            when: when?,
            require,
            forbid: forbid.map(|why| why.value.to_owned()),
            exact: clean_merge.is_some(),
            enforce: enforce(fields),
        })
    }
}

fn enforce(fields: &Fields<'_>) -> Enforce {
    let words = [("block", Enforce::Block), ("warn", Enforce::Warn)];
    let found = fields.choice("enforce", &words);
    found.map(|enforce| enforce.value).unwrap_or_default()
}

fn repository<'r>(root: &Fields<'r>) -> Option<Placed<&'r str>> {
    let name = root.label("repository")?;
    check_repository(root, "repository", name).then_some(name)
}

/// A repository's name is compared byte for byte, so it is one word.
fn check_repository(root: &Fields<'_>, key: &str, name: Placed<&str>) -> bool {
    let one_word = !name.value.contains(char::is_whitespace);
    if !one_word {
        root.reader
            .error(name.at, format!("\"{key}\" can't hold white space"));
    }
    one_word
}

fn aliases<'r>(root: &Fields<'r>, repository: Option<Placed<&str>>) -> Vec<Placed<&'r str>> {
    let aliases = root.strings("aliases", LIST_LIMIT).unwrap_or_default();
    let aliases = root.distinct("aliases", aliases);
    for alias in &aliases {
        check_repository(root, "aliases", *alias);
        if repository.is_some_and(|name| name.value == alias.value) {
            root.reader
                .error(alias.at, "an alias is the repository's own name");
        }
    }
    aliases
}

fn protected<'r>(root: &Fields<'r>) -> Vec<Placed<&'r str>> {
    let branches = root.some_strings("protected", LIST_LIMIT);
    let branches = root.distinct("protected", branches.unwrap_or_default());
    let is_branch = |branch: &Placed<&str>| check_branch(root, "protected", *branch);
    branches.into_iter().filter(is_branch).collect()
}

/// Checks that a name is a branch as a full ref; a bare name is answered with the full one.
fn check_branch(fields: &Fields<'_>, key: &str, branch: Placed<&str>) -> bool {
    let full = branch.value.starts_with("refs/heads/");
    if full && is_ref_name(branch.value) {
        return true;
    }
    let meant = format!("refs/heads/{}", branch.value);
    let bare = !full && !branch.value.starts_with("refs/") && is_ref_name(&meant);
    let message = format!("\"{key}\" must hold branches as full refs, refs/heads/...");
    fields
        .reader
        .report(branch.at, message, bare.then_some(meant));
    false
}

fn is_full_ref(fields: &Fields<'_>, key: &str, name: Placed<&str>) -> bool {
    let full = name.value.starts_with("refs/") && is_ref_name(name.value);
    if !full {
        let message = format!("\"{key}\" must be a full ref, refs/...");
        fields.reader.error(name.at, message);
    }
    full
}

/// The rules of git-check-ref-format(1) for a full ref.
fn is_ref_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    name.split('/').all(part)
        && name.split('/').count() > 2
        && !name.ends_with('.')
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(forbidden)
        && name.len() <= 255
}

/// `accept_line_of`: for a protected branch, other protected branches whose sign-offs it accepts.
fn accept_line_of(
    fields: &Fields<'_>,
    protected: &[Placed<&str>],
) -> BTreeMap<String, Vec<String>> {
    let mut accepted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let known: Vec<_> = protected.iter().map(|branch| branch.value).collect();
    for (target, _) in fields.table.iter() {
        let at = fields.key_at(target).unwrap_or(fields.at);
        let target_is = Placed { value: target, at };
        if check_branch(fields, "accept_line_of", target_is) && !known.contains(&target) {
            fields.unknown("accept_line_of", target_is, &known);
        }
        let lines = fields.some_strings(target, LIST_LIMIT).unwrap_or_default();
        for line in fields.distinct(target, lines) {
            if line.value == target {
                fields
                    .reader
                    .error(line.at, "a branch's own line is always accepted");
            } else if check_branch(fields, "accept_line_of", line) && !known.contains(&line.value) {
                fields.unknown("accept_line_of", line, &known);
            } else {
                let of = accepted.entry(target.to_owned()).or_default();
                of.push(line.value.to_owned());
            }
        }
    }
    accepted
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
