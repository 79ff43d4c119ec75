//! Finding the signing key: `--key`, the environment, git's configuration, the agent.

use std::fs::File;
use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use countersign::codes::Code;
use countersign::git::{UserConfig, find_program};
use countersign::keys::{
    Agent, AgentKey, KeyFileError, KeygenSigner, PrivateKeyFile, PublicKey, SignError, Signer,
};
use countersign::policy::Proofs;
use countersign::roster::Roster;
use zeroize::Zeroizing;

use super::Failure;
use super::args::KeyArgs;
use super::environment::Environment;

/// The largest key file that is read, in bytes.
const MAX_KEY_FILE: u64 = 64 << 10;
/// The longest passphrase that is read, in bytes.
const MAX_PASSPHRASE: u64 = 4096;
/// How long a signature may take: a person may have to confirm, or to touch a security key.
const SIGN_TIMEOUT: Duration = Duration::from_secs(120);
/// How long an agent may take to list its keys, for which it asks nobody.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// After how long it is said what is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

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

    /// What its signatures prove, as far as the key tells: whether a security key asks for a PIN, it doesn't.
    pub fn could_prove(&self) -> Proofs {
        let security_key = self.signer.public_key().is_security_key();
        Proofs {
            presence: security_key,
            user_verification: security_key,
            timestamp: false,
        }
    }
}

impl Signer for Found {
    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// Says on stderr what is waited for: a touch before it is asked for, anything else after a while.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let key = self.public_key();
        if key.is_security_key() {
            let kind = key.algorithm().trim_end_matches("@openssh.com");
            eprintln!("Touch your security key ({}, {kind})", key.fingerprint());
            return self.signer.sign(message);
        }
        let (signed, waiting) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    let seconds = SIGN_TIMEOUT.as_secs();
                    eprintln!("Waiting for the ssh-agent to sign, up to {seconds} seconds");
                }
            });
            let signature = self.signer.sign(message);
            drop(signed);
            signature
        })
    }
}

/// What to do where a signer made no signature.
pub fn unsigned(error: SignError) -> Failure {
    let failure = no_key(error.to_string());
    match error {
        SignError::NoTouch => {
            failure.next("ssh-keygen -t ed25519-sk makes a key that asks for a touch")
        }
        _ => failure,
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
                return self.private(&beside, &read_file(&beside)?, Some(&key));
            }
            let message = format!(
                "the private half of {} is neither in the agent nor beside the file",
                key.fingerprint()
            );
            return Err(no_key(message).next(format!("ssh-add {}", beside.display())));
        }
        self.private(path, &bytes, None)
    }

    fn private(
        &self,
        path: &Path,
        bytes: &[u8],
        expected: Option<&PublicKey>,
    ) -> Result<Box<dyn Signer>, Failure> {
        let unusable = |error: KeyFileError| no_key(error.to_string());
        let file = PrivateKeyFile::parse(bytes).map_err(unusable)?;
        let other = || {
            let path = path.display();
            no_key(format!("{path} holds another key than its .pub file"))
        };
        let is_other = |key: &PublicKey| expected.is_some_and(|expected| expected != key);
        if file.public_key().is_some_and(is_other) {
            return Err(other());
        }
        let given = self.args.passphrase_file.is_some() || self.args.passphrase_fd.is_some();
        if (file.is_encrypted() && !given) || file.is_security_key() {
            let in_agent = file.public_key().and_then(|key| self.in_agent(key));
            if let Some(signer) = in_agent {
                return Ok(signer);
            }
        }
        if let Some(key) = file.public_key().filter(|key| key.is_security_key()) {
            return self.keygen(path, key);
        }
        let passphrase = match file.is_encrypted() {
            true => Some(self.passphrase(path)?),
            false => None,
        };
        let passphrase = passphrase.as_ref().map(|text| text.as_bytes());
        let signer = file.signer(passphrase).map_err(unusable)?;
        match is_other(signer.public_key()) {
            true => Err(other()),
            false => Ok(Box::new(signer)),
        }
    }

    /// A security key that a file names, through `ssh-keygen`.
    fn keygen(&self, path: &Path, key: &PublicKey) -> Result<Box<dyn Signer>, Failure> {
        let variables = &self.environment.variables;
        let search = variables.iter().find(|(name, _)| name == "PATH");
        let program = search.and_then(|(_, search)| find_program(search, "ssh-keygen"));
        let program = program.ok_or_else(|| {
            no_key("the key is in a security key, and there is no ssh-keygen to reach it")
                .next(format!("install OpenSSH, or ssh-add {}", path.display()))
        })?;
        Ok(Box::new(KeygenSigner::new(
            program,
            variables.clone(),
            path.to_owned(),
            key.clone(),
            SIGN_TIMEOUT,
        )))
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
        Agent::connect(socket, LIST_TIMEOUT)
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
        known.then(|| Box::new(agent.signer(key, SIGN_TIMEOUT)) as Box<dyn Signer>)
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
            Some(key) => Ok(Box::new(agent.signer(&key.key, SIGN_TIMEOUT))),
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
            [key] => Ok(Some(Box::new(agent.signer(&key.key, SIGN_TIMEOUT)))),
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

/// Reads a public key file: a line of OpenSSH, or PEM.
pub fn read_public(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = read_file(path)?;
    let none = || no_key(format!("{} is no public key file", path.display()));
    let text = std::str::from_utf8(&bytes).map_err(|_| none())?;
    let key = match text.trim_start().starts_with("-----BEGIN PUBLIC KEY-----") {
        true => PublicKey::from_pem(text.trim()),
        false => PublicKey::from_openssh(public_line(text).ok_or_else(none)?),
    };
    key.map_err(|error| no_key(format!("{}: {error}", path.display())))
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
