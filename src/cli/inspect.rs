//! `inspect`: what is known of a change, or of each commit of a range. It judges nothing and needs no set-up.

use std::collections::{BTreeMap, BTreeSet};

use countersign::ai::{AgentTable, AiAssistance, Extent, Found, Oddities, assess, read_evidence};
use countersign::change::{ChangeDigest, Commit, CommitId, History, Identity};
use countersign::gate::{Progress as _, Step};
use countersign::policy::{self, Enforce, Require, Rule};
use countersign::text::escape;
use serde::Serialize;

use super::args::{Global, InspectArgs};
use super::context::Context;
use super::environment::Environment;
use super::session::Session;
use super::statement::lines;
use super::{Done, Failure, Output, digest, looks};

/// The most traces, and the most commits, that are shown to people.
const SHOWN: usize = 40;

/// A change as a whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InspectedObject<'a> {
    schema: &'static str,
    change: ChangeDigest,
    base: &'a CommitId,
    head: &'a CommitId,
    commits: usize,
    files: usize,
    insertions: u64,
    deletions: u64,
    authors: Vec<Person>,
    ai: AiAssistance,
    /// Traces over the limit of what is kept; none of them raises the extent.
    traces_left_out: u64,
    /// What of the evidence could not be read, or was odd.
    odd: Oddities,
}

/// Each commit of a range.
#[derive(Serialize)]
struct CommitsObject<'a> {
    schema: &'static str,
    base: &'a CommitId,
    head: &'a CommitId,
    commits: usize,
    marked: usize,
    tools: &'a [Tool],
    rows: &'a [Row],
    /// What of the evidence could not be read, or was odd.
    odd: Oddities,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Person {
    name: String,
    email: String,
}

/// How many commits a tool left traces in.
#[derive(Serialize)]
struct Tool {
    tool: String,
    commits: usize,
}

/// A commit with traces.
#[derive(Serialize)]
struct Row {
    commit: CommitId,
    extent: Option<Extent>,
    tools: BTreeSet<String>,
    author: Person,
    subject: String,
}

impl From<Identity> for Person {
    fn from(identity: Identity) -> Self {
        Self {
            name: identity.name,
            email: identity.email,
        }
    }
}

/// Shows a change, or with `--each` the commits of a range.
pub fn run(
    args: &InspectArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    if args.only.as_deref() == Some("rules") {
        return rules(args, global, environment, output);
    }
    let context = Context::open(global, environment)?;
    let (base, head) = digest::ends(&context, &args.change)?;
    let ids = context
        .repo
        .commits_between(std::slice::from_ref(&base), &head)?;
    let commits = ids.iter().map(|id| context.repo.commit(id));
    let judging = context.known_judging();
    let table = judging.as_ref().map(|judging| judging.policy.agents());
    let inspected = Inspected {
        context: &context,
        table: table.unwrap_or_else(|| AgentTable::builtin()),
        base: &base,
        head: &head,
    };
    if args.each {
        // Only those with traces are kept: a range may be a whole history.
        inspected.each(commits, ids.len(), output)?;
    } else {
        let commits = commits.collect::<Result<Vec<_>, _>>()?;
        inspected.whole(&commits, args.only.is_some(), output)?;
    }
    Ok(Done::Yes)
}

/// The rules of the policy, and whether each is about the change.
#[derive(Serialize)]
struct RulesObject<'a> {
    schema: &'static str,
    change: ChangeDigest,
    base: &'a CommitId,
    head: &'a CommitId,
    rules: Vec<RuleObject<'a>>,
}

/// A rule.
#[derive(Serialize)]
struct RuleObject<'a> {
    name: &'a str,
    /// Its line in `policy.toml`.
    line: usize,
    /// Whether it applies, else why not.
    about: &'static str,
    asks: Vec<String>,
    forbid: Option<&'a str>,
    /// Whether it only warns.
    warns: bool,
}

