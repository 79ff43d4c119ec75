//! A branch commit by commit: what a statement lists, and what the store keeps of it.

use countersign::change::{ChangeDigest, ChangeManifest, Commit, History as _};
use countersign::gate::{Assessment, MAX_GROUP, merge_adds};

use super::context::Context;
use super::{Failure, Output};

/// The most reviewed commits that a statement lists, so that it fits a bundle. A group of units has
/// far fewer (SPEC 10).
const MAX_LISTED: usize = 1_000;

/// A reviewed commit that changes something, with its change.
pub struct Reviewed<'c> {
    pub commit: &'c Commit,
    pub manifest: ChangeManifest,
}

/// The reviewed commits, the oldest first, without those that change nothing and merges that add nothing; none where
/// a merge adds something, or there are too many to list.
pub struct Series<'c> {
    commits: Option<Vec<Reviewed<'c>>>,
    /// Whether they are more than may land one by one under one signature.
    too_many: bool,
}

impl<'c> Series<'c> {
    pub fn read(context: &Context, assessment: &'c Assessment) -> Result<Self, Failure> {
        let mut reviewed = Vec::new();
        let unlisted = |too_many| Self {
            commits: None,
            too_many,
        };
        if assessment.claims.commits.len() > MAX_LISTED {
            return Ok(unlisted(true));
        }
        for commit in assessment.claims.commits.iter().rev() {
            if commit.is_merge() {
                if merge_adds(&context.repo, commit)? {
                    return Ok(unlisted(false));
                }
                continue;
            }
            let manifest = context.repo.change(commit.parents.first(), &commit.id)?;
            if !manifest.is_empty() {
                reviewed.push(Reviewed { commit, manifest });
            }
        }
        Ok(Self {
            too_many: reviewed.len() > MAX_GROUP,
            commits: Some(reviewed),
        })
    }

    /// What a statement lists.
    pub fn digests(&self) -> Option<Vec<ChangeDigest>> {
        let digests =
            |all: &Vec<Reviewed<'_>>| all.iter().map(|one| one.manifest.digest()).collect();
        self.commits.as_ref().map(digests)
    }

    /// The commits, where they are several that may land one by one under one signature.
    pub fn landing(&self) -> &[Reviewed<'c>] {
        let all = self.commits.as_deref().unwrap_or_default();
        match (2..=MAX_GROUP).contains(&all.len()) {
            true => all,
            false => &[],
        }
    }

    /// Says it where they are too many for that, before anybody signs.
    pub fn warn(&self, output: &mut Output) -> Result<(), Failure> {
        if !self.too_many {
            return Ok(());
        }
        let told = format!(
            "over {MAX_GROUP} commits, which can't land one by one under one signature: squash or merge them"
        );
        output.row("Note", &told)
    }
}
