//! The command line: a thin shell over the library.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic is "could not decide", never a pass.
    match std::panic::catch_unwind(cli::run) {
        Ok(code) => code,
        Err(_) => cli::crashed(),
    }
}
