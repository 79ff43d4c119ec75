//! Which landing spent a statement: it covers one on each of its targets (SPEC 8.4).

use std::rc::Rc;

use super::Gate;
use super::clean::Reviewed;
use super::line::{Line, Since, Unit};
use super::statements::Place;
use super::stored::Signed;
use super::verdict::Undecided;
use crate::change::{ChangeDigest, CommitId};
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    /// The unit whose landing spent a statement (SPEC 8.4): the reviewed change landed, or was there and taken away,
    /// or so was what is judged, or what landed held the clean merge of the reviewed change.
    pub(super) fn spent(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
        (tip, since): (&CommitId, Since),
    ) -> Result<Option<CommitId>, Undecided> {
        let own = (place.manifest, &place.digest);
        let reviewed = place.reviewed.as_ref();
        let reviewed = reviewed.map(|reviewed| (&reviewed.manifest, &reviewed.digest));
        for change in reviewed.into_iter().chain([own]) {
            if let Some(landed) = line.spent(place, change, tip, since)? {
                return Ok(Some(landed));
            }
        }
        let (manifest, _) = reviewed.unwrap_or(own);
        let touching = line.touching(manifest, since)?;
        for unit in &touching {
            if self.landed_in_part(line, place, statement, unit)? {
                return Ok(Some(unit.commit.clone()));
            }
        }
        if !self.judging.policy.clean_merge || touching.is_empty() {
            return Ok(None);
        }
        let reviewed = match &place.reviewed {
            Some(reviewed) => Rc::clone(reviewed),
            None => Rc::new(Reviewed::of(statement, place)),
        };
        for unit in touching {
            if self.landed_merged(line, &reviewed, &unit)? {
                return Ok(Some(unit.commit.clone()));
            }
        }
        Ok(None)
    }

    /// Whether a unit was the landing of a signed change together with others, or of one of its commits that was taken
    /// away again: by what was signed of the unit, and by the commits that the statement lists.
    fn landed_in_part(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
        unit: &Rc<Unit>,
    ) -> Result<bool, Undecided> {
        let subject = statement.subject();
        let listed = statement.change().commits.as_deref().unwrap_or_default();
        let alone = std::slice::from_ref(&subject);
        let own = if listed.is_empty() { alone } else { listed };
        let holds = |commits: &[ChangeDigest]| {
            let run = commits.windows(own.len()).any(|run| run == own);
            commits.len() > own.len() && (run || commits.contains(&subject))
        };
        let covering = self.covering(line, &Place::of_unit(unit), unit.parent.as_ref())?;
        let covering = covering.iter().map(|reviewed| reviewed.digest);
        let forms = covering.chain([unit.digest]);
        for form in forms.filter(|form| *form != subject) {
            if let Some(onto) = &place.onto
                && own.contains(&form)
                && self.is_taken_away(line, &Reviewed::landed(unit), onto)?
            {
                return Ok(true);
            }
            let signed = self.signed_of(line, &form)?;
            if signed.iter().filter_map(Signed::commits).any(holds) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
