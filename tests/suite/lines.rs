//! Several protected branches, and rules for a stage.

use crate::world::{Clone, Run, World};

/// `main` and `next` are protected; main accepts what was signed for next, or doesn't.
fn world(accepts: bool) -> World {
    let world = World::team();
    world
        .person("ana")
        .git(&["push", "-q", "origin", "main:refs/heads/next"]);
    world.sign_policy(|policy| {
        let both = "protected = [\"refs/heads/main\", \"refs/heads/next\"]";
        let policy = policy.replace("protected = [\"refs/heads/main\"]", both);
        let lines = "[accept_line_of]\n\"refs/heads/main\" = [\"refs/heads/next\"]\n";
        format!("{policy}\n{}", if accepts { lines } else { "" })
    });
    let ana = world.person("ana");
    ana.git(&["push", "-q", "origin", "main:refs/heads/next"]);
    world
}

/// Ben's change, declared and signed for `next`, landed there.
fn land_on_next(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work", "origin/next"]);
    ben.commit("a.rs", "one\n", "Write a.rs");
    let declare = ["declare", "--ai", "assisted", "--target", "next"];
    ben.countersign(&declare).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    let carol = world.fresh("carol");
    let digest = carol.digest(&["origin/work", "--target", "next"]);
    let sign = ["sign", "work", "--target", "next", "--confirm", &digest];
    carol.countersign(&sign).expect(0, "approved by carol");
    ben.git(&["push", "-q", "origin", "HEAD:next"]);
    ben
}

fn check(world: &World, target: &str) -> Run {
    let ci = world.fresh("ci");
    ci.git(&["fetch", "-q"]);
    let (root, head) = (world.root(), format!("origin/{target}"));
    let range = format!("{head}~1..{head}");
    ci.countersign(&[
        "verify", "--fetch", "--root", &root, "--target", target, &range,
    ])
}

#[test]
fn what_was_signed_for_another_branch_counts_where_the_policy_accepts_its_line() {
    for (accepts, status) in [(false, 1), (true, 0)] {
        let world = world(accepts);
        let ben = land_on_next(&world);
        check(&world, "next").expect(0, "signed off by carol");
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = check(&world, "main").expect(status, "");
        assert_eq!(run.stdout.contains("CS204"), !accepts, "{run:?}");
    }
}

#[test]
fn it_counts_for_no_copy_that_does_not_lie_on_that_line() {
    let world = world(true);
    let ben = land_on_next(&world);
    ben.git(&["switch", "-q", "-c", "copy", "origin/main"]);
    ben.git(&["cherry-pick", "-x", "work"]);
    ben.git(&["commit", "-q", "--amend", "-m", "Backport a.rs"]);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    check(&world, "main").expect(1, "CS204");
}

#[test]
fn a_rejection_for_the_accepted_line_refuses_there_too() {
    let world = world(true);
    let ben = land_on_next(&world);
    let grace = world.fresh("grace");
    let landed = ben.head();
    let digest = grace.digest(&[&landed, "--target", "next"]);
    let reject = [
        "sign",
        &landed,
        "--target",
        "next",
        "--reject",
        "--confirm",
        &digest,
    ];
    grace.countersign(&reject).expect(1, "rejected by grace");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    check(&world, "main").expect(1, "CS302");
}

#[test]
fn a_rule_for_a_stage_asks_there_and_is_not_met_by_what_an_earlier_stage_asked() {
    let world = World::team();
    world.sign_policy(|policy| {
        format!(
            "{policy}\n[[rule]]\nname = \"wide\"\nwhen = {{ stage = \"global\" }}\nrequire = {{ signers = 2, level = \"senior\" }}\n"
        )
    });
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("a.rs", "one\n", "Write a.rs");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    world.fresh("carol").sign("work").ok();
    ben.verify(&world, &[]).expect(0, "signed off by carol");
    ben.verify(&world, &["--stage", "canary"]).expect(0, "");
    ben.verify(&world, &["--stage", "global"])
        .expect(1, "missing 1 senior")
        .expect(1, "\"wide\"");
    // The second signature is of no use but for that stage.
    let grace = world.fresh("grace");
    let digest = grace.digest(&["origin/work"]);
    let sign = ["sign", "work", "--confirm", &digest];
    grace.countersign(&sign).expect(1, "nothing is missing");
    grace
        .countersign(&[&sign[..], &["--stage", "global"]].concat())
        .expect(0, "approved by grace");
    let run = ben.verify(&world, &["--stage", "global", "--format", "json"]);
    let verdict: serde_json::Value = serde_json::from_str(&run.ok().stdout).unwrap();
    assert_eq!(verdict["stage"], "global");
}
