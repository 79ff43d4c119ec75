//! What is wrong, as every format but text and JSON tells it: one entry for each finding.

use super::human::{self, Labels};
use crate::change::{CommitId, sha256};
use crate::codes::Code;
use crate::gate::{Effect, Undecided, Verdict};
use crate::text::escape;

/// What a format is made of: a verdict, or why there is none.
#[derive(Clone, Copy)]
pub enum Answer<'a> {
    /// A verdict, with what its ends are called.
    Verdict(&'a Verdict, &'a Labels),
    /// Nothing could be decided. It never looks like a pass.
    Undecided(&'a Undecided),
}

/// One finding.
pub(super) struct Problem {
    pub effect: Effect,
    pub code: Code,
    /// The code's title and what more there is, on one line.
    pub title: String,
    /// The whole block that text shows; safe to show on a terminal.
    pub text: String,
    /// The line of the rule that asks, else 1.
    pub line: usize,
    /// The commit that it is about; `None` where nothing was decided.
    pub commit: Option<CommitId>,
    /// The same for the same finding about the same commit.
    pub fingerprint: String,
}

/// Every finding, the worst first. A verdict without any has none.
pub(super) fn problems(answer: Answer<'_>) -> Vec<Problem> {
    let (verdict, _) = match answer {
        Answer::Verdict(verdict, labels) => (verdict, labels),
        Answer::Undecided(undecided) => {
            let title = format!("could not decide: {}", escape(&undecided.message, 1_000));
            return vec![Problem {
                effect: Effect::Refuses,
                code: undecided.code,
                text: human::undecided(undecided),
                fingerprint: fingerprint(&[undecided.code.to_string(), title.clone()]),
                title,
                line: 1,
                commit: None,
            }];
        }
    };
    human::blocks(verdict)
        .map(|(unit, finding, text)| {
            let detail = human::detail(finding);
            let rule = finding.rule.as_ref();
            let parts = [
                finding.code.to_string(),
                unit.commit.to_string(),
                rule.map_or_else(String::new, |rule| rule.name.clone()),
                detail.clone(),
            ];
            Problem {
                effect: finding.effect,
                code: finding.code,
                title: format!("{}{detail}", finding.code.title()),
                text,
                line: rule.map_or(1, |rule| rule.line),
                commit: Some(unit.commit.clone()),
                fingerprint: fingerprint(&parts),
            }
        })
        .collect()
}

fn fingerprint(parts: &[String]) -> String {
    sha256(parts.join("\0").as_bytes()).to_string()
}
