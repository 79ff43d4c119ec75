//! Remotes: fetching, pushing without force, and asking what refs a remote has.
//!
//! Names of remotes and refs are checked before they reach a command line, so none becomes an
//! option, and a remote is one that the configuration names, never a path or URL by accident.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::program::Output;
use super::refs::{RefError, check_ref_name};
use super::{GitProgram, Repository};
use crate::change::CommitId;

/// The most refs that one fetch or push names.
const MAX_REFS: usize = 1000;

/// Why a remote could not be reached or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// A configuration value could not be written. Git's words.
    #[error("git config: {0}")]
    Config(String),
    /// No `git` program, or a relative path to one.
    #[error("the git program was not found")]
    NoGit,
    /// The program could not be started.
    #[error("{} could not be started: {source}", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The text is not the name of a remote.
    #[error("\"{0}\" is not the name of a remote")]
    Name(String),
    /// No remote of that name is configured.
    #[error("there is no remote \"{0}\"")]
    NoSuchRemote(RemoteName),
    /// A ref name that is not full, or a list of refs that is empty or over the limit of 1,000.
    #[error("not a full ref name, or too many of them: {0}")]
    Refs(String),
    /// Git ended with an error: the remote was not reached, or did not answer as asked.
    #[error("git {command} failed for {remote}: {words}")]
    Failed {
        /// The git command.
        command: &'static str,
        /// The remote.
        remote: RemoteName,
        /// What git and the server said, as text: untrusted, escape it before showing it.
        words: String,
    },
    /// More output than is taken. The number is the limit in bytes.
    #[error("git wrote more than {0} bytes")]
    TooMuchOutput(usize),
}

impl From<RefError> for RemoteError {
    fn from(error: RefError) -> Self {
        Self::Refs(error.to_string())
    }
}

/// The name of a remote: letters, digits, `.`, `_`, `-` and `/`, such that
/// `refs/remotes/<name>` is a ref name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RemoteName(String);

impl RemoteName {
    /// Checks and wraps a name.
    ///
    /// # Errors
    /// [`RemoteError::Name`].
    pub fn new(name: &str) -> Result<Self, RemoteError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let fine = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.len() <= 200
            && name.chars().all(plain)
            && check_ref_name(&format!("refs/remotes/{name}")).is_ok();
        if fine {
            Ok(Self(name.to_owned()))
        } else {
            Err(RemoteError::Name(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RemoteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much of the history comes with what is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// All that isn't here.
    #[default]
    Whole,
    /// So many commits back from each, and no more is here of them afterwards.
    Cut(u32),
    /// So many commits more than are here.
    More(u32),
    /// All of it: the clone is no longer shallow.
    Everything,
    /// Trees and files that a partial clone lacks, whatever is said of what is here: a server that has bitmaps takes all
    /// that this reaches for there.
    Lacking,
}

impl Depth {
    fn argument(self) -> Option<String> {
        match self {
            Self::Whole | Self::Lacking => None,
            Self::Cut(depth) => Some(format!("--depth={depth}")),
            Self::More(depth) => Some(format!("--deepen={depth}")),
            Self::Everything => Some("--unshallow".to_owned()),
        }
    }
}

/// One ref, or one commit, to fetch and where to keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSpec {
    /// A full ref name on the remote, or a commit id.
    pub source: String,
    /// The full ref name here; `None` fetches the objects alone.
    pub destination: Option<String>,
    /// Whether the ref here may move to a commit that doesn't descend from where it was. Only for
    /// refs that are copies of the remote's.
    pub rewind: bool,
}

impl FetchSpec {
    fn argument(&self) -> Result<String, RemoteError> {
        if self.source.parse::<CommitId>().is_err() {
            check_ref_name(&self.source)?;
        }
        let plus = if self.rewind { "+" } else { "" };
        Ok(match &self.destination {
            None => format!("{plus}{}", self.source),
            Some(destination) => {
                check_ref_name(destination)?;
                format!("{plus}{}:{destination}", self.source)
            }
        })
    }
}

/// A ref that a remote has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name.
    pub name: String,
    /// The object it names, as hex.
    pub id: CommitId,
}

/// What became of one pushed ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushResult {
    /// The ref's full name on the remote.
    pub name: String,
    /// What became of it.
    pub outcome: PushOutcome,
}

