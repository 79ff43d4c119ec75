//! Whether a part of a change stood on the line and was taken away again before the change lands (SPEC 8.4).
//!
//! A part is a hunk of a text, the mode of a file, or a whole entry that is no modified text.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Gate;
use super::clean::Reviewed;
use super::line::{Line, Unit};
use super::statements::Place;
use super::texts::{Hunks, Names, Stands, lacks_text};
use super::verdict::Undecided;
use crate::change::{ChangeDigest, CommitId, Content, Digest, Entry, Fares, RepoPath};
use crate::verify::VerifiedStatement;

/// The line between a statement's tip and where its change lands.
pub(super) struct Between<'a> {
    tip: &'a CommitId,
    onto: &'a CommitId,
    /// The units of it that touch a path of the change; the oldest first.
    touching: &'a [Rc<Unit>],
    /// Those that touch each path, with what they do there.
    by_path: BTreeMap<&'a RepoPath, Vec<(&'a Rc<Unit>, Entry<'a>)>>,
}

impl<'a> Between<'a> {
    pub fn new(
        whole: &Reviewed,
        (tip, onto): (&'a CommitId, &'a CommitId),
        touching: &'a [Rc<Unit>],
    ) -> Self {
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
            touching,
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
struct Moment<'a> {
    /// The side of a change whose parts are looked for.
    change: &'a Reviewed,
    entry: Entry<'a>,
    /// The whole signed change, and what it does there.
    whole: &'a Reviewed,
    brings: Entry<'a>,
    then: (&'a CommitId, Option<&'a Content>),
    onto: (&'a CommitId, Option<&'a Content>),
}

impl Gate<'_> {
    /// The commit at which a part of a signed change, or of one of its own commits, stood that its landing would bring
    /// again.
    pub(super) fn brings_again(
        &self,
        line: &Line<'_>,
        whole: &Reviewed,
        statement: &VerifiedStatement,
        between: &Between<'_>,
    ) -> Result<Option<CommitId>, Undecided> {
        let listed = statement.change().commits.as_deref().unwrap_or_default();
        let landed = |unit: &Rc<Unit>| self.landed_with_more(line, unit, whole.digest, listed);
        if let Some(commit) = self.stood(line, (whole, whole), between, landed)? {
            return Ok(Some(commit));
        }
        for digest in listed.iter().filter(|digest| **digest != whole.digest) {
            let Some(commit) = self.own_commit(digest, between)? else {
                continue;
            };
            if let Some(commit) = self.stood(line, (&commit, whole), between, |_| Ok(false))? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    /// One of the commits that a statement lists: as it landed, or as the store holds it.
    fn own_commit(
        &self,
        digest: &ChangeDigest,
        between: &Between<'_>,
    ) -> Result<Option<Reviewed>, Undecided> {
        let mut units = between.touching.iter();
        if let Some(unit) = units.find(|unit| unit.digest == *digest) {
            return Ok(Some(Reviewed::landed(unit)));
        }
        let manifest = self.store.manifest(digest)?.manifest;
        Ok(manifest.map(|manifest| Reviewed {
            digest: *digest,
            manifest,
            fits: true,
            sides: Vec::new(),
        }))
    }

    /// Whether a unit landed a signed change together with more, by the commits that somebody lists of what the unit is
    /// a form of.
    fn landed_with_more(
        &self,
        line: &Line<'_>,
        unit: &Rc<Unit>,
        change: ChangeDigest,
        listed: &[ChangeDigest],
    ) -> Result<bool, Undecided> {
        let alone = std::slice::from_ref(&change);
        let own = if listed.is_empty() { alone } else { listed };
        let holds = |commits: &[ChangeDigest]| {
            let run = commits.windows(own.len()).any(|run| run == own);
            commits.len() > own.len() && (run || commits.contains(&change))
        };
        let covering = self.covering(line, &Place::of_unit(unit), unit.parent.as_ref())?;
        let covering = covering.iter().map(|reviewed| reviewed.digest);
        for form in covering.chain([unit.digest]).filter(|form| *form != change) {
            let signed = self.signed_of(line, &form)?;
            if signed
                .iter()
                .filter_map(|signed| signed.commits())
                .any(holds)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first commit at which a part of `change` stood that is lacking where the whole lands, and that this brings.
    /// `landed`: whether a unit after which such a part was another landed it, bettered.
    fn stood(
        &self,
        line: &Line<'_>,
        (change, whole): (&Reviewed, &Reviewed),
        between: &Between<'_>,
        landed: impl Fn(&Rc<Unit>) -> Result<bool, Undecided>,
    ) -> Result<Option<CommitId>, Undecided> {
        for (path, units) in &between.by_path {
            let sides = change.manifest.entry(path).zip(whole.manifest.entry(path));
            let (Some((entry, brings)), Some((_, first)), Some((_, last))) =
                (sides, units.first(), units.last())
            else {
                continue;
            };
            let before = (between.tip, first.old, None);
            let after = units
                .iter()
                .map(|(unit, at)| (&unit.commit, at.new, Some(*unit)));
            for (commit, content, unit) in std::iter::once(before).chain(after) {
                let moment = Moment {
                    change,
                    entry,
                    whole,
                    brings,
                    then: (commit, content),
                    onto: (between.onto, last.new),
                };
                let landed = match unit {
                    Some(unit) => landed(unit)?,
                    None => false,
                };
                let least = if landed { Fared::Changed } else { Fared::Stood };
                if self.fared(line, &moment, least)? >= least {
                    return Ok(Some(commit.clone()));
                }
            }
        }
        Ok(None)
    }

    /// How the parts at one path fared that are lacking where the change lands, as far as they fared so at `least`.
    fn fared(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        least: Fared,
    ) -> Result<Fared, Undecided> {
        let Entry { old, new, .. } = moment.entry;
        let brings = moment.brings;
        let (onto, then) = (moment.onto.1, moment.then.1);
        let sides = [old, new, brings.old, brings.new, onto, then];
        let file = |side: Option<&Content>| side.and_then(Content::regular_file);
        let files: Vec<_> = sides.into_iter().filter_map(file).collect();
        let Ok(files) = <[_; 6]>::try_from(files) else {
            return Ok(undivided(sides));
        };
        match undivided(files.map(|(mode, _)| mode)) {
            Fared::Stood => Ok(Fared::Stood),
            _ => self.text_fared(line, moment, (files.map(|(_, text)| text), least)),
        }
    }

    /// The same of a text, by its hunks.
    fn text_fared(
        &self,
        line: &Line<'_>,
        moment: &Moment<'_>,
        (texts, least): ([Digest; 6], Fared),
    ) -> Result<Fared, Undecided> {
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
            return Ok(Fared::Absent);
        }
        let (on, at) = (moment.onto.0, moment.then.0);
        let path = moment.entry.path;
        // Most states of a file that many changes are about are told apart so, without a look at where lines stand.
        if least == Fared::Stood
            && !self.may_stand(line, (moment.change, path), (old, new), (at, then))?
        {
            return Ok(Fared::Absent);
        }
        let others = [
            (before, Stands::In(moment.whole)),
            (result, Stands::In(moment.whole)),
            (onto, Stands::On(on)),
            (then, Stands::On(at)),
        ];
        let mut beside = Vec::with_capacity(others.len());
        for (text, stands) in others {
            match self.text(line, moment, [old, new, text], stands)? {
                Some(text) => beside.push(text),
                None => return Ok(Fared::Absent),
            }
        }
        let hunks = beside.iter().find_map(Text::hunks);
        let unfit = beside.iter().any(Text::is_unfit);
        let (Some(hunks), [before, result, onto, then]) = (hunks.filter(|_| !unfit), &*beside)
        else {
            return Ok(undivided(texts));
        };
        let brought = (0..hunks).filter(|hunk| {
            let left = result.fares(*hunk);
            let brings = !before.fares(*hunk).stands && (left.stands || !left.lacking);
            brings && onto.fares(*hunk).lacking
        });
        let fared = brought.map(|hunk| match then.fares(hunk) {
            Fares { stands: true, .. } => Fared::Stood,
            Fares { lacking: true, .. } => Fared::Absent,
            _ => Fared::Changed,
        });
        Ok(fared.max().unwrap_or(Fared::Absent))
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
    ) -> Result<Option<Text>, Undecided> {
        let [old, new, text] = names;
        // Of one of the sides nothing has to be read.
        if text == old || text == new {
            return Ok(Some(if text == old { Text::Old } else { Text::New }));
        }
        let at = (moment.change, moment.entry.path);
        match self.hunks(line, at, names, stands)? {
            Some(hunks) => Ok(Some(Text::Other(hunks))),
            None if std::ptr::eq(moment.change, moment.whole) => Err(lacks_text(at)),
            None => Ok(None),
        }
    }
}

/// A text beside a change of it.
enum Text {
    Old,
    New,
    Other(Hunks),
}

impl Text {
    fn fares(&self, hunk: usize) -> Fares {
        let lacking = matches!(self, Self::Old);
        let side = Fares {
            lacking,
            stands: !lacking,
        };
        match self {
            Self::Other(hunks) => {
                let hunks = hunks.as_deref().unwrap_or_default();
                hunks.get(hunk).copied().unwrap_or(side)
            }
            _ => side,
        }
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
