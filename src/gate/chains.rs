//! The chains of trust versions in the trees of commits, each verified once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::judging::version_files;
use super::verdict::Undecided;
use crate::change::{CommitId, Digest, History};
use crate::trust::{Chain, TrustError};

/// The envelopes of a tree by number, and what verifying them says.
type Known = (BTreeMap<u64, Vec<u8>>, Rc<Result<Chain, TrustError>>);

/// Verifies the trust versions in commits' trees from one root. Trees mostly hold the same versions, so what
/// was verified is remembered by the files' bytes.
pub struct Chains<'a> {
    /// The repository.
    pub history: &'a dyn History,
    /// The pinned root.
    pub root: Digest,
    known: RefCell<Vec<Known>>,
}

impl<'a> Chains<'a> {
    /// For commits of one repository.
    pub fn new(history: &'a dyn History, root: Digest) -> Self {
        Self {
            history,
            root,
            known: RefCell::default(),
        }
    }

    /// The versions in a commit's tree that stand; the error where not even version 1 does.
    ///
    /// # Errors
    /// The tree can't be read.
    pub fn of(&self, commit: &CommitId) -> Result<Rc<Result<Chain, TrustError>>, Undecided> {
        let files = version_files(self.history, commit)?;
        let mut known = self.known.borrow_mut();
        if let Some((_, chain)) = known.iter().find(|(other, _)| *other == files) {
            return Ok(Rc::clone(chain));
        }
        let chain = Chain::verify(&files, &self.root).map(|(chain, _)| chain);
        let chain = Rc::new(chain);
        known.push((files, Rc::clone(&chain)));
        Ok(chain)
    }
}
