//! What one check found out already: many statements, units and runs of them ask the same.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::rc::Rc;

use super::Undecided;
use super::clean::Reviewed;
use super::stored::{Signed, Stored};
use super::text_lines::TextLines;
use super::texts::{Hunks, MergedTexts, Names};
use crate::change::{ChangeDigest, ChangeManifest, CommitId, Digest, Fares};
use crate::codes::Code;
use crate::verify::{Rejected, VerifiedStatement};

/// The most bytes of texts that one check merges or compares (SPEC 10).
const MAX_BYTES: u64 = 4 << 30;

/// A trust version, by its number, and a stored change.
type SignedUnder = (u64, ChangeDigest);
/// A trust version, by its number, and a unit.
type ListedUnder = (u64, CommitId);
/// A trust version, by its number, and the first and the last of some units.
type CoveringUnder = (u64, CommitId, CommitId);
/// A trust version, by its number, and a bundle, by its name.
type VerifiedUnder = (u64, Digest);
/// What verifying a bundle gave.
pub(super) type Verified = Result<VerifiedStatement, Rejected>;
/// What statements list as the commits of a change.
pub(super) type Lists = Vec<Vec<ChangeDigest>>;

/// What was found out, by what was asked.
#[derive(Default)]
pub(super) struct Memo {
    stored: RefCell<Option<Rc<Stored>>>,
    /// The manifests of changes that the store has.
    kept: RefCell<HashMap<ChangeDigest, Rc<Option<ChangeManifest>>>>,
    /// What was signed of stored changes, by the trust version that judged it.
    signed: RefCell<HashMap<SignedUnder, Rc<Vec<Signed>>>>,
    /// The bundles that were verified, whatever change they are of.
    verified: RefCell<HashMap<VerifiedUnder, Rc<Verified>>>,
    /// The commits that are listed of what a unit is a form of.
    listed: RefCell<HashMap<ListedUnder, Rc<Lists>>>,
    /// The reviewed changes of which units are the clean merge.
    covering: RefCell<HashMap<CoveringUnder, Rc<Vec<Rc<Reviewed>>>>>,
    /// What merging texts gave, by the names of old, new and current.
    merged: RefCell<HashMap<Names, Rc<MergedTexts>>>,
    /// How the hunks between old and new fare in current.
    hunks: RefCell<HashMap<Names, Hunks>>,
    /// The lines of texts.
    pub lines: TextLines,
    /// How many bytes of texts were merged or compared.
    charged: Cell<u64>,
}

impl Memo {
    /// The stored changes, read once.
    pub fn stored(
        &self,
        read: impl FnOnce() -> Result<Stored, Undecided>,
    ) -> Result<Rc<Stored>, Undecided> {
        if let Some(stored) = self.stored.borrow().as_ref() {
            return Ok(Rc::clone(stored));
        }
        let stored = Rc::new(read()?);
        Ok(Rc::clone(self.stored.borrow_mut().insert(stored)))
    }

    /// The manifest of a stored change.
    pub fn kept(
        &self,
        of: ChangeDigest,
        read: impl FnOnce() -> Result<Option<ChangeManifest>, Undecided>,
    ) -> Result<Rc<Option<ChangeManifest>>, Undecided> {
        remembered(&self.kept, of, read)
    }

    /// What genuine statements say of a stored change, read once for each version that judges: many runs of units may
    /// be its clean merge.
    pub fn signed(
        &self,
        of: SignedUnder,
        read: impl FnOnce() -> Result<Vec<Signed>, Undecided>,
    ) -> Result<Rc<Vec<Signed>>, Undecided> {
        remembered(&self.signed, of, read)
    }

    /// What verifying a bundle gave, done once for each version that judges.
    pub fn verified(&self, of: VerifiedUnder, verify: impl FnOnce() -> Verified) -> Rc<Verified> {
        let Ok(verified) = remembered(&self.verified, of, || Ok::<_, Infallible>(verify()));
        verified
    }

    /// The commits that are listed of what a unit is a form of, looked for once for each version that judges.
    pub fn listed(
        &self,
        of: ListedUnder,
        find: impl FnOnce() -> Result<Lists, Undecided>,
    ) -> Result<Rc<Lists>, Undecided> {
        remembered(&self.listed, of, find)
    }

    /// The reviewed changes of which some units are the clean merge, looked for once for each version that judges.
    pub fn covering(
        &self,
        of: CoveringUnder,
        find: impl FnOnce() -> Result<Vec<Rc<Reviewed>>, Undecided>,
    ) -> Result<Rc<Vec<Rc<Reviewed>>>, Undecided> {
        remembered(&self.covering, of, find)
    }

    /// What merging texts gave. `None`, where one is not here, is asked again: another change may have it.
    pub fn merged(
        &self,
        of: Names,
        merge: impl FnOnce() -> Result<Option<MergedTexts>, Undecided>,
    ) -> Result<Option<Rc<MergedTexts>>, Undecided> {
        remembered_if_any(&self.merged, of, merge)
    }

    /// How the hunks between texts fare in another; `None` likewise.
    pub fn hunks(
        &self,
        of: Names,
        find: impl FnOnce() -> Result<Option<Option<Vec<Fares>>>, Undecided>,
    ) -> Result<Option<Hunks>, Undecided> {
        remembered_if_any(&self.hunks, of, find)
    }

    /// Notes that so many bytes are merged or compared.
    ///
    /// # Errors
    /// Over the most of one check: could not decide.
    pub fn charge(&self, bytes: usize) -> Result<(), Undecided> {
        let charged = self.charged.get().saturating_add(bytes as u64);
        self.charged.set(charged);
        match charged > MAX_BYTES {
            true => Err(Undecided::new(
                Code::LIMIT,
                format!("over {MAX_BYTES} bytes of texts to merge"),
            )),
            false => Ok(()),
        }
    }
}

/// What is known by a name, found out where it isn't known yet. What can't be found out is asked again.
fn remembered<K: Eq + Hash, V, E>(
    memo: &RefCell<HashMap<K, Rc<V>>>,
    of: K,
    find: impl FnOnce() -> Result<V, E>,
) -> Result<Rc<V>, E> {
    if let Some(known) = memo.borrow().get(&of) {
        return Ok(Rc::clone(known));
    }
    // Finding it out may ask for others: nothing is borrowed meanwhile.
    let found = Rc::new(find()?);
    memo.borrow_mut().insert(of, Rc::clone(&found));
    Ok(found)
}

/// The same; that there is nothing is asked again too.
fn remembered_if_any<K: Eq + Hash, V, E>(
    memo: &RefCell<HashMap<K, Rc<V>>>,
    of: K,
    find: impl FnOnce() -> Result<Option<V>, E>,
) -> Result<Option<Rc<V>>, E> {
    if let Some(known) = memo.borrow().get(&of) {
        return Ok(Some(Rc::clone(known)));
    }
    let Some(found) = find()?.map(Rc::new) else {
        return Ok(None);
    };
    memo.borrow_mut().insert(of, Rc::clone(&found));
    Ok(Some(found))
}
