//! `doctor`: what is set up, and one command for each thing that isn't. It reads, and asks no remote.

use std::collections::BTreeMap;

use countersign::change::{CommitId, History, Identity, sha256};
use countersign::gate::Judging;
use countersign::git::UserConfig;
use countersign::roster::Engineer;
use countersign::store::{Fetched, Limits, Store};
use countersign::text::escape;
use countersign::trust::{POLICY_PATH, ROSTER_PATH, WARN_DAYS};
use serde::Serialize;

use super::args::{DoctorArgs, Global};
use super::context::{Context, FIRST_SEEN_KEY, ROOT_KEY, short_branch};
use super::environment::Environment;
use super::{Done, Failure, Output, key, roster};

/// The most commits of a branch whose authors are looked at.
const MAX_COMMITS: usize = 200;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    message: String,
    /// What repairs it: a command, with who runs it where that is somebody else.
    repair: Option<String>,
}

#[derive(Serialize)]
struct DoctorObject<'a> {
    schema: &'static str,
    healthy: bool,
    checks: &'a [Check],
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            ok: true,
            message: message.into(),
            repair: None,
        }
    }

    fn repair(name: &'static str, message: impl Into<String>, repair: impl Into<String>) -> Self {
        Self {
            name,
            ok: false,
            message: message.into(),
            repair: Some(repair.into()),
        }
    }

    /// What a command would have failed with.
    fn failed(name: &'static str, failure: &Failure, otherwise: &str) -> Self {
        let next = failure.rows.iter().find(|(word, _)| *word == "next");
        let repair = next.map_or(otherwise, |(_, next)| next);
        Self::repair(
            name,
            format!("{} {}", failure.code, failure.message),
            repair,
        )
    }
}

/// Looks at everything that signing and verifying rest on.
pub fn run(
    args: &DoctorArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let mut checks = vec![history(&context), git(&context)];
    checks.push(root(&context));
    let judging = judging(&context);
    match &judging {
        Ok(judging) => {
            checks.push(version(&context, judging));
            checks.extend(files(&context, judging));
            let config = UserConfig::read(&global.folder)?;
            let (check, person) = own_key(args, &context, &config, judging);
            checks.push(check);
            if let Some(person) = person {
                checks.push(address(&config, judging, person));
            }
            checks.extend(authors(&context, judging)?);
        }
        Err(failure) => checks.push(Check::failed("trust", failure, "countersign init")),
    }
    checks.push(hook(&context, global));
    checks.push(store(&context)?);
    let healthy = checks.iter().all(|check| check.ok);
    for check in &checks {
        let word = if check.ok { "ok" } else { "repair" };
        let repair = check.repair.as_ref();
        let repair = repair.map_or_else(String::new, |repair| {
            format!("     {}", escape(repair, 300))
        });
        output.row(word, &format!("{}{repair}", escape(&check.message, 300)))?;
    }
    output.object(&DoctorObject {
        schema: "https://countersign.dev/output/doctor/v1",
        healthy,
        checks: &checks,
    })?;
    Ok(if healthy { Done::Yes } else { Done::No })
}

fn history(context: &Context) -> Check {
    if context.repo.is_shallow() {
        let message = "history is cut (shallow clone)";
        return Check::repair("history", message, "git fetch --unshallow");
    }
    Check::ok("history", "history is whole")
}

fn git(context: &Context) -> Check {
    match (context.git(), &context.remote) {
        (Err(failure), _) => Check::failed("git", &failure, "install git"),
        (Ok(_), Some(remote)) => Check::ok("git", format!("git is found; remote {remote}")),
        (Ok(_), None) => Check::ok("git", "git is found; no remote, so everything stays here"),
    }
}

/// Whether somebody compared the root with the team's.
fn root(context: &Context) -> Check {
    let short = |value: &str| value.chars().take(15).collect::<String>();
    if let Some(value) = context.repo.config_string(ROOT_KEY) {
        return Check::ok("root", format!("root {}... is pinned here", short(&value)));
    }
    match context.repo.config_string(FIRST_SEEN_KEY) {
        Some(value) => Check::repair(
            "root",
            "the root is only the first that was seen; compare it with your team's",
            format!("countersign trust pin {value}"),
        ),
        None => Check::repair(
            "root",
            "no root is pinned",
            "countersign trust pin sha256:DIGEST, which your team tells you",
        ),
    }
}

