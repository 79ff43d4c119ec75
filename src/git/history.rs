//! Commits, ancestry and files at a commit.

use std::collections::HashSet;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::objs::{CommitRef, Kind};

use super::Repository;
use super::open::{commit_id, missing};
use super::tree::{Kin, check_hash, read_error};
use crate::change::{
    ChangeManifest, Commit, CommitId, Content, FileMode, History, HistoryError, Identity,
    KeptLines, LineCount, RepoPath,
};

/// The largest commit object that is read, in bytes (SPEC 10).
const MAX_COMMIT: usize = 4 << 20;
/// The most commits that one walk visits (SPEC 10).
const MAX_WALK: usize = 5_000_000;
/// The largest file that [`History::file`] reads, in bytes (SPEC 10).
const MAX_FILE: u64 = 8 << 20;
/// The largest file that [`History::text`] reads, in bytes (SPEC 10).
const MAX_TEXT: u64 = 64 << 20;

impl Repository {
    /// Whether history is cut somewhere, or can't be told not to be.
    pub fn is_shallow(&self) -> bool {
        self.shallow().map_or(true, |cut| !cut.is_empty())
    }

    /// Whether the repository has any ref: a new one has none.
    pub fn has_refs(&self) -> bool {
        let refs = self.repo.references();
        let all = refs.as_ref().ok().and_then(|refs| refs.all().ok());
        all.is_none_or(|mut all| all.next().is_some())
    }

    /// The ids of a shallow clone's cut commits.
    fn shallow(&self) -> Result<HashSet<ObjectId>, HistoryError> {
        let commits = self.repo.shallow_commits().map_err(read_error)?;
        Ok(commits
            .map(|commits| commits.iter().copied().collect())
            .unwrap_or_default())
    }

    fn commit_data(&self, id: ObjectId) -> Result<Vec<u8>, HistoryError> {
        let mut object = self
            .repo
            .try_find_object(id)
            .map_err(read_error)?
            .ok_or_else(|| missing(id))?;
        if object.kind != Kind::Commit {
            return Err(HistoryError::UnknownRevision(id.to_string()));
        }
        if object.data.len() > MAX_COMMIT {
            return Err(HistoryError::Limit(format!(
                "commit {id} is over {MAX_COMMIT} bytes"
            )));
        }
        check_hash(Kind::Commit, &object.data, id)?;
        Ok(std::mem::take(&mut object.data))
    }

    /// Drops what can be reached from `hidden` after all. The library's walk goes by commit dates, which
    /// anybody sets, and shows such commits where dates run backwards.
    fn drop_hidden(
        &self,
        commits: &mut Vec<(ObjectId, Vec<ObjectId>)>,
        hidden: &[ObjectId],
    ) -> Result<(), HistoryError> {
        if hidden.is_empty() {
            return Ok(());
        }
        let shown: HashSet<ObjectId> = commits.iter().map(|(id, _)| *id).collect();
        // Below a commit that should not be shown lies one that none shown is a parent of.
        let mut lowest = commits
            .iter()
            .filter(|(_, parents)| !parents.iter().any(|parent| shown.contains(parent)));
        let wrong = lowest.try_fold(false, |wrong, (id, _)| {
            Ok::<_, HistoryError>(wrong || self.reached_from(*id, hidden)?)
        })?;
        if !wrong {
            return Ok(());
        }
        let walk = self.repo.rev_walk(hidden.iter().copied());
        let mut reached = HashSet::new();
        for info in walk.all().map_err(read_error)? {
            reached.insert(info.map_err(read_error)?.id);
            if reached.len() > MAX_WALK {
                let message = format!("a history of over {MAX_WALK} commits");
                return Err(HistoryError::Limit(message));
            }
        }
        commits.retain(|(id, _)| !reached.contains(id));
        Ok(())
    }

    /// Whether a commit can be reached from any of `from`.
    fn reached_from(&self, commit: ObjectId, from: &[ObjectId]) -> Result<bool, HistoryError> {
        let bases = self.repo.merge_bases_many(commit, from);
        let bases = bases.map_err(read_error)?;
        Ok(bases.iter().any(|base| base.detach() == commit))
    }

