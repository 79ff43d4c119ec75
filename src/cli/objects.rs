//! What commands print for programs: one object each, described in `schemas/output-v1.schema.json`.
//! The types are its own, so that the library's may change. The verdict's object is the library's.

use countersign::ai::Extent;
use countersign::attestation::{AnyStatement, Bundle, Decision, Target as NamedTarget};
use countersign::change::{ChangeDigest, CommitId, Digest};
use countersign::codes::{CatalogueEntry, Code};
use countersign::gate::{Assessment, Effect, Scope};
use countersign::report::{FindingObject, StatementObject};
use countersign::roster::{Engineer, Roster};
use countersign::trust::VerifiedVersion;
use serde::Serialize;

use super::Failure;
use super::session::Session;
use super::statement::Kept;

/// Why a command stopped.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorObject<'a> {
    schema: &'static str,
    code: Code,
    title: &'static str,
    message: &'a str,
    /// The rows under the error, but for the next command.
    details: Vec<Detail<'a>>,
    next: Option<&'a str>,
    /// The exit status: 1 no, 2 could not.
    exit: u8,
    tool_version: &'static str,
}

#[derive(Serialize)]
struct Detail<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> ErrorObject<'a> {
    pub fn new(failure: &'a Failure) -> Self {
        let rows = || {
            failure
                .rows
                .iter()
                .map(|(name, text)| (*name, text.as_str()))
        };
        let detail = |(name, text)| Detail { name, text };
        Self {
            schema: "https://countersign.dev/output/error/v1",
            code: failure.code,
            title: failure.code.title(),
            message: &failure.message,
            details: rows()
                .filter(|(name, _)| *name != "next")
                .map(detail)
                .collect(),
            next: rows()
                .find(|(name, _)| *name == "next")
                .map(|(_, text)| text),
            exit: failure.exit,
            tool_version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// `digest`.
#[derive(Serialize)]
pub struct DigestObject<'a> {
    pub schema: &'static str,
    pub change: ChangeDigest,
    pub base: &'a CommitId,
    pub head: &'a CommitId,
    pub files: usize,
    /// The manifest's text, with `--manifest`.
    pub manifest: Option<String>,
}

/// What of a change is missing after a command.
#[derive(Serialize)]
struct StateObject<'a> {
    result: &'static str,
    waiting: bool,
    findings: Vec<FindingObject<'a>>,
}

impl<'a> StateObject<'a> {
    fn new(session: &Session, assessment: &'a Assessment) -> Self {
        let unit = &assessment.unit;
        let scope = if session.subject.landed {
            Scope::Range
        } else {
            Scope::Change
        };
        let mut refusing = unit.findings.iter().filter(|it| it.effect != Effect::Warns);
        let findings = unit.findings.iter();
        Self {
            result: if unit.passes() { "verified" } else { "refused" },
            waiting: !unit.passes() && refusing.all(|it| it.effect == Effect::Waits),
            findings: findings
                .map(|finding| FindingObject::new(scope, unit, finding))
                .collect(),
        }
    }
}

/// What every new statement has in common.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeObject<'a> {
    change: ChangeDigest,
    target: &'a str,
    base: &'a CommitId,
    head: &'a CommitId,
    bundle: Digest,
    signer: &'a str,
    key: &'a str,
    signed_on: String,
    /// The remote that has it; null where it is only here.
    pushed_to: Option<&'a str>,
    state: StateObject<'a>,
}

impl<'a> MadeObject<'a> {
    /// The statement by `signer` that `kept` names; `after` was judged with it.
    pub fn new(
        session: &'a Session,
        after: &'a Assessment,
        signer: &'a str,
        kept: &'a Kept,
    ) -> Self {
        Self {
            change: after.unit.change,
            target: &session.target.name,
            base: &session.subject.base,
            head: &session.subject.head,
            bundle: kept.bundle,
            signer,
            key: &kept.key,
            signed_on: session.context.environment.now.to_string(),
            pushed_to: kept.place.pushed_to(),
            state: StateObject::new(session, after),
        }
    }
}

