//! Series as clean merges: a signed branch of several commits is rebased over what landed in the same files.

use std::path::Path;

use crate::versions::{revoke, sign_version};
use crate::world::{Clone, World};

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";

/// A world with a file of nine lines on main, and ben's branch of three commits that change it and another, declared.
fn declared() -> (World, Clone) {
    let world = World::team();
    land_by_ana(&world, OLD, "Add lines");
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    let two = OLD.replace("two", "TWO");
    ben.commit("lines.txt", &two, "Change the second line");
    ben.commit("other.txt", "new\n", "Add a file");
    ben.commit(
        "lines.txt",
        &two.replace("five", "FIVE"),
        "Change the fifth line",
    );
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    (world, ben)
}

/// The same, signed off by ana.
fn signed() -> (World, Clone) {
    let (world, ben) = declared();
    let ana = world.person("ana");
    ana.sign("work").expect(0, "approved by ana");
    (world, ben)
}

/// Ana changes the file on main and declares it.
fn land_by_ana(world: &World, text: &str, message: &str) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "-C", "main", "origin/main"]);
    ana.commit("lines.txt", text, message);
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "main"]);
}

/// Rebases ben's branch onto the newest main, and leaves only that, as hosts do.
fn rebase(ben: &Clone) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "-C", "landing", "work"]);
    ben.git(&["rebase", "-q", "origin/main"]);
}

fn land(ben: &Clone) {
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    // Gone already where it landed before.
    let gone = ben
        .command("git")
        .args(["push", "-q", "origin", ":work"])
        .output();
    assert!(gone.is_ok());
}

fn moved(world: &World) {
    land_by_ana(world, &OLD.replace("nine", "NINE"), "Change the last line");
}

#[test]
fn a_series_that_is_rebased_over_other_work_in_its_files_verifies_with_one_signature() {
    let (world, ben) = signed();
    moved(&world);
    rebase(&ben);
    land(&ben);
    let run = world
        .ci("HEAD~3..HEAD")
        .expect(0, "series of 3, clean merge of ");
    assert!(run.stdout.contains("by ben, generated"), "{run:?}");
    world
        .ci("HEAD~4..HEAD")
        .expect(0, "3 signed (3 as clean merges), 1 declared");
    // It vouches for its last commit alone.
    world.ci("HEAD~3..HEAD~1").expect(1, "CS102");
    world.ci("HEAD~2..HEAD").expect(1, "CS102");
}

#[test]
fn a_policy_that_takes_no_clean_merges_takes_no_series_of_them() {
    let (world, ben) = signed();
    world.sign_policy(|policy| policy.replace("clean_merge = true", "clean_merge = false"));
    moved(&world);
    rebase(&ben);
    land(&ben);
    world.ci("HEAD~3..HEAD").expect(1, "CS102");
}

#[test]
fn a_byte_more_in_one_unit_of_a_merged_series_is_not_covered() {
    for at in 0..3 {
        let (world, ben) = signed();
        moved(&world);
        rebase(&ben);
        let tips: Vec<_> = (0..3)
            .rev()
            .map(|back| ben.git(&["rev-parse", &format!("HEAD~{back}")]))
            .collect();
        ben.git(&["switch", "-q", "--detach", "origin/main"]);
        for (number, tip) in tips.iter().enumerate() {
            ben.git(&["cherry-pick", tip.trim()]);
            if number == at {
                ben.write("stray.txt", "x");
                ben.git(&["add", "-A"]);
                ben.git(&["commit", "-q", "--amend", "--no-edit"]);
            }
        }
        land(&ben);
        world.ci("HEAD~3..HEAD").expect(1, "CS102");
    }
}

/// Somebody's fix lands, and the series with a commit that takes it back, so that both compose to what was signed.
#[test]
fn somebodys_fix_that_is_undone_inside_a_merged_series_is_not_covered() {
    for undone in [true, false] {
        let (world, ben) = signed();
        moved(&world);
        rebase(&ben);
        if undone {
            let tips: Vec<_> = (0..3)
                .rev()
                .map(|back| ben.git(&["rev-parse", &format!("HEAD~{back}")]))
                .collect();
            ben.git(&["switch", "-q", "--detach", "origin/main"]);
            ben.git(&["cherry-pick", tips[0].trim()]);
            ben.commit("fix.txt", "fix\n", "Fix");
            ben.git(&["cherry-pick", tips[1].trim()]);
            ben.git(&["rm", "-q", "fix.txt"]);
            ben.git(&["commit", "-q", "-m", "Tidy"]);
            ben.git(&["cherry-pick", tips[2].trim()]);
        }
        land(&ben);
        let range = if undone {
            "HEAD~5..HEAD"
        } else {
            "HEAD~3..HEAD"
        };
        let told = if undone { "CS102" } else { "series of 3" };
        world.ci(range).expect(i32::from(undone), told);
    }
}

