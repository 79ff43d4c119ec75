//! CHANGE: nothing, a branch, BASE..HEAD, a commit, change:DIGEST.

use std::collections::BTreeSet;

use countersign::attestation::AnyStatement;
use countersign::attestation::Bundle;
use countersign::change::{CommitId, History, HistoryError};
use countersign::codes::Code;
use countersign::gate::{Assessment, Forms, Gate};
use countersign::store::{Limits, Snapshot};

use super::Failure;
use super::context::{Context, Target, short_branch};

/// A change that was named, resolved to commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub base: CommitId,
    pub head: CommitId,
    /// Whether the head is a landed unit of the target's line.
    pub landed: bool,
    /// The head's name, where it has one.
    pub label: Option<String>,
}

/// Whether git writes this id where there is no commit.
pub fn is_nothing(id: &str) -> bool {
    id.bytes().all(|digit| digit == b'0')
}

impl Subject {
    /// Judges the change where it stands.
    pub fn assess(&self, gate: &Gate<'_>, forms: Forms) -> Result<Assessment, Failure> {
        Ok(if self.landed {
            gate.assess_unit(&self.head, forms)?
        } else {
            gate.assess_change(&self.base, &self.head, forms)?
        })
    }

    /// Refuses a change that brings in nothing: it can't be declared or signed.
    pub fn refuse_empty(&self, assessment: &Assessment) -> Result<(), Failure> {
        if assessment.manifest.is_empty() {
            let message = format!(
                "{} .. {}: the two sides don't differ",
                self.base.short(),
                self.head.short()
            );
            return Err(Failure::new(Code::EMPTY_CHANGE, message));
        }
        Ok(())
    }
}

/// Resolves a CHANGE against the target.
pub fn resolve(
    context: &Context,
    target: &Target,
    named: Option<&str>,
) -> Result<Subject, Failure> {
    let repo = &context.repo;
    let Some(name) = named else {
        let head = repo.resolve("HEAD")?;
        let branch = repo
            .head_branch()?
            .map(|branch| short_branch(&branch).to_owned());
        return change_of(context, target, head, branch);
    };
    if let Some((base, head)) = name.split_once("..") {
        let (base, head_id) = (repo.resolve(base)?, repo.resolve(head)?);
        let base = merge_base(context, &base, &head_id)?;
        return Ok(Subject {
            base,
            head: head_id,
            landed: false,
            label: Some(head.to_owned()),
        });
    }
    if let Some(digest) = name.strip_prefix("change:") {
        return by_digest(context, target, digest);
    }
    if is_request(name) {
        let message =
            format!("{name}: pull and merge requests by number or address are not supported yet");
        return Err(Failure::new(Code::UNSUPPORTED, message).next("name the branch instead"));
    }
    if let Some(head) = branch_tip(context, name)? {
        return change_of(context, target, head, Some(name.to_owned()));
    }
    let head = repo.resolve(name)?;
    let label = if name.parse::<CommitId>().is_ok() || head.as_str().starts_with(name) {
        None
    } else {
        Some(name.to_owned())
    };
    change_of(context, target, head, label)
}

/// The branch of this name, here or as this clone last saw the remote's.
fn branch_tip(context: &Context, name: &str) -> Result<Option<CommitId>, Failure> {
    if name == "HEAD" || name.contains(['~', '^', '@', ':']) {
        return Ok(None);
    }
    let mut names = vec![format!("refs/heads/{name}")];
    names.extend(
        context
            .remote
            .as_ref()
            .map(|remote| format!("refs/remotes/{remote}/{name}")),
    );
    let mut tips = Vec::new();
    for full in names {
        if countersign::git::check_ref_name(&full).is_ok() {
            tips.extend(History::reference(&context.repo, &full)?);
        }
    }
    // The remote's copy and the local branch may differ; then the remote's is what others see, and
    // what is signed must be what lands.
    match tips.as_slice() {
        [local, remote] if local != remote => {
            let (ahead, behind) = (
                context.repo.is_ancestor(remote, local)?,
                context.repo.is_ancestor(local, remote)?,
            );
            if ahead {
                Ok(Some(local.clone()))
            } else if behind {
                Ok(Some(remote.clone()))
            } else {
                let candidates = format!("refs/heads/{name} and the remote's copy have diverged");
                Err(HistoryError::Ambiguous {
                    name: name.to_owned(),
                    candidates,
                }
                .into())
            }
        }
        tips => Ok(tips.first().cloned()),
    }
}

