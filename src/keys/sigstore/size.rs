//! How much DER of a stranger is read: parsers take the square of a set's elements (SPEC 10).

use super::error::SigstoreError;

/// The largest certificate, in bytes. Fulcio's have about one KiB.
pub(super) const CERTIFICATE: usize = 8 * 1024;
/// The largest timestamp, in bytes. Authorities write up to six KiB, with their certificates.
pub(super) const TIMESTAMP: usize = 16 * 1024;
/// The most elements of a set. Names have one, signatures a handful.
const ELEMENTS: usize = 64;
/// How deep values are looked into; parsers stop at the fields that they know.
const DEPTH: usize = 64;

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
/// The bit of a tag that says that its content is values.
const CONSTRUCTED: u8 = 0x20;

/// Refuses what is too large to be read. What is not DER is for its parser to refuse.
///
/// # Errors
/// More than `limit` bytes; a set of more than 64 elements.
pub(super) fn measure(der: &[u8], limit: usize) -> Result<(), SigstoreError> {
    if der.len() > limit {
        return Err(SigstoreError::TooMuchDer { limit });
    }
    // Each level with the bytes that are left of it, and how many elements it may still have.
    let mut levels = vec![(der, usize::MAX)];
    while let Some((rest, left)) = levels.pop() {
        let Some((tag, content, rest)) = value(rest) else {
            continue;
        };
        let Some(left) = left.checked_sub(1) else {
            return Err(SigstoreError::TooManyElements { limit: ELEMENTS });
        };
        levels.push((rest, left));
        if levels.len() < DEPTH && (tag & CONSTRUCTED != 0 || tag == OCTETS) {
            // Sets have tags of their own too, such as a signature's attributes; sequences are read once.
            let elements = if tag == SEQUENCE {
                usize::MAX
            } else {
                ELEMENTS
            };
            levels.push((content, elements));
        }
    }
    Ok(())
}

/// The first value of some DER, as tag, content and what follows it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ ..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            let mut digits = digits.iter().map(|digit| usize::from(*digit));
            let number = digits.try_fold(0_usize, |number, digit| {
                number.checked_mul(256)?.checked_add(digit)
            });
            (number?, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod tests;
