//! Emergencies: somebody lets a change through, and those whom the rules ask sign within days.

use jiff::{SignedDuration, Timestamp};

use crate::world::{Clone, Run, World};

pub const ALLOWED: &str =
    "[emergency]\nlevel = \"senior\"\nids = [\"omar\"]\nfollow_up = \"72h\"\n";
/// Two seniors for code, so that one emergency signature is less than the rules ask.
const RULE: &str = "[[rule]]\nname = \"code\"\npaths = [\"*.rs\"]\nrequire = { signers = 2, level = \"senior\" }\n";

pub fn world(emergency: &str) -> World {
    let world = World::team();
    world.sign_policy(|policy| format!("{policy}\n{RULE}{emergency}"));
    world
}

/// Ben's fix, declared and pushed.
pub fn fix(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "fix"]);
    ben.commit("lib.rs", "pub fn notes() { fixed() }\n", "Fix the outage");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "fix"]);
    ben
}

pub fn let_through(world: &World, person: &str) -> Run {
    let_through_on(world, person, &[])
}

/// The same on the target that `target` names.
fn let_through_on(world: &World, person: &str, target: &[&str]) -> Run {
    let clone = world.fresh(person);
    let digest = clone.digest(&[&["origin/fix"], target].concat());
    let incident = ["--emergency", "--incident", "INC-7"];
    let reason = ["--reason", "cards fail", "--confirm", &digest];
    clone.countersign(&[&["sign", "fix"], target, &incident, &reason].concat())
}

fn land(ben: &Clone) {
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
}

/// What a check says so many hours from now.
fn after(world: &World, hours: i64, args: &[&str]) -> Run {
    let later = Timestamp::now().checked_add(SignedDuration::from_hours(hours));
    let at = later.unwrap().to_string();
    let root = world.root();
    let common = ["verify", "--fetch", "--root", &root, "--at", &at];
    world.fresh("ci").countersign(&[&common[..], args].concat())
}

#[test]
fn an_emergency_lets_a_change_through_with_a_warning_until_it_is_due() {
    let world = world(ALLOWED);
    let ben = fix(&world);
    ben.verify(&world, &[]).expect(1, "CS101");
    let_through(&world, "carol")
        .expect(0, "let through by carol")
        .expect(
            0,
            "Debt      1 senior above the author; 2 seniors: ana, carol, grace by ",
        );
    ben.countersign(&["sync"]).ok();
    ben.countersign(&["status"])
        .expect(0, "emergency carol, ")
        .expect(0, "else every gate refuses");
    ben.verify(&world, &[]).expect(0, "warning[CS111]");
    land(&ben);
    for check in ["HEAD~1..HEAD", "--release"] {
        after(&world, 0, &[check])
            .expect(0, "INC-7 by carol")
            .expect(0, "in an emergency");
        after(&world, 71, &[check]).expect(0, "CS111");
        after(&world, 73, &[check]).expect(1, "error[CS120]: emergency debt overdue");
    }
    ben.git(&["fetch", "-q"]);
    ben.countersign(&["status", "--debts"])
        .expect(1, "INC-7")
        .expect(
            1,
            "   1 senior above the author; 2 seniors: ana, carol, grace",
        );
    ben.countersign(&["status", "--debts", "--format", "json"])
        .expect(1, "\"incident\":\"INC-7\"");
}

#[test]
fn the_signatures_that_were_left_out_pay_the_debt() {
    let world = world(ALLOWED);
    let ben = fix(&world);
    let_through(&world, "carol").ok();
    land(&ben);
    let landed = ben.head();
    for (person, status) in [("ana", 1), ("grace", 0)] {
        let clone = match person {
            "ana" => world.person(person),
            _ => world.fresh(person),
        };
        clone.git(&["pull", "-q"]);
        clone.sign(&landed).expect(0, "approved by");
        after(&world, 80, &["HEAD~1..HEAD"]).expect(status, "");
    }
    after(&world, 80, &["--release"]).expect(0, "1 signed");
}

#[test]
fn only_those_whom_the_policy_names_may_let_a_change_through() {
    for (policy, person, code) in [
        ("", "carol", Some("CS206")),
        (ALLOWED, "ben", Some("CS206")),
        (ALLOWED, "omar", None),
        (ALLOWED, "carol", None),
    ] {
        let world = world(policy);
        fix(&world);
        let run = let_through(&world, person);
        match code {
            Some(code) => run.expect(1, code),
            None => run.expect(0, "let through"),
        };
    }
}

#[test]
fn the_author_lets_their_own_change_through_only_where_the_policy_says_so() {
    for author in [false, true] {
        let world = world(
            &ALLOWED
                .replace("omar", "ben")
                .replace("follow_up", &format!("author = {author}\nfollow_up")),
        );
        let ben = fix(&world);
        let run = let_through(&world, "ben");
        match author {
            false => run.expect(1, "CS205"),
            true => run.expect(0, "let through by ben"),
        };
        let status = i32::from(!author);
        ben.git(&["fetch", "-q"]);
        let ben = world.person("ben");
        ben.git(&["switch", "-q", "fix"]);
        ben.verify(&world, &[]).expect(status, "");
    }
}

#[test]
fn a_rejection_and_a_forbidding_rule_bind_an_emergency() {
    let forbid =
        "[[rule]]\nname = \"core\"\npaths = [\"core/**\"]\nforbid = \"write this by hand\"\n";
    let world = world(&format!("{forbid}{ALLOWED}"));
    let ben = fix(&world);
    let_through(&world, "carol").ok();
    ben.verify(&world, &[]).expect(0, "CS111");
    let grace = world.fresh("grace");
    grace.reject("fix").expect(1, "rejected by grace");
    ben.verify(&world, &[]).expect(1, "CS302");
    ben.commit("core/a.rs", "x\n", "Touch the core");
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.git(&["push", "-q"]);
    let_through(&world, "carol").expect(1, "no emergency lifts that");
}

