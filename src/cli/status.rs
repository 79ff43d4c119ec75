//! `status`: what is declared, signed and missing; and the words that other commands share.

use countersign::ai::{AiAssistance, Lines};
use countersign::change::{ChangeManifest, Content, FileMode, RepoPath};
use countersign::codes::Code;
use countersign::gate::{Assessment, Effect, Judging, Next, StatementKind, Undecided, Verdict};
use countersign::keys::Proof;
use countersign::policy::{Proofs, Require, Rule};
use countersign::report;
use countersign::text::escape;

use super::args::{Global, StatusArgs};
use super::change::Subject;
use super::context::Context;
use super::environment::Environment;
use super::session::Session;
use super::{Done, Failure, Output, debts};

/// The most ranges of lines of one file that are shown.
const SHOWN_RANGES: usize = 8;

/// Shows what is declared, signed and missing. Uses no network.
pub fn run(
    args: &StatusArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    // A program that reads verdicts gets one, or that there is none.
    look(args, global, environment, output).map_err(|failure| Failure {
        undecided: output.is_json(),
        ..failure
    })
}

fn look(
    args: &StatusArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let (change, target) = (args.change.change.as_deref(), args.change.target.as_deref());
    if args.debts {
        return debts::run(&context, target, output);
    }
    let session = Session::open(context, change, target)?;
    let assessment = session.assess()?;
    if output.is_json() {
        output.json(&report::json(&verdict(&session)?))?;
    } else if !global.quiet {
        show(&session, &assessment, output)?;
    }
    Ok(if assessment.unit.passes() {
        Done::Yes
    } else {
        Done::No
    })
}

fn verdict(session: &Session) -> Result<Verdict, Failure> {
    let (store, subject) = (session.store()?, &session.subject);
    let snapshot = store.open().map_err(Undecided::from)?;
    let gate = session.gate(&snapshot);
    Ok(if subject.landed {
        gate.judge_range(Some(&subject.base), &subject.head)?
    } else {
        gate.judge_change(&subject.base, &subject.head)?
    })
}

fn show(session: &Session, assessment: &Assessment, output: &mut Output) -> Result<(), Failure> {
    let (context, target, subject) = (&session.context, &session.target, &session.subject);
    let label = subject
        .label
        .as_deref()
        .unwrap_or_else(|| subject.head.short());
    let digest = assessment.unit.change.short();
    let arrow = if subject.landed { "landed on" } else { "->" };
    output.line(&format!(
        "{} {arrow} {}    change {digest}    head {}",
        escape(label, 100),
        escape(target.short(), 100),
        subject.head.short()
    ))?;
    if assessment.manifest.is_empty() {
        return output.line("Nothing to land");
    }
    let counted = |kind: StatementKind| {
        let views = assessment.unit.statements.iter();
        views.filter(move |view| view.kind == Some(kind) && view.not_counted.is_none())
    };
    for view in counted(StatementKind::Declaration) {
        let extent = view
            .declared
            .map_or("unknown", countersign::ai::Extent::as_str);
        output.row(
            "declared",
            &format!(
                "{extent}, by {}{}",
                view.signer.as_deref().unwrap_or("?"),
                when(view.signed_on)
            ),
        )?;
    }
    for view in counted(StatementKind::Approval) {
        let level = view.level.as_deref().unwrap_or("?");
        output.row(
            "signed",
            &format!(
                "{} ({level}){}{}",
                view.signer.as_deref().unwrap_or("?"),
                when(view.signed_on),
                proof(view.proof)
            ),
        )?;
    }
    for view in counted(StatementKind::Emergency) {
        let signer = view.signer.as_deref().unwrap_or("?");
        output.row("emergency", &format!("{signer}{}", when(view.signed_on)))?;
    }
    debt(assessment, output)?;
    waiting(assessment, &[], subject, output)?;
    if context.never_fetched()? {
        output.row("store", "the remote was not asked yet: countersign sync")?;
    }
    Ok(())
}

/// Whose signatures an emergency put off, and until when.
pub fn debt(assessment: &Assessment, output: &mut Output) -> Result<(), Failure> {
    let findings = assessment.unit.findings.iter();
    for (finding, debt) in findings.filter_map(|it| Some((it, it.debt.as_ref()?))) {
        let who = match finding.who.as_slice() {
            [] => String::new(),
            who => format!(": {}", who.join(", ")),
        };
        let due = debt.due.strftime("%Y-%m-%d %H:%MZ");
        let missing = finding.missing.join("; ");
        let text = format!(
            "{missing}{who} by {due}, else every gate refuses     countersign status --debts"
        );
        output.row("Debt", &text)?;
    }
    Ok(())
}

