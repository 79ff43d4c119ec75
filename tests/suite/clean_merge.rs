//! Clean merges: what was signed lands on a newer base, in the same files.

use crate::world::{Clone, Run, World};

const OLD: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";

/// A world whose policy takes clean merges or doesn't, with a file of seven lines on main.
fn world(clean_merge: bool) -> World {
    let world = World::team();
    world.sign_policy(|policy| {
        assert!(policy.contains("clean_merge = true"), "{policy}");
        let text = format!("clean_merge = {clean_merge}");
        policy.replace("clean_merge = true", &text)
    });
    land_by_ana(&world, OLD, "Add lines");
    world
}

/// Ana changes the file on main and declares it.
fn land_by_ana(world: &World, text: &str, message: &str) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "main"]);
    ana.commit("lines.txt", text, message);
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "main"]);
}

/// Ben changes a line on a branch, declares it as generated, and ana signs it.
fn signed_branch(world: &World, from: &str, to: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("lines.txt", &OLD.replace(from, to), "Change a line");
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    world
        .person("ana")
        .sign("work")
        .expect(0, "approved by ana");
    ben
}

/// Squashes what is on the branch onto the newest main; `edit` changes the merge.
fn squash(ben: &Clone, edit: Option<(&str, &str)>) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "--detach", "origin/main"]);
    ben.git(&[
        "-c",
        "merge.directoryRenames=true",
        "merge",
        "-q",
        "--squash",
        "work",
    ]);
    if let Some((from, to)) = edit {
        let merged = std::fs::read_to_string(ben.path.join("lines.txt")).unwrap();
        ben.write("lines.txt", &merged.replace(from, to));
        ben.git(&["add", "-A"]);
    }
    ben.git(&["commit", "-q", "-m", "Change a line (#1)"]);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    // The reviewed branch is gone, as hosts leave it.
    let gone = ben
        .command("git")
        .args(["push", "-q", "origin", ":work"])
        .output();
    assert!(gone.is_ok());
}

fn ci(world: &World) -> Run {
    world.ci("HEAD~1..HEAD")
}

#[test]
fn a_change_that_was_signed_lands_on_a_newer_base_where_the_policy_takes_that() {
    for (clean_merge, status) in [(true, 0), (false, 1)] {
        let world = world(clean_merge);
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        squash(&ben, None);
        let run = ci(&world).expect(status, "");
        assert_eq!(
            run.stdout.contains("clean merge of"),
            clean_merge,
            "{run:?}"
        );
    }
}

#[test]
fn one_byte_more_in_the_merge_is_not_covered() {
    for (edit, status) in [(None, 0), (Some(("four", "Four")), 1)] {
        let world = world(true);
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        squash(&ben, edit);
        ci(&world).expect(status, "");
    }
}

/// Undoes the last change on main, signed by ana.
fn revert_by_ana(world: &World) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["reset", "-q", "--hard", "origin/main"]);
    ana.git(&["revert", "--no-edit", "HEAD"]);
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q", "origin", "main"]);
}

#[test]
fn landing_again_after_an_undoing_needs_a_new_signature() {
    for (again, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        let ben = signed_branch(&world, "two", "TWO");
        ben.git(&["tag", "reviewed"]);
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        if again {
            squash(&ben, None);
            revert_by_ana(&world);
            // On yet another base, so that the same signature meets another merge.
            let other = OLD.replace("six", "SIX").replace("four", "FOUR");
            land_by_ana(&world, &other, "Change a third line");
        }
        ben.git(&["switch", "-q", "work"]);
        squash(&ben, None);
        let run = ci(&world).expect(status, "");
        assert_eq!(run.stdout.contains("CS209"), again, "{run:?}");
    }
}

/// Rebases ben's branch onto the newest main and pushes it.
fn rebase(ben: &Clone) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["rebase", "-q", "origin/main"]);
    ben.git(&["push", "-q", "-f", "origin", "work"]);
}

#[test]
fn a_rejection_of_another_form_of_the_change_refuses() {
    for (rejected, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        rebase(&ben);
        if rejected {
            let carol = world.fresh("carol");
            carol.git(&["fetch", "-q"]);
            let digest = carol.digest(&["origin/work"]);
            carol
                .countersign(&[
                    "sign",
                    "work",
                    "--reject",
                    "-m",
                    "No.",
                    "--confirm",
                    &digest,
                ])
                .expect(1, "");
        }
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = ci(&world).expect(status, "");
        assert_eq!(run.stdout.contains("CS302"), rejected, "{run:?}");
    }
}

