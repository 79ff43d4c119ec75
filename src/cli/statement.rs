//! Making statements: what was assessed, as predicates; signed, as bundles; put into the store.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use countersign::ai::{AiAssistance, ClaimedRole};
use countersign::attestation::{
    Author, AuthorRole, Bundle, Change, PAYLOAD_TYPE, Predicate, Statement,
    Target as StatementTarget, pae,
};
use countersign::change::{
    ChangeDigest, ChangeManifest, CommitId, Content, Digest, History, HistoryError, MERGED_LIMIT,
    is_mergeable,
};
use countersign::codes::Code;
use countersign::gate::Assessment;
use countersign::git::{RemoteName, Repository};
use countersign::keys::Signer as _;
use countersign::roster::{Engineer, PersonId, Roster};
use countersign::store::{Direction, Item, StoreError};

use super::context::Context;
use super::key::{Found, unsigned};
use super::sealing::{Sealed, Sealer};
use super::series::{Reviewed, Series};
use super::session::Session;
use super::{Failure, Output};

/// The most paths whose lines are counted one by one.
const MAX_COUNTED: usize = 20_000;

/// The `change` of a predicate.
pub fn change(
    session: &Session,
    assessment: &Assessment,
    series: &Series<'_>,
) -> Result<Change, Failure> {
    let Session {
        context,
        judging,
        target,
        subject,
        ..
    } = session;
    let manifest = &assessment.manifest;
    let (insertions, deletions) = lines(context, &subject.base, &subject.head, manifest)?;
    Ok(Change {
        repository: judging.policy.repository.clone(),
        targets: vec![StatementTarget {
            name: target.name.clone(),
            tip: target.tip.clone(),
        }],
        base: subject.base.clone(),
        head: subject.head.clone(),
        landed: subject.landed.then(|| subject.head.clone()),
        commits: series.digests(),
        files: assessment.manifest.len() as u64,
        insertions,
        deletions,
    })
}

/// Lines added and removed, for people to read.
pub fn lines(
    context: &Context,
    base: &CommitId,
    head: &CommitId,
    manifest: &ChangeManifest,
) -> Result<(u64, u64), Failure> {
    let (mut insertions, mut deletions) = (0, 0);
    for path in manifest.paths().take(MAX_COUNTED) {
        let count = context.repo.line_count(Some(base), head, path)?;
        insertions += count.insertions;
        deletions += count.deletions;
    }
    Ok((insertions, deletions))
}

/// The `authors` of a predicate: whom commits name, and who declared.
pub fn authors(
    roster: &Roster,
    assessment: &Assessment,
    declarant: Option<Declarant<'_>>,
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
                    ClaimedRole::Operator => AuthorRole::Operator,
                },
            });
        }
    }
    let proven = assessment.facts.proven.iter();
    let proven = proven.filter_map(|id| roster.engineer(id).map(Declarant::from));
    let mut declarants = BTreeSet::new();
    for who in proven.chain(declarant) {
        if declarants.insert(who.id) {
            authors.push(Author {
                name: who.name.cloned(),
                email: None,
                id: Some(who.id.clone()),
                role: AuthorRole::Declarant,
            });
        }
    }
    authors
}

/// Who declares: a person, or an automation.
#[derive(Clone, Copy)]
pub struct Declarant<'r> {
    pub id: &'r PersonId,
    /// A person's name.
    pub name: Option<&'r String>,
}

impl<'r> From<&'r Engineer> for Declarant<'r> {
    fn from(engineer: &'r Engineer) -> Self {
        Self {
            id: &engineer.id,
            name: Some(&engineer.name),
        }
    }
}

/// Who declares: whose key it is, an automation's or a person's.
pub fn declarant<'r>(roster: &'r Roster, key: &dyn Sealer) -> Result<Declarant<'r>, Failure> {
    match roster.automation_key(&key.name()) {
        Some(bot) => Ok(Declarant {
            id: &bot.id,
            name: None,
        }),
        None => signer(roster, key).map(Declarant::from),
    }
}

/// Who signs: the roster's person whose key or identity it is.
pub fn signer<'r>(roster: &'r Roster, key: &dyn Sealer) -> Result<&'r Engineer, Failure> {
    let name = key.name();
    match roster.key(&name) {
        Some((engineer, known)) if known.revoked.is_none() => Ok(engineer),
        Some((engineer, _)) => Err(Failure::new(
            Code::KEY_REVOKED,
            format!("{name} of {} is revoked", engineer.id),
        )),
        None => {
            let source = key.source();
            let message = format!("the roster in force doesn't know {name} ({source})");
            let next = format!("an admin: {}, then countersign trust sign", key.enrolment());
            Err(Failure::new(Code::NO_KEY, message).next(next))
        }
    }
}

/// The bytes of a statement. Where it would be too large, it lists no files' lines: the counts stay.
pub fn payload<P: Predicate>(
    mut statement: Statement<P>,
    ai: impl Fn(&mut P) -> &mut AiAssistance,
) -> Result<Vec<u8>, Failure> {
    let payload = statement.to_payload().or_else(|_| {
        ai(&mut statement.predicate).files.clear();
        statement.to_payload()
    });
    payload.map_err(|error| Failure::new(Code::LIMIT, error.to_string()))
}

/// Takes out where the agents' sessions can be looked at: only authors publish that, and only if they ask for it.
pub fn leave_sessions_out(ai: &mut AiAssistance) {
    for agent in &mut ai.agents {
        (agent.session_id, agent.session_url) = (None, None);
    }
}

