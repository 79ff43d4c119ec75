//! `declare`: an author says how AI took part, and signs it.

use countersign::ai::{Agent, AgentRole, Evidence, EvidenceSource, Extent, Strength, assess};
use countersign::attestation::{Declaration, PersonClaim, Statement};
use countersign::change::sha256;
use countersign::codes::Code;
use countersign::gate::Assessment;
use countersign::git::UserConfig;
use countersign::text::escape;

use super::args::{DeclareArgs, Global};
use super::context::Context;
use super::environment::Environment;
use super::objects::{DeclaredObject, MadeObject};
use super::session::Session;
use super::statement::Declarant;
use super::{Done, Failure, Output, key, statement, status};

/// Declares how AI took part in a change.
pub fn run(
    args: &DeclareArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    statement::refuse_two_outputs(args.output.as_deref(), output)?;
    let context = Context::open(global, environment)?;
    let (change, target) = (args.change.change.as_deref(), args.change.target.as_deref());
    let session = Session::open(context, change, target)?;
    let (context, roster) = (&session.context, &session.judging.roster);
    let config = UserConfig::read(&global.folder)?;
    let key = key::find(&args.key, &config, &context.environment, Some(roster))?;
    let author = statement::declarant(roster, &key)?;
    if let Some(id) = args.to.iter().find(|id| roster.engineer(id).is_none()) {
        return Err(Failure::usage(format!(
            "--to {id}: nobody of the roster has this id"
        )));
    }
    let assessment = session.assess()?;
    session.subject.refuse_empty(&assessment)?;
    let Some(extent) = extent(args, &assessment, context, output)? else {
        return Ok(Done::No);
    };
    session.refuse_moved()?;
    let statement = Statement {
        subject: assessment.unit.change,
        predicate: declaration(args, extent, &session, &assessment, author)?,
    };
    let payload = statement
        .to_payload()
        .map_err(|error| Failure::new(Code::LIMIT, error.to_string()))?;
    let bundle = statement::seal(&payload, &key)?;
    let kept = statement::keep(
        context,
        &assessment,
        &bundle,
        args.output.as_deref(),
        output,
    )?;
    let digest = assessment.unit.change.short();
    let by = format!("by {} ({})", author.id, key.fingerprint());
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
    for trace in assessment.unit.ai.evidence.iter().take(5) {
        let commit = trace.commit.as_ref().map_or("", |commit| commit.short());
        output.row(
            "Evidence",
            &format!("{}  {}  {commit}", trace.extent, escape(&trace.rule, 80)),
        )?;
    }
    output.flush()?;
    let shown = Extent::ALL.map(|extent| {
        if Some(extent) == found {
            format!("[{extent}]")
        } else {
            extent.to_string()
        }
    });
    let question = format!("How did AI take part?  {}   > ", shown.join("  "));
    for _ in 0..3 {
        let Some(answer) = context.environment.ask(&question)? else {
            return Ok(None);
        };
        let answer = if answer.is_empty() {
            found
        } else {
            answer.parse().ok()
        };
        if answer.is_some() {
            return Ok(answer);
        }
    }
    Ok(None)
}

fn declaration(
    args: &DeclareArgs,
    extent: Extent,
    session: &Session,
    assessment: &Assessment,
    author: Declarant<'_>,
) -> Result<Declaration, Failure> {
    let mut ai = assess(Some(extent), &assessment.claims.found);
    if let Some(tool) = &args.tool {
        let id = format!("a{}", ai.agents.len() + 1);
        let model = args.model.clone();
        ai.evidence.push(Evidence {
            rule: "declared".to_owned(),
            source: EvidenceSource::Declaration,
            commit: None,
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
            role: AgentRole::Unknown,
        });
    }
    Ok(Declaration {
        change: statement::change(session, assessment)?,
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
