//! What most commands need: the repository, its remote, the store, the root, the judging version.

use std::collections::BTreeMap;
use std::path::Path;

use countersign::change::{CommitId, Digest, History, Identity};
use countersign::codes::Code;
use countersign::gate::{Gate, Judging, PublishedKeys, refuse_published};
use countersign::git::{
    Committer, Depth, FetchSpec, GitProgram, RemoteName, Repository, UserConfig,
};
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::store::{
    Direction, Fetched, FolderStore, GitStore, Limits, STORE_REF, Snapshot, Store, SyncError,
    SyncReport, SyncRequest,
};
use countersign::trust::POLICY_PATH;

use super::Failure;
use super::args::Global;
use super::environment::Environment;
use super::sigstore::Sigstore;

/// How many commits of a branch a shallow clone gets that had none of it.
const FIRST_DEPTH: u32 = 50;
/// How many objects one fetch asks for.
const OBJECTS_AT_ONCE: usize = 500;
/// The pinned root, which a gate reads.
pub const ROOT_KEY: &str = "countersign.root";
/// The root that was seen first, which no gate reads.
pub const FIRST_SEEN_KEY: &str = "countersign.firstSeenRoot";

/// An opened repository and what surrounds it.
pub struct Context {
    pub repo: Repository,
    pub environment: Environment,
    pub remote: Option<RemoteName>,
    /// The store's place, where it was named.
    store: Option<String>,
    pub offline: bool,
    stage: Option<String>,
    pub(super) sigstore: Sigstore,
    pub published: PublishedKeys,
}

/// The protected branch that a change lands on.
#[derive(Debug, Clone)]
pub struct Target {
    /// The full ref name, such as `refs/heads/main`.
    pub name: String,
    /// Where it stands here: the remote's copy where there is a remote.
    pub tip: CommitId,
}

impl Target {
    /// The branch's name without `refs/heads/`.
    pub fn short(&self) -> &str {
        short_branch(&self.name)
    }
}

