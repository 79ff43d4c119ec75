//! Whether a part of a change stood on the line and was taken away again before the change lands (SPEC 8.4).
//!
//! A part is a hunk of a text, the mode of a file, or a whole entry that is no modified text.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::Gate;
use super::clean::Reviewed;
use super::line::{Line, Unit};
use super::memo::Lists;
use super::texts::{Hunks, Names, Stands, lacks_text};
use super::verdict::Undecided;
use crate::change::{ChangeDigest, CommitId, Content, Digest, Entry, Fares, RepoPath};
use crate::verify::VerifiedStatement;

/// The line between a statement's tip and where its change lands.
pub(super) struct Between<'a> {
    tip: &'a CommitId,
    onto: &'a CommitId,
    /// The units of it that touch a path of the change, and the group's own, by their digests.
    by_digest: HashMap<ChangeDigest, &'a Rc<Unit>>,
    /// Those of them before the group, the oldest first, with what they do at each path.
    by_path: BTreeMap<&'a RepoPath, Vec<(&'a Rc<Unit>, Entry<'a>)>>,
}

impl<'a> Between<'a> {
    pub fn new(
        whole: &Reviewed,
        (tip, onto): (&'a CommitId, &'a CommitId),
        (touching, own): (&'a [Rc<Unit>], &'a [Rc<Unit>]),
    ) -> Self {
        let by_digest = touching.iter().chain(own).map(|unit| (unit.digest, unit));
        let by_digest = by_digest.collect();
        let mut by_path: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for unit in touching {
            for entry in unit.manifest.entries() {
                if whole.manifest.entry(entry.path).is_some() {
                    by_path.entry(entry.path).or_default().push((unit, entry));
                }
            }
        }
        Self {
            tip,
            onto,
            by_digest,
            by_path,
        }
    }
}

/// How a part that the landing would bring fared at a commit of the line before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fared {
    Absent,
    /// What stood there is neither it nor what it changes.
    Changed,
    Stood,
}

/// What stood at one path at a commit of the line, and where the change lands.
#[derive(Clone, Copy)]
struct Moment<'a> {
    /// The side of a change whose parts are looked for.
    change: &'a Reviewed,
    entry: Entry<'a>,
    /// The whole signed change, and what it does there.
    whole: &'a Reviewed,
    brings: Entry<'a>,
    then: (Stands<'a>, Option<&'a Content>),
    onto: (&'a CommitId, Option<&'a Content>),
}

impl Moment<'_> {
    /// Whether the parts are the signed change's, and not one of its commits'.
    fn is_of_whole(&self) -> bool {
        self.change.digest == self.whole.digest
    }
}

