//! A key that somebody else had: what rests on it, and how it is judged again.

use crate::world::{Clone, World};

/// A branch of ben's with some commits, signed off by `signer` and landed as a fast-forward.
fn landed(world: &World, name: &str, commits: usize, signer: &str) -> String {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    for number in 0..commits {
        ben.commit(
            &format!("{name}{number}.rs"),
            "one\n",
            &format!("Add {name} {number}"),
        );
    }
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    world.fresh(signer).sign(name).expect(0, "approved by");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    ben.head()
}

fn admin(world: &World) -> Clone {
    let clone = world.fresh("admin");
    clone.git(&["config", "countersign.root", &world.root()]);
    Clone {
        home: world.person("ana").home,
        ..clone
    }
}

fn land(ana: &Clone) {
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Change the trust files"]);
    ana.git(&["push", "-q"]);
}

fn release(world: &World) -> crate::world::Run {
    let verify = ["verify", "--fetch", "--release", "--root", &world.root()];
    world.fresh("ci").countersign(&verify)
}

/// Three units rest on carol's key, one on grace's; version 3 has accepted all of them.
fn accepted() -> (World, String) {
    let world = World::team();
    landed(&world, "first", 1, "grace");
    let one = landed(&world, "one", 1, "carol");
    landed(&world, "series", 2, "carol");
    let ana = admin(&world);
    ana.countersign(&["trust", "sign", "--confirm", "3"])
        .expect(0, "verified and accepted up to");
    land(&ana);
    (world, one)
}

#[test]
fn what_rests_on_a_compromised_key_is_listed_and_judged_again() {
    let (world, one) = accepted();
    release(&world).ok();
    let ana = admin(&world);
    ana.countersign(&["roster", "revoke", "carol", "--reason", "compromised"])
        .ok();
    let back = format!("main={}~1", &one[..7]);
    let run = ana.countersign(&["trust", "sign", "--confirm", "4"]);
    let run = run.expect(0, "of carol: 3 accepted on main may rest on it");
    for unit in ["Add one 0", "Add series 0", "Add series 1", &back] {
        assert!(run.stdout.contains(unit), "{unit}: {run:?}");
    }
    assert!(!run.stdout.contains("Add first"), "{run:?}");
    // As it stands the past is accepted; set back, it is judged without her key.
    ana.git(&["checkout", "-q", "."]);
    ana.git(&["clean", "-q", "-f"]);
    ana.countersign(&["roster", "revoke", "carol", "--reason", "compromised"])
        .ok();
    ana.countersign(&["trust", "sign", "--confirm", "4", "--checkpoint", &back])
        .expect(0, "! main  set back to");
    land(&ana);
    release(&world).expect(1, "3 of 5 units (2 verified)");
    // Each is declared by its author, and somebody else looks again and signs after the fact.
    let ben = world.fresh("ben");
    for back in ["HEAD~3", "HEAD~2"] {
        let unit = ben.git(&["rev-parse", back]);
        ben.countersign(&["declare", "--ai", "assisted", &unit])
            .ok();
    }
    let grace = world.fresh("grace");
    for back in ["HEAD~4", "HEAD~3", "HEAD~2"] {
        let unit = grace.git(&["rev-parse", back]);
        let digest = grace.digest(&[&unit]);
        grace.countersign(&["sync"]).ok();
        let run = grace.countersign(&["sign", &unit, "--confirm", &digest]);
        run.expect(0, "approved by grace");
    }
    release(&world).ok();
}

#[test]
fn a_key_that_merely_retired_asks_nothing_again() {
    let (world, _) = accepted();
    let ana = admin(&world);
    ana.countersign(&["roster", "revoke", "carol", "--reason", "retired"])
        .ok();
    let run = ana.countersign(&["trust", "sign", "--confirm", "4"]).ok();
    assert!(!run.stdout.contains("rest on it"), "{run:?}");
    land(&ana);
    release(&world).ok();
}

#[test]
fn a_compromised_key_carries_no_checkpoint_forward() {
    for (reason, status) in [("compromised", 1), ("retired", 0)] {
        let world = World::team();
        landed(&world, "one", 1, "carol");
        let ana = admin(&world);
        ana.countersign(&["roster", "revoke", "carol", "--reason", reason])
            .ok();
        let sign = ana.countersign(&["trust", "sign", "--confirm", "3"]);
        sign.expect(
            status,
            if status == 1 {
                "1 unit that landed is not covered"
            } else {
                ""
            },
        );
    }
}

#[test]
fn a_checkpoint_is_only_set_back_and_only_of_a_protected_branch() {
    let (world, one) = accepted();
    let ana = admin(&world);
    for (place, why) in [
        ("main", "BRANCH=COMMIT is asked for"),
        ("other=HEAD", "no protected branch"),
        ("main=HEAD", "not on its line before"),
    ] {
        ana.countersign(&["trust", "sign", "--confirm", "4", "--checkpoint", place])
            .expect(2, why);
    }
    let place = format!("refs/heads/main={one}");
    ana.countersign(&["trust", "sign", "--confirm", "4", "--checkpoint", &place])
        .expect(0, "set back to");
}
