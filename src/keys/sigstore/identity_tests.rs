use super::super::testing::{EMAIL, ISSUER, dev};
use super::*;

#[test]
fn texts_that_no_certificate_has_are_no_identity() {
    for text in [
        "",
        "dev",
        "dev@",
        "@example.com",
        "://x",
        "https://",
        "1a://x",
        "a b@c",
        "d\u{e9}v@c",
    ] {
        let refused = SigstoreIdentity::new(text, ISSUER);
        assert!(
            matches!(refused, Err(SigstoreIdentityError::Identity { .. })),
            "{text}"
        );
    }
    for text in ["", "accounts.example.com", "dev@example.com", "https://a b"] {
        let refused = SigstoreIdentity::new(EMAIL, text);
        assert!(
            matches!(refused, Err(SigstoreIdentityError::Issuer { .. })),
            "{text}"
        );
    }
    let long = format!("{}@example.com", "d".repeat(2048));
    let refused = SigstoreIdentity::new(&long, ISSUER);
    assert!(matches!(
        refused,
        Err(SigstoreIdentityError::TooLong { .. })
    ));
    assert_eq!(
        dev().to_string(),
        "dev@example.com at https://accounts.example.com"
    );
}

#[test]
fn what_a_stranger_wrote_is_shown_short_and_plain() {
    assert_eq!(quoted("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
    assert_eq!(quoted(&"x".repeat(300)).len(), 203);
}
