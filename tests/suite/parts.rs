//! What landed as a part of more, or of which a part landed, and was taken back: it is spent.

use crate::world::{Clone, World};

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";

/// Ben's branch of two commits in one file; ana signs the first by itself, then both.
fn signed_twice() -> (World, Clone) {
    let world = World::team();
    let ana = world.person("ana");
    ana.commit("lines.txt", OLD, "Add lines");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q"]);
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    let two = OLD.replace("two", "TWO");
    for (text, message) in [(&two, "First"), (&two.replace("eight", "EIGHT"), "Second")] {
        ben.commit("lines.txt", text, message);
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "work"]);
        ana.sign("work").expect(0, "approved by ana");
    }
    (world, ben)
}

/// Ana takes back what landed last.
fn revert(world: &World) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "-C", "back", "origin/main"]);
    ana.git(&["revert", "--no-edit", "HEAD"]);
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "HEAD:main"]);
}

fn on_main(ben: &Clone) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "--detach", "origin/main"]);
}

#[test]
fn a_part_of_what_landed_at_once_and_was_taken_back_does_not_land_alone() {
    for landed in [true, false] {
        let (world, ben) = signed_twice();
        if landed {
            on_main(&ben);
            ben.git(&["merge", "-q", "--squash", "work"]);
            ben.git(&["commit", "-q", "-m", "Both (#1)"]);
            ben.git(&["push", "-q", "origin", "HEAD:main"]);
            world.ci("HEAD~1..HEAD").expect(0, "1 signed");
            revert(&world);
        }
        on_main(&ben);
        ben.git(&["cherry-pick", "work~1"]);
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = world.ci("HEAD~1..HEAD").expect(i32::from(landed), "");
        assert_eq!(run.stdout.contains("CS209"), landed, "{run:?}");
    }
}

/// The first commit lands by itself. Taken back, it doesn't come again with the branch; else the rest of the branch may
/// follow it.
#[test]
fn a_branch_does_not_bring_a_part_again_that_landed_and_was_taken_back() {
    for (taken_back, squash) in [(true, true), (true, false), (false, true)] {
        let (world, ben) = signed_twice();
        on_main(&ben);
        ben.git(&["cherry-pick", "work~1"]);
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        world.ci("HEAD~1..HEAD").expect(0, "1 signed");
        if taken_back {
            revert(&world);
        }
        on_main(&ben);
        let units = match (taken_back, squash) {
            (true, false) => {
                ben.git(&["cherry-pick", "work~1", "work"]);
                2
            }
            _ => {
                ben.git(&["checkout", "-q", "work", "--", "lines.txt"]);
                ben.git(&["commit", "-q", "-m", "Both (#1)"]);
                1
            }
        };
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = world.ci(&format!("HEAD~{units}..HEAD"));
        assert_eq!(run.status, i32::from(taken_back), "{run:?}");
        assert_eq!(run.stdout.contains("CS209"), taken_back, "{run:?}");
    }
}

/// What a case of a branch and what happened before it lands is made of: whole texts of files, by path.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A world in which main holds these files.
fn world_of(files: Files<'_>) -> World {
    let world = World::team();
    land_by_ana(&world, files);
    world
}

fn write(clone: &Clone, files: Files<'_>, message: &str) {
    for (path, text) in files {
        clone.write(path, text);
    }
    clone.git(&["add", "-A"]);
    clone.git(&["commit", "-q", "-m", message]);
}

/// Ana lands these files on main, declared.
fn land_by_ana(world: &World, files: Files<'_>) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "-C", "main", "origin/main"]);
    write(&ana, files, "By ana");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "main"]);
}

/// A branch of ben's from main, with a commit for each of these, signed off by ana.
fn signed_branch(world: &World, name: &str, commits: &[Files<'_>]) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    for (number, files) in commits.iter().enumerate() {
        write(&ben, files, &format!("{name} {number}"));
    }
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    world.person("ana").sign(name).expect(0, "approved by ana");
    ben
}

/// Lands a branch as one commit, as a host does.
fn squash(world: &World, name: &str) {
    let ben = world.person("ben");
    on_main(&ben);
    ben.git(&["merge", "-q", "--squash", &format!("origin/{name}")]);
    ben.git(&["commit", "-q", "-m", &format!("{name} (#1)")]);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
}

