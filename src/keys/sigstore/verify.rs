//! Verifying a keyless bundle.

use jiff::Timestamp;
use sigstore_verify::crypto::parse_certificate_info;
use sigstore_verify::types::bundle::{MediaType, VerificationMaterialContent};
use sigstore_verify::types::{Bundle, DsseEnvelope, Sha256Hash, SignatureContent};
use sigstore_verify::{
    CertificateError, Error, TransparencyLogError, VerificationPolicy, VerificationResult,
};

use super::error::SigstoreError;
use super::identity::SigstoreIdentity;
use super::quoted;
use super::root::TrustedRoot;
use super::size;
use super::timestamp::stamped_at;

/// The largest bundle in bytes (SPEC 4.3).
const BUNDLE_LIMIT: usize = 256 * 1024;

/// The most log entries, and the most timestamps. Clients write one of each; checking one takes up to a
/// millisecond, and whoever can write to a store could repeat one hundreds of times.
const EVIDENCE_LIMIT: usize = 8;

/// When a keyless signature existed, by the word of a log or a timestamp authority; never the signer's.
///
/// Only [`verify_keyless`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedAt {
    time: Timestamp,
    source: TimeSource,
}

/// Who vouches for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeSource {
    /// The transparency log's signed promise.
    Log,
    /// A timestamp authority (RFC 3161).
    TimestampAuthority,
}

impl SignedAt {
    /// The earliest vouched time: by then, the signature existed.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// Who vouches for it.
    pub fn source(&self) -> TimeSource {
        self.source
    }
}

/// Verifies a bundle v0.3 of at most 256 KiB, signed by `identity` without a key of its own, offline.
///
/// `payload` is the statement that the caller read from the bundle, byte for byte, and `subject` the
/// SHA-256 that one of its subjects must have. All of this must hold (nothing can be switched off):
///
/// * the certificate comes from an authority of the root, is for signing, is in a certificate log of the
///   root, and was valid at every time that is vouched for;
/// * its identity and issuer are exactly `identity`, and of the kind that its text implies;
/// * each log entry's proof, checkpoint and promise hold under a log's key of the root, at least one has a
///   proof, and each is about this payload, signature and certificate;
/// * each timestamp holds under an authority of the root; at least one promise or timestamp gives a time;
/// * the signature is the certificate's over the payload, with the payload type of in-toto.
///
/// The library asks the system's clock for one thing: a log's time that is in the future is refused, by however
/// little ([`SigstoreError::AheadOfClock`]).
///
/// # Errors
/// [`SigstoreError`].
pub fn verify_keyless(
    bundle: &[u8],
    payload: &[u8],
    subject: &[u8; 32],
    root: &TrustedRoot,
    identity: &SigstoreIdentity,
) -> Result<SignedAt, SigstoreError> {
    let bundle = parse(bundle)?;
    let envelope = shape(&bundle)?;
    // The caller's parser and the library's must have read the same.
    if envelope.payload.as_bytes() != payload {
        return Err(SigstoreError::OtherPayload);
    }
    let verifier = root.verifier().ok_or(SigstoreError::TimestampsAlone)?;
    let policy = VerificationPolicy::new(identity.matcher(), identity.issuer());
    let subject = Sha256Hash::new(*subject);
    match verifier.verify(subject, &bundle, &policy) {
        Ok(result) => signed_at(&bundle, &result),
        Err(error) => Err(outside_certificate(&bundle, root, &error)
            .or_else(|| ahead_of_clock(&bundle, &error))
            .unwrap_or_else(|| SigstoreError::from_library(&error))),
    }
}

/// Which identity a bundle's certificate states: a claim, of which nothing was checked.
///
/// `None` where that is one that can't be enrolled, or there is none.
///
/// # Errors
/// No bundle, one without a certificate, or a certificate that can't be read.
pub fn claimed_identity(bundle: &[u8]) -> Result<Option<SigstoreIdentity>, SigstoreError> {
    let bundle = parse(bundle)?;
    let certificate = bundle
        .signing_certificate()
        .ok_or(SigstoreError::NotKeyless)?;
    let certificate =
        parse_certificate_info(certificate).map_err(|error| malformed(&error.to_string()))?;
    let (identity, issuer) = (certificate.identity.as_ref(), certificate.issuer.as_deref());
    let claimed = identity.zip(issuer);
    Ok(claimed.and_then(|(identity, issuer)| SigstoreIdentity::of_certificate(identity, issuer)))
}

fn malformed(detail: &str) -> SigstoreError {
    SigstoreError::Malformed {
        detail: quoted(detail),
    }
}

