//! Security keys of software behind real OpenSSH: `tests/sk-provider` says how they behave, and why none of them
//! protects anything.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support;

/// The PIN of a device that says nothing else.
pub const PIN: &str = "1234";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sk-provider")
}

/// The library that OpenSSH loads, built once. Tests that ask meanwhile wait for it; cargo's own lock makes other
/// test programs wait.
pub fn provider() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sk-provider");
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--manifest-path"])
            .arg(folder().join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .env_remove("CARGO_BUILD_TARGET")
            .stdin(Stdio::null())
            .output();
        support::expect_success(&["cargo build"], output.unwrap());
        let name = format!(
            "{}countersign_sk_provider{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        // ssh-agent compares the path without symbolic links.
        target.join("debug").join(name).canonicalize().unwrap()
    };
    BUILT.get_or_init(build).clone()
}

/// Lets a program, and what it starts, use security keys. Where OpenSSH asks for the PIN, `pin` is typed. No agent
/// is at hand.
pub fn equip<'a>(command: &'a mut Command, pin: &str) -> &'a mut Command {
    command
        .env("SSH_SK_PROVIDER", provider())
        .env("SSH_ASKPASS", folder().join("askpass"))
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("SK_PROVIDER_PIN", pin)
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Ed25519,
    Ecdsa,
}

/// A key that ssh-keygen made on a device of its own.
pub struct SecurityKey {
    /// The private file, which holds the key handle. The public one is beside it with `.pub`.
    pub path: PathBuf,
}

impl SecurityKey {
    /// Makes a key with options of `ssh-keygen -O`, such as `no-touch-required`, `verify-required` or
    /// `application=ssh:other`.
    pub fn make(folder: &Path, kind: Kind, options: &[&str]) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let key = Self {
            path: folder.join(format!("security-key-{number}")),
        };
        key.behave("");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-N", "", "-C", "", "-t"]);
        command.arg(match kind {
            Kind::Ed25519 => "ed25519-sk",
            Kind::Ecdsa => "ecdsa-sk",
        });
        for option in options {
            command.args(["-O", option]);
        }
        command
            .arg("-O")
            .arg(format!("device={}", key.device().display()));
        let output = equip(command.arg("-f").arg(&key.path), PIN).output();
        support::expect_success(&["ssh-keygen"], output.unwrap());
        key
    }

    /// The public file.
    pub fn public(&self) -> PathBuf {
        self.path.with_extension("pub")
    }

    /// The device's file. Without it the device is not plugged in.
    pub fn device(&self) -> PathBuf {
        self.path.with_extension("device")
    }

    /// Has the device behave otherwise from now on, for OpenSSH and for an agent that holds the key: `wait 5000`,
    /// `touch no`, `pin 4321`, `flags 05`, `counter 7`, a line each. Nothing means touched at once.
    pub fn behave(&self, lines: &str) {
        // In one step: the key may be signing.
        let written = self.path.with_extension("next");
        std::fs::write(&written, lines).unwrap();
        std::fs::rename(written, self.device()).unwrap();
    }
}

/// A real ssh-agent that accepts the provider, ended with the value. While it waits for a device it answers nobody.
pub struct Agent {
    agent: support::Agent,
}

impl Agent {
    /// Starts one that is told `pin` where it asks for a PIN.
    pub fn start(pin: &str) -> Self {
        let mut command = Command::new("ssh-agent");
        // Without this it takes libraries of the system's folders alone.
        command.arg("-P").arg(provider()).stderr(Stdio::null());
        Self {
            agent: support::Agent::run(equip(&mut command, pin)),
        }
    }

    /// The path of its socket, for `SSH_AUTH_SOCK`.
    pub fn socket(&self) -> PathBuf {
        self.agent.socket()
    }

    /// Adds a key: its handle, to be used through the provider.
    pub fn add(&self, key: &SecurityKey) {
        let mut command = Command::new("ssh-add");
        equip(command.arg("-q").arg(&key.path), PIN).env("SSH_AUTH_SOCK", self.socket());
        support::expect_success(&["ssh-add"], command.output().unwrap());
    }
}
