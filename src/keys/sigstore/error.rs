//! Why a keyless bundle does not count.

use jiff::Timestamp;
use sigstore_verify::bundle::Error as ShapeError;
use sigstore_verify::types::SignatureContent;
use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

use super::quoted;

/// Why a keyless bundle was refused. Details are a stranger's text, escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigstoreError {
    /// Larger than a bundle may be.
    #[error("a bundle of more than {limit} bytes")]
    TooLarge {
        /// The largest that is read, in bytes.
        limit: usize,
    },
    /// Not a Sigstore bundle, or a damaged one.
    #[error("not a Sigstore bundle: {detail}")]
    Malformed {
        /// Where and what.
        detail: String,
    },
    /// A bundle, but of a form that is not read.
    #[error("a Sigstore bundle that is not supported: {detail}")]
    Unsupported {
        /// What it has.
        detail: String,
    },
    /// A bundle that was signed with a key.
    #[error("the bundle has no certificate: it was signed with a key")]
    NotKeyless,
    /// More evidence than any signature needs.
    #[error("more than {limit} log entries or timestamps in one bundle")]
    TooMuchEvidence {
        /// The most of each.
        limit: usize,
    },
    /// A certificate or a timestamp that is larger than any.
    #[error("a certificate or timestamp of more than {limit} bytes")]
    TooMuchDer {
        /// The largest that is read, in bytes.
        limit: usize,
    },
    /// A set in a certificate or a timestamp that has more elements than any.
    #[error("a certificate or timestamp with a set of more than {limit} elements")]
    TooManyElements {
        /// The most that are read.
        limit: usize,
    },
    /// The envelope holds another payload than the one that was read from it.
    #[error("the envelope's payload is not the statement")]
    OtherPayload,
    /// The statement, or the entry of a log that keeps only digests (Rekor v2), is about something else.
    #[error("what was signed or logged is about something else: {detail}")]
    OtherSubject {
        /// What it has.
        detail: String,
    },
    /// The certificate is not one of the trusted root's authorities, or not for signing.
    #[error("the certificate is not trusted: {detail}")]
    Certificate {
        /// Why.
        detail: String,
    },
    /// No log of the trusted root vouches that the certificate was published.
    #[error("the certificate is in no certificate log of the trusted root: {detail}")]
    CertificateLog {
        /// Why.
        detail: String,
    },
    /// A vouched time lies outside of the certificate's.
    #[error("signed at {time}, but the certificate is from {not_before} to {not_after}")]
    OutsideCertificate {
        /// What a log or a timestamp authority says.
        time: Timestamp,
        /// When the certificate starts.
        not_before: Timestamp,
        /// When it ends.
        not_after: Timestamp,
    },
    /// The certificate is another identity's.
    #[error("the certificate is for {found}", found = .found.as_deref().unwrap_or("no identity"))]
    OtherIdentity {
        /// Whose it is.
        found: Option<String>,
    },
    /// The certificate's identity was vouched for by another issuer.
    #[error("the identity is vouched for by {found}", found = .found.as_deref().unwrap_or("no issuer"))]
    OtherIssuer {
        /// Which.
        found: Option<String>,
    },
    /// The log's evidence is missing or does not hold.
    #[error("the log does not vouch for it: {detail}")]
    Log {
        /// Why.
        detail: String,
    },
    /// The log's signed time has not come yet by this machine's clock.
    #[error("the log has it at {time}, ahead of this machine's clock")]
    AheadOfClock {
        /// The log's time.
        time: Timestamp,
    },
    /// The log vouches for something else than this envelope and certificate.
    #[error("the log entry is about another envelope: {detail}")]
    OtherLogEntry {
        /// What differs.
        detail: String,
    },
    /// A timestamp that is there does not hold.
    #[error("the timestamp does not hold: {detail}")]
    Timestamp {
        /// Why.
        detail: String,
    },
    /// The trusted root is for timestamps beside keys.
    #[error("the trusted root has timestamp authorities alone, and no certificate authority")]
    TimestampsAlone,
    /// Neither a log nor a timestamp authority says when it was signed.
    #[error("neither a log nor a timestamp authority vouches for the time of the signature")]
    NoTime,
    /// The signature is not the certificate's over this payload.
    #[error("the signature does not verify under the certificate")]
    Signature,
    /// A check was left out, which the library must never do.
    #[error("a check of the bundle was left out")]
    Incomplete,
}

impl SigstoreError {
    /// Sorts the library's reasons into ours.
    pub(super) fn from_library(error: &Error) -> Self {
        let detail = quoted(&error.to_string());
        match error {
            Error::IdentityMismatch { actual, .. } => Self::OtherIdentity {
                found: actual.as_ref().map(|name| quoted(name.as_str())),
            },
            Error::IssuerMismatch { actual, .. } => Self::OtherIssuer {
                found: actual.as_deref().map(quoted),
            },
            Error::SignatureInvalid(_) => Self::Signature,
            Error::ArtifactMismatch(_) => Self::OtherSubject { detail },
            Error::Certificate(CertificateError::Sct(_)) => Self::CertificateLog { detail },
            Error::Certificate(_) | Error::Crypto(_) => Self::Certificate { detail },
            Error::TransparencyLog(error) => match error {
                TransparencyLogError::EntryMismatch(_)
                | TransparencyLogError::MalformedEntry(_) => Self::OtherLogEntry { detail },
                _ => Self::Log { detail },
            },
            Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => Self::NoTime,
            Error::Timestamp(_) => Self::Timestamp { detail },
            Error::Bundle(
                ShapeError::MissingInclusionPromise(_)
                | ShapeError::MissingInclusionProof(_)
                | ShapeError::MissingSigningTimeEvidence
                | ShapeError::MissingCheckpoint
                | ShapeError::LogIndexOutOfRange { .. }
                | ShapeError::CheckpointRootMismatch,
            ) => Self::Log { detail },
            Error::UnsupportedBundle(_) | Error::UnsupportedArtifact(_) | Error::Bundle(_) => {
                Self::Unsupported { detail }
            }
            _ => Self::Malformed { detail },
        }
    }

    /// For a bundle whose content is not an envelope.
    pub(super) fn other_content(content: &SignatureContent) -> Self {
        let detail = match content {
            SignatureContent::MessageSignature(_) => "a bare signature, not an envelope",
            _ => "not an envelope",
        };
        Self::Unsupported {
            detail: detail.to_owned(),
        }
    }
}
