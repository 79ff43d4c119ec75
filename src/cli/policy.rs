//! `policy lint` and `policy test`.

use std::path::PathBuf;

use countersign::change::Glob;
use countersign::change::RepoPath;
use countersign::codes::Code;
use countersign::policy::{Case, Policy, read_cases};
use countersign::roster::{PersonId, Roster};
use countersign::text::{TextError, escape};
use countersign::trust::{POLICY_PATH, ROSTER_PATH};

use serde::Serialize;

use super::args::{Global, PolicyCommand};
use super::context::Context;
use super::environment::Environment;
use super::lint::{self, Problem};
use super::roster::read;
use super::{Done, Failure, Output, simulate, text_file};

/// The largest file of cases, in bytes.
const MAX_CASES: u64 = 4 << 20;

/// Runs a `policy` command.
pub fn run(
    command: &PolicyCommand,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    match command {
        PolicyCommand::Lint => check(&context, output),
        PolicyCommand::Test { files } => test(files, &context, output),
        PolicyCommand::Simulate(args) => simulate::run(args, &context, output),
    }
}

#[derive(Serialize)]
struct TestObject {
    schema: &'static str,
    cases: Vec<CaseObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CaseObject {
    file: String,
    line: usize,
    name: String,
    as_expected: bool,
    wanted: String,
    found: String,
}

/// Asks the work tree's policy about cases.
fn test(files: &[PathBuf], context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let invalid = |errors: Vec<TextError>| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::new(Code::TRUST_INVALID, told.join("; ")).next("countersign policy lint")
    };
    let roster = Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH).map_err(invalid)?;
    let policy = Policy::parse(&read(context, POLICY_PATH)?, POLICY_PATH).map_err(invalid)?;
    let contradictions = policy.check_against(&roster, POLICY_PATH);
    if !contradictions.is_empty() {
        return Err(invalid(contradictions));
    }
    let mut cases = Vec::new();
    for (file, case) in read_all(files, &roster)? {
        let outcome = case.ask(&policy, &roster);
        cases.push(CaseObject {
            file,
            line: case.line,
            name: case.name,
            as_expected: outcome.as_expected,
            wanted: outcome.wanted,
            found: outcome.found,
        });
    }
    let failed = cases.iter().filter(|case| !case.as_expected);
    for case in failed.clone() {
        let CaseObject { file, line, .. } = case;
        let (name, wanted, found) = (&case.name, &case.wanted, &case.found);
        let name = escape(name, 200);
        output.line(&format!(
            "{file}:{line}: \"{name}\": {}, not {}",
            escape(found, 500),
            escape(wanted, 500)
        ))?;
    }
    let (failed, all) = (failed.count(), cases.len());
    if failed == 0 {
        output.row("ok", &format!("{all} cases"))?;
    } else {
        output.line(&format!("{failed} of {all} cases"))?;
    }
    output.object(&TestObject {
        schema: "https://countersign.dev/output/policy-test/v1",
        cases,
    })?;
    Ok(if failed == 0 { Done::Yes } else { Done::No })
}

fn check(context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let policy = match Policy::parse(&read(context, POLICY_PATH)?, POLICY_PATH) {
        Ok(policy) => policy,
        Err(errors) => {
            let problems: Vec<_> = errors.iter().map(Problem::error).collect();
            return lint::tell(POLICY_PATH, &problems, "", output);
        }
    };
    let unsupported = policy.unsupported.iter();
    let mut problems: Vec<_> = unsupported
        .map(|found| Problem::unsupported(POLICY_PATH, found))
        .collect();
    problems.extend(policy.exempt.iter().filter_map(|glob| {
        let path = covered_instructions(glob)?;
        let why = "which tells agents what to do: a change of it needs nothing";
        Some(Problem::of_file(format!("exempt covers {path}, {why}")))
    }));
    let contradictions = match Roster::parse(&read(context, ROSTER_PATH)?, ROSTER_PATH) {
        Ok(roster) => {
            problems.extend(narrow(&policy, &roster));
            policy.check_against(&roster, POLICY_PATH)
        }
        // Without it nobody knows whether the policy's names stand for anybody.
        Err(errors) => errors,
    };
    problems.extend(contradictions.iter().map(Problem::error));
    let ok = format!("{} rules", policy.rules.len());
    lint::tell(POLICY_PATH, &problems, &ok, output)
}

