//! `verify`: what CI runs. Writes nothing but what `--fetch` brings.

use countersign::change::{CommitId, History};
use countersign::codes::Code;
use countersign::gate::{Gate, Judging, Undecided, Verdict};
use countersign::report::{Answer, Labels};
use countersign::text::escape;

use super::args::{Global, VerifyArgs};
use super::bring::Bring;
use super::change;
use super::context::{Context, Target, full_branch, short_branch};
use super::environment::Environment;
use super::format::{Format, FormatFile};
use super::{Done, Failure, Output, event, vsa};

/// What is to be judged.
enum Judged {
    Change {
        base: CommitId,
        head: CommitId,
    },
    Range {
        base: CommitId,
        head: CommitId,
    },
    /// All units of a branch that has no checkpoint.
    NewBranch {
        head: CommitId,
    },
    Release {
        head: CommitId,
    },
}

/// Verifies a range or a change.
pub fn run(
    args: &VerifyArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    match by_event(args, global, environment, output) {
        Ok((verdict, labels)) => {
            let answer = Answer::Verdict(&verdict, &labels);
            write_files(args, answer)?;
            if !(global.format == Format::Human && global.quiet && verdict.verified) {
                output.document(&global.format.form().write(answer))?;
            }
            Ok(if verdict.verified {
                Done::Yes
            } else {
                Done::No
            })
        }
        Err(failure) => {
            let undecided = Undecided::new(failure.code, failure.message.clone());
            write_files(args, Answer::Undecided(&undecided))?;
            if !global.format.is_general() {
                let answer = Answer::Undecided(&undecided);
                output.document(&global.format.form().write(answer))?;
                output.flush()?;
            }
            Err(Failure {
                undecided: failure.exit == 2 || output.is_json(),
                ..failure
            })
        }
    }
}

