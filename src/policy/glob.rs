//! Globs over raw path bytes.

/// A glob over whole paths.
#[derive(Debug, Clone)]
pub struct Glob {
    source: String,
}

/// The text is no glob.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a glob")]
pub struct GlobError;

impl Glob {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}
