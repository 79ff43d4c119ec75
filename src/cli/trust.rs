//! `trust sign | log | pin`.

use std::collections::BTreeMap;

use countersign::change::{CommitId, Digest, History, sha256};
use countersign::codes::Code;
use countersign::gate::{read_texts, refuse_unsupported};
use countersign::git::UserConfig;
use countersign::policy::Policy;
use countersign::roster::{Engineer, Roster};
use countersign::text::escape;
use countersign::trust::{
    Chain, IssueError, NewVersion, POLICY_PATH, ROSTER_PATH, VALID_MONTHS, VERSIONS_FOLDER,
    expires_after, issue, version_of, version_path,
};
use jiff::Timestamp;

use super::args::{Global, TrustCommand, TrustSignArgs};
use super::context::{Context, FIRST_SEEN_KEY, ROOT_KEY, parse_root};
use super::environment::Environment;
use super::roster::{read, replace};
use super::{Done, Failure, Output, key, statement};

/// The largest trust file that is read, in bytes.
const MAX_ENVELOPE: u64 = 1 << 20;

/// Runs a `trust` command.
pub fn run(
    command: &TrustCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    match command {
        TrustCommand::Sign(args) => sign(args, global, &context, output),
        TrustCommand::Log => log(&context, output),
        TrustCommand::Pin { digest } => pin(digest, &context, output),
    }
}

/// The trust files of the work tree, by version.
fn files(context: &Context) -> Result<BTreeMap<u64, Vec<u8>>, Failure> {
    let folder = context.work_dir()?.join(VERSIONS_FOLDER);
    let unreadable = |error: std::io::Error| {
        Failure::new(
            Code::TRUST_INVALID,
            format!("can't read {VERSIONS_FOLDER}: {error}"),
        )
        .next("countersign init")
    };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Some(version) = version_of(&entry.file_name().to_string_lossy()) else {
            continue;
        };
        if entry.metadata().map_err(unreadable)?.len() > MAX_ENVELOPE {
            return Err(Failure::new(
                Code::LIMIT,
                format!("{} is over {MAX_ENVELOPE} bytes", version_path(version)),
            ));
        }
        files.insert(version, std::fs::read(entry.path()).map_err(unreadable)?);
    }
    Ok(files)
}

/// The root that this clone pinned or saw first; else version 1 of the work tree, which an admin made
/// here.
fn root(context: &Context) -> Result<Digest, Failure> {
    for key in [ROOT_KEY, FIRST_SEEN_KEY] {
        if let Some(value) = context.repo.config_string(key) {
            return parse_root(&value);
        }
    }
    context.known_root(&context.repo.resolve("HEAD")?)
}

fn chain(context: &Context) -> Result<Chain, Failure> {
    let verified = Chain::verify(&files(context)?, &root(context)?);
    let refused = |error: countersign::trust::TrustError| {
        let failure = Failure::new(Code::TRUST_SIGNATURES, error.to_string());
        failure
            .row("kept", "no file was changed")
            .next(format!("look at {VERSIONS_FOLDER}/"))
    };
    match verified {
        Ok((chain, None)) => Ok(chain),
        Ok((_, Some(error))) | Err(error) => Err(refused(error)),
    }
}