/// What a commit brings, or has brought, to the target.
fn change_of(
    context: &Context,
    target: &Target,
    head: CommitId,
    label: Option<String>,
) -> Result<Subject, Failure> {
    if head != target.tip && context.repo.is_ancestor(&head, &target.tip)? {
        return landed(context, target, head, label);
    }
    if head == target.tip && label.as_deref() != Some(target.short()) && label.is_none() {
        return landed(context, target, head, label);
    }
    let base = merge_base(context, &target.tip, &head)?;
    Ok(Subject {
        base,
        head,
        landed: false,
        label,
    })
}

/// A commit that the target holds: a unit of its line, or nothing to land.
fn landed(
    context: &Context,
    target: &Target,
    head: CommitId,
    label: Option<String>,
) -> Result<Subject, Failure> {
    let mut next = Some(target.tip.clone());
    while let Some(commit) = next {
        let parents = context.repo.parents(&commit)?;
        if commit == head {
            let Some(base) = parents.into_iter().next() else {
                return Err(Failure::new(
                    Code::UNSUPPORTED,
                    "the first commit of a history is not supported yet",
                ));
            };
            return Ok(Subject {
                base,
                head,
                landed: true,
                label,
            });
        }
        next = parents.into_iter().next();
    }
    // Merged, and not on the first-parent line: its change is part of a unit.
    Err(Failure::new(
        Code::RANGE_UNKNOWN,
        format!(
            "{} landed as part of another unit of {}",
            head.short(),
            target.short()
        ),
    ))
}

/// The best common ancestor; of several the newest on the target's first-parent line.
pub fn merge_base(
    context: &Context,
    target: &CommitId,
    head: &CommitId,
) -> Result<CommitId, Failure> {
    let bases = context.repo.merge_bases(target, head)?;
    match bases.as_slice() {
        [] => Err(Failure::new(
            Code::RANGE_UNKNOWN,
            format!("{} and {} share no history", target.short(), head.short()),
        )),
        [base] => Ok(base.clone()),
        several => {
            let mut next = Some(target.clone());
            while let Some(commit) = next {
                if several.contains(&commit) {
                    return Ok(commit);
                }
                next = context.repo.parents(&commit)?.into_iter().next();
            }
            Err(Failure::new(
                Code::OFF_LINE,
                "none of several merge bases is on the target's first-parent line",
            ))
        }
    }
}

fn by_digest(context: &Context, target: &Target, prefix: &str) -> Result<Subject, Failure> {
    let store = context.store()?;
    let snapshot = store.open().map_err(countersign::gate::Undecided::from)?;
    let unknown = || {
        Failure::new(
            Code::RANGE_UNKNOWN,
            format!("no change {prefix} in the store"),
        )
    };
    if prefix.len() < 8 || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::usage("change: wants at least 8 hex digits"));
    }
    let digests = snapshot
        .digests(&Limits::default())
        .map_err(countersign::gate::Undecided::from)?;
    let matching: Vec<_> = digests
        .into_iter()
        .filter(|digest| digest.to_string().starts_with(prefix))
        .collect();
    let [digest] = matching.as_slice() else {
        return Err(if matching.is_empty() {
            unknown()
        } else {
            Failure::usage(format!("change:{prefix} is ambiguous"))
        });
    };
    // Anybody may have filed a statement there that names another head: the change itself decides.
    for head in heads_of(&snapshot, digest)? {
        let subject = match change_of(context, target, head, None) {
            Ok(subject) => subject,
            Err(_) => continue,
        };
        let manifest = context.repo.change(Some(&subject.base), &subject.head);
        if manifest.is_ok_and(|manifest| manifest.digest() == *digest) {
            return Ok(subject);
        }
    }
    let message = format!(
        "no commit here brings the change {} to {}",
        digest.short(),
        target.short()
    );
    Err(Failure::new(Code::RANGE_UNKNOWN, message).next("name the branch or commit"))
}

/// The head commits that statements name, each once; what they are worth is judged later.
fn heads_of(
    snapshot: &Snapshot<'_>,
    digest: &countersign::change::ChangeDigest,
) -> Result<BTreeSet<CommitId>, Failure> {
    let listing = snapshot
        .bundles(digest, &Limits::default())
        .map_err(countersign::gate::Undecided::from)?;
    let statements = listing.bundles.iter().filter_map(|bundle| {
        let bundle = Bundle::parse(&bundle.bytes).ok()?;
        AnyStatement::parse(bundle.payload()).ok()
    });
    Ok(statements
        .map(|statement| statement.change().head.clone())
        .collect())
}

/// `482`, `!57` or an address: a request on a code host.
fn is_request(name: &str) -> bool {
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    digits(name) || name.strip_prefix('!').is_some_and(digits) || name.contains("://")
}
