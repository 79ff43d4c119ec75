//! Which statements count for one unit: verified, for this target, after its tip, not spent.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::Gate;
use super::clean::Reviewed;
use super::judge::Forms;
use super::line::{Line, Unit};
use super::memo::Verified;
use super::verdict::{StatementKind, StatementView, Undecided};
use crate::attestation::{Change, Target};
use crate::change::{ChangeDigest, ChangeManifest, CommitId, Digest, HistoryError, RepoPath};
use crate::codes::Code;
use crate::roster::PersonId;
use crate::store::{StoreError, StoredBundle};
use crate::verify::{Expected, Proof, Rejected, VerifiedStatement, verify};

/// Where a change stands on the target's line.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub digest: ChangeDigest,
    pub manifest: &'a ChangeManifest,
    /// The target's commit on which the change lands; `None` where it is the line's first.
    pub onto: Option<CommitId>,
    /// The landed units, the oldest first; none in a change check.
    pub units: &'a [Rc<Unit>],
    /// In a change check, between which commits the change stands.
    pub ends: Option<(CommitId, CommitId)>,
    /// The reviewed change over which statements may count, where this one is its clean merge.
    pub reviewed: Option<Rc<Reviewed>>,
    /// The other digests by which it could be covered: what their statements add counts too.
    pub others: Vec<ChangeDigest>,
    /// Of several units, the digests by which each alone could be covered: what their statements add counts too.
    pub of_each: Vec<ChangeDigest>,
    /// Whether it is judged by its own digest alone, whatever it is the clean merge of.
    pub forms: Forms,
}

impl<'a> Place<'a> {
    /// Where a change stands that is covered by nothing but its own digest.
    pub fn new(
        manifest: &'a ChangeManifest,
        digest: ChangeDigest,
        onto: Option<CommitId>,
        units: &'a [Rc<Unit>],
    ) -> Self {
        Self {
            digest,
            manifest,
            onto,
            units,
            ends: None,
            reviewed: None,
            others: Vec::new(),
            of_each: Vec::new(),
            forms: Forms::Any,
        }
    }

    /// Where one landed unit stands.
    pub fn of_unit(unit: &'a Rc<Unit>) -> Self {
        let units = std::slice::from_ref(unit);
        Self::new(&unit.manifest, unit.digest, unit.parent.clone(), units)
    }

    /// The digest that statements bear which may count.
    pub fn borne(&self) -> ChangeDigest {
        let reviewed = self.reviewed.as_ref();
        reviewed.map_or(self.digest, |reviewed| reviewed.digest)
    }

    /// The landed unit, where it is one.
    fn landed(&self) -> Option<&CommitId> {
        match self.units {
            [unit] => Some(&unit.commit),
            _ => None,
        }
    }

    /// Every path that is touched, even if undone inside.
    pub fn touched(&self) -> BTreeSet<RepoPath> {
        let units = self.units.iter().flat_map(|unit| unit.manifest.paths());
        self.manifest.paths().chain(units).cloned().collect()
    }
}

/// The statements found under a digest.
#[derive(Default)]
pub(super) struct Statements {
    /// Genuine statements by roster people over this change. What they add (authors, extent)
    /// counts, whether they count themselves or not.
    pub verified: Vec<VerifiedStatement>,
    /// Those of them that count, by their index in `verified`.
    pub counted: BTreeSet<usize>,
    /// Whose identities of Sigstore are claimed by files that don't verify, and by which code.
    pub unverified: BTreeSet<(Code, PersonId)>,
    /// All that was looked at.
    pub views: Vec<StatementView>,
}

impl Statements {
    pub fn counted(&self) -> impl Iterator<Item = &VerifiedStatement> {
        self.verified
            .iter()
            .enumerate()
            .filter(|(index, _)| self.counted.contains(index))
            .map(|(_, statement)| statement)
    }
}