    /// The common ancestors that are no other's ancestor. The library gives more where commit dates
    /// run backwards.
    fn best(&self, bases: Vec<CommitId>) -> Result<Vec<CommitId>, HistoryError> {
        if bases.len() < 2 {
            return Ok(bases);
        }
        let ids = bases
            .iter()
            .map(|base| self.object_id(base))
            .collect::<Result<Vec<_>, _>>()?;
        let mut best = Vec::new();
        for (base, id) in bases.into_iter().zip(&ids) {
            let others: Vec<_> = ids.iter().copied().filter(|other| other != id).collect();
            if !self.reached_from(*id, &others)? {
                best.push(base);
            }
        }
        Ok(best)
    }

    pub(super) fn commit_tree(&self, commit: &CommitId) -> Result<ObjectId, HistoryError> {
        let id = self.object_id(commit)?;
        let data = self.commit_data(id)?;
        Ok(decode(&data, id)?.tree())
    }

    /// What stands at a path of a commit's tree.
    pub(super) fn lookup(
        &self,
        commit: &CommitId,
        path: &[u8],
    ) -> Result<Option<(Kin, ObjectId)>, HistoryError> {
        let mut found = (Kin::Tree, self.commit_tree(commit)?);
        for name in path.split(|&byte| byte == b'/') {
            if found.0 != Kin::Tree {
                return Ok(None);
            }
            match self.entries(Some(found.1))?.get(name) {
                Some(entry) => found = *entry,
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }
}

/// Where git-ai keeps its notes.
const NOTES_REF: &str = "refs/notes/ai";

impl History for Repository {
    // What can't be read is no note: notes only ever raise what is known, and anybody may leave them out.
    fn ai_note(&self, commit: &CommitId) -> Result<Option<Vec<u8>>, HistoryError> {
        let Some(notes) = self.plain_reference(NOTES_REF).map_err(read_error)? else {
            return Ok(None);
        };
        let id = commit.as_str();
        let (fan, rest) = id.split_at(2);
        let (second, last) = rest.split_at(2);
        // git spreads notes over folders as they get many.
        let paths = [
            id.to_owned(),
            format!("{fan}/{rest}"),
            format!("{fan}/{second}/{last}"),
        ];
        for path in paths {
            if let Some((_, bytes)) = self.file(&notes, &path)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    fn text(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, HistoryError> {
        match self.lookup(commit, path.as_bytes())? {
            Some((Kin::Blob(_), id)) => self.blob(id, path, MAX_TEXT).map(Some),
            _ => Ok(None),
        }
    }

    fn commit(&self, id: &CommitId) -> Result<Commit, HistoryError> {
        let object = self.object_id(id)?;
        let data = self.commit_data(object)?;
        let commit = decode(&data, object)?;
        let malformed = |_| HistoryError::MalformedCommit(id.to_string());
        let committer = commit.committer().map_err(malformed)?;
        Ok(Commit {
            id: id.clone(),
            parents: commit.parents().map(commit_id).collect::<Result<_, _>>()?,
            author: identity(commit.author().map_err(malformed)?),
            committer: identity(committer),
            committed_at: committer.time().map_err(malformed)?.seconds,
            message: commit.message.to_str_lossy().into_owned(),
        })
    }

    fn parents(&self, id: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
        let object = self.object_id(id)?;
        if self.shallow()?.contains(&object) {
            return Err(HistoryError::Shallow(id.clone()));
        }
        let data = self.commit_data(object)?;
        decode(&data, object)?.parents().map(commit_id).collect()
    }

    fn change(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<ChangeManifest, HistoryError> {
        let old = base.map(|base| self.commit_tree(base)).transpose()?;
        self.compare_trees(old, Some(self.commit_tree(head)?))
    }

    fn merge_bases(&self, one: &CommitId, other: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
        let bases = self
            .repo
            .merge_bases_many(self.object_id(one)?, &[self.object_id(other)?])
            .map_err(read_error)?;
        let bases: Vec<CommitId> = bases
            .into_iter()
            .map(|id| commit_id(id.detach()))
            .collect::<Result<_, _>>()?;
        let bases = self.best(bases)?;
        // In a cut history another base may hide behind the cut. The walks fail where they meet it.
        if !self.shallow()?.is_empty() {
            self.commits_between(&bases, one)?;
            self.commits_between(&bases, other)?;
        }
        Ok(bases)
    }

    fn is_ancestor(
        &self,
        ancestor: &CommitId,
        descendant: &CommitId,
    ) -> Result<bool, HistoryError> {
        if ancestor == descendant {
            return Ok(true);
        }
        let wanted = self.object_id(ancestor)?;
        self.commit_data(wanted)?;
        if self.reached_from(wanted, &[self.object_id(descendant)?])? {
            return Ok(true);
        }
        if !self.shallow()?.is_empty() {
            self.commits_between(std::slice::from_ref(ancestor), descendant)?;
        }
        Ok(false)
    }

    fn commits_between(
        &self,
        without: &[CommitId],
        head: &CommitId,
    ) -> Result<Vec<CommitId>, HistoryError> {
        let hidden = without
            .iter()
            .map(|id| self.object_id(id))
            .collect::<Result<Vec<_>, _>>()?;
        let head = self.object_id(head)?;
        if hidden.contains(&head) {
            return Ok(Vec::new());
        }
        let shallow = self.shallow()?;
        let walk = self
            .repo
            .rev_walk([head])
            .with_hidden(hidden.iter().copied())
            .all()
            .map_err(read_error)?;
        let mut commits = Vec::new();
        for info in walk {
            let info = info.map_err(read_error)?;
            if shallow.contains(&info.id) {
                return Err(HistoryError::Shallow(commit_id(info.id)?));
            }
            commits.push((info.id, info.parent_ids.to_vec()));
            if commits.len() > MAX_WALK {
                return Err(HistoryError::Limit(format!(
                    "a range of over {MAX_WALK} commits"
                )));
            }
        }
        self.drop_hidden(&mut commits, &hidden)?;
        commits.iter().map(|(id, _)| commit_id(*id)).collect()
    }

    fn content(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Content>, HistoryError> {
        let entry = self.lookup(commit, path.as_bytes())?;
        self.content_of(entry, path)
    }

    fn file(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<Option<(FileMode, Vec<u8>)>, HistoryError> {
        let Some((Kin::Blob(mode), id)) = self.lookup(commit, path.as_bytes())? else {
            return Ok(None);
        };
        let path = RepoPath::new(path).map_err(read_error)?;
        Ok(Some((mode, self.blob(id, &path, MAX_FILE)?)))
    }

    fn folder(&self, commit: &CommitId, path: &str) -> Result<Vec<String>, HistoryError> {
        let id = match path {
            "" => self.commit_tree(commit)?,
            path => match self.lookup(commit, path.as_bytes())? {
                Some((Kin::Tree, id)) => id,
                _ => return Ok(Vec::new()),
            },
        };
        let entries = self.entries(Some(id))?;
        Ok(entries
            .keys()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect())
    }

    fn line_count(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<LineCount, HistoryError> {
        self.count_lines(base, head, path)
    }

    fn kept_lines(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<Option<KeptLines>, HistoryError> {
        self.keep_lines(base, head, path)
    }

    fn is_opaque(&self, commit: &CommitId, path: &RepoPath) -> Result<bool, HistoryError> {
        self.opaque(commit, path)
    }

    fn reference(&self, name: &str) -> Result<Option<CommitId>, HistoryError> {
        let Some(mut reference) = self.repo.try_find_reference(name).map_err(read_error)? else {
            return Ok(None);
        };
        let id = reference.peel_to_commit().map_err(read_error)?.id;
        commit_id(id).map(Some)
    }
}

fn decode(data: &[u8], id: ObjectId) -> Result<CommitRef<'_>, HistoryError> {
    CommitRef::from_bytes(data, id.kind())
        .map_err(|_| HistoryError::MalformedCommit(id.to_string()))
}

fn identity(signature: gix::actor::SignatureRef<'_>) -> Identity {
    Identity {
        name: signature.name.to_str_lossy().into_owned(),
        email: signature.email.to_str_lossy().into_owned(),
    }
}
