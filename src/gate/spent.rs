//! Which landing spent a statement: it covers one on each of its targets (SPEC 8.4).

use super::Gate;
use super::clean::Reviewed;
use super::line::{Line, Since};
use super::parts::Between;
use super::statements::Place;
use super::verdict::Undecided;
use crate::change::CommitId;
use crate::verify::VerifiedStatement;

impl Gate<'_> {
    /// The unit whose landing spent a statement (SPEC 8.4): the reviewed change landed, or was there and taken away,
    /// or so was what is judged, or a part that it would bring, or what landed held the clean merge of the reviewed
    /// change.
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
        let Some(onto) = place.onto.as_ref().filter(|_| !touching.is_empty()) else {
            return Ok(None);
        };
        let signed = self.signed_of(line, &statement.subject())?;
        let sides = signed.iter().map(|signed| signed.sides.clone());
        let whole = Reviewed::landing(statement.subject(), manifest, place, sides);
        if self.judging.policy.clean_merge {
            for unit in &touching {
                if self.landed_merged(line, &whole, unit)? {
                    return Ok(Some(unit.commit.clone()));
                }
            }
        }
        let between = Between::new(&whole, (tip, onto), &touching);
        self.brings_again(line, &whole, statement, &between)
    }
}
