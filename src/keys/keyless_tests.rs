use std::net::TcpListener;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::sigstore::TrustedRoot;
use super::*;

const STATEMENT: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"change","digest":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000"}}],"predicateType":"https://example.com/review/v1","predicate":{}}"#;

fn token(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part("{\"alg\":\"none\"}"),
        part(claims),
        part("x")
    )
}

fn dev() -> String {
    token(
        r#"{"iss":"https://accounts.example.com","sub":"17","exp":9999999999,"email":"dev@example.com"}"#,
    )
}

fn nowhere() -> KeylessServices {
    KeylessServices::new("http://127.0.0.1:9", "http://127.0.0.1:9", None).unwrap()
}

fn sign(signer: &KeylessSigner) -> KeylessError {
    let root = TrustedRoot::public_good().unwrap();
    signer.sign(STATEMENT, &[0; 32], &root).unwrap_err()
}

#[test]
fn an_identity_token_goes_over_nothing_that_others_can_read() {
    for address in [
        "https://fulcio.example.com",
        "http://127.0.0.1:1",
        "http://localhost:1/x",
        "http://[::1]:1",
    ] {
        assert!(
            KeylessServices::new(address, address, Some(address)).is_ok(),
            "{address}"
        );
    }
    for address in [
        "http://fulcio.example.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://localhost.evil.example",
        "ftp://127.0.0.1",
        "fulcio.example.com",
        "",
    ] {
        let good = "https://example.com";
        for (fulcio, rekor, stamps) in [
            (address, good, good),
            (good, address, good),
            (good, good, address),
        ] {
            let refused = KeylessServices::new(fulcio, rekor, Some(stamps)).unwrap_err();
            assert!(matches!(refused, KeylessError::Address { .. }), "{address}");
        }
    }
}

#[test]
fn the_public_good_services_are_known() {
    let services = KeylessServices::public_good().unwrap();
    assert_eq!(services.fulcio(), "https://fulcio.sigstore.dev");
    assert!(
        services.rekor().ends_with(".sigstore.dev"),
        "{}",
        services.rekor()
    );
    assert!(services.timestamps().unwrap().contains(".sigstore.dev/"));
}

#[test]
fn what_is_no_token_or_an_old_one_is_refused_before_anything_is_sent() {
    assert!(KeylessSigner::new(nowhere(), &dev()).is_ok());
    for text in [
        "",
        "x",
        "a.b",
        "a.b.c",
        &token("{}"),
        &token("[]"),
        &"x".repeat(65 * 1024),
    ] {
        let refused = KeylessSigner::new(nowhere(), text).unwrap_err();
        assert!(matches!(refused, KeylessError::Token { .. }), "{text}");
    }
    let old = token(r#"{"iss":"https://accounts.example.com","sub":"17","exp":1000000000}"#);
    let refused = KeylessSigner::new(nowhere(), &old).unwrap_err();
    assert_eq!(refused, KeylessError::TokenExpired);
}

fn identities(claims: &str, named: Option<&str>) -> Vec<String> {
    let signer = KeylessSigner::new(nowhere(), &token(claims)).unwrap();
    let found = signer.identities(named).unwrap();
    found.iter().map(SigstoreIdentity::to_string).collect()
}

#[test]
fn a_token_tells_whom_the_certificate_can_be_for() {
    let signer = KeylessSigner::new(nowhere(), &dev()).unwrap();
    let expected = SigstoreIdentity::new("dev@example.com", "https://accounts.example.com");
    assert_eq!(signer.identities(None), expected.map(|it| vec![it]));
    let shown = format!("{signer:?}");
    assert!(!shown.contains(&dev()), "{shown}");
    // Of a workload it doesn't say, so it is named; the issuer is the token's all the same.
    let job = r#"{"iss":"https://ci.example.com","sub":"repo:a","exp":9999999999}"#;
    assert!(identities(job, None).is_empty());
    let named = Some("https://ci.example.com/a@main");
    let told = ["https://ci.example.com/a@main at https://ci.example.com"];
    assert_eq!(identities(job, named), told);
    let signer = KeylessSigner::new(nowhere(), &token(job)).unwrap();
    assert!(signer.identities(Some("nobody")).is_err());
}

#[test]
fn a_provider_that_asked_another_one_may_have_either_in_the_certificate() {
    let asked = |connector: &str| {
        let claims = format!(
            r#"{{"iss":"https://dex.example.com","sub":"17","exp":9999999999,"email":"dev@example.com",
                "federated_claims":{{"connector_id":"{connector}"}}}}"#
        );
        identities(&claims, None)
    };
    let own = "dev@example.com at https://dex.example.com";
    let other = "dev@example.com at https://accounts.example.com";
    assert_eq!(asked("https://accounts.example.com"), [other, own]);
    assert_eq!(asked("ldap"), [own]);
}

#[test]
fn a_token_that_expires_before_it_is_used_is_sent_nowhere() {
    let expires = jiff::Timestamp::now().as_second() + 1;
    let claims = format!(
        r#"{{"iss":"https://accounts.example.com","sub":"17","exp":{expires},"email":"dev@example.com"}}"#
    );
    let signer = KeylessSigner::new(nowhere(), &token(&claims)).unwrap();
    thread::sleep(Duration::from_millis(2100));
    assert_eq!(sign(&signer), KeylessError::TokenExpired);
}

#[test]
fn a_service_that_is_not_there_is_named() {
    // A port of which nobody else can have got hold.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let services = KeylessServices::new(&address, &address, None).unwrap();
    let error = sign(&KeylessSigner::new(services, &dev()).unwrap());
    let KeylessError::Service {
        service,
        address: named,
        ..
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!((*service, named), (KeylessService::Fulcio, &address));
}

#[test]
fn a_service_that_never_answers_ends_with_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    // Takes connections and says nothing.
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    let services = KeylessServices::new(&address, &address, None).unwrap();
    let signer = KeylessSigner::new(services, &dev()).unwrap();
    let signer = signer.with_time_limit(Duration::from_millis(300));
    assert_eq!(sign(&signer), KeylessError::TimedOut { seconds: 0 });
}
