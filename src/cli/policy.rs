//! `policy lint`.

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
    let mut problems = Vec::new();
    if let Ok(roster) = Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH) {
        problems = policy.check_against(&roster, POLICY_PATH);
    }
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
    if problems.is_empty() && unsupported.is_empty() {
        output.row("ok", &format!("{} rules", policy.rules.len()))?;
        return Ok(Done::Yes);
    }
    tell(&problems, output)
}

/// Writes every mistake with its place.
pub fn tell(errors: &[TextError], output: &mut Output) -> Result<Done, Failure> {
    for error in errors {
        output.line(&error.to_string())?;
    }
    Ok(Done::No)
}