impl Gate<'_> {
    /// The commit at which a part of a signed change, or of one of its own commits, stood that its landing would bring
    /// again, and the path of that.
    pub(super) fn brings_again(
        &self,
        line: &Line<'_>,
        whole: &Reviewed,
        statement: &VerifiedStatement,
        between: &Between<'_>,
    ) -> Result<Option<(CommitId, RepoPath)>, Undecided> {
        let listed = statement.change().commits.as_deref().unwrap_or_default();
        if let Some(found) = self.stood(line, (whole, whole), between, listed)? {
            return Ok(Some(found));
        }
        for digest in listed.iter().filter(|digest| **digest != whole.digest) {
            let commit = match between.by_digest.get(digest) {
                Some(unit) => Some(Reviewed::landed(unit)),
                None => self.kept_commit(line, digest, whole.sides.clone())?,
            };
            let Some(commit) = commit else {
                continue;
            };
            if let Some(found) = self.stood(line, (&commit, whole), between, listed)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Whether a unit landed a part of a signed change, and bettered it: what that became stands there, and the part
    /// itself stood in between, by the commits that a statement over what the unit is a form of lists.
    fn bettered(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        (unit, listed): (&Rc<Unit>, &[ChangeDigest]),
    ) -> Result<bool, Undecided> {
        let lists = self.listed(line, unit)?;
        if lists.is_empty() {
            return Ok(false);
        }
        let after = self.fared(line, moment, Fared::Changed)?;
        if !after.contains(&Fared::Changed) {
            return Ok(false);
        }
        let whole = moment.whole.digest;
        let own = |commits: &Vec<ChangeDigest>| {
            let run = !listed.is_empty() && commits.windows(listed.len()).any(|run| run == listed);
            run || commits.contains(&whole)
        };
        if lists.iter().any(own) {
            return Ok(true);
        }
        for digest in lists.iter().flatten() {
            let Some(commit) = self.kept_commit(line, digest, Vec::new())? else {
                continue;
            };
            let Some(between) = commit.manifest.entry(moment.entry.path) else {
                continue;
            };
            let beside = |side| Moment {
                then: (Stands::In(&commit), side),
                ..*moment
            };
            let new = self.fared(line, &beside(between.new), Fared::Stood)?;
            if !new.contains(&Fared::Stood) {
                continue;
            }
            let old = self.fared(line, &beside(between.old), Fared::Stood)?;
            // What stood before the commit already is older than the line here.
            let brought = |at: usize| {
                after.get(at) == Some(&Fared::Changed)
                    && new.get(at) == Some(&Fared::Stood)
                    && old.get(at) != Some(&Fared::Stood)
            };
            if after.len() == new.len() && (0..after.len()).any(brought) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The commits that genuine statements list of what a unit is a form of, where they are several.
    fn listed(&self, line: &Line<'_>, unit: &Rc<Unit>) -> Result<Rc<Lists>, Undecided> {
        let version = self.judging.version.number();
        line.memo.listed((version, unit.commit.clone()), || {
            let mut lists = self.long_lists(line, &unit.digest)?;
            if !self.judging.policy.clean_merge {
                return Ok(lists);
            }
            let changes = self.changes(line)?;
            for (digest, manifest) in changes.around(&unit.manifest, &unit.digest) {
                let found = self.long_lists(line, digest)?;
                if !found.is_empty() && self.is_merge_of(line, unit, (digest, manifest))? {
                    lists.extend(found);
                }
            }
            // Everybody who signs the same lists the same.
            lists.sort_unstable();
            lists.dedup();
            Ok(lists)
        })
    }

    fn long_lists(&self, line: &Line<'_>, change: &ChangeDigest) -> Result<Lists, Undecided> {
        let signed = self.signed_of(line, change)?;
        let lists = signed.iter().filter_map(|signed| signed.commits());
        let several = lists.filter(|commits| commits.len() > 1);
        Ok(several.map(<[ChangeDigest]>::to_vec).collect())
    }

    /// The first commit at which a part of `change` stood, bettered or not, that landing the whole would bring again, and
    /// the path of that. `listed`: the commits of the whole.
    fn stood(
        &self,
        line: &Line<'_>,
        (change, whole): (&Reviewed, &Reviewed),
        between: &Between<'_>,
        listed: &[ChangeDigest],
    ) -> Result<Option<(CommitId, RepoPath)>, Undecided> {
        for (path, units) in &between.by_path {
            let sides = change.manifest.entry(path).zip(whole.manifest.entry(path));
            let (Some((entry, brings)), Some((_, first)), Some((_, last))) =
                (sides, units.first(), units.last())
            else {
                continue;
            };
            let before = (between.tip, first.old, None);
            let after = units.iter();
            let after = after.map(|(unit, at)| (&unit.commit, at.new, Some(*unit)));
            for (commit, content, unit) in std::iter::once(before).chain(after) {
                let moment = Moment {
                    change,
                    entry,
                    whole,
                    brings,
                    then: (Stands::On(commit), content),
                    onto: (between.onto, last.new),
                };
                let unit = unit.filter(|_| moment.is_of_whole());
                let fared = self.fared(line, &moment, Fared::Stood)?;
                if fared.contains(&Fared::Stood)
                    || matches!(unit, Some(unit) if self.bettered(line, &moment, (unit, listed))?)
                {
                    return Ok(Some((commit.clone(), (*path).clone())));
                }
            }
        }
        Ok(None)
    }

    /// How the parts at one path fared that the landing would bring, in order; those that fared less than `least` may be
    /// left out.
    fn fared(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        least: Fared,
    ) -> Result<Vec<Fared>, Undecided> {
        let Entry { old, new, .. } = moment.entry;
        let brings = moment.brings;
        let (onto, then) = (moment.onto.1, moment.then.1);
        let sides = [old, new, brings.old, brings.new, onto, then];
        let file = |side: Option<&Content>| side.and_then(Content::regular_file);
        let files: Vec<_> = sides.into_iter().filter_map(file).collect();
        let Ok(files) = <[_; 6]>::try_from(files) else {
            return Ok(vec![undivided(sides)]);
        };
        let mut fared = vec![undivided(files.map(|(mode, _)| mode))];
        let texts = files.map(|(_, text)| text);
        fared.extend(self.text_fared(line, moment, (texts, least))?);
        Ok(fared)
    }

    /// The same of a text, by its hunks.
    fn text_fared(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        (texts, least): ([Digest; 6], Fared),
    ) -> Result<Vec<Fared>, Undecided> {
        let [old, new, before, result, onto, then] = texts;
        let unlike = [
            (old, new),
            (new, before),
            (old, result),
            (new, onto),
            (old, then),
            (onto, then),
        ];
        if unlike.iter().any(|(one, other)| one == other) {
            return Ok(Vec::new());
        }
        let (on, at, path) = (moment.onto.0, moment.then.0, moment.entry.path);
        // Most states of a file that many changes are about are told apart so, without a look at where lines stand.
        if least == Fared::Stood
            && !self.may_stand(line, (moment.change, path), (old, new), (at, then))?
        {
            return Ok(Vec::new());
        }
        let others = [
            (before, Stands::In(moment.whole)),
            (result, Stands::In(moment.whole)),
            (onto, Stands::On(on)),
            (then, at),
        ];
        let mut beside = Vec::with_capacity(others.len());
        for (text, stands) in others {
            match self.text(line, moment, [old, new, text], stands)? {
                Some(text) => beside.push(text),
                None => return Ok(Vec::new()),
            }
        }
        let hunks = beside.iter().find_map(Beside::hunks);
        let unfit = beside.iter().any(Beside::is_unfit);
        let (Some(hunks), [before, result, onto, then]) = (hunks.filter(|_| !unfit), &*beside)
        else {
            return Ok(vec![undivided(texts)]);
        };
        let fared = (0..hunks).map(|hunk| {
            let (left, here) = (result.fares(hunk), onto.fares(hunk));
            let brings = !before.fares(hunk).stands && !left.lacking;
            // A commit may rest on lines of one before it, which are lacking too.
            let again = !moment.is_of_whole() && left.stands && !here.stands;
            match then.fares(hunk) {
                Fares { lacking: true, .. } => Fared::Absent,
                _ if !brings || !(here.lacking || again) => Fared::Absent,
                Fares { stands: true, .. } => Fared::Stood,
                _ => Fared::Changed,
            }
        });
        Ok(fared.collect())
    }

    /// A text of a path beside a change of it; `None` where nobody can tell of one of the signed commits.
    ///
    /// # Errors
    /// A text of the signed change is not here: who withholds it must not make a spent statement look unspent.
    fn text(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        names: Names,
        stands: Stands<'_>,
    ) -> Result<Option<Beside>, Undecided> {
        let [old, new, text] = names;
        if text == old {
            return Ok(Some(Beside::Old));
        }
        let at = (moment.change, moment.entry.path);
        let side = match text == new {
            true => Stands::In(moment.change),
            false => stands,
        };
        match self.hunks(line, at, names, side)? {
            Some(hunks) => Ok(Some(Beside::Other(hunks))),
            // Without the texts all of the new side stands.
            None if text == new => Ok(Some(Beside::New)),
            None if moment.is_of_whole() && !matches!(stands, Stands::In(_)) => Err(lacks_text(at)),
            None => Ok(None),
        }
    }
}

/// A text beside a change of it.
enum Beside {
    Old,
    New,
    Other(Hunks),
}

impl Beside {
    fn fares(&self, hunk: usize) -> Fares {
        let (lacking, stands) = match self {
            Self::Old => (true, false),
            Self::New => (false, true),
            Self::Other(hunks) => {
                let hunks = hunks.as_deref().unwrap_or_default();
                return hunks.get(hunk).copied().unwrap_or_default();
            }
        };
        Fares { lacking, stands }
    }

    /// How many hunks the change has.
    fn hunks(&self) -> Option<usize> {
        match self {
            Self::Other(hunks) => hunks.as_ref().as_ref().map(Vec::len),
            _ => None,
        }
    }

    fn is_unfit(&self) -> bool {
        matches!(self, Self::Other(hunks) if hunks.is_none())
    }
}

/// How what can't be divided fared: old and new of a change, before and after the whole, where this lands, and then.
fn undivided<T: PartialEq>([old, new, before, result, onto, then]: [T; 6]) -> Fared {
    if old == new || before == new || result == old || onto != old || then == old {
        Fared::Absent
    } else if then == new {
        Fared::Stood
    } else {
        Fared::Changed
    }
}
