//! The change manifest, version 1: parsing, writing, composing, inverting.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{ChangeDigest, CommitId, Digest, PathError, RepoPath, sha256};

/// The first line of every manifest of version 1 (SPEC 2.1).
pub const MANIFEST_HEADER: &str = "countersign-change-v1";

/// The mode of a blob, as git writes it in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileMode {
    /// 100644, a regular file.
    Regular,
    /// 100755, an executable file.
    Executable,
    /// 120000, a symbolic link; its content is the link's target.
    Symlink,
}

impl FileMode {
    /// Git's six digits.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
        }
    }
}

/// One side of an entry: what stands at a path in one of the two trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// A file or symbolic link by the SHA-256 of its raw content.
    Blob {
        /// The file mode.
        mode: FileMode,
        /// SHA-256 of the blob's bytes, no filter applied.
        sha256: Digest,
    },
    /// A submodule by the commit it points to.
    Submodule {
        /// The commit id as the tree names it.
        commit: CommitId,
    },
}

impl Content {
    /// Mode and digest of a regular file; `None` for links and submodules.
    pub fn regular_file(&self) -> Option<(FileMode, Digest)> {
        match self {
            Self::Blob { mode, sha256 } => {
                matches!(mode, FileMode::Regular | FileMode::Executable).then_some((*mode, *sha256))
            }
            Self::Submodule { .. } => None,
        }
    }
}

/// One line of a manifest. At least one side is there and the sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The path.
    pub path: &'a RepoPath,
    /// What stood there before; `None` where nothing did.
    pub old: Option<&'a Content>,
    /// What stands there after; `None` where nothing does.
    pub new: Option<&'a Content>,
}

/// The two sides at a path, old and new.
type Sides = (Option<Content>, Option<Content>);

/// The canonical list of what differs between two trees (SPEC 2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeManifest {
    entries: BTreeMap<RepoPath, Sides>,
}

/// Why bytes are not a change manifest of version 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not UTF-8, or a line without its line feed.
    #[error("the manifest is not UTF-8 text whose every line ends with a line feed")]
    Text,
    /// The first line is another.
    #[error("the manifest does not start with the line \"countersign-change-v1\"")]
    Header,
    /// A line that is no entry. Lines count from 1.
    #[error("line {0} of the manifest is not \"<old> <new> <path>\"")]
    Line(usize),
    /// A bad path. Lines count from 1.
    #[error("line {0} of the manifest: {1}")]
    Path(usize, PathError),
    /// Not sorted by raw path, or a path twice. Lines count from 1.
    #[error("line {0} of the manifest is out of order or repeats a path")]
    Order(usize),
}

/// Two manifests do not follow one another: what the first leaves at a path, the second doesn't find.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the changes do not follow one another at {path}")]
pub struct ComposeError {
    /// The first path where they contradict each other.
    pub path: RepoPath,
}

impl ChangeManifest {
    /// An empty manifest: nothing differs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what differs at `path`. Equal sides add nothing (SPEC 2.2). A path that was there
    /// already is replaced.
    pub fn insert(&mut self, path: RepoPath, old: Option<Content>, new: Option<Content>) {
        if old == new {
            self.entries.remove(&path);
        } else {
            self.entries.insert(path, (old, new));
        }
    }

