//! Clean merges: what landed is a reviewed change, merged with what landed in the same files meanwhile (SPEC 8.3).

use std::rc::Rc;

use super::Gate;
use super::line::{Line, Unit};
use super::series::MAX_GROUP;
use super::statements::Place;
use super::texts::{Stands, lacks_text};
use super::trust_unit::touches_trust;
use super::verdict::Undecided;
use crate::attestation::Change;
use crate::change::{
    ChangeDigest, ChangeManifest, CommitId, Content, Digest, Entry, MERGED_LIMIT, RepoPath,
};
use crate::codes::Code;

/// The most parents of a unit that is taken for a clean merge.
const MAX_PARENTS: usize = 2;

/// A change, and where its texts may stand.
#[derive(Debug)]
pub(super) struct Reviewed {
    pub digest: ChangeDigest,
    pub manifest: ChangeManifest,
    /// Of one that covers units: whether somebody signed it over as many commits as they are. Else it only adds what was
    /// said of it: rejections, authors, extent.
    pub fits: bool,
    /// Where its old and new sides stand, by statements or by where it landed.
    pub sides: Vec<(CommitId, CommitId)>,
}

impl Reviewed {
    /// A signed change that lands at a place, where its sides stand too.
    pub fn landing(
        digest: ChangeDigest,
        manifest: &ChangeManifest,
        place: &Place<'_>,
        signed: impl Iterator<Item = (CommitId, CommitId)>,
    ) -> Self {
        let landed = place.onto.iter().zip(place.units.last());
        let landed = landed.map(|(onto, last)| (onto.clone(), last.commit.clone()));
        let landed = landed.chain(place.ends.clone());
        Self {
            digest,
            manifest: manifest.clone(),
            fits: true,
            sides: landed.chain(signed).collect(),
        }
    }

    /// What a unit brought.
    pub fn landed(unit: &Unit) -> Self {
        let parent = unit.parent.iter().cloned();
        Self {
            digest: unit.digest,
            manifest: unit.manifest.clone(),
            fits: true,
            sides: parent.map(|parent| (parent, unit.commit.clone())).collect(),
        }
    }
}

/// What merging the texts of a reviewed change says.
enum Merged {
    /// All results are what landed.
    Same,
    Differs,
    /// The text at this path is not here, so that nobody can tell.
    Unknown(RepoPath),
}

/// Landed units, as one change.
#[derive(Clone, Copy)]
struct Composed<'a> {
    change: &'a ChangeManifest,
    base: Option<&'a CommitId>,
    /// The last commit; `None` of a change that didn't land yet.
    last: Option<&'a CommitId>,
}

impl<'a> Composed<'a> {
    fn unit(unit: &'a Unit) -> Self {
        Self {
            change: &unit.manifest,
            base: unit.parent.as_ref(),
            last: Some(&unit.commit),
        }
    }
}

/// A path at which texts must be merged to tell.
pub(super) struct Merge {
    pub path: RepoPath,
    pub old: Digest,
    pub new: Digest,
    pub cur: Digest,
    /// What stands there now.
    pub result: Digest,
}

impl Merge {
    /// `None` where a side is no regular file, or has another mode than the others.
    fn new(entry: &Entry<'_>, cur: Option<&Content>, result: Option<&Content>) -> Option<Self> {
        let sides = [entry.old, entry.new, cur, result];
        let sides: Vec<_> = sides
            .into_iter()
            .filter_map(|side| side?.regular_file())
            .collect();
        let [old, new, cur, result] = sides.as_slice() else {
            return None;
        };
        let one_mode = [new.0, cur.0, result.0].iter().all(|mode| *mode == old.0);
        one_mode.then(|| Self {
            path: entry.path.clone(),
            old: old.1,
            new: new.1,
            cur: cur.1,
            result: result.1,
        })
    }
}

