//! `trust sign`: the next version of roster and policy, signed by one admin after the other.

use countersign::change::{Digest, sha256};
use countersign::codes::Code;
use countersign::gate::{Judging, read_texts, refuse_unsupported};
use countersign::git::UserConfig;
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::store::{Direction, Item, Limits};
use countersign::trust::{
    Draft, IssueError, NewVersion, POLICY_PATH, Progress, ROSTER_PATH, VALID_MONTHS,
    VerifiedVersion, expires_after, version_path,
};
use jiff::Timestamp;

use super::args::Global;
use super::checkpoints::{self, accept, check};
use super::context::Context;
use super::roster::{read, replace};
use super::trust::{State, state};
use super::trust_args::TrustSignArgs;
use super::trust_diff::differences;
use super::{Done, Failure, Output, key, statement, trust_restart};

/// The files as they stand in the work tree.
pub struct Files {
    pub roster_text: String,
    pub policy_text: String,
    pub roster: Roster,
    pub policy: Policy,
}

/// Signs the next version: one that others have begun where it is of the same files, else a new one.
pub fn sign(
    args: &TrustSignArgs,
    global: &Global,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    if args.replace_root {
        return trust_restart::sign(args, global, context, output);
    }
    let state = state(context)?;
    let last = state.last()?;
    let files = Files::read_supported(context)?;
    let before = checkpoints::judging(context, last)?;
    // What the new version takes back must not carry a checkpoint forward.
    let strict = before.clone().map(|mut judging| {
        judging.roster.take_back(&files.roster);
        judging
    });
    let begun = begun(context, &state, &files, last)?.filter(|_| !args.is_new());
    let mut draft = match begun {
        Some(draft) => {
            check(context, strict.as_ref(), &draft, last)?;
            draft
        }
        None => new_draft(args, context, strict.as_ref(), &files, last)?,
    };
    show(context, &draft, last, before.as_ref(), &files, output)?;
    if let Some(before) = &before {
        for line in checkpoints::compromised(context, before, &files.roster, &draft)? {
            output.line(&line)?;
        }
        output.flush()?;
    }
    let number = draft.metadata().version;
    let path = context.work_dir()?.join(version_path(number));
    let signed = progress(&draft, last)?;
    if signed.is_complete() {
        let bytes = draft.to_bytes().map_err(|error| issue_failure(&error))?;
        replace(&path, &bytes)?;
        output.line("Signed by all who must. In force with the commit.")?;
        return Ok(Done::Yes);
    }
    let config = UserConfig::read(&global.folder)?;
    let key = key::find(
        &args.key,
        &config,
        &context.environment,
        Some(&files.roster),
    )?;
    let admin = admin(&draft, Some(last), &key)?;
    if signed.signed().contains(admin.as_str()) {
        output.line(&format!("Signed by you already. {}", waits_for(&signed)))?;
        return Ok(Done::No);
    }
    if !confirmed(args, context, number, &admin, output)? {
        return Ok(Done::No);
    }
    draft
        .sign(Some(last), &key)
        .map_err(|error| issue_failure(&error))?;
    let bytes = draft.to_bytes().map_err(|error| issue_failure(&error))?;
    replace(&path, &bytes)?;
    tell(context, &draft, last, bytes, output)?;
    Ok(Done::Yes)
}

/// Shares the signature where others must sign too, and says whose turn it is.
fn tell(
    context: &Context,
    draft: &Draft,
    last: &VerifiedVersion,
    bytes: Vec<u8>,
    output: &mut Output,
) -> Result<(), Failure> {
    let now = progress(draft, last)?;
    let signed = now.signed().len();
    let total = signed + now.missing();
    let kept = match total {
        1 => None,
        _ => Some(keep(context, draft.metadata().version, bytes)?),
    };
    if now.is_complete() {
        output.line(&format!(
            "Signed {signed} of {total}, in force with the commit."
        ))?;
    } else {
        let kept = kept.unwrap_or_default();
        output.line(&format!(
            "Signed {signed} of {total}, {kept}. {}",
            waits_for(&now)
        ))?;
    }
    Ok(())
}