/// The judging version; one that expired is told by its age.
fn judging(context: &Context) -> Result<Judging, Failure> {
    let head: CommitId = context.repo.resolve("HEAD")?;
    let known = [ROOT_KEY, FIRST_SEEN_KEY];
    let mut known = known
        .iter()
        .filter_map(|key| context.repo.config_string(key));
    let root = match known.next() {
        Some(value) => super::context::parse_root(&value)?,
        // Remembering a root is for commands that go on from it.
        None => context.first_root(&head)?,
    };
    context.judging_at(root, &head, None, jiff::Timestamp::MIN)
}

fn version(context: &Context, judging: &Judging) -> Check {
    let number = judging.version.number();
    let left =
        judging.version.metadata().expires_on.as_second() - context.environment.now.as_second();
    let days = left.div_euclid(86_400);
    let renew = "an admin: countersign trust sign";
    if days < 0 {
        return Check::repair("trust", format!("trust version {number} expired"), renew);
    }
    let message = format!("trust version {number} expires in {days} days");
    match days < WARN_DAYS {
        true => Check::repair("trust", message, renew),
        false => Check::ok("trust", message),
    }
}

/// Whether the files in the work tree are those that judge.
fn files(context: &Context, judging: &Judging) -> Option<Check> {
    context.work_dir().ok()?;
    let read = |path: &str| roster::read(context, path);
    let (roster, policy) = match (read(ROSTER_PATH), read(POLICY_PATH)) {
        (Ok(roster), Ok(policy)) => (roster, policy),
        (Err(failure), _) | (_, Err(failure)) => {
            return Some(Check::failed(
                "files",
                &failure,
                "git checkout -- .countersign",
            ));
        }
    };
    let signed = (judging.version.roster(), judging.version.policy());
    if (sha256(roster.as_bytes()), sha256(policy.as_bytes())) == signed {
        return Some(Check::ok("files", "roster and policy are those that judge"));
    }
    let branch = context.local_name(judging.policy.protected.first()?);
    Some(Check::repair(
        "files",
        format!(
            "roster or policy here are not those that judge (trust version {})",
            judging.version.number()
        ),
        format!(
            "git merge {}, or an admin: countersign trust sign",
            short_branch(&branch)
        ),
    ))
}

fn own_key<'j>(
    args: &DoctorArgs,
    context: &Context,
    config: &UserConfig,
    judging: &'j Judging,
) -> (Check, Option<&'j Engineer>) {
    let roster = &judging.roster;
    let found = match key::find(&args.key, config, &context.environment, Some(roster)) {
        Ok(found) => found,
        Err(failure) => {
            let make = "ssh-keygen -t ed25519, then git config --global user.signingkey KEY.pub";
            return (Check::failed("key", &failure, make), None);
        }
    };
    let (fingerprint, source) = (found.fingerprint(), found.source);
    let Some((engineer, key)) = roster.key(&fingerprint) else {
        let message = format!("key {fingerprint} ({source}) is unknown to the roster");
        let enrol = "an admin: countersign roster add, or roster set ID --key FILE";
        return (Check::repair("key", message, enrol), None);
    };
    if let Some(revoked) = &key.revoked {
        let message = format!("key {fingerprint} ({source}) is {}", revoked.reason);
        let set = format!(
            "an admin: countersign roster set {} --key FILE",
            engineer.id
        );
        return (Check::repair("key", message, set), None);
    }
    let level = roster.level_name(engineer.level);
    let message = format!("key {fingerprint} ({source}) = {} ({level})", engineer.id);
    (Check::ok("key", message), Some(engineer))
}

fn address(config: &UserConfig, judging: &Judging, person: &Engineer) -> Check {
    let Some(identity) = config.identity() else {
        let set = "git config --global user.email ADDRESS";
        return Check::repair("address", "git has no name and address of yours", set);
    };
    let id = &person.id;
    match judging.roster.claimed(&identity) {
        Some(owner) if owner.id == *id => {
            Check::ok("address", format!("{} is {id}'s", identity.email))
        }
        Some(owner) => Check::repair(
            "address",
            format!(
                "{} is {}'s, and the key is {id}'s",
                identity.email, owner.id
            ),
            "git config user.email ADDRESS",
        ),
        None => Check::repair(
            "address",
            unknown(&identity.email),
            add(id, &identity.email),
        ),
    }
}

