//! What the command line takes from the process: variables, clock, terminal. Read once.

use std::ffi::OsString;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;

use super::Failure;
use super::args::Global;
use super::format::Format;
use super::meter::Meter;
use countersign::codes::Code;

/// The longest line that is read from a terminal, in bytes.
const MAX_ANSWER: u64 = 4096;

/// The process around a command.
pub struct Environment {
    pub now: Timestamp,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
    /// `COUNTERSIGN_KEY`.
    pub key: Option<String>,
    /// `COUNTERSIGN_REMOTE`.
    pub remote: Option<String>,
    /// `COUNTERSIGN_STORE`.
    pub store: Option<String>,
    /// The home folder, for `~/` in git's configuration.
    pub home: Option<PathBuf>,
    /// What the git program may see.
    pub variables: Vec<(OsString, OsString)>,
    /// Shows how far long work is.
    pub meter: Meter,
    /// Whether a person can be asked.
    pub interactive: bool,
    /// Whether a person can be asked at the terminal itself, though stdin is something else, as in a hook.
    pub reachable: bool,
    /// `GIT_QUARANTINE_PATH`, which only git's hook on a server looks at.
    pub quarantine: Option<PathBuf>,
}

impl Environment {
    pub fn of_process(global: &Global) -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let seen = std::io::stderr().is_terminal();
        // What a program asked for is not a screen for a person.
        let reachable =
            seen && !global.no_input && global.format == Format::Human && text("CI").is_none();
        Self {
            now: Timestamp::now(),
            agent: text("SSH_AUTH_SOCK").map(PathBuf::from),
            key: text("COUNTERSIGN_KEY"),
            remote: text("COUNTERSIGN_REMOTE"),
            store: text("COUNTERSIGN_STORE"),
            home: text("HOME").map(PathBuf::from),
            variables: std::env::vars_os().collect(),
            meter: Meter::of_process(global),
            interactive: reachable && std::io::stdin().is_terminal(),
            reachable,
            quarantine: None,
        }
    }

    /// The same in git's pre-receive hook, where whoever pushes may have set some of it.
    pub fn of_hook(global: &Global) -> Self {
        Self {
            key: None,
            remote: None,
            store: None,
            quarantine: std::env::var_os("GIT_QUARANTINE_PATH").map(PathBuf::from),
            ..Self::of_process(global)
        }
    }

    /// Asks on the terminal; `None` at the end of input.
    pub fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        if !self.interactive {
            return Err(Failure::new(Code::NO_TERMINAL, "no terminal to ask on"));
        }
        let unreadable = |error: std::io::Error| Failure::usage(format!("can't ask: {error}"));
        let mut stderr = std::io::stderr();
        stderr
            .write_all(question.as_bytes())
            .and_then(|()| stderr.flush())
            .map_err(unreadable)?;
        let mut answer = String::new();
        let mut stdin = std::io::Read::take(std::io::stdin().lock(), MAX_ANSWER);
        let read = stdin.read_line(&mut answer).map_err(unreadable)?;
        Ok((read > 0).then(|| answer.trim().to_owned()))
    }

    /// Asks a person at the terminal that the process belongs to, whatever stdin is; `None` where there is none, or
    /// nobody answers.
    pub fn ask_at_terminal(&self, question: &str) -> Option<String> {
        if !self.reachable {
            return None;
        }
        let mut terminal = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .ok()?;
        terminal.write_all(question.as_bytes()).ok()?;
        let mut answer = String::new();
        let terminal = std::io::Read::take(terminal, MAX_ANSWER);
        let read = std::io::BufReader::new(terminal).read_line(&mut answer);
        (read.ok()? > 0).then(|| answer.trim().to_owned())
    }

    /// Asks for yes; everything else is no.
    pub fn confirm(&self, question: &str) -> Result<bool, Failure> {
        let answer = self.ask(&format!("{question} [y/N] "))?;
        Ok(answer.is_some_and(|answer| matches!(answer.as_str(), "y" | "Y" | "yes")))
    }
}