#[test]
fn an_emergency_is_for_one_change_on_one_branch_and_one_landing() {
    let world = world(ALLOWED);
    let ben = fix(&world);
    let_through(&world, "carol").ok();
    land(&ben);
    after(&world, 0, &["HEAD~1..HEAD"]).expect(0, "CS111");
    ben.git(&["revert", "--no-edit", "HEAD"]);
    ben.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
        .ok();
    land(&ben);
    ben.git(&["revert", "--no-edit", "HEAD"]);
    land(&ben);
    after(&world, 0, &["HEAD~1..HEAD"]).expect(1, "CS209");
}

#[test]
fn no_checkpoint_passes_an_open_debt() {
    let world = world(ALLOWED);
    let ben = fix(&world);
    let_through(&world, "carol").ok();
    land(&ben);
    let ana = world.person("ana");
    ana.git(&["pull", "-q"]);
    ana.countersign(&["sync"]).ok();
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{policy}# more\n"));
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(1, "can't be accepted");
    for person in ["grace", "ana"] {
        let landed = ben.head();
        let clone = match person {
            "ana" => ana.clone(),
            other => world.fresh(other),
        };
        clone.sign(&landed).expect(0, "approved by");
    }
    ana.countersign(&["trust", "sign", "--confirm", "4"]).ok();
}

/// Signs what landed, as far as it would count.
fn follow_up(world: &World, person: &str, landed: &str) -> Run {
    let clone = match person {
        "ana" => world.person(person),
        _ => world.fresh(person),
    };
    clone.git(&["pull", "-q"]);
    clone.sign(landed)
}

/// Carol's fix, which she declares or somebody else pushes under her name, and lets through herself.
fn let_through_as_author(world: &World, declares: bool) -> Clone {
    let person = world.fresh(if declares { "carol" } else { "ben" });
    person.git(&["switch", "-q", "-c", "fix"]);
    person.write("lib.rs", "pub fn notes() { fixed() }\n");
    let author = "--author=carol Example <carol@example.org>";
    person.git(&["commit", "-q", "-a", "-m", "Fix the outage", author]);
    if declares {
        person.countersign(&["declare", "--ai", "none"]).ok();
    }
    person.git(&["push", "-q", "-u", "origin", "fix"]);
    let_through(world, "carol").expect(0, "let through by carol");
    let ben = world.fresh("ben");
    ben.git(&["merge", "-q", "--ff-only", "origin/fix"]);
    land(&ben);
    after(world, 0, &["HEAD~1..HEAD"]).expect(0, "CS111");
    ben
}

#[test]
fn who_owes_the_signatures_as_the_author_gives_none_of_them() {
    let world = world(&ALLOWED.replace("follow_up", "author = true\nfollow_up"));
    let landed = let_through_as_author(&world, true).head();
    follow_up(&world, "carol", &landed).expect(1, "CS205");
    follow_up(&world, "ana", &landed).ok();
    after(&world, 80, &["HEAD~1..HEAD"]).expect(1, "CS120");
    follow_up(&world, "grace", &landed).ok();
    after(&world, 80, &["HEAD~1..HEAD"]).expect(0, "1 signed");
}

#[test]
fn an_emergency_by_whoever_the_fix_was_pushed_as_stays_a_debt_of_others() {
    let world = world(&ALLOWED.replace("follow_up", "author = true\nfollow_up"));
    let landed = let_through_as_author(&world, false).head();
    for person in ["carol", "ana"] {
        follow_up(&world, person, &landed).ok();
        after(&world, 80, &["HEAD~1..HEAD"]).expect(1, "CS120");
    }
}

#[test]
fn who_let_one_change_through_signs_the_follow_up_of_another() {
    let world = world(ALLOWED);
    let mut landed = Vec::new();
    for (number, signer) in ["carol", "grace"].into_iter().enumerate() {
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-C", "fix"]);
        ben.commit("lib.rs", &format!("pub fn fixed() {{ {number} }}\n"), "Fix");
        ben.countersign(&["declare", "--ai", "none"]).ok();
        ben.git(&["push", "-q", "-f", "-u", "origin", "fix"]);
        let_through(&world, signer).expect(0, "let through");
        land(&ben);
        landed.push(ben.head());
    }
    for (signer, commit) in [("ana", 0), ("grace", 0), ("ana", 1), ("carol", 1)] {
        follow_up(&world, signer, &landed[commit]).expect(0, "approved by");
    }
    after(&world, 80, &["--release"]).expect(0, "2 signed");
}

#[test]
fn an_emergency_of_one_branch_lets_nothing_through_on_another() {
    let world = world(ALLOWED);
    world
        .person("ana")
        .git(&["push", "-q", "origin", "main:refs/heads/next"]);
    world.sign_policy(|policy| {
        let both = "protected = [\"refs/heads/main\", \"refs/heads/next\"]";
        policy.replace("protected = [\"refs/heads/main\"]", both)
    });
    world
        .person("ana")
        .git(&["push", "-q", "origin", "main:refs/heads/next"]);
    let ben = fix(&world);
    ben.countersign(&["declare", "--ai", "none", "--target", "next"])
        .ok();
    let_through_on(&world, "carol", &["--target", "next"]).expect(0, "let through");
    ben.git(&["push", "-q", "origin", "HEAD:next"]);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let next = ["--target", "next", "HEAD~1..HEAD"];
    after(&world, 0, &next).expect(0, "CS111");
    after(&world, 0, &["HEAD~1..HEAD"]).expect(1, "CS204");
}