/// Signs a payload into a bundle.
pub fn seal(payload: &[u8], key: &Found) -> Result<Bundle, Failure> {
    let signature = key.sign(&pae(PAYLOAD_TYPE, payload)).map_err(unsigned)?;
    Bundle::new(payload, &key.fingerprint(), &signature)
        .map_err(|error| Failure::new(Code::LIMIT, error.to_string()))
}

/// Where what was made is now.
pub enum Place {
    NoRemote,
    /// Only here, until `sync`.
    Here,
    Pushed(RemoteName),
    Folder,
}

impl Place {
    /// The remote that has it.
    pub fn pushed_to(&self) -> Option<&str> {
        match self {
            Self::Pushed(remote) => Some(remote.as_str()),
            _ => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRemote => f.write_str("kept here (no remote)"),
            Self::Here => f.write_str("kept here; countersign sync pushes it"),
            Self::Pushed(remote) => write!(f, "pushed to {remote}"),
            Self::Folder => f.write_str("kept in the folder"),
        }
    }
}

/// A statement that was made: its bundle's name, whose key signed it, and where it is now.
pub struct Kept {
    pub bundle: Digest,
    pub key: String,
    pub place: Place,
}

/// One of two things alone can be written to stdout.
pub fn refuse_two_outputs(also: Option<&Path>, output: &Output) -> Result<(), Failure> {
    if output.is_json() && also == Some(Path::new("-")) {
        let message = "-o - and --format json both write to stdout";
        return Err(Failure::usage(message).next("-o FILE"));
    }
    Ok(())
}

/// Puts a bundle and the change's manifest into the store, writes it where `-o` says, and pushes it.
pub fn keep(
    session: &Session,
    (assessment, series): (&Assessment, &Series<'_>),
    sealed: &Sealed,
    also: Option<&Path>,
    output: &mut Output,
) -> Result<Kept, Failure> {
    let context = &session.context;
    let bytes = sealed.bundle.as_bytes();
    let change = assessment.unit.change;
    let failed = |error: StoreError| Failure::new(Code::STORE_UNREADABLE, error.to_string());
    let item = Item::bundle(&change, bytes.to_vec()).map_err(failed)?;
    let name = item.place().digest();
    let mut items = vec![
        item,
        Item::manifest(&change, &assessment.manifest).map_err(failed)?,
    ];
    if session.judging.policy.clean_merge {
        items.extend(texts(session, (assessment, series), &change)?);
    }
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
    Ok(Kept {
        bundle: name,
        key: sealed.by.clone(),
        place: push(context)?,
    })
}

/// Without what a clean merge can't be told once the reviewed branch is gone (SPEC 8.5): the texts of both sides of
/// modified files, and for a series the manifest and the texts of each of its commits too. More than is merged is left
/// out.
fn texts(
    session: &Session,
    (assessment, series): (&Assessment, &Series<'_>),
    change: &ChangeDigest,
) -> Result<Vec<Item>, Failure> {
    let Session {
        context, subject, ..
    } = session;
    let failed = |error: StoreError| Failure::new(Code::STORE_UNREADABLE, error.to_string());
    let (mut items, mut left) = (Vec::new(), MERGED_LIMIT);
    let ends = (&subject.base, &subject.head);
    for text in modified(&context.repo, ends, &assessment.manifest, &mut left)? {
        items.push(Item::blob(change, text).map_err(failed)?);
    }
    for Reviewed { commit, manifest } in series.landing() {
        let Some(parent) = commit.parents.first() else {
            continue;
        };
        let change = manifest.digest();
        items.push(Item::manifest(&change, manifest).map_err(failed)?);
        for text in modified(&context.repo, (parent, &commit.id), manifest, &mut left)? {
            items.push(Item::blob(&change, text).map_err(failed)?);
        }
    }
    Ok(items)
}

/// The texts of both sides of the files that a change modifies, up to what is `left` of the bytes of one merge.
fn modified(
    repo: &Repository,
    (base, head): (&CommitId, &CommitId),
    manifest: &ChangeManifest,
    left: &mut usize,
) -> Result<Vec<Vec<u8>>, Failure> {
    let file = |side: Option<&Content>| side.and_then(Content::regular_file);
    let mut texts = Vec::new();
    for entry in manifest.entries() {
        let (Some(old), Some(new)) = (file(entry.old), file(entry.new)) else {
            continue;
        };
        if old.0 != new.0 || old == new {
            continue;
        }
        let mut sides = Vec::new();
        for commit in [base, head] {
            match repo.text(commit, entry.path) {
                Ok(text) => sides.extend(text),
                Err(HistoryError::Limit(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let length: usize = sides.iter().map(Vec::len).sum();
        if sides.len() == 2 && sides.iter().all(|text| is_mergeable(text)) && length <= *left {
            *left -= length;
            texts.extend(sides);
        }
    }
    Ok(texts)
}

/// Pushes the store, where it may be; says where it is now.
pub fn push(context: &Context) -> Result<Place, Failure> {
    if context.remote.is_none() {
        return Ok(Place::NoRemote);
    }
    let wanted = context
        .repo
        .config_string("countersign.push")
        .is_none_or(|value| value != "false");
    if context.offline || !wanted {
        return Ok(Place::Here);
    }
    let pushed = context.sync(Direction::Both)?;
    Ok(match (pushed, &context.remote) {
        (Some(_), Some(remote)) => Place::Pushed(remote.clone()),
        _ => Place::Folder,
    })
}