/// Asserts that what landed last is spent, or not.
#[track_caller]
fn last_is_spent(world: &World, spent: bool, told: &str) {
    let run = world.ci("HEAD~1..HEAD");
    assert_eq!(run.status, i32::from(spent), "{told}: {run:?}");
    assert_eq!(run.stdout.contains("CS209"), spent, "{told}: {run:?}");
}

fn with(changes: &[(&str, &str)]) -> String {
    let mut text = OLD.to_owned();
    for (line, by) in changes {
        text = text.replace(line, by);
    }
    text
}

/// The first commit was picked onto a main that had moved in its file: nobody signed that very change as a part.
#[test]
fn a_commit_that_landed_merged_and_was_taken_back_does_not_come_again_with_its_branch() {
    for taken_back in [true, false] {
        let world = world_of(&[("lines.txt", OLD), ("other.txt", "old\n")]);
        let two = with(&[("two", "TWO")]);
        signed_branch(
            &world,
            "both",
            &[&[("lines.txt", &two)], &[("other.txt", "new\n")]],
        );
        let moved = with(&[("nine", "NINE")]);
        land_by_ana(&world, &[("lines.txt", &moved)]);
        land_by_ana(
            &world,
            &[("lines.txt", &with(&[("two", "TWO"), ("nine", "NINE")]))],
        );
        if taken_back {
            land_by_ana(&world, &[("lines.txt", &moved)]);
        }
        squash(&world, "both");
        last_is_spent(&world, taken_back, "picked");
    }
}

/// Two branches share their first commit; one of them landed and was taken back.
#[test]
fn a_branch_does_not_bring_again_what_it_shares_with_one_that_was_taken_back() {
    for taken_back in [true, false] {
        let files = [("lines.txt", OLD), ("a.txt", "a\n"), ("b.txt", "b\n")];
        let world = world_of(&files);
        let shared = with(&[("two", "TWO")]);
        let shared: Files<'_> = &[("lines.txt", &shared)];
        signed_branch(&world, "one", &[shared, &[("a.txt", "A\n")]]);
        signed_branch(&world, "other", &[shared, &[("b.txt", "B\n")]]);
        squash(&world, "one");
        last_is_spent(&world, false, "the one");
        if taken_back {
            land_by_ana(&world, &files);
        }
        squash(&world, "other");
        last_is_spent(&world, taken_back, "the other");
    }
}

/// Half of a commit landed alone, under its own signature.
#[test]
fn a_part_that_is_finer_than_a_commit_does_not_come_again() {
    for (path, half) in [
        ("other.txt", "new\n"),
        ("lines.txt", &*with(&[("two", "TWO")])),
    ] {
        for taken_back in [true, false] {
            let files = [("lines.txt", OLD), ("other.txt", "old\n")];
            let world = world_of(&files);
            let lines = with(&[("two", "TWO"), ("eight", "EIGHT")]);
            signed_branch(
                &world,
                "whole",
                &[&[("lines.txt", &lines), ("other.txt", "new\n")]],
            );
            signed_branch(&world, "half", &[&[(path, half)]]);
            squash(&world, "half");
            if taken_back {
                land_by_ana(&world, &files);
            }
            squash(&world, "whole");
            last_is_spent(&world, taken_back, path);
        }
    }
}

/// A commit that its own branch betters landed without that, or with it, and was taken back.
#[test]
fn a_commit_that_another_betters_in_the_same_line_is_the_same_part() {
    let (first, bettered) = (with(&[("two", "TWO")]), with(&[("two", "2")]));
    let (first, bettered): (Files<'_>, Files<'_>) =
        (&[("lines.txt", &first)], &[("lines.txt", &bettered)]);
    for (landed, then) in [("first", "both"), ("both", "first")] {
        for taken_back in [true, false] {
            let world = world_of(&[("lines.txt", OLD)]);
            signed_branch(&world, "first", &[first]);
            signed_branch(&world, "both", &[first, bettered]);
            if taken_back {
                squash(&world, landed);
                last_is_spent(&world, false, landed);
                land_by_ana(&world, &[("lines.txt", OLD)]);
            }
            squash(&world, then);
            last_is_spent(&world, taken_back, then);
        }
    }
}