/// Verifies what is asked for, or where nothing is, what the CI event is about.
fn by_event(
    args: &VerifyArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<(Verdict, Labels), Failure> {
    let asked = args.range.is_some() || args.pr.is_some() || args.release.is_some();
    let event = match asked {
        true => None,
        false => event::of(&environment)?,
    };
    match event {
        None => verify(args, global, environment, output),
        Some(event) => {
            if !global.quiet {
                eprintln!("Event     {}", escape(&event.told(), 300));
            }
            verify(&event.arguments(args), global, environment, output)
        }
    }
}

/// Writes the files of `-o`. One that can't be written is a failure: nobody takes an older one for this verdict.
fn write_files(args: &VerifyArgs, answer: Answer<'_>) -> Result<(), Failure> {
    for FormatFile { format, file } in &args.outputs {
        std::fs::write(file, format.form().write(answer))
            .map_err(|error| Failure::usage(format!("can't write {}: {error}", file.display())))?;
    }
    Ok(())
}

fn verify(
    args: &VerifyArgs,
    global: &Global,
    mut environment: Environment,
    output: &mut Output,
) -> Result<(Verdict, Labels), Failure> {
    if let Some(at) = &args.at {
        environment.now = at
            .parse()
            .map_err(|_| Failure::usage(format!("--at {at}: not an RFC 3339 time")))?;
    }
    let now = environment.now;
    let mut context = Context::open(global, environment)?;
    let mut bring = Bring::new(args, global);
    loop {
        let failure = match verify_once(&context, args, &mut bring, output) {
            Err(failure) if args.fetch => failure,
            answer => return answer,
        };
        if !bring.more(&context, &failure, output)? {
            return Err(failure);
        }
        let environment = Environment {
            now,
            ..Environment::of_process(global)
        };
        context = Context::open(global, environment)?;
    }
}

/// Verifies what is here; with `--fetch`, once what is named was brought.
fn verify_once(
    context: &Context,
    args: &VerifyArgs,
    bring: &mut Bring<'_>,
    output: &mut Output,
) -> Result<(Verdict, Labels), Failure> {
    let root = context.pinned_root(args.root.as_deref())?;
    if args.fetch {
        bring.ends(context)?;
    }
    let head = context.repo.resolve(head_of(args)?)?;
    if args.fetch {
        bring.attestations(context, &head, output)?;
    }
    let judging = context.judging(root, &head, args.trust_ref.as_deref())?;
    warn_of_expiry(context, &judging);
    let target = context.target(&judging, args.target.as_deref())?;
    let store = context.store()?;
    let snapshot = store.open().map_err(Undecided::from)?;
    let mut gate = context.gate(&snapshot, &judging, &target);
    if let Some(path) = &args.after {
        gate.after = Some(vsa::after(path, &judging, &target, context)?);
    }
    let summary = vsa::Writer::of(args, context, &judging.roster)?;
    let (judged, labels) = judged(context, args, &gate, &target, head)?;
    let verdict = match &judged {
        Judged::Change { base, head } => gate.judge_change(base, head)?,
        Judged::Release { head } => gate.judge_release(head)?,
        Judged::Range { base, head } => judge_range(context, &gate, &target, base, head)?,
        Judged::NewBranch { head } => gate.judge_new_branch(head)?,
    };
    // What was never asked for can't be said to be missing.
    if verdict.waiting && context.never_fetched()? {
        let remote = context
            .remote
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = format!("the attestations of {remote} were not fetched");
        return Err(
            Failure::new(Code::NOT_FETCHED, message).next("countersign sync, or verify --fetch")
        );
    }
    if let Some(summary) = summary {
        summary.write(args, &verdict)?;
    }
    Ok((verdict, labels))
}

/// The revision that ends what is judged.
pub fn head_of(args: &VerifyArgs) -> Result<&str, Failure> {
    match (&args.range, &args.pr) {
        (Some(range), _) => match range.split_once("..") {
            Some((_, head)) => Ok(head),
            None => Err(
                Failure::new(Code::RANGE_UNKNOWN, format!("\"{range}\" is no range"))
                    .next("countersign verify BASE..HEAD, or verify --pr BRANCH"),
            ),
        },
        (None, Some(head)) => Ok(head),
        (None, None) => Ok(match args.release.as_deref() {
            None | Some("") => "HEAD",
            Some(revision) => revision,
        }),
    }
}

fn judged(
    context: &Context,
    args: &VerifyArgs,
    gate: &Gate<'_>,
    target: &Target,
    head: CommitId,
) -> Result<(Judged, Labels), Failure> {
    let head_label = label(context, head_of(args)?)?;
    if let Some((base_name, _)) = args.range.as_ref().and_then(|range| range.split_once("..")) {
        let base = context.repo.resolve(base_name)?;
        let labels = Labels {
            base: label(context, base_name)?,
            head: head_label,
        };
        return Ok((Judged::Range { base, head }, labels));
    }
    if let Some(revision) = &args.release {
        let tip = revision.is_empty();
        let head = if tip { target.tip.clone() } else { head };
        let labels = Labels {
            base: None,
            head: if tip {
                Some(target.short().to_owned())
            } else {
                head_label
            },
        };
        return Ok((Judged::Release { head }, labels));
    }
    let labels = Labels {
        base: Some(target.short().to_owned()),
        head: head_label,
    };
    if args.pr.is_none() && gate.on_line(&head, &target.tip)? {
        // It landed already, so "nothing to land" would be an empty answer: its units are judged.
        let base = gate.judging.checkpoint(&target.name).cloned();
        let accepted = match &base {
            Some(base) => context.repo.is_ancestor(&head, base)?,
            None => false,
        };
        let Some(base) = (if accepted { Some(head.clone()) } else { base }) else {
            return Ok((Judged::NewBranch { head }, labels));
        };
        let labels = Labels {
            base: None,
            ..labels
        };
        return Ok((Judged::Range { base, head }, labels));
    }
    let base = change::merge_base(context, &target.tip, &head)?;
    Ok((Judged::Change { base, head }, labels))
}

/// A landing, or a change whose base was merged into it.
fn judge_range(
    context: &Context,
    gate: &Gate<'_>,
    target: &Target,
    base: &CommitId,
    head: &CommitId,
) -> Result<Verdict, Failure> {
    let judged = gate.judge_range(Some(base), head);
    let Err(undecided) = &judged else {
        return Ok(judged?);
    };
    // BASE lies off HEAD's line: of a branch that merged its target it is judged as one change; of
    // what already stands on the target it is a forced or foxtrot merge, and nothing is decided.
    let landed = context.repo.is_ancestor(head, &target.tip)?;
    if undecided.code == Code::OFF_LINE && !landed && context.repo.is_ancestor(base, head)? {
        return Ok(gate.judge_change(base, head)?);
    }
    Ok(judged?)
}

/// A branch's name, as people call the revision; `None` where it is only an id or an expression.
fn label(context: &Context, revision: &str) -> Result<Option<String>, Failure> {
    if revision == "HEAD" {
        return Ok(context
            .repo
            .head_branch()?
            .map(|branch| short_branch(&branch).to_owned()));
    }
    if revision.contains(['~', '^', '@', ':']) || revision.parse::<CommitId>().is_ok() {
        return Ok(None);
    }
    let full = full_branch(revision);
    let known = countersign::git::check_ref_name(&full).is_ok()
        && History::reference(&context.repo, &full)?.is_some();
    Ok(known.then(|| revision.to_owned()))
}

fn warn_of_expiry(context: &Context, judging: &Judging) {
    let left =
        judging.version.metadata().expires_on.as_second() - context.environment.now.as_second();
    let days = left / 86_400;
    if days < countersign::trust::WARN_DAYS {
        eprintln!(
            "warning[{}]: trust version {} expires in {days} days\n  next    countersign trust sign",
            Code::TRUST_EXPIRES_SOON,
            judging.version.number()
        );
    }
}