#[test]
fn a_rule_may_ask_for_signatures_on_what_landed_itself() {
    for (exact, status) in [("clean_merge = false\n", 1), ("", 0)] {
        let world = World::team();
        let ana = world.person("ana");
        let path = ".countersign/policy.toml";
        let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
        let rule = format!(
            "\n[[rule]]\nname = \"lines\"\npaths = [\"lines.txt\"]\nrequire = {{ level = \"senior\" }}\nwhen = {{ author_below = \"senior\" }}\n{exact}"
        );
        ana.write(path, &format!("{policy}{rule}"));
        ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
        ana.git(&["add", "-A"]);
        ana.git(&["commit", "-q", "-m", "Sign version 3"]);
        land_by_ana(&world, OLD, "Add lines");
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        squash(&ben, None);
        let run = ci(&world).expect(status, "");
        assert_eq!(
            run.stdout.contains("rule    \"lines\""),
            status == 1,
            "{run:?}"
        );
    }
}

/// Takes every text out of the store of the remote.
fn withhold_texts(ben: &Clone) {
    ben.git(&[
        "fetch",
        "-q",
        "origin",
        "refs/countersign/attestations:refs/x",
    ]);
    let texts = ben.withhold("refs/x", |path| path.contains("/blobs/"));
    assert_eq!(texts, 4);
}

#[test]
fn without_the_reviewed_texts_nothing_is_taken_for_their_merge() {
    for (withheld, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        squash(&ben, None);
        if withheld {
            withhold_texts(&ben);
        }
        // A host keeps nothing that no branch holds.
        ben.git(&["-C", "../remote.git", "prune", "--expire=now"]);
        ci(&world).expect(status, "");
    }
}

#[test]
fn hunks_that_can_slide_until_they_touch_are_not_merged() {
    for (old, to, cur, status) in [
        ("x\na\nb\ny\n", "x\na\nb\na\nb\ny\n", "x\nQ\nb\ny\n", 1),
        ("x\na\nb\ny\n", "x\na\nb\nc\nd\ny\n", "Q\na\nb\ny\n", 0),
    ] {
        let world = world(true);
        land_by_ana(&world, old, "Other lines");
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "work"]);
        ben.commit("lines.txt", to, "Insert");
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "work"]);
        world.person("ana").sign("work").ok();
        land_by_ana(&world, cur, "Change");
        squash(&ben, None);
        ci(&world).expect(status, "");
    }
}

#[test]
fn a_path_in_a_renamed_folder_is_another_path() {
    for (renamed, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        let ana = world.person("ana");
        ana.git(&["switch", "-q", "main"]);
        ana.commit("folder/a.txt", "a\n", "Add a folder");
        ana.countersign(&["declare", "--ai", "none"]).ok();
        ana.git(&["push", "-q", "origin", "main"]);
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "work"]);
        ben.commit("folder/b.txt", "b\n", "Add a file");
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "work"]);
        world.person("ana").sign("work").ok();
        ana.git(&["switch", "-q", "main"]);
        if renamed {
            ana.git(&["mv", "folder", "other"]);
            ana.git(&["commit", "-q", "-m", "Rename"]);
        } else {
            ana.commit("folder/a.txt", "A\n", "Change");
        }
        ana.countersign(&["declare", "--ai", "none"]).ok();
        ana.git(&["push", "-q", "origin", "main"]);
        squash(&ben, None);
        assert_eq!(ben.path.join("other/b.txt").exists(), renamed);
        ci(&world).expect(status, "");
    }
}

#[test]
fn a_rebased_change_is_declared_and_signed_anew_where_nobody_signed_the_old_one() {
    let world = world(true);
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("lines.txt", &OLD.replace("two", "TWO"), "Change a line");
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
    rebase(&ben);
    ben.countersign(&["declare", "--ai", "generated"]).ok();
    world
        .person("ana")
        .sign("work")
        .expect(0, "approved by ana");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    ci(&world).expect(0, "1 signed (exact)");
}