/// `declare`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclaredObject<'a> {
    pub schema: &'static str,
    pub declared: Extent,
    /// The extent that evidence shows, where it is above what was declared.
    pub contradicted_by: Option<Extent>,
    #[serde(flatten)]
    pub made: MadeObject<'a>,
}

/// `sign`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignedObject<'a> {
    pub schema: &'static str,
    pub decision: Decision,
    pub comment: Option<&'a str>,
    /// The payloads of the signer's earlier statements that it takes back.
    pub replaces: Vec<Digest>,
    #[serde(flatten)]
    pub made: MadeObject<'a>,
}

/// `show` of a change.
#[derive(Serialize)]
pub struct StatementsObject<'a> {
    schema: &'static str,
    change: ChangeDigest,
    target: &'a str,
    base: &'a CommitId,
    head: &'a CommitId,
    statements: Vec<StatementObject<'a>>,
}

impl<'a> StatementsObject<'a> {
    pub fn new(session: &'a Session, assessment: &'a Assessment) -> Self {
        let views = assessment.unit.statements.iter();
        Self {
            schema: "https://countersign.dev/output/statements/v1",
            change: assessment.unit.change,
            target: &session.target.name,
            base: &session.subject.base,
            head: &session.subject.head,
            statements: views.map(StatementObject::new).collect(),
        }
    }
}

/// `show` of a file: what it says of itself, and what verifying it said.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleObject<'a> {
    schema: &'static str,
    bundle: Digest,
    payload: Digest,
    hint: &'a str,
    kind: &'static str,
    claimed_signer: &'a str,
    signed_on: String,
    declared: Option<Extent>,
    comment: Option<&'a str>,
    interactive: Option<bool>,
    change: ChangeDigest,
    repository: &'a str,
    base: &'a CommitId,
    head: &'a CommitId,
    landed: Option<&'a CommitId>,
    targets: &'a [NamedTarget],
    check: &'static str,
    signer: Option<String>,
    code: Option<Code>,
    reason: Option<String>,
}

/// What verifying a bundle said.
pub enum Check {
    Verified { signer: String },
    Refused { code: Code, why: String },
    Unchecked,
}

impl<'a> BundleObject<'a> {
    pub fn new(bundle: &'a Bundle, statement: &'a AnyStatement, check: Check) -> Self {
        let change = statement.change();
        let (check, signer, code, reason) = match check {
            Check::Verified { signer } => ("verified", Some(signer), None, None),
            Check::Refused { code, why } => ("refused", None, Some(code), Some(why)),
            Check::Unchecked => ("unchecked", None, None, None),
        };
        let mut object = Self {
            schema: "https://countersign.dev/output/bundle/v1",
            bundle: bundle.name(),
            payload: bundle.payload_digest(),
            hint: bundle.hint(),
            kind: "declaration",
            claimed_signer: "",
            signed_on: String::new(),
            declared: None,
            comment: None,
            interactive: None,
            change: statement.change_digest(),
            repository: &change.repository,
            base: &change.base,
            head: &change.head,
            landed: change.landed.as_ref(),
            targets: &change.targets,
            check,
            signer,
            code,
            reason,
        };
        match statement {
            AnyStatement::Declaration(declaration) => {
                let predicate = &declaration.predicate;
                object.claimed_signer = &predicate.author.id;
                object.signed_on = predicate.declared_on.to_string();
                object.declared = predicate.ai_assistance.declared;
                object.comment = predicate.reason.as_deref();
            }
            AnyStatement::SignOff(sign_off) => {
                let predicate = &sign_off.predicate;
                object.kind = match predicate.review.decision {
                    Decision::Approved => "sign-off",
                    Decision::Rejected => "rejection",
                };
                object.claimed_signer = &predicate.signer.id;
                object.signed_on = predicate.signed_on.to_string();
                object.comment = predicate.review.comment.as_deref();
                object.interactive = Some(predicate.review.interactive);
            }
        }
        object
    }
}

