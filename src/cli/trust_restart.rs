//! `trust sign --replace-root`: a new version 1, for admins who lost their threshold (SPEC 5.7).

use countersign::attestation::Checkpoint;
use countersign::change::Digest;
use countersign::codes::Code;
use countersign::gate::Judging;
use countersign::git::UserConfig;
use countersign::store::Limits;
use countersign::trust::{Draft, NewVersion, VERSIONS_FOLDER, version_of, version_path};

use super::args::Global;
use super::checkpoints::{self, accept};
use super::context::{Context, FIRST_SEEN_KEY, ROOT_KEY};
use super::roster::replace;
use super::trust::files;
use super::trust_args::TrustSignArgs;
use super::trust_diff::differences;
use super::trust_sign::{Files, admin, confirmed, expiry, issue_failure, keep, waits_for};
use super::{Done, Failure, Output, key};

/// Signs a new version 1 of the files in the work tree, which takes the place of the whole chain.
pub fn sign(
    args: &TrustSignArgs,
    global: &Global,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    let before = checkpoints::last_judging(context)?;
    let files = Files::read_supported(context)?;
    let mut draft = match begun(context, &files, &before.root)? {
        Some(draft) if !args.is_new() => draft,
        _ => new_draft(args, context, &before, &files)?,
    };
    show(context, &draft, &before, &files, output)?;
    let config = UserConfig::read(&global.folder)?;
    let environment = &context.environment;
    let key = key::find(&args.key, &config, environment, Some(&files.roster))?;
    let admin = admin(&draft, None, &key)?;
    if !confirmed(args, context, 1, &admin, output)? {
        return Ok(Done::No);
    }
    draft
        .sign(None, &key)
        .map_err(|error| issue_failure(&error))?;
    let bytes = draft.to_bytes().map_err(|error| issue_failure(&error))?;
    write(context, &bytes)?;
    let progress = draft
        .progress(None)
        .map_err(|error| Failure::new(Code::TRUST_SIGNATURES, error.to_string()))?;
    let (signed, missing) = (progress.signed().len(), progress.missing());
    if missing > 0 {
        let kept = keep(context, 1, bytes)?;
        output.line(&format!(
            "Signed {signed} of {}, {kept}. {} --replace-root",
            signed + missing,
            waits_for(&progress)
        ))?;
        return Ok(Done::Yes);
    }
    let root = draft.payload();
    output.line(&format!("Signed {signed} of {signed}."))?;
    output.row("Root", &format!("sha256:{root}"))?;
    output.row(
        "Next",
        &format!("commit it; then, by hand, at every gate and in every clone: countersign trust pin sha256:{root}"),
    )?;
    Ok(Done::Yes)
}

fn new_draft(
    args: &TrustSignArgs,
    context: &Context,
    before: &Judging,
    files: &Files,
) -> Result<Draft, Failure> {
    let last = &before.version;
    let mut strict = before.clone();
    strict.roster.take_back(&files.roster);
    let accepted = accept(args, context, Some(&strict), &files.policy, last)?;
    let now = context.environment.now;
    let version = NewVersion {
        number: 1,
        previous: None,
        replaces: Some(before.root),
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

/// The new version 1 of these files that another admin has begun, with all signatures there are of it.
fn begun(context: &Context, files: &Files, old: &Digest) -> Result<Option<Draft>, Failure> {
    let store = context.store()?;
    let unreadable = |error: countersign::store::StoreError| {
        Failure::new(Code::STORE_UNREADABLE, error.to_string())
    };
    let snapshot = store.open().map_err(unreadable)?;
    let listing = snapshot.trust(1, &Limits::default()).map_err(unreadable)?;
    let stored = listing.bundles.into_iter().map(|bundle| bundle.bytes);
    let here = self::files(context)?.remove(&1);
    let (roster, policy) = files.digests();
    let copies: Vec<Draft> = stored
        .chain(here)
        .filter_map(|bytes| Draft::parse(1, &bytes).ok())
        .filter(|draft| draft.is_of(&roster, &policy, None))
        .filter(|draft| draft.metadata().replaces == Some(*old))
        .collect();
    let whole = copies.iter().map(|copy| {
        let mut whole = copy.clone();
        for other in &copies {
            // A copy whose admins make no sense is nobody's draft.
            let _ = whole.merge(other, None);
        }
        whole
    });
    // Two admins may have begun at once: the one with the most signatures goes on.
    let rank = |draft: &Draft| {
        let signed = draft
            .progress(None)
            .map_or(0, |progress| progress.signed().len());
        (signed, draft.payload())
    };
    Ok(whole.max_by_key(rank))
}

fn show(
    context: &Context,
    draft: &Draft,
    before: &Judging,
    files: &Files,
    output: &mut Output,
) -> Result<(), Failure> {
    let metadata = draft.metadata();
    let ids = metadata.admins.iter().map(|admin| admin.id.as_str());
    output.row(
        "New root",
        &format!(
            "version 1, in place of version {} under sha256:{}        threshold {} of {}",
            before.version.number(),
            before.root,
            metadata.threshold,
            ids.collect::<Vec<_>>().join(", ")
        ),
    )?;
    differences(Some(before), &before.version, files, output)?;
    for line in checkpoints::lines(context, draft, &before.version)? {
        output.line(&line)?;
    }
    let kept = |checkpoint: &Checkpoint| {
        let commit = checkpoint.git_commit.short();
        format!("  checkpoint {} at {commit}", checkpoint.name)
    };
    for checkpoint in &metadata.checkpoints {
        output.line(&kept(checkpoint))?;
    }
    let pinned = [ROOT_KEY, FIRST_SEEN_KEY];
    output.line(&format!(
        "  ! no version signs this: whoever pins the new root ({}) trusts these admins anew",
        pinned.join(", ")
    ))?;
    output.flush()
}

/// Writes the new version 1, then takes the old chain's other files away: killed in between, no gate takes what
/// is left for a chain.
fn write(context: &Context, bytes: &[u8]) -> Result<(), Failure> {
    let folder = context.work_dir()?;
    replace(&folder.join(version_path(1)), bytes)?;
    let failed = |error: std::io::Error| {
        Failure::usage(format!("can't remove from {VERSIONS_FOLDER}: {error}"))
    };
    for entry in std::fs::read_dir(folder.join(VERSIONS_FOLDER)).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let version = version_of(&entry.file_name().to_string_lossy());
        if version.is_some_and(|version| version > 1) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}
