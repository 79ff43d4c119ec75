//! Placeholder to build against: the real one is written elsewhere.

use std::path::Path;

/// An opened repository.
pub struct Repository {
    pub(crate) repo: gix::Repository,
}

impl Repository {
    /// Opens the repository at `folder`.
    pub fn open(folder: &Path) -> Result<Self, crate::git::RefError> {
        let options = gix::open::Options::isolated()
            .config_overrides(["core.useReplaceRefs=false", "core.commitGraph=false"]);
        let repo = gix::ThreadSafeRepository::discover_opts(
            folder,
            Default::default(),
            gix::sec::trust::Mapping {
                full: options.clone(),
                reduced: options,
            },
        )
        .map_err(|_| crate::git::RefError::Name(folder.display().to_string()))?;
        Ok(Self {
            repo: repo.to_thread_local(),
        })
    }
}
