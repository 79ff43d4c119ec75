//! The ssh-agent protocol (`draft-ietf-sshm-ssh-agent`): listing keys and signing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::public::{KeyError, PublicKey};
use super::signer::{SignError, Signer, checked};
use super::socket::Socket;
use super::sshsig;
use super::wire::{BadWire, Wire, put_string};

/// The largest message in either direction, in bytes; OpenSSH's own limit.
pub(super) const MESSAGE_LIMIT: usize = 256 * 1024;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// An ssh-agent behind a Unix socket.
///
/// Every request has a connection of its own, so that a late answer is never taken for the next one.
#[derive(Debug, Clone)]
pub struct Agent {
    path: PathBuf,
    timeout: Duration,
}

/// A key that the agent holds and that can sign here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentKey {
    /// The key.
    pub key: PublicKey,
    /// What the agent calls it: not to be trusted, and to be escaped before it is shown.
    pub comment: String,
}

/// A key that the agent holds and that can't be used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// Why not: `Unsupported` with the algorithm, `Weak`, or `Malformed` where it can't be read.
    pub reason: KeyError,
    /// What the agent calls it: not to be trusted, and to be escaped before it is shown.
    pub comment: String,
}

/// The agent's keys, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identities {
    /// Those that can sign here.
    pub keys: Vec<AgentKey>,
    /// The others.
    pub skipped: Vec<SkippedKey>,
}

/// Signs through an agent; the private key never comes here.
#[derive(Debug, Clone)]
pub struct AgentSigner {
    agent: Agent,
    key: PublicKey,
}

