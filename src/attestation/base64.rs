//! Standard base64 with one spelling for every value: padded, no white space, no bits left over.
//!
//! DSSE lets verifiers accept the URL-safe alphabet too. countersign refuses it, with an error of its
//! own, so that one signed payload has one text (SPEC 4.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::{AttestationError, ErrorKind};
use super::node::Node;

/// Decodes the string at `node`; its length is bounded by the document's.
pub(super) fn decode(node: &Node<'_>) -> Result<Vec<u8>, AttestationError> {
    let text = node.string_max(usize::MAX)?;
    STANDARD.decode(text).map_err(|_| {
        node.error(if text.contains(['-', '_']) {
            ErrorKind::UrlSafeBase64
        } else {
            ErrorKind::BadBase64
        })
    })
}

/// Encodes `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
