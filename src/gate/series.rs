//! Several units under one signature: a branch that was rebased or fast-forwarded onto the target.
//!
//! A run of units may be covered as a whole by statements over its composed change (SPEC 8.3). A range
//! passes if some split of it into groups passes, so the search looks for the split with the fewest
//! units that don't.

use std::collections::HashSet;
use std::rc::Rc;

use super::Gate;
use super::before::Lookup;
use super::judge::Forms;
use super::line::{Line, Unit};
use super::progress::Steps;
use super::revert::Whole;
use super::statements::Place;
use super::trust_unit::touches_trust;
use super::verdict::{Coverage, Undecided, UnitVerdict};
use crate::change::{ChangeDigest, ChangeManifest, CommitId};
use crate::codes::Code;

/// The most units of a group (SPEC 10).
pub const MAX_GROUP: usize = 50;
/// The most entries of a group's composed change (SPEC 10).
const MAX_GROUP_ENTRIES: usize = 200_000;
/// The most entries that one check composes, and the most stored changes that it looks at, while it looks for groups
/// (SPEC 10).
const MAX_WORK: usize = 20_000_000;
/// The most groups of several units that one check judges (SPEC 10).
const MAX_JUDGED: usize = 2_000;

/// What one check may still spend on looking for groups.
pub(super) struct Search {
    stored: Option<HashSet<ChangeDigest>>,
    entries_left: usize,
    /// How many stored changes may still be looked at for what covers a run: anybody may have stored any.
    looks_left: usize,
    groups_left: usize,
    before: Lookup,
    /// Where groups end that pass.
    pub whole: Whole,
    /// Whether a limit kept a run from being tried. It can only have cost a pass.
    pub cut_short: bool,
}

impl Search {
    /// For a range from `base` to `head`.
    pub fn new(base: Option<&CommitId>, head: &CommitId) -> Self {
        Self {
            stored: None,
            entries_left: MAX_WORK,
            looks_left: MAX_WORK,
            groups_left: MAX_JUDGED,
            before: Lookup::new(head),
            whole: Whole::new(base),
            cut_short: false,
        }
    }
}

/// A run of several units that a statement might cover: `first` to `last`, both included.
pub(super) struct Group {
    pub first: usize,
    pub last: usize,
    /// Its composed change, and those of which that is the clean merge.
    pub signed: Vec<ChangeDigest>,
    pub verdict: UnitVerdict,
}

