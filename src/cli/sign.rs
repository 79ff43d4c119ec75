//! `sign`: a change is built once, shown, and signed; or refused where the signature would not count.

use countersign::attestation::{
    Decision, EmergencyClaim, Link, PersonClaim, PolicyShown, Review, SignOff, Statement,
};
use countersign::change::History as _;
use countersign::codes::Code;
use countersign::git::{UserConfig, check_ref_name};
use countersign::keys::Proof;
use countersign::store::Direction;
use countersign::text::escape;
use countersign::verify::VerifiedStatement;

use super::args::{Global, SignArgs};
use super::change::Subject;
use super::context::{Context, full_branch};
use super::decision::{Decided, Screen};
use super::environment::Environment;
use super::objects::{MadeObject, SignedObject};
use super::sealing::Asked;
use super::series::Series;
use super::session::{self, Session};
use super::statement::Kept;
use super::{Done, Failure, Output, carried, looks, sealing, statement, status};

/// The most files that the screen lists.
const MAX_FILES: usize = 200;

/// Shows a change and signs it off.
pub fn run(
    args: &SignArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    statement::refuse_two_outputs(args.output.as_deref(), output)?;
    let mut context = Context::open(global, environment)?;
    let config = UserConfig::read(&global.folder)?;
    context.sigstore.or_users(&config);
    fetch(&context, args, output)?;
    let (change, target) = (args.change.change.as_deref(), args.change.target.as_deref());
    let session = Session::open(context, change, target)?;
    let (context, roster) = (&session.context, &session.judging.roster);
    check_at(context, args, &session.subject)?;
    let asked = Asked {
        key: &args.key,
        keyless: &args.keyless,
        timestamps: Some(&args.timestamps),
    };
    let sealer = sealing::find(&asked, &config, &session)?;
    let signer = statement::signer(roster, &*sealer)?;
    if let Some(path) = &args.declaration {
        carried::take(path, &session, output)?;
    }
    let assessment = session.assess_own()?;
    session.subject.refuse_empty(&assessment)?;
    let screen = Screen {
        args,
        session: &session,
        assessment: &assessment,
        signer,
        proofs: sealer.could_prove(),
    };
    screen.refuse_useless(screen.wanted())?;
    show(&screen, output)?;
    show_emergency(args, output)?;
    sealer.warn(output)?;
    let series = Series::read(context, &assessment)?;
    series.warn(output)?;
    let Some(decided) = screen.decide(output)? else {
        return Ok(Done::No);
    };
    session.refuse_moved()?;

    let statement = Statement {
        subject: assessment.unit.change,
        predicate: sign_off(&screen, &decided, &series)?,
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
    tell(&screen, &decided, (&kept, sealed.proof), output)?;
    Ok(match decided.decision {
        Decision::Approved => Done::Yes,
        Decision::Rejected => Done::No,
    })
}

/// Says what was signed, and what of the change is still missing.
fn tell(
    screen: &Screen<'_>,
    decided: &Decided,
    (kept, proof): (&Kept, Proof),
    output: &mut Output,
) -> Result<(), Failure> {
    let (session, signer) = (screen.session, screen.signer);
    let digest = screen.assessment.unit.change.short();
    let (word, verb) = match decided.decision {
        Decision::Approved if screen.args.emergency => ("Emergency", "let through"),
        Decision::Approved => ("Signed off", "approved"),
        Decision::Rejected => ("Rejected", "rejected"),
    };
    let bundle = kept.bundle.short();
    let proof = status::proof(proof);
    let by = format!("{verb} by {}{proof}     bundle {bundle}", signer.id);
    output.row(word, &format!("{digest}  {by}   {}", kept.place))?;
    let after = session.assess()?;
    status::debt(&after, output)?;
    status::waiting(&after, &[], &session.subject, output)?;
    let replaced = decided.replaced.iter();
    output.object(&SignedObject {
        schema: "https://countersign.dev/output/signed/v1",
        decision: decided.decision,
        comment: decided.comment.as_deref(),
        replaces: replaced.map(VerifiedStatement::payload).collect(),
        made: MadeObject::new(session, &after, &signer.id, kept),
    })
}

/// Brings the branch, its target and the store, where there is a remote: objects only.
fn fetch(context: &Context, args: &SignArgs, output: &mut Output) -> Result<(), Failure> {
    let Some(remote) = context.remote.as_ref().filter(|_| !context.offline) else {
        return Ok(());
    };
    let target = match &args.change.target {
        Some(target) => full_branch(target),
        // The trust version here says which; a newer one comes with the branch that is fetched.
        None => session::judging(context)?
            .policy
            .protected
            .first()
            .cloned()
            .unwrap_or_default(),
    };
    context.fetch_branches(&[&target])?;
    // A branch of the remote: what is there now is what is signed.
    if let Some(name) = args
        .change
        .change
        .as_deref()
        .filter(|name| may_be_branch(name))
        && context.fetch_branches(&[&full_branch(name)]).is_ok()
    {
        let name = escape(name, 100);
        let from = format!("{name} from {remote} (objects only, nothing is checked out)\n");
        output.row("Fetched", &from)?;
    }
    context.sync(Direction::FetchOnly)?;
    Ok(())
}

fn may_be_branch(name: &str) -> bool {
    let hex = name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    !hex && name != "HEAD" && check_ref_name(&full_branch(name)).is_ok()
}

/// `--at`: the head must be the commit that the person looked at.
fn check_at(context: &Context, args: &SignArgs, subject: &Subject) -> Result<(), Failure> {
    let Some(at) = &args.at else {
        return Ok(());
    };
    if context.repo.resolve(at)? == subject.head {
        return Ok(());
    }
    let message = format!("the head is {}, not {at}", subject.head.short());
    Err(Failure::new(Code::REFS_MOVED, message).next("look at what changed, then sign again"))
}

/// The screen. It is built from the assessment that is signed.
fn show(screen: &Screen<'_>, output: &mut Output) -> Result<(), Failure> {
    let (session, assessment) = (screen.session, screen.assessment);
    let Session {
        context,
        judging,
        target,
        subject,
        ..
    } = session;
    let unit = &assessment.unit;
    let label = subject
        .label
        .as_deref()
        .unwrap_or_else(|| subject.head.short());
    output.row(
        "Change",
        &format!(
            "{}   {} -> {} of {}   base {}   head {}",
            unit.change.short(),
            escape(label, 100),
            escape(target.short(), 100),
            escape(&judging.policy.repository, 200),
            subject.base.short(),
            subject.head.short()
        ),
    )?;
    output.row("Author", &status::authors(assessment))?;
    output.row("AI", &status::ai(assessment))?;
    let by = (screen.signer.id.as_str(), screen.proofs);
    for line in status::rules(judging, assessment, by) {
        output.row("Rules", &line)?;
    }
    output.line("")?;
    for path in assessment.manifest.paths().take(MAX_FILES) {
        let count = context
            .repo
            .line_count(Some(&subject.base), &subject.head, path)?;
        let lines = if count.opaque {
            "binary".to_owned()
        } else {
            format!("+{} -{}", count.insertions, count.deletions)
        };
        output.line(&format!(
            "  {}   {lines}{}{}",
            escape(&path.to_text_lossy(), 200),
            status::mode_note(&assessment.manifest, path),
            status::lines_by_ai(assessment, path, count.insertions)
        ))?;
    }
    if assessment.manifest.len() > MAX_FILES {
        output.line(&format!(
            "  and {} more files",
            assessment.manifest.len() - MAX_FILES
        ))?;
    }
    for line in looks::alike(&context.repo, &subject.head, &assessment.manifest)? {
        output.row("Look", &line)?;
    }
    output.flush()
}

/// What lets a change through is shown like the rest of what is signed.
fn show_emergency(args: &SignArgs, output: &mut Output) -> Result<(), Failure> {
    let (Some(incident), Some(reason)) = (&args.incident, &args.reason) else {
        return Ok(());
    };
    let (incident, reason) = (escape(incident, 100), escape(reason, 300));
    output.row("Emergency", &format!("{incident}: {reason}"))?;
    output.line("          It passes now, and what the rules ask is still to be signed.")?;
    output.flush()
}

/// What `--emergency` says, with the latest time that the policy gives for the follow-up.
fn emergency(screen: &Screen<'_>, decided: &Decided) -> Option<EmergencyClaim> {
    let args = screen.args;
    let policy = screen.session.judging.policy.emergency.as_ref()?;
    let now = screen.session.context.environment.now;
    let claim = EmergencyClaim {
        incident: args.incident.clone()?,
        reason: args.reason.clone()?,
        follow_up_by: now
            .checked_add(policy.follow_up)
            .unwrap_or(jiff::Timestamp::MAX),
    };
    (args.emergency && decided.decision == Decision::Approved).then_some(claim)
}

fn sign_off(
    screen: &Screen<'_>,
    decided: &Decided,
    series: &Series<'_>,
) -> Result<SignOff, Failure> {
    let (session, assessment) = (screen.session, screen.assessment);
    let judging = &session.judging;
    let mut ai = assessment.unit.ai.clone();
    statement::leave_sessions_out(&mut ai);
    // What verified statements say is evidence too, so that nothing is lost when commits are.
    ai.extent = ai
        .extent
        .max(assessment.facts.evidence)
        .max(assessment.facts.declared);
    let link = |uri: &String| Link {
        uri: uri.clone(),
        sha256: None,
    };
    let payload = VerifiedStatement::payload;
    Ok(SignOff {
        change: statement::change(session, assessment, series)?,
        authors: statement::authors(&judging.roster, assessment, None),
        ai_assistance: ai,
        declarations: assessment.declarations.iter().map(payload).collect(),
        review: Review {
            decision: decided.decision,
            comment: decided.comment.clone(),
            evidence: screen.args.evidence.iter().map(link).collect(),
            replaces: decided.replaced.iter().map(payload).collect(),
            interactive: decided.interactive,
        },
        blast_radius: None,
        policy: PolicyShown {
            trust_version: judging.version.number(),
            sha256: judging.version.policy(),
        },
        signer: PersonClaim {
            id: screen.signer.id.clone(),
        },
        signed_on: session.context.environment.now,
        emergency: emergency(screen, decided),
    })
}