/// Why the agent did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// There are no Unix sockets on this platform.
    #[error("ssh-agent is not supported on this platform")]
    Unsupported,
    /// Nobody listens on the socket, or it may not be opened.
    #[error("could not connect to the ssh-agent at {}: {source}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The connection broke.
    #[error("the connection to the ssh-agent broke")]
    Io(#[source] std::io::Error),
    /// The agent did not answer, or not all of it, in the given time.
    #[error("the ssh-agent did not answer in time: no touch, no confirmation, or it hangs")]
    TimedOut,
    /// The agent hung up without an answer.
    #[error("the ssh-agent closed the connection without an answer")]
    Closed,
    /// The agent hung up in the middle of its answer.
    #[error("the ssh-agent's answer is truncated")]
    Truncated,
    /// The agent said no: it does not hold the key, is locked, or its user declined.
    #[error("the ssh-agent refused")]
    Refused,
    /// The answer is too long.
    #[error("the ssh-agent's answer of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// What the agent announced, in bytes.
        length: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// What is to be signed does not fit into a request.
    #[error("a request of {length} bytes is over the ssh-agent's limit of {limit}")]
    RequestTooLong {
        /// The length of the request, in bytes.
        length: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is not one to the request.
    #[error("the ssh-agent's answer makes no sense")]
    Malformed,
}

impl From<BadWire> for AgentError {
    fn from(_: BadWire) -> Self {
        Self::Malformed
    }
}

impl Agent {
    /// Finds the agent that listens on `socket`. `timeout` is for one whole request.
    ///
    /// # Errors
    /// [`AgentError::Connect`]; [`AgentError::Unsupported`] where there are no Unix sockets.
    pub fn connect(socket: &Path, timeout: Duration) -> Result<Self, AgentError> {
        Socket::connect(socket, timeout)?;
        Ok(Self {
            path: socket.to_owned(),
            timeout,
        })
    }

    /// The keys that the agent holds.
    ///
    /// # Errors
    /// [`AgentError`].
    pub fn identities(&self) -> Result<Identities, AgentError> {
        let answer = self.exchange(&[REQUEST_IDENTITIES])?;
        let mut wire = body(&answer, IDENTITIES_ANSWER)?;
        let count = wire.u32()?;
        let mut identities = Identities::default();
        // The count is only a claim; the bytes of the answer, which are limited, end the loop.
        for _ in 0..count {
            let blob = wire.string()?;
            let comment = String::from_utf8_lossy(wire.string()?).into_owned();
            match PublicKey::from_blob(blob) {
                Ok(key) => identities.keys.push(AgentKey { key, comment }),
                // Whatever one key is, it keeps nobody from using the others.
                Err(reason) => identities.skipped.push(SkippedKey { reason, comment }),
            }
        }
        wire.finish()?;
        Ok(identities)
    }

    /// A signer for a key, with a timeout for one signature. Whether the agent holds the key shows when it signs.
    pub fn signer(&self, key: &PublicKey, timeout: Duration) -> AgentSigner {
        let path = self.path.clone();
        AgentSigner {
            agent: Self { path, timeout },
            key: key.clone(),
        }
    }

    /// Has the agent sign these bytes; its signature in SSH's form, with the name of its algorithm.
    fn signature(&self, key: &PublicKey, bytes: &[u8]) -> Result<Vec<u8>, AgentError> {
        let mut request = vec![SIGN_REQUEST];
        put_string(&mut request, key.blob())?;
        put_string(&mut request, bytes)?;
        let no_flags: u32 = 0;
        request.extend_from_slice(&no_flags.to_be_bytes());

        let answer = self.exchange(&request)?;
        let mut wire = body(&answer, SIGN_RESPONSE)?;
        let signature = wire.string()?;
        wire.finish()?;
        Ok(signature.to_vec())
    }

    /// Sends one request and returns its answer, without the length before either.
    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, AgentError> {
        if request.len() > MESSAGE_LIMIT {
            return Err(AgentError::RequestTooLong {
                length: request.len(),
                limit: MESSAGE_LIMIT,
            });
        }
        let mut frame = Vec::new();
        put_string(&mut frame, request)?;
        let socket = Socket::connect(&self.path, self.timeout)?;
        socket.send(&frame)?;

        let mut length = [0; 4];
        // Only at the very start is the end of the stream a refusal to answer.
        match socket.receive(&mut length)? {
            4 => {}
            0 => return Err(AgentError::Closed),
            _ => return Err(AgentError::Truncated),
        }
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MESSAGE_LIMIT {
            return Err(AgentError::TooLong {
                length,
                limit: MESSAGE_LIMIT,
            });
        }
        let mut answer = vec![0; length];
        if socket.receive(&mut answer)? < length {
            return Err(AgentError::Truncated);
        }
        Ok(answer)
    }
}

/// What follows the message's type, which must be `expected`.
fn body(answer: &[u8], expected: u8) -> Result<Wire<'_>, AgentError> {
    let mut wire = Wire::new(answer);
    match wire.byte()? {
        FAILURE => Err(AgentError::Refused),
        kind if kind == expected => Ok(wire),
        _ => Err(AgentError::Malformed),
    }
}

impl Signer for AgentSigner {
    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = match self.key.is_security_key() {
            true => {
                let bytes = sshsig::to_sign(message).map_err(AgentError::from)?;
                let signature = self.agent.signature(&self.key, &bytes)?;
                sshsig::wrap(&self.key, &signature).map_err(AgentError::from)?
            }
            false => {
                let signature = self.agent.signature(&self.key, message)?;
                plain(&self.key, &signature)?
            }
        };
        checked(&self.key, message, signature)
    }
}

/// What an agent signed with a key that is no security key, as an envelope has it.
fn plain(key: &PublicKey, signature: &[u8]) -> Result<Vec<u8>, AgentError> {
    let mut wire = Wire::new(signature);
    let algorithm = wire.string()?;
    let signature = wire.string()?;
    wire.finish()?;
    if algorithm != key.algorithm().as_bytes() {
        return Err(AgentError::Malformed);
    }
    let signature = key.point().to_envelope(signature);
    signature.map_err(|_| AgentError::Malformed)
}

#[cfg(test)]
#[cfg(unix)]
#[path = "agent_tests.rs"]
mod tests;
