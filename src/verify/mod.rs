//! Bytes and a roster in, verified facts or reasons out. Pure: no policy, no I/O, no clock.
//!
//! [`verify`] makes every check of a statement that needs nothing but the roster and the policy's
//! names, in one function, whatever way its bytes came (SPEC 4.6). A [`VerifiedStatement`] comes out
//! of it and from nowhere else. What depends on a line of history (target, tip, spent) is the gate's.

mod summary;

use jiff::Timestamp;

pub use summary::{ExpectedSummary, VerifiedSummary, verify_summary};

use crate::ai::{Agent, Extent};
use crate::attestation::{
    AnyStatement, AttestationError, Author, Bundle, Change, Decision, Declaration, EmergencyClaim,
    SignOff,
};
use crate::change::{ChangeDigest, Digest, sha256};
use crate::codes::Code;
pub use crate::keys::{Proof, TrustedRoot};
use crate::keys::{
    SignatureError, SigstoreError, claimed_identity, verify_keyless, verify_timestamp,
};
use crate::roster::{Credential, PersonId, Revocation, Roster};

/// How far ahead of the gate's clock a statement may say it was signed, in seconds.
pub const MAX_AHEAD_SECONDS: i64 = 300;

/// What a statement is compared with.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The change under whose digest it was found; `None` where any will do.
    pub change: Option<ChangeDigest>,
    /// The repository's names: the policy's `repository` and `aliases`.
    pub repositories: &'a [String],
    /// The gate's clock.
    pub now: Timestamp,
    /// What certificates of Sigstore, and timestamps, are checked against; without it none counts.
    pub sigstore: Option<&'a TrustedRoot>,
    /// Whether timestamps beside keys are looked at: where a rule asks for one.
    pub timestamps: bool,
}

/// A statement whose signature, signer, subject, repository and time were checked.
#[derive(Debug, Clone)]
pub struct VerifiedStatement {
    bundle: Digest,
    payload: Digest,
    change: ChangeDigest,
    signer: PersonId,
    automation: bool,
    fingerprint: String,
    proof: Proof,
    /// When it was made, or by when, by the word of a log or an authority.
    vouched: Option<Timestamp>,
    /// Whether the signer says no more than that: the certificate lived for minutes.
    keyless: bool,
    content: Content,
}

/// What a verified statement says.
#[derive(Debug, Clone)]
pub enum Content {
    /// How AI took part, by an author.
    Declaration(Box<Declaration>),
    /// A reviewer's decision.
    SignOff(Box<SignOff>),
}

/// A statement that was looked at and does not count, with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// SHA-256 of the file's bytes.
    pub bundle: Digest,
    /// The fingerprint that the file names: a hint.
    pub hint: Option<String>,
    /// The person whose key verifies it, where one does.
    pub signer: Option<PersonId>,
    /// The code.
    pub code: Code,
    /// Why, in a few words. Holds untrusted text.
    pub why: String,
}

impl VerifiedStatement {
    /// SHA-256 of the bundle's bytes: its name in the store.
    pub fn bundle(&self) -> Digest {
        self.bundle
    }

    /// SHA-256 of the signed payload: by which other statements name it.
    pub fn payload(&self) -> Digest {
        self.payload
    }

    /// The change that it is about.
    pub fn subject(&self) -> ChangeDigest {
        self.change
    }

    /// The person whose key verifies it, or the automation.
    pub fn signer(&self) -> &PersonId {
        &self.signer
    }

    /// Whether an automation's key verifies it: never a person's word, and never a sign-off.
    pub fn is_by_automation(&self) -> bool {
        self.automation
    }

    /// The name of that key: its fingerprint, or the identity in its place.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What its signature proves beside that the key made it.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The change as the statement describes it.
    pub fn change(&self) -> &Change {
        match &self.content {
            Content::Declaration(declaration) => &declaration.change,
            Content::SignOff(sign_off) => &sign_off.change,
        }
    }