/// Takes the texts out of the store of the remote, and out of the remote what no branch holds.
fn withhold_texts(ben: &Clone) {
    let name = "+refs/countersign/attestations:refs/x";
    ben.git(&["fetch", "-q", "origin", name]);
    assert!(ben.withhold("refs/x", |path| path.contains("/blobs/")) > 0);
    ben.git(&["-C", "../remote.git", "prune", "--expire=now"]);
}

#[test]
fn a_merged_series_without_its_texts_waits() {
    let (world, ben) = signed();
    moved(&world);
    rebase(&ben);
    land(&ben);
    withhold_texts(&ben);
    world.ci("HEAD~3..HEAD").expect(1, "CS102");
}

/// The signed series landed merged, and everything was taken back; then it lands as it was signed.
#[test]
fn a_merged_series_that_was_taken_back_is_spent() {
    for (landed, status) in [(true, 1), (false, 0)] {
        let (world, ben) = signed();
        let before = ben.git(&["rev-parse", "work"]);
        moved(&world);
        let back = if landed {
            rebase(&ben);
            land(&ben);
            4
        } else {
            1
        };
        ben.git(&["fetch", "-q"]);
        ben.git(&["switch", "-q", "-C", "back", "origin/main"]);
        ben.git(&["revert", "--no-edit", &format!("HEAD~{back}..HEAD")]);
        land(&ben);
        rebase_of(&ben, before.trim());
        land(&ben);
        // Nor does it look unspent where the texts are withheld.
        withhold_texts(&ben);
        let run = world.ci("HEAD~3..HEAD").expect(status, "");
        assert_eq!(run.stdout.contains("spent when"), landed, "{run:?}");
    }
}

fn rebase_of(ben: &Clone, tip: &str) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "-C", "again", tip]);
    ben.git(&["rebase", "-q", "--reapply-cherry-picks", "origin/main"]);
    assert!(Path::new(&ben.path).join("other.txt").exists());
}

/// One change under two statements, over two commits and over one; what landed under the one spends the other too.
#[test]
fn a_series_that_landed_merged_spends_what_was_signed_over_other_commits() {
    for (landed, status) in [(true, 1), (false, 0)] {
        let world = World::team();
        land_by_ana(&world, OLD, "Add lines");
        let ana = world.person("ana");
        ana.git(&["switch", "-q", "-c", "work"]);
        ana.commit("lines.txt", &OLD.replace("two", "MID"), "Begin");
        ana.commit("lines.txt", &OLD.replace("two", "TWO"), "End");
        ana.countersign(&["declare", "--ai", "none"]).ok();
        ana.git(&["switch", "-q", "-c", "one"]);
        ana.git(&["reset", "-q", "--soft", "main"]);
        ana.git(&["commit", "-q", "-m", "Both"]);
        ana.countersign(&["declare", "--ai", "none"]).ok();
        moved(&world);
        if landed {
            ana.git(&["switch", "-q", "work"]);
            ana.git(&["rebase", "-q", "origin/main"]);
            ana.git(&["push", "-q", "origin", "HEAD:main"]);
            world.ci("HEAD~2..HEAD").expect(0, "2 units (clean merge");
            ana.git(&["revert", "--no-edit", "HEAD~2..HEAD"]);
            ana.git(&["push", "-q", "origin", "HEAD:main"]);
        }
        let base = ana.git(&["rev-parse", "origin/main"]);
        ana.git(&["switch", "-q", "--detach", &base]);
        let now = OLD.replace("two", "TWO").replace("nine", "NINE");
        ana.commit("lines.txt", &now, "Land it again");
        ana.git(&["push", "-q", "origin", "HEAD:main"]);
        world.ci("HEAD~1..HEAD").expect(status, "");
    }
}