/// What a signature proves, for the end of a list: `, presence`.
pub fn proof(proof: Proof) -> String {
    let words = proof.words().into_iter();
    words.map(|word| format!(", {word}")).collect()
}

fn when(time: Option<jiff::Timestamp>) -> String {
    time.map(|time| format!(", {}", time.strftime("%Y-%m-%d %H:%MZ")))
        .unwrap_or_default()
}

/// What is missing and who could give it, and the next command.
pub fn waiting(
    assessment: &Assessment,
    asked: &[String],
    subject: &Subject,
    output: &mut Output,
) -> Result<(), Failure> {
    let blocking = || {
        assessment
            .unit
            .findings
            .iter()
            .filter(|finding| finding.effect != Effect::Warns)
    };
    for finding in blocking() {
        if finding.effect == Effect::Refuses {
            let detail = finding
                .detail
                .as_ref()
                .map(|detail| format!(": {}", escape(detail, 300)))
                .unwrap_or_default();
            output.row(
                "Refused",
                &format!("{} {}{detail}", finding.code, finding.code.title()),
            )?;
            continue;
        }
        let who: Vec<_> = finding
            .who
            .iter()
            .map(|id| {
                if asked.contains(id) {
                    format!("{id} (asked)")
                } else {
                    id.clone()
                }
            })
            .collect();
        let who = if who.is_empty() {
            String::new()
        } else {
            format!(": {}", who.join(", "))
        };
        output.row("Waiting", &format!("{}{who}", finding.missing.join("; ")))?;
    }
    let name = subject
        .label
        .clone()
        .filter(|_| !subject.landed)
        .unwrap_or_else(|| subject.head.short().to_owned());
    let next = blocking().find_map(|finding| match finding.next {
        Next::Declare => Some("countersign declare".to_owned()),
        Next::Sign => Some(format!("they run: countersign sign {}", escape(&name, 100))),
        Next::TrustSign => Some("countersign trust sign".to_owned()),
        Next::Change if finding.code == Code::REJECTED => {
            Some(report::lifts_rejection(finding, &escape(&name, 100)))
        }
        Next::Change => None,
    });
    match next {
        Some(next) => output.row("Next", &next),
        None => Ok(()),
    }
}

/// Who wrote it, for people.
pub fn authors(assessment: &Assessment) -> String {
    let people: Vec<_> = assessment
        .unit
        .authors
        .iter()
        .map(|author| match (&author.id, &author.level) {
            (Some(id), Some(level)) => format!(
                "{id} ({level}){}",
                if author.proven {
                    ", proven by a declaration"
                } else {
                    ""
                }
            ),
            _ => format!("{} (not in the roster)", escape(&author.name, 80)),
        })
        .collect();
    let commits = assessment.claims.commits.len();
    let mut text = if people.is_empty() {
        "nobody it names".to_owned()
    } else {
        people.join("; ")
    };
    text.push_str(&format!(
        ", {commits} commit{}",
        if commits == 1 { "" } else { "s" }
    ));
    for agent in &assessment.unit.ai.agents {
        text.push_str(&format!("; agent {} took part", escape(&agent.tool, 80)));
    }
    text
}

/// Whose the added lines are, for people; `None` where no evidence says.
pub fn share(ai: &AiAssistance) -> Option<String> {
    let Lines { ai, human, unknown } = ai.lines?;
    let all = ai.saturating_add(human).saturating_add(unknown);
    Some(format!(
        "{ai} of {all} added lines by AI, {human} by hand, {unknown} unknown"
    ))
}

