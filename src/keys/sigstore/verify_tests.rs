use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::testing::{EMAIL, ISSUER, SIGNED_AT, der, dev, file, read, root};
use super::*;

fn subject() -> [u8; 32] {
    let text = read("cases.json")["subject"].as_str().unwrap().to_owned();
    let digit = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(digit)
}

fn payload(bundle: &Value) -> Vec<u8> {
    STANDARD
        .decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap())
        .unwrap()
}

/// Verifies with the payload that the bundle itself has.
fn verify(bundle: &Value, identity: &SigstoreIdentity) -> Result<SignedAt, SigstoreError> {
    verify_against(bundle, &root("root.json"), identity)
}

fn verify_against(
    bundle: &Value,
    root: &TrustedRoot,
    identity: &SigstoreIdentity,
) -> Result<SignedAt, SigstoreError> {
    let bytes = serde_json::to_vec(bundle).unwrap();
    verify_keyless(&bytes, &payload(bundle), &subject(), root, identity)
}

/// The refusal of a bundle that `change` made out of the valid one.
fn refusal(change: impl FnOnce(&mut Value)) -> SigstoreError {
    let mut bundle = read("email.json");
    assert!(verify(&bundle, &dev()).is_ok());
    change(&mut bundle);
    verify(&bundle, &dev()).unwrap_err()
}

/// The word of the folder for an outcome.
fn verdict(outcome: &Result<SignedAt, SigstoreError>) -> &'static str {
    match outcome {
        Ok(_) => "valid",
        Err(SigstoreError::NoTime) => "no time",
        Err(SigstoreError::OtherIdentity { .. }) => "other identity",
        Err(SigstoreError::OtherIssuer { .. }) => "other issuer",
        Err(SigstoreError::OutsideCertificate { .. }) => "outside the certificate",
        Err(SigstoreError::CertificateLog { .. }) => "certificate",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_bundle_is_judged_as_cases_json_says() {
    let cases = read("cases.json");
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let identity = SigstoreIdentity::new(text("identity"), text("issuer")).unwrap();
        let outcome = verify(&read(text("bundle")), &identity);
        assert_eq!(verdict(&outcome), text("verdict"), "{case}");
        if let Ok(signed) = outcome {
            let by = match signed.source() {
                TimeSource::Log => "log",
                TimeSource::TimestampAuthority => "timestamp authority",
            };
            assert_eq!(signed.time().as_second(), case["signedAt"], "{case}");
            assert_eq!(by, text("by"), "{case}");
        }
    }
}

#[test]
fn an_identity_or_issuer_that_differs_in_anything_is_another() {
    let bundle = read("email.json");
    assert!(verify(&bundle, &dev()).is_ok());
    for other in [
        "ev@example.com",
        "dev@example.co",
        "dev@example.com.",
        "DEV@example.com",
        "dev@Example.com",
        "*@example.com",
        ".*@.*",
        "dev+x@example.com",
        "mailto://dev@example.com",
    ] {
        let identity = SigstoreIdentity::new(other, ISSUER).unwrap();
        let refused = verify(&bundle, &identity).unwrap_err();
        let found = Some(EMAIL.to_owned());
        assert_eq!(refused, SigstoreError::OtherIdentity { found }, "{other}");
    }
    for other in [
        "https://accounts.example.com/",
        "https://accounts.example.co",
        "https://accounts.example.com.evil.example",
        "https://Accounts.example.com",
        "http://accounts.example.com",
        "https://*.example.com",
    ] {
        let identity = SigstoreIdentity::new(EMAIL, other).unwrap();
        let refused = verify(&bundle, &identity).unwrap_err();
        let found = Some(ISSUER.to_owned());
        assert_eq!(refused, SigstoreError::OtherIssuer { found }, "{other}");
    }
    let workflow = read("workflow.json");
    let name = "https://ci.example.com/acme/widget/.ci/release.yml@refs/heads/main";
    for (other, fits) in [
        (name.to_owned(), true),
        (format!("{name}/"), false),
        (format!("{name}2"), false),
        (name.replace("/main", "/mai"), false),
        (name.replace("heads/main", "heads/.*"), false),
    ] {
        let identity = SigstoreIdentity::new(&other, ISSUER).unwrap();
        assert_eq!(verify(&workflow, &identity).is_ok(), fits, "{other}");
    }
}

