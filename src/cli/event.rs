//! What a CI system runs `verify` for, where nobody says it: a pull request, a merge queue's group, or a push.
//!
//! Only the ends and the target are read, from what the CI system itself sets; neither can weaken the policy. What
//! is read is told.

use std::path::Path;

use countersign::change::CommitId;
use countersign::codes::Code;
use serde_json::Value;

use super::args::VerifyArgs;
use super::change::is_nothing;
use super::context::full_branch;
use super::environment::Environment;
use super::{Failure, text_file};

/// The largest file of an event that is read, in bytes.
const MAX_EVENT: u64 = 16 << 20;

/// The ends that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is called here.
    name: &'static str,
    /// `None` where the branch is new: then what the target's line has is judged.
    base: Option<CommitId>,
    head: CommitId,
    /// A pull request is judged as one change.
    is_change: bool,
    target: String,
}

impl Event {
    /// The arguments that say the same.
    pub fn arguments(&self, args: &VerifyArgs) -> VerifyArgs {
        let target = args.target.clone();
        VerifyArgs {
            range: self
                .base
                .as_ref()
                .filter(|_| !self.is_change)
                .map(|base| format!("{base}..{}", self.head)),
            pr: self.is_change.then(|| self.head.to_string()),
            target: target.or_else(|| Some(self.target.clone())),
            ..args.clone()
        }
    }

    /// What is judged, for people.
    pub fn told(&self) -> String {
        let from = match &self.base {
            Some(base) if !self.is_change => format!("{}..", base.short()),
            _ => String::new(),
        };
        format!(
            "{}: {from}{} for {}",
            self.name,
            self.head.short(),
            self.target
        )
    }
}

/// The event that this process runs for; `None` outside of CI, and for events without ends.
///
/// # Errors
/// The event is one with ends, and they can't be read.
pub fn of(environment: &Environment) -> Result<Option<Event>, Failure> {
    let variable = |name: &str| {
        let variables = environment.variables.iter();
        let mut values = variables.filter(|(known, _)| known == name);
        let value = values.next()?.1.to_str()?;
        (!value.is_empty()).then(|| value.to_owned())
    };
    if variable("GITHUB_ACTIONS").as_deref() == Some("true") {
        return github(variable);
    }
    if variable("GITLAB_CI").as_deref() == Some("true") {
        return gitlab(variable);
    }
    Ok(None)
}

fn github(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Event>, Failure> {
    let (Some(kind), Some(path)) = (variable("GITHUB_EVENT_NAME"), variable("GITHUB_EVENT_PATH"))
    else {
        return Ok(None);
    };
    let name = match kind.as_str() {
        "pull_request" | "pull_request_target" | "pull_request_review" => "pull request",
        "merge_group" => "merge group",
        "push" => "push",
        _ => return Ok(None),
    };
    let event = read(Path::new(&path))?;
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let (base, head, target) = match name {
        "pull request" => (
            text("/pull_request/base/sha"),
            text("/pull_request/head/sha"),
            text("/pull_request/base/ref"),
        ),
        "merge group" => (
            text("/merge_group/base_sha"),
            text("/merge_group/head_sha"),
            text("/merge_group/base_ref"),
        ),
        _ => (text("/before"), text("/after"), text("/ref")),
    };
    event_of(name, (base, head, target)).map(Some)
}

fn gitlab(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Event>, Failure> {
    let commit = variable("CI_COMMIT_SHA");
    if let Some(target) = variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        // A pipeline for merged results runs on a merge that nobody reviewed.
        let head = variable("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").or(commit);
        let base = variable("CI_MERGE_REQUEST_DIFF_BASE_SHA");
        let ends = (base.as_deref(), head.as_deref(), Some(target.as_str()));
        return event_of("merge request", ends).map(Some);
    }
    let (Some(branch), Some(before)) = (
        variable("CI_COMMIT_BRANCH"),
        variable("CI_COMMIT_BEFORE_SHA"),
    ) else {
        return Ok(None);
    };
    let ends = (
        Some(before.as_str()),
        commit.as_deref(),
        Some(branch.as_str()),
    );
    event_of("push", ends).map(Some)
}

fn read(path: &Path) -> Result<Value, Failure> {
    let unread = |code, why: &str| Failure::new(code, format!("GITHUB_EVENT_PATH: {why}"));
    let text = text_file::read(path, MAX_EVENT).map_err(|failure| match failure.code {
        Code::LIMIT => unread(Code::LIMIT, &failure.message),
        _ => unread(Code::RANGE_UNKNOWN, &failure.message),
    })?;
    serde_json::from_str(&text).map_err(|error| unread(Code::RANGE_UNKNOWN, &error.to_string()))
}

fn event_of(
    name: &'static str,
    (base, head, target): (Option<&str>, Option<&str>, Option<&str>),
) -> Result<Event, Failure> {
    let missing = |what: &str| {
        let message = format!("the CI event, a {name}, doesn't say its {what}");
        Failure::new(Code::RANGE_UNKNOWN, message)
            .next("countersign verify BASE..HEAD --target BRANCH")
    };
    let head = head
        .and_then(|head| head.parse().ok())
        .ok_or_else(|| missing("head"))?;
    let is_new = base.is_some_and(is_nothing);
    let base = match is_new {
        true => None,
        false => Some(
            base.and_then(|base| base.parse().ok())
                .ok_or_else(|| missing("base"))?,
        ),
    };
    let target = target
        .filter(|target| !target.is_empty())
        .ok_or_else(|| missing("target"))?;
    Ok(Event {
        name,
        base,
        head,
        is_change: matches!(name, "pull request" | "merge request"),
        target: full_branch(target),
    })
}
