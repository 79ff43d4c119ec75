//! git's pre-push hook: a push declares what its commits show, and goes through whatever happens.

use std::path::Path;
use std::process::Command;

use crate::world::{Clone, Run, World, run};

const TRAILER: &str = "Add tags\n\nCo-authored-by: Claude <noreply@anthropic.com>";

/// The folders of `git` and the rest, with the program's own before them.
pub fn path_with_program() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_countersign"));
    let folder = program.parent().unwrap().display();
    format!("{folder}:{}", std::env::var("PATH").unwrap())
}

fn git(clone: &Clone, path: &str, args: &[&str]) -> Run {
    let mut command: Command = clone.command("git");
    run(command.env("PATH", path).args(args))
}

/// Ben's clone with the hook and a branch of one commit.
fn branch(world: &World, message: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.countersign(&["hook", "install"])
        .expect(0, "never stops a push");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", message);
    ben
}

/// Pushes as people do; it must succeed.
fn push(ben: &Clone) -> Run {
    git(
        ben,
        &path_with_program(),
        &["push", "-q", "-u", "origin", "HEAD"],
    )
    .ok()
}

/// Ana signs the branch and it lands.
fn sign_and_land(world: &World, ben: &Clone) -> Run {
    world
        .person("ana")
        .sign("tags")
        .expect(0, "approved by ana");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~1..HEAD")
}

#[test]
fn where_the_framework_pre_commit_runs_it_the_hook_declares_too() {
    let world = World::team();
    let ben = branch(&world, TRAILER);
    let hooks = include_str!("../../.pre-commit-hooks.yaml");
    let entry = hooks
        .lines()
        .find_map(|line| line.trim().strip_prefix("entry: countersign "));
    let mut command = ben.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(entry.unwrap().split(' '))
        .env("PRE_COMMIT_FROM_REF", ben.git(&["rev-parse", "HEAD~1"]))
        .env("PRE_COMMIT_TO_REF", ben.head())
        .env("PRE_COMMIT_REMOTE_BRANCH", "refs/heads/tags");
    run(&mut command).expect(0, "Declared  assisted");
}

#[test]
fn a_push_declares_what_its_commits_show() {
    let world = World::team();
    let ben = branch(&world, TRAILER);
    let pushed = push(&ben);
    assert!(
        pushed.stdout.contains("Declared  assisted")
            || pushed.stderr.contains("Declared  assisted"),
        "{pushed:?}"
    );
    sign_and_land(&world, &ben).expect(0, "by ben, assisted, signed off by ana");
}

#[test]
fn what_only_its_author_can_confirm_is_not_declared_and_is_pushed_all_the_same() {
    let world = World::team();
    let ben = branch(&world, "Add tags");
    push(&ben).expect(
        0,
        "no trace of AI, which only you can confirm: countersign declare --ai none",
    );
    sign_and_land(&world, &ben).expect(1, "error[CS102]");
}

/// Pushes at a terminal, where somebody answers.
fn push_at_terminal(ben: &Clone, answers: &[(&str, &str)]) -> Run {
    let mut git: Command = ben.command("git");
    git.env("PATH", path_with_program());
    Clone::play(&git, &["push", "-q", "-u", "origin", "HEAD"], answers).ok()
}

#[test]
fn a_push_at_a_terminal_asks_where_nothing_is_known() {
    let question = "How did AI take part?  none  assisted  generated  autonomous   > ";
    for (answer, declared) in [("assisted", true), ("", false)] {
        let world = World::team();
        let ben = branch(&world, "Add tags");
        let pushed = push_at_terminal(&ben, &[(question, answer)]);
        assert!(
            pushed
                .stdout
                .contains("tags has no trace of AI (Enter: not now)"),
            "{pushed:?}"
        );
        let told = pushed.stdout.contains("Declared  assisted");
        assert_eq!(told, declared, "{pushed:?}");
        sign_and_land(&world, &ben).expect(i32::from(!declared), "");
    }
}

#[test]
fn a_push_at_a_terminal_asks_nothing_where_evidence_answers() {
    let world = World::team();
    let ben = branch(&world, TRAILER);
    let pushed = push_at_terminal(&ben, &[]);
    assert!(pushed.stdout.contains("Declared  assisted"), "{pushed:?}");
}

#[test]
fn nobody_declares_anothers_commits_by_pushing_them() {
    for (author, declared) in [
        ("omar Example <omar@example.org>", false),
        ("ben Example <ben@example.org>", true),
    ] {
        let world = World::team();
        let ben = branch(&world, TRAILER);
        ben.git(&[
            "commit",
            "-q",
            "--amend",
            "--no-edit",
            &format!("--author={author}"),
        ]);
        let pushed = push(&ben);
        let told = pushed.stderr.contains("not every commit is yours");
        assert_eq!(told, !declared, "{pushed:?}");
        let status = if declared { 0 } else { 1 };
        sign_and_land(&world, &ben).expect(status, "");
    }
}

#[test]
fn a_second_push_of_the_same_change_says_nothing() {
    let world = World::team();
    let ben = branch(&world, TRAILER);
    push(&ben);
    ben.git(&[
        "commit",
        "-q",
        "--amend",
        "-m",
        TRAILER,
        "--date",
        "2026-01-01T00:00:00Z",
    ]);
    let again = git(&ben, &path_with_program(), &["push", "-q", "-f"]).ok();
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
}

#[test]
fn nothing_stops_a_push() {
    let world = World::team();
    let ben = branch(&world, TRAILER);
    // Without the program.
    let plain = std::env::var("PATH").unwrap();
    git(&ben, &plain, &["push", "-q", "origin", "HEAD:one"]).ok();
    // Without a key.
    ben.git(&["config", "user.signingkey", "/nowhere"]);
    git(
        &ben,
        &path_with_program(),
        &["push", "-q", "origin", "HEAD:two"],
    )
    .expect(0, "not declared: CS904");
    // A deleted branch, a tag, and the protected branch itself are no changes.
    let quiet = |args: &[&str]| {
        let run = git(&ben, &path_with_program(), args).ok();
        assert_eq!(run.stderr, "", "{args:?}");
    };
    quiet(&["push", "-q", "origin", ":two"]);
    ben.git(&["tag", "v1"]);
    quiet(&["push", "-q", "origin", "v1"]);
    quiet(&["push", "-q", "origin", "HEAD:main"]);
}

#[test]
fn a_hook_that_is_there_stays_as_it_is() {
    let world = World::team();
    let ben = world.fresh("ben");
    let hook = ben.path.join(".git/hooks/pre-push");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    ben.countersign(&["hook", "install"])
        .expect(1, "countersign hook pre-push \"$@\" || true");
    assert_eq!(
        std::fs::read_to_string(&hook).unwrap(),
        "#!/bin/sh\nexit 0\n"
    );
    ben.git(&["config", "core.hooksPath", "elsewhere"]);
    ben.countersign(&["hook", "install"])
        .expect(1, "hooks lie elsewhere");
    ben.git(&["config", "--unset", "core.hooksPath"]);
    std::fs::remove_file(&hook).unwrap();
    ben.countersign(&["hook", "install"]).ok();
    ben.countersign(&["hook", "install"])
        .expect(0, "is there already");
}
