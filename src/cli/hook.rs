//! `hook`: git's pre-push hook, which declares what evidence answers and never stops a push.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use countersign::ai::Extent;
use countersign::codes::Code;
use countersign::git::UserConfig;
use countersign::text::escape;

use super::args::{ChangeArgs, DeclareArgs, Global, HookCommand};
use super::change::is_nothing;
use super::context::{Context, full_branch};
use super::environment::Environment;
use super::session::Session;
use super::{Done, Failure, Output, declare, key, receive, statement};

/// A hook of git.
struct Hook {
    name: &'static str,
    /// The command by which it is known again.
    command: &'static str,
    /// What somebody adds to a hook of their own.
    line: &'static str,
    /// What git runs.
    script: &'static str,
    /// What it does, for people.
    does: &'static str,
    /// Whether nothing works without a pinned root.
    needs_root: bool,
}

/// Without the program, or where it fails, the push goes on.
const PRE_PUSH: Hook = Hook {
    name: "pre-push",
    command: "countersign hook pre-push",
    line: "countersign hook pre-push \"$@\" || true",
    script: "#!/bin/sh
# Declares how AI took part in what is pushed, where the commits' own evidence answers. It never stops a push.
command -v countersign >/dev/null 2>&1 || exit 0
countersign hook pre-push \"$@\" || true
",
    does: "declares what your commits show, and never stops a push",
    needs_root: false,
};

/// Without the program nothing is let in.
const PRE_RECEIVE: Hook = Hook {
    name: "pre-receive",
    command: "countersign hook pre-receive",
    line: "countersign hook pre-receive || exit 1",
    script: "#!/bin/sh
# Refuses what is pushed to a protected branch and isn't signed off as the policy asks.
exec countersign hook pre-receive
",
    does: "refuses what is pushed to protected branches without the sign-offs that it needs",
    needs_root: true,
};

/// The most bytes of refs that git may hand over, and the most branches that are looked at.
const MAX_STDIN: u64 = 1 << 20;
const MAX_BRANCHES: usize = 20;

/// Runs a `hook` command.
pub fn run(
    command: &HookCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    match command {
        HookCommand::Install { pre_receive } => {
            let hook = match pre_receive {
                true => &PRE_RECEIVE,
                false => &PRE_PUSH,
            };
            install(hook, &Context::open(global, environment)?, global, output)
        }
        HookCommand::PreReceive => receive::run(global, output),
        HookCommand::PrePush { .. } => pre_push(global, output),
    }
}

/// Where the hook of a repository lies; `None` where git looks for hooks elsewhere.
fn place(hook: &Hook, context: &Context, global: &Global) -> Option<PathBuf> {
    let config = UserConfig::read(&global.folder).ok()?;
    let elsewhere = config.string("core.hooksPath").is_some();
    (!elsewhere).then(|| context.repo.common_dir().join("hooks").join(hook.name))
}

/// Whether a pre-push hook is there that runs the program.
pub fn is_installed(context: &Context, global: &Global) -> bool {
    is_there(&PRE_PUSH, context, global)
}

fn is_there(hook: &Hook, context: &Context, global: &Global) -> bool {
    let text = place(hook, context, global).and_then(|path| std::fs::read_to_string(path).ok());
    text.is_some_and(|text| text.contains(hook.command))
}

