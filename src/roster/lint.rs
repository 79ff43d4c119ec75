//! What in a roster is allowed and looks wrong.

use std::collections::HashMap;

use super::address::local_name;
use super::{Credential, Engineer, Roster};
use crate::text::{TextError, escape};

/// Local parts that several people may read. An address of theirs makes no person of them.
const SHARED: [&str; 14] = [
    "admin",
    "ci",
    "contact",
    "dev",
    "developers",
    "devs",
    "engineering",
    "info",
    "office",
    "ops",
    "root",
    "security",
    "support",
    "team",
];

/// How much of a name a warning shows, in characters.
const SHOWN: usize = 60;

impl Roster {
    /// Warnings for people to look at: two entries that may be one person (equal names, or e-mail
    /// addresses that differ only in their domain or tag), addresses that several people may
    /// read, and identities that are a job's rather than a person's. Each stands at the later person's first line.
    pub fn lint_warnings(&self, file: &str) -> Vec<TextError> {
        let mut warnings = Vec::new();
        let mut names: HashMap<String, &Engineer> = HashMap::new();
        let mut locals: HashMap<&str, &Engineer> = HashMap::new();
        for engineer in &self.engineers {
            let mut warn = |message: String| warnings.push(warning(file, engineer, message));
            let words: Vec<_> = engineer.name.split_whitespace().collect();
            if let Some(other) = names.insert(words.join(" ").to_lowercase(), engineer) {
                warn(format!(
                    "\"{}\" and \"{}\" have the same name, \"{}\": is this one person?",
                    other.id,
                    engineer.id,
                    escape(&engineer.name, SHOWN)
                ));
            }
            for key in engineer.keys.iter().filter(|key| key.revoked.is_none()) {
                if let Credential::Keyless(identity) = &key.key
                    && identity.mailbox().is_none()
                {
                    warn(format!(
                        "\"{}\" signs as {}, a URI: is that a person, and not a job?",
                        engineer.id,
                        escape(identity.identity(), SHOWN)
                    ));
                }
            }
            let mut told = false;
            for email in &engineer.emails {
                let local = local_name(email);
                if SHARED.contains(&local) {
                    let email = escape(email, SHOWN);
                    warn(format!(
                        "{email} looks like a shared mailbox: an engineer is one person"
                    ));
                    continue;
                }
                let other = locals.insert(local, engineer);
                if let Some(other) = other.filter(|other| other.id != engineer.id && !told) {
                    told = true;
                    warn(format!(
                        "\"{}\" and \"{}\" both have an address \"{}@\": is this one person?",
                        other.id,
                        engineer.id,
                        escape(local, SHOWN)
                    ));
                }
            }
        }
        warnings
    }
}

fn warning(file: &str, engineer: &Engineer, message: String) -> TextError {
    TextError {
        file: file.to_owned(),
        line: engineer.line,
        column: 1,
        message,
        nearest: None,
    }
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
