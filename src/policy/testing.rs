//! Policies with everything in them, and how tests look at their mistakes.

use super::Policy;

/// A policy that this version evaluates whole.
pub(super) const FULL: &str = r#"repository = "example.org/pay"
aliases = ["example.org/old"]
protected = ["refs/heads/main", "refs/heads/release/1.x"]
undeclared = "generated"
clean_merge = false
checkpoints = ["admins"]
store = "refs/countersign/attestations"

[default]
require = { declaration = true }
enforce = "warn"

[[rule]]
name = "below senior"
paths = ["src/**", "*.toml"]
except_paths = ["src/gen/**"]
when = { ai = "assisted", author_below = "senior", author = "unproven" }
require = { signers = 2, level = "senior", above_author = true, team = "web", teams = ["a", "b"], declaration = true }
clean_merge = false

[[rule]]
name = "crypto"
paths = ["crates/crypto/**"]
when = { ai = "generated" }
forbid = "write this by hand"
enforce = "block"
"#;

/// A policy with all that this version reads and can't evaluate.
pub(super) const LATER: &str = r#"repository = "example.org/pay"
protected = ["refs/heads/main", "refs/heads/next"]
exempt = ["docs/**"]
clean_merge = true
checkpoints = ["admins", "gate"]

[default]

[[rule]]
name = "later"
when = { tool = "Cursor", model = "gpt", author = "agent", blast_radius = "high", lines_over = 400, files_over = 0, stage = "global" }
require = { presence = true, user_verification = true, timestamp = true, max_age = "30d" }

[revert]
window = "72h"

[emergency]
ids = ["ana"]
teams = ["oncall"]
level = "senior"
author = true
follow_up = "3d"

[accept_line_of]
"refs/heads/main" = ["refs/heads/next"]

[[ai.rule]]
id = "house-bot"
tool = "House bot"
addresses = ["bot@example.org"]
trailers = [{ key = "House-Session" }]
"#;

/// A policy of one rule whose `require` is `require`.
pub(super) fn with_require(require: &str) -> String {
    format!(
        "repository = \"r\"\nprotected = [\"refs/heads/main\"]\n[default]\n[[rule]]\nname = \"x\"\nrequire = {require}\n"
    )
}

/// The mistakes of a text that is refused.
pub(super) fn told(text: &str) -> Vec<String> {
    let errors = Policy::parse(text, "policy.toml").unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

/// Asserts that `text` is read, and that with `from` replaced by `to` it has exactly this mistake,
/// `line:column: message`.
#[track_caller]
pub(super) fn refuses(text: &str, from: &str, to: &str, wanted: &str) {
    Policy::parse(text, "policy.toml").unwrap();
    assert!(text.contains(from), "the twin has {from}");
    let found = told(&text.replacen(from, to, 1));
    assert_eq!(found, [format!("policy.toml:{wanted}")]);
}
