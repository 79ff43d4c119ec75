//! `verify` in CI without a range: it is the event's own.

use serde_json::{Value, json};

use crate::world::{Clone, Run, World, run};

/// Ben's branch `tags`, declared to be `extent`.
pub fn branch(world: &World, extent: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.countersign(&["declare", "--ai", extent]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

/// Runs `verify` as a job of GitHub does.
fn github(world: &World, ci: &Clone, name: &str, event: &Value) -> Run {
    let path = world.path().join("event.json");
    std::fs::write(&path, event.to_string()).unwrap();
    let path = path.to_str().unwrap();
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", name),
        ("GITHUB_EVENT_PATH", path),
    ];
    verify(world, ci, &variables, &[])
}

fn verify(world: &World, ci: &Clone, variables: &[(&str, &str)], args: &[&str]) -> Run {
    let mut command = ci.command(env!("CARGO_BIN_EXE_countersign"));
    command.envs(variables.iter().copied());
    run(command
        .args(["verify", "--fetch", "--root", &world.root()])
        .args(args))
}

#[test]
fn a_pull_request_is_judged_as_one_change() {
    for (extent, status) in [("none", 0), ("generated", 1)] {
        let world = World::team();
        let head = branch(&world, extent).head();
        let ci = world.fresh("ci");
        let base = ci.head();
        let event =
            json!({"pull_request": {"base": {"ref": "main", "sha": base}, "head": {"sha": head}}});
        for name in ["pull_request", "pull_request_target", "pull_request_review"] {
            let told = format!("Event     pull request: {} for refs/heads/main", &head[..7]);
            let run = github(&world, &ci, name, &event).expect(status, &told);
            assert!(run.stdout.contains("1 change"), "{run:?}");
        }
    }
}

#[test]
fn a_merge_group_and_a_push_are_judged_unit_by_unit() {
    for (extent, status) in [("none", 0), ("generated", 1)] {
        let world = World::team();
        let ben = branch(&world, extent);
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let ci = world.fresh("ci");
        let (base, head) = (ci.git(&["rev-parse", "HEAD~1"]), ci.head());
        let group = json!({"merge_group": {"base_sha": base, "head_sha": head, "base_ref": "refs/heads/main"}});
        github(&world, &ci, "merge_group", &group).expect(status, "1 unit");
        let push = json!({"before": base, "after": head, "ref": "refs/heads/main"});
        github(&world, &ci, "push", &push).expect(status, "1 unit");
    }
}

#[test]
fn a_branch_of_nobody_is_not_judged_for_another() {
    let world = World::team();
    let ben = branch(&world, "none");
    let (base, head) = (ben.git(&["rev-parse", "HEAD~1"]), ben.head());
    let ci = world.fresh("ci");
    let push = json!({"before": base, "after": head, "ref": "refs/heads/tags"});
    github(&world, &ci, "push", &push).expect(2, "refs/heads/tags is not a protected branch");
}

#[test]
fn an_event_that_does_not_say_its_ends_is_no_pass() {
    let world = World::team();
    let ci = world.fresh("ci");
    for event in [
        json!({}),
        json!({"before": "x", "after": ci.head(), "ref": "refs/heads/main"}),
        json!([]),
    ] {
        github(&world, &ci, "push", &event).expect(2, "CS502");
    }
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_EVENT_PATH", "/nowhere"),
    ];
    verify(&world, &ci, &variables, &[]).expect(2, "GITHUB_EVENT_PATH");
    // What is asked for is judged, whatever the event.
    verify(&world, &ci, &variables, &["HEAD..HEAD"]).expect(0, "nothing to land");
    let other = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "schedule"),
        ("GITHUB_EVENT_PATH", "/nowhere"),
    ];
    verify(&world, &ci, &other, &[]).ok();
}

#[test]
fn a_merge_request_and_a_push_of_gitlab_are_judged() {
    for (extent, status) in [("none", 0), ("generated", 1)] {
        let world = World::team();
        let ben = branch(&world, extent);
        let ci = world.fresh("ci");
        let (base, head) = (ci.head(), ben.head());
        let request = [
            ("GITLAB_CI", "true"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base),
            ("CI_COMMIT_SHA", &head),
        ];
        verify(&world, &ci, &request, &[]).expect(status, "Event     merge request");
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let ci = world.fresh("ci");
        let push = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_BRANCH", "main"),
            ("CI_COMMIT_BEFORE_SHA", &base),
            ("CI_COMMIT_SHA", &head),
        ];
        verify(&world, &ci, &push, &[]).expect(status, "Event     push");
    }
}
