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
    decode_text(node, node.string_max(usize::MAX)?)
}

/// The same for at most so many bytes.
pub(super) fn decode_max(node: &Node<'_>, limit: usize) -> Result<Vec<u8>, AttestationError> {
    let text = node.string_max(usize::MAX)?;
    if text.len() > limit.div_ceil(3) * 4 {
        return Err(node.error(ErrorKind::TooLong { limit }));
    }
    let bytes = decode_text(node, text)?;
    match bytes.len() > limit {
        true => Err(node.error(ErrorKind::TooLong { limit })),
        false => Ok(bytes),
    }
}

fn decode_text(node: &Node<'_>, text: &str) -> Result<Vec<u8>, AttestationError> {
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
