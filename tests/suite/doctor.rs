//! `doctor`: nothing to repair in a healthy clone; each fault has a line whose command repairs it.

use crate::world::{Clone, Run, World};

/// Ana's clone with all that she needs.
fn healthy(world: &World) -> Clone {
    let ana = world.person("ana");
    ana.countersign(&["sync"]).ok();
    ana.countersign(&["hook", "install"]).ok();
    ana
}

fn doctor(person: &Clone) -> Run {
    person.countersign(&["doctor"])
}

/// Runs the command that a line ends with.
fn repair(person: &Clone, run: &Run, what: &str) {
    let line = run.stdout.lines().find(|line| line.contains(what));
    let line = line.unwrap_or_else(|| panic!("no {what} in {run:?}"));
    let command = line.rsplit("     ").next().unwrap();
    let command = command.trim_start_matches("an admin: ");
    let mut words = command.split_whitespace();
    match words.next().unwrap() {
        "countersign" => drop(person.countersign(&words.collect::<Vec<_>>()).ok()),
        "git" => drop(person.git(&words.collect::<Vec<_>>())),
        other => panic!("{other}"),
    }
}

#[test]
fn a_healthy_clone_has_nothing_to_repair() {
    let world = World::team();
    let ana = healthy(&world);
    let run = doctor(&ana).expect(0, "git's user.signingkey) = ana (senior)");
    assert!(
        run.stdout.lines().all(|line| line.starts_with("ok ")),
        "{run:?}"
    );
    let json = ana.countersign(&["doctor", "--format", "json"]).ok();
    let object: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(object["healthy"], true);
    assert_eq!(
        object["checks"].as_array().unwrap().len(),
        run.stdout.lines().count()
    );
}

#[test]
fn a_new_clone_is_told_to_compare_the_root_and_to_sync() {
    let world = World::team();
    let ben = world.fresh("ben");
    let run = doctor(&ben).expect(1, "no root is pinned");
    assert!(run.stdout.contains("origin was never asked for statements"));
    // It was looked at, and nothing was remembered.
    assert_eq!(
        ben.command("git")
            .args(["config", "countersign.firstSeenRoot"])
            .output()
            .unwrap()
            .stdout,
        b""
    );
    repair(&ben, &run, "never asked");
    ben.countersign(&["status"]);
    let run = doctor(&ben).expect(1, "only the first that was seen");
    repair(&ben, &run, "first that was seen");
    repair(&ben, &run, "no pre-push hook");
    doctor(&ben).expect(0, "= ben (junior)");
}

#[test]
fn what_only_this_clone_has_is_sent() {
    let world = World::team();
    let ana = healthy(&world);
    ana.git(&["switch", "-q", "-c", "work"]);
    ana.commit("work.rs", "x\n", "Work");
    ana.countersign(&["--offline", "declare", "--ai", "none"])
        .ok();
    let run = doctor(&ana).expect(1, "repair    the store holds statements of 1 change, ");
    repair(&ana, &run, "the store holds");
    doctor(&ana).ok();
}

#[test]
fn an_address_that_the_roster_does_not_know_is_given_to_its_person() {
    for (email, option) in [
        ("ana@elsewhere.example", "--email ana@elsewhere.example"),
        (
            "7+anaruiz@users.noreply.github.com",
            "--github anaruiz --github-id 7",
        ),
        ("anaruiz@users.noreply.github.com", "--github anaruiz"),
    ] {
        let world = World::team();
        let ana = healthy(&world);
        ana.git(&["config", "user.email", email]);
        let run = doctor(&ana).expect(1, &format!("roster set ana {option}"));
        repair(&ana, &run, "unknown to the roster");
        let run = doctor(&ana).expect(1, "are not those that judge");
        assert!(run.stdout.contains("countersign trust sign"), "{run:?}");
        ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
        ana.git(&["add", "-A"]);
        ana.git(&["commit", "-q", "-m", "Know ana's address"]);
        ana.git(&["push", "-q"]);
        doctor(&ana).expect(0, &format!("{} is ana's", email));
    }
}

#[test]
fn commits_of_a_person_under_another_address_are_found_by_their_name() {
    let world = World::team();
    let ana = healthy(&world);
    ana.git(&["switch", "-q", "-c", "work"]);
    let author = "--author=The omar <omar@home.example>";
    ana.write("work.rs", "x\n");
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Work", author]);
    doctor(&ana).expect(1, "countersign roster set omar --email omar@home.example");
    ana.git(&[
        "commit",
        "-q",
        "--amend",
        "--no-edit",
        "--author=The omar <omar@example.org>",
    ]);
    doctor(&ana).ok();
}

#[test]
fn a_key_that_is_unknown_or_revoked_or_missing_is_told() {
    let world = World::team();
    let ana = healthy(&world);
    let mallory = "../homes/mallory/key";
    ana.countersign(&["doctor", "--key", mallory])
        .expect(1, "is unknown to the roster");
    ana.countersign(&["doctor", "--key", "nowhere"])
        .expect(1, "repair    CS904");
    ana.countersign(&["roster", "revoke", "carol", "--reason", "retired"])
        .ok();
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Carol left"]);
    ana.git(&["push", "-q"]);
    doctor(&ana).ok();
    ana.countersign(&["doctor", "--key", "../homes/carol/key"])
        .expect(1, "is retired");
}

#[test]
fn a_cut_history_is_fetched() {
    let world = World::team();
    let remote = format!("file://{}", world.path().join("remote.git").display());
    let here = world.person("ana");
    here.git(&["clone", "-q", "--depth", "1", &remote, "../shallow"]);
    let shallow = Clone {
        path: world.path().join("shallow"),
        ..here
    };
    let run = doctor(&shallow);
    let run = run.expect(1, "history is cut");
    repair(&shallow, &run, "history is cut");
    doctor(&shallow).expect(1, "history is whole");
}

#[test]
fn outside_a_repository_nothing_can_be_looked_at() {
    let world = World::team();
    let nowhere = Clone {
        path: world.path().join("homes"),
        ..world.person("ana")
    };
    doctor(&nowhere).expect(2, "no git repository");
}