    /// The entries, sorted by raw path bytes.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        self.entries.iter().map(|(path, (old, new))| Entry {
            path,
            old: old.as_ref(),
            new: new.as_ref(),
        })
    }

    /// The touched paths, sorted by raw bytes.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &RepoPath> {
        self.entries.keys()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry at `path`, if the path differs.
    pub fn entry(&self, path: &RepoPath) -> Option<Entry<'_>> {
        let (path, (old, new)) = self.entries.get_key_value(path)?;
        Some(Entry {
            path,
            old: old.as_ref(),
            new: new.as_ref(),
        })
    }

    /// The SHA-256 of the manifest's bytes.
    pub fn digest(&self) -> ChangeDigest {
        sha256(self.to_string().as_bytes())
    }

    /// The change A to C of the changes A to B (`self`) and B to C (`next`), without reading git.
    ///
    /// # Errors
    /// Where `next` starts from something else than `self` leaves at a path both touch.
    pub fn compose(&self, next: &Self) -> Result<Self, ComposeError> {
        let mut composed = self.clone();
        composed.append(next)?;
        Ok(composed)
    }

    /// Makes this change A to B the change A to C, by the change B to C (`next`).
    ///
    /// # Errors
    /// As [`compose`](Self::compose); then this is neither change.
    pub fn append(&mut self, next: &Self) -> Result<(), ComposeError> {
        for (path, (old, new)) in &next.entries {
            let first_old = match self.entries.get(path) {
                Some((_, left)) if left != old => return Err(ComposeError { path: path.clone() }),
                Some((first_old, _)) => first_old.clone(),
                None => old.clone(),
            };
            self.insert(path.clone(), first_old, new.clone());
        }
        Ok(())
    }

    /// What differs at the paths of another change alone.
    pub fn within(&self, other: &Self) -> Self {
        let shared = |path: &RepoPath| Some((path.clone(), self.entries.get(path)?.clone()));
        Self {
            entries: other.paths().filter_map(shared).collect(),
        }
    }

    /// The change back: the sides of every entry swapped.
    pub fn invert(&self) -> Self {
        let swap =
            |(path, (old, new)): (&RepoPath, &Sides)| (path.clone(), (new.clone(), old.clone()));
        Self {
            entries: self.entries.iter().map(swap).collect(),
        }
    }

    /// The paths at which two manifests differ, sorted.
    pub fn differing_paths<'a>(&'a self, other: &'a Self) -> Vec<&'a RepoPath> {
        let ours = self
            .entries
            .iter()
            .filter(|(path, sides)| other.entries.get(*path) != Some(*sides));
        let theirs = other
            .entries
            .iter()
            .filter(|(path, _)| !self.entries.contains_key(*path));
        let mut paths: Vec<_> = ours.chain(theirs).map(|(path, _)| path).collect();
        paths.sort();
        paths
    }
}

impl fmt::Display for ChangeManifest {
    /// Writes the manifest's canonical bytes (SPEC 2.1 to 2.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MANIFEST_HEADER}")?;
        for (path, (old, new)) in &self.entries {
            write_side(f, old.as_ref())?;
            f.write_str(" ")?;
            write_side(f, new.as_ref())?;
            writeln!(f, " {path}")?;
        }
        Ok(())
    }
}

fn write_side(f: &mut fmt::Formatter<'_>, side: Option<&Content>) -> fmt::Result {
    match side {
        None => f.write_str("-"),
        Some(Content::Blob { mode, sha256 }) => write!(f, "{}:sha256:{sha256}", mode.as_str()),
        Some(Content::Submodule { commit }) => write!(f, "160000:gitCommit:{commit}"),
    }
}

impl FromStr for ChangeManifest {
    type Err = ManifestError;

    /// Parses strictly: only the canonical bytes of a manifest are accepted.
    fn from_str(text: &str) -> Result<Self, ManifestError> {
        let body = text.strip_suffix('\n').ok_or(ManifestError::Text)?;
        let mut lines = body.split('\n').zip(1..);
        if lines.next().map(|(line, _)| line) != Some(MANIFEST_HEADER) {
            return Err(ManifestError::Header);
        }
        let mut entries = BTreeMap::new();
        for (line, number) in lines {
            let (path, sides) = parse_line(line, number)?;
            if entries
                .last_key_value()
                .is_some_and(|(last, _)| *last >= path)
            {
                return Err(ManifestError::Order(number));
            }
            entries.insert(path, sides);
        }
        Ok(Self { entries })
    }
}

fn parse_line(line: &str, number: usize) -> Result<(RepoPath, Sides), ManifestError> {
    let malformed = || ManifestError::Line(number);
    let (old, rest) = line.split_once(' ').ok_or_else(malformed)?;
    let (new, path) = rest.split_once(' ').ok_or_else(malformed)?;
    let path = RepoPath::decode(path).map_err(|error| ManifestError::Path(number, error))?;
    let old = parse_side(old).ok_or_else(malformed)?;
    let new = parse_side(new).ok_or_else(malformed)?;
    if old == new {
        return Err(malformed());
    }
    Ok((path, (old, new)))
}

/// `None` where the text is no side; `Some(None)` where the side is absent.
fn parse_side(text: &str) -> Option<Option<Content>> {
    if text == "-" {
        return Some(None);
    }
    let (mode, value) = text.split_once(':')?;
    let content = match mode {
        "160000" => Content::Submodule {
            commit: value.strip_prefix("gitCommit:")?.parse().ok()?,
        },
        _ => Content::Blob {
            mode: [FileMode::Regular, FileMode::Executable, FileMode::Symlink]
                .into_iter()
                .find(|known| known.as_str() == mode)?,
            sha256: value.strip_prefix("sha256:")?.parse().ok()?,
        },
    };
    Some(Some(content))
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
