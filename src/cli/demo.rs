//! `demo`: the whole loop, command by command, in a throw-away repository with throw-away keys.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign::codes::Code;

use super::args::DemoArgs;
use super::environment::Environment;
use super::{Done, Failure, Output};

/// Variables that the demo's programs keep; nothing of the user's configuration is among them.
const KEPT: [&str; 6] = [
    "PATH",
    "TMPDIR",
    "LANG",
    "SYSTEMROOT",
    "TERM",
    "LD_LIBRARY_PATH",
];

/// Plays the loop.
pub fn run(
    args: &DemoArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let folder = match &args.keep {
        Some(folder) => new_folder(folder)?,
        None => temporary_folder()?,
    };
    let played = Stage {
        folder: folder.clone(),
        environment,
        output,
    }
    .play();
    if args.keep.is_none() {
        let removed = std::fs::remove_dir_all(&folder);
        removed.map_err(|error| {
            Failure::usage(format!("can't remove {}: {error}", folder.display()))
        })?;
    }
    played?;
    match &args.keep {
        Some(_) => output.line(&format!("Kept {}", folder.display()))?,
        None => output.line("Kept nothing. On your own repository: countersign init")?,
    }
    Ok(Done::Yes)
}

fn new_folder(folder: &Path) -> Result<PathBuf, Failure> {
    let failed =
        |error: std::io::Error| Failure::usage(format!("can't make {}: {error}", folder.display()));
    std::fs::create_dir(folder).map_err(failed)?;
    folder.canonicalize().map_err(failed)
}

fn temporary_folder() -> Result<PathBuf, Failure> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::new(Code::INTERNAL, error.to_string()))?;
    let name: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    new_folder(&std::env::temp_dir().join(format!("countersign-demo-{name}")))
}

struct Stage<'a> {
    folder: PathBuf,
    environment: &'a Environment,
    output: &'a mut Output,
}

