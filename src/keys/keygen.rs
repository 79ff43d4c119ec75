//! Security keys through the `ssh-keygen` program: it knows how to talk to them, and asks for the PIN.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::public::PublicKey;
use super::signer::{SignError, Signer, checked};
use super::sshsig::{NAMESPACE, dearmor};

/// The most that `ssh-keygen` may write, in bytes: a signature has some hundreds.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// How often it is looked whether the program has ended.
const POLL: Duration = Duration::from_millis(20);

/// Signs with a security key that a private key file names, by way of `ssh-keygen -Y sign`.
#[derive(Debug, Clone)]
pub struct KeygenSigner {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
    file: PathBuf,
    key: PublicKey,
    timeout: Duration,
}

/// Why `ssh-keygen` made no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeygenError {
    /// The program could not be run.
    #[error("could not run {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It ended without a signature. What it had to say stands on stderr.
    #[error("ssh-keygen made no signature: no touch, a wrong PIN, or the security key is not here")]
    Failed,
    /// It did not end in time.
    #[error("the security key was not touched in time")]
    TimedOut,
}

impl KeygenSigner {
    /// A signer for the security key `key`, which the private key file `file` names. `program` is `ssh-keygen`, run in
    /// this environment and no other; it may write to the process's stderr and ask on its terminal. `timeout` is for one
    /// whole signature: a person has to find the key, type the PIN and touch it.
    pub fn new(
        program: PathBuf,
        environment: Vec<(OsString, OsString)>,
        file: PathBuf,
        key: PublicKey,
        timeout: Duration,
    ) -> Self {
        Self {
            program,
            environment,
            file,
            key,
            timeout,
        }
    }

    /// What the program prints: an armoured signature.
    fn armoured(&self, message: &[u8]) -> Result<Vec<u8>, KeygenError> {
        let start = |source| KeygenError::Start {
            program: self.program.clone(),
            source,
        };
        let mut child = Command::new(&self.program)
            .args(["-Y", "sign", "-n", NAMESPACE, "-f"])
            .arg(&self.file)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(start)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let message = message.to_vec();
        // Each end of the pipes in a thread of its own: neither may hold the other up, nor the deadline.
        let writer = std::thread::spawn(move || {
            // Where the program doesn't read, it says why by its status.
            stdin.map(|mut stdin| stdin.write_all(&message))
        });
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            let read = stdout.map(|out| out.take(OUTPUT_LIMIT).read_to_end(&mut text));
            read.transpose().map(|_| text)
        });
        let signed = wait(&mut child, self.timeout).map_err(start)?;
        let Some(signed) = signed else {
            return Err(KeygenError::TimedOut);
        };
        let _ = writer.join();
        match reader.join() {
            Ok(Ok(text)) if signed => Ok(text),
            _ => Err(KeygenError::Failed),
        }
    }
}

/// Whether the program ended well; `None` where it had to be ended.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<bool>> {
    // A monotonic deadline, not the time of day. No verdict depends on it.
    let deadline = Instant::now().checked_add(timeout);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

impl Signer for KeygenSigner {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = dearmor(&self.armoured(message)?).ok_or(SignError::Unverified)?;
        checked(&self.key, message, signature)
    }
}