impl Gate<'_> {
    /// Judges a run of units that are no trust units, each by itself or several as a series.
    pub(super) fn judge_run(
        &self,
        line: &Line<'_>,
        run: &[Rc<Unit>],
        search: &mut Search,
        steps: &Steps<'_>,
    ) -> Result<Vec<UnitVerdict>, Undecided> {
        let mut singles = Vec::with_capacity(run.len());
        for unit in run {
            let place = Place::of_unit(unit);
            singles.push(self.assess_group(line, &place, &mut search.before)?);
            steps.judged(1);
        }
        let mut groups = Vec::new();
        let complete = singles.iter().all(UnitVerdict::passes);
        if !complete && self.may_hold_series(run, search)? {
            self.find_series(line, run, &mut singles, (search, &mut groups))?;
        }
        self.pass_reverts(line, (&mut singles, &mut groups), &mut search.whole)?;
        let chosen = cheapest(singles, groups);
        for unit in &chosen {
            search.whole.judged(unit);
        }
        Ok(chosen)
    }

    /// Finds the groups of several units of a run in which one fails alone.
    fn find_series(
        &self,
        line: &Line<'_>,
        run: &[Rc<Unit>],
        singles: &mut [UnitVerdict],
        (search, groups): (&mut Search, &mut Vec<Group>),
    ) -> Result<(), Undecided> {
        for first in 0..run.len() {
            let reach = singles.iter().skip(first).take(MAX_GROUP);
            if !reach.clone().all(UnitVerdict::passes) {
                let run = run.get(first..).unwrap_or_default();
                let failing: Vec<bool> = reach.map(|unit| !unit.passes()).collect();
                self.series_from(line, first, run, &failing, search, groups)?;
            }
        }
        for index in parts_of_series(singles, groups) {
            if let (Some(unit), Some(single)) = (run.get(index), singles.get_mut(index)) {
                let place = Place {
                    forms: Forms::Own,
                    ..Place::of_unit(unit)
                };
                *single = self.assess_group(line, &place, &mut search.before)?;
            }
        }
        Ok(())
    }

    /// Whether anything is stored that is not the change of a single unit here.
    fn may_hold_series(&self, run: &[Rc<Unit>], search: &mut Search) -> Result<bool, Undecided> {
        let single: HashSet<_> = run.iter().map(|unit| unit.digest).collect();
        let stored = self.stored(search)?;
        Ok(run.len() > 1 && stored.iter().any(|digest| !single.contains(digest)))
    }

    fn stored<'s>(&self, search: &'s mut Search) -> Result<&'s HashSet<ChangeDigest>, Undecided> {
        let known = match search.stored.take() {
            Some(known) => known,
            None => {
                let digests = self.store.digests(&self.store_limits)?;
                digests.into_iter().collect()
            }
        };
        Ok(search.stored.insert(known))
    }

    /// Tries the groups that start with the first unit of `run` and hold a failing one.
    fn series_from(
        &self,
        line: &Line<'_>,
        start: usize,
        run: &[Rc<Unit>],
        failing: &[bool],
        search: &mut Search,
        groups: &mut Vec<Group>,
    ) -> Result<(), Undecided> {
        // A unit that mixes trust files with others is refused by itself: composed with one that takes
        // its trust files back, it would no longer show.
        let end = run.iter().position(|unit| touches_trust(&unit.manifest));
        let run = end.and_then(|end| run.get(..end)).unwrap_or(run);
        let Some(first) = run.first().filter(|unit| !unit.manifest.is_empty()) else {
            return Ok(());
        };
        let mut composed = first.manifest.clone();
        let mut worthwhile = failing.first() == Some(&true);
        for (length, (unit, fails)) in run.iter().zip(failing).enumerate().skip(1) {
            worthwhile |= fails;
            if unit.manifest.is_empty() {
                continue;
            }
            let spent = composed.len() + unit.manifest.len();
            if spent > MAX_GROUP_ENTRIES || spent > search.entries_left || search.groups_left == 0 {
                search.cut_short = true;
                return Ok(());
            }
            search.entries_left -= spent;
            composed
                .append(&unit.manifest)
                .map_err(|error| Undecided::new(Code::INTERNAL, error.to_string()))?;
            // An empty composition covers nothing, whoever signed it.
            if !worthwhile || composed.is_empty() {
                continue;
            }
            let units = run.get(..=length).unwrap_or_default();
            let signed = self.stored_for(line, units, &composed, search)?;
            if signed.is_empty() {
                continue;
            }
            search.groups_left -= 1;
            if let Some(verdict) = self.judge_group(line, units, &composed, &mut search.before)? {
                groups.push(Group {
                    first: start,
                    last: start + length,
                    signed,
                    verdict,
                });
            }
        }
        Ok(())
    }

    /// The stored changes that may cover several units as one: their composed change, and those of which that is the
    /// clean merge.
    fn stored_for(
        &self,
        line: &Line<'_>,
        units: &[Rc<Unit>],
        composed: &ChangeManifest,
        search: &mut Search,
    ) -> Result<Vec<ChangeDigest>, Undecided> {
        let digest = composed.digest();
        let own = self.stored(search)?.contains(&digest).then_some(digest);
        let base = units.first().and_then(|unit| unit.parent.clone());
        let place = Place::new(composed, digest, base.clone(), units);
        let mut signed: Vec<_> = own.into_iter().collect();
        let before = self.gate_before(&place, &mut search.before)?;
        for gate in [Some(self), before.as_ref()].into_iter().flatten() {
            let looked_at = gate.candidates(line, composed)?;
            let Some(left) = search.looks_left.checked_sub(looked_at) else {
                search.cut_short = true;
                break;
            };
            search.looks_left = left;
            let covering = gate.covering(line, &place, base.as_ref())?;
            let fitting = covering.iter().filter(|reviewed| reviewed.fits);
            signed.extend(fitting.map(|reviewed| reviewed.digest));
        }
        Ok(signed)
    }

    /// Judges several units as one group; `None` where nothing genuine bears their composed digest,
    /// or where nothing that counts does and the policy asks nothing either: such units stand alone.
    fn judge_group(
        &self,
        line: &Line<'_>,
        units: &[Rc<Unit>],
        composed: &ChangeManifest,
        before: &mut Lookup,
    ) -> Result<Option<UnitVerdict>, Undecided> {
        let Some(first) = units.first() else {
            return Ok(None);
        };
        let place = Place::new(composed, composed.digest(), first.parent.clone(), units);
        let verdict = self.assess_group(line, &place, before)?;
        let genuine = verdict
            .statements
            .iter()
            .any(|statement| statement.kind.is_some());
        let uncovered = verdict.coverage == Coverage::None && verdict.passes();
        Ok((genuine && !uncovered).then_some(verdict))
    }
}

