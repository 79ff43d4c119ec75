//! Keyless signatures of Sigstore: a short-lived certificate instead of a key that somebody keeps.
//!
//! A certificate authority (Fulcio) says which identity at which issuer held the key, a log (Rekor) or a
//! timestamp authority says when it signed. [`verify_keyless`] checks all of it against a pinned
//! [`TrustedRoot`], offline, and answers with the time: [`SignedAt`].
//!
//! [`verify_timestamp`] checks an authority's word on a signature that a key made.
//!
//! Who is meant is a [`SigstoreIdentity`], compared byte for byte. [`claimed_identity`] reads which one a
//! bundle claims, for messages and to find whom to verify it as.

mod error;
mod identity;
mod root;
mod size;
#[cfg(test)]
mod testing;
mod timestamp;
mod verify;

pub use error::SigstoreError;
pub use identity::{SigstoreIdentity, SigstoreIdentityError};
pub use root::{TrustedRoot, TrustedRootError};
pub use timestamp::verify_timestamp;
pub use verify::{SignedAt, TimeSource, claimed_identity, verify_keyless};

/// The most characters of a stranger's text that an error repeats.
const TEXT_LIMIT: usize = 200;

/// A stranger's text for a message: short, and nothing in it that moves a cursor.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(TEXT_LIMIT) {
        if character.is_ascii_graphic() || character == ' ' {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    if text.chars().nth(TEXT_LIMIT).is_some() {
        shown.push_str("...");
    }
    shown
}
