//! Which rules are about a change: paths, sizes, AI, authors (SPEC 6.2, 6.4, 6.6).

use std::collections::BTreeSet;

use super::decision::About;
use super::evaluate::{Evaluation, Writer};
use super::{Facts, Policy, Rule};
use crate::roster::Roster;

/// Whether a rule is about a change.
pub fn about(policy: &Policy, roster: &Roster, facts: &Facts, rule: &Rule) -> About {
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    if !evaluation.touches(rule) {
        About::Paths
    } else if !evaluation.concerns(rule) {
        About::Size
    } else if rule.when.stage.is_some() && rule.when.stage != facts.stage {
        About::Stage
    } else if !evaluation.applies(rule) {
        About::Author
    } else if evaluation.silent(rule) {
        About::Silence
    } else if !evaluation.ai_matches(rule) {
        About::Ai
    } else if !evaluation.asks(rule) {
        About::Exempt
    } else {
        About::Applies
    }
}

impl Evaluation<'_> {
    /// Whether the rule is about such paths and sizes.
    pub(super) fn concerns(&self, rule: &Rule) -> bool {
        let files = rule
            .when
            .files_over
            .is_none_or(|limit| self.facts.files > limit);
        let over = |limit| self.facts.lines.is_none_or(|lines| lines > limit);
        let lines = rule.when.lines_over.is_none_or(over);
        files && lines && self.touches(rule)
    }

    fn touches(&self, rule: &Rule) -> bool {
        self.facts.paths.iter().any(|path| {
            (rule.paths.is_empty() || rule.paths.iter().any(|glob| glob.matches(path)))
                && !rule.except_paths.iter().any(|glob| glob.matches(path))
        })
    }

    pub(super) fn ai_matches(&self, rule: &Rule) -> bool {
        let ai = rule
            .when
            .ai
            .is_none_or(|ai| self.facts.extent(self.policy.undeclared) >= ai);
        let named = |known: &BTreeSet<String>, wanted: &Option<String>| {
            let wanted = wanted.as_ref().map(|wanted| wanted.to_lowercase());
            self.facts.agents_left_out || wanted.is_none_or(|wanted| known.contains(&wanted))
        };
        ai && named(&self.facts.tools, &rule.when.tool)
            && named(&self.facts.models, &rule.when.model)
    }

    /// Whether the rule would ask more, had somebody declared what it is about.
    pub(super) fn silent(&self, rule: &Rule) -> bool {
        self.facts.declared.is_none() && !self.ai_matches(rule)
    }

    /// Whether the rule's conditions on stage and author hold, were it written by `writer`.
    pub(super) fn holds_for(&self, rule: &Rule, writer: Writer<'_>) -> bool {
        if rule.when.stage.is_some() && rule.when.stage != self.facts.stage {
            return false;
        }
        if rule.when.author_unproven && !self.facts.proven.is_empty() {
            return false;
        }
        if rule.when.author_agent && !self.facts.agent_wrote {
            return false;
        }
        let Some(below) = &rule.when.author_below else {
            return true;
        };
        let level = match writer {
            Writer::Person(engineer) => engineer.level,
            Writer::Stranger => self.roster.lowest_level(),
        };
        // A level that the roster lacks can't be compared with: the rule applies.
        self.roster.level(below).is_none_or(|below| level < below)
    }
}
