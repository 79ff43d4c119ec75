//! `policy lint`.

use countersign::change::RepoPath;
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::trust::{POLICY_PATH, ROSTER_PATH};

use super::args::{Global, PolicyCommand};
use super::context::Context;
use super::environment::Environment;
use super::lint::{self, Problem};
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
        PolicyCommand::Lint => check(&context, output),
    }
}

fn check(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let policy = match Policy::parse(&read(context, POLICY_PATH)?, POLICY_PATH) {
        Ok(policy) => policy,
        Err(errors) => {
            let problems: Vec<_> = errors.iter().map(Problem::error).collect();
            return lint::tell(POLICY_PATH, &problems, "", output);
        }
    };
    let unsupported = policy.unsupported.iter();
    let mut problems: Vec<_> = unsupported
        .map(|found| Problem::unsupported(POLICY_PATH, found))
        .collect();
    problems.extend(instructions_exempt(&policy).map(|path| {
        let why = "which tells agents what to do: a change of it needs nothing";
        Problem::of_file(format!("exempt covers {path}, {why}"))
    }));
    let contradictions = match Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH) {
        Ok(roster) => policy.check_against(&roster, POLICY_PATH),
        // Without it nobody knows whether the policy's names stand for anybody.
        Err(errors) => errors,
    };
    problems.extend(contradictions.iter().map(Problem::error));
    let ok = format!("{} rules", policy.rules.len());
    lint::tell(POLICY_PATH, &problems, &ok, output)
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
