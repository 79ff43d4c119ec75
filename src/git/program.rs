//! The `git` program, for talking to remotes only: a fixed environment, fixed options, bounded
//! output, no hooks.
//!
//! Of the environment only what reaching a server needs is passed on; every `GIT_*` variable is
//! dropped. Hooks, file system monitors, maintenance, submodules, push signing and `ext::` remotes
//! are off whatever any configuration says. The programs by which a user's git reaches a server
//! (`ssh`, a credential helper, a proxy) are the user's own configuration and do run.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::RemoteError;

/// The most bytes of standard output that are taken.
const MAX_STDOUT: usize = 4 << 20;
/// The most bytes of standard error that are kept; the rest is read and dropped.
const MAX_STDERR: usize = 64 << 10;

/// Variables that are passed on to git where the caller's environment has them.
const PASSED_ON: [&str; 33] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TERM",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "KRB5CCNAME",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
    "TMP",
    "PATHEXT",
];

/// Configuration that no repository's or user's file can turn back on.
const CONFIG: [&str; 17] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    // Run through the shell for a repository with alternates; `:` does nothing.
    "core.alternateRefsCommand=:",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.recurseSubmodules=no",
    "push.recurseSubmodules=no",
    "push.gpgSign=false",
    "push.followTags=false",
    "fetch.prune=false",
    "fetch.pruneTags=false",
    "fetch.writeCommitGraph=false",
    "color.ui=false",
    "color.push=false",
    "color.remote=never",
    "color.advice=never",
];

/// Where the `git` program is, and the environment it runs in. The caller supplies both, since the
/// library reads no environment.
#[derive(Debug, Clone)]
pub struct GitProgram {
    path: PathBuf,
    env: Vec<(OsString, OsString)>,
}

/// What git wrote before it ended.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl GitProgram {
    /// The program at the absolute path `path`, with those variables of `env` that reaching a server
    /// needs. Where `prompt` is false, git and ssh ask nothing on a terminal.
    ///
    /// # Errors
    /// [`RemoteError::NoGit`] where the path is relative: it would name another program in another
    /// folder.
    pub fn new(
        path: PathBuf,
        env: impl IntoIterator<Item = (OsString, OsString)>,
        prompt: bool,
    ) -> Result<Self, RemoteError> {
        if !path.is_absolute() {
            return Err(RemoteError::NoGit);
        }
        let mut env: Vec<_> = env
            .into_iter()
            .filter(|(name, _)| PASSED_ON.iter().any(|known| name == known))
            .collect();
        for (name, value) in &mut env {
            if name == "PATH" {
                *value = absolute_entries(value);
            }
        }
        // An empty search path would mean the current folder.
        env.retain(|(_, value)| !value.is_empty());
        let mut set = |name: &str, value: &str| env.push((name.into(), value.into()));
        set("LC_ALL", "C");
        set("GIT_NO_REPLACE_OBJECTS", "1");
        set("GIT_GRAFT_FILE", "/dev/null");
        set("GIT_FLUSH", "1");
        if !prompt {
            set("GIT_TERMINAL_PROMPT", "0");
            set("GIT_ASKPASS", "");
        }
        Ok(Self { path, env })
    }

    /// Looks `git` up in `search_path` (the value of `PATH`). Relative and empty entries are passed
    /// over: they would run a program out of the repository.
    pub fn find(search_path: &OsStr) -> Option<PathBuf> {
        find_program(search_path, "git")
    }

    /// Runs `git <arguments>` in `folder` for the repository at `git_dir`.
    pub(super) fn run(
        &self,
        git_dir: &Path,
        folder: &Path,
        config: &[String],
        arguments: &[String],
    ) -> Result<Output, RemoteError> {
        let start = |source| RemoteError::Start {
            path: self.path.clone(),
            source,
        };
        let mut command = Command::new(&self.path);
        command.env_clear().envs(self.env.iter().cloned());
        command.arg("--no-optional-locks").arg("--no-pager");
        let mut git_dir_option = OsString::from("--git-dir=");
        git_dir_option.push(git_dir);
        command.arg(git_dir_option);
        for setting in CONFIG
            .iter()
            .copied()
            .chain(config.iter().map(String::as_str))
        {
            command.arg("-c").arg(setting);
        }
        command.args(arguments).current_dir(folder);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(start)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let drain = std::thread::spawn(move || read_bounded(stderr, MAX_STDERR));
        let stdout = read_bounded(stdout, MAX_STDOUT);
        let stderr = drain.join().unwrap_or_default();
        let status = child.wait().map_err(start)?;
        if stdout.len() > MAX_STDOUT {
            return Err(RemoteError::TooMuchOutput(MAX_STDOUT));
        }
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Output {
            status,
            stdout: text(stdout),
            stderr: text(stderr),
        })
    }
}

/// Looks a program up in `search_path` (the value of `PATH`), as [`GitProgram::find`] does.
pub fn find_program(search_path: &OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(&absolute_entries(search_path))
        .flat_map(|folder| [folder.join(name), folder.join(format!("{name}.exe"))])
        .find(|path| path.is_file())
}

/// A search path without its relative and empty entries.
fn absolute_entries(search_path: &OsStr) -> OsString {
    let folders = std::env::split_paths(search_path).filter(|folder| folder.is_absolute());
    // Joining fails only for a folder with the separator in its name, which splitting never gives.
    std::env::join_paths(folders).unwrap_or_default()
}

/// Reads to the end and keeps one byte more than `limit`, so that the caller sees what is over it.
/// What follows is dropped, so that the other side never blocks.
fn read_bounded(source: Option<impl Read>, limit: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut source) = source else {
        return kept;
    };
    let mut chunk = [0; 8192];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return kept,
            Ok(read) => {
                let room = (limit + 1).saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(chunk.get(..room).unwrap_or_default());
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return kept,
        }
    }
}