/// The units that are clean merges of what several units were signed as together, unless all of the run passes with
/// them: else the last of a series would pass alone, and what the series misses would be told of each of the others.
fn parts_of_series(singles: &[UnitVerdict], groups: &[Group]) -> Vec<usize> {
    let is_part = |(at, unit): &(usize, &UnitVerdict)| {
        let mut groups = groups
            .iter()
            .filter(|group| (group.first..=group.last).contains(at));
        let of = |group: &Group| unit.reviewed.is_some_and(|of| group.signed.contains(&of));
        groups.any(of)
    };
    let parts = singles.iter().enumerate().filter(is_part);
    let parts: Vec<usize> = parts.map(|(at, _)| at).collect();
    if parts.is_empty() {
        return parts;
    }
    let spans = spans(singles, groups);
    let chosen = cheapest_split(singles.len(), &spans);
    let passes = |index: &usize| spans.get(*index).is_some_and(|(_, _, passes)| *passes);
    match chosen.iter().all(passes) {
        true => Vec::new(),
        false => parts,
    }
}

/// First unit, last unit and whether it passes, of each unit alone and then of the groups of several.
pub(super) fn spans<'g>(
    singles: &[UnitVerdict],
    groups: impl IntoIterator<Item = &'g Group>,
) -> Vec<(usize, usize, bool)> {
    let alone = singles.iter().enumerate();
    let alone = alone.map(|(at, unit)| (at, at, unit.passes()));
    let together = groups.into_iter();
    let together = together.map(|group| (group.first, group.last, group.verdict.passes()));
    alone.chain(together).collect()
}

/// Chooses among all units, each judged alone, and the groups of several.
fn cheapest(singles: Vec<UnitVerdict>, groups: Vec<Group>) -> Vec<UnitVerdict> {
    let chosen = cheapest_split(singles.len(), &spans(&singles, &groups));
    let singles = singles.into_iter().enumerate().map(|(at, verdict)| Group {
        first: at,
        last: at,
        signed: Vec::new(),
        verdict,
    });
    let mut all: Vec<Option<Group>> = singles.chain(groups).map(Some).collect();
    let take = |index: usize| all.get_mut(index)?.take();
    let mut kept: Vec<Group> = chosen.into_iter().filter_map(take).collect();
    for group in all.into_iter().flatten() {
        tell_why_not(&group, &mut kept);
    }
    kept.into_iter().map(|group| group.verdict).collect()
}

/// A genuine statement over a run that it doesn't cover is told where the run ends, with the reason.
fn tell_why_not(group: &Group, kept: &mut [Group]) {
    let end = kept.iter_mut().find(|other| other.last == group.last);
    let Some(end) =
        end.filter(|end| !end.verdict.passes() && end.verdict.change != group.verdict.change)
    else {
        return;
    };
    let genuine = group
        .verdict
        .statements
        .iter()
        .filter(|view| view.kind.is_some());
    let uncounted = genuine.filter(|view| view.not_counted.is_some());
    for view in uncounted {
        if !end.verdict.statements.contains(view) {
            end.verdict.statements.push(view.clone());
        }
    }
}

/// The split of `length` units with the fewest units in groups that don't pass, and of those the one
/// with the fewest groups, as indices of `groups` (first, last, passes) in order. Every unit is a
/// group of its own among them.
pub(super) fn cheapest_split(length: usize, groups: &[(usize, usize, bool)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|index| groups.get(*index).map(|(_, last, _)| *last));
    // For each unit: the least cost of a split that ends with it, and the group that ends there.
    let mut best: Vec<Option<((usize, usize), usize)>> = vec![None; length];
    for index in order {
        let Some((first, last, passes)) = groups.get(index).copied() else {
            continue;
        };
        let before = match first.checked_sub(1) {
            None => Some((0, 0)),
            Some(at) => best.get(at).copied().flatten().map(|(cost, _)| cost),
        };
        let Some((failing, number)) = before else {
            continue;
        };
        let failing = failing + if passes { 0 } else { last + 1 - first };
        let cost = (failing, number + 1);
        if let Some(known) = best.get_mut(last)
            && known.is_none_or(|(least, _)| cost < least)
        {
            *known = Some((cost, index));
        }
    }
    let mut chosen = Vec::new();
    let mut end = length.checked_sub(1);
    while let Some((_, index)) = end.and_then(|at| best.get(at).copied().flatten()) {
        chosen.push(index);
        end = groups
            .get(index)
            .and_then(|(first, ..)| first.checked_sub(1));
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
#[path = "series_tests.rs"]
mod tests;