fn unknown(email: &str) -> String {
    format!("commits of yours use {email}, unknown to the roster")
}

/// How an admin gives an address to a person: GitHub's own forms by the login.
fn add(id: &str, email: &str) -> String {
    let github = email.strip_suffix("@users.noreply.github.com");
    let option = match github.map(|local| local.split_once('+')) {
        Some(Some((number, login))) => format!("--github {login} --github-id {number}"),
        Some(None) => format!("--github {}", github.unwrap_or_default()),
        None => format!("--email {email}"),
    };
    format!("an admin: countersign roster set {id} {option}")
}

/// Addresses on this branch that the roster doesn't know, of people that it does by their name.
fn authors(context: &Context, judging: &Judging) -> Result<Vec<Check>, Failure> {
    let roster = &judging.roster;
    let head: CommitId = context.repo.resolve("HEAD")?;
    let branch = judging
        .policy
        .protected
        .first()
        .map(|name| context.local_name(name));
    let target = branch
        .map(|name| History::reference(&context.repo, &name))
        .transpose()?;
    let target: Vec<_> = target.flatten().into_iter().collect();
    let commits = context.repo.commits_between(&target, &head)?;
    let mut strange: BTreeMap<(String, String), usize> = BTreeMap::new();
    for id in commits.iter().take(MAX_COMMITS) {
        let Identity { name, email } = context.repo.commit(id)?.author;
        let known = roster.claimed(&Identity {
            name: name.clone(),
            email: email.clone(),
        });
        let same = |engineer: &&Engineer| engineer.name == name;
        if let (None, Some(person)) = (known, roster.engineers().iter().find(same)) {
            *strange.entry((email, person.id.clone())).or_default() += 1;
        }
    }
    let told = |((email, id), number): ((String, String), usize)| {
        let commits = if number == 1 { "commit" } else { "commits" };
        let message = format!("{number} {commits} here use {email}, unknown to the roster");
        Check::repair("authors", message, add(&id, &email))
    };
    Ok(strange.into_iter().map(told).collect())
}

/// Whether pushes declare what evidence answers.
fn hook(context: &Context, global: &Global) -> Check {
    match super::hook::is_installed(context, global) {
        true => Check::ok("hook", "the pre-push hook declares what commits show"),
        false => Check::repair(
            "hook",
            "no pre-push hook declares",
            "countersign hook install",
        ),
    }
}

fn store(context: &Context) -> Result<Check, Failure> {
    let opened = context.store()?;
    let unreadable = |error: countersign::store::StoreError| {
        Failure::from(countersign::gate::Undecided::from(error))
    };
    let changes = opened
        .open()
        .and_then(|snapshot| snapshot.digests(&Limits::default()));
    let changes = match changes {
        Ok(changes) => changes.len(),
        Err(error) => {
            return Ok(Check::failed(
                "store",
                &unreadable(error),
                "countersign sync",
            ));
        }
    };
    let held = match changes {
        1 => "the store holds statements of 1 change".to_owned(),
        _ => format!("the store holds statements of {changes} changes"),
    };
    let (Store::Git(store), Some(remote)) = (&opened, &context.remote) else {
        return Ok(Check::ok("store", held));
    };
    let state = store.fetched_state(remote);
    let state = state.map_err(|error| Failure::usage(error.to_string()))?;
    Ok(match state {
        Fetched::NotFetched => Check::repair(
            "store",
            format!("{remote} was never asked for statements"),
            "countersign sync",
        ),
        Fetched::Nothing if changes > 0 => Check::repair(
            "store",
            format!("{held}, and {remote} none"),
            "countersign sync",
        ),
        Fetched::Nothing => Check::ok("store", format!("no statements yet, here or on {remote}")),
        Fetched::Holds(commit) => {
            let own = context.repo.reference(store.ref_name()).ok().flatten();
            match own {
                // A ref of our own that the remote's copy doesn't reach has what the remote lacks.
                Some(own)
                    if own != commit
                        && !context.repo.is_ancestor(&own, &commit).unwrap_or(false) =>
                {
                    Check::repair(
                        "store",
                        format!("{held}, some not on {remote}"),
                        "countersign sync",
                    )
                }
                _ => Check::ok("store", format!("{held}, as {remote} had them")),
            }
        }
    })
}