#[test]
fn what_stood_when_it_was_signed_and_went_since_does_not_come_again() {
    for taken_back in [true, false] {
        let files = [("lines.txt", OLD), ("other.txt", "old\n")];
        let world = world_of(&files);
        let two = with(&[("two", "TWO")]);
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "work"]);
        write(&ben, &[("lines.txt", &two), ("other.txt", "new\n")], "Work");
        land_by_ana(&world, &[("lines.txt", &two)]);
        ben.git(&["fetch", "-q"]);
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "work"]);
        world.person("ana").sign("work").ok();
        if taken_back {
            land_by_ana(&world, &[("lines.txt", OLD)]);
        }
        squash(&world, "work");
        last_is_spent(&world, taken_back, "work");
    }
}

/// Two commits change lines that touch. The second alone was picked by hand, under its own signature.
#[test]
fn a_commit_that_rests_on_another_of_its_branch_does_not_come_again() {
    for (taken_back, one_by_one) in [(true, false), (true, true), (false, false)] {
        let (first, both) = (
            with(&[("two", "TWO")]),
            with(&[("two", "TWO"), ("three", "THREE")]),
        );
        let world = world_of(&[("lines.txt", OLD)]);
        signed_branch(
            &world,
            "both",
            &[&[("lines.txt", &first)], &[("lines.txt", &both)]],
        );
        let second = with(&[("three", "THREE")]);
        if taken_back {
            signed_branch(&world, "picked", &[&[("lines.txt", &second)]]);
            squash(&world, "picked");
            last_is_spent(&world, false, "picked");
            land_by_ana(&world, &[("lines.txt", OLD)]);
        }
        if one_by_one {
            let ben = world.person("ben");
            // They are known as they land, without what the store has of them.
            ben.git(&[
                "fetch",
                "-q",
                "origin",
                "+refs/countersign/attestations:refs/x",
            ]);
            let digest = |commit: &str| ben.digest(&[&format!("{commit}~1..{commit}")]);
            let commits = [digest("origin/both~1"), digest("origin/both")];
            let gone = ben.withhold("refs/x", |path| {
                let is_kept = path.ends_with("/manifest") || path.contains("/blobs/");
                is_kept && commits.iter().any(|commit| path.contains(commit))
            });
            assert!(gone > 0);
            on_main(&ben);
            ben.git(&["cherry-pick", "origin/both~1", "origin/both"]);
            ben.git(&["push", "-q", "origin", "HEAD:main"]);
            let run = world.ci("HEAD~2..HEAD").expect(1, "CS209");
            assert!(
                run.stdout
                    .contains("spent: a part of it, in lines.txt, was there with "),
                "{run:?}"
            );
        } else {
            squash(&world, "both");
            last_is_spent(&world, taken_back, "both");
        }
    }
}

