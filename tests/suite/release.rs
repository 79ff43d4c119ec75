//! `verify --release`: all of the target's line since what the admins accepted.

use crate::world::{Clone, Run, World};

fn release(world: &World, more: &[&str]) -> Run {
    let ci = world.fresh("ci");
    ci.git(&["fetch", "-q", "--tags"]);
    let root = world.root();
    let verify = ["verify", "--fetch", "--root", &root];
    ci.countersign(&[&verify, more].concat())
}

/// Carol, a senior, lands something; with a declaration it needs no more.
fn land(world: &World, branch: &str, file: &str, declared: bool) -> Clone {
    let carol = if world.person("carol").path.exists() {
        world.person("carol")
    } else {
        world.clone_for("carol")
    };
    carol.git(&["fetch", "-q"]);
    let start = format!("origin/{branch}");
    carol.git(&["switch", "-q", "-C", "work", &start]);
    carol.commit(file, "x\n", file);
    if declared {
        carol
            .countersign(&["declare", "--ai", "none", "--target", branch])
            .ok();
    }
    carol.git(&["push", "-q", "origin", &format!("HEAD:{branch}")]);
    carol.git(&["fetch", "-q"]);
    carol
}

#[test]
fn a_release_holds_until_the_last_unit_since_the_checkpoint_is_covered() {
    let world = World::team();
    land(&world, "main", "one", true);
    let carol = land(&world, "main", "two", false);
    let unsigned = carol.head();
    land(&world, "main", "three", true);
    carol.git(&["tag", "v1"]);
    carol.git(&["push", "-q", "origin", "v1"]);
    // A range check from after the gap doesn't see it; the release does.
    release(&world, &["HEAD~1..HEAD"]).expect(0, "declared none");
    for rev in [&["--release"][..], &["--release", "v1"]] {
        release(&world, rev).expect(1, "waiting   1 of 4 units (3 verified)");
    }
    carol
        .countersign(&["declare", "--ai", "none", &unsigned])
        .ok();
    release(&world, &["--release", "v1"]).expect(0, "verified  3 declared, 1 trust");
    let json = release(&world, &["--release", "--format", "json"]).ok();
    let verdict: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(verdict["scope"], "complete");
}

#[test]
fn what_is_not_on_the_targets_line_is_no_release_of_it() {
    let world = World::team();
    let carol = land(&world, "main", "one", true);
    carol.git(&["switch", "-q", "-c", "side", "HEAD~1"]);
    carol.commit("two", "x\n", "two");
    carol.git(&["tag", "side-1"]);
    carol.git(&["push", "-q", "origin", "side-1"]);
    release(&world, &["--release", "side-1"]).expect(2, "error[CS504]");
    release(&world, &["--release", "no-such-tag"]).expect(2, "error[CS502]");
    release(&world, &["--release"]).ok();
}

#[test]
fn before_the_checkpoint_lies_accepted_history() {
    let world = World::team();
    let ana = world.person("ana");
    let first = ana.git(&["rev-list", "--max-parents=0", "HEAD"]);
    // A revision without the trust files: the target's branch has them.
    release(&world, &["--release", &first]).expect(0, "nothing since what the admins accepted");
}

#[test]
fn a_protected_branch_without_a_checkpoint_starts_where_it_leaves_another() {
    let world = World::team();
    world.protect_release();
    // Signed for main, before the branch leaves.
    let carol = land(&world, "main", "one", true);
    carol.git(&["push", "-q", "origin", "HEAD:release"]);
    let target = ["--target", "release", "--release"];
    release(&world, &target).expect(0, "1 declared, 1 trust");
    // What main brought along counts by what was signed for main, and nothing else does.
    land(&world, "release", "fix", false);
    release(&world, &target).expect(1, "waiting   1 of 3 units");
    // Without a range, too.
    let ci = world.fresh("ci");
    ci.git(&["switch", "-q", "release"]);
    ci.verify(&world, &["--target", "release"])
        .expect(1, "waiting   1 of 3 units");
}

/// A commit that nobody signed lands on two branches, of which one has no checkpoint.
#[test]
fn a_new_branch_vouches_for_nothing_that_nobody_judged() {
    for (declared, status) in [(false, 1), (true, 0)] {
        let world = World::team();
        world.protect_release();
        let carol = land(&world, "main", "one", declared);
        carol.git(&["push", "-q", "origin", "HEAD:release"]);
        let run = release(&world, &["--target", "release", "--release"]).expect(status, "");
        assert_eq!(run.stdout.contains("CS102"), status == 1, "{run:?}");
    }
}

/// A branch was protected before it was there; what lands on it before the next version is judged.
#[test]
fn a_branch_that_was_protected_before_is_not_accepted_unseen() {
    for (declared, status) in [(false, 1), (true, 0)] {
        let world = World::team();
        world.protect_release();
        let ana = world.person("ana");
        ana.git(&["fetch", "-q"]);
        ana.git(&["push", "-q", "origin", "origin/main:refs/heads/release"]);
        land(&world, "release", "fix", declared);
        ana.git(&["pull", "-q"]);
        let signed = ana.countersign(&["trust", "sign", "--confirm", "4"]);
        assert_eq!(signed.status, status, "{signed:?}");
        assert_eq!(signed.stderr.contains("CS102"), status == 1, "{signed:?}");
    }
}
