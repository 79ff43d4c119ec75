//! The agent's socket, with one deadline over all of a request.

use std::path::Path;
use std::time::Duration;

use super::agent::AgentError;

#[cfg(unix)]
pub(super) use unix::Socket;

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind, Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::time::Instant;

    use super::{AgentError, Duration, Path};

    /// A connection for one request and its answer.
    pub(in super::super) struct Socket {
        stream: UnixStream,
        // A monotonic deadline, not the time of day: a timeout on each read alone would let an
        // agent that sends a byte at a time hold us for days. No verdict depends on it.
        deadline: Option<Instant>,
    }

    impl Socket {
        pub(in super::super) fn connect(
            path: &Path,
            timeout: Duration,
        ) -> Result<Self, AgentError> {
            let stream = UnixStream::connect(path).map_err(|source| AgentError::Connect {
                path: path.to_owned(),
                source,
            })?;
            // A timeout that is too long for the clock means to wait for ever.
            let deadline = Instant::now().checked_add(timeout);
            Ok(Self { stream, deadline })
        }

        pub(in super::super) fn send(&self, mut bytes: &[u8]) -> Result<(), AgentError> {
            while !bytes.is_empty() {
                self.stream
                    .set_write_timeout(self.remaining()?)
                    .map_err(AgentError::Io)?;
                let sent = match (&self.stream).write(bytes) {
                    Ok(0) => return Err(AgentError::Closed),
                    Ok(sent) => sent,
                    Err(error) => match failure(error) {
                        Some(error) => return Err(error),
                        None => continue,
                    },
                };
                bytes = bytes.get(sent..).unwrap_or_default();
            }
            Ok(())
        }

        /// Fills the buffer and returns how many bytes came before the end of the stream.
        pub(in super::super) fn receive(&self, buffer: &mut [u8]) -> Result<usize, AgentError> {
            let mut filled = 0;
            while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                self.stream
                    .set_read_timeout(self.remaining()?)
                    .map_err(AgentError::Io)?;
                match (&self.stream).read(rest) {
                    Ok(0) => break,
                    Ok(read) => filled += read,
                    // The agent closed with our request unread: an end like any other.
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                    Err(error) => {
                        if let Some(error) = failure(error) {
                            return Err(error);
                        }
                    }
                }
            }
            Ok(filled)
        }

        fn remaining(&self) -> Result<Option<Duration>, AgentError> {
            let Some(deadline) = self.deadline else {
                return Ok(None);
            };
            match deadline.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => Ok(Some(left)),
                _ => Err(AgentError::TimedOut),
            }
        }
    }

    /// What a failed read or write means; `None` to try again.
    fn failure(error: io::Error) -> Option<AgentError> {
        match error.kind() {
            ErrorKind::Interrupted => None,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Some(AgentError::TimedOut),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Some(AgentError::Closed),
            _ => Some(AgentError::Io(error)),
        }
    }
}

/// Where there are no Unix sockets there is no connection either.
#[cfg(not(unix))]
pub(super) enum Socket {}

#[cfg(not(unix))]
impl Socket {
    pub(super) fn connect(_: &Path, _: Duration) -> Result<Self, AgentError> {
        Err(AgentError::Unsupported)
    }

    pub(super) fn send(&self, _: &[u8]) -> Result<(), AgentError> {
        match *self {}
    }

    pub(super) fn receive(&self, _: &mut [u8]) -> Result<usize, AgentError> {
        match *self {}
    }
}
