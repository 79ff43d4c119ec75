//! What the policy misses, in words that say whose turn it is (SPEC 8.6, 9).

use super::Gate;
use super::statements::Statements;
use super::verdict::{Effect, Finding, Next, RuleView, StatementKind, UnitVerdict};
use crate::codes::Code;
use crate::policy::{Enforce, Facts, Missing, Unhelpful, Unmet, could_sign, evaluate, unhelpful};
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    pub(super) fn findings(&self, facts: &Facts, statements: &Statements) -> Vec<Finding> {
        let mut findings = self.rejections(facts, statements);
        let decision = evaluate(&self.judging.policy, &self.judging.roster, facts);
        findings.extend(
            decision
                .unmet
                .iter()
                .map(|unmet| self.finding(unmet, facts)),
        );
        findings.sort_by_key(|finding| finding.effect);
        findings
    }

    /// Rejections by people who could have signed, unless the same person replaced them.
    fn rejections(&self, facts: &Facts, statements: &Statements) -> Vec<Finding> {
        let all = &statements.verified;
        let stands = |statement: &&VerifiedStatement| {
            let Some(rejection) = statement.rejection() else {
                return false;
            };
            let on_target = rejection
                .change
                .targets
                .iter()
                .any(|target| target.name == self.target);
            let replaced = all.iter().any(|newer| {
                newer
                    .approval()
                    .is_some_and(|approval| approval.review.replaces.contains(&statement.payload()))
                    && newer.signer() == statement.signer()
                    && newer.signed_on() > statement.signed_on()
                    && rejection.change.targets.iter().all(|target| {
                        newer
                            .change()
                            .targets
                            .iter()
                            .any(|new| new.name == target.name)
                    })
            });
            let eligible = could_sign(
                &self.judging.policy,
                &self.judging.roster,
                facts,
                statement.signer(),
            );
            on_target && eligible && !replaced
        };
        let finding = |statement: &VerifiedStatement| Finding {
            code: Code::REJECTED,
            effect: Effect::Refuses,
            detail: Some(format!("by {}", statement.signer())),
            missing: Vec::new(),
            rule: None,
            who: Vec::new(),
            next: Next::Change,
        };
        all.iter().filter(stands).map(finding).collect()
    }

    fn finding(&self, unmet: &Unmet, facts: &Facts) -> Finding {
        let rule = self.judging.policy.rules.get(unmet.rule);
        let level = rule
            .and_then(|rule| rule.require.as_ref())
            .and_then(|require| require.level.clone());
        let team = rule
            .and_then(|rule| rule.require.as_ref())
            .and_then(|require| require.team.clone());
        let (code, effect, next, missing, who) = match &unmet.missing {
            Missing::Forbidden => (
                Code::FORBIDDEN,
                Effect::Refuses,
                Next::Change,
                Vec::new(),
                Vec::new(),
            ),
            Missing::Declaration => {
                let missing = vec!["1 declaration by an author".to_owned()];
                (
                    Code::DECLARATION_MISSING,
                    Effect::Waits,
                    Next::Declare,
                    missing,
                    Vec::new(),
                )
            }
            Missing::SignOffs {
                signers,
                teams,
                above_author,
                who,
            } => {
                let needed = rule
                    .and_then(|rule| rule.require.as_ref())
                    .map_or(0, |require| require.signers);
                let only_teams = !teams.is_empty() && facts.approvals.len() >= needed;
                let code = if only_teams {
                    Code::TEAM_MISSING
                } else {
                    Code::SIGN_OFF_MISSING
                };
                let missing = people(
                    *signers,
                    level.as_deref(),
                    team.as_deref(),
                    teams,
                    *above_author,
                );
                (code, Effect::Waits, Next::Sign, missing, who.clone())
            }
        };
        let warns = unmet.enforce == Enforce::Warn;
        let forbid = rule
            .and_then(|rule| rule.forbid.clone())
            .filter(|_| unmet.missing == Missing::Forbidden);
        Finding {
            code: if warns { Code::WOULD_WAIT } else { code },
            effect: if warns { Effect::Warns } else { effect },
            detail: forbid,
            missing,
            rule: rule.map(|rule| RuleView {
                name: rule.name.clone(),
                line: rule.line,
            }),
            who,
            next,
        }
    }

    /// A genuine approval that helps no unmet rule says why not, so that nobody waits for its signer.
    pub(super) fn name_unhelpful(&self, facts: &Facts, unit: &mut UnitVerdict) {
        let (policy, roster) = (&self.judging.policy, &self.judging.roster);
        let unmet: Vec<_> = policy
            .rules
            .iter()
            .filter(|rule| {
                unit.findings.iter().any(|finding| {
                    finding.next == Next::Sign
                        && finding
                            .rule
                            .as_ref()
                            .is_some_and(|shown| shown.line == rule.line)
                })
            })
            .collect();
        let approvals = unit.statements.iter_mut().filter(|view| {
            view.kind == Some(StatementKind::Approval) && view.not_counted.is_none()
        });
        for view in approvals {
            let Some(signer) = &view.signer else {
                continue;
            };
            let reasons: Vec<_> = unmet
                .iter()
                .map(|rule| unhelpful(policy, roster, facts, rule, signer))
                .collect();
            view.not_counted = match reasons.as_slice() {
                [] => None,
                reasons if reasons.contains(&None) => None,
                [Some(Unhelpful::Author), ..] => {
                    Some((Code::SIGNER_IS_AUTHOR, author_reason(facts, signer)))
                }
                _ => Some((
                    Code::BELOW_LEVEL,
                    "below the level or not in the team that the rule asks".to_owned(),
                )),
            };
        }
    }
}

fn author_reason(facts: &Facts, signer: &str) -> String {
    if facts.claimed.contains(signer) || facts.proven.contains(signer) {
        "the signer is an author of the change".to_owned()
    } else {
        "the signer may be the author, since nobody else declared".to_owned()
    }
}

pub(super) fn trust_finding(code: Code, why: &str) -> Finding {
    Finding {
        code,
        effect: Effect::Refuses,
        detail: Some(why.to_owned()),
        missing: Vec::new(),
        rule: None,
        who: Vec::new(),
        next: if code == Code::TRUST_MIXED || code == Code::TRUST_ROLLBACK {
            Next::Change
        } else {
            Next::TrustSign
        },
    }
}

/// What is missing in words, such as `2 principals of payments above the author`.
fn people(
    signers: usize,
    level: Option<&str>,
    team: Option<&str>,
    teams: &[String],
    above_author: bool,
) -> Vec<String> {
    let noun = level.unwrap_or("engineer");
    let plural = if signers == 1 { "" } else { "s" };
    let of = team.map(|team| format!(" of {team}")).unwrap_or_default();
    let above = if above_author {
        " above the author"
    } else {
        ""
    };
    let mut missing = vec![format!("{signers} {noun}{plural}{of}{above}")];
    missing.extend(teams.iter().map(|team| format!("1 of them of {team}")));
    missing
}