/// Shows which rules are about the change, and what they ask. It judges nothing.
fn rules(
    args: &InspectArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let (change, target) = (args.change.change.as_deref(), args.change.target.as_deref());
    let session = Session::open(context, change, target)?;
    let assessment = session.assess_own()?;
    let (policy, roster) = (&session.judging.policy, &session.judging.roster);
    let object = |rule| -> RuleObject<'_> {
        let rule: &Rule = rule;
        let about = policy::about(policy, roster, &assessment.facts, rule);
        RuleObject {
            name: &rule.name,
            line: rule.line,
            about: about.as_str(),
            asks: rule
                .require
                .as_ref()
                .map(Require::words)
                .unwrap_or_default(),
            forbid: rule.forbid.as_deref(),
            warns: rule.enforce == Enforce::Warn,
        }
    };
    let rules: Vec<_> = policy.rules.iter().map(object).collect();
    for (number, rule) in rules.iter().enumerate() {
        let word = if number == 0 { "Rules" } else { "" };
        let mut asks = rule.asks.join("; ");
        if let Some(why) = rule.forbid {
            asks = format!("forbidden: {}", escape(why, 200));
        }
        let warns = if rule.warns { ", warns" } else { "" };
        let place = format!("policy.toml:{}", rule.line);
        let name = escape(rule.name, 80);
        output.row(
            word,
            &format!("{place:<16} {name}   {}{warns}: {asks}", rule.about),
        )?;
    }
    output.object(&RulesObject {
        schema: "https://countersign.dev/output/rules/v1",
        change: assessment.unit.change,
        base: &session.subject.base,
        head: &session.subject.head,
        rules,
    })?;
    Ok(Done::Yes)
}

/// What is looked at, and the tools whose traces are known.
struct Inspected<'a> {
    context: &'a Context,
    table: &'a AgentTable,
    base: &'a CommitId,
    head: &'a CommitId,
}

impl Inspected<'_> {
    fn whole(&self, commits: &[Commit], only_ai: bool, output: &mut Output) -> Result<(), Failure> {
        let Self {
            context,
            table,
            base,
            head,
        } = *self;
        let manifest = context.repo.change(Some(base), head)?;
        let (insertions, deletions) = lines(context, base, head, &manifest)?;
        let found = read_evidence(table, &context.repo, (Some(base), head), commits);
        let ai = assess(None, &found);
        let people = commits
            .iter()
            .flat_map(|commit| table.claimed_people(commit).people);
        let authors: BTreeSet<_> = people.map(|(identity, _)| Person::from(identity)).collect();
        let (change, files) = (manifest.digest(), manifest.len());
        if !only_ai {
            output.row(
                "Change",
                &format!(
                    "{}   base {}   head {}   {} commits, {files} files +{insertions} -{deletions}",
                    change.short(),
                    base.short(),
                    head.short(),
                    commits.len()
                ),
            )?;
            let named = authors.iter().take(SHOWN);
            let named =
                named.map(|person| escape(&format!("{} <{}>", person.name, person.email), 120));
            output.row("Authors", &named.collect::<Vec<_>>().join(", "))?;
            for line in looks::alike(&context.repo, head, &manifest)? {
                output.row("Look", &line)?;
            }
        }
        tell_ai(&ai, &found, output)?;
        output.object(&InspectedObject {
            schema: "https://countersign.dev/output/inspected/v1",
            change,
            base,
            head,
            commits: commits.len(),
            files,
            insertions,
            deletions,
            authors: authors.into_iter().collect(),
            traces_left_out: found.left_out(),
            odd: found.odd,
            ai,
        })
    }

    fn each<E: Into<Failure>>(
        &self,
        commits: impl Iterator<Item = Result<Commit, E>>,
        number: usize,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let Self {
            context,
            table,
            base,
            head,
        } = *self;
        let mut rows = Vec::new();
        let mut tools: BTreeMap<String, usize> = BTreeMap::new();
        let mut odd = Oddities::default();
        let meter = &context.environment.meter;
        for (done, commit) in commits.enumerate() {
            meter.step(Step::Commits { done, of: number });
            let commit = commit.map_err(Into::into)?;
            let ends = (commit.parents.first(), &commit.id);
            let found = read_evidence(table, &context.repo, ends, std::slice::from_ref(&commit));
            odd.add(&found.odd);
            let named = assess(None, &found).agents;
            let named: BTreeSet<_> = named.into_iter().map(|agent| agent.tool).collect();
            if found.extent().is_none() {
                continue;
            }
            for tool in &named {
                *tools.entry(tool.clone()).or_default() += 1;
            }
            rows.push(Row {
                extent: found.extent(),
                tools: named,
                subject: commit.subject().to_owned(),
                author: commit.author.into(),
                commit: commit.id,
            });
        }
        meter.step(Step::Over);
        let mut tools: Vec<_> = tools
            .into_iter()
            .map(|(tool, commits)| Tool { tool, commits })
            .collect();
        tools.sort_by_key(|tool| std::cmp::Reverse(tool.commits));
        tell_each(&rows, &tools, number, output)?;
        tell_odd(&odd, output)?;
        output.object(&CommitsObject {
            schema: "https://countersign.dev/output/inspected-commits/v1",
            base,
            head,
            commits: number,
            marked: rows.len(),
            tools: &tools,
            rows: &rows,
            odd,
        })
    }
}

