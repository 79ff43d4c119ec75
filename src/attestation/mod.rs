//! Statements and what they travel in: in-toto statements, DSSE envelopes, Sigstore bundles.
//!
//! Writing goes [`Statement::to_payload`] -> [`pae`] -> a signature made elsewhere -> [`Bundle::new`].
//! Reading goes [`Bundle::parse`] -> the signature verified elsewhere over [`Bundle::pae`] ->
//! [`AnyStatement::parse`] of exactly the payload bytes that were verified. Nothing signed is ever
//! written again: [`Bundle`] keeps the bytes it was read from.
//!
//! Every reader is strict: UTF-8, no duplicate keys, limits of [`limits`] before anything is kept,
//! errors that name the JSON path. This module verifies no signature and does no I/O. SPEC section 4.

mod ai_reader;
mod base64;
mod bundle;
mod envelope;
mod error;
pub mod json;
pub mod limits;
mod node;
mod predicate;
mod statement;
mod summary;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod schema_tests;

pub use bundle::{BUNDLE_MEDIA_TYPE, Bundle};
pub use envelope::{Envelope, EnvelopeSignature, PAYLOAD_TYPE, pae};
pub use error::{AttestationError, ErrorKind};
pub use node::{Node, Object};
pub use predicate::{
    Admin, Author, AuthorRole, Change, Checkpoint, Decision, Declaration, EmergencyClaim, Excused,
    Link, PersonClaim, PolicyShown, Review, SignOff, Target, TrustMetadata,
};
pub use statement::{
    AnyStatement, DECLARATION_TYPE, Predicate, SIGN_OFF_TYPE, STATEMENT_TYPE, Statement,
    TRUST_TYPE, TrustFiles,
};
pub use summary::{ARTIFACTS, SUMMARY_TYPE, Summary};