/// Carol rejects two commits, or doesn't; over moved lines the same change comes in three, which ana signs off.
#[test]
fn a_rejection_stands_in_however_many_commits_the_clean_merge_lands() {
    for (rejected, status, told) in [(true, 1, "CS302"), (false, 0, "series of 3")] {
        let world = World::team();
        land_by_ana(&world, OLD, "Add lines");
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "work"]);
        ben.commit("lines.txt", &OLD.replace("two", "MID"), "Begin");
        ben.commit("lines.txt", &OLD.replace("two", "TWO"), "End");
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "work"]);
        if rejected {
            world
                .clone_for("carol")
                .reject("work")
                .expect(1, "Rejected");
        }
        moved(&world);
        ben.git(&["fetch", "-q"]);
        ben.git(&["switch", "-q", "-c", "again", "--no-track", "origin/main"]);
        for word in ["MID", "MAX", "TWO"] {
            let lines = OLD.replace("two", word).replace("nine", "NINE");
            ben.commit("lines.txt", &lines, word);
        }
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "again"]);
        let ana = world.person("ana");
        ana.git(&["fetch", "-q"]);
        let sign = ana.sign("again");
        assert_eq!(sign.status, 0, "{sign:?}");
        land(&ben);
        world.ci("HEAD~3..HEAD").expect(status, told);
    }
}

/// The keys of all who signed retire while the series is landing: the version before still knows them.
#[test]
fn a_merged_series_is_judged_by_the_version_before_too() {
    for (reason, status) in [("retired", 0), ("compromised", 1)] {
        let (world, ben) = declared();
        world
            .clone_for("carol")
            .sign("work")
            .expect(0, "approved by carol");
        moved(&world);
        let ana = sign_version(&world, ".countersign/roster.toml", |roster| {
            revoke(&revoke(&roster, "ben", reason), "carol", reason)
        });
        rebase(&ben);
        land(&ben);
        ana.git(&["pull", "-q", "--rebase"]);
        ana.git(&["push", "-q"]);
        let run = world.ci("HEAD~4..HEAD").expect(status, "");
        let earlier = run.stdout.contains("3 by trust version 2");
        assert_eq!(earlier, status == 0, "{run:?}");
    }
}

/// Carol rejects the first of three units that landed under one signature, or nothing; as they were signed, or merged.
#[test]
fn a_unit_that_is_rejected_inside_a_series_that_landed_refuses_the_series() {
    for (merged, rejected) in [(false, true), (true, true), (true, false)] {
        let (world, ben) = signed();
        if merged {
            moved(&world);
        }
        rebase(&ben);
        land(&ben);
        world.ci("HEAD~3..HEAD").expect(0, "series of 3");
        if rejected {
            world
                .clone_for("carol")
                .reject("HEAD~2")
                .expect(1, "Rejected");
        }
        let told = if rejected { "CS302" } else { "series of 3" };
        world.ci("HEAD~3..HEAD").expect(i32::from(rejected), told);
        let args = ["verify", "--release", "--root", &world.root()];
        let release = world.person("ci").countersign(&args);
        assert_eq!(release.stdout.contains("CS302"), rejected, "{release:?}");
    }
}

/// A commit that was rejected before it landed may stand in a branch that was made better and signed as a whole.
#[test]
fn a_commit_that_was_rejected_alone_lands_in_a_series_that_was_signed() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("a.txt", "one\n", "Begin");
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    let carol = world.clone_for("carol");
    carol.reject("work").expect(1, "Rejected");
    ben.commit("tests.txt", "two\n", "Test it");
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q"]);
    carol.sign("work").expect(0, "approved by carol");
    land(&ben);
    world.ci("HEAD~2..HEAD").expect(0, "series of 2");
}

/// What was declared of one commit counts where it lands among others: its extent, and who declared it as theirs.
#[test]
fn what_was_declared_of_a_commit_binds_the_series_that_it_lands_in() {
    for (extent, status) in [("generated", 1), ("none", 0)] {
        let world = World::team();
        let rule = "[[rule]]\nname = \"ai\"\nwhen = { ai = \"generated\" }\nrequire = { level = \"senior\" }\n";
        world.sign_policy(|policy| format!("{policy}\n{rule}"));
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "work"]);
        ben.commit("a.txt", "one\n", "Begin");
        ben.countersign(&["declare", "--ai", extent]).ok();
        ben.commit("b.txt", "two\n", "End");
        ben.countersign(&["declare", "--ai", "none"]).ok();
        land(&ben);
        let run = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(run.stdout.contains("CS101"), status == 1, "{run:?}");
    }
}
