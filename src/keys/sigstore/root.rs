//! What a Sigstore instance's signatures are checked against.

use std::fmt;

use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{
    SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot as Parsed, TsaAuthority,
};

use super::quoted;

/// The largest trusted root that is read, in bytes. The public good instance's has 7 KiB.
const LIMIT: usize = 1024 * 1024;

/// What every media type of a trusted root starts with, whatever its version.
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot";

/// The certificate authorities, logs and timestamp authorities of one Sigstore instance, or timestamp
/// authorities alone: pinned, never taken from a bundle, a store or the network.
pub struct TrustedRoot {
    /// What checks certificates, where it has what they are checked against.
    verifier: Option<Verifier>,
    authorities: Vec<TsaAuthority>,
}

/// Why a file is no trusted root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedRootError {
    /// Larger than any trusted root.
    #[error("a trusted root of more than {limit} bytes")]
    TooLarge {
        /// The largest that is read, in bytes.
        limit: usize,
    },
    /// Not a `trusted_root.json`.
    #[error("not a Sigstore trusted root (trusted_root.json): {detail}")]
    Malformed {
        /// Where and what, escaped.
        detail: String,
    },
    /// A key or a certificate in it can't be used.
    #[error("a trusted root that can't be used: {detail}")]
    Unusable {
        /// Which and why, escaped.
        detail: String,
    },
    /// Nothing could ever be verified against it.
    #[error("a trusted root without a {part}: no keyless signature can be verified against it")]
    Lacks {
        /// What is missing.
        part: &'static str,
    },
}

impl TrustedRoot {
    /// Reads a `trusted_root.json` of at most 1 MiB.
    ///
    /// A root of timestamp authorities alone verifies timestamps beside keys, and no certificate.
    ///
    /// # Errors
    /// [`TrustedRootError`]; also for a root with some, but not all, of certificate authority, certificate log
    /// and transparency log, against which every certificate would fail, and for one that has nothing at all.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustedRootError> {
        if bytes.len() > LIMIT {
            return Err(TrustedRootError::TooLarge { limit: LIMIT });
        }
        let malformed = |detail: &str| TrustedRootError::Malformed {
            detail: quoted(detail),
        };
        let text = str::from_utf8(bytes).map_err(|error| malformed(&error.to_string()))?;
        let parsed = Parsed::from_json(text).map_err(|error| malformed(&error.to_string()))?;
        if !parsed.media_type.starts_with(MEDIA_TYPE) {
            return Err(malformed(&format!(
                "its mediaType is {}",
                parsed.media_type
            )));
        }
        let parts = [
            (
                parsed.certificate_authorities.len(),
                "certificate authority",
            ),
            (parsed.ctlogs.len(), "certificate transparency log"),
            (parsed.tlogs.len(), "transparency log"),
        ];
        let authorities = parsed.tsa_authorities();
        // A root that lost a part is damaged; one that never had any of them is for timestamps.
        let timestamps_alone =
            !authorities.is_empty() && parts.iter().all(|(count, _)| *count == 0);
        let lacking = parts.iter().find(|(count, _)| *count == 0);
        if let Some((_, part)) = lacking.filter(|_| !timestamps_alone) {
            return Err(TrustedRootError::Lacks { part });
        }
        let verifier = Verifier::new(&parsed).map_err(|error| TrustedRootError::Unusable {
            detail: quoted(&error.to_string()),
        })?;
        Ok(Self {
            verifier: (!timestamps_alone).then_some(verifier),
            authorities,
        })
    }

    /// The public good instance's (`fulcio.sigstore.dev`, `rekor.sigstore.dev`), as it was when this
    /// version of countersign was made.
    ///
    /// # Errors
    /// Never in a build whose tests pass.
    pub fn public_good() -> Result<Self, TrustedRootError> {
        Self::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes())
    }

    /// Whether certificates can be checked against it: not against one of timestamp authorities alone.
    pub fn checks_certificates(&self) -> bool {
        self.verifier.is_some()
    }

    /// What checks bundles against it; `None` of timestamp authorities alone.
    pub(super) fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_ref()
    }

    /// Its timestamp authorities.
    pub(super) fn timestamp_authorities(&self) -> &[TsaAuthority] {
        &self.authorities
    }
}

impl fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedRoot").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "root_tests.rs"]
mod tests;