#[test]
fn a_bundle_tells_whom_it_claims_to_be_from() {
    let claim = |name: &str| claimed_identity(&std::fs::read(file(name)).unwrap());
    assert_eq!(claim("email.json"), Ok(Some(dev())));
    let workflow = claim("workflow.json").unwrap().unwrap();
    assert!(workflow.identity().ends_with("@refs/heads/main"));
    assert_eq!(workflow.issuer(), ISSUER);
    // A claim of what does not verify is one all the same.
    assert_eq!(claim("logged-late.json"), Ok(Some(dev())));
    // An address that the certificate calls a URI can't be enrolled.
    assert_eq!(claim("identity-as-uri.json"), Ok(None));
    let unread = claimed_identity(b"{}");
    assert!(matches!(unread, Err(SigstoreError::Malformed { .. })));
    assert_eq!(
        claimed_identity(&key_bundle()),
        Err(SigstoreError::NotKeyless)
    );
}

/// A bundle that a key signed.
fn key_bundle() -> Vec<u8> {
    let mut bundle = read("email.json");
    bundle["verificationMaterial"] = json!({"publicKey": {"hint": "SHA256:x"}, "tlogEntries": []});
    serde_json::to_vec(&bundle).unwrap()
}

#[test]
fn another_instance_vouches_for_nothing() {
    let bundle = read("email.json");
    assert!(verify_against(&bundle, &root("root.json"), &dev()).is_ok());
    for other in [root("root-other.json"), TrustedRoot::public_good().unwrap()] {
        let refused = verify_against(&bundle, &other, &dev()).unwrap_err();
        assert!(matches!(refused, SigstoreError::Log { .. }), "{refused}");
    }
}

/// A root that has one of its parts from another instance.
fn mixed(part: &str) -> TrustedRoot {
    let mut mixed = read("root.json");
    mixed[part] = read("root-other.json")[part].clone();
    TrustedRoot::parse(mixed.to_string().as_bytes()).unwrap()
}

#[test]
fn every_part_of_the_root_is_needed() {
    let bundle = read("stamped.json");
    assert!(verify_against(&bundle, &root("root.json"), &dev()).is_ok());
    let refused = |part| verify_against(&bundle, &mixed(part), &dev()).unwrap_err();
    let error = refused("certificateAuthorities");
    assert!(
        matches!(error, SigstoreError::Certificate { .. }),
        "{error}"
    );
    let error = refused("ctlogs");
    assert!(
        matches!(error, SigstoreError::CertificateLog { .. }),
        "{error}"
    );
    let error = refused("tlogs");
    assert!(matches!(error, SigstoreError::Log { .. }), "{error}");
    let error = refused("timestampAuthorities");
    assert!(matches!(error, SigstoreError::Timestamp { .. }), "{error}");
}

#[test]
fn the_log_must_vouch_for_this_very_envelope() {
    let again = read("again.json");
    let entries = |bundle: &Value| bundle["verificationMaterial"]["tlogEntries"].clone();
    let other = refusal(|bundle| bundle["verificationMaterial"]["tlogEntries"] = entries(&again));
    assert!(
        matches!(other, SigstoreError::OtherLogEntry { .. }),
        "{other}"
    );
    // Both entries: the own one does not make up for the foreign one.
    let both = refusal(|bundle| {
        let own = &mut bundle["verificationMaterial"]["tlogEntries"];
        own.as_array_mut().unwrap().push(entries(&again)[0].clone());
    });
    assert!(
        matches!(both, SigstoreError::OtherLogEntry { .. }),
        "{both}"
    );
    let none = refusal(|bundle| bundle["verificationMaterial"]["tlogEntries"] = json!([]));
    assert!(matches!(none, SigstoreError::Log { .. }), "{none}");
    let no_proof = refusal(|bundle| {
        let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
        entry.as_object_mut().unwrap().remove("inclusionProof");
    });
    assert!(matches!(no_proof, SigstoreError::Log { .. }), "{no_proof}");
    let no_promise = refusal(|bundle| {
        let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
        entry.as_object_mut().unwrap().remove("inclusionPromise");
    });
    assert_eq!(no_promise, SigstoreError::NoTime);
}

