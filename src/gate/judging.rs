//! The one trust version that judges everything (SPEC 5.5).

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::chains::Chains;
use super::verdict::{JudgedBy, Undecided};
use crate::change::{CommitId, Digest, FileMode, History, sha256};
use crate::codes::Code;
use crate::policy::Policy;
use crate::roster::Roster;
use crate::trust::{
    POLICY_PATH, ROSTER_PATH, TrustError, VERSIONS_FOLDER, VerifiedVersion, version_of,
    version_path,
};

/// A verified, unexpired trust version with the roster and policy that it signs.
#[derive(Debug, Clone)]
pub struct Judging {
    /// The pinned root.
    pub root: Digest,
    /// The version.
    pub version: VerifiedVersion,
    /// The roster.
    pub roster: Roster,
    /// The policy.
    pub policy: Policy,
    /// The version before it.
    pub previous: Option<VerifiedVersion>,
    published: PublishedKeys,
}

impl Judging {
    /// Finds the highest version, among the trees of `candidates`, whose chain from the root verifies
    /// and whose roster and policy one of these trees holds.
    ///
    /// # Errors
    /// No version, another root, two versions of one number, an expired version, a roster or policy
    /// that can't be read or asks for what is not supported yet.
    pub fn find(
        chains: &Chains<'_>,
        candidates: &[CommitId],
        published: PublishedKeys,
        now: Timestamp,
    ) -> Result<Self, Undecided> {
        let (history, root) = (chains.history, chains.root);
        let versions = candidate_versions(chains, candidates)?;
        for version in versions.values().rev() {
            for commit in candidates {
                let (Some(roster), Some(policy)) = (
                    subject(history, commit, ROSTER_PATH, &version.roster())?,
                    subject(history, commit, POLICY_PATH, &version.policy())?,
                ) else {
                    continue;
                };
                if version.metadata().expires_on < now {
                    return Err(Undecided::new(
                        Code::TRUST_EXPIRED,
                        format!(
                            "trust version {} expired on {}",
                            version.number(),
                            version.metadata().expires_on
                        ),
                    ));
                }
                let previous = versions.get(&version.number().saturating_sub(1)).cloned();
                let version = version.clone();
                return Self::read(root, version, previous, published, &roster, &policy);
            }
        }
        Err(Undecided::new(
            Code::TRUST_INVALID,
            "roster and policy are not what any trust version here signs: they were changed without enough signatures",
        ))
    }

    fn read(
        root: Digest,
        version: VerifiedVersion,
        previous: Option<VerifiedVersion>,
        published: PublishedKeys,
        roster: &[u8],
        policy: &[u8],
    ) -> Result<Self, Undecided> {
        let (roster, policy) = read_texts(roster, policy)?;
        refuse_unsupported(&policy)?;
        if published == PublishedKeys::Refused {
            refuse_published(&roster)?;
            if let Some(admin) = version.admin_with_published_key() {
                return Err(published_key(admin));
            }
        }
        Ok(Self {
            root,
            version,
            roster,
            policy,
            previous,
            published,
        })
    }

    /// The version before this one, read from a commit that holds its files; `None` where none can judge. What
    /// this one takes back (keys as compromised, statements as withdrawn) binds that one too.
    ///
    /// # Errors
    /// The commit can't be read.
    pub fn before(
        &self,
        history: &dyn History,
        previous: &VerifiedVersion,
        commit: &CommitId,
    ) -> Result<Option<Self>, Undecided> {
        let (Some(roster), Some(policy)) = (
            subject(history, commit, ROSTER_PATH, &previous.roster())?,
            subject(history, commit, POLICY_PATH, &previous.policy())?,
        ) else {
            return Ok(None);
        };
        let (root, version) = (self.root, previous.clone());
        let read = Self::read(root, version, None, self.published, &roster, &policy);
        Ok(read.ok().map(|mut judging| {
            judging.roster.take_back(&self.roster);
            judging
        }))
    }

    /// The names that statements may give the repository.
    pub fn repositories(&self) -> Vec<String> {
        std::iter::once(&self.policy.repository)
            .chain(&self.policy.aliases)
            .cloned()
            .collect()
    }

    /// The version as a verdict records it.
    pub fn judged_by(&self) -> JudgedBy {
        JudgedBy {
            root: self.root,
            version: self.version.number(),
            policy: self.version.policy(),
            expires_on: self.version.metadata().expires_on,
            repository: self.policy.repository.clone(),
        }
    }

    /// The commit up to which the admins accepted a branch, if they did.
    pub fn checkpoint(&self, branch: &str) -> Option<&CommitId> {
        let checkpoints = &self.version.metadata().checkpoints;
        checkpoints
            .iter()
            .find(|checkpoint| checkpoint.name == branch)
            .map(|checkpoint| &checkpoint.git_commit)
    }
}

/// Whether key pairs that this project published as examples may be trusted. Everybody has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PublishedKeys {
    /// [`Code::EXAMPLE_KEY`] wherever one is in force.
    #[default]
    Refused,
    /// For trying the example out.
    Allowed,
}

