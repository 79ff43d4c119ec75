//! Verifying a timestamp: an authority's word that a signature existed.

use jiff::Timestamp;
use sigstore_verify::tsa::{Error, verify_timestamp_for_authority};
use sigstore_verify::types::{SignatureBytes, TimestampToken};

use super::error::SigstoreError;
use super::quoted;
use super::root::TrustedRoot;
use super::size;

/// By when `signature` existed, by the word of a timestamp authority of the root (RFC 3161). `token` is the
/// answer of the authority, or the token in it, in DER; it is over the signature's bytes.
///
/// It says nothing of how long before that the signature was made: anybody may have an old one stamped anew.
///
/// # Errors
/// [`SigstoreError::Timestamp`]: no authority of the root made it, for this signature, within its time.
pub fn verify_timestamp(
    token: &[u8],
    signature: &[u8],
    root: &TrustedRoot,
) -> Result<Timestamp, SigstoreError> {
    size::measure(token, size::TIMESTAMP)?;
    let token = TimestampToken::new(token.to_vec());
    stamped_at(&token, &SignatureBytes::from_bytes(signature), root)
}

/// The same for what the library read.
pub(super) fn stamped_at(
    token: &TimestampToken,
    signature: &SignatureBytes,
    root: &TrustedRoot,
) -> Result<Timestamp, SigstoreError> {
    let (mut why, mut outside) = (None, None);
    for authority in root.timestamp_authorities() {
        match verify_timestamp_for_authority(token, signature, authority) {
            Ok(time) => return Ok(time),
            Err(error @ Error::TimestampOutsideValidity { .. }) => outside = Some(error),
            Err(error) => why = Some(error),
        }
    }
    // The right authority at the wrong time tells more than that others didn't make it.
    let why = outside.or(why).map(|error| error.to_string());
    let none = || "the trusted root has no timestamp authority".to_owned();
    Err(SigstoreError::Timestamp {
        detail: quoted(&why.unwrap_or_else(none)),
    })
}

#[cfg(test)]
#[path = "timestamp_tests.rs"]
mod tests;
