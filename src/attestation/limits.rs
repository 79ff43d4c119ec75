//! The limits of what is read. Lengths are in bytes of UTF-8; each is inclusive. SPEC 4.4.

/// A Sigstore bundle.
pub const BUNDLE_BYTES: usize = 256 * 1024;
/// A DSSE envelope of trust metadata.
pub const ENVELOPE_BYTES: usize = 1024 * 1024;
/// The payload of a declaration or sign-off: what a bundle can hold in base64.
pub const PAYLOAD_BYTES: usize = BUNDLE_BYTES / 4 * 3;
/// The payload of trust metadata: what an envelope can hold in base64.
pub const TRUST_PAYLOAD_BYTES: usize = ENVELOPE_BYTES / 4 * 3;
/// Objects and arrays inside each other, the document's own object counted.
pub const DEPTH: usize = 32;

/// Any string without a limit of its own.
pub const STRING_BYTES: usize = 4 * 1024;
/// A reviewer's comment.
pub const COMMENT_BYTES: usize = 16 * 1024;
/// The id of a person or an agent, a rule's name, a key's fingerprint.
pub const ID_BYTES: usize = 256;

/// Signatures of an envelope.
pub const SIGNATURES: usize = 64;
/// Timestamps of a bundle. Signers get one; checking one takes up to a millisecond.
pub const TIMESTAMPS: usize = 8;
/// The certificate of an identity, and a timestamp, decoded: several times what authorities write.
pub const CERTIFICATE_BYTES: usize = 8 * 1024;
/// See [`CERTIFICATE_BYTES`].
pub const TIMESTAMP_BYTES: usize = 16 * 1024;
/// Targets of a change.
pub const TARGETS: usize = 64;
/// Reviewed commits of a change: so many that a statement with them still fits a bundle.
pub const COMMITS: usize = 2_000;
/// Authors of a change.
pub const AUTHORS: usize = 2_000;
/// Declarations that a sign-off was shown, and statements that it replaces.
pub const PAYLOADS: usize = 256;
/// Links to review evidence.
pub const LINKS: usize = 256;
/// Tickets of a declaration.
pub const TICKETS: usize = 256;
/// Agents, and contradictions, of an `aiAssistance`.
pub const AGENTS: usize = 1_000;
/// Files of an `aiAssistance`.
pub const FILES: usize = 1_000;
/// Ranges of lines of one file.
pub const LINE_RANGES: usize = 10_000;
/// Pieces of evidence of an `aiAssistance`.
pub const EVIDENCE: usize = 1_000;

/// Admins of a trust version.
pub const ADMINS: usize = 64;
/// Keys of one admin.
pub const ADMIN_KEYS: usize = 16;
/// Checkpoints of a trust version.
pub const CHECKPOINTS: usize = 256;
/// Excused commits of a trust version.
pub const EXCUSED: usize = 1_000;