/// How the push of one ref ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The remote's ref is where it should be.
    Pushed,
    /// The ref was not moved: a lost race, or a refusal by the server. Which of the two shows in
    /// whether the remote's ref has moved, never in the words.
    Rejected {
        /// What git and the server said: untrusted, escape it before showing it.
        words: String,
    },
}

impl Repository {
    /// The URL of a remote, as git resolves it.
    ///
    /// # Errors
    /// [`RemoteError::NoSuchRemote`].
    pub fn remote_url(&self, git: &GitProgram, remote: &RemoteName) -> Result<String, RemoteError> {
        // The key starts with "remote.", so that it never looks like an option.
        let key = format!("remote.{remote}.url");
        let arguments = ["config".to_owned(), "--get-all".to_owned(), key];
        let output = self.run(git, &[], &arguments)?;
        match output.stdout.lines().next() {
            Some(url) if output.status.success() => Ok(url.to_owned()),
            _ => Err(RemoteError::NoSuchRemote(remote.clone())),
        }
    }

    /// Fetches `specs` from `remote`: objects and those refs, nothing else. Nothing is checked out,
    /// no tag followed, no `FETCH_HEAD` written; a partial clone gets whole objects.
    ///
    /// # Errors
    /// Where the remote can't be reached or lacks one of the refs: [`RemoteError::Failed`].
    pub fn fetch(
        &self,
        git: &GitProgram,
        remote: &RemoteName,
        specs: &[FetchSpec],
    ) -> Result<(), RemoteError> {
        self.fetch_to(git, remote, (specs, Depth::Whole))
    }

