//! `show`: bundles in words, and whether each counts.

use std::io::Read as _;
use std::path::Path;

use countersign::attestation::{AnyStatement, AttestationError, Bundle, Decision};
use countersign::codes::Code;
use countersign::gate::StatementView;
use countersign::keys::claimed_identity;
use countersign::text::escape;

use super::args::{Global, ShowArgs};
use super::context::Context;
use super::environment::Environment;
use super::objects::{BundleObject, Check, StatementsObject};
use super::session::{self, Session};
use super::status::proof;
use super::{Done, Failure, Output, exported};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Shows a file's bundle, or the statements of a change.
pub fn run(
    args: &ShowArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    match args.what.as_deref() {
        Some("-") => file(
            read(std::io::stdin().lock(), "stdin")?,
            (args, global),
            environment,
            output,
        ),
        Some(path) if Path::new(path).is_file() => {
            let opened = std::fs::File::open(path)
                .map_err(|error| Failure::usage(format!("can't open {path}: {error}")))?;
            file(read(opened, path)?, (args, global), environment, output)
        }
        _ if args.export.is_some() => {
            let message = "--export is for one bundle: a file, or - for stdin";
            Err(Failure::usage(message))
        }
        named => of_change(named, args, global, environment, output),
    }
}

fn read(source: impl std::io::Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::usage(format!("can't read {name}: {error}")))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::new(
            Code::LIMIT,
            format!("{name} is over {MAX_FILE} bytes"),
        ));
    }
    Ok(bytes)
}

/// A bundle in words. Without a repository it says what the file claims, and that nothing was checked.
fn file(
    bytes: Vec<u8>,
    (args, global): (&ShowArgs, &Global),
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let malformed = |error: AttestationError| Failure::no(Code::MALFORMED, error.to_string());
    let bundle = Bundle::parse(&bytes).map_err(malformed)?;
    let statement = AnyStatement::parse(bundle.payload()).map_err(malformed)?;
    output.row("Bundle", &bundle.name().to_string())?;
    output.row("Payload", &bundle.payload_digest().to_string())?;
    output.row("Key", &escape(&hint(&bundle), 200))?;
    describe(&statement, output)?;
    let checked = Context::open(global, environment).and_then(|context| {
        let judging = session::judging(&context)?;
        let expected = countersign::verify::Expected {
            change: None,
            repositories: &judging.repositories(),
            now: context.environment.now,
            sigstore: context.sigstore.get(),
            timestamps: judging.policy.asks_timestamp(),
        };
        Ok(countersign::verify::verify(
            &bytes,
            &judging.roster,
            &expected,
        ))
    });
    let (word, text, check, done) = match checked {
        Ok(Ok(verified)) => {
            let signer = verified.signer().clone();
            let text = format!("signed by {signer}, whose key the roster has");
            ("Verified", text, Check::Verified { signer }, Done::Yes)
        }
        Ok(Err(rejected)) => {
            let (code, why) = (rejected.code, rejected.why);
            let text = format!("{code} {}", escape(&why, 500));
            ("Not counted", text, Check::Refused { code, why }, Done::No)
        }
        Err(_) => {
            let text = "no roster here: this is what the file says of itself".to_owned();
            ("Unchecked", text, Check::Unchecked, Done::Yes)
        }
    };
    output.row(word, &text)?;
    if let Some(folder) = &args.export {
        exported::write(&bundle, folder, output)?;
    }
    output.object(&BundleObject::new(&bundle, &statement, check))?;
    Ok(done)
}

/// Which key, or which identity, the file names.
fn hint(bundle: &Bundle) -> String {
    match bundle.is_keyless() {
        true => match claimed_identity(bundle.as_bytes()) {
            Ok(Some(identity)) => identity.to_string(),
            _ => "a certificate".to_owned(),
        },
        false => bundle.hint().to_owned(),
    }
}

fn describe(statement: &AnyStatement, output: &mut Output) -> Result<(), Failure> {
    let change = statement.change();
    let (kind, who, when) = match statement {
        AnyStatement::Declaration(declaration) => {
            let predicate = &declaration.predicate;
            let extent = predicate
                .ai_assistance
                .declared
                .map_or("unknown", countersign::ai::Extent::as_str);
            (
                format!("declaration, {extent}"),
                &predicate.author.id,
                predicate.declared_on,
            )
        }
        AnyStatement::SignOff(sign_off) => {
            let predicate = &sign_off.predicate;
            let decision = match predicate.review.decision {
                Decision::Approved => "approved",
                Decision::Rejected => "rejected",
            };
            let how = if predicate.review.interactive {
                "interactive"
            } else {
                "not interactive"
            };
            (
                format!("sign-off, {decision}, {how}"),
                &predicate.signer.id,
                predicate.signed_on,
            )
        }
    };
    output.row("Kind", &kind)?;
    output.row("Says", &format!("{} on {when}", escape(who, 100)))?;
    output.row("Change", &statement.change_digest().to_string())?;
    output.row(
        "Of",
        &format!(
            "{}  {} .. {}",
            escape(&change.repository, 200),
            change.base.short(),
            change.head.short()
        ),
    )?;
    for target in &change.targets {
        output.row(
            "Target",
            &format!("{} at {}", escape(&target.name, 200), target.tip.short()),
        )?;
    }
    Ok(())
}

fn of_change(
    named: Option<&str>,
    args: &ShowArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let session = Session::open(context, named, args.target.as_deref())?;
    let assessment = session.assess()?;
    output.object(&StatementsObject::new(&session, &assessment))?;
    for view in &assessment.unit.statements {
        output.line(&row(view))?;
    }
    if assessment.unit.statements.is_empty() {
        output.line(&format!(
            "No statements of change {}",
            assessment.unit.change.short()
        ))?;
    }
    let all = assessment
        .unit
        .statements
        .iter()
        .all(|view| view.not_counted.is_none());
    Ok(if all { Done::Yes } else { Done::No })
}

fn row(view: &StatementView) -> String {
    let kind = view.kind.map_or("unreadable", |kind| kind.as_str());
    let who = view
        .signer
        .clone()
        .unwrap_or_else(|| escape(view.hint.as_deref().unwrap_or("?"), 100));
    let level = view
        .level
        .as_ref()
        .map(|level| format!(" ({level})"))
        .unwrap_or_default();
    let extent = view
        .declared
        .map(|extent| format!(" {extent}"))
        .unwrap_or_default();
    let when = view
        .signed_on
        .map(|time| time.to_string())
        .unwrap_or_default();
    let fingerprint = view
        .hint
        .as_deref()
        .map(|hint| escape(hint, 100))
        .unwrap_or_default();
    let counts = match &view.not_counted {
        None => "counts".to_owned(),
        Some((code, why)) => format!("{code} {}", escape(why, 300)),
    };
    format!(
        "{}  {kind:<12} {who}{level}{extent} {when}{} {fingerprint}     {counts}",
        view.bundle.short(),
        proof(view.proof)
    )
}
