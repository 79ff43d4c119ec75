//! `sync`: both ways, only ever adding.

use countersign::codes::Code;
use countersign::store::Direction;

use super::args::{Global, SyncArgs};
use super::context::Context;
use super::environment::Environment;
use super::objects::SyncObject;
use super::{Done, Failure, Output};

/// Exchanges the store with a remote.
pub fn run(
    args: &SyncArgs,
    global: &Global,
    mut environment: Environment,
    output: &mut Output,
) -> Result<Done, Failure> {
    if let Some(name) = &args.name {
        environment.remote = Some(name.clone());
    }
    let context = Context::open(global, environment)?;
    let Some(remote) = &context.remote else {
        return Err(
            Failure::usage("this repository has no remote").next("git remote add origin URL")
        );
    };
    if context.offline {
        return Err(Failure::usage(
            "sync needs the network, and --offline forbids it",
        ));
    }
    let Some(report) = context.sync(Direction::Both)? else {
        return Err(Failure::usage("a folder is not synced; copy it"));
    };
    let received = report.received;
    output.object(&SyncObject {
        schema: "https://countersign.dev/output/sync/v1",
        remote: remote.as_str(),
        sent: report.sent,
        received,
        restored: report.restored,
    })?;
    let bundles = if received == 1 { "bundle" } else { "bundles" };
    output.line(&format!(
        "Sent {}, received {received} {bundles}. Remote: {remote}",
        report.sent
    ))?;
    if report.restored > 0 {
        output.line(&format!(
            "warning[{}]: {remote} had lost {} that this clone kept: put back",
            Code::STORE_LOST,
            report.restored
        ))?;
    }
    Ok(Done::Yes)
}
