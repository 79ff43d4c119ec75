//! Finding the signing key: `--key`, the environment, git's configuration, the agent.

use std::fs::File;
use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::codes::Code;
use countersign::git::UserConfig;
use countersign::keys::{Agent, AgentKey, PrivateKeyFile, PublicKey, Signer};
use countersign::roster::Roster;
use zeroize::Zeroizing;

use super::Failure;
use super::args::KeyArgs;
use super::environment::Environment;

/// The largest key file that is read, in bytes.
const MAX_KEY_FILE: u64 = 64 << 10;
/// The longest passphrase that is read, in bytes.
const MAX_PASSPHRASE: u64 = 4096;
/// How long the agent may take: a person may have to confirm.
const AGENT_TIMEOUT: Duration = Duration::from_secs(120);

/// A key that can sign, and where it was found.
pub struct Found {
    pub signer: Box<dyn Signer>,
    /// In words, such as `git's user.signingkey`.
    pub source: &'static str,
}

impl Found {
    pub fn fingerprint(&self) -> String {
        self.signer.public_key().fingerprint()
    }
}

fn no_key(message: impl Into<String>) -> Failure {
    Failure::new(Code::NO_KEY, message)
}

/// Finds the key to sign with. A roster, where there is one, chooses among the agent's keys.
pub fn find(
    args: &KeyArgs,
    config: &UserConfig,
    environment: &Environment,
    roster: Option<&Roster>,
) -> Result<Found, Failure> {
    if let Some(found) = named(args, environment)? {
        return Ok(found);
    }
    let finder = Finder { args, environment };
    let ssh = config
        .string("gpg.format")
        .is_some_and(|format| format == "ssh");
    let signing_key = config.string("user.signingkey");
    let named = [
        (config.string("countersign.key"), "git's countersign.key"),
        (signing_key.clone().filter(|_| ssh), "git's user.signingkey"),
    ];
    if let Some((Some(value), source)) = named.into_iter().find(|(value, _)| value.is_some()) {
        let signer = finder
            .named(&value)
            .map_err(|failure| failure.row("key", format!("{value} ({source})")))?;
        return Ok(Found { signer, source });
    }
    if let Some(signer) = finder.only_agent_key(roster)? {
        return Ok(Found {
            signer,
            source: "the agent",
        });
    }
    let failure = no_key("no signing key found");
    Err(match signing_key {
        Some(_) => failure
            .row("found", "user.signingkey is set, gpg.format is not ssh")
            .next("git config gpg.format ssh"),
        None => failure
            .next("git config gpg.format ssh && git config user.signingkey ~/.ssh/id_ed25519.pub")
            .row("", "or --key FILE; ssh-keygen -t ed25519 makes a key"),
    })
}

/// The key that `--key` or `COUNTERSIGN_KEY` names; `None` where neither does. Reads no configuration.
pub fn named(args: &KeyArgs, environment: &Environment) -> Result<Option<Found>, Failure> {
    let finder = Finder { args, environment };
    let named = [(&args.key, "--key"), (&environment.key, "COUNTERSIGN_KEY")];
    let mut named = named.into_iter();
    let found = named.find_map(|(value, source)| Some((value.as_deref()?, source)));
    let Some((value, source)) = found else {
        return Ok(None);
    };
    let signer = finder
        .named(value)
        .map_err(|failure| failure.row("key", format!("{value} ({source})")))?;
    Ok(Some(Found { signer, source }))
}

struct Finder<'a> {
    args: &'a KeyArgs,
    environment: &'a Environment,
}