/// Makes and signs the next version from the files as git would commit them.
fn sign(
    args: &TrustSignArgs,
    global: &Global,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    let chain = chain(context)?;
    let last = chain
        .last()
        .ok_or_else(|| Failure::new(Code::INTERNAL, "an empty chain"))?;
    let (roster_text, policy_text) = (read(context, ROSTER_PATH)?, read(context, POLICY_PATH)?);
    for (path, text) in [(ROSTER_PATH, &roster_text), (POLICY_PATH, &policy_text)] {
        if text.contains('\r') {
            let message =
                format!("{path} has carriage returns: git may commit other bytes than these");
            return Err(Failure::new(Code::TRUST_INVALID, message)
                .next(format!("save {path} with LF line ends")));
        }
    }
    let (roster, policy) = read_texts(roster_text.as_bytes(), policy_text.as_bytes())?;
    // Every gate would refuse to judge by it.
    refuse_unsupported(&roster, &policy)?;
    let number = last.number() + 1;
    output.row("Version", &format!("{number} (after {})", last.number()))?;
    differences(
        context,
        last.roster(),
        last.policy(),
        &roster,
        (&roster_text, &policy_text),
        output,
    )?;
    output.flush()?;

    let config = UserConfig::read(&global.folder)?;
    let key = key::find(&args.key, &config, &context.environment, Some(&roster))?;
    let admin = statement::signer(&roster, &key)?;
    if !confirmed(args, context, number, &admin.id, output)? {
        return Ok(Done::No);
    }
    let now = context.environment.now;
    let version = NewVersion {
        number,
        previous: Some(last.payload()),
        roster_bytes: roster_text.as_bytes(),
        policy_bytes: policy_text.as_bytes(),
        roster: &roster,
        checkpoints: checkpoints(context, &policy, last.metadata().checkpoints.clone())?,
        issued_on: now,
        expires_on: expiry(args.expires.as_deref(), now)?,
    };
    let (bytes, _) = issue(&version, key.signer.as_ref()).map_err(|error| issue_failure(&error))?;
    // The version must hold before it is written: also by the admins of the version before.
    let mut all = files(context)?;
    all.insert(number, bytes.clone());
    if let (_, Some(error)) = Chain::verify(&all, &root(context)?)
        .map_err(|error| Failure::new(Code::TRUST_SIGNATURES, error.to_string()))?
    {
        return Err(Failure::no(Code::TRUST_SIGNATURES, error.to_string()));
    }
    replace(&context.work_dir()?.join(version_path(number)), &bytes)?;
    output.line("Signed 1 of 1, in force with the commit.")?;
    Ok(Done::Yes)
}

pub fn issue_failure(error: &IssueError) -> Failure {
    let code = match error {
        IssueError::SeveralAdmins(_) => Code::UNSUPPORTED,
        IssueError::NotAdmin => Code::TRUST_SIGNATURES,
        _ => Code::NO_KEY,
    };
    Failure::new(code, error.to_string())
}

fn confirmed(
    args: &TrustSignArgs,
    context: &Context,
    number: u64,
    admin: &str,
    output: &mut Output,
) -> Result<bool, Failure> {
    if let Some(confirmed) = args.confirm {
        if confirmed == number {
            return Ok(true);
        }
        return Err(Failure::usage(format!(
            "--confirm {confirmed}: the next version is {number}"
        )));
    }
    if !context.environment.interactive {
        let failure = Failure::new(
            Code::NO_TERMINAL,
            "no terminal: trust sign shows a version to a person",
        );
        return Err(failure.next(format!("countersign trust sign --confirm {number}")));
    }
    let yes = context
        .environment
        .confirm(&format!("Sign version {number} as {admin}?"))?;
    if !yes {
        output.line("Not signed")?;
    }
    Ok(yes)
}

/// The checkpoints so far, and one at the tip for each protected branch that has none.
fn checkpoints(
    context: &Context,
    policy: &Policy,
    mut checkpoints: Vec<countersign::attestation::Checkpoint>,
) -> Result<Vec<countersign::attestation::Checkpoint>, Failure> {
    checkpoints.retain(|checkpoint| policy.protected.contains(&checkpoint.name));
    for branch in &policy.protected {
        if checkpoints
            .iter()
            .any(|checkpoint| checkpoint.name == *branch)
        {
            continue;
        }
        let here = History::reference(&context.repo, &context.local_name(branch))?;
        let tip = match here {
            Some(tip) => Some(tip),
            None => History::reference(&context.repo, branch)?,
        };
        if let Some(git_commit) = tip {
            checkpoints.push(countersign::attestation::Checkpoint {
                name: branch.clone(),
                git_commit,
            });
        }
    }
    Ok(checkpoints)
}

/// A date (`2027-01-31`, the end of that day), or a number of days (`90d`).
fn expiry(text: Option<&str>, now: Timestamp) -> Result<Timestamp, Failure> {
    let Some(text) = text else {
        return Ok(expires_after(now, VALID_MONTHS));
    };
    let wrong = || {
        Failure::usage(format!(
            "--expires {text}: a date such as 2027-01-31, or days such as 90d"
        ))
    };
    let expires = match text.strip_suffix('d') {
        Some(days) => {
            let days: i64 = days
                .parse()
                .ok()
                .filter(|days| (1..=3_650).contains(days))
                .ok_or_else(wrong)?;
            now.checked_add(jiff::SignedDuration::from_hours(24 * days))
                .map_err(|_| wrong())?
        }
        None => format!("{text}T23:59:59Z").parse().map_err(|_| wrong())?,
    };
    if expires <= now {
        return Err(Failure::usage(format!(
            "--expires {text}: it lies in the past"
        )));
    }
    Ok(expires)
}

