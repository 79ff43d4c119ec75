//! Signing with a private instance.

use countersign::keys::{
    KeylessError, KeylessService, KeylessServices, KeylessSigner, SigstoreError, SigstoreIdentity,
    claimed_identity, verify_keyless,
};
use serde_json::{Value, json};

use crate::instance::{ISSUER, Instance, now, token};

const SUBJECT: [u8; 32] = [0x5a; 32];

fn statement(comment: &str) -> Vec<u8> {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "change", "digest": {"sha256": "5a".repeat(32)}}],
        "predicateType": "https://example.com/review/v1",
        "predicate": {"comment": comment},
    })
    .to_string()
    .into_bytes()
}

fn dev() -> Value {
    json!({"sub": "17", "email": "dev@example.com", "email_verified": true})
}

#[test]
fn a_statement_is_signed_logged_and_verified_for_a_person_and_for_a_workload() {
    let instance = Instance::start();
    let uri = "https://ci.example.com/acme/widget/.ci/release.yml@refs/heads/main";
    for (claims, identity, stamped) in [
        (dev(), "dev@example.com", false),
        (dev(), "dev@example.com", true),
        (json!({"sub": uri}), uri, true),
    ] {
        let payload = statement("Looks good.");
        let before = now();
        let signer = instance.signer(&claims, stamped);
        let signed = signer.sign(&payload, &SUBJECT, &instance.root).unwrap();
        let identity = SigstoreIdentity::new(identity, ISSUER).unwrap();
        assert_eq!(signed.identity(), &identity);
        assert_eq!(
            claimed_identity(signed.bundle()),
            Ok(Some(identity.clone()))
        );
        let bundle: Value = serde_json::from_slice(signed.bundle()).unwrap();
        let material = &bundle["verificationMaterial"];
        let stamps = &material["timestampVerificationData"]["rfc3161Timestamps"];
        assert_eq!(stamps.as_array().map_or(0, Vec::len), usize::from(stamped));
        let verified = verify_keyless(
            signed.bundle(),
            &payload,
            &SUBJECT,
            &instance.root,
            &identity,
        );
        let at = verified.unwrap();
        assert_eq!(at, signed.signed_at());
        assert!((before..=now()).contains(&at.time().as_second()));
        // Another identity, and another statement.
        let eve = SigstoreIdentity::new("eve@example.com", ISSUER).unwrap();
        let refused = verify_keyless(signed.bundle(), &payload, &SUBJECT, &instance.root, &eve);
        assert!(matches!(refused, Err(SigstoreError::OtherIdentity { .. })));
        let other = statement("Looks bad.");
        let refused = verify_keyless(signed.bundle(), &other, &SUBJECT, &instance.root, &identity);
        assert_eq!(refused, Err(SigstoreError::OtherPayload));
    }
}

#[test]
fn a_signer_waits_for_the_logs_time_where_it_is_a_little_ahead() {
    let instance = Instance::start();
    let payload = statement("Looks good.");
    let signed = |ahead: u32| {
        let rekor = instance.at(&format!("/ahead/{ahead}"));
        let services = KeylessServices::new(&instance.address, &rekor, None).unwrap();
        let signer = KeylessSigner::new(services, &token(&dev())).unwrap();
        signer.sign(&payload, &SUBJECT, &instance.root)
    };
    let before = now();
    let at = signed(3).unwrap().signed_at().time().as_second();
    assert!((before + 3..=now()).contains(&at), "{before} {at}");
}

#[test]
fn what_the_pinned_root_does_not_vouch_for_is_not_handed_out() {
    let (instance, other) = (Instance::start(), Instance::start());
    let signer = instance.signer(&dev(), true);
    let payload = statement("Looks good.");
    assert!(signer.sign(&payload, &SUBJECT, &instance.root).is_ok());
    let refused = signer.sign(&payload, &SUBJECT, &other.root).unwrap_err();
    let KeylessError::Unverified(why) = refused else {
        panic!("{refused}");
    };
    assert!(matches!(why, SigstoreError::Timestamp { .. }), "{why}");
    let refused = signer.sign(&payload, &[0; 32], &instance.root).unwrap_err();
    let KeylessError::Unverified(why) = refused else {
        panic!("{refused}");
    };
    assert!(matches!(why, SigstoreError::OtherSubject { .. }), "{why}");
}

#[test]
fn the_service_that_fails_is_named() {
    let instance = Instance::start();
    let (good, bad) = (instance.address.as_str(), instance.at("/nothing"));
    let stamps = instance.at("/api/v1/timestamp");
    for (fulcio, rekor, stamps, fails) in [
        (bad.as_str(), good, stamps.as_str(), KeylessService::Fulcio),
        (good, bad.as_str(), stamps.as_str(), KeylessService::Rekor),
        (good, good, bad.as_str(), KeylessService::Timestamps),
    ] {
        let services = KeylessServices::new(fulcio, rekor, Some(stamps)).unwrap();
        let signer = KeylessSigner::new(services, &token(&dev())).unwrap();
        let error = signer
            .sign(&statement(""), &SUBJECT, &instance.root)
            .unwrap_err();
        let KeylessError::Service {
            service, address, ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!((*service, address), (fails, &bad), "{error}");
    }
    // The statement is looked at before anything is asked for.
    let signer = instance.signer(&dev(), true);
    let error = signer.sign(b"{}", &SUBJECT, &instance.root).unwrap_err();
    assert!(matches!(error, KeylessError::Other { .. }), "{error}");
}