impl Gate<'_> {
    /// The reviewed changes of which what stands at this place, upon `base`, is the clean merge, where the policy
    /// takes those.
    pub(super) fn covering(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        base: Option<&CommitId>,
    ) -> Result<Rc<Vec<Rc<Reviewed>>>, Undecided> {
        let landed = place.manifest;
        if !self.judging.policy.clean_merge || landed.is_empty() || touches_trust(landed) {
            return Ok(Rc::default());
        }
        let (Some(first), Some(last)) = (place.units.first(), place.units.last()) else {
            return Ok(Rc::new(self.find_covering(line, place, base)?));
        };
        let version = self.judging.version.number();
        let of = (version, first.commit.clone(), last.commit.clone());
        line.memo
            .covering(of, || self.find_covering(line, place, base))
    }

    fn find_covering(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        base: Option<&CommitId>,
    ) -> Result<Vec<Rc<Reviewed>>, Undecided> {
        // Such a merge is covered by nothing but its own digest, and what was said of another form binds it all the same.
        let few = self.have_few_parents(place.units)?;
        let stored = self.changes(line)?;
        let mut covering = Vec::new();
        for (digest, manifest) in stored.around(place.manifest, &place.digest) {
            // First of all it must be somebody's: what nobody signed costs nothing more.
            let (sides, fits) = self.signed_sides(line, digest, place.units)?;
            if sides.is_empty() {
                continue;
            }
            let reviewed = Reviewed {
                digest: *digest,
                manifest: manifest.clone(),
                fits: fits && few,
                sides,
            };
            let landed = Composed {
                change: place.manifest,
                base,
                last: place.units.last().map(|unit| &unit.commit),
            };
            if let Merged::Same = self.merged(line, &reviewed, landed)? {
                covering.push(Rc::new(reviewed));
            }
        }
        Ok(covering)
    }

    /// Whether each of these units may be taken for a clean merge by its number of parents.
    fn have_few_parents(&self, units: &[Rc<Unit>]) -> Result<bool, Undecided> {
        for unit in units {
            if self.history.parents(&unit.commit)?.len() > MAX_PARENTS {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Of several units, the digests by which each alone could be covered, but for those by which all are.
    pub(super) fn of_each(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        whole: &[Rc<Reviewed>],
    ) -> Result<Vec<ChangeDigest>, Undecided> {
        let mut digests = Vec::new();
        if place.units.len() < 2 {
            return Ok(digests);
        }
        let known = |digest: &ChangeDigest| {
            *digest == place.digest || whole.iter().any(|reviewed| reviewed.digest == *digest)
        };
        for unit in place.units.iter().filter(|unit| !unit.manifest.is_empty()) {
            let covering = self.covering(line, &Place::of_unit(unit), unit.parent.as_ref())?;
            let covering = covering.iter().map(|reviewed| reviewed.digest);
            digests.extend(
                covering
                    .chain([unit.digest])
                    .filter(|digest| !known(digest)),
            );
        }
        digests.sort();
        digests.dedup();
        Ok(digests)
    }

    /// Whether landed units are a statement's reviewed commits one by one, each that very change or, where the policy
    /// takes those, its clean merge. Else a run could swallow somebody's fix in between and undo it.
    pub(super) fn is_series(
        &self,
        line: &Line<'_>,
        units: &[Rc<Unit>],
        change: &Change,
    ) -> Result<bool, Undecided> {
        if units.len() < 2 {
            return Ok(true);
        }
        let landed: Vec<_> = units
            .iter()
            .filter(|unit| !unit.manifest.is_empty())
            .collect();
        let Some(commits) = change
            .commits
            .as_ref()
            .filter(|all| all.len() == landed.len())
        else {
            return Ok(false);
        };
        for (unit, commit) in landed.into_iter().zip(commits) {
            if unit.digest != *commit && !self.is_form_of(line, unit, (commit, change))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A commit that a statement lists, as far as the store has its manifest.
    pub(super) fn kept_commit(
        &self,
        line: &Line<'_>,
        digest: &ChangeDigest,
        sides: Vec<(CommitId, CommitId)>,
    ) -> Result<Option<Reviewed>, Undecided> {
        let read = || Ok(self.store.manifest(digest)?.manifest);
        let manifest = line.memo.kept(*digest, read)?;
        Ok(manifest.as_ref().clone().map(|manifest| Reviewed {
            digest: *digest,
            manifest,
            fits: true,
            sides,
        }))
    }

    /// Whether one landed unit is the clean merge of a reviewed commit, whose manifest the store has to hold.
    fn is_form_of(
        &self,
        line: &Line<'_>,
        unit: &Rc<Unit>,
        (commit, change): (&ChangeDigest, &Change),
    ) -> Result<bool, Undecided> {
        if !self.judging.policy.clean_merge {
            return Ok(false);
        }
        let sides = vec![(change.base.clone(), change.head.clone())];
        let Some(reviewed) = self.kept_commit(line, commit, sides)? else {
            return Ok(false);
        };
        if !self.have_few_parents(std::slice::from_ref(unit))? {
            return Ok(false);
        }
        let mut paths = unit.manifest.paths();
        if !paths.all(|path| reviewed.manifest.entry(path).is_some()) {
            return Ok(false);
        }
        let merged = self.merged(line, &reviewed, Composed::unit(unit))?;
        Ok(matches!(merged, Merged::Same))
    }

    /// Whether a unit is the clean merge of a stored change.
    pub(super) fn is_merge_of(
        &self,
        line: &Line<'_>,
        unit: &Rc<Unit>,
        (digest, manifest): (&ChangeDigest, &ChangeManifest),
    ) -> Result<bool, Undecided> {
        let (sides, _) = self.signed_sides(line, digest, std::slice::from_ref(unit))?;
        let reviewed = Reviewed {
            digest: *digest,
            manifest: manifest.clone(),
            fits: true,
            sides,
        };
        let merged = self.merged(line, &reviewed, Composed::unit(unit))?;
        Ok(matches!(merged, Merged::Same))
    }

    /// Whether the clean merge of a reviewed change landed with a unit: with that one alone, or with it as the last of
    /// a run, of any length that a group may have, whatever else they changed. Another statement over the same change
    /// may have covered it, over other commits than this one.
    ///
    /// # Errors
    /// The reviewed texts are not here: who withholds them must not make a spent statement look unspent.
    pub(super) fn landed_merged(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        unit: &Rc<Unit>,
    ) -> Result<bool, Undecided> {
        let mut first = Rc::clone(unit);
        let mut composed = unit.manifest.within(&reviewed.manifest);
        let mut touches = !composed.is_empty();
        for _ in 0..MAX_GROUP {
            // A unit that touches no path of the change makes no difference to what stands at them.
            let landed = Composed {
                change: &composed,
                base: first.parent.as_ref(),
                last: Some(&unit.commit),
            };
            if touches && self.holds_clean_merge(line, reviewed, landed)? {
                return Ok(true);
            }
            loop {
                let Some(parent) = &first.parent else {
                    return Ok(false);
                };
                first = line.unit(parent)?;
                if !first.manifest.is_empty() {
                    break;
                }
            }
            let before = first.manifest.within(&reviewed.manifest);
            touches = !before.is_empty();
            composed = before
                .compose(&composed)
                .map_err(|error| Undecided::new(Code::INTERNAL, error.to_string()))?;
        }
        Ok(false)
    }

    /// Whether what landed holds the clean merge of a reviewed change, whatever else it holds.
    fn holds_clean_merge(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        landed: Composed<'_>,
    ) -> Result<bool, Undecided> {
        if landed.change.is_empty() {
            return Ok(false);
        }
        match self.merged(line, reviewed, landed)? {
            Merged::Same => Ok(true),
            Merged::Differs => Ok(false),
            Merged::Unknown(path) => Err(lacks_text((reviewed, &path))),
        }
    }

    /// Whether what landed is, at each path of a reviewed change, its clean merge. Other paths that landed are
    /// not looked at.
    fn merged(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        landed: Composed<'_>,
    ) -> Result<Merged, Undecided> {
        match self.merges(&reviewed.manifest, landed.change, landed.base)? {
            Some(merges) => self.all_merge(line, reviewed, &merges, landed),
            None => Ok(Merged::Differs),
        }
    }

    /// What must be merged to tell whether `landed` is the clean merge of `reviewed`; `None` where another path
    /// says no already.
    fn merges(
        &self,
        reviewed: &ChangeManifest,
        landed: &ChangeManifest,
        base: Option<&CommitId>,
    ) -> Result<Option<Vec<Merge>>, Undecided> {
        let mut merges = Vec::new();
        for entry in reviewed.entries() {
            let here = landed.entry(entry.path);
            let cur = match (here, base) {
                (Some(here), _) => here.old.cloned(),
                (None, Some(base)) => self.history.content(base, entry.path)?,
                (None, None) => None,
            };
            let cur = cur.as_ref();
            let result = here.map_or(cur, |here| here.new);
            let stands = if cur == entry.old {
                result == entry.new
            } else if cur == entry.new {
                result == cur
            } else {
                let merge = Merge::new(&entry, cur, result);
                let mergeable = merge.is_some();
                merges.extend(merge);
                mergeable
            };
            if !stands {
                return Ok(None);
            }
        }
        Ok(Some(merges))
    }

    /// Whether each of these texts is the line merge.
    fn all_merge(
        &self,
        line: &Line<'_>,
        reviewed: &Reviewed,
        merges: &[Merge],
        landed: Composed<'_>,
    ) -> Result<Merged, Undecided> {
        // Where nothing stood before there is nothing to merge with.
        let Some(base) = landed.base else {
            return Ok(match merges.is_empty() {
                true => Merged::Same,
                false => Merged::Differs,
            });
        };
        // Whatever is not here, one path is enough to say no.
        for (merge, last) in merges.iter().zip(landed.last.into_iter().cycle()) {
            if !self.may_be_merge(line, reviewed, merge, (base, last))? {
                return Ok(Merged::Differs);
            }
        }
        let mut bytes = 0;
        for merge in merges {
            let names = [merge.old, merge.new, merge.cur];
            let cur = Stands::On(base);
            let Some(texts) = self.merged_texts(line, (reviewed, &merge.path), names, cur)? else {
                return Ok(Merged::Unknown(merge.path.clone()));
            };
            bytes += texts.bytes;
            if bytes > MERGED_LIMIT || texts.result != Some(merge.result) {
                return Ok(Merged::Differs);
            }
        }
        Ok(Merged::Same)
    }
}
