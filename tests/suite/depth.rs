//! `verify --fetch` at any depth: shallow and partial clones, and nothing more than is needed.

use crate::world::{Clone, Run, World};

/// A world with many commits on main before ana's last declared one; served by git's own protocol, so that depth and
/// filters mean something.
fn world(before: usize) -> World {
    let world = World::team();
    let ana = world.person("ana");
    for number in 0..before {
        ana.commit("count.txt", &format!("{number}\n"), "Count");
    }
    ana.git(&["push", "-q", "origin", "main"]);
    land(&world, "lib.rs", "pub fn one() {}\n");
    for config in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        let remote = world.path().join("remote.git");
        ana.git(&["-C", remote.to_str().unwrap(), "config", config, "true"]);
    }
    world
}

/// Ana's declared change on main.
fn land(world: &World, path: &str, text: &str) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["reset", "-q", "--hard", "origin/main"]);
    ana.commit(path, text, "Change something");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "main"]);
}

/// As hosts keep repositories: a server that has bitmaps takes what a client says that it has for all that this reaches.
fn repack(world: &World) {
    let remote = world.path().join("remote.git");
    let repack = ["-C", remote.to_str().unwrap(), "repack", "-adbq"];
    world.person("ana").git(&repack);
}

/// What a runner checks out.
fn clone(world: &World, options: &[&str]) -> Clone {
    let _ = std::fs::remove_dir_all(world.path().join("ci"));
    let url = format!("file://{}", world.path().join("remote.git").display());
    let ci = world.person("ci");
    let outside = Clone {
        path: world.path().to_owned(),
        ..ci.clone()
    };
    outside.git(&[&["clone", "-q"], options, &[&url, "ci"]].concat());
    ci
}

fn verify(world: &World, ci: &Clone, args: &[&str]) -> Run {
    let root = world.root();
    ci.countersign(&[&["verify", "--root", &root], args].concat())
}

fn commits(ci: &Clone) -> usize {
    ci.git(&["rev-list", "--all", "--count", "--", "."])
        .parse()
        .unwrap()
}

#[test]
fn a_landing_is_verified_in_a_clone_of_depth_one() {
    let world = world(400);
    let ci = clone(&world, &["--depth=1"]);
    verify(&world, &ci, &["HEAD~1..HEAD"]).expect(2, "error[CS501]");
    verify(&world, &ci, &["--fetch", "HEAD~1..HEAD"])
        .expect(0, "Fetched   200 commits more: the clone is shallow")
        .expect(0, "declared none");
    // Not the whole history: what is needed ends with the range.
    assert!(commits(&ci) < 300, "{}", commits(&ci));
    // A range that is named by ids that aren't here.
    let ana = world.person("ana");
    let (base, head) = (ana.git(&["rev-parse", "HEAD~1"]), ana.head());
    let ci = clone(&world, &["--depth=1"]);
    verify(&world, &ci, &["--fetch", &format!("{base}..{head}")]).expect(0, "declared none");
    assert!(commits(&ci) < 300, "{}", commits(&ci));
}

#[test]
fn a_branch_is_verified_in_a_clone_of_depth_one_that_has_nothing_of_its_target() {
    let world = world(400);
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work", "HEAD~60"]);
    ben.commit("work.txt", "x\n", "Work");
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    let ci = clone(&world, &["--depth=1", "--branch=work", "--single-branch"]);
    verify(&world, &ci, &["--fetch"])
        .expect(0, "commits more")
        .expect(0, "declared none");
    assert!(commits(&ci) < 500, "{}", commits(&ci));
}

#[test]
fn a_release_brings_the_line_up_to_the_checkpoint() {
    let world = world(30);
    let ci = clone(&world, &["--depth=1"]);
    verify(&world, &ci, &["--fetch", "--release"])
        .expect(1, "waiting   30 of 32 units (2 verified)");
}

#[test]
fn a_partial_clone_gets_the_objects_that_the_check_reads() {
    let world = world(300);
    repack(&world);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let ci = clone(&world, &[filter, "--no-checkout"]);
        verify(&world, &ci, &["HEAD~1..HEAD"]).expect(2, "");
        verify(&world, &ci, &["--fetch", "HEAD~1..HEAD"])
            .expect(0, "that this clone lacked")
            .expect(0, "declared none");
        // Most of the files of 300 commits stay where they are.
        let objects = ci.git(&["count-objects", "-v"]);
        let packed = objects
            .lines()
            .find_map(|line| line.strip_prefix("in-pack: "))
            .unwrap();
        assert!(
            packed.parse::<usize>().unwrap() < 950,
            "{filter}: {objects}"
        );
    }
}

/// The texts that the store keeps for a clean merge are those of files on main.
#[test]
fn a_partial_clone_gets_what_the_store_has_as_the_line_has_it() {
    let world = world(0);
    let old = "one\ntwo\nthree\nfour\nfive\n";
    land(&world, "lines.txt", old);
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "work"]);
    ana.commit("lines.txt", &old.replace("one", "ONE"), "Change a line");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["switch", "-q", "main"]);
    land(&world, "lines.txt", &old.replace("five", "FIVE"));
    ana.git(&["merge", "-q", "--squash", "work"]);
    ana.git(&["commit", "-q", "-m", "Change a line (#1)"]);
    ana.git(&["push", "-q", "origin", "main"]);
    repack(&world);
    for filter in ["--filter=blob:none", "--filter=tree:0"] {
        let ci = clone(&world, &[filter, "--no-checkout"]);
        verify(&world, &ci, &["--fetch", "HEAD~1..HEAD"]).expect(0, "(clean merge");
    }
}

#[test]
fn a_new_repository_gets_what_the_check_needs_and_not_the_whole_history() {
    let world = world(400);
    let ana = world.person("ana");
    let (base, head) = (ana.git(&["rev-parse", "HEAD~1"]), ana.head());
    let ci = clone(&world, &["--depth=1"]);
    let url = ci.git(&["config", "remote.origin.url"]);
    let new = Clone {
        path: world.path().join("new.git"),
        ..ci.clone()
    };
    ci.git(&["init", "-q", "--bare", new.path.to_str().unwrap()]);
    new.git(&["remote", "add", "origin", &url]);
    let range = format!("{base}..{head}");
    verify(&world, &new, &["--fetch", "--target", "main", &range]).expect(0, "declared none");
    let brought: usize = new.git(&["rev-list", "--count", &head]).parse().unwrap();
    assert!(brought < 300, "{brought}");
}

#[test]
fn offline_nothing_is_brought() {
    let world = world(10);
    let ci = clone(&world, &["--depth=1"]);
    let run = verify(&world, &ci, &["--fetch", "--offline", "HEAD~1..HEAD"]);
    run.expect(2, "");
    assert_eq!(commits(&ci), 1);
}
