//! Repositories for tests: a bare remote and clones of it in a temporary folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Committer, GitProgram, RemoteName, Repository};
use crate::change::{CommitId, Identity};

/// A folder with a bare repository `remote.git`.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "-q", "--bare", "remote.git"]);
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn remote(&self) -> PathBuf {
        self.path().join("remote.git")
    }

    /// A new repository whose remote `origin` is the bare one.
    pub(crate) fn clone_as(&self, name: &str) -> Repository {
        git(self.path(), &["init", "-q", name]);
        let folder = self.path().join(name);
        let remote = self.remote();
        git(
            &folder,
            &["remote", "add", "origin", remote.to_str().unwrap()],
        );
        Repository::open(&folder).unwrap()
    }

    /// The commit at a ref of the bare repository.
    pub(crate) fn remote_tip(&self, name: &str) -> Option<CommitId> {
        Repository::open(&self.remote())
            .unwrap()
            .reference(name)
            .unwrap()
    }

    /// Installs an executable file.
    pub(crate) fn script(&self, path: &Path, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// Runs git in `folder`, apart from the user's configuration, and returns what it wrote.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The program with an environment that has no configuration of the user's.
pub(crate) fn program() -> GitProgram {
    program_with(&[])
}

pub(crate) fn program_with(more: &[(&str, &str)]) -> GitProgram {
    let search = std::env::var_os("PATH").unwrap();
    let path = GitProgram::find(&search).unwrap();
    let mut env: Vec<(OsString, OsString)> = vec![
        ("PATH".into(), search),
        ("HOME".into(), "/nonexistent".into()),
    ];
    env.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
    GitProgram::new(path, env, false).unwrap()
}

pub(crate) fn origin() -> RemoteName {
    RemoteName::new("origin").unwrap()
}

pub(crate) fn by(name: &str) -> Committer {
    Committer {
        identity: Identity {
            name: name.to_owned(),
            email: format!("{name}@example.org"),
        },
        seconds: 1_700_000_000,
    }
}
