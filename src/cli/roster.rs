//! `roster list | export | lint`, and how trust files are read and written.

use std::io::Write as _;
use std::path::Path;

use countersign::codes::Code;
use countersign::keys::PublicKey;
use countersign::roster::{Credential, Engineer, EngineerKey, Roster};
use countersign::text::escape;
use countersign::trust::ROSTER_PATH;

use super::args::Global;
use super::context::Context;
use super::environment::Environment;
use super::lint::{self, Problem};
use super::objects::RosterObject;
use super::roster_args::{RosterCommand, RosterExportArgs};
use super::{Done, Failure, Output, roster_edit, roster_import};

/// The largest roster or policy that is read, in bytes.
const MAX_TEXT: u64 = 4 << 20;

/// Runs a `roster` command.
pub fn run(
    command: &RosterCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    match command {
        RosterCommand::Add(args) => roster_edit::add(args, &context, output),
        RosterCommand::Set(args) => roster_edit::set(args, &context, output),
        RosterCommand::Revoke(args) => roster_edit::revoke(args, &context, output),
        RosterCommand::Import(args) => roster_import::run(args, &context, output),
        RosterCommand::List { id } => list(id.as_deref(), &context, output),
        RosterCommand::Export(args) => export(args, &context, output),
        RosterCommand::Lint => check(&context, output),
    }
}

/// Reads a trust file of the work tree.
pub fn read(context: &Context, path: &str) -> Result<String, Failure> {
    let full = context.work_dir()?.join(path);
    let unreadable = |error: std::io::Error| {
        Failure::new(Code::TRUST_INVALID, format!("can't read {path}: {error}"))
            .next("countersign init")
    };
    let file = std::fs::File::open(&full).map_err(unreadable)?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::Read::take(file, MAX_TEXT + 1), &mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_TEXT {
        return Err(Failure::new(
            Code::LIMIT,
            format!("{path} is over {MAX_TEXT} bytes"),
        ));
    }
    Ok(text)
}

/// Writes a file whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::usage(format!("can't write {}: {error}", path.display()));
    let folder = path
        .parent()
        .ok_or_else(|| Failure::usage("no folder to write to"))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        // Nothing half written stays; the error that matters is the first.
        let _ = std::fs::remove_file(&temporary);
        failed(error)
    })
}

/// The roster of the work tree; `None` where it is invalid, which was told as `lint` tells it.
fn parse(context: &Context, output: &mut Output) -> Result<Option<Roster>, Failure> {
    match Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH) {
        Ok(roster) => Ok(Some(roster)),
        Err(errors) => {
            let problems: Vec<_> = errors.iter().map(Problem::error).collect();
            lint::tell(ROSTER_PATH, &problems, "", output).map(|_| None)
        }
    }
}

fn list(id: Option<&str>, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let Some(roster) = parse(context, output)? else {
        return Ok(Done::No);
    };
    let wanted = |engineer: &&Engineer| id.is_none_or(|id| engineer.id == id);
    let people: Vec<_> = roster.engineers().iter().filter(wanted).collect();
    if let (Some(id), true) = (id, people.is_empty()) {
        return Err(nobody(id));
    }
    output.object(&RosterObject::new(&roster, &people))?;
    for engineer in people {
        let teams = if engineer.teams.is_empty() {
            String::new()
        } else {
            format!(", {}", engineer.teams.join(", "))
        };
        let admin = if roster.admins().ids.contains(&engineer.id) {
            ", admin"
        } else {
            ""
        };
        output.line(&format!(
            "{}  {}  {}{teams}{admin}",
            engineer.id,
            escape(&engineer.name, 100),
            roster.level_name(engineer.level)
        ))?;
        for key in &engineer.keys {
            let revoked = key
                .revoked
                .as_ref()
                .map(|revoked| format!("  {} since {}", revoked.reason, revoked.on))
                .unwrap_or_default();
            output.line(&format!(
                "    {} {}{revoked}",
                key.key.kind(),
                key.key.name()
            ))?;
        }
    }
    Ok(Done::Yes)
}

/// The keys in force, of one person or of all, in a form that other tools read.
fn export(
    args: &RosterExportArgs,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    let Some(roster) = parse(context, output)? else {
        return Ok(Done::No);
    };
    let Some(id) = &args.id else {
        for engineer in roster.engineers() {
            for line in in_force(engineer).filter_map(|key| allowed_signer(engineer, key)) {
                output.text(&line)?;
            }
        }
        return Ok(Done::Yes);
    };
    let mut gates = roster.gates().iter();
    if args.pem
        && let Some(gate) = gates.find(|gate| gate.id == *id)
    {
        output.text(&pem(&Credential::Key(gate.key.clone()))?)?;
        return Ok(Done::Yes);
    }
    let engineer = roster.engineer(id).ok_or_else(|| nobody(id))?;
    let keys: Vec<_> = in_force(engineer).collect();
    if keys.is_empty() {
        let message = format!("{id} has no key in force");
        return Err(Failure::no(Code::KEY_REVOKED, message));
    }
    // Those that have the form, where some have and some haven't.
    let forms = keys.iter().map(|key| match args.pem {
        true => pem(&key.key),
        false => allowed_signer(engineer, key).ok_or_else(no_line),
    });
    let (good, bad): (Vec<_>, Vec<_>) = forms.partition(Result::is_ok);
    if let (true, Some(failure)) = (good.is_empty(), bad.into_iter().find_map(Result::err)) {
        return Err(failure);
    }
    for text in good.into_iter().flatten() {
        output.text(&text)?;
    }
    Ok(Done::Yes)
}

/// A key in PEM.
fn pem(key: &Credential) -> Result<String, Failure> {
    let pem = key.key().and_then(PublicKey::to_pem);
    pem.ok_or_else(|| match key {
        Credential::Key(_) => {
            let message = "a security key has no form in PEM: ssh-keygen verifies what it signed";
            Failure::usage(message).next("countersign roster export --allowed-signers")
        }
        Credential::Keyless(identity) => {
            let message = format!("{identity} has no key: Sigstore's clients verify by identity");
            Failure::usage(message)
        }
    })
}

fn no_line() -> Failure {
    Failure::usage("an identity of Sigstore has no line: ssh-keygen doesn't know it")
}

fn in_force(engineer: &Engineer) -> impl Iterator<Item = &EngineerKey> {
    engineer.keys.iter().filter(|key| key.revoked.is_none())
}

/// A line of ssh-keygen's ALLOWED SIGNERS format: for git's signed commits, and for sign-offs made with a
/// security key.
fn allowed_signer(engineer: &Engineer, key: &EngineerKey) -> Option<String> {
    let who = match engineer.emails.as_slice() {
        [] => engineer.id.clone(),
        emails => emails.join(","),
    };
    let line = key.key.key()?.to_openssh();
    Some(format!("{who} namespaces=\"git,countersign\" {line}\n"))
}

/// Nobody has the id.
pub fn nobody(id: &str) -> Failure {
    Failure::usage(format!("nobody of the roster has the id \"{id}\""))
        .next("countersign roster list")
}

fn check(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let Some(roster) = parse(context, output)? else {
        return Ok(Done::No);
    };
    let warnings = roster.lint_warnings(ROSTER_PATH);
    let problems: Vec<_> = warnings.iter().map(Problem::warning).collect();
    let (people, levels) = (roster.engineers().len(), roster.levels().len());
    let ok = format!("{people} people, {levels} levels");
    lint::tell(ROSTER_PATH, &problems, &ok, output)
}
