//! Judging: one change, or each unit of a range.

use std::rc::Rc;

use jiff::Timestamp;

use super::Gate;
use super::authors::{Claims, read_claims};
use super::findings::trust_finding;
use super::keyless::unverified_findings;
use super::line::{Line, Unit};
use super::progress::Steps;
use super::revert::Whole;
use super::series::Search;
use super::size::Size;
use super::statements::{Place, Statements};
use super::trust_unit::{only_trust, touches_trust};
use super::verdict::{Coverage, Effect, Scope, Undecided, UnitVerdict, Verdict};
use crate::ai::assess;
use crate::change::{ChangeManifest, Commit, CommitId, History, HistoryError};
use crate::codes::Code;
use crate::policy::Facts;
use crate::verify::VerifiedStatement;

/// How far ahead of the gate's clock a landed commit's time may be, in seconds.
pub(super) const MAX_AHEAD_SECONDS: i64 = 300;

/// A unit's verdict with the facts that it rests on, for commands that go on from them.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// The verdict.
    pub unit: UnitVerdict,
    /// What the policy was asked about.
    pub facts: Facts,
    /// What the commits claim.
    pub claims: Rc<Claims>,
    /// The change.
    pub manifest: ChangeManifest,
    /// The counted declarations.
    pub declarations: Vec<VerifiedStatement>,
    /// Every genuine statement over the change, whether it counts or not.
    pub genuine: Vec<VerifiedStatement>,
}

/// When a commit says that it was made. A time that no clock shows is as old as can be.
fn committed_at(commit: &Commit) -> Timestamp {
    Timestamp::from_second(commit.committed_at).unwrap_or(Timestamp::MIN)
}

/// What is known of a group whatever was signed.
struct Known {
    claims: Rc<Claims>,
    /// The first line of the last commit's message.
    subject: String,
    /// What is wrong with the trust files that it touches; `None` where it touches none.
    trust: Option<Option<(Code, String)>>,
    size: Size,
}

/// By which statements a change is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// By those over its own digest, and where it doesn't pass so, by those over changes of which it is the clean
    /// merge. What a gate does.
    Any,
    /// By those over its own digest alone. What a new statement goes on from.
    Own,
}