/// Refuses a roster in which a published key is in force.
///
/// # Errors
/// [`Code::EXAMPLE_KEY`] with the person's id.
pub fn refuse_published(roster: &Roster) -> Result<(), Undecided> {
    for engineer in roster.engineers() {
        let mut keys = engineer.keys.iter().filter(|key| key.revoked.is_none());
        if keys.any(|key| key.key.is_published()) {
            return Err(published_key(&engineer.id));
        }
    }
    Ok(())
}

fn published_key(person: &str) -> Undecided {
    Undecided::new(
        Code::EXAMPLE_KEY,
        format!("{person} has a key pair that is published: everybody can sign with it"),
    )
}

/// What the policy asks for and this version can't do is refused, never ignored.
///
/// # Errors
/// [`Code::UNSUPPORTED`] with the first such key's place.
pub fn refuse_unsupported(policy: &Policy) -> Result<(), Undecided> {
    if let Some(found) = policy.unsupported.first() {
        let (line, key) = (found.line, &found.key);
        let message = format!("{POLICY_PATH}:{line}: {key} is not supported yet");
        return Err(Undecided::new(Code::UNSUPPORTED, message));
    }
    Ok(())
}

/// Reads roster and policy, and checks the one against the other.
///
/// # Errors
/// [`Code::TRUST_INVALID`] with every mistake's place.
pub fn read_texts(roster: &[u8], policy: &[u8]) -> Result<(Roster, Policy), Undecided> {
    let invalid = |errors: Vec<crate::text::TextError>| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Undecided::new(Code::TRUST_INVALID, told.join("; "))
    };
    let text = |bytes: &[u8], path: &str| {
        String::from_utf8(bytes.to_vec())
            .map_err(|_| Undecided::new(Code::TRUST_INVALID, format!("{path} is not UTF-8")))
    };
    let roster = Roster::parse(&text(roster, ROSTER_PATH)?, ROSTER_PATH).map_err(invalid)?;
    let policy = Policy::parse(&text(policy, POLICY_PATH)?, POLICY_PATH).map_err(invalid)?;
    let contradictions = policy.check_against(&roster, POLICY_PATH);
    if contradictions.is_empty() {
        Ok((roster, policy))
    } else {
        Err(invalid(contradictions))
    }
}

/// The envelopes in a commit's tree, by the number in their name.
pub fn version_files(
    history: &dyn History,
    commit: &CommitId,
) -> Result<BTreeMap<u64, Vec<u8>>, Undecided> {
    let mut files = BTreeMap::new();
    for name in history.folder(commit, VERSIONS_FOLDER)? {
        if let Some(version) = version_of(&name)
            && let Some((FileMode::Regular, bytes)) =
                history.file(commit, &version_path(version))?
        {
            files.insert(version, bytes);
        }
    }
    Ok(files)
}

/// Every verified version in one of the trees, by number.
fn candidate_versions(
    chains: &Chains<'_>,
    candidates: &[CommitId],
) -> Result<BTreeMap<u64, VerifiedVersion>, Undecided> {
    let mut versions: BTreeMap<u64, VerifiedVersion> = BTreeMap::new();
    let mut failed = None;
    for commit in candidates {
        let chain = chains.of(commit)?;
        let chain = match &*chain {
            Ok(chain) => chain,
            Err(error) => {
                // A tree without versions says nothing of the versions of another.
                if matches!(failed, None | Some(TrustError::NoVersions)) {
                    failed = Some(error.clone());
                }
                continue;
            }
        };
        for version in chain.versions() {
            let known = versions
                .entry(version.number())
                .or_insert_with(|| version.clone());
            if known.payload() != version.payload() {
                let number = version.number();
                return Err(Undecided::new(
                    Code::TRUST_FORK,
                    format!("there are two trust versions {number}"),
                ));
            }
        }
    }
    match failed {
        Some(error) if versions.is_empty() => Err(undecided(&error)),
        _ => Ok(versions),
    }
}

/// The code of a chain that doesn't even start.
fn undecided(error: &TrustError) -> Undecided {
    let code = match error {
        TrustError::RootDiffers { .. } => Code::ROOT_DIFFERS,
        TrustError::NoVersions => Code::TRUST_INVALID,
        _ => Code::TRUST_SIGNATURES,
    };
    Undecided::new(code, error.to_string())
}

/// A file's bytes, if they are what the version signs.
fn subject(
    history: &dyn History,
    commit: &CommitId,
    path: &str,
    digest: &Digest,
) -> Result<Option<Vec<u8>>, Undecided> {
    let file = history.file(commit, path)?;
    Ok(file
        .filter(|(mode, bytes)| *mode == FileMode::Regular && sha256(bytes) == *digest)
        .map(|(_, bytes)| bytes))
}

#[cfg(test)]
#[path = "rotation_tests.rs"]
mod tests;