/// The added lines of a path in which an agent took part, for people: `   AI 96-141 160`.
pub fn lines_by_ai(assessment: &Assessment, path: &RepoPath, added: u64) -> String {
    let attributed = assessment.claims.found.attributed();
    let ranges = attributed.map(|lines| lines.of(path)).unwrap_or_default();
    let by_ai: Vec<_> = ranges.iter().filter(|range| range.by.is_ai()).collect();
    let lines: u64 = by_ai.iter().map(|range| range.lines()).sum();
    // Ranges by several agents may touch.
    let mut shown: Vec<(u32, u32)> = Vec::new();
    for range in by_ai {
        match shown.last_mut() {
            Some((_, end)) if *end + 1 == range.start => *end = range.end,
            _ => shown.push((range.start, range.end)),
        }
    }
    match shown.len() {
        0 => String::new(),
        _ if lines == added => "   AI all".to_owned(),
        number => {
            let words = shown
                .iter()
                .take(SHOWN_RANGES)
                .map(|(start, end)| match start == end {
                    true => start.to_string(),
                    false => format!("{start}-{end}"),
                });
            let words: Vec<_> = words.collect();
            let more = match number > SHOWN_RANGES {
                true => " ...",
                false => "",
            };
            format!("   AI {}{more}", words.join(" "))
        }
    }
}

/// What is declared and found of AI, for people.
pub fn ai(assessment: &Assessment) -> String {
    let facts = &assessment.facts;
    let found = assessment.claims.found.extent();
    let places: Vec<_> = assessment
        .unit
        .ai
        .evidence
        .iter()
        .take(3)
        .map(|trace| {
            let commit = trace
                .commit
                .as_ref()
                .map(|commit| format!(" in {}", commit.short()))
                .unwrap_or_default();
            format!("{}{commit}", escape(&trace.rule, 80))
        })
        .collect();
    let places = if places.is_empty() {
        String::new()
    } else {
        let mut told = format!(": {}", places.join(", "));
        if let Some(share) = share(&assessment.unit.ai) {
            told = format!("{told}; {share}");
        }
        told
    };
    let by: Vec<_> = facts.proven.iter().map(String::as_str).collect();
    let by = by.join(", ");
    match (facts.declared, found) {
        (Some(declared), Some(found)) if found > declared => {
            format!("declared {declared} by {by}, and CS303 evidence says {found}{places}")
        }
        (Some(declared), Some(_)) => {
            format!("declared {declared} by {by}; evidence agrees{places}")
        }
        (Some(declared), None) => format!("declared {declared} by {by}; no evidence"),
        (None, Some(found)) => format!("not declared; evidence says {found}{places}"),
        (None, None) => "not declared; no evidence".to_owned(),
    }
}

/// The rules that are not met, one in a line, and whether the signer's sign-off would count: a signature that proves
/// so much.
pub fn rules(
    judging: &Judging,
    assessment: &Assessment,
    (signer, proofs): (&str, Proofs),
) -> Vec<String> {
    let name = |rule: &Rule| format!("\"{}\"  policy.toml:{}", escape(&rule.name, 200), rule.line);
    assessment
        .unit
        .findings
        .iter()
        .filter_map(|finding| {
            let shown = finding.rule.as_ref()?;
            let rule = judging
                .policy
                .rules
                .iter()
                .find(|rule| rule.line == shown.line)?;
            let asked = rule.require.as_ref().map(Require::proofs);
            let asked = asked.unwrap_or_default();
            let stamped = Proofs {
                timestamp: true,
                ..proofs
            };
            let code = Code::NO_PRESENCE;
            let counts = match finding.who.iter().any(|who| who == signer) {
                false => String::new(),
                true if proofs.cover(asked) => ": you count".to_owned(),
                true if stamped.cover(asked) => {
                    format!(": you count, but not without a timestamp ({code})")
                }
                true => format!(": you count, but not with this key ({code})"),
            };
            let missing = finding.missing.join("; ");
            Some(format!("{}   {missing}{counts}", name(rule)))
        })
        .collect()
}

/// What lines don't show: a mode that changes, a link, a submodule.
pub fn mode_note(manifest: &ChangeManifest, path: &RepoPath) -> String {
    let Some(entry) = manifest.entry(path) else {
        return String::new();
    };
    let describe = |side: Option<&Content>| match side {
        None => "absent",
        Some(Content::Submodule { .. }) => "submodule",
        Some(Content::Blob {
            mode: FileMode::Symlink,
            ..
        }) => "link",
        Some(Content::Blob {
            mode: FileMode::Executable,
            ..
        }) => "executable",
        Some(Content::Blob {
            mode: FileMode::Regular,
            ..
        }) => "file",
    };
    match (describe(entry.old), describe(entry.new)) {
        ("file" | "absent", "file") => String::new(),
        (old, new) if old == new => format!("   {new}"),
        (old, new) => format!("   {old} -> {new}"),
    }
}
