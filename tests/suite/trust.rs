//! Trust versions that several admins sign: in any order, on any machine, through the store or a file.

use std::collections::BTreeMap;

use countersign::keys::PrivateKeyFile;
use countersign::roster::Roster;
use countersign::trust::{Chain, Draft, NewVersion, version_path};

use crate::world::{Clone, World};

/// The team with ana, carol and grace as admins, two of whom must sign.
fn three_admins() -> World {
    let world = World::team();
    let ana = world.person("ana");
    let roster = std::fs::read_to_string(ana.path.join(".countersign/roster.toml")).unwrap();
    let (before, admins) = roster.split_once("[admins]").unwrap();
    assert!(admins.contains("threshold = 1"), "{admins}");
    let admins = "[admins]\nids = [\"ana\", \"carol\", \"grace\"]\nthreshold = 2\n";
    ana.write(".countersign/roster.toml", &format!("{before}{admins}"));
    // Ana alone makes two people necessary: so she is one of them, and somebody else the other.
    ana.countersign(&["trust", "sign", "--confirm", "3"])
        .expect(
            0,
            "Signed 1 of 2, pushed to origin. In force when one more signs: carol or grace run",
        );
    publish(&ana, "admins");
    let carol = checkout(&world, "carol", "admins");
    carol
        .countersign(&["trust", "sign", "--confirm", "3"])
        .expect(0, "Signed 2 of 2, in force with the commit.");
    land(&carol);
    world
}

/// Commits the trust files to a branch and pushes it.
fn publish(person: &Clone, branch: &str) {
    person.git(&["switch", "-q", "-c", branch]);
    person.git(&["add", ".countersign"]);
    person.git(&["commit", "-q", "-m", "Change the trust files"]);
    person.git(&["push", "-q", "-u", "origin", branch]);
}

fn checkout(world: &World, id: &str, branch: &str) -> Clone {
    let person = world.fresh(id);
    person.git(&["switch", "-q", branch]);
    person
}

fn land(person: &Clone) {
    person.git(&["add", ".countersign"]);
    person.git(&["commit", "-q", "--allow-empty", "-m", "Sign"]);
    person.git(&["push", "-q", "origin", "HEAD:main"]);
}

/// Ana's clone, which pins the root, at the remote's `main`.
fn updated(world: &World) -> Clone {
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.git(&["switch", "-q", "main"]);
    ana.git(&["reset", "-q", "--hard", "origin/main"]);
    ana
}

fn edit(person: &Clone) {
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(person.path.join(path)).unwrap();
    person.write(path, &format!("{policy}# edited\n"));
}

#[test]
fn two_of_three_admins_sign_one_after_the_other_and_the_gate_takes_it() {
    let world = three_admins();
    world
        .ci("HEAD~2..HEAD")
        .expect(0, "2 units: trust metadata");
    let ana = updated(&world);
    ana.countersign(&["trust", "status"])
        .expect(0, "3        threshold 2 of 3: ana, carol, grace");
}

#[test]
fn one_signature_of_two_changes_nothing_and_status_says_whose_turn_it_is() {
    let world = three_admins();
    let ana = updated(&world);
    ana.countersign(&["trust", "status"])
        .expect(0, "expires on");
    edit(&ana);
    ana.countersign(&["trust", "status"])
        .expect(1, "changed, and no admin has signed");
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2");
    ana.countersign(&["trust", "status"]).expect(
        1,
        "4 is signed by ana. In force when one more signs: carol or grace run",
    );
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(1, "Signed by you already.");
    // A pull request with half of the signatures is refused, and so is what lands of it.
    publish(&ana, "edited");
    ana.git(&["remote", "set-head", "origin", "-a"]);
    ana.verify(&world, &[]).expect(1, "error[CS407]");
    // Landed past the gate, it leaves no signed roster and policy to judge by.
    land(&ana);
    world
        .ci("HEAD~2..HEAD")
        .expect(2, "changed without enough signatures");
}

#[test]
fn the_store_carries_a_version_between_admins_who_share_no_branch() {
    let world = three_admins();
    let (ana, grace) = (updated(&world), world.fresh("grace"));
    for person in [&ana, &grace] {
        edit(person);
    }
    ana.countersign(&["trust", "sign", "--confirm", "4"]).ok();
    // Grace has the same files, and learns of ana's signature from the store.
    grace
        .countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "signed so far by ana");
    land(&grace);
    world.ci("HEAD~1..HEAD").expect(0, "trust metadata");
    // Ana's clone has her own half; the store completes it.
    ana.countersign(&["trust", "sign"])
        .expect(0, "Signed by all who must. In force with the commit.");
}

