//! `roster add | set | revoke`: edits of `roster.toml` that keep its comments and order.

use std::path::Path;

use countersign::codes::Code;
use countersign::gate::PublishedKeys;
use countersign::keys::PublicKey;
use countersign::roster::{
    EditError, EngineerChange, NewEngineer, NewGithub, RevocationReason, Roster, RosterEditor,
};
use countersign::trust::ROSTER_PATH;

use super::context::Context;
use super::roster::{nobody, read, replace};
use super::roster_args::{RosterAddArgs, RosterRevokeArgs, RosterSetArgs};
use super::{Done, Failure, Output, key};

/// What every edit ends with.
pub const NEXT: &str = "Not in force yet. Next: countersign trust sign";

/// An edit that can't be made, as a refusal.
pub fn edit_failure(error: EditError) -> Failure {
    Failure::no(Code::TRUST_INVALID, error.to_string())
}

/// Writes the edited roster.
pub fn save(context: &Context, editor: RosterEditor<'_>) -> Result<(), Failure> {
    let edited = editor.finish().map_err(edit_failure)?;
    replace(&context.work_dir()?.join(ROSTER_PATH), edited.as_bytes())
}

/// Refuses key pairs that everybody has.
pub fn refuse_published<'k>(
    context: &Context,
    keys: impl IntoIterator<Item = &'k PublicKey>,
) -> Result<(), Failure> {
    let mut keys = keys.into_iter();
    match keys.find(|key| key.is_published()) {
        Some(key) if context.published == PublishedKeys::Refused => Err(Failure::new(
            Code::EXAMPLE_KEY,
            format!(
                "{} is published: everybody can sign with it",
                key.fingerprint()
            ),
        )),
        _ => Ok(()),
    }
}

fn read_keys(context: &Context, paths: &[impl AsRef<Path>]) -> Result<Vec<PublicKey>, Failure> {
    let keys = paths.iter().map(|path| key::read_public(path.as_ref()));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    refuse_published(context, &keys)?;
    Ok(keys)
}

fn account(login: Option<&String>, id: Option<u64>) -> Option<NewGithub> {
    login.map(|login| NewGithub {
        login: login.clone(),
        id,
    })
}

fn fingerprints(keys: &[PublicKey]) -> String {
    let shown: Vec<_> = keys.iter().map(PublicKey::fingerprint).collect();
    shown.join(", ")
}

/// `roster add`
pub fn add(args: &RosterAddArgs, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let text = read(context, ROSTER_PATH)?;
    let keys = read_keys(context, &args.keys)?;
    let new = NewEngineer {
        id: args.id.clone(),
        name: args.name.clone(),
        emails: args.emails.clone(),
        level: args.level.clone(),
        teams: args.teams.clone(),
        github: account(args.github.as_ref(), args.github_id),
        keys: keys.iter().map(PublicKey::to_openssh).collect(),
    };
    let mut editor = RosterEditor::new(&text, ROSTER_PATH).map_err(edit_failure)?;
    editor.add(&new).map_err(edit_failure)?;
    save(context, editor)?;
    let keys = fingerprints(&keys);
    let added = format!("{}, {}, {keys}      {NEXT}", args.id, args.level);
    output.row("Added", &added)?;
    Ok(Done::Yes)
}

/// `roster set`
pub fn set(args: &RosterSetArgs, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let text = read(context, ROSTER_PATH)?;
    let keys = read_keys(context, &args.keys)?;
    let change = EngineerChange {
        name: args.name.clone(),
        level: args.level.clone(),
        teams: args.teams.clone(),
        without_teams: args.without_teams.clone(),
        emails: args.emails.clone(),
        without_emails: args.without_emails.clone(),
        github: account(args.github.as_ref(), args.github_id),
        keys: keys.iter().map(PublicKey::to_openssh).collect(),
    };
    if change == EngineerChange::default() {
        return Err(Failure::usage("roster set: what is to be set?")
            .next(format!("countersign roster set {} --level LEVEL", args.id)));
    }
    let mut editor = RosterEditor::new(&text, ROSTER_PATH).map_err(edit_failure)?;
    let changed = editor
        .change(&args.id, &change)
        .map_err(|error| match error {
            EditError::Unknown(_) => nobody(&args.id),
            error => edit_failure(error),
        })?;
    if !changed {
        output.row("As it was", &format!("{}: nothing to change", args.id))?;
        return Ok(Done::Yes);
    }
    save(context, editor)?;
    output.row("Changed", &format!("{}      {NEXT}", args.id))?;
    Ok(Done::Yes)
}

/// `roster revoke`
pub fn revoke(
    args: &RosterRevokeArgs,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    let text = read(context, ROSTER_PATH)?;
    let mut editor = RosterEditor::new(&text, ROSTER_PATH).map_err(edit_failure)?;
    // The editor has read it.
    let roster = Roster::parse(&text, ROSTER_PATH)
        .map_err(|errors| edit_failure(EditError::Before(errors)))?;
    let (id, fingerprint) = whose(&args.what, &roster)?;
    let reason = match args.reason.as_str() {
        "compromised" => RevocationReason::Compromised,
        _ => RevocationReason::Retired,
    };
    let today = context.environment.now.strftime("%Y-%m-%d").to_string();
    let on = args.on.as_ref().unwrap_or(&today);
    let revoked = editor
        .revoke(&id, fingerprint.as_deref(), on, reason)
        .map_err(edit_failure)?;
    save(context, editor)?;
    let keys = revoked.join(", ");
    output.row("Revoked", &format!("{keys} of {id}, {reason}      {NEXT}"))?;
    if reason == RevocationReason::Compromised {
        output.row(
            "Then",
            "trust sign lists what landed on its word before the checkpoint",
        )?;
    }
    Ok(Done::Yes)
}

/// A person's id, and the fingerprint where one key is meant: by fingerprint or public key file.
fn whose(what: &str, roster: &Roster) -> Result<(String, Option<String>), Failure> {
    if roster.engineer(what).is_some() {
        return Ok((what.to_owned(), None));
    }
    let fingerprint = if what.starts_with("SHA256:") {
        what.to_owned()
    } else if Path::new(what).is_file() {
        key::read_public(Path::new(what))?.fingerprint()
    } else {
        return Err(nobody(what));
    };
    let (engineer, _) = roster.key(&fingerprint).ok_or_else(|| {
        Failure::usage(format!("nobody of the roster has the key {fingerprint}"))
            .next("countersign roster list")
    })?;
    Ok((engineer.id.clone(), Some(fingerprint)))
}