    /// Whom the statement names as authors.
    pub fn authors(&self) -> &[Author] {
        match &self.content {
            Content::Declaration(declaration) => &declaration.authors,
            Content::SignOff(sign_off) => &sign_off.authors,
        }
    }

    /// The statement, if it is about this change: that under whose digest it was found (SPEC 4.6).
    ///
    /// # Errors
    /// CS203: it is about another.
    pub fn about(self, change: ChangeDigest) -> Result<Self, Rejected> {
        if self.change == change {
            return Ok(self);
        }
        Err(Rejected {
            bundle: self.bundle,
            code: Code::EARLIER_CHANGE,
            why: format!("of another change, {}", self.change.short()),
            hint: Some(self.fingerprint),
            signer: Some(self.signer),
        })
    }

    /// When it was made (SPEC 4.8): as its signer says, but of a certificate by the word of a log or an authority, and
    /// of a key no later than an authority's word. Anybody may have an old signature of a key stamped anew, so that word
    /// makes none younger.
    pub fn signed_on(&self) -> Timestamp {
        let claimed = match &self.content {
            Content::Declaration(declaration) => declaration.declared_on,
            Content::SignOff(sign_off) => sign_off.signed_on,
        };
        match self.vouched {
            Some(vouched) if self.keyless => vouched,
            Some(vouched) => vouched.min(claimed),
            None => claimed,
        }
    }

    /// The extent of AI use that it carries: what was declared or what its evidence shows, whichever is more.
    pub fn extent(&self) -> Option<Extent> {
        match &self.content {
            Content::Declaration(declaration) => declaration.ai_assistance.extent,
            Content::SignOff(sign_off) => sign_off.ai_assistance.extent,
        }
    }

    /// The agents that it names.
    pub fn agents(&self) -> &[Agent] {
        match &self.content {
            Content::Declaration(declaration) => &declaration.ai_assistance.agents,
            Content::SignOff(sign_off) => &sign_off.ai_assistance.agents,
        }
    }

    /// The sign-off, if it is an approval. One for an emergency approves nothing: it lets through.
    pub fn approval(&self) -> Option<&SignOff> {
        self.approving()
            .filter(|sign_off| sign_off.emergency.is_none())
    }

    /// What it says of the emergency, if it lets the change through in one.
    pub fn emergency(&self) -> Option<&EmergencyClaim> {
        self.approving()?.emergency.as_ref()
    }

    /// The sign-off, if it approves or lets through.
    pub fn approving(&self) -> Option<&SignOff> {
        match &self.content {
            Content::SignOff(sign_off) if sign_off.review.decision == Decision::Approved => {
                Some(sign_off)
            }
            _ => None,
        }
    }

    /// The sign-off, if it is a rejection.
    pub fn rejection(&self) -> Option<&SignOff> {
        match &self.content {
            Content::SignOff(sign_off) if sign_off.review.decision == Decision::Rejected => {
                Some(sign_off)
            }
            _ => None,
        }
    }

    /// The declaration, if it is one.
    pub fn declaration(&self) -> Option<&Declaration> {
        match &self.content {
            Content::Declaration(declaration) => Some(declaration),
            Content::SignOff(_) => None,
        }
    }
}

/// Verifies a bundle. The only way to a [`VerifiedStatement`].
///
/// # Errors
/// [`Rejected`] says why the statement doesn't count; nothing that is refused is an error of the gate.
pub fn verify(
    bytes: &[u8],
    roster: &Roster,
    expected: &Expected<'_>,
) -> Result<VerifiedStatement, Rejected> {
    let mut rejected = Rejected {
        bundle: sha256(bytes),
        hint: None,
        signer: None,
        code: Code::MALFORMED,
        why: String::new(),
    };
    match checked(bytes, roster, expected, &mut rejected) {
        Ok(statement) => match expected.change {
            Some(change) => statement.about(change),
            None => Ok(statement),
        },
        Err((code, why)) => Err(Rejected {
            code,
            why,
            ..rejected
        }),
    }
}

type Refusal = (Code, String);

fn malformed(error: &AttestationError) -> Refusal {
    (Code::MALFORMED, error.to_string())
}