#[test]
fn without_a_remote_the_file_carries_it() {
    let world = three_admins();
    let (ana, carol) = (updated(&world), world.fresh("carol"));
    edit(&ana);
    ana.countersign(&["--offline", "trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2, kept here");
    for name in ["policy.toml", "trust/4.dsse.json"] {
        let from = ana.path.join(".countersign").join(name);
        std::fs::copy(from, carol.path.join(".countersign").join(name)).unwrap();
    }
    carol
        .countersign(&["--offline", "trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 2 of 2");
    land(&carol);
    world.ci("HEAD~1..HEAD").expect(0, "trust metadata");
}

#[test]
fn files_that_were_edited_after_a_signature_are_another_version() {
    let world = three_admins();
    let ana = updated(&world);
    edit(&ana);
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2");
    publish(&ana, "edited");
    let carol = checkout(&world, "carol", "edited");
    edit(&carol);
    // Carol signs what she sees, not what ana saw.
    carol
        .countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2");
    carol.git(&["commit", "-q", "-am", "Edit again"]);
    let root = world.root();
    carol
        .countersign(&["verify", "--root", &root])
        .expect(1, "signed by 1 of 2");
}

#[test]
fn who_is_no_admin_signs_no_version() {
    let world = three_admins();
    let ben = world.fresh("ben");
    edit(&ben);
    ben.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(1, "is no key of an admin");
    let carol = world.fresh("carol");
    edit(&carol);
    carol
        .countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2");
}

/// Carol lands something on main; with a declaration it needs no more.
fn land_change(world: &World, file: &str, declared: bool) -> String {
    let carol = world.fresh("carol");
    carol.commit(file, "x\n", file);
    if declared {
        carol.git(&["switch", "-q", "-c", "work"]);
        carol.countersign(&["declare", "--ai", "none"]).ok();
    }
    carol.git(&["push", "-q", "origin", "HEAD:main"]);
    carol.head()
}

#[test]
fn signing_a_version_verifies_what_landed_and_accepts_it() {
    let world = World::team();
    land_change(&world, "one", true);
    let tip = land_change(&world, "two", true);
    let ana = updated(&world);
    edit(&ana);
    ana.countersign(&["trust", "sign", "--confirm", "3"])
        .expect(
            0,
            &format!("main  verified and accepted up to {}", &tip[..7]),
        );
    ana.countersign(&["trust", "log"])
        .expect(0, &format!("checkpoint refs/heads/main at {}", &tip[..7]));
}

#[test]
fn a_unit_that_fails_stops_the_signature_unless_it_is_excused_or_left_for_later() {
    let sign = ["trust", "sign", "--confirm", "3"];
    for (more, status, text) in [
        (vec![], 1, "1 unit that landed is not covered"),
        (vec!["--keep-checkpoints"], 0, "in force with the commit"),
        (
            vec!["--excuse", "HEAD=landed by hand at night"],
            0,
            "! excused  ",
        ),
        (
            vec!["--excuse", "HEAD~1=it does not fail"],
            2,
            "no unit that fails",
        ),
        (vec!["--excuse", "HEAD="], 2, "COMMIT=REASON"),
    ] {
        let world = World::team();
        land_change(&world, "one", true);
        land_change(&world, "two", false);
        let ana = updated(&world);
        edit(&ana);
        ana.countersign(&[&sign[..], &more].concat())
            .expect(status, text);
        let signed = ana.path.join(".countersign/trust/3.dsse.json").exists();
        assert_eq!(signed, status == 0, "{more:?}");
    }
}

#[test]
fn a_new_rule_binds_what_lands_from_now_on() {
    let world = World::team();
    land_change(&world, "one", true);
    let ana = updated(&world);
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    let rule = "[[rule]]\nname = \"two\"\nrequire = { signers = 2 }\n";
    ana.write(path, &format!("{policy}\n{rule}"));
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    land(&ana);
    let release = ["verify", "--fetch", "--release", "--root", &world.root()];
    world
        .fresh("ci")
        .countersign(&release)
        .expect(0, "trust metadata");
    land_change(&world, "two", true);
    world
        .fresh("ci")
        .countersign(&release)
        .expect(1, "rule    \"two\"");
}

#[test]
fn the_next_admin_verifies_what_the_first_one_accepted() {
    let world = three_admins();
    let ana = updated(&world);
    land_change(&world, "one", true);
    let ana_sees = updated(&world);
    edit(&ana_sees);
    ana_sees
        .countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "Signed 1 of 2");
    publish(&ana, "edited");
    // Carol's store lacks the declaration: what ana accepted can't be verified there.
    let carol = checkout(&world, "carol", "edited");
    let sign = ["trust", "sign", "--confirm", "4"];
    let empty = tempfile::tempdir().unwrap();
    let store = ["--store", empty.path().to_str().unwrap()];
    carol
        .countersign(&[&store, &sign[..]].concat())
        .expect(1, "1 unit that landed is not covered");
    carol.countersign(&sign).expect(0, "Signed 2 of 2");
}

#[test]
fn an_admin_sees_which_rule_gets_weaker_also_on_the_branch_that_brings_it() {
    let world = three_admins();
    let rule = |signers: u8| {
        format!(
            "\n[[rule]]\nname = \"two\"\nrequire = {{ signers = {signers}, level = \"senior\" }}\n"
        )
    };
    let path = ".countersign/policy.toml";
    let ana = updated(&world);
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{policy}{}", rule(2)));
    let sign = |number: &'static str| ["trust", "sign", "--confirm", number];
    ana.countersign(&sign("4"))
        .expect(0, "  ~ policy   rule \"two\": new   policy.toml:");
    let carol = world.fresh("carol");
    carol.write(path, &format!("{policy}{}", rule(2)));
    carol.countersign(&sign("4")).expect(0, "Signed 2 of 2");
    land(&carol);
    let ana = updated(&world);
    ana.write(path, &format!("{policy}{}", rule(1)));
    let weaker = "  ! policy   rule \"two\": signers 2 -> 1   WEAKER   policy.toml:";
    ana.countersign(&sign("5")).expect(0, weaker);
    publish(&ana, "weaker");
    checkout(&world, "carol", "weaker")
        .countersign(&sign("5"))
        .expect(0, weaker);
}

#[test]
fn a_lower_threshold_is_told_as_weaker() {
    let world = three_admins();
    let ana = updated(&world);
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &roster.replace("threshold = 2", "threshold = 1"));
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(
            0,
            "  ! admins  2 of ana, carol, grace -> 1 of ana, carol, grace   WEAKER",
        );
}