#[test]
fn a_payload_signature_or_certificate_of_another_envelope_is_refused() {
    let again = read("again.json");
    let signature = refusal(|bundle| {
        bundle["dsseEnvelope"]["signatures"] = again["dsseEnvelope"]["signatures"].clone();
    });
    assert_eq!(signature, SigstoreError::Signature);
    let payload = refusal(|bundle| {
        bundle["dsseEnvelope"]["payload"] = again["dsseEnvelope"]["payload"].clone();
    });
    assert_eq!(payload, SigstoreError::Signature);
    let certificate = refusal(|bundle| {
        bundle["verificationMaterial"]["certificate"] =
            again["verificationMaterial"]["certificate"].clone();
    });
    assert_eq!(certificate, SigstoreError::Signature);
    let stranger = read("identity-other.json");
    let certificate = refusal(|bundle| {
        bundle["verificationMaterial"]["certificate"] =
            stranger["verificationMaterial"]["certificate"].clone();
    });
    assert!(matches!(certificate, SigstoreError::OtherIdentity { .. }));
    let kind = refusal(|bundle| bundle["dsseEnvelope"]["payloadType"] = json!("text/plain"));
    assert!(matches!(kind, SigstoreError::Unsupported { .. }), "{kind}");
}

#[test]
fn the_payload_and_subject_are_the_callers() {
    let bundle = read("email.json");
    let bytes = serde_json::to_vec(&bundle).unwrap();
    let (root, own) = (root("root.json"), payload(&bundle));
    let run = |payload: &[u8], subject: &[u8; 32]| {
        verify_keyless(&bytes, payload, subject, &root, &dev())
    };
    assert!(run(&own, &subject()).is_ok());
    let mut other = own.clone();
    *other.last_mut().unwrap() = b' ';
    assert_eq!(run(&other, &subject()), Err(SigstoreError::OtherPayload));
    assert_eq!(run(&own[1..], &subject()), Err(SigstoreError::OtherPayload));
    let refused = run(&own, &[7; 32]).unwrap_err();
    assert!(matches!(refused, SigstoreError::OtherSubject { .. }));
}

#[test]
fn forms_that_a_store_does_not_hold_are_refused() {
    let old = refusal(|bundle| {
        bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
    });
    assert!(matches!(old, SigstoreError::Unsupported { .. }), "{old}");
    let chain = refusal(|bundle| {
        let material = bundle["verificationMaterial"].as_object_mut().unwrap();
        let certificate = material.remove("certificate").unwrap();
        material.insert(
            "x509CertificateChain".into(),
            json!({"certificates": [certificate]}),
        );
    });
    assert!(
        matches!(chain, SigstoreError::Unsupported { .. }),
        "{chain}"
    );
    let two = refusal(|bundle| {
        let signatures = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
        signatures.push(signatures[0].clone());
    });
    assert!(matches!(two, SigstoreError::Malformed { .. }), "{two}");
    let many = refusal(|bundle| {
        let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
        *entries = Value::Array(vec![entries[0].clone(); 9]);
    });
    assert_eq!(many, SigstoreError::TooMuchEvidence { limit: 8 });
    let run = |bytes: &[u8]| verify_keyless(bytes, b"", &[0; 32], &root("root.json"), &dev());
    assert_eq!(run(&key_bundle()), Err(SigstoreError::NotKeyless));
    let large = vec![b' '; 256 * 1024 + 1];
    assert_eq!(
        run(&large),
        Err(SigstoreError::TooLarge { limit: 256 * 1024 })
    );
    for bytes in [&b"{}"[..], b"", b"[", b"\xff", &[b'['; 10_000]] {
        assert!(matches!(run(bytes), Err(SigstoreError::Malformed { .. })));
    }
}

#[test]
fn the_earliest_vouched_time_counts_and_each_must_fit() {
    let signed = verify(&read("stamped.json"), &dev()).unwrap();
    assert_eq!(signed.time().as_second(), SIGNED_AT);
    let refused = verify(&read("stamped-late.json"), &dev()).unwrap_err();
    let SigstoreError::OutsideCertificate {
        time,
        not_before,
        not_after,
    } = refused
    else {
        panic!("{refused}");
    };
    assert_eq!(time.as_second(), SIGNED_AT);
    assert_eq!(not_before.as_second(), SIGNED_AT - 3600);
    assert_eq!(not_after.as_second(), SIGNED_AT - 3000);
    // Another signature's timestamp.
    let foreign = read("stamped.json")["verificationMaterial"]["timestampVerificationData"].clone();
    let refused = refusal(|bundle| {
        bundle["verificationMaterial"]["timestampVerificationData"] = foreign;
    });
    assert!(
        matches!(refused, SigstoreError::Timestamp { .. }),
        "{refused}"
    );
}

