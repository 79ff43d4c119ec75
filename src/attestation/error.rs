//! Why bytes are not the attestation they should be.

/// Why bytes were refused, and where in their JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {kind}")]
pub struct AttestationError {
    /// The JSON path, such as `$.predicate.review.decision`. `$` is the whole document: the bundle, the
    /// envelope or the statement, whichever was read. Printable ASCII, since keys are escaped.
    pub path: String,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// What is wrong with an attestation's bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The document has more bytes than its kind may have.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The document is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The document is not JSON.
    #[error("not JSON (line {line}, column {column})")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in bytes.
        column: usize,
    },
    /// Something other than white space follows the document.
    #[error("data after the end of the document")]
    TrailingData,
    /// Objects and arrays lie deeper inside each other than allowed.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest level allowed.
        limit: usize,
    },
    /// An object has a key twice.
    #[error("the key stands twice")]
    DuplicateKey,
    /// The value cannot be written as JSON.
    #[error("cannot be written as JSON")]
    Unwritable,
    /// A required field is absent.
    #[error("missing")]
    Missing,
    /// A field that the format does not know stands where it allows no others.
    #[error("an unknown field")]
    UnknownField,
    /// The JSON type is another.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// The type that belongs there.
        expected: &'static str,
        /// The type that stands there.
        found: &'static str,
    },
    /// The type is right, the value is not one of those allowed.
    #[error("expected {expected}")]
    BadValue {
        /// What belongs there.
        expected: &'static str,
    },
    /// A string has more bytes than allowed.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes of UTF-8.
        limit: usize,
    },
    /// An array has more elements than allowed.
    #[error("more than {limit} elements")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// An array names the same thing twice where each may stand once.
    #[error("named twice")]
    Repeated,
    /// Base64 in the URL-safe alphabet, which DSSE allows and countersign refuses (SPEC 4.3).
    #[error("URL-safe base64, expected the standard alphabet")]
    UrlSafeBase64,
    /// Not canonical standard base64: an unknown character, white space, wrong padding, bits left over.
    #[error("not canonical base64")]
    BadBase64,
    /// The bundle's media type is another.
    #[error("not a Sigstore bundle of version 0.3")]
    MediaType,
    /// The envelope's payload type is another.
    #[error("not an in-toto payload")]
    PayloadType,
    /// The number of signatures is not the one that the format asks.
    #[error("{found} signatures, expected {expected}")]
    SignatureCount {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: &'static str,
    },
    /// The bundle has a chain of certificates, or a certificate beside a key: not the form of version 0.3.
    #[error("not one certificate, or one key")]
    Certificates,
    /// The bundle of a key carries transparency log entries.
    #[error("transparency log entries beside a key are not supported")]
    LogEntries,
    /// `_type` is not in-toto Statement v1.
    #[error("not an in-toto statement of version 1")]
    StatementType,
    /// The statement is of another kind than the one asked for.
    #[error("a statement of another kind: {found:?}")]
    PredicateType {
        /// The predicate type found, untrusted text: escape it before showing it.
        found: String,
    },
    /// The statement has not exactly the subjects of its kind.
    #[error("{found} subjects, expected {expected}")]
    SubjectCount {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A subject has not exactly one digest.
    #[error("{found} digests, expected exactly one, sha256")]
    DigestCount {
        /// How many there are.
        found: usize,
    },
}