/// The cases of all files, each with its file's name.
fn read_all(files: &[PathBuf], roster: &Roster) -> Result<Vec<(String, Case)>, Failure> {
    let mut all = Vec::new();
    for path in files {
        let file = escape(&path.display().to_string(), 200);
        let cases = read_cases(&text_file::read(path, MAX_CASES)?, &file, roster);
        let cases = cases.map_err(|errors| {
            let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Failure::usage(told.join("; "))
        })?;
        all.extend(cases.into_iter().map(|case| (file.clone(), case)));
    }
    Ok(all)
}

/// Rules that too few people can satisfy. Where one person is all there is, nobody can countersign them anyway.
fn narrow(policy: &Policy, roster: &Roster) -> Vec<Problem> {
    let told = policy.narrow_rules(roster).into_iter();
    let told = told.filter(|_| roster.engineers().len() > 1);
    let told = told.filter_map(|narrow| {
        let rule = policy.rules.get(narrow.rule)?;
        let authors = named(&narrow.authors);
        let why = match narrow.lacking {
            0 => format!(
                "takes {} for every change by {authors}: nobody can stand in",
                named(&narrow.indispensable)
            ),
            more => {
                format!("can't be met for changes by {authors}: {more} more must be able to sign")
            }
        };
        let name = escape(&rule.name, 100);
        Some(Problem::of_line(
            POLICY_PATH,
            rule.line,
            format!("\"{name}\" {why}"),
        ))
    });
    told.collect()
}

/// People in words, not all of many.
fn named(people: &[PersonId]) -> String {
    match people {
        [one, two, three, rest @ ..] if rest.len() > 1 => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        people => people.join(", "),
    }
}

/// Files that instruct agents, by their names: they are read in any folder.
const NAMES: [&str; 9] = [
    "AGENTS.md",
    "AGENT.md",
    "AGENTS.override.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    ".cursorrules",
    ".windsurfrules",
    ".clinerules",
];

/// The same by whole paths.
const PATHS: [&str; 2] = [".github/copilot-instructions.md", ".junie/guidelines.md"];

/// Folders of which any file may instruct agents.
const FOLDERS: [&str; 8] = [
    ".agents/",
    ".claude/",
    ".clinerules/",
    ".cursor/",
    ".github/instructions/",
    ".github/prompts/",
    ".roo/",
    ".windsurf/",
];

/// A file that instructs agents and that a glob covers; a folder stands for what lies in it.
fn covered_instructions(glob: &Glob) -> Option<String> {
    let text = glob.as_str();
    let literal = text.split(['*', '?', '[', '{', '\\']).next().unwrap_or("");
    let top = literal.rfind('/').map_or("", |end| &text[..=end]);
    let in_folder = NAMES.iter().map(|name| format!("{top}{name}"));
    let elsewhere = NAMES.iter().chain(&PATHS).map(|path| (*path).to_owned());
    let below = FOLDERS.iter().map(|folder| format!("{folder}x.md"));
    let mut paths = elsewhere.chain(in_folder).chain(below);
    let matches =
        |path: &String| RepoPath::new(path.as_str()).is_ok_and(|path| glob.matches(&path));
    paths.find(matches).or_else(|| {
        let named = NAMES.contains(&text.rsplit('/').next().unwrap_or(""));
        let inside = FOLDERS.iter().any(|folder| text.starts_with(folder));
        (named || inside).then(|| text.to_owned())
    })
}
