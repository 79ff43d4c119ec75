//! README.md's transcripts, played on a pseudo-terminal: what they show is what the program prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pty_process::blocking::Command;

use crate::terminal::play;
use crate::world::run;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// A command of a transcript, with what it prints.
#[derive(Debug)]
struct Step {
    person: String,
    command: String,
    output: Vec<String>,
}

/// The steps of the `console` blocks, in order. `$ ` alone is ana's prompt.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in README.split("\n```console\n").skip(1) {
        let (block, _) = block.split_once("\n```").unwrap();
        for line in block.lines() {
            match line.split_once("$ ") {
                Some((person, command)) if person.chars().all(|c| c.is_ascii_lowercase()) => {
                    let person = if person.is_empty() { "ana" } else { person };
                    steps.push(Step {
                        person: person.to_owned(),
                        command: command.to_owned(),
                        output: Vec::new(),
                    });
                }
                _ => steps.last_mut().unwrap().output.push(line.to_owned()),
            }
        }
    }
    // An empty line between two people's commands is the page's, not the program's.
    for step in &mut steps {
        while step.output.last().is_some_and(String::is_empty) {
            step.output.pop();
        }
    }
    steps
}

/// What the page's made-up values stand for: each for the same real one wherever it stands.
#[derive(Default)]
struct Values {
    known: BTreeMap<String, String>,
}

impl Values {
    /// Whether the real token is what the page's token stands for.
    fn stands_for(&mut self, shown: &str, real: &str) -> bool {
        if shown == real {
            return true;
        }
        let (name, value) = if let Some(name) = shown.strip_prefix("sha256:") {
            let hex = real.strip_prefix("sha256:").filter(|hex| is_hex(hex, 64));
            let (Some(name), Some(hex)) = (name.strip_suffix("..."), hex) else {
                return false;
            };
            // What is shown in full here may stand shortened elsewhere.
            self.known
                .insert(format!("sha256:{name}..."), real.to_owned());
            (name, &hex[..name.len()])
        } else if let Some(name) = shown.strip_prefix("SHA256:") {
            match (name.strip_suffix("..."), real.strip_prefix("SHA256:")) {
                (Some(name), Some(real)) if real.len() == 43 => (name, real),
                _ => return false,
            }
        } else if [7, 8].contains(&shown.len())
            && is_hex(shown, shown.len())
            && is_hex(real, shown.len())
            || is_clock(shown) && is_clock(real)
        {
            (shown, real)
        } else {
            return false;
        };
        let known = self.known.entry(name.to_owned());
        known.or_insert_with(|| value.to_owned()) == value
    }

    fn matches(&mut self, shown: &str, real: &str) -> bool {
        let (shown, real) = (tokens(&ageless(shown)), tokens(&ageless(real)));
        shown.len() == real.len()
            && std::iter::zip(&shown, &real).all(|(shown, real)| self.stands_for(shown, real))
    }

    /// The command with the real values in place of the page's.
    fn fill(&self, command: &str) -> String {
        let mut filled = command.to_owned();
        for (name, value) in self.known.iter().filter(|(name, _)| name.ends_with("...")) {
            filled = filled.replace(name, value);
        }
        filled
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.len() == length && text.chars().all(digit)
}

fn is_clock(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.chars().all(|c| c.is_ascii_digit());
    text.split_once(':')
        .is_some_and(|(hour, minute)| digits(hour) && digits(minute))
}

/// A slow machine may need a minute.
fn ageless(line: &str) -> String {
    let mut line = line.to_owned();
    for minutes in 1..10 {
        let plural = if minutes == 1 { "" } else { "s" };
        line = line.replace(&format!("{minutes} minute{plural} ago"), "just now");
    }
    line
}

fn tokens(line: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut open = false;
    for c in line.chars() {
        let word = c.is_ascii_alphanumeric() || ":+/._".contains(c);
        match tokens.last_mut() {
            Some(last) if word && open => last.push(c),
            _ => tokens.push(c.to_string()),
        }
        open = word;
    }
    tokens
}

/// The people's homes and keys, ana's repository with a first commit, and an empty remote.
struct Stage {
    folder: tempfile::TempDir,
    places: BTreeMap<String, PathBuf>,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut places = BTreeMap::new();
        let remote = folder.path().join("notes.git");
        for (id, name) in [("ana", "Ana Ruiz"), ("ben", "Ben Ito"), ("ci", "CI")] {
            let home = folder.path().join(id);
            std::fs::create_dir(&home).unwrap();
            let config = format!(
                "[user]\n\tname = {name}\n\temail = {id}@example.org\n\tsigningkey = ~/key\n[gpg]\n\tformat = ssh\n\
                 [init]\n\tdefaultBranch = main\n[url \"{}\"]\n\tinsteadOf = git@example.org:notes.git\n",
                remote.display()
            );
            std::fs::write(home.join(".gitconfig"), config).unwrap();
            places.insert(id.to_owned(), home);
        }
        let stage = Self { folder, places };
        for id in ["ana", "ben"] {
            stage.set_up(id, "ssh-keygen -q -t ed25519 -N '' -f key");
        }
        stage.set_up(
            "ana",
            "git init -q --bare ../notes.git && git init -q notes && mkdir notes/src",
        );
        let mut stage = stage;
        let notes = stage.places["ana"].join("notes");
        stage.places.insert("ana".to_owned(), notes);
        stage.set_up(
            "ana",
            "echo 'pub fn notes() {}' > src/lib.rs && git add src && git commit -qm Begin && cp ../../ben/key.pub ben.pub",
        );
        stage
    }

