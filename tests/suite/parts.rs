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
