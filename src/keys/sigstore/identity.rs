//! Whom a keyless signature may come from.

use std::fmt;

use sigstore_verify::{IdentityMatcher, SubjectAltName};

use super::quoted;

/// The longest identity or issuer, in bytes.
const LIMIT: usize = 2048;

/// An identity at an issuer, both exactly as the certificate has them.
///
/// The identity is an e-mail address (`dev@example.com`) or a URI
/// (`https://github.com/owner/repository/.github/workflows/release.yml@refs/heads/main`); its text says
/// which, and the other kind never matches. Nothing in it is a pattern, and case counts: what differs in
/// one byte is somebody else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigstoreIdentity {
    identity: String,
    issuer: String,
}

/// Why a text can't be an identity or an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigstoreIdentityError {
    /// Longer than any.
    #[error("an identity or issuer of more than {limit} bytes")]
    TooLong {
        /// The longest, in bytes.
        limit: usize,
    },
    /// Not an e-mail address and not a URI.
    #[error("\"{text}\" is neither an e-mail address nor a URI with its scheme")]
    Identity {
        /// The text, escaped.
        text: String,
    },
    /// Not a URI.
    #[error(
        "the issuer \"{text}\" is not a URI with its scheme, such as https://accounts.example.com"
    )]
    Issuer {
        /// The text, escaped.
        text: String,
    },
}

impl SigstoreIdentity {
    /// Takes the two texts as they are; nothing is trimmed or normalised.
    ///
    /// # Errors
    /// [`SigstoreIdentityError`] for a text that no certificate can have.
    pub fn new(identity: &str, issuer: &str) -> Result<Self, SigstoreIdentityError> {
        if identity.len().max(issuer.len()) > LIMIT {
            return Err(SigstoreIdentityError::TooLong { limit: LIMIT });
        }
        if !is_uri(identity) && !is_email(identity) {
            return Err(SigstoreIdentityError::Identity {
                text: quoted(identity),
            });
        }
        if !is_uri(issuer) {
            return Err(SigstoreIdentityError::Issuer {
                text: quoted(issuer),
            });
        }
        Ok(Self {
            identity: identity.to_owned(),
            issuer: issuer.to_owned(),
        })
    }

    /// The identity that a certificate states, if it is one that can be enrolled.
    pub(super) fn of_certificate(name: &SubjectAltName, issuer: &str) -> Option<Self> {
        let found = Self::new(name.as_str(), issuer).ok()?;
        // The text must imply the kind that the certificate gives it.
        found.matcher().matches(name).then_some(found)
    }

    /// The e-mail address or URI.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The identity, where it is an e-mail address.
    pub fn mailbox(&self) -> Option<&str> {
        (!is_uri(&self.identity)).then_some(&*self.identity)
    }

    /// The URI of the OpenID issuer that vouched for it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What the certificate must have: the kind that the text implies, and exactly the text.
    pub(super) fn matcher(&self) -> IdentityMatcher {
        if is_uri(&self.identity) {
            IdentityMatcher::Uri(self.identity.clone())
        } else {
            IdentityMatcher::Email(self.identity.clone())
        }
    }
}

impl fmt::Display for SigstoreIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.identity, self.issuer)
    }
}

/// Whether it is `scheme://` and more, in printable ASCII: what a certificate's URI holds.
fn is_uri(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && is_graphic(rest)
    })
}

/// Whether it has a local part and a domain, in printable ASCII, and is no URI.
fn is_email(text: &str) -> bool {
    is_graphic(text)
        && !text.contains("://")
        && text
            .rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

fn is_graphic(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
