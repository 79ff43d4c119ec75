//! What admins accept when they sign a version: each protected branch, verified up to a commit (SPEC 5.4).

use countersign::attestation::{Checkpoint, Excused};
use countersign::change::{CommitId, History};
use countersign::codes::Code;
use countersign::gate::{Judging, Resting, Undecided, UnitVerdict, Verdict, on_line};
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::text::escape;
use countersign::trust::{Draft, VerifiedVersion};
use jiff::Timestamp;

use super::Failure;
use super::context::{Context, Target, short_branch};
use super::trust_args::TrustSignArgs;

/// The most failing units that are named.
const SHOWN: usize = 5;
/// The most units that are named for a compromised key.
const RESTING_SHOWN: usize = 50;

/// Where the checkpoints of the next version stand.
pub struct Accepted {
    pub checkpoints: Vec<Checkpoint>,
    pub excused: Vec<Excused>,
}

/// Verifies what landed on each protected branch since its checkpoint, and moves the checkpoint to its tip. A
/// branch that was not protected before is accepted as it stands.
pub fn accept(
    args: &TrustSignArgs,
    context: &Context,
    judging: Option<&Judging>,
    policy: &Policy,
    last: &VerifiedVersion,
) -> Result<Accepted, Failure> {
    let excused = excuses(&args.excuse, context)?;
    refuse_unprotected(&args.checkpoints, policy)?;
    let known = &last.metadata().checkpoints;
    let mut checkpoints = Vec::new();
    let mut failing = Vec::new();
    for branch in &policy.protected {
        let before = known.iter().find(|checkpoint| checkpoint.name == *branch);
        if let Some(commit) = set_back(&args.checkpoints, branch, before, context)? {
            checkpoints.push(Checkpoint {
                name: branch.clone(),
                git_commit: commit,
            });
            continue;
        }
        let tip = tip(context, branch)?;
        let moved = |tip: &CommitId, judging| moves(judging, branch, before, tip);
        let judging = judging.filter(|judging| matches!(&tip, Some(tip) if moved(tip, judging)));
        let git_commit = match (before, tip, judging) {
            (_, Some(tip), Some(judging)) if !args.keep_checkpoints => {
                failing.extend(failing_units(context, judging, branch, &tip)?);
                tip
            }
            (Some(before), _, _) => before.git_commit.clone(),
            // Not protected until now: the admins accept it as it stands.
            (None, Some(tip), None) => tip,
            (None, _, _) => continue,
        };
        checkpoints.push(Checkpoint {
            name: branch.clone(),
            git_commit,
        });
    }
    let needed = |excuse: &&Excused| !failing.iter().any(|unit| unit.commit == excuse.git_commit);
    if let Some(excuse) = excused.iter().find(needed) {
        let message = format!("--excuse {}: no unit that fails", excuse.git_commit.short());
        return Err(Failure::usage(message));
    }
    refuse(&failing, &excused)?;
    Ok(Accepted {
        checkpoints,
        excused,
    })
}

/// Whether a checkpoint here accepts what nobody judged yet: it is another than the one before, or the branch was
/// protected without one.
fn moves(judging: &Judging, branch: &String, before: Option<&Checkpoint>, to: &CommitId) -> bool {
    match before {
        Some(before) => before.git_commit != *to,
        None => judging.policy.protected.contains(branch),
    }
}

/// Verifies the checkpoints of a version that others have begun to sign, as they did.
pub fn check(
    context: &Context,
    judging: Option<&Judging>,
    draft: &Draft,
    last: &VerifiedVersion,
) -> Result<(), Failure> {
    let known = &last.metadata().checkpoints;
    let Some(judging) = judging else {
        return Ok(());
    };
    let mut failing = Vec::new();
    for checkpoint in &draft.metadata().checkpoints {
        let before = known.iter().find(|known| known.name == checkpoint.name);
        let (branch, commit) = (&checkpoint.name, &checkpoint.git_commit);
        if moves(judging, branch, before, commit) {
            failing.extend(failing_units(context, judging, branch, commit)?);
        }
    }
    refuse(&failing, &draft.metadata().excused)
}