impl Files {
    /// Reads the work tree's files, and refuses what git may commit otherwise.
    pub fn read(context: &Context) -> Result<Self, Failure> {
        let (roster_text, policy_text) = (read(context, ROSTER_PATH)?, read(context, POLICY_PATH)?);
        for (path, text) in [(ROSTER_PATH, &roster_text), (POLICY_PATH, &policy_text)] {
            if text.contains('\r') {
                let message =
                    format!("{path} has carriage returns: git may commit other bytes than these");
                return Err(Failure::new(Code::TRUST_INVALID, message)
                    .next(format!("save {path} with LF line ends")));
            }
        }
        let (roster, policy) = read_texts(roster_text.as_bytes(), policy_text.as_bytes())?;
        Ok(Self {
            roster_text,
            policy_text,
            roster,
            policy,
        })
    }

    /// The same for a version that is to be signed: what every gate would refuse to judge by is refused, and
    /// what others have signed is fetched.
    pub fn read_supported(context: &Context) -> Result<Self, Failure> {
        let files = Self::read(context)?;
        refuse_unsupported(&files.policy)?;
        context.refuse_published(&files.roster)?;
        context.sync(Direction::FetchOnly)?;
        Ok(files)
    }

    /// SHA-256 of roster and policy.
    pub fn digests(&self) -> (Digest, Digest) {
        (
            sha256(self.roster_text.as_bytes()),
            sha256(self.policy_text.as_bytes()),
        )
    }
}

/// The next version of these files that others have begun to sign, with all their signatures: from
/// the work tree and the store. Of several, the one with the most.
pub fn begun(
    context: &Context,
    state: &State,
    files: &Files,
    last: &VerifiedVersion,
) -> Result<Option<Draft>, Failure> {
    let number = last.number() + 1;
    let store = context.store()?;
    let unreadable = |error: countersign::store::StoreError| {
        Failure::new(Code::STORE_UNREADABLE, error.to_string())
    };
    let snapshot = store.open().map_err(unreadable)?;
    let listing = snapshot
        .trust(number, &Limits::default())
        .map_err(unreadable)?;
    let stored = listing.bundles.into_iter().map(|bundle| bundle.bytes);
    let (roster, policy) = files.digests();
    let copies: Vec<Draft> = state
        .pending
        .iter()
        .cloned()
        .chain(stored)
        .filter_map(|bytes| Draft::parse(number, &bytes).ok())
        .filter(|draft| draft.is_of(&roster, &policy, Some(&last.payload())))
        .collect();
    let mut best: Option<(usize, Digest, Draft)> = None;
    for copy in &copies {
        let mut whole = copy.unsigned();
        for other in &copies {
            // A copy whose admins make no sense is nobody's draft.
            let _ = whole.merge(other, Some(last));
        }
        let Ok(progress) = whole.progress(Some(last)) else {
            continue;
        };
        let rank = (progress.signed().len(), whole.payload());
        if rank.0 > 0
            && best
                .as_ref()
                .is_none_or(|(most, payload, _)| rank > (*most, *payload))
        {
            best = Some((rank.0, rank.1, whole));
        }
    }
    Ok(best.map(|(_, _, draft)| draft))
}

fn new_draft(
    args: &TrustSignArgs,
    context: &Context,
    judging: Option<&Judging>,
    files: &Files,
    last: &VerifiedVersion,
) -> Result<Draft, Failure> {
    let now = context.environment.now;
    let accepted = accept(args, context, judging, &files.policy, last)?;
    let version = NewVersion {
        number: last.number() + 1,
        previous: Some(last.payload()),
        replaces: None,
        roster_bytes: files.roster_text.as_bytes(),
        policy_bytes: files.policy_text.as_bytes(),
        roster: &files.roster,
        checkpoints: accepted.checkpoints,
        excused: accepted.excused,
        issued_on: now,
        expires_on: expiry(args.expires.as_deref(), now)?,
    };
    Draft::new(&version).map_err(|error| issue_failure(&error))
}

fn show(
    context: &Context,
    draft: &Draft,
    last: &VerifiedVersion,
    before: Option<&Judging>,
    files: &Files,
    output: &mut Output,
) -> Result<(), Failure> {
    let metadata = draft.metadata();
    let admins: Vec<_> = metadata
        .admins
        .iter()
        .map(|admin| admin.id.as_str())
        .collect();
    let threshold = if admins.len() > 1 {
        format!(
            "        threshold {} of {} admins: {}",
            metadata.threshold,
            admins.len(),
            admins.join(", ")
        )
    } else {
        String::new()
    };
    output.row(
        "Version",
        &format!("{} (after {}){threshold}", metadata.version, last.number()),
    )?;
    let signed = progress(draft, last)?;
    if !signed.signed().is_empty() {
        let signed: Vec<_> = signed.signed().into_iter().collect();
        output.line(&format!("  signed so far by {}", signed.join(", ")))?;
    }
    differences(before, last, files, output)?;
    for line in checkpoints::lines(context, draft, last)? {
        output.line(&line)?;
    }
    output.flush()
}

