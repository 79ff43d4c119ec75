//! Opening a repository, resolving revisions, and the configuration values that are ours.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::lines::Side;
use super::tree::TreeCache;
use crate::change::{CommitId, Digest, HistoryError, LineCount, RepoPath};

/// Git shortens ids to no fewer digits unless it is told to; below, words such as `cafe` would be ids.
const MIN_ABBREVIATION: usize = 7;
/// Memory for decoded objects, in bytes.
const OBJECT_CACHE: usize = 64 << 20;

/// An opened repository: bare or not, SHA-1 or SHA-256, a linked worktree too.
pub struct Repository {
    pub(crate) repo: gix::Repository,
    pub(super) digests: RefCell<HashMap<ObjectId, Digest>>,
    pub(super) trees: RefCell<TreeCache>,
    pub(super) line_counts: RefCell<HashMap<(Side, Side), LineCount>>,
    /// Objects that were looked for and aren't here.
    pub(super) missed: RefCell<BTreeSet<ObjectId>>,
    /// Names the folders of objects, where they are not the repository's own alone.
    _objects: Option<tempfile::TempDir>,
}

impl Repository {
    /// Finds the repository that holds `folder` and opens it, reading no configuration but the
    /// repository's own and starting no program.
    ///
    /// # Errors
    /// [`HistoryError::NoRepository`] where there is none; [`HistoryError::Read`] where it can't be
    /// opened.
    pub fn open(folder: &Path) -> Result<Self, HistoryError> {
        let options = || {
            gix::open::Options::isolated()
                .config_overrides(["core.useReplaceRefs=false", "core.commitGraph=false"])
        };
        let trust = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        let repo = gix::ThreadSafeRepository::discover_opts(folder, Default::default(), trust)
            .map_err(|_| HistoryError::NoRepository(folder.display().to_string()))?;
        let mut repo = repo.to_thread_local();
        repo.object_cache_size(OBJECT_CACHE);
        Ok(Self {
            repo,
            digests: RefCell::default(),
            trees: RefCell::default(),
            line_counts: RefCell::default(),
            missed: RefCell::default(),
            _objects: None,
        })
    }

    /// The same, with the objects of a push that git holds back until its hook lets them in: `quarantine` is the
    /// folder that git names, inside of this repository's own (SPEC 8.7).
    ///
    /// # Errors
    /// As [`open`](Self::open); [`HistoryError::Read`] where the folder is another, or can't be read.
    pub fn open_with_quarantine(folder: &Path, quarantine: &Path) -> Result<Self, HistoryError> {
        let mut opened = Self::open(folder)?;
        let unread = |error: std::io::Error| HistoryError::Read(format!("the quarantine: {error}"));
        let own = opened.common_dir().join("objects");
        let own = own.canonicalize().map_err(unread)?;
        let quarantine = quarantine.canonicalize().map_err(unread)?;
        if quarantine == own || !quarantine.starts_with(&own) {
            let why = "the quarantine folder is not of this repository".to_owned();
            return Err(HistoryError::Read(why));
        }
        let mut alternates = String::new();
        for folder in [&own, &quarantine] {
            let name = folder
                .to_str()
                .filter(|name| !name.contains(['\n', '"', '\\']));
            let why = || HistoryError::Read("a folder's name that git can't list".to_owned());
            alternates.push_str(name.ok_or_else(why)?);
            alternates.push('\n');
        }
        // Nothing may be written to the quarantine: git moves all that is there into the repository.
        let objects = tempfile::tempdir().map_err(unread)?;
        let info = objects.path().join("info");
        std::fs::create_dir(&info).map_err(unread)?;
        std::fs::write(info.join("alternates"), alternates).map_err(unread)?;
        let hash = opened.repo.object_hash();
        let options = gix::odb::store::init::Options::default();
        let handle = gix::odb::at_opts(objects.path(), hash, None, options).map_err(unread)?;
        opened.repo.objects = handle.into();
        opened.repo.object_cache_size(OBJECT_CACHE);
        opened._objects = Some(objects);
        Ok(opened)
    }

    /// The repository's git directory; of a linked worktree, the one shared by all.
    pub fn common_dir(&self) -> &Path {
        self.repo.common_dir()
    }

    /// The ids of the trees and files that were looked for and aren't here, as a partial clone lacks them.
    pub fn missed(&self) -> Vec<CommitId> {
        let missed = self.missed.borrow();
        missed.iter().filter_map(|id| commit_id(*id).ok()).collect()
    }

    pub(super) fn miss(&self, id: ObjectId, path: Option<&RepoPath>) -> HistoryError {
        self.missed.borrow_mut().insert(id);
        HistoryError::Missing {
            id: id.to_string(),
            path: path.cloned(),
        }
    }

    /// The root of the checked-out files; `None` in a bare repository.
    pub fn work_dir(&self) -> Option<&Path> {
        self.repo.workdir()
    }

