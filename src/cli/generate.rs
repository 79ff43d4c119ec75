//! `completions` and `man`: made from the command line's own grammar.

use clap::CommandFactory as _;
use countersign::codes::Code;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::roster::replace;
use super::{Done, Failure, Output};

/// Writes a shell's completion script to stdout.
pub fn completions(args: &CompletionsArgs, output: &mut Output) -> Result<Done, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "countersign", &mut script);
    output.bytes(&script)?;
    Ok(Done::Yes)
}

/// Writes the main page to stdout, or a page for each command into a folder.
pub fn man(args: &ManArgs, output: &mut Output) -> Result<Done, Failure> {
    let mut root = Cli::command();
    root.build();
    let Some(folder) = &args.into else {
        output.bytes(&page(&root)?)?;
        return Ok(Done::Yes);
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::usage(format!("can't make {}: {error}", folder.display())))?;
    let mut commands = vec![root];
    while let Some(command) = commands.pop() {
        let name = command
            .get_display_name()
            .unwrap_or_else(|| command.get_name());
        replace(&folder.join(format!("{name}.1")), &page(&command)?)?;
        let inner = command
            .get_subcommands()
            .filter(|inner| inner.get_name() != "help");
        commands.extend(inner.cloned());
    }
    Ok(Done::Yes)
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(|error| Failure::new(Code::INTERNAL, error.to_string()))?;
    Ok(page)
}