/// Whose key a fingerprint names.
struct Owner<'r> {
    id: &'r PersonId,
    key: &'r Credential,
    revoked: Option<&'r Revocation>,
    automation: bool,
}

impl<'r> Owner<'r> {
    fn of(roster: &'r Roster, hint: &str) -> Result<Self, Refusal> {
        let person = roster.key(hint).map(|(engineer, key)| Self {
            id: &engineer.id,
            key: &key.key,
            revoked: key.revoked.as_ref(),
            automation: false,
        });
        let automation = || {
            roster.automation_key(hint).map(|bot| Self {
                id: &bot.id,
                key: &bot.key,
                revoked: None,
                automation: true,
            })
        };
        let unknown = || (Code::UNKNOWN_KEY, "key unknown to the roster".to_owned());
        person.or_else(automation).ok_or_else(unknown)
    }
}

/// Why a signature isn't taken for the owner's.
fn unsigned(owner: &Owner<'_>, error: &SignatureError) -> Refusal {
    let id = owner.id;
    match error {
        SignatureError::Invalid => (
            Code::BAD_SIGNATURE,
            format!("the key of {id} does not verify it"),
        ),
        SignatureError::NoTouch => (Code::NO_PRESENCE, format!("by {id}'s key: {error}")),
        _ => (Code::BAD_SIGNATURE, format!("by {id}'s key: {error}")),
    }
}

/// Whose signature it is, what it proves, and when it was made by a word other than the signer's.
type Signed<'r> = (Owner<'r>, Proof, Option<Timestamp>);

fn by_key<'r>(
    bundle: &Bundle,
    roster: &'r Roster,
    expected: &Expected<'_>,
    seen: &mut Rejected,
) -> Result<Signed<'r>, Refusal> {
    seen.hint = Some(bundle.hint().to_owned());
    // The hint says which key to try; whose statement it is, that key alone decides.
    let owner = Owner::of(roster, bundle.hint())?;
    let unknown = || (Code::UNKNOWN_KEY, "an identity, not a key".to_owned());
    let key = owner.key.key().ok_or_else(unknown)?;
    let proof = key
        .verify(&bundle.pae(), bundle.signature())
        .map_err(|error| unsigned(&owner, &error))?;
    let stamped = stamped(bundle, expected);
    let proof = Proof {
        timestamp: stamped.is_some(),
        ..proof
    };
    Ok((owner, proof, stamped))
}

/// The earliest time by which a key's signature existed, by the word of an authority (SPEC 4.8).
///
/// A timestamp that says nothing is passed over: anybody may put one beside a genuine signature, which must neither help
/// nor harm it.
fn stamped(bundle: &Bundle, expected: &Expected<'_>) -> Option<Timestamp> {
    let root = expected.sigstore.filter(|_| expected.timestamps)?;
    let tokens = bundle.timestamps().iter();
    let times = tokens.filter_map(|token| verify_timestamp(token, bundle.signature(), root).ok());
    times
        .filter(|time| ahead(*time, expected) <= MAX_AHEAD_SECONDS)
        .min()
}

/// How far a time lies ahead of the gate's clock, in seconds.
fn ahead(time: Timestamp, expected: &Expected<'_>) -> i64 {
    time.as_second() - expected.now.as_second()
}