    /// A value of the repository's own configuration (never the user's or an included file's).
    pub fn config_string(&self, key: &str) -> Option<String> {
        let value = self.repo.config_snapshot().string(key)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// The names of the configured remotes.
    pub fn remotes(&self) -> Vec<String> {
        self.repo
            .remote_names()
            .iter()
            .map(|name| name.to_str_lossy().into_owned())
            .collect()
    }

    /// The full name of the checked-out branch; `None` where HEAD is detached.
    pub fn head_branch(&self) -> Result<Option<String>, HistoryError> {
        let name = self
            .repo
            .head_name()
            .map_err(|error| HistoryError::Read(error.to_string()))?;
        Ok(name.map(|name| name.as_bstr().to_string()))
    }

    /// The ref that a symbolic ref names; `None` where it isn't there or is no symbolic ref.
    pub fn symbolic_target(&self, name: &str) -> Result<Option<String>, HistoryError> {
        let found = self.repo.try_find_reference(name);
        let found = found.map_err(|error| HistoryError::Read(error.to_string()))?;
        let target = found.and_then(|found| {
            found
                .target()
                .try_name()
                .map(|name| name.as_bstr().to_string())
        });
        Ok(target)
    }

    /// Resolves a revision (`HEAD~1`, a branch, a tag, an id) to a commit; tags are peeled.
    ///
    /// # Errors
    /// Empty, unknown, no commit: [`HistoryError::UnknownRevision`]. A short name that stands for
    /// more than one ref: [`HistoryError::Ambiguous`].
    pub fn resolve(&self, revision: &str) -> Result<CommitId, HistoryError> {
        let unknown = || HistoryError::UnknownRevision(revision.to_owned());
        if revision.is_empty() || revision.starts_with('-') || revision.contains("..") {
            return Err(unknown());
        }
        self.check_unambiguous(revision)?;
        self.check_id(revision)?;
        let id = self
            .repo
            .rev_parse_single(revision.as_bytes().as_bstr())
            .map_err(|_| self.cut_off(revision).unwrap_or_else(unknown))?;
        let object = id.object().map_err(|_| missing(id.detach()))?;
        let commit = object
            .peel_to_kind(gix::object::Kind::Commit)
            .map_err(|_| unknown())?;
        commit_id(commit.id)
    }

    /// Our id as the library's. The library takes no id of the other hash, and a statement of anybody
    /// may hold one: no object here has it.
    pub(super) fn object_id(&self, id: &CommitId) -> Result<ObjectId, HistoryError> {
        ObjectId::from_hex(id.as_str().as_bytes())
            .ok()
            .filter(|object| object.kind() == self.repo.object_hash())
            .ok_or_else(|| HistoryError::UnknownRevision(id.to_string()))
    }

    /// In a shallow clone, a commit that may lie beyond the cut: an id, or an ancestor of something here.
    fn cut_off(&self, revision: &str) -> Option<HistoryError> {
        let base = without_suffix(revision);
        let is_id = is_full_id(base);
        let ancestor = base != revision
            && self
                .repo
                .rev_parse_single(base.as_bytes().as_bstr())
                .is_ok();
        let commits = self.repo.shallow_commits().ok()??;
        let cut = commits.iter().next().filter(|_| is_id || ancestor)?;
        commit_id(*cut).ok().map(HistoryError::Shallow)
    }

    /// A full id names an object and nothing else: where the object isn't here, a ref of that name
    /// would be taken in its place, and whoever may push could say what BASE is.
    fn check_id(&self, revision: &str) -> Result<(), HistoryError> {
        let name = without_suffix(revision);
        if !is_full_id(name) {
            return Ok(());
        }
        let known = ObjectId::from_hex(name.to_ascii_lowercase().as_bytes())
            .ok()
            .filter(|id| id.kind() == self.repo.object_hash())
            .is_some_and(|id| matches!(self.repo.try_find_header(id), Ok(Some(_))));
        if known {
            return Ok(());
        }
        let unknown = || HistoryError::UnknownRevision(revision.to_owned());
        Err(self.cut_off(revision).unwrap_or_else(unknown))
    }

    /// Whether a name is the start of the id of an object that is here.
    fn abbreviates(&self, name: &str) -> bool {
        let prefix = gix::hash::Prefix::from_hex(name).ok();
        prefix
            .filter(|_| name.len() >= MIN_ABBREVIATION)
            .is_some_and(|prefix| {
                matches!(self.repo.objects.lookup_prefix(prefix, None), Ok(Some(_)))
            })
    }

    /// A name that is both a tag and a branch binds neither.
    fn check_unambiguous(&self, revision: &str) -> Result<(), HistoryError> {
        let name = without_suffix(revision);
        if name.is_empty() || name == "HEAD" || is_full_id(name) {
            return Ok(());
        }
        let full = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
        let candidates: Vec<_> = full
            .iter()
            .map(|prefix| format!("{prefix}{name}"))
            .filter(|full| matches!(self.repo.try_find_reference(full.as_str()), Ok(Some(_))))
            .collect();
        // A ref may also be named like the start of an id, and would be taken in its place.
        let shortened = !candidates.is_empty() && self.abbreviates(name);
        if candidates.len() > 1 || shortened {
            let mut candidates = candidates.join(", ");
            if shortened {
                candidates.push_str(", an object's id");
            }
            return Err(HistoryError::Ambiguous {
                name: name.to_owned(),
                candidates,
            });
        }
        Ok(())
    }
}

/// A revision without what navigates from it: `~1`, `^2`, `@{1}`, `:path`. An `@` alone may stand in
/// a ref's name.
fn without_suffix(revision: &str) -> &str {
    let name = revision.split(['~', '^', ':']).next().unwrap_or_default();
    name.split("@{").next().unwrap_or_default()
}

/// Whether a name has the form of a whole id, in any case.
fn is_full_id(name: &str) -> bool {
    name.to_ascii_lowercase().parse::<CommitId>().is_ok()
}

/// The library's id as ours.
pub(crate) fn commit_id(id: ObjectId) -> Result<CommitId, HistoryError> {
    let text = id.to_string();
    text.parse()
        .map_err(|_| HistoryError::Read(format!("unknown object format of {text}")))
}

pub(super) fn missing(id: ObjectId) -> HistoryError {
    HistoryError::Missing {
        id: id.to_string(),
        path: None,
    }
}