/// What the version changes of it, in lines for the admin who signs.
pub fn lines(
    context: &Context,
    draft: &Draft,
    last: &VerifiedVersion,
) -> Result<Vec<String>, Failure> {
    let known = &last.metadata().checkpoints;
    let mut lines = Vec::new();
    for checkpoint in &draft.metadata().checkpoints {
        let branch = escape(short_branch(&checkpoint.name), 100);
        let commit = checkpoint.git_commit.short();
        match known.iter().find(|known| known.name == checkpoint.name) {
            Some(before) if before.git_commit == checkpoint.git_commit => {}
            Some(before) if on_line(&context.repo, &checkpoint.git_commit, &before.git_commit)? => {
                lines.push(format!(
                    "  ! {branch}  set back to {commit} (before: {}): what landed since is judged again",
                    before.git_commit.short()
                ));
            }
            Some(before) => lines.push(format!(
                "  ~ {branch}  verified and accepted up to {commit} (before: {})",
                before.git_commit.short()
            )),
            None => lines.push(format!("  + {branch}  accepted as it stands, at {commit}")),
        }
    }
    for excuse in &draft.metadata().excused {
        let reason = escape(&excuse.reason, 200);
        lines.push(format!(
            "  ! excused  {}: {reason}",
            excuse.git_commit.short()
        ));
    }
    Ok(lines)
}

