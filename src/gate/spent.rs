//! Which landing spent a statement: it covers one on each of its targets (SPEC 8.4).

use std::fmt;

use super::Gate;
use super::clean::Reviewed;
use super::line::{Line, Since};
use super::parts::Between;
use super::statements::Place;
use super::verdict::Undecided;
use crate::change::{CommitId, RepoPath};
use crate::verify::VerifiedStatement;

/// What spent a statement.
pub(super) enum Spent {
    /// The change landed with this unit.
    Landed(CommitId),
    /// A part of it, at a path, was there with this commit, and no longer is.
    InPart(CommitId, RepoPath),
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Landed(unit) => write!(f, "spent when {} landed", unit.short()),
            Self::InPart(commit, path) => {
                let commit = commit.short();
                write!(
                    f,
                    "spent: a part of it, in {path}, was there with {commit} and was taken away"
                )
            }
        }
    }
}

impl Gate<'_> {
    /// What spent a statement (SPEC 8.4): the reviewed change or what is judged landed, or was there and was taken away; a
    /// unit held the clean merge of the reviewed change; or a part that landing it would bring was there.
    pub(super) fn spent(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
        (tip, since): (&CommitId, Since),
    ) -> Result<Option<Spent>, Undecided> {
        let own = (place.manifest, &place.digest);
        let reviewed = place.reviewed.as_ref();
        let reviewed = reviewed.map(|reviewed| (&reviewed.manifest, &reviewed.digest));
        for change in reviewed.into_iter().chain([own]) {
            if let Some(landed) = line.spent(place, change, tip, since)? {
                return Ok(Some(Spent::Landed(landed)));
            }
        }
        let (manifest, _) = reviewed.unwrap_or(own);
        let touching = line.touching(manifest, since)?;
        let Some(onto) = place.onto.as_ref().filter(|_| !touching.is_empty()) else {
            return Ok(None);
        };
        let signed = self.signed_of(line, &statement.subject())?;
        let sides = signed.iter().map(|signed| signed.sides.clone());
        let whole = Reviewed::landing(statement.subject(), manifest, place, sides);
        if self.judging.policy.clean_merge {
            for unit in &touching {
                if self.landed_merged(line, &whole, unit)? {
                    return Ok(Some(Spent::Landed(unit.commit.clone())));
                }
            }
        }
        let between = Between::new(&whole, (tip, onto), (&touching, place.units));
        let part = self.brings_again(line, &whole, statement, &between)?;
        Ok(part.map(|(commit, path)| Spent::InPart(commit, path)))
    }
}
