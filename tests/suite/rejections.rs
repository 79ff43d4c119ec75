//! Rejections: they refuse whatever else was signed, until the same person takes them back.

use countersign::change::sha256;

use crate::world::{Clone, Run, World};

/// Ben's declared branch `tags`, pushed.
fn branch(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

fn clone(world: &World, id: &str) -> Clone {
    match world.person(id) {
        person if person.path.exists() => person,
        _ => world.clone_for(id),
    }
}

fn reject(world: &World, id: &str, change: &str, more: &[&str]) -> Run {
    let person = clone(world, id);
    person.git(&["fetch", "-q"]);
    let named = if change == "tags" {
        "origin/tags"
    } else {
        change
    };
    let digest = person.digest(&[named]);
    let args = ["sign", change, "--reject", "--confirm", &digest];
    person.countersign(&[&args, more].concat())
}

fn squash(ben: &Clone) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--ff-only", "origin/main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
    ben.git(&["push", "-q"]);
}

#[test]
fn a_rejection_refuses_until_the_same_person_signs_the_change_off() {
    let world = World::team();
    let ben = branch(&world);
    reject(
        &world,
        "carol",
        "tags",
        &["-m", "tags need a limit\u{202e}"],
    )
    .expect(1, "Rejected");
    // Somebody else's sign-off doesn't lift it.
    clone(&world, "ana")
        .sign("tags")
        .expect(0, "approved by ana");
    let refused = ben
        .verify(&world, &[])
        .expect(1, "error[CS302]: rejected: by carol, ");
    assert!(
        refused.stdout.contains("Z: tags need a limit"),
        "{refused:?}"
    );
    assert!(!refused.stdout.contains('\u{202e}'), "{refused:?}");
    assert!(
        refused.stdout.contains("refused   1 of 1 change"),
        "{refused:?}"
    );
    reject(&world, "carol", "tags", &[]).expect(1, "carol has rejected this change already");
    clone(&world, "carol")
        .sign("tags")
        .expect(0, "your sign-off replaces that");
    ben.verify(&world, &[]).expect(0, "signed off by");
}

#[test]
fn a_rejection_takes_back_the_same_persons_approval() {
    let world = World::team();
    let ben = branch(&world);
    clone(&world, "ana").sign("tags").ok();
    ben.verify(&world, &[]).ok();
    reject(&world, "ana", "tags", &[]).expect(1, "your rejection replaces that");
    ben.verify(&world, &[]).expect(1, "CS302");
    // The approval is gone with it: once the rejection is taken back, the new one counts.
    clone(&world, "ana").sign("tags").ok();
    ben.verify(&world, &[]).expect(0, "signed off by ana");
}

#[test]
fn a_rejection_by_somebody_who_could_not_have_signed_is_not_made() {
    let world = World::team();
    let ben = branch(&world);
    reject(&world, "omar", "tags", &[]).expect(1, "error[CS206]");
    clone(&world, "ana").sign("tags").ok();
    ben.verify(&world, &[]).ok();
}

#[test]
fn admins_withdraw_a_rejection_and_nobody_else_does() {
    let world = World::team();
    let ben = branch(&world);
    reject(&world, "carol", "tags", &["-o", "rejection.json"]).expect(1, "Rejected");
    let ana = clone(&world, "ana");
    ana.sign("tags").ok();
    ben.verify(&world, &[]).expect(1, "CS302");
    let bundle = std::fs::read(world.person("carol").path.join("rejection.json")).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload);
    let payload = sha256(&payload.unwrap());
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(ana.path.join(path)).unwrap();
    let withdrawn = format!("\n[[withdrawn]]\npayload = \"{payload}\"\nwhy = \"a mistake\"\n");
    ana.write(path, &(roster + &withdrawn));
    ana.git(&["switch", "-q", "main"]);
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", ".countersign"]);
    ana.git(&["commit", "-q", "-m", "Withdraw a rejection"]);
    ana.git(&["push", "-q"]);
    ben.verify(&world, &[]).expect(0, "signed off by ana");
}

#[test]
fn a_rejection_of_a_landed_unit_refuses_that_unit_alone() {
    let world = World::team();
    let ben = branch(&world);
    clone(&world, "ana").sign("tags").ok();
    squash(&ben);
    world.ci("HEAD~1..HEAD").ok();
    let landed = ben.head();
    let carol = clone(&world, "carol");
    carol.git(&["fetch", "-q"]);
    reject(&world, "carol", &landed, &["-m", "this is not ben's"]).expect(1, "Rejected");
    world.ci("HEAD~1..HEAD").expect(1, "CS302");
    // Reverted and signed anew, the same change may land again.
    ben.git(&["revert", "--no-edit", "HEAD"]);
    ben.git(&["push", "-q"]);
    ben.git(&["switch", "-q", "-c", "again", "main"]);
    ben.git(&["cherry-pick", &landed]);
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "again"]);
    clone(&world, "ana").sign("again").ok();
    ben.verify(&world, &[]).ok();
}

#[test]
fn a_rejection_of_what_landed_before_its_tip_does_not_rewrite_history() {
    let world = World::team();
    let ben = branch(&world);
    clone(&world, "ana").sign("tags").ok();
    squash(&ben);
    // Carol rejects the branch, which still stands, after it landed.
    let carol = clone(&world, "carol");
    carol.git(&["fetch", "-q"]);
    reject(&world, "carol", "tags", &[]).expect(1, "Rejected");
    world.ci("HEAD~1..HEAD").expect(0, "signed off by ana");
    ben.git(&["switch", "-q", "tags"]);
    ben.verify(&world, &["--pr"]).expect(1, "CS302");
}
