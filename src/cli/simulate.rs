//! `policy simulate`: what landed lately, under the policy in force and under the next: who would have to sign how much.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use countersign::change::{CommitId, History};
use countersign::gate::{Gate, Judging, Undecided};
use countersign::policy::{Burden, Policy, burden, parse_duration};
use countersign::roster::PersonId;
use countersign::text::escape;
use countersign::trust::POLICY_PATH;
use jiff::Timestamp;
use serde::Serialize;

use super::args::SimulateArgs;
use super::context::{Context, Target};
use super::roster::read;
use super::{Done, Failure, Output, session, text_file};

/// How far back where nothing is said.
const SINCE: &str = "90d";
/// The most units that are replayed.
const MAX_UNITS: usize = 100_000;
/// The largest policy that is read, in bytes.
const MAX_TEXT: u64 = 4 << 20;
/// How many people are named as the busiest.
const BUSIEST: usize = 2;

/// A policy, and what it asked of each unit.
struct Replay {
    policy: Policy,
    /// The file, as shown.
    file: String,
    burdens: Vec<Burden>,
    /// How many sign-offs each person would have given, shared out to whoever had fewest.
    load: BTreeMap<PersonId, usize>,
    /// How many were asked on each day, by the day's first second.
    days: BTreeMap<i64, usize>,
}

/// Replays the target's line.
pub fn run(args: &SimulateArgs, context: &Context, output: &mut Output) -> Result<Done, Failure> {
    let judging = session::judging(context)?;
    let target = context.target(&judging, None)?;
    let since = args.since.as_deref().unwrap_or(SINCE);
    let since = parse_duration(since)
        .map_err(|error| Failure::usage(format!("--since {since}: {error}")))?;
    let units = units(context, &target, since)?;
    let now = replay(context, &judging, &target, (POLICY_PATH, &units))?;
    let next = match next(args, context, &judging)? {
        None => None,
        Some((file, judging)) => Some(replay(context, &judging, &target, (&file, &units))?),
    };
    tell(&now, next.as_ref(), since, output)?;
    output.object(&SimulationObject {
        schema: "https://countersign.dev/output/simulation/v1",
        target: &target.name,
        units: units.len(),
        days: since.as_secs() / 86_400,
        now: ReplayObject::new(&now),
        next: next.as_ref().map(ReplayObject::new),
    })?;
    Ok(Done::Yes)
}

/// The units that landed within a time, the oldest first, with when they say they were committed.
fn units(
    context: &Context,
    target: &Target,
    since: Duration,
) -> Result<Vec<(CommitId, i64)>, Failure> {
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let from = context.environment.now.as_second().saturating_sub(seconds);
    let mut units = Vec::new();
    let mut next = Some(target.tip.clone());
    while let Some(id) = next.filter(|_| units.len() < MAX_UNITS) {
        let commit = context.repo.commit(&id)?;
        if commit.committed_at < from {
            break;
        }
        next = commit.parents.first().cloned();
        units.push((id, commit.committed_at));
    }
    units.reverse();
    Ok(units)
}

/// The policy of `--policy`, else of the work tree where it is another than the one in force.
fn next(
    args: &SimulateArgs,
    context: &Context,
    judging: &Judging,
) -> Result<Option<(String, Judging)>, Failure> {
    let (file, text) = match &args.policy {
        Some(path) => (shown(path), text_file::read(path, MAX_TEXT)?),
        None => match read(context, POLICY_PATH) {
            Ok(text) => (POLICY_PATH.to_owned(), text),
            Err(_) => return Ok(None),
        },
    };
    let same = countersign::change::sha256(text.as_bytes()) == judging.version.policy();
    if args.policy.is_none() && same {
        return Ok(None);
    }
    let invalid = |errors: Vec<countersign::text::TextError>| {
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        Failure::new(countersign::codes::Code::TRUST_INVALID, told.join("; "))
    };
    let policy = Policy::parse(&text, &file).map_err(invalid)?;
    let contradictions = policy.check_against(&judging.roster, &file);
    if !contradictions.is_empty() {
        return Err(invalid(contradictions));
    }
    let mut judging = judging.clone();
    judging.policy = policy;
    Ok(Some((file, judging)))
}