#[test]
fn a_rebased_branch_that_was_signed_before_needs_nothing_more() {
    let world = world(true);
    let ben = signed_branch(&world, "two", "TWO");
    land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
    rebase(&ben);
    // Neither declared nor signed again: what was signed covers the rebased branch too.
    ben.countersign(&["sync"]).ok();
    ben.countersign(&["status"]).expect(0, "");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    ci(&world).expect(0, "clean merge of");
}

#[test]
fn a_merge_of_three_parents_is_no_clean_merge() {
    for (extra, status) in [(true, 1), (false, 0)] {
        let world = world(true);
        let ben = signed_branch(&world, "two", "TWO");
        land_by_ana(&world, &OLD.replace("six", "SIX"), "Change another line");
        ben.git(&["fetch", "-q"]);
        let tree = ben.git(&["merge-tree", "--write-tree", "origin/main", "work"]);
        let mut args = vec![
            "commit-tree",
            "-m",
            "Merge",
            "-p",
            "origin/main",
            "-p",
            "work",
        ];
        args.extend([["-p", "origin/main~2"]].iter().flatten().filter(|_| extra));
        args.push(&tree);
        let merge = ben.git(&args);
        ben.git(&["push", "-q", "origin", &format!("{merge}:main")]);
        ci(&world).expect(status, "");
    }
}

/// Sixty units that change a large file since the signature: no text is merged twice, else a limit would end the check.
#[test]
fn a_large_file_that_many_units_changed_since_is_merged_once_for_each_state() {
    let world = World::team();
    let ana = world.person("ana");
    let line = |number: usize| format!("package {number:06} {}\n", "x".repeat(80));
    let mut lines: Vec<_> = (0..11_000).map(line).collect();
    let land = |lines: &[String], message: &str| ana.commit("lock.txt", &lines.concat(), message);
    land(&lines, "Add a lock file");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["push", "-q"]);

    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    let mut changed = lines.clone();
    changed[5] = "package five\n".to_owned();
    ben.commit("lock.txt", &changed.concat(), "Change a line");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    ana.sign("work").expect(0, "approved by ana");

    for number in 0..60 {
        lines[20 + number * 3] = format!("package {number} changed\n");
        land(&lines, "Change another");
    }
    ana.git(&["push", "-q"]);
    ben.git(&["fetch", "-q"]);
    ben.git(&["rebase", "-q", "origin/main"]);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~1..HEAD").expect(0, "clean merge of ");
}

/// Carol rejects a change, or doesn't; it lands merged, by a merge of two parents or of three.
#[test]
fn a_rejection_binds_a_merge_of_however_many_parents() {
    for (parents, rejected) in [(2, true), (3, true), (3, false)] {
        let world = world(true);
        let grace = world.fresh("grace");
        grace.git(&["switch", "-q", "-c", "work"]);
        grace.commit("lines.txt", &OLD.replace("two", "TWO"), "Change a line");
        grace.countersign(&["declare", "--ai", "none"]).ok();
        grace.git(&["push", "-q", "-u", "origin", "work"]);
        if rejected {
            world
                .clone_for("carol")
                .reject("work")
                .expect(1, "Rejected");
        }
        land_by_ana(&world, &OLD.replace("seven", "SEVEN"), "Change the last");
        grace.git(&["fetch", "-q"]);
        grace.git(&["switch", "-q", "--detach", "origin/main"]);
        grace.git(&["merge", "-q", "--no-ff", "-m", "Merge", "work"]);
        if parents == 3 {
            let same = [
                "commit-tree",
                "-m",
                "Same",
                "-p",
                "origin/main",
                "origin/main^{tree}",
            ];
            let third = grace.git(&same);
            let parents = ["-p", "origin/main", "-p", "work", "-p", &third];
            let octopus = [
                &["commit-tree", "-m", "Octopus"],
                &parents[..],
                &["HEAD^{tree}"],
            ];
            let octopus = grace.git(&octopus.concat());
            grace.git(&["reset", "-q", "--hard", &octopus]);
        }
        grace
            .countersign(&["declare", "origin/main..HEAD", "--ai", "none"])
            .ok();
        grace.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = world.ci("HEAD~1..HEAD").expect(i32::from(rejected), "");
        assert_eq!(run.stdout.contains("CS302"), rejected, "{run:?}");
    }
}
