//! Several commits under one signature: a branch that is rebased or fast-forwarded onto its target.

use crate::world::{Clone, Run, World};

/// The files that the branch's five commits write, in order.
const STEPS: [(&str, &str); 5] = [
    ("a.rs", "one\n"),
    ("b.rs", "two\n"),
    ("a.rs", "one\nthree\n"),
    ("scratch.rs", "four\n"),
    ("c.rs", "five\n"),
];

/// Ben's branch of some commits, declared and pushed.
fn branch(world: &World, name: &str, steps: &[(&str, &str)]) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    for (number, (path, content)) in steps.iter().enumerate() {
        ben.commit(path, content, &format!("Step {number} of {name}"));
    }
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    ben
}

/// The same, signed off by ana.
fn signed(world: &World, name: &str, steps: &[(&str, &str)]) -> Clone {
    let ben = branch(world, name, steps);
    world.person("ana").sign(name).expect(0, "approved by ana");
    ben
}

/// Lands what a person has checked out, as a fast-forward of `main`.
fn land(person: &Clone) {
    person.git(&["push", "-q", "origin", "HEAD:main"]);
}

/// A change of another file that lands meanwhile, declared by ana.
fn move_base(world: &World) {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "-C", "docs", "origin/main"]);
    ana.commit("README", "notes\n", "Add a README");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    land(&ana);
}

/// Admins sign a policy with one more rule, and land it.
fn add_rule(world: &World, rule: &str) {
    world.sign_policy(|policy| format!("{policy}\n{rule}"));
}

fn units(run: &Run) -> Vec<serde_json::Value> {
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    verdict["units"].as_array().unwrap().clone()
}

#[test]
fn a_fast_forwarded_branch_of_five_commits_verifies_with_one_signature() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS);
    land(&ben);
    world.ci("HEAD~5..HEAD").expect(
        0,
        "1 signed (series of 5): \"Step 4 of steps\" by ben, assisted",
    );
}

#[test]
fn a_rebased_branch_of_five_commits_verifies_with_one_signature() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS);
    move_base(&world);
    ben.git(&["fetch", "-q"]);
    ben.git(&["rebase", "-q", "origin/main"]);
    land(&ben);
    world.ci("HEAD~5..HEAD").expect(0, "series of 5");
    // With the unit before it, which has its own declaration.
    world.ci("HEAD~6..HEAD").expect(0, "5 signed, 1 declared");
}

#[test]
fn the_signature_of_a_series_covers_no_part_of_it() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS);
    land(&ben);
    // What the last unit needs stands before it, so that it is the clean merge of the whole.
    world
        .ci("HEAD~4..HEAD")
        .expect(1, "waiting   3 of 4 units (1 verified)");
    world.ci("HEAD~5..HEAD~1").expect(1, "CS102");
    world.ci("HEAD~5..HEAD").ok();
}

#[test]
fn an_empty_commit_in_a_series_changes_nothing() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "steps"]);
    ben.commit("a.rs", "one\n", "First");
    ben.git(&["commit", "-q", "--allow-empty", "-m", "Run CI again"]);
    ben.commit("b.rs", "two\n", "Second");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "steps"]);
    world.person("ana").sign("steps").ok();
    land(&ben);
    world.ci("HEAD~3..HEAD").expect(0, "series of 3");
}

#[test]
fn a_protected_path_that_is_touched_and_undone_inside_a_series_counts() {
    let rule = "[[rule]]\nname = \"keys\"\npaths = [\"keys/**\"]\nrequire = { signers = 1, level = \"principal\" }\n";
    for (path, status) in [("keys/root", 1), ("other/root", 0)] {
        let world = World::team();
        add_rule(&world, rule);
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "steps"]);
        ben.commit("a.rs", "one\n", "First");
        ben.commit(path, "two\n", "Second");
        ben.git(&["rm", "-q", path]);
        ben.git(&["commit", "-q", "-m", "Third"]);
        ben.commit("b.rs", "three\n", "Fourth");
        ben.countersign(&["declare", "--ai", "assisted"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "steps"]);
        world.person("ana").sign("steps").ok();
        land(&ben);
        let verified = world.ci("HEAD~4..HEAD").expect(status, "");
        if status == 1 {
            let text = "missing 1 principal\n  rule    \"keys\"";
            assert!(verified.stdout.contains(text), "{}", verified.stdout);
        }
    }
}

#[test]
fn a_policy_that_is_changed_and_restored_inside_a_series_is_refused() {
    for (path, status) in [(".countersign/policy.toml", 1), ("policy.toml", 0)] {
        let world = World::team();
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "steps"]);
        let before = std::fs::read_to_string(ben.path.join(path)).unwrap_or_default();
        ben.write(path, &format!("{before}# less\n"));
        ben.commit("a.rs", "one\n", "First");
        match before.as_str() {
            "" => std::fs::remove_file(ben.path.join(path)).unwrap(),
            before => ben.write(path, before),
        }
        ben.commit("b.rs", "two\n", "Second");
        ben.countersign(&["declare", "--ai", "assisted"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "steps"]);
        world.person("ana").sign("steps").ok();
        land(&ben);
        let verified = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(
            verified.stdout.contains("CS409"),
            status == 1,
            "{verified:?}"
        );
    }
}

