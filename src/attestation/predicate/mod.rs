//! The three predicates: what a declaration, a sign-off and trust metadata say. SPEC 4.2 and 4.5.

mod change;
mod declaration;
mod sign_off;
mod trust;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::error::{AttestationError, ErrorKind};
use super::limits;
use super::node::Node;

pub use change::{Author, AuthorRole, Change, Target};
pub use declaration::Declaration;
pub use sign_off::{Decision, EmergencyClaim, Link, PolicyShown, Review, SignOff};
pub use trust::{Admin, Checkpoint, Excused, TrustMetadata};

/// A person by their id in the roster: a claim, checked against the key that verifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonClaim {
    /// The id.
    pub id: String,
}

impl PersonClaim {
    fn read(node: &Node<'_>) -> Result<Self, AttestationError> {
        Ok(Self {
            id: node.object()?.required("id")?.text(limits::ID_BYTES)?,
        })
    }
}

/// Reads a full ref name, such as `refs/heads/main`.
fn read_ref(node: &Node<'_>) -> Result<String, AttestationError> {
    let name = node.text(limits::STRING_BYTES)?;
    match name.strip_prefix("refs/") {
        Some(rest) if !rest.is_empty() => Ok(name),
        _ => Err(node.bad_value("a full ref name such as refs/heads/main")),
    }
}

/// Refuses the element of `nodes` whose key stood before it, with `Repeated`.
fn refuse_repeats<'n, K: Ord + 'n>(
    nodes: &'n [Node<'_>],
    keys: impl IntoIterator<Item = &'n K>,
) -> Result<(), AttestationError> {
    let mut seen = BTreeSet::new();
    match nodes.iter().zip(keys).find(|(_, key)| !seen.insert(*key)) {
        Some((node, _)) => Err(node.error(ErrorKind::Repeated)),
        None => Ok(()),
    }
}

/// Writes a time in RFC 3339, UTC with `Z`.
fn write_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
