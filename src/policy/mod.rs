//! The policy: declarative, monotone rules over verified facts. SPEC section 6.
//!
//! [`Policy::parse`] reads and checks `policy.toml`. Every rule that matches applies, requirements
//! add up, `forbid` wins, and a rule can only make the gate stricter.

mod against;
mod ai_rule;
mod cases;
mod compare;
mod conditions;
mod decision;
mod duration;
mod emergency;
mod evaluate;
mod facts;
#[cfg(test)]
mod facts_testing;
mod matching;
mod parse;
mod reach;
mod taken;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ai::{AgentTable, Extent};
use crate::change::{Glob, RepoPath};
pub use crate::text::Unsupported;
use against::Mention;
use ai_rule::AiRules;
pub use cases::{Case, Expected, Outcome, read_cases};
pub use compare::PolicyChange;
pub use decision::{About, Decision, Missing, MissingSignOffs, Unhelpful, Unmet};
pub use duration::{DURATION_LIMIT_DAYS, DurationError, parse_duration};
pub use emergency::{Emergency, NoEmergency, in_emergency, is_named, may_sign_emergency};
pub use evaluate::{could_sign, evaluate, unhelpful, would_count};
pub use facts::{Approval, Facts, Proofs};
pub use matching::about;
pub use reach::{Burden, Narrow, burden};

/// A signed policy, read.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The repository's name, such as `github.com/acme/pay`.
    pub repository: String,
    /// Earlier names that statements may carry.
    pub aliases: Vec<String>,
    /// The protected branches as full refs; the first is the default target. Never empty.
    pub protected: Vec<String>,
    /// What a change without declaration counts as. `assisted` where the file is silent.
    pub undeclared: Extent,
    /// Whether the clean merge of a signed change is covered by what was signed.
    pub clean_merge: bool,
    /// How long ago something may have landed that is taken back without a signature; `None`: never.
    pub revert_window: Option<Duration>,
    /// Who may let a change through before the others have signed; `None`: nobody.
    pub emergency: Option<Emergency>,
    /// Whether a gate's summary is a checkpoint too.
    pub gate_checkpoints: bool,
    /// For a protected branch, the branches whose statements count for units that lie on their lines too.
    pub accept_line_of: BTreeMap<String, Vec<String>>,
    /// Paths that need nothing, where all of a change's paths are among them.
    pub exempt: Vec<Glob>,
    /// `[default]` first, then the rules in the file's order.
    pub rules: Vec<Rule>,
    /// What the file asks for and this version can't evaluate: CS906, never ignored.
    pub unsupported: Vec<Unsupported>,
    /// The AI tools that the file adds to the built-in table.
    ai: AiRules,
    /// What the file names that the roster must know, or must not.
    mentions: Vec<Mention>,
}

/// A rule. `[default]` is one without conditions.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The name; `[default]` for the default.
    pub name: String,
    /// The line of `policy.toml` where the rule starts, from 1.
    pub line: usize,
    /// Which paths it is about; empty means all.
    pub paths: Vec<Glob>,
    /// Which paths it leaves out.
    pub except_paths: Vec<Glob>,
    /// When it holds.
    pub when: When,
    /// What it asks.
    pub require: Option<Require>,
    /// Why such a change is forbidden.
    pub forbid: Option<String>,
    /// `clean_merge = false`: it takes signatures on what landed itself alone.
    pub exact: bool,
    /// Whether it blocks or warns.
    pub enforce: Enforce,
}

/// The conditions of a rule; all must hold. Level names are those of the roster and are checked
/// against it when both are loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// At least this extent.
    pub ai: Option<Extent>,
    /// An agent of this tool took part, by name without case.
    pub tool: Option<String>,
    /// An agent with this model took part, by name without case.
    pub model: Option<String>,
    /// The check is for this stage, such as a wide deployment.
    pub stage: Option<String>,
    /// The author stands below this level.
    pub author_below: Option<String>,
    /// `author = "unproven"`: nobody is proven an author.
    pub author_unproven: bool,
    /// `author = "agent"`: a commit names an agent as its author, or a statement says that one wrote it.
    pub author_agent: bool,
    /// More lines than this are added and removed.
    pub lines_over: Option<u64>,
    /// More paths than this differ.
    pub files_over: Option<u64>,
}

/// What a rule asks for; all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Require {
    /// How many distinct people sign; 1 where the file has `require` without `signers`, and 0 where
    /// it asks for a declaration alone.
    pub signers: usize,
    /// Each stands at this level or above.
    pub level: Option<String>,
    /// Each stands above the author's level; above a top-level author stands another top-level person.
    pub above_author: bool,
    /// Each is of this team.
    pub team: Option<String>,
    /// One signer of each of these teams; one person may serve several.
    pub teams: Vec<String>,
    /// A counted declaration by a roster person.
    pub declaration: bool,
    /// Each signature proves that somebody touched a security key.
    pub presence: bool,
    /// Each signature proves that a security key knew its owner, by a PIN or a finger.
    pub user_verification: bool,
    /// An authority's timestamp says by when each was made.
    pub timestamp: bool,
    /// How old an approval may be when the change lands; an approval of that very age counts.
    pub max_age: Option<Duration>,
}

/// Whether an unmet rule refuses or only warns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforce {
    /// Refuses.
    #[default]
    Block,
    /// Warns.
    Warn,
}

impl Require {
    /// What each signature must prove beside that a key signed.
    pub fn proofs(&self) -> Proofs {
        Proofs {
            presence: self.presence,
            user_verification: self.user_verification,
            timestamp: self.timestamp,
        }
    }
}

impl Policy {
    /// The highest `lines_over` of all rules; `None` where none asks how many lines a change has.
    pub fn most_lines(&self) -> Option<u64> {
        let rules = self.rules.iter();
        rules.filter_map(|rule| rule.when.lines_over).max()
    }

    /// Whether some rule asks for an authority's timestamp.
    pub fn asks_timestamp(&self) -> bool {
        let mut rules = self.rules.iter();
        let asks = |rule: &Rule| rule.require.as_ref().is_some_and(|ask| ask.timestamp);
        rules.any(asks)
    }

    /// The tools whose traces count: the built-in table, extended by `[[ai.rule]]`.
    pub fn agents(&self) -> &AgentTable {
        self.ai
            .table
            .as_deref()
            .unwrap_or_else(|| AgentTable::builtin())
    }

    /// Whether a path needs nothing, if all of a change's paths do.
    pub fn is_exempt(&self, path: &RepoPath) -> bool {
        self.exempt.iter().any(|glob| glob.matches(path))
    }
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod tests;
