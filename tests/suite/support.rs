//! Repositories made with real git in temporary folders, far from the home folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use countersign::change::{ChangeManifest, CommitId, History};
use countersign::git::Repository;

/// A repository in a folder that vanishes with the value.
pub struct Repo {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Repo {
    pub fn new() -> Self {
        Self::with(&["init", "-q", "-b", "main"])
    }

    pub fn with(init: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repo");
        std::fs::create_dir(&path).unwrap();
        let repo = Self {
            _folder: folder,
            path,
        };
        repo.git(init);
        repo
    }

    /// Runs git here and returns its output without the last line feed.
    pub fn git(&self, args: &[&str]) -> String {
        git(&self.path, args)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything in the work tree and returns the commit.
    pub fn commit(&self, message: &str) -> CommitId {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).parse().unwrap()
    }

    pub fn open(&self) -> Repository {
        Repository::open(&self.path).unwrap()
    }

    pub fn change(&self, base: &str, head: &str) -> ChangeManifest {
        let repo = self.open();
        let base = repo.resolve(base).unwrap();
        repo.change(Some(&base), &repo.resolve(head).unwrap())
            .unwrap()
    }
}

/// A git command that reads no configuration but the repository's.
pub fn git_command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("GIT_") {
            command.env_remove(key);
        }
    }
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ana Ruiz")
        .env("GIT_AUTHOR_EMAIL", "ana@example.org")
        .env("GIT_COMMITTER_NAME", "Ana Ruiz")
        .env("GIT_COMMITTER_EMAIL", "ana@example.org")
        .stdin(Stdio::null());
    command
}

/// Runs git and expects success.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = git_command(folder).args(args).output().unwrap();
    expect_success(args, output)
}

pub fn expect_success(args: &[&str], output: Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end_matches('\n')
        .to_owned()
}

/// Feeds bytes to a git command and returns its output.
pub fn git_with_input(folder: &Path, args: &[&str], input: &[u8]) -> String {
    use std::io::Write as _;
    let mut command = git_command(folder);
    command
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    expect_success(args, child.wait_with_output().unwrap())
}

/// A real ssh-agent on a socket of its own, ended with the value.
pub struct Agent {
    folder: tempfile::TempDir,
    child: std::process::Child,
}

impl Agent {
    pub fn start() -> Self {
        Self::run(&mut Command::new("ssh-agent"))
    }

    /// An ssh-agent with what the command says already.
    pub fn run(command: &mut Command) -> Self {
        // A short path: a socket's may have 108 bytes.
        let folder = tempfile::Builder::new()
            .prefix("cs")
            .tempdir_in("/tmp")
            .unwrap();
        let child = command
            .args(["-D", "-a"])
            .arg(folder.path().join("s"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self { folder, child };
        // The socket is there a moment before the agent listens on it.
        for _ in 0..1_000 {
            if std::os::unix::net::UnixStream::connect(agent.socket()).is_ok() {
                return agent;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("ssh-agent did not start");
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    pub fn add(&self, key: &Path) {
        let output = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", self.socket())
            .stdin(Stdio::null())
            .output();
        expect_success(&["ssh-add"], output.unwrap());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
