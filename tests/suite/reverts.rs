//! Reverts: what takes back whole groups that landed a short while ago passes with a declaration alone.

use crate::world::{Clone, Run, World};

/// A world with a rule that asks a senior for everybody's code, so that a declaration alone lets nothing through.
fn world(window: bool) -> World {
    let world = World::team();
    world.sign_policy(|policy| {
        let rule = "[[rule]]\nname = \"code\"\npaths = [\"*.rs\"]\nrequire = { signers = 1, level = \"senior\" }\n";
        let policy = policy.replace("[revert]\nwindow = \"72h\"\n", "");
        let revert = "[revert]\nwindow = \"72h\"\n";
        format!("{policy}\n{rule}{}", if window { revert } else { "" })
    });
    world
}

/// Ben's branch of some commits, declared, signed by ana and landed as a fast-forward.
fn land_signed(world: &World, name: &str, steps: &[(&str, &str)]) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    for (path, content) in steps {
        ben.commit(path, content, &format!("Write {path}"));
    }
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    world.person("ana").sign(name).expect(0, "approved by ana");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    ben
}

/// Omar takes commits back on main, one commit each, declares each that is named and pushes.
fn revert_by_omar(world: &World, commits: &[&str], declares: bool) {
    let omar = world.fresh("omar");
    for commit in commits {
        omar.git(&["revert", "--no-edit", commit]);
        if declares {
            omar.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
                .ok();
        }
        omar.git(&["push", "-q", "origin", "HEAD:main"]);
    }
}

fn last(world: &World) -> Run {
    world.ci("HEAD~1..HEAD")
}

#[test]
fn a_revert_passes_with_a_declaration_where_the_policy_has_a_window() {
    for (window, status) in [(true, 0), (false, 1)] {
        let world = world(window);
        land_signed(&world, "work", &[("a.rs", "one\n")]);
        revert_by_omar(&world, &["HEAD"], true);
        let run = last(&world).expect(status, "");
        assert_eq!(run.stdout.contains("takes back"), window, "{run:?}");
        world.ci("HEAD~2..HEAD").expect(status, "");
        let ci = world.person("ci");
        let release = ["verify", "--release", "--root", &world.root()];
        ci.countersign(&release).expect(status, "");
    }
}

#[test]
fn a_revert_on_a_branch_passes_before_it_lands() {
    let world = world(true);
    land_signed(&world, "work", &[("a.rs", "one\n")]);
    let omar = world.fresh("omar");
    omar.git(&["switch", "-q", "-c", "undo"]);
    omar.git(&["revert", "--no-edit", "HEAD"]);
    omar.verify(&world, &[]).expect(1, "CS102");
    omar.countersign(&["declare", "--ai", "none"])
        .expect(0, "")
        .expect(0, "Declared");
    omar.verify(&world, &[])
        .expect(0, "1 change that takes back what landed");
    // One byte more is not what landed.
    omar.write("lib.rs", "pub fn notes() { }\n");
    omar.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
    omar.countersign(&["declare", "--ai", "none"]).ok();
    omar.verify(&world, &[]).expect(1, "CS101");
}

#[test]
fn a_revert_that_its_author_did_not_declare_waits() {
    for (declares, status) in [(false, 1), (true, 0)] {
        let world = world(true);
        land_signed(&world, "work", &[("a.rs", "one\n")]);
        revert_by_omar(&world, &["HEAD"], declares);
        last(&world).expect(status, "");
    }
}

#[test]
fn the_revert_of_a_revert_waits() {
    let world = world(true);
    land_signed(&world, "work", &[("a.rs", "one\n")]);
    revert_by_omar(&world, &["HEAD"], true);
    last(&world).expect(0, "takes back");
    revert_by_omar(&world, &["HEAD"], true);
    last(&world).expect(1, "CS101");
    // The whole range is what it is: the second fails, the first stands.
    world.ci("HEAD~2..HEAD").expect(1, "takes back");
}

#[test]
fn a_run_that_has_a_revert_in_it_waits() {
    for (reverted, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        land_signed(&world, "work", &[("a.rs", "one\n")]);
        if reverted {
            revert_by_omar(&world, &["HEAD"], true);
        } else {
            land_signed(&world, "other", &[("c.rs", "three\n")]);
        }
        land_signed(&world, "more", &[("b.rs", "two\n")]);
        // Back to before both, in one commit.
        let omar = world.fresh("omar");
        omar.git(&["revert", "--no-commit", "HEAD", "HEAD~1"]);
        omar.git(&["commit", "-q", "-m", "Undo both"]);
        omar.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
            .ok();
        omar.git(&["push", "-q", "origin", "HEAD:main"]);
        last(&world).expect(status, "");
    }
}

