use super::*;
use crate::attestation::TrustFiles;
use crate::keys::testing::signer;
use crate::trust::Chain;
use crate::trust::testing::{Person, metadata};

fn draft(metadata: TrustMetadata) -> Draft {
    let subject = TrustFiles {
        roster: sha256(b"roster"),
        policy: sha256(b"policy"),
    };
    let number = metadata.version;
    let statement = Statement {
        subject,
        predicate: metadata,
    };
    let mut envelope = Envelope::new(statement.to_payload().unwrap());
    // An envelope without signatures can't be written, so it carries one that is worth nothing.
    envelope.add_signature("nobody", vec![0; 64]);
    Draft::parse(number, &envelope.to_bytes().unwrap())
        .unwrap()
        .unsigned()
}

const TEAM: [Person; 3] = [("ivy", &[1]), ("noor", &[2]), ("sam", &[3, 4])];

/// Version 1, signed by ivy and noor, two of three.
fn first() -> VerifiedVersion {
    let mut draft = draft(metadata(1, None, &TEAM, 2));
    draft.sign(None, &signer(1)).unwrap();
    draft.sign(None, &signer(2)).unwrap();
    draft.verified(None, &mut Keys::default()).unwrap()
}

fn next(admins: &[Person], threshold: u64) -> Draft {
    draft(metadata(2, Some(first().payload()), admins, threshold))
}

fn who(progress: &Progress) -> Vec<&str> {
    progress.who().into_iter().collect()
}

#[test]
fn admins_sign_one_after_the_other_until_both_thresholds_are_reached() {
    let before = first();
    let mut draft = next(&TEAM, 2);
    let progress = draft.progress(Some(&before)).unwrap();
    assert_eq!(
        (progress.missing(), who(&progress)),
        (2, vec!["ivy", "noor", "sam"])
    );
    draft.sign(Some(&before), &signer(3)).unwrap();
    let progress = draft.progress(Some(&before)).unwrap();
    assert_eq!(
        (progress.missing(), who(&progress)),
        (1, vec!["ivy", "noor"])
    );
    // A second key of the same person is no second person.
    draft.sign(Some(&before), &signer(4)).unwrap();
    assert_eq!(draft.progress(Some(&before)).unwrap().missing(), 1);
    assert!(matches!(
        draft.clone().verified(Some(&before), &mut Keys::default()),
        Err(TrustError::Threshold {
            have: 1,
            need: 2,
            ..
        })
    ));
    draft.sign(Some(&before), &signer(1)).unwrap();
    assert!(draft.progress(Some(&before)).unwrap().is_complete());
    assert_eq!(
        draft
            .verified(Some(&before), &mut Keys::default())
            .unwrap()
            .signed_by(),
        ["ivy", "sam"]
    );
}

#[test]
fn who_leaves_signs_for_the_version_before_and_who_joins_for_the_new_one() {
    let before = first();
    let mut draft = next(&[("ivy", &[1]), ("rin", &[5])], 2);
    draft.sign(Some(&before), &signer(5)).unwrap();
    draft.sign(Some(&before), &signer(1)).unwrap();
    // Rin is none of the admins of version 1.
    let progress = draft.progress(Some(&before)).unwrap();
    assert_eq!(progress.own.missing(), 0);
    assert_eq!(
        (progress.missing(), who(&progress)),
        (1, vec!["noor", "sam"])
    );
    draft.sign(Some(&before), &signer(2)).unwrap();
    assert!(draft.progress(Some(&before)).unwrap().is_complete());
}

#[test]
fn nobody_but_an_admin_signs() {
    let before = first();
    let mut draft = next(&TEAM, 2);
    assert!(matches!(
        draft.sign(Some(&before), &signer(9)),
        Err(IssueError::NotAdmin)
    ));
    draft.sign(Some(&before), &signer(1)).unwrap();
}

#[test]
fn copies_unite_what_verifies_and_nothing_else() {
    let before = first();
    let (mut one, mut other) = (next(&TEAM, 2), next(&TEAM, 2));
    one.sign(Some(&before), &signer(1)).unwrap();
    other.sign(Some(&before), &signer(2)).unwrap();
    // Somebody puts a bad signature under noor's name beside them, and one of a stranger.
    let mut junk = one.clone();
    let noor = signer(2).public_key().fingerprint();
    junk.envelope.add_signature(noor, vec![7; 64]);
    let stranger = signer(9);
    let signature = stranger.sign(&junk.envelope.pae()).unwrap();
    junk.envelope
        .add_signature(stranger.public_key().fingerprint(), signature);
    for order in [[&junk, &one, &other], [&other, &junk, &one]] {
        let mut whole = one.unsigned();
        for copy in order {
            whole.merge(copy, Some(&before)).unwrap();
        }
        assert_eq!(whole.envelope.signatures().len(), 2);
        assert!(whole.progress(Some(&before)).unwrap().is_complete());
    }
    // Another version of the same number gives nothing.
    let mut whole = one.unsigned();
    let mut another = next(&TEAM, 1);
    another.sign(Some(&before), &signer(1)).unwrap();
    whole.merge(&another, Some(&before)).unwrap();
    assert!(whole.envelope.signatures().is_empty());
}

#[test]
fn a_chain_ends_before_a_version_that_still_lacks_signatures() {
    let mut one = draft(metadata(1, None, &TEAM, 2));
    one.sign(None, &signer(1)).unwrap();
    one.sign(None, &signer(2)).unwrap();
    let root = one.payload();
    let before = one.clone().verified(None, &mut Keys::default()).unwrap();
    let mut two = draft(metadata(2, Some(root), &TEAM, 2));
    two.sign(Some(&before), &signer(1)).unwrap();
    let files = |two: &Draft| {
        let bytes = |draft: &Draft| draft.to_bytes().unwrap();
        [(1, bytes(&one)), (2, bytes(two))].into()
    };
    let (chain, error) = Chain::verify(&files(&two), &root).unwrap();
    assert_eq!(chain.newest(), 1);
    assert!(matches!(
        error,
        Some(TrustError::Threshold { version: 2, .. })
    ));
    two.sign(Some(&before), &signer(2)).unwrap();
    let (chain, error) = Chain::verify(&files(&two), &root).unwrap();
    assert_eq!((chain.newest(), error), (2, None));
}