pub fn short_branch(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

impl Context {
    /// Opens the repository around the folder.
    pub fn open(global: &Global, environment: Environment) -> Result<Self, Failure> {
        let repo = match &environment.quarantine {
            Some(quarantine) => Repository::open_with_quarantine(&global.folder, quarantine)?,
            None => Repository::open(&global.folder)?,
        };
        let remote = remote_name(&repo, global, &environment)?;
        let store = global
            .store
            .clone()
            .or_else(|| environment.store.clone())
            .or_else(|| repo.config_string("countersign.store"));
        Ok(Self {
            sigstore: Sigstore::new(global, &repo),
            repo,
            environment,
            remote,
            store,
            offline: global.offline,
            stage: global.stage.clone(),
            published: if global.allow_example_keys {
                PublishedKeys::Allowed
            } else {
                PublishedKeys::Refused
            },
        })
    }

    /// The root of the checked-out files.
    pub fn work_dir(&self) -> Result<&Path, Failure> {
        self.repo
            .work_dir()
            .ok_or_else(|| Failure::usage("this needs a repository with a work tree"))
    }

    /// The git program, which talks to remotes.
    pub fn git(&self) -> Result<GitProgram, Failure> {
        let no_git = || Failure::usage("git is not on the PATH");
        let variables = &self.environment.variables;
        let path = variables
            .iter()
            .find(|(name, _)| name == "PATH")
            .map(|(_, value)| value)
            .ok_or_else(no_git)?;
        let program = GitProgram::find(path).ok_or_else(no_git)?;
        GitProgram::new(
            program,
            variables.iter().cloned(),
            self.environment.interactive,
        )
        .map_err(|error| Failure::usage(error.to_string()))
    }

    /// The store: a git ref, or a folder where `--store` names one.
    pub fn store(&self) -> Result<Store<'_>, Failure> {
        let remotes: Vec<_> = self.remote.iter().cloned().collect();
        Ok(match &self.store {
            Some(place) if !place.starts_with("refs/") => {
                Store::Folder(FolderStore::new(place.into()))
            }
            _ => Store::Git(self.git_store(remotes)?),
        })
    }

    /// The store of a server, read together with what is pushed to it.
    pub fn pushed_store(&self, pushed: Vec<CommitId>) -> Result<Store<'_>, Failure> {
        Ok(Store::Git(self.git_store(Vec::new())?.with_pushed(pushed)))
    }

    /// The full name of the store's ref; `None` where it is a folder.
    pub fn store_ref(&self) -> Option<&str> {
        let name = self.store.as_deref().unwrap_or(STORE_REF);
        name.starts_with("refs/").then_some(name)
    }

    fn git_store(&self, remotes: Vec<RemoteName>) -> Result<GitStore<'_>, Failure> {
        let name = self.store.as_deref().unwrap_or(STORE_REF);
        GitStore::in_ref(&self.repo, name, remotes)
            .map_err(|error| Failure::usage(error.to_string()))
    }

    /// Who commits to the store: the user, as git knows them.
    pub fn committer(&self) -> Result<Committer, Failure> {
        let config = UserConfig::read(self.repo.common_dir())?;
        let unnamed = || Identity {
            name: "countersign".into(),
            email: "countersign@localhost".into(),
        };
        Ok(Committer {
            identity: config.identity().unwrap_or_else(unnamed),
            seconds: self.environment.now.as_second(),
        })
    }

    /// Exchanges the store with the remote, where there is one and `--offline` doesn't stop it.
    pub fn sync(&self, direction: Direction) -> Result<Option<SyncReport>, Failure> {
        let (Some(remote), false, Store::Git(store)) = (&self.remote, self.offline, self.store()?)
        else {
            return Ok(None);
        };
        let (git, by) = (self.git()?, self.committer()?);
        let request = SyncRequest {
            git: &git,
            remote,
            direction,
            by: &by,
        };
        store
            .sync(&request)
            .map(Some)
            .map_err(|error| sync_failure(&error))
    }

    /// Whether the remote's store was ever asked for, where there is a remote.
    pub fn never_fetched(&self) -> Result<bool, Failure> {
        let (Some(remote), Store::Git(store)) = (&self.remote, self.store()?) else {
            return Ok(false);
        };
        let state = store.fetched_state(remote);
        let state =
            state.map_err(|error| Failure::new(Code::STORE_UNREADABLE, error.to_string()))?;
        Ok(state == Fetched::NotFetched)
    }

    /// Fetches branches into this clone's copies of the remote's. Nothing is checked out.
    pub fn fetch_branches(&self, branches: &[&str]) -> Result<(), Failure> {
        let (Some(remote), false) = (&self.remote, self.offline) else {
            return Ok(());
        };
        // Nobody's policy has been verified yet, and what is written to `<remote>/HEAD` goes to the
        // branch that it names.
        let named = branches
            .iter()
            .filter(|branch| short_branch(branch) != "HEAD");
        let specs = named.map(|branch| branch_spec(remote, branch));
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for spec in specs {
            let name = spec.destination.as_deref().unwrap_or_default();
            match History::reference(&self.repo, name)? {
                Some(_) => known.push(spec),
                None => new.push(spec),
            }
        }
        self.fetch(remote, &known, Depth::Whole)?;
        self.fetch_new(remote, &new)
    }

    /// Brings more of the history of what a shallow clone has, and of branches and commits; false where it is whole.
    pub fn deepen(&self, branches: &[&str], ends: &[CommitId], by: Depth) -> Result<bool, Failure> {
        let Some(remote) = self.remote.as_ref().filter(|_| !self.offline) else {
            return Ok(false);
        };
        if !self.repo.is_shallow() {
            return Ok(false);
        }
        let branches = branches.iter().map(|branch| branch_spec(remote, branch));
        let specs = branches.chain(ends.iter().map(object_spec));
        self.fetch(remote, &specs.collect::<Vec<_>>(), by)?;
        Ok(true)
    }

    /// Brings single objects that a partial clone lacks; false where nothing can be asked for.
    pub fn fetch_objects(&self, ids: &[CommitId]) -> Result<bool, Failure> {
        let Some(remote) = self.remote.as_ref().filter(|_| !self.offline) else {
            return Ok(false);
        };
        for some in ids.chunks(OBJECTS_AT_ONCE) {
            let specs = some.iter().map(object_spec);
            self.fetch(remote, &specs.collect::<Vec<_>>(), Depth::Lacking)?;
        }
        Ok(!ids.is_empty())
    }

    /// Fetches commits by their ids, objects only; without a remote nothing.
    pub fn fetch_commits(&self, commits: &[CommitId]) -> Result<(), Failure> {
        let (Some(remote), false) = (&self.remote, self.offline) else {
            return Ok(());
        };
        let specs = commits.iter().map(object_spec);
        self.fetch_new(remote, &specs.collect::<Vec<_>>())
    }

    /// Fetches what isn't here at all; a shallow clone, and a new repository, get a few commits of it, not its whole
    /// history.
    fn fetch_new(&self, remote: &RemoteName, specs: &[FetchSpec]) -> Result<(), Failure> {
        let depth = match self.repo.is_shallow() || !self.repo.has_refs() {
            true => Depth::Cut(FIRST_DEPTH),
            false => Depth::Whole,
        };
        self.fetch(remote, specs, depth)
    }

    fn fetch(&self, remote: &RemoteName, specs: &[FetchSpec], depth: Depth) -> Result<(), Failure> {
        if specs.is_empty() {
            return Ok(());
        }
        let fetched = self.repo.fetch_to(&self.git()?, remote, (specs, depth));
        fetched.map_err(|error| {
            let failure = Failure::new(Code::REF_UNRESOLVED, error.to_string());
            failure.next("check the remote; --offline works with what is here")
        })
    }

    /// The name under which this clone knows a protected branch.
    pub fn local_name(&self, branch: &str) -> String {
        match &self.remote {
            Some(remote) => format!("refs/remotes/{remote}/{}", short_branch(branch)),
            None => branch.to_owned(),
        }
    }

    pub fn set_config(&self, key: &str, value: &str) -> Result<(), Failure> {
        let set = self.repo.set_config(&self.git()?, key, value);
        set.map_err(|error| Failure::usage(error.to_string()))
    }

    /// The branch whose trust versions are worth fetching: the first that the policy file here protects,
    /// else the one that the remote's HEAD names. What is fetched decides nothing.
    pub fn default_branch(&self, head: &CommitId) -> Result<Option<String>, Failure> {
        if let Some((_, bytes)) = self.repo.file(head, POLICY_PATH)?
            && let Ok(policy) = Policy::parse(&String::from_utf8_lossy(&bytes), POLICY_PATH)
        {
            return Ok(policy.protected.first().cloned());
        }
        let Some(remote) = &self.remote else {
            return Ok(None);
        };
        let target = self
            .repo
            .symbolic_target(&format!("refs/remotes/{remote}/HEAD"))?;
        Ok(target.and_then(|target| {
            target
                .strip_prefix(&format!("refs/remotes/{remote}/"))
                .map(full_branch)
        }))
    }

    /// The commit that the remote's HEAD names, where this clone knows it.
    pub fn remote_head(&self) -> Result<Option<CommitId>, Failure> {
        let Some(remote) = &self.remote else {
            return Ok(None);
        };
        Ok(History::reference(
            &self.repo,
            &format!("refs/remotes/{remote}/HEAD"),
        )?)
    }

    /// Refuses to trust a roster with published keys, unless that was asked for.
    pub fn refuse_published(&self, roster: &Roster) -> Result<(), Failure> {
        match self.published {
            PublishedKeys::Refused => Ok(refuse_published(roster)?),
            PublishedKeys::Allowed => Ok(()),
        }
    }

    /// The protected branch: the one that was named, else the first.
    pub fn target(&self, judging: &Judging, named: Option<&str>) -> Result<Target, Failure> {
        let protected = &judging.policy.protected;
        let name = match named {
            Some(name) => full_branch(name),
            None => protected.first().cloned().unwrap_or_default(),
        };
        if !protected.contains(&name) {
            let message = format!("{name} is not a protected branch: {}", protected.join(", "));
            return Err(Failure::new(Code::REF_UNRESOLVED, message));
        }
        let local = self.local_name(&name);
        let tip = History::reference(&self.repo, &local)?;
        let tip = match tip {
            Some(tip) => tip,
            // A branch that was not pushed yet stands only here.
            None => History::reference(&self.repo, &name)?.ok_or_else(|| {
                Failure::new(
                    Code::REF_UNRESOLVED,
                    format!("the target {local} is not here"),
                )
                .next("git fetch")
            })?,
        };
        Ok(Target { name, tip })
    }

    /// The protected branches other than a target with their tips, as far as they are here.
    pub fn branches(&self, judging: &Judging, target: &str) -> Vec<(String, CommitId)> {
        let branches = judging.policy.protected.iter();
        let tip = |branch: &String| {
            let tip = History::reference(&self.repo, &self.local_name(branch));
            Some((branch.clone(), tip.ok()??))
        };
        let others = branches.filter(|branch| *branch != target);
        others.filter_map(tip).collect()
    }

    /// The gate over this repository.
    pub fn gate<'a>(
        &'a self,
        store: &'a Snapshot<'a>,
        judging: &'a Judging,
        target: &Target,
    ) -> Gate<'a> {
        self.gate_beside(store, judging, target, self.branches(judging, &target.name))
    }

    /// The same where the other protected branches have these tips.
    pub fn gate_beside<'a>(
        &'a self,
        store: &'a Snapshot<'a>,
        judging: &'a Judging,
        target: &Target,
        branches: Vec<(String, CommitId)>,
    ) -> Gate<'a> {
        let accepted = judging.policy.accept_line_of.get(&target.name);
        let accepts = |branch: &String| accepted.is_some_and(|lines| lines.contains(branch));
        let accepted_lines = branches.iter().filter(|(branch, _)| accepts(branch));
        let accepted_lines = accepted_lines.cloned().collect();
        Gate {
            history: &self.repo,
            store,
            store_limits: Limits::default(),
            judging,
            target: target.name.clone(),
            target_tip: Some(target.tip.clone()),
            accepted_lines,
            branches,
            after: None,
            stage: self.stage.clone(),
            now: self.environment.now,
            sigstore: self.sigstore.get(),
            progress: &self.environment.meter,
        }
    }
}

