//! Judging: one change, or each unit of a range.

use std::collections::BTreeSet;

use super::Gate;
use super::authors::{Claims, read_claims};
use super::line::{Line, Unit};
use super::statements::{Place, Statements};
use super::trust_unit::{only_trust, touches_trust};
use super::verdict::{
    AuthorView, Coverage, Effect, Finding, Next, RuleView, Scope, StatementKind, Undecided,
    UnitVerdict, Verdict,
};
use crate::ai::{ClaimedRole, Extent, assess};
use crate::attestation::{Author, AuthorRole};
use crate::change::{ChangeManifest, CommitId, Identity};
use crate::codes::Code;
use crate::policy::{Enforce, Facts, Missing, Unhelpful, Unmet, could_sign, evaluate, unhelpful};
use crate::roster::PersonId;
use crate::verify::VerifiedStatement;

/// How far ahead of the gate's clock a landed commit's time may be, in seconds.
const MAX_AHEAD_SECONDS: i64 = 300;

/// A unit's verdict with the facts that it rests on, for commands that go on from them.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The verdict.
    pub unit: UnitVerdict,
    /// What the policy was asked about.
    pub facts: Facts,
    /// What the commits claim.
    pub claims: Claims,
    /// The change.
    pub manifest: ChangeManifest,
    /// The counted declarations.
    pub declarations: Vec<VerifiedStatement>,
}