/// `sync`.
#[derive(Serialize)]
pub struct SyncObject<'a> {
    pub schema: &'static str,
    pub remote: &'a str,
    pub sent: usize,
    pub received: usize,
    /// What the remote had lost and has again.
    pub restored: usize,
}

/// `roster list`.
#[derive(Serialize)]
pub struct RosterObject<'a> {
    schema: &'static str,
    levels: &'a [String],
    engineers: Vec<EngineerObject<'a>>,
}

#[derive(Serialize)]
struct EngineerObject<'a> {
    id: &'a str,
    name: &'a str,
    level: &'a str,
    teams: &'a [String],
    emails: &'a [String],
    admin: bool,
    keys: Vec<KeyObject>,
}

#[derive(Serialize)]
struct KeyObject {
    algorithm: String,
    fingerprint: String,
    revoked: Option<RevokedObject>,
}

#[derive(Serialize)]
struct RevokedObject {
    on: String,
    reason: String,
}

impl<'a> RosterObject<'a> {
    pub fn new(roster: &'a Roster, people: &[&'a Engineer]) -> Self {
        let key = |key: &countersign::roster::EngineerKey| KeyObject {
            algorithm: key.key.kind().to_owned(),
            fingerprint: key.key.name(),
            revoked: key.revoked.as_ref().map(|revoked| RevokedObject {
                on: revoked.on.clone(),
                reason: revoked.reason.to_string(),
            }),
        };
        let engineer = |engineer: &&'a Engineer| EngineerObject {
            id: &engineer.id,
            name: &engineer.name,
            level: roster.level_name(engineer.level),
            teams: &engineer.teams,
            emails: &engineer.emails,
            admin: roster.admins().ids.contains(&engineer.id),
            keys: engineer.keys.iter().map(key).collect(),
        };
        Self {
            schema: "https://countersign.dev/output/roster/v1",
            levels: roster.levels(),
            engineers: people.iter().map(engineer).collect(),
        }
    }
}

/// `trust log`, the newest version first.
#[derive(Serialize)]
pub struct TrustLogObject<'a> {
    schema: &'static str,
    versions: Vec<VersionObject<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionObject<'a> {
    version: u64,
    payload: Digest,
    issued_on: String,
    expires_on: String,
    signed_by: Vec<String>,
    checkpoints: Vec<CheckpointObject<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckpointObject<'a> {
    r#ref: &'a str,
    git_commit: &'a CommitId,
}

impl<'a> TrustLogObject<'a> {
    pub fn new(versions: &'a [VerifiedVersion]) -> Self {
        let version = |version: &'a VerifiedVersion| {
            let metadata = version.metadata();
            let checkpoints = metadata.checkpoints.iter();
            VersionObject {
                version: version.number(),
                payload: version.payload(),
                issued_on: metadata.issued_on.to_string(),
                expires_on: metadata.expires_on.to_string(),
                signed_by: version
                    .signed_by()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                checkpoints: checkpoints
                    .map(|checkpoint| CheckpointObject {
                        r#ref: &checkpoint.name,
                        git_commit: &checkpoint.git_commit,
                    })
                    .collect(),
            }
        };
        Self {
            schema: "https://countersign.dev/output/trust-log/v1",
            versions: versions.iter().rev().map(version).collect(),
        }
    }
}

/// `explain`.
#[derive(Serialize)]
pub struct CodesObject {
    schema: &'static str,
    codes: Vec<CodeObject>,
}

#[derive(Serialize)]
struct CodeObject {
    code: Code,
    title: &'static str,
    meaning: &'static str,
    repair: &'static str,
}

impl CodesObject {
    pub fn new(entries: &[CatalogueEntry]) -> Self {
        let code = |entry: &CatalogueEntry| CodeObject {
            code: entry.code,
            title: entry.title,
            meaning: entry.meaning,
            repair: entry.repair,
        };
        Self {
            schema: "https://countersign.dev/output/codes/v1",
            codes: entries.iter().map(code).collect(),
        }
    }
}
