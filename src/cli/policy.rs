//! `policy lint`.

use countersign::change::Glob;
use countersign::change::RepoPath;
use countersign::policy::Policy;
use countersign::roster::Roster;
use countersign::trust::{POLICY_PATH, ROSTER_PATH};

use super::args::{Global, PolicyCommand};
use super::context::Context;
use super::environment::Environment;
use super::lint::{self, Problem};
use super::roster::read;
use super::{Done, Failure, Output};

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
    }
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
        Ok(roster) => policy.check_against(&roster, POLICY_PATH),
        // Without it nobody knows whether the policy's names stand for anybody.
        Err(errors) => errors,
    };
    problems.extend(contradictions.iter().map(Problem::error));
    let ok = format!("{} rules", policy.rules.len());
    lint::tell(POLICY_PATH, &problems, &ok, output)
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