impl Gate<'_> {
    /// Reads and judges every statement under a change's digest.
    pub(super) fn statements(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
    ) -> Result<Statements, Undecided> {
        let mut found = Statements::default();
        let mut reasons = Vec::new();
        let borne = place.borne();
        for bundle in self.bundles(&borne)? {
            match self.verified(line, &bundle, borne) {
                Ok(statement) => match self.contradiction(line, &statement) {
                    Ok(Some(why)) => found.views.push(view(
                        &statement,
                        self,
                        Some((Code::DIGEST_CONTRADICTS, why)),
                    )),
                    checked => {
                        // What can't be decided of one statement is no veto of its signer: it doesn't
                        // count, and where nothing else suffices the verdict isn't decided either.
                        let reason = checked
                            .and_then(|_| self.why_not(line, place, &statement))
                            .unwrap_or_else(|undecided| Some((undecided.code, undecided.message)));
                        reasons.push(reason);
                        found.verified.push(statement);
                    }
                },
                Err(rejected) => {
                    found.unverified.extend(self.unverified(&rejected));
                    found.views.push(rejected_view(rejected));
                }
            }
        }
        self.relate(&found.verified, &mut reasons);
        let others = place.others.iter();
        let others = others.map(|digest| (digest, "of which this is another form"));
        let of_each = place.of_each.iter();
        let of_each = of_each.map(|digest| (digest, "one unit of these"));
        for (digest, which) in others.chain(of_each) {
            for bundle in self.bundles(digest)? {
                match self.verified(line, &bundle, *digest) {
                    Ok(statement) => {
                        let why = format!("signed for {}, {which}", digest.short());
                        reasons.push(Some((Code::OTHER_FORM, why)));
                        found.verified.push(statement);
                    }
                    Err(rejected) => found.unverified.extend(self.unverified(&rejected)),
                }
            }
        }
        for (index, (statement, reason)) in found.verified.iter().zip(reasons).enumerate() {
            if reason.is_none() {
                found.counted.insert(index);
            }
            found.views.push(view(statement, self, reason));
        }
        found.views.sort_by(|one, other| {
            (one.kind, &one.signer, one.bundle).cmp(&(other.kind, &other.signer, other.bundle))
        });
        Ok(found)
    }

    /// Verifies a bundle against the judging roster and policy.
    pub fn verify(
        &self,
        bundle: &[u8],
        change: Option<ChangeDigest>,
    ) -> Result<VerifiedStatement, Rejected> {
        let repositories = self.judging.repositories();
        let expected = Expected {
            change,
            repositories: &repositories,
            now: self.now,
            sigstore: self.sigstore,
            timestamps: self.judging.policy.asks_timestamp(),
        };
        verify(bundle, &self.judging.roster, &expected)
    }

    /// Verifies a stored bundle, once in a check: anybody may store one under many changes.
    pub(super) fn genuine(&self, line: &Line<'_>, bundle: &StoredBundle) -> Rc<Verified> {
        let of = (self.judging.version.number(), bundle.name);
        line.memo.verified(of, || self.verify(&bundle.bytes, None))
    }

    /// Verifies a bundle that is stored under a change's digest.
    pub(super) fn verified(
        &self,
        line: &Line<'_>,
        bundle: &StoredBundle,
        change: ChangeDigest,
    ) -> Verified {
        let genuine = self.genuine(line, bundle);
        genuine.as_ref().clone()?.about(change)
    }

    /// The bundles stored under a digest.
    pub(super) fn bundles(&self, change: &ChangeDigest) -> Result<Vec<StoredBundle>, Undecided> {
        Ok(self.store.bundles(change, &self.store_limits)?.bundles)
    }

    /// Where the trees are here, a statement's base and head must differ by its subject (SPEC 4.7).
    fn contradiction(
        &self,
        line: &Line<'_>,
        statement: &VerifiedStatement,
    ) -> Result<Option<String>, Undecided> {
        let Change { base, head, .. } = statement.change();
        let digest = match line.digest(base, head) {
            Ok(digest) => digest,
            // Reviewed commits may be gone after a squash; then only the digest speaks.
            Err(HistoryError::Missing { .. } | HistoryError::UnknownRevision(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let differs = digest != statement.subject();
        Ok(differs.then(|| format!("{} .. {} is another change", base.short(), head.short())))
    }

    /// Why a genuine statement doesn't count at this place; `None` where it does.
    fn why_not(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        statement: &VerifiedStatement,
    ) -> Result<Option<(Code, String)>, Undecided> {
        if let Some(why) = self.outside(place, statement) {
            return Ok(Some((Code::OUTSIDE_PATHS, why)));
        }
        let change = statement.change();
        let Some(target) = self.target_of(line, place, change) else {
            let named: Vec<_> = change
                .targets
                .iter()
                .map(|target| target.name.as_str())
                .collect();
            return Ok(Some((
                Code::OTHER_TARGET,
                format!("for {}", named.join(", ")),
            )));
        };
        if let Some(landed) = &change.landed {
            // It speaks of the bytes that landed, never of what they are the merge of.
            let same = place.landed() == Some(landed) && place.reviewed.is_none();
            let why = || format!("for the landed commit {} alone", landed.short());
            return Ok(match same {
                false => Some((Code::TIP_WRONG, why())),
                true => self.no_emergency(line, place, statement),
            });
        }
        let off_line = || {
            (
                Code::TIP_WRONG,
                format!(
                    "made on {}, which is not on the line before it",
                    target.tip.short()
                ),
            )
        };
        let Some(onto) = &place.onto else {
            return Ok(Some(off_line()));
        };
        let Some(since) = line.since(&target.tip, onto)? else {
            return Ok(Some(off_line()));
        };
        if !self.is_series(line, place.units, change)? {
            let why = "the commits that it names are not those that landed one by one";
            return Ok(Some((Code::SERIES_DIFFERS, why.to_owned())));
        }
        let spent = self.spent(line, place, statement, (&target.tip, since))?;
        let why = spent.map(|spent| (Code::SPENT, spent.to_string()));
        Ok(why.or_else(|| self.no_emergency(line, place, statement)))
    }

    /// The target for which a statement may count: the judged one, or another whose line the policy accepts and on
    /// whose line the landed units lie too.
    pub(super) fn target_of<'s>(
        &self,
        line: &Line<'_>,
        place: &Place<'_>,
        change: &'s Change,
    ) -> Option<&'s Target> {
        let named = |name: &str| change.targets.iter().find(|target| target.name == name);
        if let Some(target) = named(&self.target) {
            return Some(target);
        }
        let last = &place.units.last()?.commit;
        let mut lines = self.accepted_lines.iter();
        lines.find_map(|(branch, tip)| named(branch).filter(|_| line.lies_on(last, tip)))
    }

    /// The path that keeps an automation's declaration from counting: it isn't the automation's own.
    fn outside(&self, place: &Place<'_>, statement: &VerifiedStatement) -> Option<String> {
        if !statement.is_by_automation() {
            return None;
        }
        let bot = self.judging.roster.automation(statement.signer())?;
        let touched = place.touched();
        let path = touched.iter().find(|path| !bot.owns(path))?;
        Some(format!("{path} is not a path of {}", bot.id))
    }

    /// What statements say of one another: declarations that a sign-off saw must be here, and a
    /// rejection replaces approvals of the same signer.
    fn relate(&self, verified: &[VerifiedStatement], reasons: &mut [Option<(Code, String)>]) {
        let payloads: BTreeSet<Digest> = verified
            .iter()
            .filter(|statement| statement.declaration().is_some())
            .map(VerifiedStatement::payload)
            .collect();
        // By whom, too: nobody's rejection hides that the signer replaced their own approval.
        let replaced: BTreeSet<(Digest, &str)> = verified
            .iter()
            .filter_map(|statement| Some((statement.rejection()?, statement.signer().as_str())))
            .flat_map(|(rejection, signer)| {
                rejection
                    .review
                    .replaces
                    .iter()
                    .map(move |payload| (*payload, signer))
            })
            .collect();
        for (statement, reason) in verified
            .iter()
            .zip(reasons.iter_mut())
            .filter(|(_, reason)| reason.is_none())
        {
            let Some(approval) = statement.approving() else {
                continue;
            };
            if let Some(lost) = approval
                .declarations
                .iter()
                .find(|payload| !payloads.contains(payload))
            {
                *reason = Some((
                    Code::STORE_LOST,
                    format!(
                        "the declaration {} that it saw is not in the store",
                        lost.short()
                    ),
                ));
            } else if replaced.contains(&(statement.payload(), statement.signer().as_str())) {
                *reason = Some((
                    Code::WITHDRAWN,
                    "replaced by the signer's rejection".to_owned(),
                ));
            }
        }
    }
}