impl Gate<'_> {
    /// Judges what lies between `base` and `head` as one change, as if it were the target line's next
    /// unit (SPEC 8.1).
    pub fn judge_change(&self, base: &CommitId, head: &CommitId) -> Result<Verdict, Undecided> {
        let assessment = self.assess_change(base, head)?;
        let units = if base == head {
            Vec::new()
        } else {
            vec![assessment.unit]
        };
        self.verdict(Scope::Change, Some(base.clone()), head.clone(), units)
    }

    /// The same with the facts beside it.
    pub fn assess_change(&self, base: &CommitId, head: &CommitId) -> Result<Assessment, Undecided> {
        let manifest = self.history.change(Some(base), head)?;
        let place = Place {
            digest: manifest.digest(),
            manifest: &manifest,
            onto: self.target_tip.clone(),
            landed: None,
        };
        self.assess(&Line::new(self.history), &place, Some(base), head)
    }

    /// Judges one landed unit of the target's line, with the facts beside it.
    pub fn assess_unit(&self, commit: &CommitId) -> Result<Assessment, Undecided> {
        let line = Line::new(self.history);
        let unit = line.unit(commit)?;
        self.assess_landed(&line, &unit)
    }

    /// Judges each unit of `head`'s first-parent line after `base` (SPEC 8.1).
    ///
    /// # Errors
    /// `head` behind `base`, or `base` not on the line: could not decide.
    pub fn judge_range(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Verdict, Undecided> {
        let line = Line::new(self.history);
        let commits = match line.after(base, head)? {
            Some(commits) => commits,
            None => return Err(self.off_line(base, head)?),
        };
        let mut units = Vec::new();
        let mut index = 0;
        while let Some(commit) = commits.get(index) {
            let unit = line.unit(commit)?;
            let run = self.trust_run(&line, commits.get(index..).unwrap_or_default())?;
            for commit in commits.iter().skip(index).take(run.max(1)) {
                self.check_time(commit)?;
            }
            if run > 1 {
                let last = commits.get(index + run - 1).unwrap_or(commit);
                units.push(self.judge_trust_run(unit.parent.as_ref(), last)?);
                index += run;
            } else {
                units.push(self.assess_landed(&line, &unit)?.unit);
                index += 1;
            }
        }
        self.verdict(Scope::Range, base.cloned(), head.clone(), units)
    }

    fn off_line(&self, base: Option<&CommitId>, head: &CommitId) -> Result<Undecided, Undecided> {
        let Some(base) = base else {
            return Ok(Undecided::new(Code::INTERNAL, "a line without an end"));
        };
        if self.history.is_ancestor(head, base)? {
            let message = format!("HEAD {} lies behind BASE {}", head.short(), base.short());
            return Ok(Undecided::new(Code::RANGE_UNKNOWN, message));
        }
        let message = format!(
            "{} is not on the first-parent line of {}",
            base.short(),
            head.short()
        );
        Ok(Undecided::new(Code::OFF_LINE, message))
    }

    fn check_time(&self, commit: &CommitId) -> Result<(), Undecided> {
        let commit = self.history.commit(commit)?;
        let ahead = commit.committed_at.saturating_sub(self.now.as_second());
        if ahead > MAX_AHEAD_SECONDS {
            let message = format!(
                "{} says it was committed ahead of the clock",
                commit.id.short()
            );
            return Err(Undecided::new(Code::RANGE_UNKNOWN, message));
        }
        Ok(())
    }

    /// How many of the next units touch nothing but the trust files: they are judged as a whole.
    fn trust_run(&self, line: &Line<'_>, commits: &[CommitId]) -> Result<usize, Undecided> {
        let mut run = 0;
        for commit in commits {
            if !only_trust(&line.unit(commit)?.manifest) {
                break;
            }
            run += 1;
        }
        Ok(run)
    }

    fn judge_trust_run(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<UnitVerdict, Undecided> {
        let manifest = self.history.change(base, head)?;
        let place = Place {
            digest: manifest.digest(),
            manifest: &manifest,
            onto: base.cloned(),
            landed: Some(head.clone()),
        };
        Ok(self
            .assess(&Line::new(self.history), &place, base, head)?
            .unit)
    }

    fn assess_landed(&self, line: &Line<'_>, unit: &Unit) -> Result<Assessment, Undecided> {
        let place = Place {
            digest: unit.digest,
            manifest: &unit.manifest,
            onto: unit.parent.clone(),
            landed: Some(unit.commit.clone()),
        };
        self.assess(line, &place, unit.parent.as_ref(), &unit.commit)
    }

    fn verdict(
        &self,
        scope: Scope,
        base: Option<CommitId>,
        head: CommitId,
        units: Vec<UnitVerdict>,
    ) -> Result<Verdict, Undecided> {
        let refusing = || {
            units
                .iter()
                .flat_map(|unit| &unit.findings)
                .filter(|finding| finding.effect != Effect::Warns)
        };
        let verified = refusing().next().is_none();
        let waiting = !verified && refusing().all(|finding| finding.effect == Effect::Waits);
        if waiting && let Some(undecided) = units.iter().find_map(undecided_statement) {
            return Err(undecided);
        }
        Ok(Verdict {
            scope,
            verified,
            waiting,
            target: self.target.clone(),
            base,
            head,
            trust: self.judging.judged_by(),
            now: self.now,
            units,
        })
    }

    /// Judges one group: all facts, then the policy's word on them.
    fn assess(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Assessment, Undecided> {
        let claims = read_claims(self.history, &self.judging.roster, base, head)?;
        let subject = self.history.commit(head)?.subject().to_owned();
        let trust = if touches_trust(place.manifest) {
            Some(self.trust_unit(base, head, place.manifest)?)
        } else {
            None
        };
        let statements = match trust {
            Some(None) => Statements::default(),
            _ if place.manifest.is_empty() => Statements::default(),
            _ => self.statements(line, place)?,
        };
        let facts = self.facts(place.manifest, &claims, &statements);
        let findings = match &trust {
            Some(None) => Vec::new(),
            Some(Some((code, why))) => vec![trust_finding(*code, why)],
            None if place.manifest.is_empty() => Vec::new(),
            None => self.findings(&facts, &statements),
        };
        let mut unit = UnitVerdict {
            commit: head.clone(),
            subject,
            change: place.digest,
            entries: place.manifest.len(),
            authors: self.author_views(&facts, &claims),
            ai: assess(facts.declared, &claims.found),
            extent: facts.extent(self.judging.policy.undeclared),
            coverage: coverage(&trust, place.manifest, &statements),
            findings,
            statements: statements.views.clone(),
            nearest: None,
        };
        self.name_unhelpful(&facts, &mut unit);
        if unit
            .findings
            .iter()
            .any(|finding| finding.effect == Effect::Waits)
        {
            // It decides nothing, so what can't be read there stops nothing.
            unit.nearest = self.nearest(place.manifest).unwrap_or_default();
        }
        let counted = statements
            .counted()
            .filter(|statement| statement.declaration().is_some());
        let declarations = counted.cloned().collect();
        Ok(Assessment {
            unit,
            facts,
            claims,
            manifest: place.manifest.clone(),
            declarations,
        })
    }

    /// Gathers what the policy is asked about (SPEC 6.3).
    fn facts(&self, manifest: &ChangeManifest, claims: &Claims, statements: &Statements) -> Facts {
        let roster = &self.judging.roster;
        let mut all = claims.clone();
        if let Some(lander) = self.lander(claims, statements) {
            match roster.claimed(&lander) {
                Some(engineer) => all.people.remove(&engineer.id),
                None => all.unknown.remove(&lander),
            };
        }
        let mut evidence = claims.found.extent();
        for statement in &statements.verified {
            for author in statement.authors() {
                self.claim_author(&mut all, author);
            }
            if statement.declaration().is_some() {
                all.people.insert(statement.signer().clone());
            }
            evidence = evidence.max(statement.extent());
        }
        let mut facts = Facts {
            paths: manifest.paths().cloned().collect(),
            evidence,
            claimed: all.people,
            claims_unknown: !all.unknown.is_empty() || claims.left_out > 0,
            ..Facts::default()
        };
        for statement in statements.counted() {
            if let Some(declaration) = statement.declaration() {
                facts.proven.insert(statement.signer().clone());
                facts.declared = facts.declared.max(Some(
                    declaration.ai_assistance.declared.unwrap_or(Extent::None),
                ));
            } else if statement.approval().is_some() {
                facts.approvals.insert(statement.signer().clone());
            }
        }
        facts
    }

    /// The author of the one commit that is no merge, where somebody else's declaration counts and no
    /// statement names them: they landed it (SPEC 6.3).
    fn lander(&self, claims: &Claims, statements: &Statements) -> Option<Identity> {
        let author = claims.sole_author.as_ref()?;
        let person = self
            .judging
            .roster
            .claimed(author)
            .map(|engineer| &engineer.id);
        let declared = |statement: &VerifiedStatement| {
            statement.declaration().is_some() && Some(statement.signer()) != person
        };
        let named = statements
            .verified
            .iter()
            .flat_map(VerifiedStatement::authors)
            .any(|named| {
                let same_person = person.is_some() && self.person_of(named).as_ref() == person;
                same_person
                    || named
                        .email
                        .as_ref()
                        .is_some_and(|email| email.eq_ignore_ascii_case(&author.email))
            });
        let declares = statements.verified.iter().any(|statement| {
            statement.declaration().is_some() && Some(statement.signer()) == person
        });
        // Under another of their addresses the commit may name them as a co-author.
        let co_author = claims.named.iter().any(|(identity, role)| {
            let claimed = self.judging.roster.claimed(identity);
            *role == ClaimedRole::CoAuthor
                && claimed.is_some_and(|engineer| Some(&engineer.id) == person)
        });
        let lands = statements.counted().any(declared) && !named && !declares && !co_author;
        lands.then(|| author.clone())
    }

    fn person_of(&self, author: &Author) -> Option<PersonId> {
        let roster = &self.judging.roster;
        let by_id = author.id.as_ref().and_then(|id| roster.engineer(id));
        let by_email = || roster.claimed(&identity(author));
        by_id.or_else(by_email).map(|engineer| engineer.id.clone())
    }

    fn claim_author(&self, claims: &mut Claims, author: &Author) {
        match self.person_of(author) {
            Some(person) => {
                claims.people.insert(person);
            }
            // A declarant without an address says nothing new: the signer is claimed already.
            None if author.role == AuthorRole::Declarant && author.email.is_none() => {}
            None => {
                claims.unknown.insert(identity(author));
            }
        }
    }

    fn author_views(&self, facts: &Facts, claims: &Claims) -> Vec<AuthorView> {
        let roster = &self.judging.roster;
        let known: BTreeSet<&PersonId> = facts.proven.union(&facts.claimed).collect();
        let mut views: Vec<_> = known
            .into_iter()
            .filter_map(|id| roster.engineer(id))
            .map(|engineer| AuthorView {
                id: Some(engineer.id.clone()),
                name: engineer.name.clone(),
                level: Some(roster.level_name(engineer.level).to_owned()),
                proven: facts.proven.contains(&engineer.id),
            })
            .collect();
        if facts.claims_unknown {
            views.extend(claims.unknown.iter().map(|identity| AuthorView {
                id: None,
                name: format!("{} <{}>", identity.name, identity.email),
                level: None,
                proven: false,
            }));
        }
        views
    }

    fn findings(&self, facts: &Facts, statements: &Statements) -> Vec<Finding> {
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
    fn name_unhelpful(&self, facts: &Facts, unit: &mut UnitVerdict) {
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

/// A statement that might lift what is missing, had it been decided whether it counts.
fn undecided_statement(unit: &UnitVerdict) -> Option<Undecided> {
    let codes = [
        Code::SHALLOW,
        Code::OBJECT_MISSING,
        Code::MALFORMED_TREE,
        Code::LIMIT,
    ];
    let waits = unit
        .findings
        .iter()
        .any(|finding| finding.effect == Effect::Waits);
    let mut reasons = unit
        .statements
        .iter()
        .filter_map(|view| view.not_counted.as_ref());
    let (code, why) = reasons.find(|(code, _)| waits && codes.contains(code))?;
    Some(Undecided::new(
        *code,
        format!("a statement of {}: {why}", unit.change.short()),
    ))
}

fn author_reason(facts: &Facts, signer: &str) -> String {
    if facts.claimed.contains(signer) || facts.proven.contains(signer) {
        "the signer is an author of the change".to_owned()
    } else {
        "the signer may be the author, since nobody else declared".to_owned()
    }
}

fn identity(author: &Author) -> Identity {
    Identity {
        name: author.name.clone().unwrap_or_default(),
        email: author.email.clone().unwrap_or_default(),
    }
}

fn coverage(
    trust: &Option<Option<(Code, String)>>,
    manifest: &ChangeManifest,
    statements: &Statements,
) -> Coverage {
    if matches!(trust, Some(None)) {
        Coverage::Trust
    } else if manifest.is_empty() {
        Coverage::Empty
    } else if statements
        .counted()
        .any(|statement| statement.rejection().is_none())
    {
        Coverage::Exact
    } else {
        Coverage::None
    }
}

fn trust_finding(code: Code, why: &str) -> Finding {
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
