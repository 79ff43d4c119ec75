//! `policy lint`.

use countersign::change::RepoPath;
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::text::TextError;
use countersign::trust::{POLICY_PATH, ROSTER_PATH};

use super::args::{Global, PolicyCommand};
use super::context::Context;
use super::environment::Environment;
use super::roster::read;
use super::{Done, Failure, Output};

/// Runs a `policy` command.
pub fn run(
    command: &PolicyCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    match command {
        PolicyCommand::Lint => lint(&context, output),
    }
}

fn lint(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let policy = match Policy::parse(&read(context, POLICY_PATH)?, POLICY_PATH) {
        Ok(policy) => policy,
        Err(errors) => return tell(&errors, output),
    };
    let problems = match Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH) {
        Ok(roster) => policy.check_against(&roster, POLICY_PATH),
        // Without it nobody knows whether the policy's names stand for anybody.
        Err(errors) => errors,
    };
    let unsupported: Vec<_> = policy
        .unsupported
        .iter()
        .map(|found| {
            format!(
                "{POLICY_PATH}:{}: CS906 {} is not supported yet",
                found.line, found.key
            )
        })
        .collect();
    for line in &unsupported {
        output.line(line)?;
    }
    for path in instructions_exempt(&policy) {
        output.line(&format!(
            "warning: exempt covers {path}, which tells agents what to do: a change of it needs nothing"
        ))?;
    }
    if problems.is_empty() && unsupported.is_empty() {
        output.row("ok", &format!("{} rules", policy.rules.len()))?;
        return Ok(Done::Yes);
    }
    tell(&problems, output)
}

/// Files that instruct agents, where they usually stand.
const INSTRUCTIONS: [&str; 9] = [
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    ".github/copilot-instructions.md",
    ".github/instructions/x.instructions.md",
    ".cursor/rules/x.mdc",
    ".cursorrules",
    ".windsurfrules",
    "docs/AGENTS.md",
];

fn instructions_exempt(policy: &Policy) -> impl Iterator<Item = &'static str> {
    INSTRUCTIONS.into_iter().filter(|path| {
        let path = RepoPath::new(*path);
        path.is_ok_and(|path| policy.is_exempt(&path))
    })
}

/// Writes every mistake with its place.
pub fn tell(errors: &[TextError], output: &mut Output) -> Result<Done, Failure> {
    for error in errors {
        output.line(&error.to_string())?;
    }
    Ok(Done::No)
}