fn parse(bytes: &[u8]) -> Result<Bundle, SigstoreError> {
    if bytes.len() > BUNDLE_LIMIT {
        return Err(SigstoreError::TooLarge {
            limit: BUNDLE_LIMIT,
        });
    }
    let text = str::from_utf8(bytes).map_err(|error| malformed(&error.to_string()))?;
    let bundle = Bundle::from_json(text).map_err(|error| malformed(&error.to_string()))?;
    // Before anything of it is read: its certificate says whom to verify it as, so anybody's is parsed.
    if let Some(certificate) = bundle.signing_certificate() {
        size::measure(certificate.as_bytes(), size::CERTIFICATE)?;
    }
    let stamps = &bundle.verification_material.timestamp_verification_data;
    for stamp in &stamps.rfc3161_timestamps {
        size::measure(stamp.signed_timestamp.as_bytes(), size::TIMESTAMP)?;
    }
    Ok(bundle)
}

/// Refuses the forms that the library reads and a store does not hold (SPEC 4.3), and gives the envelope.
fn shape(bundle: &Bundle) -> Result<&DsseEnvelope, SigstoreError> {
    if bundle.media_type() != MediaType::Bundle0_3 {
        return Err(SigstoreError::Unsupported {
            detail: bundle.media_type().as_str().to_owned(),
        });
    }
    let material = &bundle.verification_material;
    if matches!(material.content, VerificationMaterialContent::PublicKey(_)) {
        return Err(SigstoreError::NotKeyless);
    }
    let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
    if material.tlog_entries.len().max(timestamps.len()) > EVIDENCE_LIMIT {
        return Err(SigstoreError::TooMuchEvidence {
            limit: EVIDENCE_LIMIT,
        });
    }
    match &bundle.content {
        SignatureContent::DsseEnvelope(envelope) => Ok(envelope),
        other => Err(SigstoreError::other_content(other)),
    }
}

/// The earliest of the vouched times, once more after a look at what was checked.
fn signed_at(bundle: &Bundle, result: &VerificationResult) -> Result<SignedAt, SigstoreError> {
    let complete = result.certificate_verified()
        && result.sct_verified()
        && result.tlog_verified()
        && result.identity_policy_checked()
        && bundle.has_inclusion_proof();
    let earliest = result.verified_timestamps().iter().min();
    let (true, Some(time)) = (complete, earliest) else {
        return Err(SigstoreError::Incomplete);
    };
    let source = if result.integrated_time() == Some(*time) {
        TimeSource::Log
    } else {
        TimeSource::TimestampAuthority
    };
    Ok(SignedAt {
        time: *time,
        source,
    })
}

/// The refusal for a time that is not the certificate's, which the library tells in words alone.
///
/// Only explains: the bundle is refused whatever this finds.
fn outside_certificate(
    bundle: &Bundle,
    root: &TrustedRoot,
    error: &Error,
) -> Option<SigstoreError> {
    let Error::Certificate(
        CertificateError::ChainInvalid(_)
        | CertificateError::NotYetValid { .. }
        | CertificateError::Expired { .. },
    ) = error
    else {
        return None;
    };
    let certificate = parse_certificate_info(bundle.signing_certificate()?).ok()?;
    let (not_before, not_after) = (certificate.not_before, certificate.not_after);
    let time = times(bundle, root)
        .into_iter()
        .find(|time| *time < not_before || *time > not_after)?;
    Some(SigstoreError::OutsideCertificate {
        time,
        not_before,
        not_after,
    })
}

/// The refusal for a log's time that has not come yet, of which the library tells once the log's signature over it holds.
///
/// Nothing more was verified then: whoever knows an entry of that time can put it into a bundle of their own.
fn ahead_of_clock(bundle: &Bundle, error: &Error) -> Option<SigstoreError> {
    let Error::TransparencyLog(TransparencyLogError::IntegratedTime(why)) = error else {
        return None;
    };
    if !why.contains("in the future") {
        return None;
    }
    let time = promised(bundle).max()?;
    Some(SigstoreError::AheadOfClock { time })
}

/// The times that a bundle's promises state.
fn promised(bundle: &Bundle) -> impl Iterator<Item = Timestamp> {
    let entries = bundle.verification_material.tlog_entries.iter();
    let promised = entries.filter(|entry| entry.inclusion_promise.is_some());
    promised.filter_map(|entry| entry.integrated_time)
}

/// The times that a bundle's promises state and its timestamps hold for.
fn times(bundle: &Bundle, root: &TrustedRoot) -> Vec<Timestamp> {
    let material = &bundle.verification_material;
    let promised = promised(bundle);
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        return promised.collect();
    };
    let stamped = material
        .timestamp_verification_data
        .rfc3161_timestamps
        .iter()
        .filter_map(|stamp| {
            let (token, signature) = (&stamp.signed_timestamp, &envelope.signature.sig);
            stamped_at(token, signature, root).ok()
        });
    promised.chain(stamped).collect()
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
