//! Bringing a store and a remote to the union of both, in any direction, never with force.
//!
//! 1. What the remote had when it was last asked is united into the store, so that the next step
//!    can't lose it.
//! 2. The remote's ref is fetched to `refs/countersign/remotes/<remote>`, wherever it moved: forward,
//!    back or sideways. A remote without the ref is recorded there as a commit without parents and
//!    files, so that "asked, and there is none" differs from "never asked".
//! 3. The copy is united into the store.
//! 4. The store is pushed. Where the remote doesn't take it, 2 and 3 show why: if anything moved, it
//!    was a lost race, and is tried again; if nothing did, three times over, it was a refusal.

use std::time::Duration;

use super::git_ref::{GitStore, tracking_ref};
use super::layout::{ByName, Place};
use crate::change::CommitId;
use crate::git::{
    Committer, FetchSpec, FileTree, FilesError, GitProgram, PushOutcome, RefError, RemoteError,
    RemoteName, Union,
};

/// How many lost races are retried.
const MAX_RACES: u32 = 8;
/// How often a push is tried while nothing moves: the other writer may hold the lock still.
const MAX_REFUSALS: u32 = 3;

/// Which way a [`sync`](GitStore::sync) goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Fetch, unite, push.
    Both,
    /// Fetch and unite.
    FetchOnly,
    /// Push; fetch only where the push is not taken.
    PushOnly,
}

/// What a [`sync`](GitStore::sync) needs to know.
#[derive(Debug, Clone, Copy)]
pub struct SyncRequest<'a> {
    /// The program that talks to the remote.
    pub git: &'a GitProgram,
    /// The remote.
    pub remote: &'a RemoteName,
    /// Which way.
    pub direction: Direction,
    /// Who makes the commits that unite two histories, and when.
    pub by: &'a Committer,
}

/// What a [`sync`](GitStore::sync) did. Bundles and trust metadata are counted, manifests and blobs
/// are not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncReport {
    /// Sent to the remote, without those put back.
    pub sent: usize,
    /// Received from it.
    pub received: usize,
    /// Lost by the remote since it was last asked: it had them, and has them no more.
    pub lost: usize,
    /// Of those lost, put back.
    pub restored: usize,
    /// Whether the remote had the ref when it was last asked.
    pub remote_had_ref: bool,
}

/// What is known of a remote's store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The remote was never asked.
    NotFetched,
    /// It was asked and has nothing yet.
    Nothing,
    /// It was asked, and had what is in this commit.
    Holds(CommitId),
}

/// Why a sync did not come to its end. Whatever was fetched is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The remote could not be reached.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] FilesError),
    /// The remote's ref names something else than a commit. The copy here is as it was.
    #[error("the ref on {remote} can't be used as a store")]
    Unusable {
        /// The remote.
        remote: RemoteName,
        /// What is wrong with it.
        source: RefError,
    },
    /// The remote refuses the push.
    #[error("{remote} refused {name}: {words}")]
    Refused {
        /// The remote.
        remote: RemoteName,
        /// The ref's full name on the remote.
        name: String,
        /// What git and the server said: untrusted, escape it before showing it.
        words: String,
        /// What was done before.
        report: SyncReport,
    },
    /// Others pushed first, eight times in a row.
    #[error("others pushed to {name} on {remote} at the same time, {MAX_RACES} times in a row")]
    LostRaces {
        /// The remote.
        remote: RemoteName,
        /// The ref's full name on the remote.
        name: String,
        /// What was done before.
        report: SyncReport,
    },
}

impl From<RefError> for SyncError {
    fn from(error: RefError) -> Self {
        Self::Store(error.into())
    }
}

