//! `hook pre-receive`: the gate of a server. What is pushed to a protected branch lands if it is verified.

use std::io::{Read as _, Write as _};

use countersign::change::{CommitId, History};
use countersign::codes::Code;
use countersign::gate::{Undecided, Verdict};
use countersign::report::{self, Labels};
use countersign::store::first_lost;
use countersign::text::escape;

use super::args::Global;
use super::change::is_nothing;
use super::context::{Context, Target, short_branch};
use super::environment::Environment;
use super::{Done, Failure, Output};

/// The most bytes of refs that git may hand over.
const MAX_STDIN: u64 = 16 << 20;

/// A ref that is pushed: from where, to where; `None` where it isn't there.
struct Pushed {
    name: String,
    old: Option<CommitId>,
    new: Option<CommitId>,
}

/// Judges each protected branch of a push. Git lets all of the push in, or nothing.
pub fn run(global: &Global, output: &mut Output) -> Result<Done, Failure> {
    // What is pushed lands here: no remote's copy of a branch or of the store has a say.
    let mut context = Context::open(global, Environment::of_hook(global))?;
    context.remote = None;
    let pushed = read_refs()?;
    let store = pushed
        .iter()
        .find(|pushed| Some(pushed.name.as_str()) == context.store_ref());
    if let Some(store) = store {
        keep_attestations(&context, store)?;
    }
    let attestations: Vec<_> = store.iter().filter_map(|store| store.new.clone()).collect();
    let mut verified = true;
    for branch in pushed
        .iter()
        .filter(|pushed| pushed.name.starts_with("refs/heads/"))
    {
        verified &= judge(&context, branch, (&pushed, &attestations), output)?;
    }
    Ok(match verified {
        true => Done::Yes,
        false => Done::No,
    })
}

/// What git hands over: `old new ref` in each line, zeros where there is no commit.
fn read_refs() -> Result<Vec<Pushed>, Failure> {
    let unread = |why: &str| Failure::usage(format!("the refs of the push: {why}"));
    let mut text = String::new();
    let mut stdin = std::io::stdin().lock().take(MAX_STDIN + 1);
    stdin
        .read_to_string(&mut text)
        .map_err(|error| unread(&error.to_string()))?;
    if text.len() as u64 > MAX_STDIN {
        return Err(Failure::new(Code::LIMIT, "a push of too many refs"));
    }
    let pushed = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let mut id = || -> Option<Option<CommitId>> {
            let word = words.next()?;
            match is_nothing(word) {
                true => Some(None),
                false => word.parse().ok().map(Some),
            }
        };
        let (old, new) = (id()?, id()?);
        let name = words.next()?.to_owned();
        Some(Pushed { name, old, new })
    };
    let lines = text.lines().map(pushed);
    let lines: Option<Vec<_>> = lines.collect();
    lines.ok_or_else(|| unread("a line that git would not write"))
}

/// Attestations are only ever added: a push that takes some away would hide a rejection.
fn keep_attestations(context: &Context, store: &Pushed) -> Result<(), Failure> {
    let lost = match (&store.old, &store.new) {
        (None, _) => return Ok(()),
        (Some(_), None) => "all of them".to_owned(),
        (Some(old), Some(new)) if !context.repo.is_ancestor(old, new)? => "its history".to_owned(),
        (Some(old), Some(new)) => {
            match first_lost(&context.repo, old, new).map_err(Undecided::from)? {
                Some(place) => place.path(),
                None => return Ok(()),
            }
        }
    };
    let name = escape(&store.name, 100);
    let message = format!("the push takes attestations away from {name}: {lost}");
    Err(Failure::no(Code::STORE_LOST, message).next("countersign sync"))
}

/// Judges one branch; whether it may land. What isn't protected may.
fn judge(
    context: &Context,
    branch: &Pushed,
    (pushed, attestations): (&[Pushed], &[CommitId]),
    output: &mut Output,
) -> Result<bool, Failure> {
    // A branch that goes is judged by what it was.
    let Some(known) = branch.new.as_ref().or(branch.old.as_ref()) else {
        return Ok(true);
    };
    let root = context.pinned_root(None).map_err(undecided)?;
    let judging = context.judging(root, known, None).map_err(undecided)?;
    if !judging.policy.protected.contains(&branch.name) {
        return Ok(true);
    }
    let Some(head) = &branch.new else {
        let message = format!(
            "the push deletes the protected branch {}",
            short_branch(&branch.name)
        );
        return Err(undecided(Failure::new(Code::OFF_LINE, message)));
    };
    let target = Target {
        name: branch.name.clone(),
        tip: branch.old.clone().unwrap_or_else(|| head.clone()),
    };
    let store = context.pushed_store(attestations.to_vec())?;
    let snapshot = store.open().map_err(Undecided::from)?;
    // Where the others go with the same push: git lets all of it in, or nothing.
    let mut branches = context.branches(&judging, &target.name);
    for other in pushed.iter().filter(|other| other.name != target.name) {
        branches.retain(|(name, _)| *name != other.name);
        let is_protected = judging.policy.protected.contains(&other.name);
        let tip = other.new.clone().filter(|_| is_protected);
        branches.extend(tip.map(|tip| (other.name.clone(), tip)));
    }
    let gate = context.gate_beside(&snapshot, &judging, &target, branches);
    let verdict = match &branch.old {
        Some(old) => gate.judge_range(Some(old), head),
        None => gate.judge_new_branch(head),
    };
    let verdict = verdict.map_err(|error| undecided(error.into()))?;
    tell(&verdict, &target, output)?;
    Ok(verdict.verified)
}

/// Git shows what stands on stderr to whoever pushes.
fn tell(verdict: &Verdict, target: &Target, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(&report::json(verdict));
    }
    // A push that lands says no more than git does, but for what its pusher should know.
    if verdict.units.iter().all(|unit| unit.findings.is_empty()) {
        return Ok(());
    }
    let labels = Labels {
        base: None,
        head: Some(target.short().to_owned()),
    };
    // Nothing can be done where stderr is closed: the push is refused in any case.
    let _ = std::io::stderr().write_all(report::human(verdict, &labels).as_bytes());
    Ok(())
}

fn undecided(failure: Failure) -> Failure {
    Failure {
        undecided: true,
        exit: 2,
        ..failure
    }
}
