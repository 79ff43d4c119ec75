//! Formats that people read on a code host: GitHub's annotations, and a page of Markdown.

use std::fmt::Write as _;

use super::human::{self, human};
use super::problems::{Answer, Problem, problems};
use crate::change::sha256;
use crate::gate::{Effect, POLICY_PATH, StatementKind, UnitVerdict, Verdict};
use crate::text::escape;

/// The most annotations that GitHub takes of a step.
const ANNOTATIONS: usize = 10;
/// The most units that the page has in its table, and the most findings.
const ROWS: usize = 100;
/// The longest page, in bytes; GitHub takes 1 MiB.
const PAGE: usize = 900_000;

/// GitHub's annotations, then the text for people, in which no line is taken for a command.
pub(super) fn github(answer: Answer<'_>) -> String {
    let problems = problems(answer);
    let mut out = String::new();
    let shown = match problems.len() > ANNOTATIONS {
        true => ANNOTATIONS - 1,
        false => ANNOTATIONS,
    };
    for problem in problems.iter().take(shown) {
        annotation(&mut out, problem);
    }
    if let Some(more) = problems.len().checked_sub(shown).filter(|more| *more > 0) {
        let _ = writeln!(
            out,
            "::error title=countersign::{more} more findings, below"
        );
    }
    let text = match answer {
        Answer::Verdict(verdict, labels) => human(verdict, labels),
        Answer::Undecided(undecided) => human::undecided(undecided),
    };
    // Nobody can write the digest of the text into the text.
    let token = sha256(text.as_bytes());
    let _ = write!(out, "::stop-commands::{token}\n{text}::{token}::\n");
    out
}

fn annotation(out: &mut String, problem: &Problem) {
    let kind = match problem.effect {
        Effect::Refuses | Effect::Waits => "error",
        Effect::Warns => "warning",
    };
    let title = property(&format!("{} {}", problem.code, problem.title));
    let _ = writeln!(
        out,
        "::{kind} file={POLICY_PATH},line={},title={title}::{}",
        problem.line,
        data(problem.text.trim_end())
    );
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A page of Markdown: for a step's summary, or a comment.
pub(super) fn markdown(answer: Answer<'_>) -> String {
    let mut page = String::new();
    match answer {
        Answer::Verdict(verdict, labels) => {
            let _ = write!(page, "### countersign: {}\n\n", state(verdict));
            table(&mut page, verdict);
            let text = human(verdict, labels);
            let ends = text.lines().next().unwrap_or_default();
            let ends: Vec<_> = ends.split_whitespace().collect();
            let _ = write!(page, "<sub>{}</sub>\n\n", html(&ends.join(" ")));
        }
        Answer::Undecided(_) => page.push_str("### countersign: could not decide\n\n"),
    }
    for (number, problem) in problems(answer).iter().enumerate() {
        if number == ROWS || page.len() > PAGE {
            page.push_str("There are more findings: the log has them all.\n");
            break;
        }
        let _ = write!(
            page,
            "<details><summary>{}: {}</summary>\n<pre>{}</pre>\n</details>\n\n",
            problem.code,
            html(&problem.title),
            html(problem.text.trim_end())
        );
    }
    page
}

fn state(verdict: &Verdict) -> String {
    if verdict.verified {
        return match verdict.units.len() {
            0 => "nothing to land".to_owned(),
            _ => "verified".to_owned(),
        };
    }
    let failing = verdict.units.iter().filter(|unit| !unit.passes());
    let failing: usize = failing.map(UnitVerdict::count).sum();
    let word = match verdict.waiting {
        true => "waiting",
        false => "refused",
    };
    format!("{word}, {failing} of {}", verdict.count())
}

fn table(page: &mut String, verdict: &Verdict) {
    if verdict.units.is_empty() {
        return;
    }
    page.push_str("| | change | by | AI | signed by | missing |\n|---|---|---|---|---|---|\n");
    for unit in verdict.units.iter().take(ROWS) {
        let by = |kind: StatementKind| -> String {
            let views = unit.statements.iter();
            let counted =
                views.filter(|view| view.kind == Some(kind) && view.not_counted.is_none());
            let people: Vec<_> = counted.filter_map(|view| view.signer.clone()).collect();
            people.join(", ")
        };
        let missing: Vec<_> = unit
            .findings
            .iter()
            .filter(|finding| finding.effect != Effect::Warns)
            .map(|finding| match finding.missing.is_empty() {
                true => finding.code.title().to_owned(),
                false => finding.missing.join("; "),
            })
            .collect();
        let mark = match unit.passes() {
            true => "✓",
            false => "✗",
        };
        let _ = writeln!(
            page,
            "| {mark} | <code>{}</code> {} | {} | {} | {} | {} |",
            unit.commit.short(),
            code(&escape(&unit.subject, 72)),
            code(&human::authors(&unit.authors)),
            unit.extent,
            html(&by(StatementKind::Approval)),
            html(&missing.join("; "))
        );
    }
    if verdict.units.len() > ROWS {
        let _ = writeln!(
            page,
            "| | and {} more | | | | |",
            verdict.units.len() - ROWS
        );
    }
    page.push('\n');
}

/// Untrusted text as code: no markup in it is read, and it calls nobody.
fn code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Text in which neither HTML nor Markdown means anything.
fn html(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let special =
            character.is_ascii_punctuation() && !matches!(character, ',' | ';' | '/' | '-' | '=');
        match special {
            true => {
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            false => escaped.push(character),
        }
    }
    escaped
}
