//! The thin shell: arguments, environment, clock and terminal; everything else is the library's.

mod args;
mod bring;
mod carried;
mod change;
mod checkpoints;
mod context;
mod debts;
mod decision;
mod declare;
mod demo;
mod digest;
mod doctor;
mod environment;
mod event;
mod explain;
mod exported;
mod format;
mod generate;
mod hook;
mod init;
mod inspect;
mod key;
#[cfg(feature = "keyless")]
mod keyless;
mod keyless_args;
mod lint;
mod looks;
mod meter;
mod objects;
mod output;
mod people_file;
mod place;
mod policy;
mod receive;
mod roster;
mod roster_args;
mod roster_edit;
mod roster_import;
mod sealing;
mod series;
mod session;
mod show;
mod sign;
mod sigstore;
mod simulate;
mod statement;
mod status;
mod sync;
mod text_file;
mod timestamp;
mod trust;
mod trust_args;
mod trust_diff;
mod trust_restart;
mod trust_sign;
mod trusted;
mod useless;
mod verify;
mod vsa;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};
use countersign::codes::Code;
use environment::Environment;
use format::Format;
pub use output::{Done, Failure, Output};
use roster_args::RosterCommand;
use trust_args::TrustCommand;

/// Runs the command line and gives its exit status: 0 yes or done, 1 no, 2 could not decide.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; everything else is bad usage.
            let status = if error.use_stderr() { 2 } else { 0 };
            if status == 2 && wants_json(std::env::args_os()) {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                let message = first.strip_prefix("error: ").unwrap_or(first);
                // Nothing can be done where stdout is closed; the exit status tells.
                let _ = tell_program(&Failure::usage(message));
            }
            return match error.print() {
                Ok(()) => ExitCode::from(status),
                Err(_) => ExitCode::from(2),
            };
        }
    };
    let environment = Environment::of_process(&cli.global);
    let format = cli.global.format;
    let mut output = Output::new(format);
    let done =
        dispatch(cli, environment, &mut output).and_then(|done| output.flush().map(|()| done));
    match done {
        Ok(Done::Yes) => ExitCode::SUCCESS,
        Ok(Done::No) => ExitCode::from(1),
        Err(failure) => {
            failure.print();
            drop(output);
            if format == Format::Json && tell_program(&failure).is_err() {
                return ExitCode::from(2);
            }
            ExitCode::from(failure.exit)
        }
    }
}

/// What `main` does with a panic: "could not decide", for people and programs.
pub fn crashed() -> ExitCode {
    let failure = Failure::new(Code::INTERNAL, "internal error");
    failure.print();
    if wants_json(std::env::args_os()) {
        // Nothing can be done where stdout is closed; the exit status tells.
        let _ = tell_program(&failure);
    }
    ExitCode::from(2)
}

/// Writes a failure as the one object on stdout.
fn tell_program(failure: &Failure) -> Result<(), Failure> {
    let mut output = Output::new(Format::Json);
    output.json(&failure.json())?;
    output.flush()
}

/// Whether the command line asks for JSON, where it can't be parsed.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<_> = arguments.take_while(|word| word != "--").collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    words.iter().any(|word| word == "--format=json")
        || pairs
            .into_iter()
            .any(|(name, value)| name == "--format" && value == "json")
}

/// Whether a command has an object for programs.
fn has_object(command: &Command) -> bool {
    match command {
        Command::Demo(_) | Command::Init(_) | Command::Hook(_) => false,
        Command::Roster(roster) => {
            matches!(roster, RosterCommand::List { .. } | RosterCommand::Lint)
        }
        Command::Trust(trust) => matches!(trust, TrustCommand::Log),
        _ => true,
    }
}

fn dispatch(cli: Cli, environment: Environment, output: &mut Output) -> Result<Done, Failure> {
    let global = cli.global;
    if !global.format.is_general() && !matches!(cli.command, Command::Verify(_)) {
        return Err(Failure::usage("this --format is for verify alone"));
    }
    if global.format == Format::Json && !has_object(&cli.command) {
        let message = "--format json of this command is not supported yet";
        return Err(Failure::new(Code::UNSUPPORTED, message));
    }
    match cli.command {
        Command::Demo(args) => demo::run(&args, &environment, output),
        Command::Inspect(args) => inspect::run(&args, &global, environment, output),
        Command::Init(args) => init::run(&args, &global, environment, output),
        Command::Digest(args) => digest::run(&args, &global, environment, output),
        Command::Declare(args) => declare::run(&args, &global, environment, output),
        Command::Sign(args) => sign::run(&args, &global, environment, output),
        Command::Verify(args) => verify::run(&args, &global, environment, output),
        Command::Status(args) => status::run(&args, &global, environment, output),
        Command::Show(args) => show::run(&args, &global, environment, output),
        Command::Sync(args) => sync::run(&args, &global, environment, output),
        Command::Hook(command) => hook::run(&command, &global, environment, output),
        Command::Doctor(args) => doctor::run(&args, &global, environment, output),
        Command::Roster(command) => roster::run(&command, &global, environment, output),
        Command::Policy(command) => policy::run(&command, &global, environment, output),
        Command::Trust(command) => trust::run(&command, &global, environment, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Completions(args) => generate::completions(&args, output),
        Command::Man(args) => generate::man(&args, output),
    }
}
