//! Asking an authority for a timestamp (RFC 3161) over a signature that a key made.
//!
//! The library's own client takes an answer of any size, so the request is written and the answer read here; what
//! it says is [`verify_timestamp`]'s to judge.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sigstore_sign::reqwest::{Client, Error};

use super::keyless::{KeylessError, KeylessService, client, private, runtime};
use super::sigstore::{TrustedRoot, quoted, verify_timestamp};

/// How long an authority may take in all.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The largest answer that is read, in bytes. Those with a chain of certificates have some 6 KiB.
const ANSWER_LIMIT: usize = 64 * 1024;

const NONCE: usize = 8;

/// A timestamp authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampService {
    address: String,
    time_limit: Duration,
}

impl TimestampService {
    /// The authority at its whole address (`https://.../api/v1/timestamp`).
    ///
    /// # Errors
    /// [`KeylessError::Address`] for plain http to another machine.
    pub fn new(address: &str) -> Result<Self, KeylessError> {
        private(address)?;
        Ok(Self {
            address: address.to_owned(),
            time_limit: TIME_LIMIT,
        })
    }

    /// Sets how long it may take; half a minute unless set.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The authority's answer for a signature, and the time in it. Blocks. Nothing but the signature's digest is sent.
    ///
    /// # Errors
    /// [`KeylessError`]. Nothing is returned that [`verify_timestamp`] does not accept against `root`.
    pub fn stamp(
        &self,
        signature: &[u8],
        root: &TrustedRoot,
    ) -> Result<(Vec<u8>, Timestamp), KeylessError> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| self.fault(&error.to_string()))?;
        let nonce = positive(nonce);
        let (runtime, client) = (runtime()?, client(None)?);
        let answer = runtime.block_on(async {
            let asked = self.ask(client, request(signature, nonce));
            tokio::time::timeout(self.time_limit, asked).await
        });
        // A name that is being looked up would hold the runtime back.
        runtime.shutdown_background();
        let late = || format!("no answer within {} seconds", self.time_limit.as_secs());
        let answer = answer
            .unwrap_or_else(|_| Err(late()))
            .map_err(|detail| self.fault(&detail))?;
        let time = verify_timestamp(&answer, signature, root)?;
        // No more than a courtesy of the authority: that the answer is for this signature was verified.
        if !answer.windows(NONCE).any(|bytes| bytes == nonce) {
            return Err(self.fault("its answer is to another request"));
        }
        Ok((answer, time))
    }

    async fn ask(&self, client: Client, request: Vec<u8>) -> Result<Vec<u8>, String> {
        let request = client
            .post(&self.address)
            .header("content-type", "application/timestamp-query")
            .body(request);
        let mut response = request.send().await.map_err(|error| causes(&error))?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status()));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| causes(&error))? {
            if answer.len() + chunk.len() > ANSWER_LIMIT {
                return Err(format!("an answer of more than {ANSWER_LIMIT} bytes"));
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    fn fault(&self, detail: &str) -> KeylessError {
        KeylessError::Service {
            service: KeylessService::Timestamps,
            address: quoted(&self.address),
            detail: quoted(detail),
        }
    }
}

/// A number that DER writes in just these bytes.
fn positive(mut nonce: [u8; NONCE]) -> [u8; NONCE] {
    if let Some(first) = nonce.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    nonce
}

/// `TimeStampReq`: version 1, SHA-256 of the signature, the nonce, and the authority's certificates are wanted.
fn request(signature: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
    // SEQUENCE { 1, SEQUENCE { SEQUENCE { sha256, NULL }, OCTET STRING of 32
    const START: [u8; 24] = [
        0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
    ];
    let digest = Sha256::digest(signature);
    [
        &START,
        digest.as_slice(),
        &[0x02, 0x08],
        &nonce,
        &[1, 1, 0xff],
    ]
    .concat()
}

/// An error with what is behind it: the outermost alone says little.
fn causes(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
#[path = "keyless_timestamps_tests.rs"]
mod tests;