fn by_certificate<'r>(
    bundle: &Bundle,
    roster: &'r Roster,
    expected: &Expected<'_>,
    seen: &mut Rejected,
) -> Result<Signed<'r>, Refusal> {
    let claimed = claimed_identity(bundle.as_bytes())
        .map_err(|error| (Code::MALFORMED, error.to_string()))?;
    let claimed = claimed.ok_or_else(|| {
        let why = "a certificate without an identity that can be enrolled";
        (Code::UNKNOWN_KEY, why.to_owned())
    })?;
    seen.hint = Some(claimed.to_string());
    // The certificate says whom to verify it as; the roster's text is what is compared.
    let owner = Owner::of(roster, &claimed.to_string())?;
    let Credential::Keyless(identity) = owner.key else {
        return Err((Code::UNKNOWN_KEY, "a key, not an identity".to_owned()));
    };
    let root = expected.sigstore.ok_or_else(|| {
        let why = "there is no trusted root of Sigstore to check it against";
        (Code::BAD_SIGNATURE, why.to_owned())
    })?;
    // Which digest it is about is read before it is verified, and everything after from the same bytes.
    let statement = AnyStatement::parse(bundle.payload()).map_err(|error| malformed(&error))?;
    let subject = statement.subject();
    let signed = verify_keyless(
        bundle.as_bytes(),
        bundle.payload(),
        subject.as_bytes(),
        root,
        identity,
    );
    let signed = signed.map_err(|error| {
        let code = match error {
            SigstoreError::AheadOfClock { .. } => Code::SIGNED_IN_FUTURE,
            _ => Code::BAD_SIGNATURE,
        };
        (code, error.to_string())
    })?;
    let proof = Proof {
        timestamp: true,
        ..Proof::default()
    };
    Ok((owner, proof, Some(signed.time())))
}

fn checked(
    bytes: &[u8],
    roster: &Roster,
    expected: &Expected<'_>,
    seen: &mut Rejected,
) -> Result<VerifiedStatement, Refusal> {
    let bundle = Bundle::parse(bytes).map_err(|error| malformed(&error))?;
    let (owner, proof, vouched) = match bundle.is_keyless() {
        false => by_key(&bundle, roster, expected, seen)?,
        true => by_certificate(&bundle, roster, expected, seen)?,
    };
    seen.signer = Some(owner.id.clone());
    if let Some(revoked) = owner.revoked {
        return Err((
            Code::KEY_REVOKED,
            format!("key {} since {}", revoked.reason, revoked.on),
        ));
    }
    // Exactly the bytes that were verified are read.
    let statement = AnyStatement::parse(bundle.payload()).map_err(|error| malformed(&error))?;
    let (change, claimed, content) = match statement {
        AnyStatement::Declaration(statement) => {
            let declaration = statement.predicate;
            (
                statement.subject,
                declaration.author.id.clone(),
                Content::Declaration(Box::new(declaration)),
            )
        }
        AnyStatement::SignOff(_) if owner.automation => {
            let why = format!("{} is an automation, which signs nothing off", owner.id);
            return Err((Code::UNKNOWN_KEY, why));
        }
        AnyStatement::SignOff(statement) => {
            let sign_off = statement.predicate;
            (
                statement.subject,
                sign_off.signer.id.clone(),
                Content::SignOff(Box::new(sign_off)),
            )
        }
    };
    if claimed != *owner.id {
        return Err((
            Code::SIGNER_CONTRADICTS,
            format!("it says \"{claimed}\", the key is {}'s", owner.id),
        ));
    }
    let verified = VerifiedStatement {
        bundle: seen.bundle,
        payload: sha256(bundle.payload()),
        change,
        signer: owner.id.clone(),
        automation: owner.automation,
        fingerprint: owner.key.name(),
        proof,
        vouched,
        keyless: bundle.is_keyless(),
        content,
    };
    counts(&verified, roster, expected)?;
    Ok(verified)
}

/// What makes a genuine statement one of this repository and this time.
fn counts(
    statement: &VerifiedStatement,
    roster: &Roster,
    expected: &Expected<'_>,
) -> Result<(), Refusal> {
    if let Some(withdrawn) = roster
        .withdrawn()
        .iter()
        .find(|entry| entry.payload == statement.payload)
    {
        return Err((Code::WITHDRAWN, format!("withdrawn: {}", withdrawn.why)));
    }
    let repository = &statement.change().repository;
    if !expected.repositories.contains(repository) {
        return Err((
            Code::OTHER_TARGET,
            format!("of the repository {repository}"),
        ));
    }
    let ahead = ahead(statement.signed_on(), expected);
    if ahead > MAX_AHEAD_SECONDS {
        return Err((
            Code::SIGNED_IN_FUTURE,
            format!("signed {ahead} seconds ahead of the clock"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