fn shown(path: &Path) -> String {
    escape(&path.display().to_string(), 200)
}

fn replay(
    context: &Context,
    judging: &Judging,
    target: &Target,
    (file, units): (&str, &[(CommitId, i64)]),
) -> Result<Replay, Failure> {
    let store = context.store()?;
    let snapshot = store.open().map_err(Undecided::from)?;
    let gate: Gate<'_> = context.gate(&snapshot, judging, target);
    let (policy, roster) = (&judging.policy, &judging.roster);
    let mut replay = Replay {
        policy: policy.clone(),
        file: file.to_owned(),
        burdens: Vec::with_capacity(units.len()),
        load: BTreeMap::new(),
        days: BTreeMap::new(),
    };
    for (commit, at) in units {
        let facts = gate.unsigned_facts(commit)?;
        let asked = facts.map(|facts| burden(policy, roster, &facts));
        replay.add(asked.unwrap_or_default(), *at);
    }
    Ok(replay)
}

impl Replay {
    fn add(&mut self, burden: Burden, at: i64) {
        let mut who: Vec<_> = burden.who.iter().collect();
        who.sort_by_key(|person| self.load.get(*person).copied().unwrap_or(0));
        for person in who.into_iter().take(burden.signers) {
            *self.load.entry(person.clone()).or_default() += 1;
        }
        *self.days.entry(at.div_euclid(86_400)).or_default() += burden.signers;
        self.burdens.push(burden);
    }

    /// How many units ask for so many signers.
    fn needs(&self) -> BTreeMap<usize, usize> {
        let mut needs = BTreeMap::new();
        for burden in self.burdens.iter().filter(|burden| !burden.forbidden) {
            *needs.entry(burden.signers).or_default() += 1;
        }
        needs
    }

    fn forbidden(&self) -> usize {
        let all = self.burdens.iter();
        all.filter(|burden| burden.forbidden).count()
    }

    /// People with most sign-offs first.
    fn busiest(&self) -> Vec<(&PersonId, usize)> {
        let mut load: Vec<_> = self.load.iter().map(|(id, number)| (id, *number)).collect();
        load.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        load
    }

    /// The rules for which there is nobody to spare: the people who could sign are no more than are asked.
    fn bottlenecks(&self) -> Vec<(usize, &Burden)> {
        let mut found: BTreeMap<usize, &Burden> = BTreeMap::new();
        for burden in &self.burdens {
            if let Some(rule) = burden.rule
                && burden.who.len() <= burden.signers
            {
                found.entry(rule).or_insert(burden);
            }
        }
        found.into_iter().collect()
    }

    /// The middle and the worst day, of those on which something landed.
    fn per_day(&self) -> Option<(usize, usize, i64)> {
        let mut numbers: Vec<_> = self.days.values().copied().collect();
        numbers.sort_unstable();
        let median = *numbers.get(numbers.len() / 2)?;
        let (day, worst) = self.days.iter().max_by_key(|(_, number)| **number)?;
        Some((median, *worst, *day))
    }

    fn rule(&self, index: usize) -> String {
        let rule = self.policy.rules.get(index);
        let shown = |rule: &countersign::policy::Rule| {
            format!(
                "\"{}\" {}:{}",
                escape(&rule.name, 100),
                self.file,
                rule.line
            )
        };
        rule.map(shown).unwrap_or_default()
    }
}

