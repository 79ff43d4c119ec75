//! What the policy misses, in words that say whose turn it is (SPEC 8.6, 9).

use super::Gate;
use super::line::Line;
use super::statements::{Place, Statements};
use super::verdict::{Effect, Finding, Next, RuleView, StatementKind, UnitVerdict};
use crate::codes::Code;
use crate::policy::{
    Enforce, Facts, Missing, MissingSignOffs, Require, Unhelpful, Unmet, evaluate,
    may_sign_emergency, unhelpful,
};

impl Gate<'_> {
    pub(super) fn findings(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        facts: &Facts,
        statements: &Statements,
    ) -> Vec<Finding> {
        let mut findings = self.rejections(line, place, facts, statements);
        let decision = evaluate(&self.judging.policy, &self.judging.roster, facts);
        findings.extend(
            decision
                .unmet
                .iter()
                .map(|unmet| self.finding(unmet, facts)),
        );
        self.let_through(line, place, (facts, statements), &mut findings);
        findings.sort_by_key(|finding| finding.effect);
        findings
    }

    fn finding(&self, unmet: &Unmet, facts: &Facts) -> Finding {
        let rule = self.judging.policy.rules.get(unmet.rule);
        let mut finding = match &unmet.missing {
            Missing::Forbidden => Finding {
                detail: rule.and_then(|rule| rule.forbid.clone()),
                ..bare(Code::FORBIDDEN, Effect::Refuses, Next::Change)
            },
            Missing::Declaration => Finding {
                missing: vec!["1 declaration by an author".to_owned()],
                ..bare(Code::DECLARATION_MISSING, Effect::Waits, Next::Declare)
            },
            Missing::SignOffs(missing) => {
                sign_offs(missing, rule.and_then(|rule| rule.require.as_ref()), facts)
            }
        };
        if unmet.enforce == Enforce::Warn {
            finding.code = Code::WOULD_WAIT;
            finding.effect = Effect::Warns;
        }
        finding.rule = rule.map(|rule| RuleView {
            name: rule.name.clone(),
            line: rule.line,
        });
        finding
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
        let refused = unit.findings.iter().any(|it| it.effect == Effect::Waits);
        let emergencies = unit.statements.iter_mut().filter(|view| {
            refused && view.kind == Some(StatementKind::Emergency) && view.not_counted.is_none()
        });
        for view in emergencies {
            let signer = view.signer.as_deref().unwrap_or_default();
            if may_sign_emergency(policy, roster, facts, signer).is_err() {
                view.not_counted = Some((Code::SIGNER_IS_AUTHOR, author_reason(facts, signer)));
            }
        }
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
                reasons if reasons.contains(&Some(Unhelpful::Age)) => Some((
                    Code::TOO_OLD,
                    "signed longer ago than the rule takes".to_owned(),
                )),
                reasons if reasons.contains(&Some(Unhelpful::Proof)) => Some((
                    Code::NO_PRESENCE,
                    "it doesn't prove what the rule asks of each signature".to_owned(),
                )),
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
    let next = match code {
        Code::TRUST_MIXED | Code::TRUST_ROLLBACK => Next::Change,
        _ => Next::TrustSign,
    };
    Finding {
        detail: Some(why.to_owned()),
        ..bare(code, Effect::Refuses, next)
    }
}

pub(super) fn bare(code: Code, effect: Effect, next: Next) -> Finding {
    Finding {
        code,
        effect,
        detail: None,
        missing: Vec::new(),
        rule: None,
        who: Vec::new(),
        debt: None,
        next,
    }
}

/// What is missing in words, such as `2 principals of payments above the author`.
fn sign_offs(missing: &MissingSignOffs, require: Option<&Require>, facts: &Facts) -> Finding {
    let needed = require.map_or(0, |require| require.signers);
    let only_teams = !missing.teams.is_empty() && facts.approvals.len() >= needed;
    let code = if missing.proof_alone {
        Code::PRESENCE_MISSING
    } else if only_teams {
        Code::TEAM_MISSING
    } else {
        Code::SIGN_OFF_MISSING
    };
    let words = require.map(|require| require.people(missing.signers, &missing.teams));
    Finding {
        missing: words.unwrap_or_default(),
        who: missing.who.clone(),
        ..bare(code, Effect::Waits, Next::Sign)
    }
}
