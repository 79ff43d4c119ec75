//! Making statements: what was assessed, as predicates; signed, as bundles; put into the store.

use std::collections::BTreeSet;
use std::path::Path;

use countersign::ai::ClaimedRole;
use countersign::attestation::{
    Author, AuthorRole, Bundle, Change, PAYLOAD_TYPE, Target as StatementTarget, pae,
};
use countersign::change::{ChangeDigest, Digest, History};
use countersign::codes::Code;
use countersign::gate::{Assessment, merge_adds};
use countersign::roster::{Engineer, Roster};
use countersign::store::{Direction, Item};

use super::context::Context;
use super::key::Found;
use super::session::Session;
use super::{Failure, Output};

/// The most paths whose lines are counted one by one.
const MAX_COUNTED: usize = 20_000;

/// The most reviewed commits that a statement lists, so that it fits a bundle. A group of units has
/// far fewer (SPEC 10).
const MAX_LISTED: usize = 1_000;

/// The `change` of a predicate.
pub fn change(session: &Session, assessment: &Assessment) -> Result<Change, Failure> {
    let Session {
        context,
        judging,
        target,
        subject,
        ..
    } = session;
    let (mut insertions, mut deletions) = (0, 0);
    for path in assessment.manifest.paths().take(MAX_COUNTED) {
        let count = context
            .repo
            .line_count(Some(&subject.base), &subject.head, path)?;
        insertions += count.insertions;
        deletions += count.deletions;
    }
    Ok(Change {
        repository: judging.policy.repository.clone(),
        targets: vec![StatementTarget {
            name: target.name.clone(),
            tip: target.tip.clone(),
        }],
        base: subject.base.clone(),
        head: subject.head.clone(),
        landed: subject.landed.then(|| subject.head.clone()),
        commits: commits(context, assessment)?,
        files: assessment.manifest.len() as u64,
        insertions,
        deletions,
    })
}

/// The change digests of the reviewed commits, the oldest first, without those that change nothing
/// and merges that add nothing; absent where a merge adds something.
fn commits(
    context: &Context,
    assessment: &Assessment,
) -> Result<Option<Vec<ChangeDigest>>, Failure> {
    let mut digests = Vec::new();
    if assessment.claims.commits.len() > MAX_LISTED {
        return Ok(None);
    }
    for commit in assessment.claims.commits.iter().rev() {
        if commit.is_merge() {
            if merge_adds(&context.repo, commit)? {
                return Ok(None);
            }
            continue;
        }
        let manifest = context.repo.change(commit.parents.first(), &commit.id)?;
        if !manifest.is_empty() {
            digests.push(manifest.digest());
        }
    }
    Ok(Some(digests))
}

/// The `authors` of a predicate: whom commits name, and who declared.
pub fn authors(
    roster: &Roster,
    assessment: &Assessment,
    declarant: Option<&Engineer>,
) -> Vec<Author> {
    let mut seen = BTreeSet::new();
    let mut authors = Vec::new();
    for (identity, role) in &assessment.claims.named {
        if seen.insert((identity.email.to_lowercase(), *role)) {
            authors.push(Author {
                name: Some(identity.name.clone()).filter(|name| !name.is_empty()),
                email: Some(identity.email.clone()).filter(|email| !email.is_empty()),
                id: roster.claimed(identity).map(|engineer| engineer.id.clone()),
                role: match role {
                    ClaimedRole::Author => AuthorRole::Author,
                    ClaimedRole::CoAuthor => AuthorRole::CoAuthor,
                },
            });
        }
    }
    let proven = assessment
        .facts
        .proven
        .iter()
        .filter_map(|id| roster.engineer(id));
    let mut declarants = BTreeSet::new();
    for engineer in proven.chain(declarant) {
        if declarants.insert(&engineer.id) {
            let id = Some(engineer.id.clone());
            authors.push(Author {
                name: Some(engineer.name.clone()),
                email: None,
                id,
                role: AuthorRole::Declarant,
            });
        }
    }
    authors
}

/// Who signs: the roster's person whose key it is.
pub fn signer<'r>(roster: &'r Roster, key: &Found) -> Result<&'r Engineer, Failure> {
    let fingerprint = key.fingerprint();
    match roster.key(&fingerprint) {
        Some((engineer, known)) if known.revoked.is_none() => Ok(engineer),
        Some((engineer, _)) => Err(Failure::new(
            Code::KEY_REVOKED,
            format!("{fingerprint} of {} is revoked", engineer.id),
        )),
        None => {
            let message = format!(
                "the roster in force doesn't know {fingerprint} ({})",
                key.source
            );
            Err(Failure::new(Code::NO_KEY, message)
                .next("an admin: countersign roster add, then countersign trust sign"))
        }
    }
}

/// Signs a payload into a bundle.
pub fn seal(payload: &[u8], key: &Found) -> Result<Bundle, Failure> {
    let no_key =
        |error: countersign::keys::SignError| Failure::new(Code::NO_KEY, error.to_string());
    let signature = key
        .signer
        .sign(&pae(PAYLOAD_TYPE, payload))
        .map_err(no_key)?;
    Bundle::new(payload, &key.fingerprint(), &signature)
        .map_err(|error| Failure::new(Code::LIMIT, error.to_string()))
}

/// Puts a bundle and the change's manifest into the store, writes it where `-o` says, and pushes it.
/// Gives the bundle's name and where it is now, in words.
pub fn keep(
    context: &Context,
    assessment: &Assessment,
    bundle: &Bundle,
    also: Option<&Path>,
    output: &mut Output,
) -> Result<(Digest, String), Failure> {
    let bytes = bundle.as_bytes();
    let change = assessment.unit.change;
    let failed = |error: countersign::store::StoreError| {
        Failure::new(Code::STORE_UNREADABLE, error.to_string())
    };
    let item = Item::bundle(&change, bytes.to_vec()).map_err(failed)?;
    let name = item.place().digest();
    let items = [
        item,
        Item::manifest(&change, &assessment.manifest).map_err(failed)?,
    ];
    let message = format!("attest: add a bundle for {}", change.short());
    context
        .store()?
        .put(&items, &context.committer()?, &message)
        .map_err(failed)?;
    match also {
        Some(path) if path == Path::new("-") => {
            output.bytes(bytes)?;
            output.text("\n")?;
        }
        Some(path) => std::fs::write(path, bytes)
            .map_err(|error| Failure::usage(format!("can't write {}: {error}", path.display())))?,
        None => {}
    }
    Ok((name, push(context)?))
}

/// Pushes the store, where it may be; says where it is now.
pub fn push(context: &Context) -> Result<String, Failure> {
    if context.remote.is_none() {
        return Ok("kept here (no remote)".to_owned());
    }
    let wanted = context
        .repo
        .config_string("countersign.push")
        .is_none_or(|value| value != "false");
    if context.offline || !wanted {
        return Ok("kept here; countersign sync pushes it".to_owned());
    }
    let pushed = context.sync(Direction::Both)?;
    Ok(match (pushed, &context.remote) {
        (Some(_), Some(remote)) => format!("pushed to {remote}"),
        _ => "kept in the folder".to_owned(),
    })
}