/// Says who joins, leaves or changes, and whether the policy changed.
fn differences(
    context: &Context,
    old_roster: Digest,
    old_policy: Digest,
    new: &Roster,
    (roster_text, policy_text): (&str, &str),
    output: &mut Output,
) -> Result<(), Failure> {
    if sha256(roster_text.as_bytes()) != old_roster {
        match committed(context, ROSTER_PATH, old_roster)?
            .map(|text| Roster::parse(&text, ROSTER_PATH))
        {
            Some(Ok(old)) => people(&old, new, output)?,
            _ => output
                .line("  ~ roster.toml changed (the version before is not in this clone's HEAD)")?,
        }
    }
    if sha256(policy_text.as_bytes()) != old_policy {
        output.line("  ! policy.toml changed: git diff -- .countersign/policy.toml")?;
    }
    if sha256(roster_text.as_bytes()) == old_roster && sha256(policy_text.as_bytes()) == old_policy
    {
        output.line("  nothing changed; the version is renewed")?;
    }
    Ok(())
}

/// HEAD's file, if it is the one that the last version signs.
fn committed(context: &Context, path: &str, digest: Digest) -> Result<Option<String>, Failure> {
    let head: CommitId = context.repo.resolve("HEAD")?;
    let file = context
        .repo
        .file(&head, path)?
        .filter(|(_, bytes)| sha256(bytes) == digest);
    Ok(file.and_then(|(_, bytes)| String::from_utf8(bytes).ok()))
}

fn people(old: &Roster, new: &Roster, output: &mut Output) -> Result<(), Failure> {
    let keys = |engineer: &Engineer| {
        let keys = engineer.keys.iter().map(|key| {
            let revoked = key
                .revoked
                .as_ref()
                .map(|revoked| format!(" ({})", revoked.reason))
                .unwrap_or_default();
            format!("{}{revoked}", key.key.fingerprint())
        });
        keys.collect::<Vec<_>>().join(", ")
    };
    let shown = |roster: &Roster, engineer: &Engineer| {
        let mut words = vec![
            "engineer".to_owned(),
            roster.level_name(engineer.level).to_owned(),
        ];
        words.extend(engineer.teams.iter().cloned());
        format!("{}  {}", words.join(", "), keys(engineer))
    };
    for engineer in new.engineers() {
        let now = shown(new, engineer);
        match old.engineer(&engineer.id) {
            None => output.line(&format!("  + {}  {now}", engineer.id))?,
            Some(before) if shown(old, before) != now => {
                output.line(&format!("  ~ {}  {}", engineer.id, shown(old, before)))?;
                output.line(&format!("    -> {now}"))?;
            }
            Some(before) if before.emails != engineer.emails || before.name != engineer.name => {
                output.line(&format!(
                    "  ~ {}  name or addresses: {}",
                    engineer.id,
                    escape(&engineer.emails.join(", "), 200)
                ))?;
            }
            Some(_) => {}
        }
    }
    for engineer in old
        .engineers()
        .iter()
        .filter(|engineer| new.engineer(&engineer.id).is_none())
    {
        output.line(&format!("  - {}  {}", engineer.id, shown(old, engineer)))?;
    }
    if old.admins() != new.admins() {
        let admins = new.admins();
        output.line(&format!(
            "  ! admins  {} of {}",
            admins.threshold,
            admins.ids.join(", ")
        ))?;
    }
    Ok(())
}

fn log(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let chain = chain(context)?;
    for version in chain.versions().iter().rev() {
        let metadata = version.metadata();
        output.line(&format!(
            "{}  {}  by {}  expires {}  sha256:{}",
            version.number(),
            metadata.issued_on.strftime("%Y-%m-%d"),
            version.signed_by().join(", "),
            metadata.expires_on.strftime("%Y-%m-%d"),
            version.payload()
        ))?;
        for checkpoint in &metadata.checkpoints {
            output.line(&format!(
                "     checkpoint {} at {}",
                escape(&checkpoint.name, 200),
                checkpoint.git_commit.short()
            ))?;
        }
    }
    Ok(Done::Yes)
}

fn pin(digest: &str, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let root = parse_root(digest)?;
    context.set_config(ROOT_KEY, &format!("sha256:{root}"))?;
    output.row(
        "Pinned",
        &format!("sha256:{root}   in this repository's git config"),
    )?;
    Ok(Done::Yes)
}
