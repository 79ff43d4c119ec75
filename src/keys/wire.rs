//! The SSH wire encoding (RFC 4251 section 5): big-endian integers and length-prefixed strings.

/// The bytes end before the value does, or the value is too long for its length field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadWire;

/// Reads values off the front of a byte slice; never allocates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], BadWire> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(BadWire)?;
        self.0 = rest;
        Ok(head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BadWire> {
        self.take(1)?.first().copied().ok_or(BadWire)
    }

    pub(super) fn u32(&mut self) -> Result<u32, BadWire> {
        let bytes: [u8; 4] = self.take(4)?.try_into().map_err(|_| BadWire)?;
        Ok(u32::from_be_bytes(bytes))
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], BadWire> {
        let length = usize::try_from(self.u32()?).map_err(|_| BadWire)?;
        self.take(length)
    }

    /// Fails where bytes are left over.
    pub(super) fn finish(self) -> Result<(), BadWire> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(BadWire)
        }
    }
}

/// Appends a length-prefixed string.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), BadWire> {
    let length = u32::try_from(bytes.len()).map_err(|_| BadWire)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}