#[test]
fn overlapping_signatures_never_refuse_what_one_of_them_covers() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS);
    // Somebody signs the first three as a branch of their own, and the last one.
    ben.git(&["switch", "-q", "-c", "start", "HEAD~2"]);
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "start"]);
    world.clone_for("carol");
    world.person("carol").sign("start").ok();
    ben.git(&["switch", "-q", "steps"]);
    land(&ben);
    world.ci("HEAD~5..HEAD").expect(0, "series of 5");
    // The first three stand by themselves, the last two don't.
    let ci = world.person("ci");
    let verify = ["verify", "--format", "json", "--root", &world.root()];
    let run = ci.countersign(&[&verify[..], &["HEAD~5..HEAD~1"]].concat());
    assert_eq!(run.status, 1, "{run:?}");
    let units = units(&run);
    let sizes: Vec<_> = units
        .iter()
        .map(|unit| (unit["group"].as_array().unwrap().len(), &unit["coverage"]))
        .collect();
    assert_eq!(sizes, [(3, &"series".into()), (1, &"none".into())]);
}

#[test]
fn two_commits_that_undo_one_another_both_need_cover() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.commit("a.rs", "one\n", "Do");
    ben.git(&["revert", "--no-edit", "HEAD"]);
    land(&ben);
    world.ci("HEAD~2..HEAD").expect(1, "waiting   2 of 2 units");
    for commit in ["HEAD~1", "HEAD"] {
        let ana = world.person("ana");
        ana.git(&["fetch", "-q"]);
        let id = ben.git(&["rev-parse", commit]);
        ben.git(&["fetch", "-q"]);
        ben.countersign(&["declare", "--ai", "none", &id]).ok();
        ana.git(&["merge", "-q", "--ff-only", "origin/main"]);
    }
    world.ci("HEAD~2..HEAD").expect(0, "2 declared");
}

/// The branch is signed, somebody's fix lands, and the branch's whole tree lands over it: the fix is gone.
#[test]
fn a_series_does_not_swallow_a_fix_that_landed_in_between() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS[..2]);
    let reviewed = ben.head();
    move_base(&world);
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "--detach", "origin/main"]);
    ben.git(&["read-tree", "-u", "--reset", &reviewed]);
    ben.git(&["commit", "-q", "-m", "Steps, and the README undone"]);
    land(&ben);
    world.ci("HEAD~2..HEAD").expect(
        1,
        "CS217 the commits that it names are not those that landed",
    );
    // The twin: the branch is rebased over the fix.
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS[..2]);
    move_base(&world);
    ben.git(&["fetch", "-q"]);
    ben.git(&["rebase", "-q", "origin/main"]);
    land(&ben);
    world.ci("HEAD~3..HEAD").expect(0, "2 signed, 1 declared");
}

#[test]
fn a_series_that_landed_and_was_reverted_needs_a_new_signature_to_land_again() {
    let world = World::team();
    let ben = signed(&world, "steps", &STEPS[..2]);
    land(&ben);
    world.ci("HEAD~2..HEAD").ok();
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "-c", "undo", "origin/main"]);
    ben.git(&["revert", "--no-edit", "HEAD", "HEAD~1"]);
    land(&ben);
    // The same branch again, before BASE it landed first.
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "-c", "again", "origin/main"]);
    ben.git(&["cherry-pick", "origin/steps~1", "origin/steps"]);
    ben.git(&["push", "-q", "-u", "origin", "again"]);
    ben.verify(&world, &[]).expect(1, "CS209 spent when");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    world.person("ana").sign("again").ok();
    ben.verify(&world, &[]).ok();
    land(&ben);
    world.ci("HEAD~2..HEAD").expect(0, "series of 2");
}

#[test]
fn a_declaration_of_a_branch_is_one_of_its_series() {
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "own"]);
    for (path, content) in &STEPS[..3] {
        ana.commit(path, content, path);
    }
    land(&ana);
    world.ci("HEAD~3..HEAD").expect(1, "CS102");
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "own"]);
    for (path, content) in &STEPS[..3] {
        ana.commit(path, content, path);
    }
    ana.countersign(&["declare", "--ai", "assisted"]).ok();
    land(&ana);
    world
        .ci("HEAD~3..HEAD")
        .expect(0, "3 units (series, declared assisted)");
}

#[test]
fn a_series_that_misses_a_level_says_so_of_the_whole() {
    let world = World::team();
    let ben = branch(&world, "steps", &STEPS[..2]);
    world.clone_for("omar");
    let omar = world.person("omar");
    omar.git(&["fetch", "-q"]);
    let digest = omar.digest(&["origin/steps"]);
    // Omar's signature would not count, so it isn't made; ben's declaration alone is found.
    omar.countersign(&["sign", "steps", "--confirm", &digest])
        .expect(1, "CS206");
    land(&ben);
    let run = world.ci("HEAD~2..HEAD").expect(1, "and 1 before it from");
    assert!(
        run.stdout
            .contains("ben (junior)   declaration of assisted, counts")
    );
    assert!(
        run.stdout
            .contains("then countersign sign COMMIT; for each of")
    );
    assert!(run.stdout.contains("waiting   2 of 2 units"));
}

#[test]
fn a_branch_of_more_commits_than_land_under_one_signature_is_told() {
    let note = "Note      over 50 commits, which can't land one by one under one signature: ";
    for (commits, status, told) in [(50, 0, "series of 50"), (51, 1, "CS102")] {
        let world = World::team();
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "long"]);
        for number in 1..=commits {
            ben.commit("steps.txt", &format!("{number}\n"), "Step");
        }
        let declared = ben.countersign(&["declare", "--ai", "assisted"]).ok();
        assert_eq!(declared.stdout.contains(note), status == 1, "{declared:?}");
        ben.git(&["push", "-q", "-u", "origin", "long"]);
        let signed = world
            .person("ana")
            .sign("long")
            .expect(0, "approved by ana");
        assert_eq!(signed.stdout.contains(note), status == 1, "{signed:?}");
        land(&ben);
        let range = format!("HEAD~{commits}..HEAD");
        world.ci(&range).expect(status, told);
    }
}