fn install(
    hook: &Hook,
    context: &Context,
    global: &Global,
    output: &mut Output,
) -> Result<Done, Failure> {
    let add = format!("add to that hook: {}", hook.line);
    let path = place(hook, context, global).ok_or_else(|| {
        Failure::no(Code::USAGE, "core.hooksPath says that hooks lie elsewhere").next(&add)
    })?;
    if is_there(hook, context, global) {
        output.row("Hook", "is there already")?;
        return Ok(Done::Yes);
    }
    if path.exists() {
        let message = format!(
            "{} is somebody's already, and stays as it is",
            path.display()
        );
        return Err(Failure::no(Code::USAGE, message).next(add));
    }
    let failed =
        |error: std::io::Error| Failure::usage(format!("can't write {}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    super::roster::replace(&path, hook.script.as_bytes())?;
    make_executable(&path).map_err(failed)?;
    output.row("Hook", &format!("{} {}", path.display(), hook.does))?;
    if hook.needs_root && context.pinned_root(None).is_err() {
        let pin =
            "git config countersign.root sha256:DIGEST     without a pinned root nothing lands";
        output.row("Next", pin)?;
    }
    Ok(Done::Yes)
}

#[cfg(unix)]
fn make_executable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

/// Looks at each branch that is pushed. Whatever happens is told, and the push goes on.
fn pre_push(global: &Global, output: &mut Output) -> Result<Done, Failure> {
    let mut refs = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_STDIN)
        .read_to_string(&mut refs);
    if read.is_err() {
        return Ok(Done::Yes);
    }
    if refs.trim().is_empty() {
        refs = by_pre_commit(&Environment::of_process(global)).unwrap_or_default();
    }
    for line in refs.lines().take(MAX_BRANCHES) {
        let words: Vec<_> = line.split(' ').collect();
        let [_, commit, branch, _] = words.as_slice() else {
            continue;
        };
        // Other refs are no changes; zeros delete a branch.
        if !branch.starts_with("refs/heads/") || is_nothing(commit) {
            continue;
        }
        match declare_one(commit, branch, global, output) {
            Ok(None) => {}
            Ok(Some(why)) => tell(&format!("not declared: {why}")),
            Err(failure) => tell(&format!(
                "not declared: {} {}",
                failure.code, failure.message
            )),
        }
    }
    Ok(Done::Yes)
}

/// The line that git would have written, where the framework pre-commit took it and says it in variables.
fn by_pre_commit(environment: &Environment) -> Option<String> {
    let variable = |name: &str| {
        let mut variables = environment.variables.iter();
        let (_, value) = variables.find(|(known, _)| known == name)?;
        value.to_str().filter(|value| !value.contains(['\n', ' ']))
    };
    let (commit, branch) = (
        variable("PRE_COMMIT_TO_REF")?,
        variable("PRE_COMMIT_REMOTE_BRANCH")?,
    );
    Some(format!("HEAD {commit} {branch} {commit}"))
}

fn tell(text: &str) {
    // Nothing can be done where stderr is closed, and nothing must be.
    let _ = writeln!(std::io::stderr(), "countersign: {}", escape(text, 500));
}

/// Asks at the terminal how AI took part in a branch without traces; an empty answer leaves it for later.
fn ask(session: &Session, branch: &str) -> Option<Extent> {
    let environment = &session.context.environment;
    let about = format!(
        "{} has no trace of AI (Enter: not now). ",
        escape(branch.trim_start_matches("refs/heads/"), 100)
    );
    let given = |question: &str| {
        let answer = environment.ask_at_terminal(question);
        Ok(answer.filter(|answer| !answer.is_empty()))
    };
    declare::ask(&about, None, given).ok().flatten()
}

/// Declares a pushed branch; or says why not, where there is something to do.
fn declare_one(
    commit: &str,
    branch: &str,
    global: &Global,
    output: &mut Output,
) -> Result<Option<String>, Failure> {
    let context = Context::open(global, Environment::of_process(global))?;
    let session = Session::open(context, Some(commit), None)?;
    let protected = &session.judging.policy.protected;
    if session.subject.landed || protected.contains(&full_branch(branch)) {
        return Ok(None);
    }
    let config = UserConfig::read(&global.folder)?;
    let roster = &session.judging.roster;
    let args = DeclareArgs::default();
    let key = key::find(
        &args.key,
        &config,
        &session.context.environment,
        Some(roster),
    )?;
    let signer = statement::declarant(roster, &key)?.id;
    let assessment = session.assess_own()?;
    let mut declared = assessment
        .genuine
        .iter()
        .filter(|known| known.declaration().is_some())
        .filter(|known| known.subject() == assessment.unit.change);
    if assessment.manifest.is_empty() || declared.any(|known| known.signer() == signer) {
        return Ok(None);
    }
    let claims = &assessment.claims;
    if !claims.unknown.is_empty() || claims.people != BTreeSet::from([signer.clone()]) {
        return Ok(Some(
            "not every commit is yours: countersign declare".to_owned(),
        ));
    }
    let Some(extent) = claims.found.extent().or_else(|| ask(&session, branch)) else {
        let ask = "no trace of AI, which only you can confirm: countersign declare --ai none";
        return Ok(Some(ask.to_owned()));
    };
    let args = DeclareArgs {
        change: ChangeArgs {
            change: Some(commit.to_owned()),
            target: None,
        },
        ai: Some(extent.to_string()),
        ..args
    };
    declare::run(&args, global, Environment::of_process(global), output)?;
    Ok(None)
}
