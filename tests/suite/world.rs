//! A team around a bare remote: real git, real ssh-keygen keys, the real binary. The set-up is made
//! once and copied for each test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Everybody of the roster, with their level.
pub const TEAM: [(&str, &str); 5] = [
    ("ana", "senior"),
    ("ben", "junior"),
    ("carol", "senior"),
    ("omar", "mid"),
    ("grace", "principal"),
];

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Asserts the exit status and that both streams together hold `text`.
    #[track_caller]
    pub fn expect(self, status: i32, text: &str) -> Self {
        let shown = format!("exit {}\n{}{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.status, status, "{shown}");
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "no \"{text}\" in: {shown}"
        );
        self
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect(0, "")
    }
}

/// A folder with `remote.git`, the people's homes, and a clone for each who needs one.
pub struct World {
    folder: tempfile::TempDir,
}

/// One person's clone.
#[derive(Clone)]
pub struct Clone {
    pub path: PathBuf,
    pub home: PathBuf,
    pub agent: Option<PathBuf>,
}

impl World {
    /// The team, with ana as admin, the starter policy, and everything pushed to the remote's `main`.
    pub fn team() -> Self {
        static TEMPLATE: OnceLock<World> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            // Nothing drops it, so it lies among the build's own files.
            Self::make(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap())
        });
        let folder = tempfile::tempdir().unwrap();
        let copied = Command::new("cp")
            .arg("-R")
            .arg(template.folder.path().join("."))
            .arg(folder.path())
            .status();
        assert!(copied.unwrap().success());
        Self { folder }
    }

    /// Homes, keys and an empty remote; nothing is set up.
    pub fn empty() -> Self {
        Self::empty_in(tempfile::tempdir().unwrap())
    }

    fn empty_in(folder: tempfile::TempDir) -> Self {
        let world = Self { folder };
        for (id, _) in TEAM {
            world.add_person(id);
        }
        world.add_person("mallory");
        world.add_person("ci");
        super::support::git(
            world.path(),
            &["init", "-q", "--bare", "-b", "main", "remote.git"],
        );
        world
    }

    fn make(folder: tempfile::TempDir) -> Self {
        let world = Self::empty_in(folder);
        let ana = world.clone_for("ana");
        ana.git(&["switch", "-q", "-c", "main"]);
        ana.commit("lib.rs", "pub fn notes() {}\n", "Begin");
        ana.countersign(&["init"]).ok();
        // The remote is a path on this machine, which has no name of its own.
        ana.git(&["add", ".countersign"]);
        ana.git(&["commit", "-q", "-m", "Introduce countersign"]);
        ana.git(&["push", "-q", "-u", "origin", "main"]);
        for (id, level) in TEAM.into_iter().filter(|(id, _)| *id != "ana") {
            let (name, email) = (format!("The {id}"), format!("{id}@example.org"));
            let key = format!("../homes/{id}/key.pub");
            let args = [
                "roster", "add", id, "--name", &name, "--email", &email, "--level", level, "--key",
                &key,
            ];
            ana.countersign(&args).expect(0, "Not in force yet");
        }
        ana.countersign(&["trust", "sign", "--confirm", "2"])
            .expect(0, "in force with the commit");
        ana.git(&["add", ".countersign"]);
        ana.git(&["commit", "-q", "-m", "Add the team"]);
        ana.git(&["push", "-q"]);
        world
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The root that ana's `init` pinned.
    pub fn root(&self) -> String {
        self.person("ana").git(&["config", "countersign.root"])
    }

    fn add_person(&self, id: &str) {
        let home = self.path().join("homes").join(id);
        std::fs::create_dir_all(&home).unwrap();
        let config = format!(
            "[user]\n\tname = {id} Example\n\temail = {id}@example.org\n\tsigningkey = ~/key\n[gpg]\n\tformat = ssh\n\
             [init]\n\tdefaultBranch = main\n[push]\n\tdefault = simple\n"
        );
        std::fs::write(home.join(".gitconfig"), config).unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", id, "-f"])
            .arg(home.join("key"))
            .stdin(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    }

    /// The clone of somebody who has one.
    pub fn person(&self, id: &str) -> Clone {
        Clone {
            path: self.path().join(id),
            home: self.path().join("homes").join(id),
            agent: None,
        }
    }

    /// A new clone of the remote.
    pub fn clone_for(&self, id: &str) -> Clone {
        self.clone_with(id, &[])
    }

    pub fn clone_with(&self, id: &str, options: &[&str]) -> Clone {
        let clone = self.person(id);
        let mut args = vec!["clone", "-q"];
        args.extend(options);
        args.extend(["remote.git", id]);
        let in_folder = Clone {
            path: self.path().to_owned(),
            ..clone.clone()
        };
        in_folder.git(&args);
        // Relative, so that a copy of the whole folder still works.
        clone.git(&["remote", "set-url", "origin", "../remote.git"]);
        clone
    }

    /// What CI does on a fresh machine: clones, fetches, verifies `range`.
    pub fn ci(&self, range: &str) -> Run {
        let ci = self.fresh("ci");
        ci.countersign(&["verify", "--fetch", "--root", &self.root(), range])
    }

    /// Ana signs another policy, as the next trust version, and lands it.
    pub fn sign_policy(&self, edit: impl FnOnce(&str) -> String) {
        self.sign_file("policy.toml", edit);
    }

    /// They protect a second branch, `release`.
    pub fn protect_release(&self) {
        let both = "[\"refs/heads/main\", \"refs/heads/release\"]";
        self.sign_policy(|policy| policy.replace("[\"refs/heads/main\"]", both));
    }

    /// The same with roster or policy.
    pub fn sign_file(&self, name: &str, edit: impl FnOnce(&str) -> String) {
        let ana = self.person("ana");
        ana.git(&["fetch", "-q"]);
        ana.git(&["switch", "-q", "main"]);
        ana.git(&["reset", "-q", "--hard", "origin/main"]);
        let path = format!(".countersign/{name}");
        let before = std::fs::read_to_string(ana.path.join(&path)).unwrap();
        // What is signed differs in any case.
        ana.write(&path, &format!("{}\n", edit(&before)));
        let versions = std::fs::read_dir(ana.path.join(".countersign/trust")).unwrap();
        let next = (versions.count() + 1).to_string();
        ana.countersign(&["trust", "sign", "--confirm", &next]).ok();
        ana.git(&["add", "-A"]);
        ana.git(&["commit", "-q", "-m", "Change roster or policy"]);
        ana.git(&["push", "-q"]);
    }

    /// A clone in place of the one that was there.
    pub fn fresh(&self, id: &str) -> Clone {
        let _ = std::fs::remove_dir_all(self.path().join(id));
        self.clone_for(id)
    }
}

impl Clone {
    /// The same clone with an ssh-agent.
    pub fn with_agent(&self, socket: &Path) -> Self {
        Self {
            agent: Some(socket.to_owned()),
            ..self.clone()
        }
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", &self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        if let Some(agent) = &self.agent {
            command.env("SSH_AUTH_SOCK", agent);
        }
        command
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        super::support::expect_success(args, self.command("git").args(args).output().unwrap())
    }

    pub fn countersign(&self, args: &[&str]) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_countersign"));
        // git itself must not read the system's configuration; the program clears the variable.
        run(command.args(args))
    }

    /// The same on a terminal, where a person answers the questions.
    pub fn on_terminal(&self, args: &[&str], answers: &[(&str, &str)]) -> Run {
        let plain = self.command(env!("CARGO_BIN_EXE_countersign"));
        Self::play(&plain, args, answers)
    }

    /// Any command on a terminal.
    pub fn play(plain: &Command, args: &[&str], answers: &[(&str, &str)]) -> Run {
        Self::play_with(plain, args, answers.iter().copied())
    }

    /// The same with answers that are found as they are needed: something may happen before one is given.
    pub fn play_with<'a>(
        plain: &Command,
        args: &[&str],
        answers: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Run {
        let folder = plain.get_current_dir().unwrap();
        let variables = plain.get_envs();
        let command = pty_process::blocking::Command::new(plain.get_program())
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(variables.filter_map(|(name, value)| Some((name, value?))));
        super::terminal::play(command, answers)
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Writes a file, commits it and returns the commit.
    pub fn commit(&self, path: &str, content: &str, message: &str) -> String {
        self.write(path, content);
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.head()
    }

    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The digest of the change on this branch.
    pub fn digest(&self, change: &[&str]) -> String {
        let run = self.countersign(&[&["digest"], change].concat()).ok();
        run.stdout.trim().to_owned()
    }

    /// Verifies this branch as a change, against the pinned root.
    pub fn verify(&self, world: &World, args: &[&str]) -> Run {
        let root = world.root();
        self.countersign(&[&["verify", "--fetch", "--root", root.as_str()], args].concat())
    }

    /// Takes files out of the store of the remote, which is whole in `whole`; says how many.
    pub fn withhold(&self, whole: &str, gone: impl FnMut(&str) -> bool) -> usize {
        let (number, tree) = self.without(whole, gone);
        let commit = self.git(&["commit-tree", "-m", "Withhold", &tree]);
        let refspec = format!("{commit}:refs/countersign/attestations");
        self.git(&["push", "-q", "-f", "origin", &refspec]);
        number
    }

    /// The tree of a commit without some of its files, and how many those are.
    pub fn without(&self, whole: &str, mut gone: impl FnMut(&str) -> bool) -> (usize, String) {
        self.git(&["read-tree", "--index-output=.git/other", whole]);
        let with_index = |args: &[&str]| {
            let mut git = self.command("git");
            let run = git.env("GIT_INDEX_FILE", ".git/other").args(args).output();
            super::support::expect_success(args, run.unwrap())
        };
        let listed = with_index(&["ls-files"]);
        let gone: Vec<&str> = listed.lines().filter(|path| gone(path)).collect();
        if !gone.is_empty() {
            with_index(&[&["rm", "-q", "--cached", "--"], gone.as_slice()].concat());
        }
        (gone.len(), with_index(&["write-tree"]))
    }

    /// Signs a change off without a terminal.
    pub fn sign(&self, change: &str) -> Run {
        self.sign_with(change, &[])
    }

    /// Rejects a change without a terminal.
    pub fn reject(&self, change: &str) -> Run {
        self.sign_with(change, &["--reject"])
    }

    /// Signs what a branch of the remote, or another change, is, with more arguments.
    pub fn sign_with(&self, change: &str, more: &[&str]) -> Run {
        self.git(&["fetch", "-q"]);
        let remote = format!("origin/{change}");
        let named = if self
            .command("git")
            .args(["rev-parse", "-q", "--verify", &remote])
            .output()
            .unwrap()
            .status
            .success()
        {
            vec![remote.as_str()]
        } else {
            vec![change]
        };
        let digest = self.digest(&named);
        let args = ["sign", change, "--confirm", &digest];
        self.countersign(&[&args, more].concat())
    }
}

pub fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
