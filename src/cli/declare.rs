//! `declare`: an author says how AI took part, and signs it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use countersign::ai::{Agent, Evidence, EvidenceSource, Extent, Strength, assess};
use countersign::attestation::{Declaration, PersonClaim, Statement};
use countersign::change::{CommitId, sha256};
use countersign::codes::Code;
use countersign::gate::Assessment;
use countersign::git::UserConfig;
use countersign::text::escape;

use super::args::{DeclareArgs, Global};
use super::context::Context;
use super::environment::Environment;
use super::objects::{DeclaredObject, MadeObject};
use super::sealing::Asked;
use super::series::Series;
use super::session::Session;
use super::statement::Declarant;
use super::{Done, Failure, Output, sealing, statement, status};

/// The most lines of evidence that are shown.
const SHOWN: usize = 8;

/// Declares how AI took part in a change.
pub fn run(
    args: &DeclareArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    statement::refuse_two_outputs(args.output.as_deref(), output)?;
    let mut context = Context::open(global, environment)?;
    let config = UserConfig::read(&global.folder)?;
    context.sigstore.or_users(&config);
    let (change, target) = (args.change.change.as_deref(), args.change.target.as_deref());
    let session = Session::open(context, change, target)?;
    let (context, roster) = (&session.context, &session.judging.roster);
    let asked = Asked {
        key: &args.key,
        keyless: &args.keyless,
        timestamps: None,
    };
    let sealer = sealing::find(&asked, &config, &session)?;
    let author = statement::declarant(roster, &*sealer)?;
    if let Some(id) = args.to.iter().find(|id| roster.engineer(id).is_none()) {
        return Err(Failure::usage(format!(
            "--to {id}: nobody of the roster has this id"
        )));
    }
    let assessment = session.assess_own()?;
    session.subject.refuse_empty(&assessment)?;
    sealer.warn(output)?;
    let series = Series::read(context, &assessment)?;
    series.warn(output)?;
    let Some(extent) = extent(args, &assessment, context, output)? else {
        return Ok(Done::No);
    };
    session.refuse_moved()?;
    let statement = Statement {
        subject: assessment.unit.change,
        predicate: declaration(args, extent, &session, (&assessment, &series), author)?,
    };
    let payload = statement::payload(statement, |said| &mut said.ai_assistance)?;
    let sealed = sealer.seal(&payload, &assessment.unit.change)?;
    let kept = statement::keep(
        &session,
        (&assessment, &series),
        &sealed,
        args.output.as_deref(),
        output,
    )?;
    let digest = assessment.unit.change.short();
    let by = format!("by {} ({})", author.id, sealed.by);
    output.row(
        "Declared",
        &format!("{extent}   change {digest}   {by}   {}", kept.place),
    )?;
    contradiction(&assessment, extent, output)?;
    // What is missing now, with what was just added and what the remote had.
    let after = session.assess()?;
    status::waiting(&after, &args.to, &session.subject, output)?;
    output.object(&DeclaredObject {
        schema: "https://countersign.dev/output/declared/v1",
        declared: extent,
        contradicted_by: contradicting(&assessment, extent),
        made: MadeObject::new(&session, &after, author.id, &kept),
    })?;
    Ok(Done::Yes)
}

/// The extent to declare: the flag's, else what the person answers; the evidence's is the default.
fn extent(
    args: &DeclareArgs,
    assessment: &Assessment,
    context: &Context,
    output: &mut Output,
) -> Result<Option<Extent>, Failure> {
    if let Some(word) = &args.ai {
        return word
            .parse()
            .map(Some)
            .map_err(|_| Failure::usage(format!("no extent \"{word}\"")));
    }
    let found = assessment.claims.found.extent();
    if !context.environment.interactive {
        return found.map(Some).ok_or_else(|| {
            Failure::usage("no evidence of AI use, and no terminal to ask on")
                .next("countersign declare --ai none|assisted|generated|autonomous")
        });
    }
    for line in evidence(assessment) {
        output.row("Evidence", &line)?;
    }
    output.flush()?;
    ask("", found, |question| context.environment.ask(question))
}