impl Finder<'_> {
    /// A fingerprint, a literal public key (with or without git's `key::`), or a file.
    fn named(&self, value: &str) -> Result<Box<dyn Signer>, Failure> {
        let literal = value.strip_prefix("key::").unwrap_or(value);
        if literal.starts_with("SHA256:") {
            return self.agent_key(|key| key.key.fingerprint() == literal, literal);
        }
        if literal.starts_with("ssh-")
            || literal.starts_with("ecdsa-")
            || literal.starts_with("sk-")
        {
            let key =
                PublicKey::from_openssh(literal).map_err(|error| no_key(error.to_string()))?;
            return self.agent_key(|known| known.key == key, &key.fingerprint());
        }
        self.file(&self.expand(value))
    }

    fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.environment.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }

    /// A private key file, or a public one whose private half is in the agent or beside it.
    fn file(&self, path: &Path) -> Result<Box<dyn Signer>, Failure> {
        let bytes = read_file(path)?;
        if let Ok(text) = std::str::from_utf8(&bytes)
            && let Some(key) = public_line(text)
        {
            let key = PublicKey::from_openssh(key).map_err(|error| no_key(error.to_string()))?;
            if let Some(signer) = self.in_agent(&key) {
                return Ok(signer);
            }
            let beside = path.with_extension("");
            if path.extension().is_some_and(|extension| extension == "pub") && beside.is_file() {
                return self.private(&beside, &read_file(&beside)?, &key);
            }
            let message = format!(
                "the private half of {} is neither in the agent nor beside the file",
                key.fingerprint()
            );
            return Err(no_key(message).next(format!("ssh-add {}", beside.display())));
        }
        let file = PrivateKeyFile::parse(&bytes).map_err(|error| no_key(error.to_string()))?;
        let key = file.public_key().clone();
        self.private(path, &bytes, &key)
    }

    fn private(
        &self,
        path: &Path,
        bytes: &[u8],
        key: &PublicKey,
    ) -> Result<Box<dyn Signer>, Failure> {
        let file = PrivateKeyFile::parse(bytes).map_err(|error| no_key(error.to_string()))?;
        if file.public_key() != key {
            return Err(no_key(format!(
                "{} holds another key than its .pub file",
                path.display()
            )));
        }
        if !file.is_encrypted() {
            let signer = file
                .into_signer(None)
                .map_err(|error| no_key(error.to_string()))?;
            return Ok(Box::new(signer));
        }
        let given = self.args.passphrase_file.is_some() || self.args.passphrase_fd.is_some();
        if !given && let Some(signer) = self.in_agent(key) {
            return Ok(signer);
        }
        let passphrase = self.passphrase(path)?;
        let signer = file
            .decrypt(passphrase.as_bytes())
            .map_err(|error| no_key(error.to_string()))?;
        Ok(Box::new(signer))
    }

    fn passphrase(&self, key: &Path) -> Result<Zeroizing<String>, Failure> {
        if let Some(path) = &self.args.passphrase_file {
            return first_line(path);
        }
        if let Some(descriptor) = self.args.passphrase_fd {
            return first_line(Path::new(&format!("/dev/fd/{descriptor}")));
        }
        if !self.environment.interactive {
            return Err(
                no_key("the key has a passphrase, and there is no terminal to ask for it")
                    .next("ssh-add the key, or --passphrase-file FILE"),
            );
        }
        let prompt = format!("Passphrase of {}: ", key.display());
        let passphrase =
            rpassword::prompt_password(prompt).map_err(|error| no_key(error.to_string()))?;
        Ok(Zeroizing::new(passphrase))
    }

    fn agent(&self) -> Result<Option<Agent>, Failure> {
        let Some(socket) = &self.environment.agent else {
            return Ok(None);
        };
        Agent::connect(socket, AGENT_TIMEOUT)
            .map(Some)
            .map_err(|error| no_key(error.to_string()))
    }

    fn in_agent(&self, key: &PublicKey) -> Option<Box<dyn Signer>> {
        let agent = self.agent().ok()??;
        let known = agent
            .identities()
            .ok()?
            .keys
            .iter()
            .any(|known| known.key == *key);
        known.then(|| Box::new(agent.signer(key)) as Box<dyn Signer>)
    }

    fn agent_key(
        &self,
        wanted: impl Fn(&AgentKey) -> bool,
        name: &str,
    ) -> Result<Box<dyn Signer>, Failure> {
        let agent = self.agent()?.ok_or_else(|| {
            no_key("no ssh-agent: SSH_AUTH_SOCK is not set").next("eval $(ssh-agent)")
        })?;
        let identities = agent
            .identities()
            .map_err(|error| no_key(error.to_string()))?;
        match identities.keys.iter().find(|key| wanted(key)) {
            Some(key) => Ok(Box::new(agent.signer(&key.key))),
            None => Err(no_key(format!("the agent doesn't hold {name}")).next("ssh-add")),
        }
    }

    /// The agent's only key, or its only key that the roster knows.
    fn only_agent_key(&self, roster: Option<&Roster>) -> Result<Option<Box<dyn Signer>>, Failure> {
        let Some(agent) = self.agent()? else {
            return Ok(None);
        };
        let identities = agent
            .identities()
            .map_err(|error| no_key(error.to_string()))?;
        let known = |key: &&AgentKey| {
            roster.is_none_or(|roster| roster.key(&key.key.fingerprint()).is_some())
        };
        let keys: Vec<_> = identities.keys.iter().filter(known).collect();
        match keys.as_slice() {
            [] => Ok(None),
            [key] => Ok(Some(Box::new(agent.signer(&key.key)))),
            several => {
                let names: Vec<_> = several.iter().map(|key| key.key.fingerprint()).collect();
                Err(no_key(format!(
                    "the agent holds several keys: {}",
                    names.join(", ")
                ))
                .next("name one with --key SHA256:..."))
            }
        }
    }
}

/// The line of a `.pub` file, if the text is one.
fn public_line(text: &str) -> Option<&str> {
    let line = text.trim_end_matches(['\n', '\r']);
    let starts = ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|start| line.starts_with(start));
    (starts && !line.contains('\n')).then_some(line)
}

/// Reads a public key file.
pub fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = read_file(path)?;
    let text = std::str::from_utf8(&bytes).ok().and_then(public_line);
    let line = text.ok_or_else(|| no_key(format!("{} is no public key file", path.display())))?;
    PublicKey::from_openssh(line).map_err(|error| no_key(format!("{}: {error}", path.display())))
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable =
        |error: std::io::Error| no_key(format!("can't read {}: {error}", path.display()));
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_KEY_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > MAX_KEY_FILE {
        return Err(no_key(format!(
            "{} is over {MAX_KEY_FILE} bytes",
            path.display()
        )));
    }
    Ok(bytes)
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let unreadable = |error: std::io::Error| no_key(format!("can't read the passphrase: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let mut line = Zeroizing::new(String::new());
    std::io::BufReader::new(file.take(MAX_PASSPHRASE))
        .read_line(&mut line)
        .map_err(unreadable)?;
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    Ok(line)
}
