//! Changes to the trust files: a trust unit needs nothing else, anything else is refused (SPEC 5.6).

use super::Gate;
use super::judging::version_files;
use super::verdict::Undecided;
use crate::change::{ChangeManifest, CommitId, Content, Digest, Entry, FileMode};
use crate::codes::Code;
use crate::trust::{
    Chain, Draft, FOLDER, POLICY_PATH, ROSTER_PATH, TrustError, VERSIONS_FOLDER, version_of,
};

/// Whether a change touches `.countersign/`, or a file of that name.
pub(super) fn touches_trust(manifest: &ChangeManifest) -> bool {
    manifest
        .paths()
        .any(|path| path.is_under(FOLDER) || path.as_bytes() == FOLDER.as_bytes())
}

/// Whether a change touches nothing but the trust files.
pub(super) fn only_trust(manifest: &ChangeManifest) -> bool {
    !manifest.is_empty() && manifest.paths().all(|path| path.is_under(FOLDER))
}

impl Gate<'_> {
    /// Why a change that touches `.countersign/` is no trust unit; `None` where it is one.
    pub(super) fn trust_unit(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        manifest: &ChangeManifest,
    ) -> Result<Option<(Code, String)>, Undecided> {
        if !only_trust(manifest) {
            return refuse(Code::TRUST_MIXED, "it changes other files too");
        }
        let anew = self.replaces_root(base, head)?;
        let mut added = Vec::new();
        for entry in manifest.entries() {
            match trust_entry(&entry, anew) {
                Ok(version) => added.extend(version),
                Err(reason) => return Ok(Some(reason)),
            }
        }
        let before = match base {
            Some(base) => version_files(self.history, base)?,
            None => Default::default(),
        };
        let newest_before = match Chain::verify(&before, &self.judging.root) {
            Ok((chain, _)) => chain.newest(),
            Err(_) => 0,
        };
        let chain = match Chain::verify(&version_files(self.history, head)?, &self.judging.root) {
            Ok((chain, None)) => chain,
            Ok((_, Some(error))) | Err(error) => return Ok(Some(chain_reason(&error))),
        };
        added.sort_unstable();
        if added.is_empty() {
            return refuse(Code::TRUST_UNSIGNED, "no new trust version signs it");
        }
        if added != (newest_before + 1..=chain.newest()).collect::<Vec<_>>() {
            return refuse(
                Code::TRUST_ROLLBACK,
                "its trust versions are not the next ones",
            );
        }
        let Some(last) = chain.last() else {
            return refuse(Code::TRUST_UNSIGNED, "no trust version signs it");
        };
        for (path, signed) in [(ROSTER_PATH, last.roster()), (POLICY_PATH, last.policy())] {
            if self.digest_of(head, path)? != Some(signed) {
                let version = last.number();
                return refuse(
                    Code::TRUST_UNSIGNED,
                    &format!("{path} is not what trust version {version} signs"),
                );
            }
        }
        Ok(None)
    }

    fn digest_of(&self, commit: &CommitId, path: &str) -> Result<Option<Digest>, Undecided> {
        let file = self.history.file(commit, path)?;
        Ok(file
            .filter(|(mode, _)| *mode == FileMode::Regular)
            .map(|(_, bytes)| crate::change::sha256(&bytes)))
    }

    /// Whether `head` starts anew with the version 1 that is this gate's root, and that names the one in `base`
    /// as what it replaces (SPEC 5.7).
    fn replaces_root(&self, base: Option<&CommitId>, head: &CommitId) -> Result<bool, Undecided> {
        let Some(base) = base else {
            return Ok(false);
        };
        let files = version_files(self.history, head)?;
        let Ok((chain, _)) = Chain::verify(&files, &self.judging.root) else {
            return Ok(false);
        };
        let Some(replaced) = chain.version(1).and_then(|first| first.metadata().replaces) else {
            return Ok(false);
        };
        let before = version_files(self.history, base)?.remove(&1);
        let before = before.and_then(|bytes| Draft::parse(1, &bytes).ok());
        Ok(before.is_some_and(|before| before.payload() == replaced))
    }
}

/// Checks one entry; gives the version that it adds, if it adds one. Versions may go where a new root starts
/// `anew`.
fn trust_entry(entry: &Entry<'_>, anew: bool) -> Result<Option<u64>, (Code, String)> {
    let path = entry.path.to_string();
    let version = path
        .strip_prefix(VERSIONS_FOLDER)
        .and_then(|name| name.strip_prefix('/'))
        .and_then(version_of);
    if version.is_none() && path != ROSTER_PATH && path != POLICY_PATH {
        return Err((
            Code::TRUST_MIXED,
            format!("{path} doesn't belong under {FOLDER}/"),
        ));
    }
    if version.is_some() && entry.old.is_some() && !anew {
        return Err((
            Code::TRUST_ROLLBACK,
            format!("{path} is removed or replaced"),
        ));
    }
    match entry.new {
        Some(Content::Blob {
            mode: FileMode::Regular,
            ..
        }) => Ok(version),
        Some(_) => Err((
            Code::TRUST_MIXED,
            format!("{path} is no regular file of mode 100644"),
        )),
        None if version.is_some() && anew => Ok(None),
        None => Err((Code::TRUST_UNSIGNED, format!("{path} is removed"))),
    }
}

fn refuse(code: Code, why: &str) -> Result<Option<(Code, String)>, Undecided> {
    Ok(Some((code, why.to_owned())))
}

fn chain_reason(error: &TrustError) -> (Code, String) {
    let code = match error {
        TrustError::Gap(_) => Code::TRUST_ROLLBACK,
        TrustError::RootDiffers { .. } | TrustError::NoVersions => Code::TRUST_ROLLBACK,
        _ => Code::TRUST_SIGNATURES,
    };
    (code, error.to_string())
}