impl Gate<'_> {
    /// Judges what lies between `base` and `head` as one change, as if it were the target line's next
    /// unit (SPEC 8.1).
    pub fn judge_change(&self, base: &CommitId, head: &CommitId) -> Result<Verdict, Undecided> {
        self.refuse_rewritten(head)?;
        let assessment = self.assess_change(base, head, Forms::Any)?;
        let units = if base == head {
            Vec::new()
        } else {
            vec![assessment.unit]
        };
        self.verdict(Scope::Change, Some(base.clone()), head.clone(), units)
    }

    /// The same with the facts beside it.
    pub fn assess_change(
        &self,
        base: &CommitId,
        head: &CommitId,
        forms: Forms,
    ) -> Result<Assessment, Undecided> {
        let manifest = self.history.change(Some(base), head)?;
        let place = Place::new(&manifest, manifest.digest(), self.target_tip.clone(), &[]);
        let ends = Some((base.clone(), head.clone()));
        let place = Place {
            forms,
            ends,
            ..place
        };
        let line = Line::new(self.history);
        self.assess_alone(&line, &place, Some(base), head)
    }

    /// Judges one landed unit of the target's line, with the facts beside it.
    pub fn assess_unit(&self, commit: &CommitId, forms: Forms) -> Result<Assessment, Undecided> {
        let line = Line::new(self.history);
        let unit = line.unit(commit)?;
        let place = Place {
            forms,
            ..Place::of_unit(&unit)
        };
        self.assess_alone(&line, &place, unit.parent.as_ref(), commit)
    }

    /// Judges one group that is not part of a judged range.
    fn assess_alone(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Assessment, Undecided> {
        self.refuse_uncheckable()?;
        let mut assessment = self.assess(line, place, base, head)?;
        let (unit, facts) = (&mut assessment.unit, &assessment.facts);
        let mut whole = Whole::new(place.onto.as_ref());
        self.pass_as_revert(line, place, (unit, facts), &mut whole)?;
        Ok(assessment)
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
        self.judge_line(Scope::Range, base, head)
    }

    pub(super) fn judge_line(
        &self,
        scope: Scope,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Verdict, Undecided> {
        self.refuse_rewritten(head)?;
        let (verdicts, cut_short) = self.judge_units(scope, base, head)?;
        let mut verdict = self.verdict(scope, base.cloned(), head.clone(), verdicts)?;
        verdict.search_cut_short = cut_short;
        Ok(verdict)
    }

    /// Judges each unit of `head`'s first-parent line after `base`; also says whether a limit cut the search for
    /// series short.
    pub(super) fn judge_units(
        &self,
        scope: Scope,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<(Vec<UnitVerdict>, bool), Undecided> {
        self.refuse_uncheckable()?;
        let line = Line::new(self.history);
        let commits = match line.after(base, head)? {
            Some(commits) => commits,
            None => return Err(self.off_line(base, head)?),
        };
        let steps = Steps::new(self.progress, commits.len());
        let mut units = Vec::with_capacity(commits.len());
        // Nor before what was accepted.
        let accepted = base.filter(|_| scope == Scope::Complete);
        let accepted = accepted.map(|base| self.history.commit(base)).transpose()?;
        let accepted = accepted.map(|commit| committed_at(&commit).min(self.now));
        let (mut latest, mut lacking) = (accepted.unwrap_or(Timestamp::MIN), None);
        for commit in &commits {
            let committed_at = self.check_time(commit)?;
            if scope == Scope::Complete {
                // Nobody lands before what landed before, whatever a commit says of its time.
                latest = latest.max(committed_at);
                line.lands(commit, latest.min(self.now));
            }
            match line.unit(commit) {
                // All that is missing is noted, so that it can be brought at once.
                Err(error @ HistoryError::Missing { .. }) => {
                    lacking.get_or_insert(error);
                }
                unit => units.push(unit?),
            }
            steps.read(units.len());
        }
        if let Some(error) = lacking {
            return Err(error.into());
        }
        let trust = |unit: &Rc<Unit>| only_trust(&unit.manifest);
        let known = self.after.as_ref().map(|after| &after.summary().head);
        let together = |one: &Rc<Unit>, next: &Rc<Unit>| {
            trust(one) == trust(next) && Some(&one.commit) != known
        };
        let mut search = Search::new(base, head);
        let mut verdicts = Vec::with_capacity(units.len());
        for run in units.chunk_by(together) {
            if run.first().is_some_and(trust) {
                let unit = self.judge_trust_run(&line, run)?;
                search.whole.judged(&unit);
                verdicts.push(unit);
                steps.judged(run.len());
            } else {
                verdicts.extend(self.judge_run(&line, run, &mut search, &steps)?);
            }
        }
        Ok((verdicts, search.cut_short))
    }

    /// Whether a commit stands on the first-parent line that ends at `tip`.
    pub fn on_line(&self, commit: &CommitId, tip: &CommitId) -> Result<bool, Undecided> {
        on_line(self.history, commit, tip)
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

    /// When a commit says that it was made, at most a little ahead of the clock.
    fn check_time(&self, commit: &CommitId) -> Result<Timestamp, Undecided> {
        let commit = self.history.commit(commit)?;
        let ahead = commit.committed_at.saturating_sub(self.now.as_second());
        if ahead > MAX_AHEAD_SECONDS {
            let message = format!(
                "{} says it was committed ahead of the clock",
                commit.id.short()
            );
            return Err(Undecided::new(Code::RANGE_UNKNOWN, message));
        }
        Ok(committed_at(&commit))
    }

    /// Units that touch nothing but the trust files are judged as a whole.
    fn judge_trust_run(&self, line: &Line<'_>, run: &[Rc<Unit>]) -> Result<UnitVerdict, Undecided> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Err(Undecided::new(Code::INTERNAL, "an empty run"));
        };
        let base = first.parent.as_ref();
        let manifest = self.history.change(base, &last.commit)?;
        let place = Place::new(&manifest, manifest.digest(), base.cloned(), run);
        Ok(self.assess(line, &place, base, &last.commit)?.unit)
    }

    pub(super) fn verdict(
        &self,
        scope: Scope,
        base: Option<CommitId>,
        head: CommitId,
        mut units: Vec<UnitVerdict>,
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
        self.name_nearest(base.as_ref(), &mut units);
        Ok(Verdict {
            scope,
            stage: self.stage.clone(),
            verified,
            waiting,
            target: self.target.clone(),
            base,
            head,
            trust: self.judging.judged_by(),
            now: self.now,
            units,
            search_cut_short: false,
        })
    }

    /// Judges one group: by its own digest, and where that fails by those of which it is the clean merge.
    pub(super) fn assess(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Assessment, Undecided> {
        line.walks_over(place.units)?;
        let covering = self.covering(line, place, base)?;
        let all = || covering.iter().map(|reviewed| reviewed.digest);
        let known = self.known(place, base, head)?;
        let of_each = self.of_each(line, place, &covering)?;
        let exact = Place {
            others: all().collect(),
            of_each,
            ..place.clone()
        };
        let mut best = self.assess_by(line, &exact, &known, head)?;
        let mut told = Vec::new();
        for reviewed in covering
            .iter()
            .filter(|reviewed| reviewed.fits && place.forms == Forms::Any)
        {
            if best.unit.passes() {
                break;
            }
            let others = all().filter(|digest| *digest != reviewed.digest);
            let merged = Place {
                reviewed: Some(Rc::clone(reviewed)),
                others: others.chain([place.digest]).collect(),
                ..exact.clone()
            };
            let found = self.assess_by(line, &merged, &known, head)?;
            told.extend(found.unit.statements.iter().cloned());
            if found.unit.rank() < best.unit.rank() {
                best = found;
            }
        }
        best.unit.tell_own_reasons(&told);
        Ok(best)
    }

    /// Reads what is known of a group whatever was signed.
    fn known(
        &self,
        place: &Place<'_>,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<Known, Undecided> {
        let people = (&self.judging.roster, self.judging.policy.agents());
        let trust = touches_trust(place.manifest);
        Ok(Known {
            claims: Rc::new(read_claims(self.history, people, base, head)?),
            subject: self.history.commit(head)?.subject().to_owned(),
            trust: match trust {
                true => Some(self.trust_unit(base, head, place.manifest)?),
                false => None,
            },
            size: self.size(place, base, head)?,
        })
    }

    /// Judges one group by the statements over one digest: all facts, then the policy's word on them.
    fn assess_by(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        known: &Known,
        head: &CommitId,
    ) -> Result<Assessment, Undecided> {
        let Known { claims, trust, .. } = known;
        let statements = match trust {
            Some(None) => Statements::default(),
            _ if place.manifest.is_empty() => Statements::default(),
            _ => self.statements(line, place)?,
        };
        let landed_at = self.landed_at(line, place);
        let facts = self.facts(place, claims, &statements, (known.size, landed_at));
        let mut findings = match trust {
            Some(None) => Vec::new(),
            Some(Some((code, why))) => vec![trust_finding(*code, why)],
            None if place.manifest.is_empty() => Vec::new(),
            None => self.findings(line, place, &facts, &statements),
        };
        findings.extend(unverified_findings(&statements));
        let mut unit = UnitVerdict {
            commit: head.clone(),
            group: place.units.iter().map(|unit| unit.commit.clone()).collect(),
            subject: known.subject.clone(),
            change: place.digest,
            reviewed: place.reviewed.as_ref().map(|reviewed| reviewed.digest),
            trust_version: self.judging.version.number(),
            entries: place.manifest.len(),
            authors: self.author_views(&facts, claims),
            ai: assess(facts.declared, &claims.found),
            reverts: Vec::new(),
            extent: facts.extent(self.judging.policy.undeclared),
            coverage: coverage(trust, place, &statements, facts.exempt),
            findings,
            statements: statements.views.clone(),
            nearest: None,
        };
        self.name_unhelpful(&facts, &mut unit);
        let counted = statements
            .counted()
            .filter(|statement| statement.declaration().is_some());
        let declarations = counted.cloned().collect();
        Ok(Assessment {
            unit,
            facts,
            claims: Rc::clone(claims),
            manifest: place.manifest.clone(),
            declarations,
            genuine: statements.verified,
        })
    }
}

/// Whether a commit stands on the first-parent line that ends at `tip`.
///
/// # Errors
/// The history can't be read that far.
pub fn on_line(
    history: &dyn History,
    commit: &CommitId,
    tip: &CommitId,
) -> Result<bool, Undecided> {
    Ok(Line::new(history).since(commit, tip)?.is_some())
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

fn coverage(
    trust: &Option<Option<(Code, String)>>,
    place: &Place<'_>,
    statements: &Statements,
    exempt: bool,
) -> Coverage {
    if matches!(trust, Some(None)) {
        Coverage::Trust
    } else if place.manifest.is_empty() {
        Coverage::Empty
    } else if statements
        .counted()
        .any(|statement| statement.rejection().is_none())
    {
        if place.reviewed.is_some() {
            Coverage::CleanMerge
        } else if place.units.len() > 1 {
            Coverage::Series
        } else {
            Coverage::Exact
        }
    } else if exempt {
        Coverage::Exempt
    } else {
        Coverage::None
    }
}
