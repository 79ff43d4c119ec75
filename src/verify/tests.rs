use super::*;
use crate::roster::testing::full;

fn code(bundle: &str) -> Code {
    let roster = Roster::parse(&full(), "roster.toml").unwrap();
    let expected = Expected {
        change: None,
        repositories: &[],
        now: Timestamp::UNIX_EPOCH,
        sigstore: None,
        timestamps: false,
    };
    verify(bundle.as_bytes(), &roster, &expected)
        .unwrap_err()
        .code
}

#[test]
fn a_certificate_that_cannot_be_read_is_malformed_and_a_strangers_is_unknown() {
    let strangers = include_str!("../keys/testdata/sigstore/email.json");
    assert_eq!(code(strangers), Code::UNKNOWN_KEY);
    let unreadable = strangers.replacen("\"rawBytes\": \"MIIC", "\"rawBytes\": \"AAAA", 1);
    assert_ne!(unreadable, strangers);
    assert_eq!(code(&unreadable), Code::MALFORMED);
    // Of a form that the library for certificates doesn't read.
    let body = "\"canonicalizedBody\": \"";
    let no_base64 = strangers.replacen(body, &format!("{body}*"), 1);
    assert_ne!(no_base64, strangers);
    assert_eq!(code(&no_base64), Code::MALFORMED);
}