/// Which admin's key it is: of this version, or of the one before.
pub fn admin(
    draft: &Draft,
    last: Option<&VerifiedVersion>,
    key: &key::Found,
) -> Result<String, Failure> {
    let line = key.signer.public_key().to_openssh();
    let admins = draft
        .metadata()
        .admins
        .iter()
        .chain(last.iter().flat_map(|last| &last.metadata().admins));
    let mut found = admins.filter(|admin| admin.keys.contains(&line));
    found.next().map(|admin| admin.id.clone()).ok_or_else(|| {
        let message = format!(
            "{} ({}) is no key of an admin",
            key.fingerprint(),
            key.source
        );
        Failure::no(Code::TRUST_SIGNATURES, message)
    })
}

fn progress(draft: &Draft, last: &VerifiedVersion) -> Result<Progress, Failure> {
    draft
        .progress(Some(last))
        .map_err(|error| Failure::new(Code::TRUST_SIGNATURES, error.to_string()))
}

/// Whose turn it is.
pub fn waits_for(progress: &Progress) -> String {
    let number = match progress.missing() {
        1 => "one more signs".to_owned(),
        more => format!("{more} more sign"),
    };
    let who: Vec<_> = progress.who().into_iter().collect();
    format!(
        "In force when {number}: {} run  countersign trust sign",
        who.join(" or ")
    )
}

/// Puts the signed version into the store, for the admins who sign next, and pushes it.
pub fn keep(context: &Context, number: u64, bytes: Vec<u8>) -> Result<String, Failure> {
    let failed = |error: countersign::store::StoreError| {
        Failure::new(Code::STORE_UNREADABLE, error.to_string())
    };
    let item = Item::trust(number, bytes).map_err(failed)?;
    let message = format!("trust: add a signature of version {number}");
    context
        .store()?
        .put(&[item], &context.committer()?, &message)
        .map_err(failed)?;
    Ok(statement::push(context)?.to_string())
}

pub fn issue_failure(error: &IssueError) -> Failure {
    let code = match error {
        IssueError::NotAdmin | IssueError::Trust(_) => Code::TRUST_SIGNATURES,
        _ => Code::NO_KEY,
    };
    Failure::new(code, error.to_string())
}

pub fn confirmed(
    args: &TrustSignArgs,
    context: &Context,
    number: u64,
    admin: &str,
    output: &mut Output,
) -> Result<bool, Failure> {
    if let Some(confirmed) = args.confirm {
        if confirmed == number {
            return Ok(true);
        }
        return Err(Failure::usage(format!(
            "--confirm {confirmed}: the next version is {number}"
        )));
    }
    if !context.environment.interactive {
        let failure = Failure::new(
            Code::NO_TERMINAL,
            "no terminal: trust sign shows a version to a person",
        );
        return Err(failure.next(format!("countersign trust sign --confirm {number}")));
    }
    let yes = context
        .environment
        .confirm(&format!("Sign version {number} as {admin}?"))?;
    if !yes {
        output.line("Not signed")?;
    }
    Ok(yes)
}

/// A date (`2027-01-31`, the end of that day), or a number of days (`90d`).
pub fn expiry(text: Option<&str>, now: Timestamp) -> Result<Timestamp, Failure> {
    let Some(text) = text else {
        return Ok(expires_after(now, VALID_MONTHS));
    };
    let wrong = || {
        Failure::usage(format!(
            "--expires {text}: a date such as 2027-01-31, or days such as 90d"
        ))
    };
    let expires = match text.strip_suffix('d') {
        Some(days) => {
            let days: i64 = days
                .parse()
                .ok()
                .filter(|days| (1..=3_650).contains(days))
                .ok_or_else(wrong)?;
            now.checked_add(jiff::SignedDuration::from_hours(24 * days))
                .map_err(|_| wrong())?
        }
        None => format!("{text}T23:59:59Z").parse().map_err(|_| wrong())?,
    };
    if expires <= now {
        return Err(Failure::usage(format!(
            "--expires {text}: it lies in the past"
        )));
    }
    Ok(expires)
}