/// Ana's next version of unchanged files, issued and expired in the past.
fn expired_version(ana: &Clone, root: &str) -> Vec<u8> {
    let read = |path: &str| std::fs::read(ana.path.join(path)).unwrap();
    let (roster_bytes, policy_bytes) = (
        read(".countersign/roster.toml"),
        read(".countersign/policy.toml"),
    );
    let roster_text = String::from_utf8(roster_bytes.clone()).unwrap();
    let roster = Roster::parse(&roster_text, "roster.toml").unwrap();
    let versions = [1, 2].map(|number| (number, read(&version_path(number))));
    let root = root.trim_start_matches("sha256:").parse().unwrap();
    let (chain, _) = Chain::verify(&BTreeMap::from(versions), &root).unwrap();
    let last = chain.last().unwrap();
    let version = NewVersion {
        number: 3,
        previous: Some(last.payload()),
        replaces: None,
        roster_bytes: &roster_bytes,
        policy_bytes: &policy_bytes,
        roster: &roster,
        checkpoints: last.metadata().checkpoints.clone(),
        excused: vec![],
        issued_on: "2024-01-01T00:00:00Z".parse().unwrap(),
        expires_on: "2025-01-01T00:00:00Z".parse().unwrap(),
    };
    let mut draft = Draft::new(&version).unwrap();
    let key = std::fs::read(ana.home.join("key")).unwrap();
    let key = PrivateKeyFile::parse(&key).unwrap();
    let signer = key.signer(None).unwrap();
    draft.sign(Some(last), &signer).unwrap();
    draft.to_bytes().unwrap()
}

#[test]
fn an_expired_version_judges_nothing_and_is_renewed_with_nothing_changed() {
    let world = World::team();
    let ana = updated(&world);
    let bytes = expired_version(&ana, &world.root());
    std::fs::write(ana.path.join(version_path(3)), bytes).unwrap();
    land(&ana);
    let ana = updated(&world);
    world.ci("HEAD~1..HEAD").expect(2, "error[CS404]");
    ana.countersign(&["trust", "status"])
        .expect(1, "expired on 2025-01-01");
    ana.countersign(&["trust", "sign", "--confirm", "4"])
        .expect(0, "nothing changed; the version is renewed");
    land(&ana);
    world
        .ci("HEAD~2..HEAD")
        .expect(0, "2 units: trust metadata");
}