fn date(day: i64) -> String {
    let time = Timestamp::from_second(day.saturating_mul(86_400));
    time.map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

fn tell(
    now: &Replay,
    next: Option<&Replay>,
    since: Duration,
    output: &mut Output,
) -> Result<(), Failure> {
    let days = since.as_secs() / 86_400;
    let head = format!("{} units, {days} days", now.burdens.len());
    let column = if next.is_some() { "    next" } else { "" };
    output.line(&format!("{head:<26}     now{column}"))?;
    let (before, after) = (now.needs(), next.map(Replay::needs));
    let keys = before
        .keys()
        .chain(after.iter().flat_map(BTreeMap::keys))
        .copied();
    let keys: std::collections::BTreeSet<usize> = keys.collect();
    for signers in keys {
        let what = match signers {
            0 => "needs nothing".to_owned(),
            1 => "needs 1 signer".to_owned(),
            more => format!("needs {more} signers"),
        };
        let number = |needs: &BTreeMap<usize, usize>| needs.get(&signers).copied().unwrap_or(0);
        let after = after.as_ref().map(number);
        output.line(&columns(&what, number(&before), after))?;
    }
    let forbidden = (now.forbidden(), next.map(Replay::forbidden));
    if forbidden.0 > 0 || forbidden.1.is_some_and(|number| number > 0) {
        output.line(&columns("forbidden", forbidden.0, forbidden.1))?;
    }
    let last = next.unwrap_or(now);
    let busiest = last.busiest().into_iter().take(BUSIEST);
    let busiest = busiest.map(|(id, number)| match next {
        Some(_) => format!(
            "{id} {number} (now {})",
            now.load.get(id).copied().unwrap_or(0)
        ),
        None => format!("{id} {number}"),
    });
    let busiest: Vec<_> = busiest.collect();
    if !busiest.is_empty() {
        output.line(&format!("busiest: {}", busiest.join(", ")))?;
    }
    if let Some((median, worst, day)) = last.per_day() {
        let people = last.load.len();
        output.line(&format!(
            "sign-offs a day, {people} people: median {median}, worst {worst} ({})",
            date(day)
        ))?;
    }
    for (rule, burden) in last.bottlenecks() {
        let who = match burden.who.as_slice() {
            [] => "nobody can".to_owned(),
            who => format!("only {} can", who.join(" and ")),
        };
        let text = format!("{who}, {} asked: {}", burden.signers, last.rule(rule));
        output.line(&format!("bottleneck: {text}"))?;
    }
    Ok(())
}

fn columns(what: &str, now: usize, next: Option<usize>) -> String {
    let next = next.map_or_else(String::new, |next| format!("{next:>8}"));
    format!("{what:<26}{now:>8}{next}")
}

#[derive(Serialize)]
struct SimulationObject<'a> {
    schema: &'static str,
    target: &'a str,
    units: usize,
    days: u64,
    now: ReplayObject,
    next: Option<ReplayObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplayObject {
    file: String,
    needs: Vec<NeedsObject>,
    forbidden: usize,
    load: Vec<LoadObject>,
    median_a_day: Option<usize>,
    worst_a_day: Option<usize>,
    worst_day: Option<String>,
    bottlenecks: Vec<BottleneckObject>,
}

#[derive(Serialize)]
struct NeedsObject {
    signers: usize,
    units: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoadObject {
    id: PersonId,
    sign_offs: usize,
}

#[derive(Serialize)]
struct BottleneckObject {
    rule: String,
    line: usize,
    signers: usize,
    who: Vec<PersonId>,
}

impl ReplayObject {
    fn new(replay: &Replay) -> Self {
        let needs = replay.needs().into_iter();
        let load = replay.busiest().into_iter();
        let day = replay.per_day();
        let bottlenecks = replay.bottlenecks().into_iter();
        let bottlenecks = bottlenecks.filter_map(|(index, burden)| {
            let rule = replay.policy.rules.get(index)?;
            Some(BottleneckObject {
                rule: rule.name.clone(),
                line: rule.line,
                signers: burden.signers,
                who: burden.who.clone(),
            })
        });
        Self {
            file: replay.file.clone(),
            needs: needs
                .map(|(signers, units)| NeedsObject { signers, units })
                .collect(),
            forbidden: replay.forbidden(),
            load: load
                .map(|(id, sign_offs)| LoadObject {
                    id: id.clone(),
                    sign_offs,
                })
                .collect(),
            median_a_day: day.map(|(median, ..)| median),
            worst_a_day: day.map(|(_, worst, _)| worst),
            worst_day: day.map(|(_, _, day)| date(day)),
            bottlenecks: bottlenecks.collect(),
        }
    }
}