    /// The same, with so much of the history.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn fetch_to(
        &self,
        git: &GitProgram,
        remote: &RemoteName,
        (specs, depth): (&[FetchSpec], Depth),
    ) -> Result<(), RemoteError> {
        self.remote_url(git, remote)?;
        check_count(specs.len())?;
        let options = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--no-prune",
            "--no-recurse-submodules",
            "--no-show-forced-updates",
            "--no-filter",
            "--refmap=",
            "--upload-pack=git-upload-pack",
        ];
        let mut arguments = options.map(str::to_owned).to_vec();
        arguments.extend(depth.argument());
        arguments.extend(["--".to_owned(), remote.as_str().to_owned()]);
        for spec in specs {
            arguments.push(spec.argument()?);
        }
        // As git itself brings what a partial clone lacks.
        let unsaid = ["fetch.negotiationAlgorithm=noop".to_owned()];
        let config = match depth {
            Depth::Lacking => &unsaid[..],
            _ => &[],
        };
        let mut output = self.run(git, config, &arguments)?;
        // What is new may hold what such a clone lacks of the rest, which the server takes to be here.
        if !output.status.success() && depth == Depth::Whole && self.is_partial_of(git, remote)? {
            output = self.run(git, &unsaid, &arguments)?;
        }
        ended(&output, "fetch", remote)
    }

    /// Whether this is a partial clone of the remote.
    fn is_partial_of(&self, git: &GitProgram, remote: &RemoteName) -> Result<bool, RemoteError> {
        let key = format!("remote.{remote}.promisor");
        let arguments = ["config".to_owned(), "--get".to_owned(), key];
        let output = self.run(git, &[], &arguments)?;
        Ok(output.status.success() && output.stdout.trim() == "true")
    }

    /// Pushes each commit to the ref beside it, never with force. One answer per ref, in the order
    /// given.
    ///
    /// # Errors
    /// Where the remote can't be reached. A ref that the remote doesn't take is no error but
    /// [`PushOutcome::Rejected`].
    pub fn push(
        &self,
        git: &GitProgram,
        remote: &RemoteName,
        refs: &[(CommitId, String)],
    ) -> Result<Vec<PushResult>, RemoteError> {
        self.remote_url(git, remote)?;
        check_count(refs.len())?;
        let options = [
            "push",
            "--porcelain",
            "--no-verify",
            "--no-signed",
            "--no-follow-tags",
            "--no-force-with-lease",
            "--recurse-submodules=no",
            "--receive-pack=git-receive-pack",
            "--",
            remote.as_str(),
        ];
        let mut arguments = options.map(str::to_owned).to_vec();
        for (commit, name) in refs {
            check_ref_name(name)?;
            arguments.push(format!("{commit}:{name}"));
        }
        let mirror = format!("remote.{remote}.mirror=false");
        let output = self.run(git, &[mirror], &arguments)?;
        let found: Option<Vec<_>> = refs
            .iter()
            .map(|(_, name)| push_result(name, &output))
            .collect();
        match found {
            Some(results) => Ok(results),
            None => Err(failed(&output, "push", remote)),
        }
    }

    /// The refs of `remote` with exactly the full names `names`; one that it lacks is left out.
    ///
    /// # Errors
    /// Where the remote can't be reached.
    pub fn ls_remote(
        &self,
        git: &GitProgram,
        remote: &RemoteName,
        names: &[&str],
    ) -> Result<Vec<RemoteRef>, RemoteError> {
        self.remote_url(git, remote)?;
        check_count(names.len())?;
        let options = [
            "ls-remote",
            "--quiet",
            "--refs",
            "--upload-pack=git-upload-pack",
            "--",
            remote.as_str(),
        ];
        let mut arguments = options.map(str::to_owned).to_vec();
        for name in names {
            check_ref_name(name)?;
            arguments.push((*name).to_owned());
        }
        let output = self.run(git, &[], &arguments)?;
        ended(&output, "ls-remote", remote)?;
        // Git matches the tail of a name, so that others may be listed too.
        let refs = output.stdout.lines().filter_map(|line| {
            let (id, name) = line.split_once('\t')?;
            let id = id.parse().ok()?;
            names.contains(&name).then(|| RemoteRef {
                name: name.to_owned(),
                id,
            })
        });
        Ok(refs.collect())
    }

    pub(super) fn run(
        &self,
        git: &GitProgram,
        config: &[String],
        arguments: &[String],
    ) -> Result<Output, RemoteError> {
        let absolute = |path: &Path| {
            std::path::absolute(path).map_err(|source| RemoteError::Start {
                path: path.to_owned(),
                source,
            })
        };
        let git_dir = absolute(self.repo.git_dir())?;
        // Where git itself would stand: a remote's URL may be a path relative to it.
        let folder = match self.repo.workdir() {
            Some(folder) => absolute(folder)?,
            None => git_dir.clone(),
        };
        git.run(&git_dir, &folder, config, arguments)
    }
}

fn check_count(count: usize) -> Result<(), RemoteError> {
    if (1..=MAX_REFS).contains(&count) {
        Ok(())
    } else {
        Err(RemoteError::Refs(format!("{count} refs")))
    }
}

fn ended(output: &Output, command: &'static str, remote: &RemoteName) -> Result<(), RemoteError> {
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(output, command, remote))
    }
}

fn failed(output: &Output, command: &'static str, remote: &RemoteName) -> RemoteError {
    RemoteError::Failed {
        command,
        remote: remote.clone(),
        words: output.stderr.trim().to_owned(),
    }
}

/// Reads `<flag> TAB <from>:<to> TAB <summary>` of `git push --porcelain`.
fn push_result(name: &str, output: &Output) -> Option<PushResult> {
    let (flag, summary) = output.stdout.lines().find_map(|line| {
        let mut fields = line.splitn(3, '\t');
        let (flag, refs, summary) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, to) = refs.split_once(':')?;
        (to == name).then_some((flag, summary))
    })?;
    let outcome = match flag {
        " " | "*" | "=" => PushOutcome::Pushed,
        _ => PushOutcome::Rejected {
            words: words_of_server(summary, &output.stderr),
        },
    };
    Some(PushResult {
        name: name.to_owned(),
        outcome,
    })
}

/// What the server said (`remote: ...`), and git's own summary of the refusal.
fn words_of_server(summary: &str, stderr: &str) -> String {
    let mut words: Vec<&str> = stderr
        .lines()
        .filter_map(|line| line.strip_prefix("remote:"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    words.push(summary.trim());
    words.join("\n")
}

#[cfg(test)]
#[path = "remote_tests.rs"]
mod tests;
