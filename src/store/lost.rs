//! What a store loses from one commit to another.

use super::{Place, StoreError};
use crate::change::CommitId;
use crate::git::Repository;

/// The first file of a store at one commit that another commit doesn't hold: an attestation, a manifest, a text. What
/// the later commit reaches says nothing, since files can be taken away on top of it. Junk may go.
///
/// # Errors
/// A commit or tree that can't be read; more than is gone through.
pub fn first_lost(
    repo: &Repository,
    old: &CommitId,
    new: &CommitId,
) -> Result<Option<Place>, StoreError> {
    let (old, new) = (repo.files(old)?, repo.files(new)?);
    let mut missing = Vec::new();
    let complete = old.missing_in(Some(&new), &mut |path, entry| {
        missing.extend(Place::parse(path).map(|place| (place, entry.clone())));
    })?;
    if !complete {
        let text = "a push that takes too many files of the store away".to_owned();
        return Err(StoreError::LimitReached(text));
    }
    for (place, entry) in missing {
        let bytes = old.read(&entry, place.limit())?;
        if bytes.is_some_and(|bytes| place.vouches_for(&bytes)) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