impl Stage<'_> {
    fn play(mut self) -> Result<(), Failure> {
        self.say("Ana, a senior engineer, protects the repository she shares with Ben.")?;
        self.set_up()?;
        self.shown("ana", "git add .countersign && git commit -qm \"Introduce countersign\" && git push -q -u origin main")?;
        self.shown("ana", "countersign roster add ben --name \"Ben Ito\" --email ben@example.org --level junior --key ../ben.pub")?;
        self.shown("ana", "countersign trust sign --confirm 2")?;
        self.shown(
            "ana",
            "git add .countersign && git commit -qm \"Add ben\" && git push -q",
        )?;

        self.say("Ben, a junior, writes something with an AI tool and declares it.")?;
        self.quiet(&self.folder.clone(), "ben", "git clone -q remote.git ben")?;
        self.shown(
            "ben",
            "git switch -qc tags && echo 'pub fn tags() {}' >> lib.rs",
        )?;
        self.shown(
            "ben",
            "git commit -qam \"Add tags\" -m \"Co-authored-by: Claude <noreply@anthropic.com>\"",
        )?;
        self.shown(
            "ben",
            "countersign declare --ai generated --to ana && git push -q -u origin tags",
        )?;
        self.refused("ben", "countersign verify --root \"$ROOT\"", 1)?;

        self.say("Ana looks at it and signs it off. On a terminal she would answer y.")?;
        let digest = self.captured("ben", "countersign digest")?;
        self.shown("ana", "git fetch -q")?;
        self.shown(
            "ana",
            &format!("countersign sign tags --confirm {}", digest.trim()),
        )?;
        self.shown(
            "ana",
            "git merge -q --squash origin/tags && git commit -qm \"Add tags\" && git push -q",
        )?;

        self.gate()
    }

    /// CI verifies what landed, and refuses what nobody signed.
    fn gate(&mut self) -> Result<(), Failure> {
        self.say("CI verifies what landed, on a fresh clone.")?;
        self.quiet(&self.folder.clone(), "ci", "git clone -q remote.git ci")?;
        self.shown(
            "ci",
            "countersign verify --fetch --root \"$ROOT\" HEAD~1..HEAD",
        )?;

        self.say("One more line, unsigned, and the gate refuses.")?;
        self.shown(
            "ben",
            "git switch -q main && git pull -q && echo '// one more line' >> lib.rs",
        )?;
        self.shown("ben", "git commit -qam \"One more line\" && git push -q")?;
        self.shown("ci", "git pull -q")?;
        self.refused(
            "ci",
            "countersign verify --fetch --root \"$ROOT\" HEAD~1..HEAD",
            1,
        )?;
        self.output.line("")
    }

    /// Keys, homes, the shared repository and its first commit.
    fn set_up(&mut self) -> Result<(), Failure> {
        for (person, name) in [("ana", "Ana Ruiz"), ("ben", "Ben Ito"), ("ci", "CI")] {
            let home = self.folder.join("homes").join(person);
            std::fs::create_dir_all(&home).map_err(|error| Failure::usage(error.to_string()))?;
            let key = self.folder.join(person);
            let config = format!(
                "[user]\n\tname = {name}\n\temail = {person}@example.org\n\tsigningkey = {}.key\n[gpg]\n\tformat = ssh\n[init]\n\tdefaultBranch = main\n",
                key.display()
            );
            std::fs::write(home.join(".gitconfig"), config)
                .map_err(|error| Failure::usage(error.to_string()))?;
            if person != "ci" {
                let make = format!(
                    "ssh-keygen -q -t ed25519 -N '' -C {person} -f {person}.key && mv {person}.key.pub {person}.pub"
                );
                self.quiet(&self.folder.clone(), person, &make)?;
            }
        }
        self.quiet(
            &self.folder.clone(),
            "ana",
            "git init -q --bare -b main remote.git && git init -q ana",
        )?;
        let first = "echo 'pub fn notes() {}' > lib.rs && git add . && git commit -qm \"Begin\" && git remote add origin ../remote.git";
        self.quiet(&self.folder.join("ana"), "ana", first)?;
        self.shown("ana", "countersign init")
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.output.line(&format!("\n# {text}"))
    }

    /// Shows a command and what it prints; it must succeed.
    fn shown(&mut self, person: &str, script: &str) -> Result<(), Failure> {
        self.refused(person, script, 0)
    }

    /// Shows a command and what it prints; it must end with `status`.
    fn refused(&mut self, person: &str, script: &str, status: i32) -> Result<(), Failure> {
        self.output.line(&format!("{person}$ {script}"))?;
        let (text, ended) = self.shell(&self.folder.join(person), person, script)?;
        self.output.text(&text)?;
        if ended == Some(status) {
            return Ok(());
        }
        Err(Failure::new(
            Code::INTERNAL,
            format!("the demo stopped: exit {ended:?}, expected {status}"),
        ))
    }

    fn quiet(&mut self, folder: &Path, person: &str, script: &str) -> Result<(), Failure> {
        match self.shell(folder, person, script)? {
            (_, Some(0)) => Ok(()),
            (text, _) => Err(
                Failure::usage(format!("the demo could not be set up: {text}"))
                    .next("it needs git, ssh-keygen and sh on the PATH"),
            ),
        }
    }

    fn captured(&mut self, person: &str, script: &str) -> Result<String, Failure> {
        let (text, _) = self.shell(&self.folder.join(person), person, script)?;
        Ok(text)
    }

    /// Runs a script as one of the people: with their home, and with this program as `countersign`.
    fn shell(
        &self,
        folder: &Path,
        person: &str,
        script: &str,
    ) -> Result<(String, Option<i32>), Failure> {
        let failed =
            |error: std::io::Error| Failure::usage(format!("the demo can't start sh: {error}"));
        let program = std::env::current_exe().map_err(failed)?;
        let root = self.root()?;
        let script =
            format!("countersign() {{ \"$COUNTERSIGN_PROGRAM\" \"$@\"; }}\nexec 2>&1\n{script}\n");
        let kept = self
            .environment
            .variables
            .iter()
            .filter(|(name, _)| KEPT.iter().any(|kept| name == kept));
        let ended = Command::new("sh")
            .args(["-c", &script])
            .current_dir(folder)
            .env_clear()
            .envs(kept.cloned())
            .env("HOME", self.folder.join("homes").join(person))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("COUNTERSIGN_PROGRAM", program)
            .env("ROOT", root)
            .stdin(Stdio::null())
            .output()
            .map_err(failed)?;
        Ok((
            String::from_utf8_lossy(&ended.stdout).into_owned(),
            ended.status.code(),
        ))
    }

    /// The root that ana's `init` pinned, once it has.
    fn root(&self) -> Result<String, Failure> {
        let config = self.folder.join("ana/.git/config");
        let text = std::fs::read_to_string(config).unwrap_or_default();
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("root = "));
        Ok(line.unwrap_or_default().to_owned())
    }
}