fn tell_ai(ai: &AiAssistance, found: &Found, output: &mut Output) -> Result<(), Failure> {
    let nothing =
        || "no trace that counts, which proves nothing: only its author can declare".to_owned();
    let shown = ai.extent.map_or_else(nothing, |extent| {
        let share = super::status::share(ai).map(|share| format!("; {share}"));
        let share = share.unwrap_or_default();
        format!("{extent} by evidence; nobody declared here{share}")
    });
    output.row("AI", &shown)?;
    for trace in found.traces().take(SHOWN) {
        let place = trace.commit.as_ref().map_or("", CommitId::short);
        let line = trace
            .line
            .map_or_else(String::new, |line| format!(" line {line}"));
        let agent = trace.agent.as_ref().map_or_else(String::new, |agent| {
            let model = agent.model.as_deref().unwrap_or_default();
            format!("{} {model}", agent.tool)
        });
        let strength = trace.strength.as_str();
        let (rule, agent) = (escape(&trace.rule, 60), escape(agent.trim_end(), 80));
        output.row(
            "",
            &format!("{strength:<6}  {rule:<32}  {place}{line:<9}  {agent}"),
        )?;
    }
    let more = found.traces().count().saturating_sub(SHOWN) as u64 + found.left_out();
    if more > 0 {
        output.row("", &format!("and {more} more"))?;
    }
    tell_odd(&found.odd, output)
}

fn tell_odd(odd: &Oddities, output: &mut Output) -> Result<(), Failure> {
    for (what, count) in odd.named() {
        output.row("Odd", &format!("{count} {what}"))?;
    }
    Ok(())
}

fn tell_each(
    rows: &[Row],
    tools: &[Tool],
    number: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let marked = rows.len();
    let share = match number {
        0 => 0.0,
        _ => 100.0 * marked as f64 / number as f64,
    };
    output.row(
        "Commits",
        &format!("{number}, {marked} with traces of AI ({share:.1} %)"),
    )?;
    for tool in tools {
        output.row(
            "",
            &format!("{:>7}  {}", tool.commits, escape(&tool.tool, 80)),
        )?;
    }
    for row in rows.iter().take(SHOWN) {
        let extent = row.extent.map_or("", Extent::as_str);
        let tools: Vec<_> = row.tools.iter().map(|tool| escape(tool, 40)).collect();
        output.line(&format!(
            "{}  {extent:<10}  {:<24}  {:<20}  {}",
            row.commit.short(),
            tools.join(", "),
            escape(&row.author.name, 20),
            escape(&row.subject, 60)
        ))?;
    }
    if marked > SHOWN {
        output.line(&format!(
            "and {} more; --format json has them all",
            marked - SHOWN
        ))?;
    }
    Ok(())
}