impl From<StoreError> for Undecided {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::LimitReached(_) => Code::LIMIT,
            StoreError::Missing(_) => Code::OBJECT_MISSING,
            _ => Code::STORE_UNREADABLE,
        };
        Self::new(code, error.to_string())
    }
}

pub(super) fn kind(statement: &VerifiedStatement) -> StatementKind {
    if statement.declaration().is_some() {
        StatementKind::Declaration
    } else if statement.approval().is_some() {
        StatementKind::Approval
    } else if statement.emergency().is_some() {
        StatementKind::Emergency
    } else {
        StatementKind::Rejection
    }
}

fn view(
    statement: &VerifiedStatement,
    gate: &Gate<'_>,
    not_counted: Option<(Code, String)>,
) -> StatementView {
    let roster = &gate.judging.roster;
    let level = roster
        .engineer(statement.signer())
        .map(|engineer| roster.level_name(engineer.level).to_owned());
    StatementView {
        bundle: statement.bundle(),
        payload: Some(statement.payload()),
        kind: Some(kind(statement)),
        signer: Some(statement.signer().clone()),
        level,
        hint: Some(statement.fingerprint().to_owned()),
        signed_on: Some(statement.signed_on()),
        declared: statement
            .declaration()
            .and_then(|declaration| declaration.ai_assistance.declared),
        proof: statement.proof(),
        not_counted,
    }
}

fn rejected_view(rejected: Rejected) -> StatementView {
    StatementView {
        bundle: rejected.bundle,
        payload: None,
        kind: None,
        signer: rejected.signer,
        level: None,
        hint: rejected.hint,
        signed_on: None,
        declared: None,
        proof: Proof::default(),
        not_counted: Some((rejected.code, rejected.why)),
    }
}