#[test]
fn half_of_a_signed_series_is_not_taken_back() {
    for (steps, status) in [(1, 1), (2, 0)] {
        let world = world(true);
        let series = [("a.rs", "one\n"), ("b.rs", "two\n")];
        land_signed(&world, "work", &series);
        world.ci("HEAD~2..HEAD").expect(0, "series of 2");
        let omar = world.fresh("omar");
        let commits = ["HEAD", "HEAD~1"];
        let mut undo = vec!["revert", "--no-commit"];
        undo.extend(commits.iter().take(steps));
        omar.git(&undo);
        omar.git(&["commit", "-q", "-m", "Undo"]);
        omar.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
            .ok();
        omar.git(&["push", "-q", "origin", "HEAD:main"]);
        last(&world).expect(status, "");
    }
}

#[test]
fn what_was_never_covered_is_taken_back_from_where_it_stands() {
    let world = world(true);
    let ben = world.fresh("ben");
    ben.commit("a.rs", "bad\n", "Land past the gate");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    last(&world).expect(1, "");
    revert_by_omar(&world, &["HEAD"], true);
    last(&world).expect(0, "takes back");
    world.ci("HEAD~2..HEAD").expect(1, "1 of 2 units");
}

#[test]
fn what_landed_before_the_window_waits() {
    for (days, status) in [(3, 0), (4, 1)] {
        let world = world(true);
        land_signed(&world, "work", &[("a.rs", "one\n")]);
        let later = jiff::Timestamp::now()
            .checked_add(jiff::SignedDuration::from_hours(24 * days - 1))
            .unwrap();
        revert_by_omar(&world, &["HEAD"], true);
        let ci = world.fresh("ci");
        let root = world.root();
        let at = later.to_string();
        let args = [
            "verify",
            "--fetch",
            "--root",
            &root,
            "--at",
            &at,
            "HEAD~1..HEAD",
        ];
        ci.countersign(&args).expect(status, "");
        // A release asks when it landed.
        let args = ["verify", "--root", &root, "--at", &at, "--release"];
        ci.countersign(&args).expect(0, "1 reverts");
    }
}

#[test]
fn a_rejection_binds_a_revert() {
    let world = world(true);
    land_signed(&world, "work", &[("a.rs", "one\n")]);
    let omar = world.fresh("omar");
    omar.git(&["switch", "-q", "-c", "undo"]);
    omar.git(&["revert", "--no-edit", "HEAD"]);
    omar.countersign(&["declare", "--ai", "none"]).ok();
    omar.git(&["push", "-q", "-u", "origin", "undo"]);
    omar.verify(&world, &[]).expect(0, "");
    let carol = world.fresh("carol");
    carol.git(&["fetch", "-q"]);
    carol.reject("undo").expect(1, "rejected by carol");
    omar.verify(&world, &[]).expect(1, "CS302");
}

#[test]
fn landing_again_after_a_revert_needs_a_new_signature() {
    let world = world(true);
    let ben = land_signed(&world, "work", &[("a.rs", "one\n")]);
    revert_by_omar(&world, &["HEAD"], true);
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "-C", "again", "origin/main"]);
    ben.commit("a.rs", "one\n", "Write a.rs again");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    last(&world).expect(1, "CS209");
}

#[test]
fn a_change_that_holds_a_revert_is_not_taken_back() {
    for (holds, status) in [(true, 1), (false, 0)] {
        for (path, bad) in [("lib.rs", "pub fn bad() {}\n"), ("new.rs", "bad\n")] {
            let world = world(true);
            let ben = land_signed(&world, "bad", &[(path, bad)]);
            // Ben takes it back together with something new, and carol signs that.
            ben.git(&["fetch", "-q"]);
            ben.git(&["switch", "-q", "-C", "fix", "origin/main"]);
            ben.write("fix.rs", "pub fn fix() {}\n");
            if holds {
                ben.git(&["revert", "--no-commit", "HEAD"]);
            }
            ben.git(&["add", "-A"]);
            ben.git(&["commit", "-q", "-m", "Fix it"]);
            ben.countersign(&["declare", "--ai", "assisted"]).ok();
            ben.git(&["push", "-q", "-u", "origin", "fix"]);
            world.fresh("carol").sign("fix").expect(0, "approved by");
            ben.git(&["push", "-q", "origin", "HEAD:main"]);
            last(&world).expect(0, "");
            revert_by_omar(&world, &["HEAD"], true);
            last(&world).expect(status, "");
        }
    }
}

#[test]
fn a_file_that_was_long_there_and_was_deleted_comes_back() {
    let world = world(true);
    // Long there: since before the checkpoint.
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "delete"]);
    ben.git(&["rm", "-q", "lib.rs"]);
    ben.git(&["commit", "-q", "-m", "Delete lib.rs"]);
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "delete"]);
    world.person("ana").sign("delete").expect(0, "approved by");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    revert_by_omar(&world, &["HEAD"], true);
    last(&world).expect(0, "takes back");
}
