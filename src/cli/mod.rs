//! The thin shell: arguments, environment, clock and terminal; everything else is the library's.

mod args;
mod change;
mod context;
mod decision;
mod declare;
mod demo;
mod digest;
mod environment;
mod explain;
mod init;
mod key;
mod output;
mod policy;
mod roster;
mod session;
mod show;
mod sign;
mod statement;
mod status;
mod sync;
mod trust;
mod trust_diff;
mod trust_sign;
mod useless;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command, Format};
use countersign::codes::Code;
use environment::Environment;
pub use output::{Done, Failure, Output};

/// Runs the command line and gives its exit status: 0 yes or done, 1 no, 2 could not decide.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; everything else is bad usage.
            let status = if error.use_stderr() { 2 } else { 0 };
            return match error.print() {
                Ok(()) => ExitCode::from(status),
                Err(_) => ExitCode::from(2),
            };
        }
    };
    let environment = Environment::of_process(&cli.global);
    let mut output = Output::new();
    let done =
        dispatch(cli, environment, &mut output).and_then(|done| output.flush().map(|()| done));
    match done {
        Ok(Done::Yes) => ExitCode::SUCCESS,
        Ok(Done::No) => ExitCode::from(1),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit)
        }
    }
}

fn dispatch(cli: Cli, environment: Environment, output: &mut Output) -> Result<Done, Failure> {
    let global = cli.global;
    if global.format == Format::Json
        && !matches!(cli.command, Command::Verify(_) | Command::Status(_))
    {
        let message = "--format json of this command is not supported yet";
        return Err(Failure::new(Code::UNSUPPORTED, message));
    }
    match cli.command {
        Command::Demo(args) => demo::run(&args, &environment, output),
        Command::Init(args) => init::run(&args, &global, environment, output),
        Command::Digest(args) => digest::run(&args, &global, environment, output),
        Command::Declare(args) => declare::run(&args, &global, environment, output),
        Command::Sign(args) => sign::run(&args, &global, environment, output),
        Command::Verify(args) => verify::run(&args, &global, environment, output),
        Command::Status(args) => status::run(&args, &global, environment, output),
        Command::Show(args) => show::run(&args, &global, environment, output),
        Command::Sync(args) => sync::run(&args, &global, environment, output),
        Command::Roster(command) => roster::run(&command, &global, environment, output),
        Command::Policy(command) => policy::run(&command, &global, environment, output),
        Command::Trust(command) => trust::run(&command, &global, environment, output),
        Command::Explain(args) => explain::run(&args, output),
    }
}