/// Asks how far AI took part; what evidence says is the answer of who says nothing.
pub fn ask(
    about: &str,
    found: Option<Extent>,
    answer: impl Fn(&str) -> Result<Option<String>, Failure>,
) -> Result<Option<Extent>, Failure> {
    let shown = Extent::ALL.map(|extent| match Some(extent) == found {
        true => format!("[{extent}]"),
        false => extent.to_string(),
    });
    let question = format!("{about}How did AI take part?  {}   > ", shown.join("  "));
    for _ in 0..3 {
        let Some(answer) = answer(&question)? else {
            return Ok(None);
        };
        let answer = match answer.is_empty() {
            true => found,
            false => answer.parse().ok(),
        };
        if answer.is_some() {
            return Ok(answer);
        }
    }
    Ok(None)
}

/// What evidence says, a line for each rule and agent: `cursor/co-author  strong  assisted  Cursor  3 commits`.
fn evidence(assessment: &Assessment) -> Vec<String> {
    let mut rows: BTreeMap<_, BTreeSet<&CommitId>> = BTreeMap::new();
    let ai = &assessment.unit.ai;
    for trace in &ai.evidence {
        let agent = ai
            .agents
            .iter()
            .find(|agent| Some(&agent.id) == trace.agent.as_ref());
        let agent = agent.map_or_else(String::new, |agent| {
            let model = agent.model.as_deref().unwrap_or_default();
            format!("{} {model}", agent.tool)
        });
        let key = (
            Reverse(trace.extent),
            Reverse(trace.strength),
            &trace.rule,
            agent,
        );
        rows.entry(key).or_default().extend(&trace.commit);
    }
    let shown = rows
        .into_iter()
        .take(SHOWN)
        .map(|((extent, strength, rule, agent), commits)| {
            let (extent, strength) = (extent.0, strength.0.as_str());
            let places: Vec<_> = commits
                .iter()
                .take(3)
                .map(|commit| commit.short())
                .collect();
            let more = match commits.len().saturating_sub(3) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let (rule, agent) = (escape(rule, 80), escape(agent.trim_end(), 80));
            format!(
                "{extent}  {rule}  {strength}  {agent}  {}{more}",
                places.join(" ")
            )
        });
    shown.chain(status::share(ai)).collect()
}

fn declaration(
    args: &DeclareArgs,
    extent: Extent,
    session: &Session,
    (assessment, series): (&Assessment, &Series<'_>),
    author: Declarant<'_>,
) -> Result<Declaration, Failure> {
    let mut ai = assess(Some(extent), &assessment.claims.found);
    if !args.with_session_links {
        statement::leave_sessions_out(&mut ai);
    }
    if let Some(tool) = &args.tool {
        let id = format!("a{}", ai.agents.len() + 1);
        let model = args.model.clone();
        ai.evidence.push(Evidence {
            rule: "declared".to_owned(),
            source: EvidenceSource::Declaration,
            commit: None,
            reference: None,
            line: None,
            sha256: sha256(tool.as_bytes()),
            strength: Strength::Medium,
            extent,
            agent: Some(id.clone()),
        });
        ai.agents.push(Agent {
            id,
            tool: tool.clone(),
            model,
            ..Agent::default()
        });
    }
    Ok(Declaration {
        change: statement::change(session, assessment, series)?,
        authors: statement::authors(&session.judging.roster, assessment, Some(author)),
        author: PersonClaim {
            id: author.id.clone(),
        },
        ai_assistance: ai,
        reason: args.reason.clone(),
        tickets: args.tickets.clone(),
        asked: args.to.clone(),
        declared_on: session.context.environment.now,
    })
}

/// A declaration below the evidence is kept, and said to contradict it.
fn contradiction(
    assessment: &Assessment,
    declared: Extent,
    output: &mut Output,
) -> Result<(), Failure> {
    let Some(found) = contradicting(assessment, declared) else {
        return Ok(());
    };
    let code = Code::CONTRADICTION;
    output.row(
        "Contradicts",
        &format!("{code} evidence says {found}, which counts"),
    )
}

/// The extent that evidence shows, where it is above what is declared.
fn contradicting(assessment: &Assessment, declared: Extent) -> Option<Extent> {
    let found = assessment.claims.found.extent();
    found.filter(|found| *found > declared)
}
