//! Reverts: what takes back whole groups that landed a short while ago needs no signature, only authors who declare
//! (SPEC 8.9).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use super::Gate;
use super::judge::MAX_AHEAD_SECONDS;
use super::line::{Line, Unit};
use super::series::{Group, cheapest_split, spans};
use super::statements::Place;
use super::trust_unit::touches_trust;
use super::verdict::{
    Coverage, Effect, Scope, StatementKind, StatementView, Undecided, UnitVerdict,
};
use crate::change::{ChangeManifest, CommitId, Content, RepoPath};
use crate::codes::Code;
use crate::policy::Facts;

/// The most units that one revert takes back (SPEC 10).
const MAX_RUN: usize = 16;
/// The most runs that are composed for one group (SPEC 10).
const MAX_RUNS: usize = 1_000;
/// The most entries of a run's composed change (SPEC 10).
const MAX_ENTRIES: usize = 200_000;
/// The most states of a path that are looked at for one run (SPEC 10).
const MAX_LOOKS: usize = 1_000_000;

/// Where whole groups end on the line of one check.
pub(super) struct Whole {
    /// Where the check starts.
    base: Option<CommitId>,
    /// The last commits of the groups of this check that pass.
    here: HashSet<CommitId>,
    /// Those of the units that are being split into groups, up to what may be a revert.
    trial: HashSet<CommitId>,
    /// Those of the groups that landed before it, from where the line was accepted; judged when first asked for.
    before: Option<(CommitId, HashSet<CommitId>)>,
}

impl Whole {
    /// For a check of what comes after `base`.
    pub fn new(base: Option<&CommitId>) -> Self {
        Self {
            base: base.cloned(),
            here: HashSet::new(),
            trial: HashSet::new(),
            before: None,
        }
    }

    /// Notes what was judged, the oldest first.
    pub fn judged(&mut self, unit: &UnitVerdict) {
        if unit.passes() {
            self.here.insert(unit.commit.clone());
        }
    }
}

/// The line before a group, as far as a revert may reach back.
struct Reach {
    /// The commits after the start, the oldest first.
    commits: Vec<CommitId>,
    start: CommitId,
    /// The first of them that landed within the window.
    recent: usize,
}