    fn home(&self, person: &str) -> PathBuf {
        self.folder.path().join(person)
    }

    fn variables(&self, person: &str) -> Vec<(&'static str, String)> {
        let binary = Path::new(env!("CARGO_BIN_EXE_countersign"));
        let path = std::env::var("PATH").unwrap();
        vec![
            (
                "PATH",
                format!("{}:{path}", binary.parent().unwrap().display()),
            ),
            ("HOME", self.home(person).display().to_string()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("TERM", "dumb".to_owned()),
            ("TZ", "UTC".to_owned()),
        ]
    }

    fn set_up(&self, person: &str, script: &str) {
        let mut command = std::process::Command::new("bash");
        command
            .args(["-ec", script])
            .current_dir(&self.places[person])
            .env_clear()
            .envs(self.variables(person));
        run(&mut command).ok();
    }

    /// Runs a command where the person is, on a terminal, and answers the prompts as the page does.
    fn play(&mut self, step: &Step, command: &str) -> Vec<String> {
        let left_at = self.folder.path().join("place");
        let script = format!(
            "{command}\nstatus=$?; pwd > '{}'; exit $status",
            left_at.display()
        );
        let bash = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&self.places[&step.person])
            .env_clear()
            .envs(self.variables(&step.person));
        let lines = step.output.iter();
        let answers = lines.filter_map(|line| line.split_once("[y/N] "));
        let shown = play(bash, answers.map(|(_, answer)| ("[y/N] ", answer))).stdout;
        let place = std::fs::read_to_string(left_at).unwrap();
        self.places
            .insert(step.person.clone(), PathBuf::from(place.trim_end()));
        let mut lines: Vec<_> = shown
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

#[test]
fn the_readmes_transcripts_are_what_the_program_prints() {
    let steps = steps();
    assert!(steps.len() >= 17, "{steps:?}");
    let mut stage = Stage::new();
    let mut values = Values::default();
    for step in &steps {
        let command = values.fill(&step.command);
        assert!(
            !command.contains("..."),
            "a value that was not shown: {command}"
        );
        let shown = stage.play(step, &command);
        let same = shown.len() == step.output.len()
            && std::iter::zip(&step.output, &shown).all(|(page, real)| values.matches(page, real));
        assert!(
            same,
            "{}$ {command}\n--- the program prints\n{}\n--- README.md says\n{}",
            step.person,
            shown.join("\n"),
            step.output.join("\n")
        );
    }
}

#[test]
fn a_value_of_the_page_stands_for_one_real_value() {
    let mut values = Values::default();
    let root = "ab".repeat(32);
    assert!(values.matches("Root sha256:5f0c4e7b...", &format!("Root sha256:{root}")));
    assert!(values.matches("root 5f0c4e7b,", "root abababab,"));
    assert!(!values.matches("root 5f0c4e7b,", "root 12345678,"));
    assert!(values.matches("(2d41c07)", "(1234567)"));
    assert!(!values.matches("(2d41c07) x", "(1234567) y"));
    assert!(!values.matches("1 change", "2 change"));
    assert_eq!(
        values.fill("verify --root sha256:5f0c4e7b... HEAD"),
        format!("verify --root sha256:{root} HEAD")
    );
}