impl GitStore<'_> {
    /// What is known of the remote's store, without asking it.
    ///
    /// # Errors
    /// Where the copy here can't be read.
    pub fn fetched_state(&self, remote: &RemoteName) -> Result<Fetched, FilesError> {
        Ok(match self.repo.plain_reference(&tracking_ref(remote))? {
            None => Fetched::NotFetched,
            Some(commit) if self.repo.files(&commit)?.is_empty() => Fetched::Nothing,
            Some(commit) => Fetched::Holds(commit),
        })
    }

    /// Brings this store and a remote's to the union of both. A remote that has none yet is fine.
    ///
    /// # Errors
    /// Where the remote can't be reached, refuses, or the store can't be written; nothing that
    /// either side had is lost by that.
    pub fn sync(&self, request: &SyncRequest<'_>) -> Result<SyncReport, SyncError> {
        let mut report = SyncReport::default();
        let known = match request.direction {
            Direction::Both | Direction::FetchOnly => self.fetch_and_unite(request, &mut report)?.0,
            Direction::PushOnly => self.copy(request)?,
        };
        report.remote_had_ref = known.is_some();
        if request.direction != Direction::FetchOnly {
            self.push(request, known, &mut report)?;
        }
        Ok(report)
    }

    /// What a [`sync`](Self::sync) both ways would do: the remote is asked, its objects are fetched,
    /// and no ref moves. `restored` is what would be put back.
    ///
    /// # Errors
    /// Where the remote can't be reached or its ref can't be read.
    pub fn preview(&self, request: &SyncRequest<'_>) -> Result<SyncReport, SyncError> {
        let SyncRequest { git, remote, .. } = *request;
        let listed = self.repo.ls_remote(git, remote, &[&self.name])?.pop();
        let theirs = match listed {
            None => None,
            Some(found) => {
                let objects = FetchSpec {
                    source: self.name.clone(),
                    destination: None,
                    rewind: false,
                };
                self.repo.fetch(git, remote, &[objects])?;
                Some(self.repo.files(&found.id)?)
            }
        };
        let ours = self.tree(self.repo.plain_reference(&self.name)?.as_ref())?;
        let previous = self.tree(self.copy(request)?.as_ref())?;
        let count = |have: &Option<FileTree<'_>>, lacks: &Option<FileTree<'_>>| match have {
            Some(have) => count_missing(have, lacks.as_ref()),
            None => Ok(0),
        };
        let lost = count(&previous, &theirs)?;
        let missing = count(&ours, &theirs)?;
        Ok(SyncReport {
            sent: missing.saturating_sub(lost),
            received: count(&theirs, &ours)?,
            lost,
            restored: lost,
            remote_had_ref: theirs.is_some(),
        })
    }

    /// Steps 1 to 3. What the remote has now, and whether the store's ref moved for it.
    fn fetch_and_unite(
        &self,
        request: &SyncRequest<'_>,
        report: &mut SyncReport,
    ) -> Result<(Option<CommitId>, bool), SyncError> {
        let before = self.repo.plain_reference(&self.name)?;
        // A copy that can't be read has nothing to lose; the fetch puts it right.
        let previous = self.copy(request).ok().flatten();
        if let Some(previous) = &previous {
            self.unite(request, previous)?;
        }
        let found = self.fetch_copy(request)?;
        report.remote_had_ref = found.is_some();
        let theirs = self.tree(found.as_ref())?;
        if let Some(previous) = self.tree(previous.as_ref())? {
            report.lost += count_missing(&previous, theirs.as_ref())?;
        }
        if let (Some(theirs), Some(found)) = (&theirs, &found) {
            report.received += count_missing(theirs, self.tree(before.as_ref())?.as_ref())?;
            self.unite(request, found)?;
        }
        let moved = self.repo.plain_reference(&self.name)? != before;
        Ok((found, moved))
    }

    /// Step 2. `None` where the remote has nothing.
    fn fetch_copy(&self, request: &SyncRequest<'_>) -> Result<Option<CommitId>, SyncError> {
        let tracking = tracking_ref(request.remote);
        let previous = self.repo.plain_reference(&tracking).ok().flatten();
        if !self.fetch_ref(request, &tracking)? {
            self.record_none(request, &tracking, previous.as_ref())?;
            return Ok(None);
        }
        match self.repo.plain_reference(&tracking) {
            // Even a commit without files: the push has to descend from it.
            Ok(found) => Ok(found),
            Err(source) => {
                self.repo
                    .restore_ref(&tracking, previous.as_ref(), request.by)?;
                let remote = request.remote.clone();
                Err(SyncError::Unusable { remote, source })
            }
        }
    }

    /// Fetches the remote's ref to `tracking`; false where the remote has no such ref.
    fn fetch_ref(&self, request: &SyncRequest<'_>, tracking: &str) -> Result<bool, SyncError> {
        let SyncRequest { git, remote, .. } = *request;
        let spec = FetchSpec {
            source: self.name.clone(),
            destination: Some(tracking.to_owned()),
            rewind: true,
        };
        let mut tries = 0;
        loop {
            let error = match self.repo.fetch(git, remote, std::slice::from_ref(&spec)) {
                Ok(()) => return Ok(true),
                Err(error @ RemoteError::Failed { .. }) => error,
                Err(error) => return Err(error.into()),
            };
            // Git fails in the same way whether the ref or the whole remote is missing.
            if self.repo.ls_remote(git, remote, &[&self.name])?.is_empty() {
                return Ok(false);
            }
            // Another sync in this clone may hold the lock of the copy.
            tries += 1;
            if tries >= MAX_REFUSALS {
                return Err(error.into());
            }
            wait(tries);
        }
    }

    /// Records that the remote was asked and has nothing.
    fn record_none(
        &self,
        request: &SyncRequest<'_>,
        tracking: &str,
        previous: Option<&CommitId>,
    ) -> Result<(), SyncError> {
        if let Some(previous) = previous
            && self.repo.files(previous)?.is_empty()
        {
            return Ok(());
        }
        let message = format!("{} has no attestations yet", request.remote);
        let none = self.repo.write_empty_commit(request.by, &message)?;
        self.repo
            .update_ref(tracking, &none, previous, request.by, &message)?;
        Ok(())
    }

    /// Step 4.
    fn push(
        &self,
        request: &SyncRequest<'_>,
        mut known: Option<CommitId>,
        report: &mut SyncReport,
    ) -> Result<(), SyncError> {
        let SyncRequest { git, remote, .. } = *request;
        let (mut races, mut refusals) = (0, 0);
        loop {
            let Some(ours) = self.repo.plain_reference(&self.name)? else {
                return Ok(());
            };
            if known.as_ref() == Some(&ours) {
                return Ok(());
            }
            let refs = [(ours.clone(), self.name.clone())];
            let words = match self.repo.push(git, remote, &refs)?.pop().map(|r| r.outcome) {
                Some(PushOutcome::Rejected { words }) => words,
                None => String::new(),
                Some(PushOutcome::Pushed) => {
                    return self.pushed(request, &ours, known.as_ref(), report);
                }
            };
            let (found, united) = self.fetch_and_unite(request, report)?;
            if found == known && !united {
                refusals += 1;
            } else {
                races += 1;
                known = found;
            }
            let (remote, name) = (remote.clone(), self.name.clone());
            let report = report.clone();
            if refusals >= MAX_REFUSALS {
                return Err(SyncError::Refused {
                    remote,
                    name,
                    words,
                    report,
                });
            }
            if races > MAX_RACES {
                return Err(SyncError::LostRaces {
                    remote,
                    name,
                    report,
                });
            }
            wait(races + refusals);
        }
    }

    /// Counts what the push brought and remembers that the remote has it.
    fn pushed(
        &self,
        request: &SyncRequest<'_>,
        ours: &CommitId,
        known: Option<&CommitId>,
        report: &mut SyncReport,
    ) -> Result<(), SyncError> {
        let theirs = self.tree(known)?;
        if let Some(ours) = self.tree(Some(ours))? {
            let missing = count_missing(&ours, theirs.as_ref())?;
            report.restored = report.lost.min(missing);
            report.sent = missing - report.restored;
        }
        let tracking = tracking_ref(request.remote);
        let current = self.repo.plain_reference(&tracking)?;
        let message = format!("pushed to {}", request.remote);
        let update = self
            .repo
            .update_ref(&tracking, ours, current.as_ref(), request.by, &message);
        match update {
            // Another sync in this clone was quicker and knows better.
            Err(RefError::Moved { .. }) => Ok(()),
            updated => Ok(updated?),
        }
    }

    /// The remote's tip as this clone last saw it; `None` where it had nothing or wasn't asked.
    fn copy(&self, request: &SyncRequest<'_>) -> Result<Option<CommitId>, FilesError> {
        Ok(match self.fetched_state(request.remote)? {
            Fetched::Holds(commit) => Some(commit),
            Fetched::Nothing | Fetched::NotFetched => None,
        })
    }

    fn unite(&self, request: &SyncRequest<'_>, other: &CommitId) -> Result<Union, FilesError> {
        let message = format!("Unite attestations with {}", request.remote);
        self.repo
            .unite(&self.name, other, &ByName, request.by, &message)
    }

    fn tree(&self, commit: Option<&CommitId>) -> Result<Option<FileTree<'_>>, FilesError> {
        commit.map(|commit| self.repo.files(commit)).transpose()
    }
}

/// How many bundles and trust metadata `have` has and `lacks` hasn't.
fn count_missing(have: &FileTree<'_>, lacks: Option<&FileTree<'_>>) -> Result<usize, FilesError> {
    let mut count = 0;
    have.missing_in(lacks, &mut |path, _| {
        if let Some(Place::Bundle(..) | Place::Trust(..)) = Place::parse(path) {
            count += 1;
        }
    })?;
    Ok(count)
}

/// Waits longer each time, and not as long as another process that lost to the same one.
fn wait(tries: u32) {
    let mut random = [0; 1];
    // Without randomness the waits are equal, which is slower and nothing else.
    let _ = getrandom::fill(&mut random);
    let [jitter] = random;
    std::thread::sleep(Duration::from_millis(
        u64::from(tries) * 40 + u64::from(jitter),
    ));
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
