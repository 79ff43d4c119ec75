//! A roster with everything in it, and how tests look at its mistakes.

use super::Roster;
use crate::keys::Signer as _;
use crate::keys::testing::signer;
use crate::text::TextError;

/// A public key line that depends only on `seed`.
pub(super) fn ssh(seed: u8) -> String {
    signer(seed).public_key().to_openssh()
}

/// A roster that uses the whole grammar that this version supports.
pub fn full() -> String {
    format!(
        r#"levels = ["junior", "mid", "senior"]

[[engineer]]
id = "maya"
name = "Maya Lind"
level = "junior"
teams = ["payments", "web"]
emails = ["Maya@Example.org"]
github = {{ login = "MayaL", id = 31337 }}

[[engineer.key]]
ssh = "{maya} maya@laptop"

[[engineer.key]]
ssh = "{old}"
revoked = {{ on = "2026-03-01", reason = "retired" }}

[[engineer]]
id = "linus"
name = "Linus Ek"
level = "senior"
emails = ["linus@example.org"]

[[engineer.key]]
ssh = "{linus}"

[[automation]]
id = "deps-bot"
paths = ["**/Cargo.lock"]
key = {{ ssh = "{bot}" }}

[[gate]]
id = "ci"
key = {{ ssh = "{gate}" }}

[admins]
ids = ["linus"]
threshold = 1

[[withdrawn]]
payload = "{digest}"
why = "signed by mistake"
"#,
        maya = ssh(1),
        old = ssh(2),
        linus = ssh(3),
        bot = ssh(4),
        gate = ssh(5),
        digest = "ab".repeat(32),
    )
}

#[track_caller]
pub(super) fn errors(text: &str) -> Vec<TextError> {
    Roster::parse(text, "roster.toml").unwrap_err()
}

/// Asserts that `text` is read, and that with `from` replaced by `to` it has exactly this mistake,
/// `line:column: message`.
#[track_caller]
pub(super) fn refuses(text: &str, from: &str, to: &str, told: &str) {
    Roster::parse(text, "roster.toml").unwrap();
    assert!(text.contains(from), "the twin has {from}");
    let found = errors(&text.replacen(from, to, 1));
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, [format!("roster.toml:{told}")]);
}
