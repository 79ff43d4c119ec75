//! `digest`: the change digest, or the manifest. Needs no set-up and no trust.

use countersign::change::{CommitId, History};
use countersign::codes::Code;

use super::args::{ChangeArgs, DigestArgs, Global};
use super::context::{Context, Target, full_branch};
use super::environment::Environment;
use super::objects::DigestObject;
use super::{Done, Failure, Output, change};
use countersign::policy::Policy;
use countersign::trust::POLICY_PATH;

/// Prints the digest of a change, or its manifest.
pub fn run(
    args: &DigestArgs,
    global: &Global,
    environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    let context = Context::open(global, environment)?;
    let (base, head) = ends(&context, &args.change)?;
    let manifest = context.repo.change(Some(&base), &head)?;
    if manifest.is_empty() {
        let message = format!(
            "{} .. {}: the two sides don't differ",
            base.short(),
            head.short()
        );
        return Err(Failure::new(Code::EMPTY_CHANGE, message));
    }
    output.object(&DigestObject {
        schema: "https://countersign.dev/output/digest/v1",
        change: manifest.digest(),
        base: &base,
        head: &head,
        files: manifest.len(),
        manifest: args.manifest.then(|| manifest.to_string()),
    })?;
    if args.manifest {
        output.bytes(manifest.to_string().as_bytes())?;
    } else {
        output.line(&manifest.digest().to_string())?;
    }
    Ok(Done::Yes)
}

/// The two sides of a change, without trust.
pub fn ends(context: &Context, args: &ChangeArgs) -> Result<(CommitId, CommitId), Failure> {
    let named = args.change.as_deref();
    if let Some((base, head)) = named.and_then(|name| name.split_once("..")) {
        // A range needs no target.
        let (base, head) = (context.repo.resolve(base)?, context.repo.resolve(head)?);
        return Ok((change::merge_base(context, &base, &head)?, head));
    }
    let target = target(context, args.target.as_deref())?;
    let subject = change::resolve(context, &target, named)?;
    Ok((subject.base, subject.head))
}

/// The target without trust: a name that was given, the policy file's as it lies there, the remote's
/// HEAD, or the usual names. A digest decides nothing.
fn target(context: &Context, named: Option<&str>) -> Result<Target, Failure> {
    let mut names: Vec<String> = named.map(full_branch).into_iter().collect();
    if names.is_empty() {
        let head = context.repo.resolve("HEAD")?;
        if let Some((_, bytes)) = context.repo.file(&head, POLICY_PATH)?
            && let Ok(policy) = Policy::parse(&String::from_utf8_lossy(&bytes), POLICY_PATH)
        {
            names.extend(policy.protected);
        }
        names.extend(["HEAD", "main", "master"].map(full_branch));
    }
    for name in names {
        let local = context.local_name(&name);
        if let Some(tip) = History::reference(&context.repo, &local)? {
            return Ok(Target { name, tip });
        }
        if let Some(tip) = History::reference(&context.repo, &name)? {
            return Ok(Target { name, tip });
        }
    }
    Err(Failure::new(Code::REF_UNRESOLVED, "no target branch found")
        .next("countersign digest --target BRANCH"))
}
