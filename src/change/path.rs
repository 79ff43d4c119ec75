//! Paths inside a repository, as raw bytes.

use std::fmt;

/// A path inside a repository: raw bytes, `/` between components, no component empty, `.`, `..` or
/// `.git`. Ordered by its raw bytes. [`Display`](fmt::Display) writes the manifest's encoding
/// (SPEC 2.3): every byte outside 0x21..=0x7e, and `%`, as `%XX`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Vec<u8>);

/// Why bytes are not a path of a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The path, or one of its components, is empty.
    #[error("a path or one of its components is empty")]
    Empty,
    /// A component that git never checks out.
    #[error("a path has the component \"{0}\"")]
    Reserved(&'static str),
    /// A NUL byte.
    #[error("a path holds a NUL byte")]
    Nul,
    /// The text is not the encoding of SPEC 2.3.
    #[error("a path is not percent-encoded as the manifest asks")]
    Encoding,
}

impl RepoPath {
    /// Checks and wraps raw path bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, PathError> {
        let bytes = bytes.into();
        bytes
            .split(|&byte| byte == b'/')
            .try_for_each(check_component)?;
        Ok(Self(bytes))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the manifest's encoding. Only the one canonical spelling is accepted.
    pub fn decode(text: &str) -> Result<Self, PathError> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let high = hex(rest.next())?;
                    let decoded = (high << 4) | hex(rest.next())?;
                    if is_plain(decoded) {
                        return Err(PathError::Encoding);
                    }
                    decoded
                }
                plain if is_plain(plain) => plain,
                _ => return Err(PathError::Encoding),
            });
        }
        Self::new(bytes)
    }

    /// The path as text for people: UTF-8, invalid bytes replaced. Escape it before showing it.
    pub fn to_text_lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// Whether the path lies in the folder `folder` (given without a trailing slash).
    pub fn is_under(&self, folder: &str) -> bool {
        self.0
            .strip_prefix(folder.as_bytes())
            .is_some_and(|rest| rest.first() == Some(&b'/'))
    }
}

/// Whether one component of a path is one that git could check out.
pub(crate) fn check_component(component: &[u8]) -> Result<(), PathError> {
    match component {
        b"" => Err(PathError::Empty),
        b"." => Err(PathError::Reserved(".")),
        b".." => Err(PathError::Reserved("..")),
        b".git" => Err(PathError::Reserved(".git")),
        other if other.contains(&0) => Err(PathError::Nul),
        _ => Ok(()),
    }
}

/// Bytes that stand for themselves in the manifest.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x21..=0x7e) && byte != b'%'
}

fn hex(digit: Option<u8>) -> Result<u8, PathError> {
    match digit {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        _ => Err(PathError::Encoding),
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        if self.0.iter().all(|byte| is_plain(*byte)) {
            return f.write_str(str::from_utf8(&self.0).map_err(|_| fmt::Error)?);
        }
        for &byte in &self.0 {
            if is_plain(byte) {
                f.write_char(char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}
