//! Where a file lies, whatever links lead there.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The most links that one path goes through, as of the operating system.
const MAX_LINKS: usize = 40;

/// Whether a file lies in a work tree, or a link that lies there leads to it. The repository's own folder is no part of
/// its work tree: nothing is checked out there.
///
/// # Errors
/// There is no such file or folder, or too many links.
pub fn leads_into(path: &Path, tree: &Path, own: &Path) -> io::Result<bool> {
    let tree = tree.canonicalize()?;
    let own = own.canonicalize()?;
    // A work tree may itself lie below that folder.
    let is_own = |place: &Path| own.starts_with(&tree) && place.starts_with(&own);
    let inside = |place: PathBuf| place.starts_with(&tree) && !is_own(&place);
    let mut at = PathBuf::from(".").canonicalize()?;
    let mut left = parts(path);
    let mut links = 0;
    while let Some(part) = left.pop_front() {
        match part {
            Part::From(start) => at = start,
            Part::Up => {
                at.pop();
            }
            Part::Name(name) => {
                let next = at.join(name);
                if !next.symlink_metadata()?.is_symlink() {
                    at = next;
                    continue;
                }
                links += 1;
                if inside(at.canonicalize()?) {
                    return Ok(true);
                }
                if links > MAX_LINKS {
                    return Err(io::Error::other("too many links"));
                }
                for part in parts(&next.read_link()?).into_iter().rev() {
                    left.push_front(part);
                }
            }
        }
    }
    // Its name may be spelt otherwise where case doesn't count.
    Ok(inside(at.canonicalize()?))
}

enum Part {
    /// The root of the file system, or of a drive.
    From(PathBuf),
    Up,
    Name(OsString),
}

fn parts(path: &Path) -> VecDeque<Part> {
    let mut parts = VecDeque::new();
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => parts.push_back(Part::From(prefix.as_os_str().into())),
            Component::RootDir => {
                // Behind a drive's prefix, it is that drive's root.
                let drive = match parts.pop_back() {
                    Some(Part::From(drive)) => drive,
                    _ => PathBuf::new(),
                };
                parts.push_back(Part::From(drive.join(Component::RootDir)));
            }
            Component::CurDir => {}
            Component::ParentDir => parts.push_back(Part::Up),
            Component::Normal(name) => parts.push_back(Part::Name(name.to_owned())),
        }
    }
    parts
}
