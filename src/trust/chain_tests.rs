use super::*;
use crate::attestation::{Envelope, Statement, TrustFiles};
use crate::change::sha256;
use crate::keys::Signer as _;
use crate::keys::testing::signer;
use crate::trust::testing::{Person, metadata};

const IVY: Person = ("ivy", &[1]);
const NOOR: Person = ("noor", &[2]);
const SAM: Person = ("sam", &[3, 4]);

/// An envelope over the metadata, signed with the keys of these seeds.
fn sealed(metadata: TrustMetadata, seeds: &[u8]) -> Vec<u8> {
    let subject = TrustFiles {
        roster: sha256(b"roster"),
        policy: sha256(b"policy"),
    };
    let mut envelope = Envelope::new(
        Statement {
            subject,
            predicate: metadata,
        }
        .to_payload()
        .unwrap(),
    );
    for seed in seeds {
        let signer = signer(*seed);
        let signature = signer.sign(&envelope.pae()).unwrap();
        envelope.add_signature(signer.public_key().fingerprint(), signature);
    }
    envelope.to_bytes().unwrap()
}

fn digest(envelope: &[u8]) -> Digest {
    Envelope::parse(envelope).unwrap().payload_digest()
}

fn files(envelopes: &[&[u8]]) -> BTreeMap<u64, Vec<u8>> {
    (1..)
        .zip(envelopes.iter().map(|bytes| bytes.to_vec()))
        .collect()
}

/// The chain's length, and what ended it.
fn verify(envelopes: &[&[u8]]) -> Result<(u64, Option<TrustError>), TrustError> {
    let root = digest(envelopes[0]);
    Chain::verify(&files(envelopes), &root).map(|(chain, error)| (chain.newest(), error))
}

/// Version 1 by ivy alone, and a version 2 with these admins, threshold and signatures.
fn second(admins: &[Person], threshold: u64, seeds: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let first = sealed(metadata(1, None, &[IVY], 1), &[1]);
    let second = sealed(metadata(2, Some(digest(&first)), admins, threshold), seeds);
    (first, second)
}

#[test]
fn a_version_signed_by_both_thresholds_follows() {
    let (first, second) = second(&[NOOR], 1, &[1, 2]);
    assert_eq!(verify(&[&first, &second]), Ok((2, None)));
}

#[test]
fn a_version_signed_only_by_its_own_admins_does_not_follow() {
    let (first, second) = second(&[NOOR], 1, &[2]);
    let error = TrustError::Threshold {
        version: 2,
        have: 0,
        need: 1,
        whose: Whose::Previous,
    };
    assert_eq!(verify(&[&first, &second]), Ok((1, Some(error))));
}

#[test]
fn a_version_signed_only_by_the_admins_before_does_not_follow() {
    let (first, second) = second(&[NOOR], 1, &[1]);
    let error = TrustError::Threshold {
        version: 2,
        have: 0,
        need: 1,
        whose: Whose::Own,
    };
    assert_eq!(verify(&[&first, &second]), Ok((1, Some(error))));
}

#[test]
fn one_person_with_two_keys_or_one_signature_twice_counts_once() {
    let short = sealed(metadata(1, None, &[SAM, IVY], 2), &[3, 4, 3]);
    let error = TrustError::Threshold {
        version: 1,
        have: 1,
        need: 2,
        whose: Whose::Own,
    };
    assert_eq!(verify(&[&short]), Err(error));
    let twin = sealed(metadata(1, None, &[SAM, IVY], 2), &[3, 1]);
    assert_eq!(verify(&[&twin]), Ok((1, None)));
}

#[test]
fn a_key_of_two_admins_and_an_admin_twice_are_refused() {
    let shared = sealed(metadata(1, None, &[IVY, ("noor", &[1])], 1), &[1]);
    let what = signer(1).public_key().fingerprint();
    assert_eq!(
        verify(&[&shared]),
        Err(TrustError::Twice { version: 1, what })
    );
    let twin = sealed(metadata(1, None, &[IVY, NOOR], 1), &[1]);
    assert_eq!(verify(&[&twin]), Ok((1, None)));
}

#[test]
fn a_signature_under_another_admins_key_id_counts_for_nobody() {
    let mut envelope = Envelope::parse(&sealed(metadata(1, None, &[IVY, NOOR], 1), &[9])).unwrap();
    let forged = signer(9).sign(&envelope.pae()).unwrap();
    envelope.add_signature(signer(1).public_key().fingerprint(), forged);
    let bytes = envelope.to_bytes().unwrap();
    let error = TrustError::Threshold {
        version: 1,
        have: 0,
        need: 1,
        whose: Whose::Own,
    };
    assert_eq!(verify(&[&bytes]), Err(error));
}

#[test]
fn another_root_and_no_version_are_refused() {
    let first = sealed(metadata(1, None, &[IVY], 1), &[1]);
    let pinned = sha256(b"another");
    let found = digest(&first);
    let refused = Chain::verify(&files(&[&first]), &pinned).unwrap_err();
    assert_eq!(refused, TrustError::RootDiffers { found, pinned });
    assert_eq!(
        Chain::verify(&BTreeMap::new(), &pinned).unwrap_err(),
        TrustError::NoVersions
    );
}

#[test]
fn gaps_other_predecessors_and_wrong_numbers_end_the_chain() {
    let (first, second) = second(&[IVY], 1, &[1]);
    let third = sealed(metadata(3, Some(digest(&second)), &[IVY], 1), &[1]);
    let root = digest(&first);
    let gap = BTreeMap::from([(1, first.clone()), (3, third.clone())]);
    assert_eq!(
        Chain::verify(&gap, &root).unwrap().1,
        Some(TrustError::Gap(2))
    );
    let skipping = sealed(metadata(2, Some(sha256(b"x")), &[IVY], 1), &[1]);
    assert_eq!(
        verify(&[&first, &skipping]),
        Ok((1, Some(TrustError::WrongPrevious(2))))
    );
    let misnamed = verify(&[&first, &third]).unwrap().1;
    assert_eq!(
        misnamed,
        Some(TrustError::WrongNumber { file: 2, found: 3 })
    );
    assert_eq!(verify(&[&first, &second, &third]), Ok((3, None)));
}

#[test]
fn bytes_that_are_no_envelope_end_the_chain() {
    let first = sealed(metadata(1, None, &[IVY], 1), &[1]);
    let (_, error) = verify(&[&first, b"{}"]).unwrap();
    assert!(
        matches!(error, Some(TrustError::Malformed { version: 2, .. })),
        "{error:?}"
    );
}