/// The version that judges what landed so far; `None` where no branch here holds the last one's files as they
/// were signed, so that nothing can be judged by it and no checkpoint moves.
pub fn judging(context: &Context, last: &VerifiedVersion) -> Result<Option<Judging>, Failure> {
    match last_judging(context) {
        Ok(judging) => Ok((judging.version.number() == last.number()).then_some(judging)),
        Err(failure) if failure.code == Code::TRUST_INVALID => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The newest version here, whether it expired or not: one that expired is renewed like any other.
pub fn last_judging(context: &Context) -> Result<Judging, Failure> {
    let head: CommitId = context.repo.resolve("HEAD")?;
    let root = context.known_root(&head)?;
    context.judging_at(root, &head, None, Timestamp::MIN)
}

fn tip(context: &Context, branch: &str) -> Result<Option<CommitId>, Failure> {
    let remote = History::reference(&context.repo, &context.local_name(branch))?;
    match remote {
        Some(tip) => Ok(Some(tip)),
        // A branch that was not pushed yet stands only here.
        None => Ok(History::reference(&context.repo, branch)?),
    }
}

/// The units of a branch after its checkpoint, up to a commit, that don't pass.
fn failing_units(
    context: &Context,
    judging: &Judging,
    branch: &str,
    head: &CommitId,
) -> Result<Vec<UnitVerdict>, Failure> {
    let name = branch.to_owned();
    let tip = tip(context, branch)?.unwrap_or_else(|| head.clone());
    let target = Target { name, tip };
    let store = context.store()?;
    let snapshot = store.open().map_err(Undecided::from)?;
    let gate = context.gate(&snapshot, judging, &target);
    let Verdict { units, .. } = gate.judge_release(head).map_err(|undecided| {
        Failure::from(undecided).row("or", "--keep-checkpoints leaves the branch for later")
    })?;
    // What passes in an emergency is not accepted before its debt is paid.
    let stops = |unit: &UnitVerdict| !unit.passes() || unit.owes();
    Ok(units.into_iter().filter(stops).collect())
}

fn refuse(failing: &[UnitVerdict], excused: &[Excused]) -> Result<(), Failure> {
    let unexcused = |unit: &&UnitVerdict| {
        !excused
            .iter()
            .any(|excuse| excuse.git_commit == unit.commit)
    };
    let failing: Vec<_> = failing.iter().filter(unexcused).collect();
    let Some(first) = failing.first() else {
        return Ok(());
    };
    let code = first
        .findings
        .first()
        .map_or(Code::INTERNAL, |finding| finding.code);
    let mut named: Vec<_> = failing
        .iter()
        .take(SHOWN)
        .map(|unit| format!("{} \"{}\"", unit.commit.short(), escape(&unit.subject, 60)))
        .collect();
    if failing.len() > SHOWN {
        named.push(format!("and {} more", failing.len() - SHOWN));
    }
    let plural = if failing.len() == 1 {
        "unit that landed is"
    } else {
        "units that landed are"
    };
    let message = format!(
        "{} {plural} not covered, so the branch can't be accepted",
        failing.len()
    );
    Err(Failure::no(code, message)
        .row("units", named.join(", "))
        .next(format!(
            "countersign verify --release; countersign sign {}",
            first.commit.short()
        ))
        .row(
            "or",
            "--excuse COMMIT=REASON accepts it; --keep-checkpoints leaves the branch for later",
        ))
}

fn is_named(branch: &str, name: &str) -> bool {
    name == branch || name == short_branch(branch)
}

/// Refuses `BRANCH=COMMIT` texts that are of another form, or of a branch that the policy doesn't protect.
fn refuse_unprotected(texts: &[String], policy: &Policy) -> Result<(), Failure> {
    for text in texts {
        let wrong = |why: &str| Failure::usage(format!("--checkpoint {text}: {why}"));
        let (name, _) = text
            .split_once('=')
            .ok_or_else(|| wrong("BRANCH=COMMIT is asked for"))?;
        if !policy.protected.iter().any(|branch| is_named(branch, name)) {
            return Err(wrong("no protected branch"));
        }
    }
    Ok(())
}

/// Where a branch's checkpoint is to be set back to, as `BRANCH=COMMIT` asks.
fn set_back(
    texts: &[String],
    branch: &str,
    before: Option<&Checkpoint>,
    context: &Context,
) -> Result<Option<CommitId>, Failure> {
    for text in texts {
        let wrong = |why: &str| Failure::usage(format!("--checkpoint {text}: {why}"));
        let Some((name, revision)) = text.split_once('=') else {
            continue;
        };
        if !is_named(branch, name) {
            continue;
        }
        let before = before.ok_or_else(|| wrong("the branch has no checkpoint"))?;
        let commit = context.repo.resolve(revision)?;
        if !on_line(&context.repo, &commit, &before.git_commit)? {
            let now = before.git_commit.short();
            return Err(wrong(&format!("not on its line before {now}, where it is")));
        }
        return Ok(Some(commit));
    }
    Ok(None)
}

/// What landed before the checkpoints on the word of keys that a new roster revokes as compromised, in lines
/// for the admin who signs.
pub fn compromised(
    context: &Context,
    judging: &Judging,
    new: &Roster,
    draft: &Draft,
) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    let keys = judging.roster.newly_compromised(new);
    if keys.is_empty() {
        return Ok(lines);
    }
    let store = context.store()?;
    let snapshot = store.open().map_err(Undecided::from)?;
    for checkpoint in &draft.metadata().checkpoints {
        let (name, tip) = (checkpoint.name.clone(), checkpoint.git_commit.clone());
        let target = Target { name, tip };
        let gate = context.gate(&snapshot, judging, &target);
        for (person, key) in &keys {
            let units = gate.resting_on(key, &target.tip)?;
            lines.extend(told(&units, person, key, &target.name));
        }
    }
    Ok(lines)
}

fn told(units: &[Resting], person: &str, key: &str, branch: &str) -> Vec<String> {
    let branch = short_branch(branch);
    let Some(first) = units.first() else {
        return vec![format!(
            "  ! compromised  {key} of {person}: nothing that {branch} accepted rests on it"
        )];
    };
    let number = units.len();
    let mut lines = vec![format!(
        "  ! compromised  {key} of {person}: {number} accepted on {branch} may rest on it"
    )];
    for unit in units.iter().take(RESTING_SHOWN) {
        let subject = escape(&unit.subject, 72);
        lines.push(format!("      {} \"{subject}\"", unit.commit.short()));
    }
    if number > RESTING_SHOWN {
        lines.push(format!("      and {} more", number - RESTING_SHOWN));
    }
    let first = first.commit.short();
    lines.push(format!(
        "      to have them judged again: countersign trust sign --checkpoint {branch}={first}~1"
    ));
    lines
}

/// Reads `COMMIT=REASON`.
fn excuses(texts: &[String], context: &Context) -> Result<Vec<Excused>, Failure> {
    let read = |text: &String| {
        let (revision, reason) = text
            .split_once('=')
            .filter(|(_, reason)| !reason.trim().is_empty())
            .ok_or_else(|| {
                Failure::usage(format!("--excuse {text}: COMMIT=REASON is asked for"))
            })?;
        Ok(Excused {
            git_commit: context.repo.resolve(revision)?,
            reason: reason.trim().to_owned(),
        })
    };
    texts.iter().map(read).collect()
}
