//! A new root, for admins who lost their threshold.

use countersign::change::Digest;
use countersign::keys::PrivateKeyFile;
use countersign::roster::Roster;
use countersign::trust::{Draft, NewVersion, version_path};

use crate::world::{Clone, Run, World};

/// Hands the roster over to these admins, ana's key being gone.
fn hand_over(clone: &Clone, admins: &str, threshold: usize) {
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(clone.path.join(path)).unwrap();
    let (before, _) = roster.split_once("[admins]").unwrap();
    let admins = format!("[admins]\nids = [{admins}]\nthreshold = {threshold}\n");
    clone.write(path, &format!("{before}{admins}"));
}

fn land(clone: &Clone) {
    clone.git(&["add", "-A"]);
    clone.git(&["commit", "-q", "-m", "Start anew"]);
    clone.git(&["push", "-q", "origin", "HEAD:main"]);
}

fn release(world: &World, root: &str) -> Run {
    world
        .fresh("ci")
        .countersign(&["verify", "--fetch", "--release", "--root", root])
}

/// The root that a run printed.
fn root_of(run: &Run) -> String {
    let line = run.stdout.lines().find(|line| line.starts_with("Root"));
    line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn a_new_root_takes_the_place_of_the_chain_at_gates_that_pin_it() {
    let world = World::team();
    let old = world.root();
    let carol = world.fresh("carol");
    hand_over(&carol, "\"carol\"", 1);
    // Nobody is left who could sign the next version.
    carol
        .countersign(&["trust", "sign", "--confirm", "3"])
        .expect(0, "In force when one more signs: ana run");
    carol.git(&["clean", "-q", "-f"]);
    let sign = ["trust", "sign", "--replace-root", "--confirm", "1"];
    let run = carol
        .countersign(&sign)
        .expect(0, "in place of version 2 under sha256:");
    let new = root_of(&run);
    land(&carol);
    release(&world, &new).expect(0, "1 unit: trust metadata");
    world.ci("HEAD~1..HEAD").expect(2, "error[CS408]");
    assert_ne!(old, new);
    // It goes on from there.
    carol.countersign(&["trust", "pin", &new]).ok();
    carol
        .countersign(&["roster", "set", "omar", "--level", "senior"])
        .ok();
    carol.countersign(&["trust", "sign", "--confirm", "2"]).ok();
    land(&carol);
    release(&world, &new).expect(0, "1 unit: trust metadata");
    carol.countersign(&["trust", "log"]).expect(0, "2  ");
}

#[test]
fn several_admins_start_anew_one_after_the_other() {
    let world = World::team();
    let carol = world.fresh("carol");
    hand_over(&carol, "\"carol\", \"grace\"", 2);
    let sign = ["trust", "sign", "--replace-root", "--confirm", "1"];
    carol
        .countersign(&sign)
        .expect(0, "grace run  countersign trust sign --replace-root");
    carol.git(&["switch", "-q", "-c", "anew"]);
    carol.git(&["add", "-A"]);
    carol.git(&["commit", "-q", "-m", "Start anew"]);
    carol.git(&["push", "-q", "-u", "origin", "anew"]);
    let grace = world.fresh("grace");
    grace.git(&["switch", "-q", "anew"]);
    let run = grace.countersign(&sign).expect(0, "Signed 2 of 2.");
    land(&grace);
    release(&world, &root_of(&run)).expect(0, "trust metadata");
}

/// A version 1 by carol alone, which replaces what it says.
fn forged(carol: &Clone, replaces: Option<Digest>) -> Draft {
    let read = |path: &str| std::fs::read(carol.path.join(path)).unwrap();
    let roster_bytes = read(".countersign/roster.toml");
    let text = String::from_utf8(roster_bytes.clone()).unwrap();
    let version = NewVersion {
        number: 1,
        previous: None,
        replaces,
        roster_bytes: &roster_bytes,
        policy_bytes: &read(".countersign/policy.toml"),
        roster: &Roster::parse(&text, "roster.toml").unwrap(),
        checkpoints: vec![],
        excused: vec![],
        issued_on: "2026-01-01T00:00:00Z".parse().unwrap(),
        expires_on: "2036-01-01T00:00:00Z".parse().unwrap(),
    };
    let mut draft = Draft::new(&version).unwrap();
    let key = std::fs::read(carol.home.join("key")).unwrap();
    let signer = PrivateKeyFile::parse(&key).unwrap().signer(None).unwrap();
    draft.sign(None, &signer).unwrap();
    draft
}

#[test]
fn a_version_1_that_names_another_root_or_none_replaces_nothing() {
    for (named, status) in [("old", 0), ("other", 1), ("none", 1)] {
        let world = World::team();
        let old: Digest = world.root().trim_start_matches("sha256:").parse().unwrap();
        let carol = world.fresh("carol");
        hand_over(&carol, "\"carol\"", 1);
        let replaces = match named {
            "old" => Some(old),
            "other" => Some("0".repeat(64).parse().unwrap()),
            _ => None,
        };
        let draft = forged(&carol, replaces);
        std::fs::write(carol.path.join(version_path(1)), draft.to_bytes().unwrap()).unwrap();
        std::fs::remove_file(carol.path.join(version_path(2))).unwrap();
        land(&carol);
        let root = format!("sha256:{}", draft.payload());
        let ci = world.fresh("ci");
        let run = ci.countersign(&["verify", "--fetch", "--root", &root, "HEAD~1..HEAD"]);
        run.expect(status, if status == 1 { "error[CS402]" } else { "" });
    }
}

#[test]
fn whoever_has_no_key_among_the_new_admins_starts_nothing() {
    let world = World::team();
    let ben = world.fresh("ben");
    hand_over(&ben, "\"carol\"", 1);
    let sign = ["trust", "sign", "--replace-root", "--confirm", "1"];
    ben.countersign(&sign).expect(1, "is no key of an admin");
    let carol = world.fresh("carol");
    hand_over(&carol, "\"carol\"", 1);
    carol.countersign(&sign).ok();
}