impl Gate<'_> {
    /// The same for the units of a run and the groups that they may form, in order: what one takes back ends where a
    /// group of the best split before it ends.
    pub(super) fn pass_reverts(
        &self,
        line: &Line<'_>,
        (singles, groups): (&mut [UnitVerdict], &mut [Group]),
        whole: &mut Whole,
    ) -> Result<(), Undecided> {
        if self.judging.policy.revert_window.is_none() {
            return Ok(());
        }
        for at in 0..singles.len() {
            for group in 0..=groups.len() {
                let (first, verdict) = match group.checked_sub(1) {
                    None => (at, singles.get(at)),
                    Some(index) => match groups.get(index).filter(|group| group.last == at) {
                        Some(group) => (group.first, Some(&group.verdict)),
                        None => continue,
                    },
                };
                let Some(verdict) = verdict.filter(|unit| may_revert(unit)) else {
                    continue;
                };
                whole.trial = passing_ends(first, singles, groups);
                let mut verdict = verdict.clone();
                self.try_as_revert(line, &mut verdict, whole)?;
                let place = match group.checked_sub(1) {
                    None => singles.get_mut(at),
                    Some(index) => groups.get_mut(index).map(|group| &mut group.verdict),
                };
                if let Some(place) = place {
                    *place = verdict;
                }
            }
        }
        whole.trial.clear();
        Ok(())
    }

    fn try_as_revert(
        &self,
        line: &Line<'_>,
        verdict: &mut UnitVerdict,
        whole: &mut Whole,
    ) -> Result<(), Undecided> {
        let units = verdict.group.iter().map(|commit| line.unit(commit));
        let units = units.collect::<Result<Vec<_>, _>>()?;
        if let (Some(first), Some(change)) = (units.first(), composed(&units)?) {
            let place = Place::new(&change, change.digest(), first.parent.clone(), &units);
            let ends = (first.parent.as_ref(), &verdict.commit);
            let facts = self.assess(line, &place, ends.0, ends.1)?.facts;
            self.pass_as_revert(line, &place, (verdict, &facts), whole)?;
        }
        Ok(())
    }

    /// Lets a group that waits pass where it takes back whole groups and whoever may have written it declared it.
    /// What refuses for good, `forbid` and rejections, stands.
    pub(super) fn pass_as_revert(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        (unit, facts): (&mut UnitVerdict, &Facts),
        whole: &mut Whole,
    ) -> Result<(), Undecided> {
        let Some(window) = self.judging.policy.revert_window else {
            return Ok(());
        };
        let waits = |unit: &UnitVerdict| {
            let mut findings = unit.findings.iter();
            findings.all(|finding| finding.effect != Effect::Refuses)
        };
        if unit.passes() || !waits(unit) || !all_proven(facts) || touches_trust(place.manifest) {
            return Ok(());
        }
        if let Some(run) = self.taken_back(line, place, window, whole)? {
            unit.findings
                .retain(|finding| finding.effect == Effect::Warns);
            unit.coverage = Coverage::Revert;
            unit.reverts = run.iter().map(|unit| unit.commit.clone()).collect();
        }
        Ok(())
    }

    /// The run of whole groups of which the change at a place is the exact inverse.
    fn taken_back(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        window: Duration,
        whole: &mut Whole,
    ) -> Result<Option<Vec<Rc<Unit>>>, Undecided> {
        let Some(onto) = &place.onto else {
            return Ok(None);
        };
        let landed = place.units.last();
        let now = landed.and_then(|unit| line.landed_at(&unit.commit));
        let Some(reach) = self.reach(line, onto, (now.unwrap_or(self.now), window))? else {
            return Ok(None);
        };
        for run in self.inverses(line, place.manifest, onto, &reach)? {
            let ends = (run.first(), run.last());
            let (Some(first), Some(last)) = ends else {
                continue;
            };
            let Some(before) = &first.parent else {
                continue;
            };
            let start = &reach.start;
            let is_whole = (before == start || self.ends(before, start, whole)?)
                && (last.commit == *onto || self.ends(&last.commit, start, whole)?);
            if is_whole && !self.brings_back(line, (&run, place.manifest), &reach)? {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// Where the line before a group was accepted: the judging version's checkpoint or, where that is younger than
    /// the window, the one of the version before.
    fn accepted(
        &self,
        line: &Line<'_>,
        onto: &CommitId,
        since: i64,
    ) -> Result<Option<CommitId>, Undecided> {
        let previous = self.judging.previous.as_ref();
        let checkpoints = previous.map(|version| &version.metadata().checkpoints);
        let mut earlier = checkpoints.into_iter().flatten();
        let earlier = earlier.find(|checkpoint| checkpoint.name == self.target);
        let earlier = earlier.map(|checkpoint| &checkpoint.git_commit);
        let mut accepted = None;
        for checkpoint in self
            .judging
            .checkpoint(&self.target)
            .into_iter()
            .chain(earlier)
        {
            if line.since(checkpoint, onto)?.is_some() {
                accepted = Some(checkpoint.clone());
                if self.history.commit(checkpoint)?.committed_at < since {
                    break;
                }
            }
        }
        Ok(accepted)
    }

    /// The line up to `onto` from where it was accepted; `None` where it nowhere was.
    fn reach(
        &self,
        line: &Line<'_>,
        onto: &CommitId,
        (now, window): (Timestamp, Duration),
    ) -> Result<Option<Reach>, Undecided> {
        let window = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        let since = now.as_second().saturating_sub(window);
        let Some(start) = self.accepted(line, onto, since)? else {
            return Ok(None);
        };
        let Some(commits) = line.after(Some(&start), onto)? else {
            return Ok(None);
        };
        let mut landed = i64::MIN;
        let mut recent = commits.len();
        for (at, commit) in commits.iter().enumerate() {
            // Nobody lands before what landed before, whatever a commit says of its time.
            let committed = self.history.commit(commit)?.committed_at;
            if committed <= self.now.as_second().saturating_add(MAX_AHEAD_SECONDS) {
                landed = landed.max(committed);
            }
            if landed >= since {
                recent = at;
                break;
            }
        }
        Ok(Some(Reach {
            commits,
            start,
            recent,
        }))
    }

    /// The runs of recent units whose composed change is the inverse of this one, the newest first.
    fn inverses(
        &self,
        line: &Line<'_>,
        manifest: &ChangeManifest,
        onto: &CommitId,
        reach: &Reach,
    ) -> Result<Vec<Vec<Rc<Unit>>>, Undecided> {
        let inverse = manifest.invert();
        let mut at_head = Standing::default();
        for entry in manifest.entries() {
            let stands = self.history.content(onto, entry.path)?;
            at_head.add(entry.path, stands, (entry.old, entry.new));
        }
        // For each unit: whether right after it stands what the change takes away, right before it what it leaves.
        let (mut ends, mut starts) = (Vec::new(), Vec::new());
        for (at, commit) in reach.commits.iter().enumerate().skip(reach.recent).rev() {
            let unit = line.unit(commit)?;
            if at_head.stands_old() && ends.len() < MAX_RUNS {
                ends.push(at);
            }
            at_head.step_back(&unit.manifest);
            if at_head.stands_new() && starts.len() < MAX_RUNS {
                starts.push(at);
            }
        }
        let mut found = Vec::new();
        let mut tried = 0;
        for end in ends {
            for start in starts.iter().filter(|start| **start <= end) {
                tried += 1;
                if end - start >= MAX_RUN || tried > MAX_RUNS {
                    continue;
                }
                let run = reach.commits.get(*start..=end).unwrap_or_default();
                let run = run.iter().map(|commit| line.unit(commit));
                let run = run.collect::<Result<Vec<_>, _>>()?;
                let plain = !run.iter().any(|unit| touches_trust(&unit.manifest));
                if plain && composed(&run)?.is_some_and(|change| change == inverse) {
                    found.push(run);
                }
            }
        }
        Ok(found)
    }

    /// Whether a group that passes ends with a commit after `start`.
    fn ends(
        &self,
        commit: &CommitId,
        start: &CommitId,
        whole: &mut Whole,
    ) -> Result<bool, Undecided> {
        if whole.here.contains(commit) || whole.trial.contains(commit) {
            return Ok(true);
        }
        let Some(base) = &whole.base else {
            return Ok(false);
        };
        let before = match whole.before.take() {
            Some((from, before)) if from == *start => before,
            _ => self.ends_between(start, base)?,
        };
        let ends = before.contains(commit);
        whole.before = Some((start.clone(), before));
        Ok(ends)
    }

    /// The last commits of the groups that pass among what landed after `start`, up to `base`.
    fn ends_between(
        &self,
        start: &CommitId,
        base: &CommitId,
    ) -> Result<HashSet<CommitId>, Undecided> {
        if Line::new(self.history).after(Some(start), base)?.is_none() {
            return Ok(HashSet::new());
        }
        let gate = self.with(self.judging, &());
        let (units, _) = gate.judge_units(Scope::Complete, Some(start), base)?;
        let passing = units.into_iter().filter(UnitVerdict::passes);
        Ok(passing.map(|unit| unit.commit).collect())
    }

    /// Whether a unit of a run brought back, at a path that the revert changes, what stood there at an earlier commit
    /// of the line and isn't what the revert goes back to; or took away what came since the line was accepted. Who
    /// takes such a run back lands again what somebody took away.
    fn brings_back(
        &self,
        line: &Line<'_>,
        (run, revert): (&[Rc<Unit>], &ChangeManifest),
        reach: &Reach,
    ) -> Result<bool, Undecided> {
        let mut left: BTreeMap<&RepoPath, BTreeSet<Option<&Content>>> = BTreeMap::new();
        for entry in run.iter().flat_map(|unit| unit.manifest.entries()) {
            if revert
                .entry(entry.path)
                .is_some_and(|to| to.new != entry.new)
            {
                left.entry(entry.path).or_default().insert(entry.new);
            }
        }
        let Some(before) = run.first().and_then(|unit| unit.parent.as_ref()) else {
            return Ok(true);
        };
        let Some(earlier) = line.after(None, before)? else {
            return Ok(true);
        };
        let accepted = earlier.iter().position(|commit| *commit == reach.start);
        let accepted = accepted.unwrap_or(0);
        let mut looks = 0;
        for (path, contents) in left {
            for (at, commit) in earlier.iter().enumerate().rev() {
                looks += 1;
                if looks > MAX_LOOKS {
                    return Ok(true);
                }
                let stood = self.history.content(commit, path)?;
                // Before it came a file is always absent: what is older than the line was accepted is no undoing.
                if contents.contains(&stood.as_ref()) && (stood.is_some() || at >= accepted) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether a unit fails that somebody declared: only such a one can be a revert that passes.
fn may_revert(unit: &UnitVerdict) -> bool {
    let declared = |view: &StatementView| {
        view.kind == Some(StatementKind::Declaration) && view.not_counted.is_none()
    };
    !unit.passes() && unit.statements.iter().any(declared)
}

/// The last commits of the groups that pass, in the best split of the first units of a run.
fn passing_ends(length: usize, singles: &[UnitVerdict], groups: &[Group]) -> HashSet<CommitId> {
    let before = singles.get(..length).unwrap_or_default();
    let spans: Vec<_> = spans(before, groups.iter().filter(|group| group.last < length));
    let chosen = cheapest_split(length, &spans).into_iter();
    let chosen = chosen.filter_map(|index| spans.get(index));
    let passing = chosen.filter(|(_, _, passes)| *passes);
    let last = passing.filter_map(|(_, last, _)| singles.get(*last));
    last.map(|unit| unit.commit.clone()).collect()
}

/// Whether somebody declared, and everybody who may have written the change did.
fn all_proven(facts: &Facts) -> bool {
    !facts.proven.is_empty() && !facts.claims_unknown && facts.claimed.is_subset(&facts.proven)
}

/// The change that several units make; `None` over the limit of its entries.
fn composed(units: &[Rc<Unit>]) -> Result<Option<ChangeManifest>, Undecided> {
    let mut change = ChangeManifest::new();
    let mut entries = 0;
    for unit in units {
        entries += unit.manifest.len();
        if entries > MAX_ENTRIES {
            return Ok(None);
        }
        change
            .append(&unit.manifest)
            .map_err(|error| Undecided::new(Code::INTERNAL, error.to_string()))?;
    }
    Ok(Some(change))
}

/// What stands at the paths of a change, walked back along the line.
#[derive(Default)]
struct Standing<'m> {
    paths: HashMap<RepoPath, Stands<'m>>,
    unlike_old: usize,
    unlike_new: usize,
}

struct Stands<'m> {
    now: Option<Content>,
    old: Option<&'m Content>,
    new: Option<&'m Content>,
}

impl<'m> Standing<'m> {
    fn add(
        &mut self,
        path: &RepoPath,
        now: Option<Content>,
        (old, new): (Option<&'m Content>, Option<&'m Content>),
    ) {
        self.unlike_old += usize::from(now.as_ref() != old);
        self.unlike_new += usize::from(now.as_ref() != new);
        self.paths.insert(path.clone(), Stands { now, old, new });
    }

    fn stands_old(&self) -> bool {
        self.unlike_old == 0
    }

    fn stands_new(&self) -> bool {
        self.unlike_new == 0
    }

    /// Steps to before a unit.
    fn step_back(&mut self, unit: &ChangeManifest) {
        for entry in unit.entries() {
            let Some(stands) = self.paths.get_mut(entry.path) else {
                continue;
            };
            let unlike = |now: Option<&Content>, side: Option<&Content>| usize::from(now != side);
            self.unlike_old -= unlike(stands.now.as_ref(), stands.old);
            self.unlike_new -= unlike(stands.now.as_ref(), stands.new);
            stands.now = entry.old.cloned();
            self.unlike_old += unlike(stands.now.as_ref(), stands.old);
            self.unlike_new += unlike(stands.now.as_ref(), stands.new);
        }
    }
}
