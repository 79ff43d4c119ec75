//! The verdict: what was judged, what was found, what is missing. Outputs are made from this value
//! alone; nothing is decided after it.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::ai::{AiAssistance, Extent};
use crate::change::{ChangeDigest, CommitId, Digest, HistoryError};
use crate::codes::Code;
use crate::roster::PersonId;
use crate::verify::Proof;

/// What the gate says.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What it speaks for.
    pub scope: Scope,
    /// The stage that was judged for, where one was named.
    pub stage: Option<String>,
    /// Whether everything that was judged passes.
    pub verified: bool,
    /// Refused, and declarations or sign-offs alone can still lift it.
    pub waiting: bool,
    /// The protected branch, as a full ref.
    pub target: String,
    /// Where the judged range starts; the empty tree where `None`.
    pub base: Option<CommitId>,
    /// Where it ends.
    pub head: CommitId,
    /// The signed state that judged.
    pub trust: JudgedBy,
    /// The clock that judged.
    pub now: Timestamp,
    /// The units, the oldest first. A change check has one.
    pub units: Vec<UnitVerdict>,
    /// Whether a limit ended the search for series, so that a run was not tried.
    pub search_cut_short: bool,
}

impl Verdict {
    /// How many units it speaks for; a change counts as one.
    pub fn count(&self) -> usize {
        self.units.iter().map(UnitVerdict::count).sum()
    }
}

/// What a verdict speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One change that is to land.
    Change,
    /// The units of a range.
    Range,
    /// All units of the target's line since what the admins accepted.
    Complete,
}

impl Scope {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Range => "range",
            Self::Complete => "complete",
        }
    }
}

/// The trust version and policy that judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedBy {
    /// The pinned root.
    pub root: Digest,
    /// The trust version.
    pub version: u64,
    /// SHA-256 of `policy.toml`.
    pub policy: Digest,
    /// When the version expires.
    pub expires_on: Timestamp,
    /// The policy's name of the repository.
    pub repository: String,
}

/// The verdict on one unit, or on one change.
#[derive(Debug, Clone)]
pub struct UnitVerdict {
    /// The commit; of a change, its head. Of several units, the last.
    pub commit: CommitId,
    /// The units that are judged as one, the oldest first: one but for a series and a run of trust
    /// units. Of a change, none.
    pub group: Vec<CommitId>,
    /// The first line of the commit message. Untrusted text.
    pub subject: String,
    /// The change digest.
    pub change: ChangeDigest,
    /// The reviewed change whose statements were looked at, where this one is its clean merge.
    pub reviewed: Option<ChangeDigest>,
    /// The trust version that judged it: the verdict's, or the one before it (SPEC 5.5).
    pub trust_version: u64,
    /// The number of entries.
    pub entries: usize,
    /// Who is named or proven as an author.
    pub authors: Vec<AuthorView>,
    /// How AI took part.
    pub ai: AiAssistance,
    /// The extent that rules compared with.
    pub extent: Extent,
    /// How it is covered.
    pub coverage: Coverage,
    /// The landed units that it takes back, the oldest first, where it passes for that.
    pub reverts: Vec<CommitId>,
    /// What is wrong; empty where the unit passes without a word.
    pub findings: Vec<Finding>,
    /// Every statement that was looked at, and whether it counts.
    pub statements: Vec<StatementView>,
    /// The most similar change in the store that somebody signed, where this one waits.
    pub nearest: Option<Nearest>,
}

impl UnitVerdict {
    /// How many units it speaks for; a change counts as one.
    pub fn count(&self) -> usize {
        self.group.len().max(1)
    }

    /// Whether nothing refuses the unit.
    pub fn passes(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.effect == Effect::Warns)
    }

    /// Whether it passes in an emergency, so that signatures are still to come.
    pub fn owes(&self) -> bool {
        self.debt().is_some()
    }

    /// The finding that says which signatures are still to come, where it passes in an emergency.
    pub fn debt(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        findings.find(|finding| finding.code == Code::EMERGENCY)
    }

    /// Of a statement over another form of the change, the reason for which it doesn't count there says more.
    pub(super) fn tell_own_reasons(&mut self, told: &[StatementView]) {
        let is_other = |view: &StatementView| {
            let code = view.not_counted.as_ref().map(|(code, _)| *code);
            code == Some(Code::OTHER_FORM)
        };
        for view in self.statements.iter_mut().filter(|view| is_other(view)) {
            let same = |other: &&StatementView| {
                other.bundle == view.bundle && other.not_counted.is_some() && !is_other(other)
            };
            if let Some(own) = told.iter().find(same) {
                view.not_counted.clone_from(&own.not_counted);
            }
        }
    }

    /// Orders verdicts on one unit: the less refuses, and the more counts, the better.
    pub(super) fn rank(&self) -> (usize, Reverse<usize>) {
        let refusing = self
            .findings
            .iter()
            .filter(|finding| finding.effect != Effect::Warns);
        let counted = self
            .statements
            .iter()
            .filter(|view| view.not_counted.is_none());
        (refusing.count(), Reverse(counted.count()))
    }
}