/// The branch was rebased and bettered in the same line, and landed so; its first form follows once that is taken back.
#[test]
fn a_branch_that_was_rebased_and_bettered_is_the_same_part() {
    for taken_back in [true, false] {
        let (two, moved) = (with(&[("two", "TWO")]), with(&[("nine", "NINE")]));
        let world = world_of(&[("lines.txt", OLD)]);
        signed_branch(&world, "first", &[&[("lines.txt", &two)]]);
        land_by_ana(&world, &[("lines.txt", &moved)]);
        if taken_back {
            let rebased = with(&[("two", "TWO"), ("nine", "NINE")]);
            let bettered = with(&[("two", "2"), ("nine", "NINE")]);
            let commits: [Files<'_>; 2] = [&[("lines.txt", &rebased)], &[("lines.txt", &bettered)]];
            signed_branch(&world, "again", &commits);
            squash(&world, "again");
            last_is_spent(&world, false, "again");
            land_by_ana(&world, &[("lines.txt", &moved)]);
        }
        squash(&world, "first");
        last_is_spent(&world, taken_back, "first");
    }
}

/// Lines that only change places are alike on both sides of a change.
#[test]
fn lines_that_were_put_in_order_land_whatever_else_moved_in_the_file() {
    let world = world_of(&[("lines.txt", OLD)]);
    let sorted = OLD.replace("four\nfive\n", "five\nfour\n");
    signed_branch(&world, "sorted", &[&[("lines.txt", &sorted)]]);
    land_by_ana(&world, &[("lines.txt", &with(&[("one", "ONE")]))]);
    land_by_ana(
        &world,
        &[("lines.txt", &with(&[("one", "ONE"), ("nine", "NINE")]))],
    );
    squash(&world, "sorted");
    last_is_spent(&world, false, "sorted");
}

/// The branch was rebased, and what it was before is gone; its file came and went meanwhile.
#[test]
fn a_rebased_branch_is_judged_by_its_own_texts() {
    for clean_merge in ["true", "false"] {
        let world = world_of(&[("lines.txt", OLD)]);
        world.sign_policy(|policy| {
            policy.replace(
                "clean_merge = true",
                &format!("clean_merge = {clean_merge}"),
            )
        });
        let ben = signed_branch(
            &world,
            "work",
            &[&[("lines.txt", &with(&[("two", "TWO")]))]],
        );
        land_by_ana(&world, &[("lines.txt", &with(&[("five", "FIVE")]))]);
        land_by_ana(&world, &[("lines.txt", OLD)]);
        ben.git(&["fetch", "-q"]);
        ben.git(&["rebase", "-q", "origin/main"]);
        ben.git(&["push", "-q", "-f", "origin", "work"]);
        ben.git(&["-C", "../remote.git", "prune", "--expire=now"]);
        let ci = world.fresh("ci");
        ci.git(&["switch", "-q", "work"]);
        ci.verify(&world, &["--pr"]).expect(0, "signed off by ana");
    }
}

/// What is no modified text is a part as a whole; so is a mode, whatever else the file became.
#[test]
fn a_mode_and_a_whole_file_are_parts() {
    for name in ["tool.sh", "data.bin", "new.txt", "gone.txt"] {
        for taken_back in [true, false] {
            let files = [
                ("tool.sh", "#!/bin/sh\n"),
                ("data.bin", "\0old"),
                ("gone.txt", "x\n"),
                ("other.txt", "old\n"),
            ];
            let world = world_of(&files);
            let apply = |clone: &Clone| match name {
                "tool.sh" => {
                    clone.git(&["update-index", "--chmod=+x", name]);
                    clone.git(&["checkout-index", "-f", name]);
                }
                "gone.txt" => drop(clone.git(&["rm", "-q", name])),
                _ => {
                    clone.write(name, "\0new");
                    clone.git(&["add", name]);
                }
            };
            let ben = world.fresh("ben");
            ben.git(&["switch", "-q", "-c", "both"]);
            apply(&ben);
            ben.write("other.txt", "new\n");
            ben.git(&["commit", "-q", "-a", "-m", "Both"]);
            ben.countersign(&["declare", "--ai", "generated"]).ok();
            ben.git(&["push", "-q", "-u", "origin", "both"]);
            let ana = world.person("ana");
            ana.sign("both").ok();
            ana.git(&["switch", "-q", "main"]);
            apply(&ana);
            ana.git(&["commit", "-q", "-m", "A half"]);
            if taken_back {
                ana.git(&["revert", "--no-edit", "HEAD"]);
            }
            ana.git(&["push", "-q", "origin", "main"]);
            squash(&world, "both");
            last_is_spent(&world, taken_back, name);
        }
    }
}

/// Another part of the file was changed by what was bettered, and this one was only tried in between.
#[test]
fn a_part_is_bettered_only_where_it_stood_itself() {
    for (tried, spent) in [("eight", false), ("two", true)] {
        let (whole, tried_by) = (
            with(&[("two", "TWO"), ("eight", "EIGHT")]),
            tried.to_uppercase(),
        );
        let world = world_of(&[("lines.txt", OLD), ("other.txt", "old\n")]);
        signed_branch(
            &world,
            "whole",
            &[&[("lines.txt", &whole)], &[("other.txt", "new\n")]],
        );
        let tried = with(&[(tried, &tried_by)]);
        let tried: Files<'_> = &[("lines.txt", &tried)];
        let bettered = with(&[("two", "2")]);
        signed_branch(&world, "tried", &[tried, &[("lines.txt", &bettered)]]);
        squash(&world, "tried");
        last_is_spent(&world, false, "tried");
        land_by_ana(&world, &[("lines.txt", OLD)]);
        squash(&world, "whole");
        last_is_spent(&world, spent, "whole");
    }
}

/// An old branch still has what was on main when it was cut; that it landed and was taken back says nothing of that.
#[test]
fn what_an_old_branch_rests_on_is_no_part_of_it() {
    for brought in [false, true] {
        let (on, off) = (with(&[("two", "ON")]), OLD);
        let world = world_of(&[("lines.txt", if brought { off } else { &on })]);
        let base = with(&[("two", "ON"), ("eight", "8")]);
        let bettered = with(&[("two", "ON"), ("eight", "VIII")]);
        let commits: [Files<'_>; 2] = [&[("lines.txt", &base)], &[("lines.txt", &bettered)]];
        signed_branch(&world, "old", &commits);
        if !brought {
            land_by_ana(&world, &[("lines.txt", off)]);
        }
        let both = with(&[("two", "ON"), ("eight", "EIGHT")]);
        signed_branch(&world, "work", &[&[("lines.txt", &both)]]);
        squash(&world, "old");
        last_is_spent(&world, false, "old");
        land_by_ana(&world, &[("lines.txt", off)]);
        squash(&world, "work");
        last_is_spent(&world, brought, "work");
    }
}

/// What a branch added and undid itself never stood on main, whatever lists it as a commit.
#[test]
fn what_a_branch_undid_itself_lands_later_by_itself() {
    let (two, eight) = (with(&[("two", "TWO")]), with(&[("eight", "EIGHT")]));
    let world = world_of(&[("lines.txt", OLD)]);
    let (two, eight): (Files<'_>, Files<'_>) = (&[("lines.txt", &two)], &[("lines.txt", &eight)]);
    signed_branch(&world, "tried", &[two, &[("lines.txt", OLD)], eight]);
    signed_branch(&world, "later", &[two]);
    squash(&world, "tried");
    last_is_spent(&world, false, "tried");
    squash(&world, "later");
    last_is_spent(&world, false, "later");
}

/// Nor does a branch bring again what it undid itself.
#[test]
fn a_branch_that_undid_what_was_taken_back_lands() {
    let (two, eight) = (with(&[("two", "TWO")]), with(&[("eight", "EIGHT")]));
    let world = world_of(&[("lines.txt", OLD)]);
    let (two, eight): (Files<'_>, Files<'_>) = (&[("lines.txt", &two)], &[("lines.txt", &eight)]);
    signed_branch(&world, "tried", &[two, &[("lines.txt", OLD)], eight]);
    signed_branch(&world, "first", &[two]);
    squash(&world, "first");
    land_by_ana(&world, &[("lines.txt", OLD)]);
    squash(&world, "tried");
    last_is_spent(&world, false, "tried");
}

/// What a branch tried and undid itself, main has done since: squashed, the branch takes nothing of that away.
#[test]
fn a_branch_that_undid_what_main_did_since_lands() {
    let both = with(&[("two", "TWO"), ("eight", "EIGHT")]);
    let eight = with(&[("eight", "EIGHT")]);
    let world = world_of(&[("lines.txt", OLD)]);
    let commits: [Files<'_>; 2] = [&[("lines.txt", &both)], &[("lines.txt", &eight)]];
    signed_branch(&world, "tried", &commits);
    land_by_ana(&world, &[("lines.txt", &with(&[("two", "TWO")]))]);
    squash(&world, "tried");
    last_is_spent(&world, false, "tried");
}

/// Somebody's other change of the same lines came and went.
#[test]
fn what_somebody_else_tried_in_the_same_lines_spends_nothing() {
    let world = world_of(&[("lines.txt", OLD), ("other.txt", "old\n")]);
    let lines = with(&[("two", "TWO"), ("eight", "EIGHT")]);
    signed_branch(
        &world,
        "work",
        &[&[("lines.txt", &lines)], &[("other.txt", "new\n")]],
    );
    land_by_ana(
        &world,
        &[
            ("lines.txt", &with(&[("two", "deux")])),
            ("other.txt", "x\n"),
        ],
    );
    land_by_ana(&world, &[("lines.txt", OLD), ("other.txt", "old\n")]);
    land_by_ana(&world, &[("lines.txt", &with(&[("five", "FIVE")]))]);
    squash(&world, "work");
    last_is_spent(&world, false, "work");
}