/// Where each string of a bundle stands.
fn strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                strings(item, format!("{path}/{at}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                strings(field, format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Another text of the same kind: another byte in the middle, another number.
fn altered(text: &str) -> String {
    if let Ok(number) = text.parse::<u64>() {
        return (number + 1).to_string();
    }
    let mut bytes = text.as_bytes().to_vec();
    let plain = |bytes: &[u8]| bytes.iter().position(u8::is_ascii_alphanumeric);
    // The end of a checkpoint names who signed it, which is not signed.
    let start = if text.contains('\n') {
        0
    } else {
        text.len() / 2
    };
    let Some(at) = plain(&bytes[start..]).map(|at| start + at) else {
        return "x".to_owned();
    };
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn nothing_in_a_bundle_can_be_altered() {
    // With the caller's payload kept, as a store's reader would have it from elsewhere.
    for name in ["email.json", "stamped.json"] {
        let bundle = read(name);
        let mut paths = Vec::new();
        strings(&bundle, String::new(), &mut paths);
        let mut survived = Vec::new();
        for path in &paths {
            let mut other = bundle.clone();
            let at = other.pointer_mut(path).unwrap();
            *at = json!(altered(at.as_str().unwrap()));
            if verify(&other, &dev()).is_ok() {
                survived.push(path.as_str());
            }
        }
        assert!(paths.len() >= 16, "{paths:?}");
        // A hint that decides nothing.
        assert_eq!(survived, ["/dsseEnvelope/signatures/0/keyid"], "{name}");
    }
}

#[test]
fn damaged_bundles_are_refused_and_never_end_the_program() {
    let bundle = std::fs::read(file("stamped.json")).unwrap();
    let own = payload(&read("stamped.json"));
    let (root, subject) = (root("root.json"), subject());
    let end = bundle.iter().rposition(|byte| *byte == b'}').unwrap();
    for at in 0..=end {
        let run = |bytes: &[u8]| verify_keyless(bytes, &own, &subject, &root, &dev());
        assert!(run(&bundle[..at]).is_err(), "{at}");
        let shorter = [&bundle[..at], &bundle[at + 1..]].concat();
        let _ = (claimed_identity(&shorter), run(&shorter));
    }
    let der = STANDARD
        .decode(
            read("stamped.json")["verificationMaterial"]["certificate"]["rawBytes"]
                .as_str()
                .unwrap(),
        )
        .unwrap();
    for at in 0..der.len() {
        let mut other = der.clone();
        other[at] ^= 0xff;
        let mut changed = read("stamped.json");
        changed["verificationMaterial"]["certificate"]["rawBytes"] = json!(STANDARD.encode(&other));
        let bytes = serde_json::to_vec(&changed).unwrap();
        let _ = claimed_identity(&bytes);
        assert!(
            verify_keyless(&bytes, &own, &subject, &root, &dev()).is_err(),
            "{at}"
        );
    }
}

#[test]
fn what_is_larger_than_any_certificate_or_timestamp_is_not_read() {
    let large = STANDARD.encode(der(0x04, &[7; 20_000]));
    let many = STANDARD.encode(der(0x31, &[[0x05, 0x00]; 65].concat()));
    for (der, told) in [(&large, "bytes"), (&many, "a set of more than 64 elements")] {
        let mut bundle = read("email.json");
        bundle["verificationMaterial"]["certificate"]["rawBytes"] = json!(der);
        let bytes = serde_json::to_vec(&bundle).unwrap();
        let refused = claimed_identity(&bytes).unwrap_err();
        assert!(refused.to_string().ends_with(told), "{refused}");
        let mut bundle = read("stamped.json");
        assert!(verify(&bundle, &dev()).is_ok());
        let stamps = &mut bundle["verificationMaterial"]["timestampVerificationData"];
        stamps["rfc3161Timestamps"][0]["signedTimestamp"] = json!(der);
        let refused = verify(&bundle, &dev()).unwrap_err();
        assert!(refused.to_string().ends_with(told), "{refused}");
    }
}

#[test]
fn a_time_that_no_log_signed_is_not_taken_for_one_ahead() {
    let refused = refusal(|bundle| {
        bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = json!("9999999999");
    });
    assert!(matches!(refused, SigstoreError::Log { .. }), "{refused}");
}
