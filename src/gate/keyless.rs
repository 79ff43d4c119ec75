//! What the gate owes to statements of people who sign as identities of Sigstore: that it can check them, and that it
//! tells where one doesn't verify (SPEC 4.3).

use super::Gate;
use super::findings::bare;
use super::statements::Statements;
use super::verdict::{Effect, Finding, Next, Undecided};
use crate::codes::Code;
use crate::roster::PersonId;
use crate::verify::{Rejected, TrustedRoot};

impl Gate<'_> {
    /// Refuses to judge by a version some of whose people nothing here can check: what they rejected would be missing
    /// from every verdict.
    ///
    /// # Errors
    /// CS901: no trusted root, or one of timestamp authorities alone.
    pub(super) fn refuse_uncheckable(&self) -> Result<(), Undecided> {
        let checks = self.sigstore.is_some_and(TrustedRoot::checks_certificates);
        let Some(person) = self.judging.roster.keyless().filter(|_| !checks) else {
            return Ok(());
        };
        let lacks = match self.sigstore {
            Some(_) => "the trusted root has timestamp authorities alone",
            None => "there is no trusted root of Sigstore",
        };
        let message = format!(
            "{lacks}, so nothing that {person} signs as an identity, rejections neither, can be checked; \
             --trusted-root FILE names one with the certificate authorities of the instance"
        );
        Err(Undecided::new(Code::USAGE, message))
    }

    /// Whose identity a statement claims that doesn't verify by the trusted root, or not yet by the clock.
    pub(super) fn unverified(&self, rejected: &Rejected) -> Option<(Code, PersonId)> {
        let told = DOUBTS.iter().any(|(code, _)| *code == rejected.code);
        let hint = rejected.hint.as_deref().filter(|_| told)?;
        let person = self.judging.roster.keyless_owner(hint)?;
        Some((rejected.code, person.clone()))
    }
}

/// What is told of a statement that claims an identity and doesn't count for this.
const DOUBTS: [(Code, &str); 2] = [
    (
        Code::BAD_SIGNATURE,
        "does not verify by this trusted root: is it the right one?",
    ),
    (
        Code::SIGNED_IN_FUTURE,
        "is in the log ahead of this machine's clock: is the clock right?",
    ),
];

/// Tells of them. Anybody may store such a file, so it is never more than a warning.
pub(super) fn unverified_findings(statements: &Statements) -> impl Iterator<Item = Finding> {
    DOUBTS.iter().filter_map(|(code, doubt)| {
        let claimed = statements.unverified.iter().filter(|(of, _)| of == code);
        let people: Vec<_> = claimed.map(|(_, person)| person.as_str()).collect();
        let detail = format!(
            "a statement by the identity of {} {doubt}",
            people.join(", ")
        );
        (!people.is_empty()).then(|| Finding {
            detail: Some(detail),
            ..bare(*code, Effect::Warns, Next::Change)
        })
    })
}