/// A branch, into this clone's copy of it.
fn branch_spec(remote: &RemoteName, branch: &str) -> FetchSpec {
    FetchSpec {
        source: branch.to_owned(),
        destination: Some(format!("refs/remotes/{remote}/{}", short_branch(branch))),
        rewind: true,
    }
}

/// An object by its id, into no ref.
fn object_spec(id: &CommitId) -> FetchSpec {
    FetchSpec {
        source: id.to_string(),
        destination: None,
        rewind: false,
    }
}

/// A branch as a full ref name.
pub fn full_branch(name: &str) -> String {
    if name.starts_with("refs/") {
        name.to_owned()
    } else {
        format!("refs/heads/{name}")
    }
}

/// Reads `sha256:` and 64 hex digits.
pub fn parse_root(text: &str) -> Result<Digest, Failure> {
    let digest = text
        .strip_prefix("sha256:")
        .and_then(|hex| hex.parse().ok());
    digest
        .ok_or_else(|| Failure::usage(format!("\"{text}\" is no root: sha256: and 64 hex digits")))
}

fn remote_name(
    repo: &Repository,
    global: &Global,
    environment: &Environment,
) -> Result<Option<RemoteName>, Failure> {
    let named = global
        .remote
        .clone()
        .or_else(|| environment.remote.clone())
        .or_else(|| repo.config_string("countersign.remote"));
    let remotes: BTreeMap<String, ()> = repo.remotes().into_iter().map(|name| (name, ())).collect();
    let name = match named {
        Some(name) if !remotes.contains_key(&name) => {
            return Err(Failure::usage(format!("there is no remote \"{name}\"")));
        }
        Some(name) => Some(name),
        None => {
            let branch = repo.head_branch()?;
            let key = branch.map(|branch| format!("branch.{}.remote", short_branch(&branch)));
            let tracked = key
                .and_then(|key| repo.config_string(&key))
                .filter(|name| remotes.contains_key(name));
            let origin = || remotes.contains_key("origin").then(|| "origin".to_owned());
            let only = || {
                remotes
                    .keys()
                    .next()
                    .filter(|_| remotes.len() == 1)
                    .cloned()
            };
            tracked.or_else(origin).or_else(only)
        }
    };
    name.map(|name| RemoteName::new(&name))
        .transpose()
        .map_err(|error| Failure::usage(error.to_string()))
}

fn sync_failure(error: &SyncError) -> Failure {
    let kept = "what was made is in this clone's store";
    match error {
        SyncError::Refused { .. } => Failure::no(Code::STORE_UNREADABLE, error.to_string())
            .row("kept", kept)
            .next("countersign sync, once you may push; or another store: --store refs/heads/countersign"),
        _ => Failure::new(Code::STORE_UNREADABLE, error.to_string()).row("kept", kept).next("countersign sync"),
    }
}