/// How a unit is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Statements bear the unit's own digest.
    Exact,
    /// Statements bear the composed digest of several units.
    Series,
    /// Statements bear the digest of a change of which the unit is the clean merge.
    CleanMerge,
    /// It takes back what landed a short while ago, and its authors declared that.
    Revert,
    /// No counted statement bears its digest, and all its paths are exempt.
    Exempt,
    /// It changes nothing.
    Empty,
    /// It introduces a trust version and nothing else.
    Trust,
    /// No counted statement bears its digest.
    None,
}

impl Coverage {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Series => "series",
            Self::CleanMerge => "clean-merge",
            Self::Revert => "revert",
            Self::Exempt => "exempt",
            Self::Empty => "empty",
            Self::Trust => "trust",
            Self::None => "none",
        }
    }
}

/// An author as shown. Names are untrusted text unless `id` is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorView {
    /// The roster's id, where the roster knows the person.
    pub id: Option<PersonId>,
    /// The name: the roster's, else the commit's.
    pub name: String,
    /// The level's name, where the roster knows the person.
    pub level: Option<String>,
    /// Whether a counted declaration proves it.
    pub proven: bool,
}

/// Whether a finding refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Refuses, and no statement lifts it.
    Refuses,
    /// Refuses until a statement lifts it.
    Waits,
    /// Only warns.
    Warns,
}

/// Something wrong with a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The code.
    pub code: Code,
    /// Whether it refuses.
    pub effect: Effect,
    /// More than the code's title says, where there is more.
    pub detail: Option<String>,
    /// What is missing, such as `1 senior above the author`.
    pub missing: Vec<String>,
    /// The rule that asks.
    pub rule: Option<RuleView>,
    /// Who could sign.
    pub who: Vec<PersonId>,
    /// The emergency that let the unit through, or no longer does.
    pub debt: Option<Debt>,
    /// What to do next.
    pub next: Next,
}

/// Signatures that an emergency put off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The incident. Untrusted text.
    pub incident: String,
    /// Who let the unit through.
    pub signer: PersonId,
    /// The last moment at which it passes without those signatures.
    pub due: Timestamp,
}

/// A rule as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView {
    /// The rule's name.
    pub name: String,
    /// Its line in `policy.toml`.
    pub line: usize,
}

/// What lifts a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Somebody signs.
    Sign,
    /// An author declares.
    Declare,
    /// An admin signs a trust version.
    TrustSign,
    /// The author changes the change.
    Change,
}

/// A statement that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementView {
    /// SHA-256 of the bundle's bytes: its name in the store.
    pub bundle: Digest,
    /// SHA-256 of the payload, by which admins withdraw a statement; `None` where it doesn't verify.
    pub payload: Option<Digest>,
    /// The kind, where the file could be read that far.
    pub kind: Option<StatementKind>,
    /// The person whose key verifies it; `None` where none does.
    pub signer: Option<PersonId>,
    /// The signer's level, where there is one.
    pub level: Option<String>,
    /// The fingerprint that the file names. A hint, nothing more.
    pub hint: Option<String>,
    /// When its signer says it was made.
    pub signed_on: Option<Timestamp>,
    /// The extent that a declaration declares.
    pub declared: Option<Extent>,
    /// What its signature proves beside that the key made it.
    pub proof: Proof,
    /// Why it doesn't count; `None` where it counts.
    pub not_counted: Option<(Code, String)>,
}

/// The kinds of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatementKind {
    /// A declaration.
    Declaration,
    /// An approving sign-off.
    Approval,
    /// A rejecting sign-off.
    Rejection,
    /// A sign-off that lets a change through in an emergency.
    Emergency,
}

impl StatementKind {
    /// The word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declaration => "declaration",
            Self::Approval => "sign-off",
            Self::Rejection => "rejection",
            Self::Emergency => "emergency",
        }
    }
}

/// A signed change that resembles the one that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Its digest.
    pub change: ChangeDigest,
    /// The kind of the statement.
    pub kind: StatementKind,
    /// Who signed it.
    pub signer: PersonId,
    /// When they say they did.
    pub signed_on: Timestamp,
    /// The paths that differ, in the manifest's encoding.
    pub differs: Vec<String>,
}

/// The gate could not decide. Exit 2, fail closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Undecided {
    /// The code.
    pub code: Code,
    /// What stood in the way.
    pub message: String,
}

impl Undecided {
    /// An undecided verdict for a reason.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl From<HistoryError> for Undecided {
    fn from(error: HistoryError) -> Self {
        let code = match &error {
            HistoryError::Shallow(_) => Code::SHALLOW,
            HistoryError::UnknownRevision(_) | HistoryError::Ambiguous { .. } => {
                Code::RANGE_UNKNOWN
            }
            HistoryError::MalformedTree { .. } | HistoryError::MalformedCommit(_) => {
                Code::MALFORMED_TREE
            }
            HistoryError::Limit(_) => Code::LIMIT,
            HistoryError::NoRepository(_) => Code::USAGE,
            _ => Code::OBJECT_MISSING,
        };
        Self::new(code, error.to_string())
    }
}
