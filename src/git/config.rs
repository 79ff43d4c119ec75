//! The user's git configuration: keys and identity. Read by commands that sign, never by a verdict.

use std::path::Path;

use gix::bstr::ByteSlice;
use gix::config::source::Kind;

use super::{GitProgram, RemoteError, Repository};
use crate::change::{HistoryError, Identity};

/// The git configuration as git itself would read it: system, user, repository.
pub struct UserConfig {
    repo: gix::Repository,
}

impl UserConfig {
    /// Reads the configuration around the repository that holds `folder`.
    ///
    /// # Errors
    /// Where there is no repository, or a configuration file can't be read.
    pub fn read(folder: &Path) -> Result<Self, HistoryError> {
        let options = || {
            let mut permissions = gix::open::Permissions::isolated();
            permissions.config = gix::open::permissions::Config {
                git_binary: false,
                system: true,
                git: true,
                user: true,
                env: true,
                includes: true,
            };
            permissions.env.home = gix::sec::Permission::Allow;
            permissions.env.xdg_config_home = gix::sec::Permission::Allow;
            gix::open::Options::default().permissions(permissions)
        };
        let trust = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        let repo = gix::ThreadSafeRepository::discover_opts(folder, Default::default(), trust)
            .map_err(|error| HistoryError::Read(error.to_string()))?;
        Ok(Self {
            repo: repo.to_thread_local(),
        })
    }

    /// A value, the last one that applies.
    pub fn string(&self, key: &str) -> Option<String> {
        let value = self.repo.config_snapshot().string(key)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// The same of what the user or the system says, and the environment: never of the repository's own configuration,
    /// which may come with a copy of it.
    pub fn user_string(&self, key: &str) -> Option<String> {
        let snapshot = self.repo.config_snapshot();
        let value = snapshot
            .plumbing()
            .string_filter(key, |section| section.source.kind() != Kind::Repository)?;
        value.to_str().ok().map(str::to_owned)
    }

    /// The user's name and address, where both are set.
    pub fn identity(&self) -> Option<Identity> {
        Some(Identity {
            name: self.string("user.name")?,
            email: self.string("user.email")?,
        })
    }
}

impl Repository {
    /// Sets a value of the repository's own configuration.
    ///
    /// # Errors
    /// Where git can't be run or can't write it.
    pub fn set_config(&self, git: &GitProgram, key: &str, value: &str) -> Result<(), RemoteError> {
        let arguments = ["config", "--local", key, value].map(str::to_owned);
        let output = self.run(git, &[], &arguments)?;
        if output.status.success() {
            Ok(())
        } else {
            Err(RemoteError::Config(output.stderr.trim().to_owned()))
        }
    }
}
