//! Rejections: they refuse whatever else was signed, until the same person takes them back.

use countersign::attestation::{Bundle, Decision};
use countersign::change::{Digest, sha256};

use crate::attacks::{decided, declaration, forge};
use crate::world::{Clone, Run, World};

/// Ben's declared branch `tags`, pushed.
fn branch(world: &World) -> Clone {
    branch_of(world, "tags", &["tags"])
}

/// Ben's declared branch that adds a file with each commit, pushed.
fn branch_of(world: &World, name: &str, files: &[&str]) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    for file in files {
        let (path, text) = (format!("{file}.rs"), format!("pub fn {file}() {{}}\n"));
        ben.commit(&path, &text, &format!("Add {file}"));
    }
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    ben
}

fn clone(world: &World, id: &str) -> Clone {
    match world.person(id) {
        person if person.path.exists() => person,
        _ => world.clone_for(id),
    }
}

fn reject(world: &World, id: &str, change: &str, more: &[&str]) -> Run {
    clone(world, id).sign_with(change, &[&["--reject"], more].concat())
}

fn squash(ben: &Clone) {
    squash_branch(ben, "tags");
}

fn squash_branch(ben: &Clone, name: &str) {
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--ff-only", "origin/main"]);
    ben.git(&["merge", "-q", "--squash", name]);
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
    for text in [
        "  who     carol\n",
        "  next    carol: countersign sign ",
        "which takes the rejection back; or land another change\n",
        "refused   1 of 1 change",
    ] {
        assert!(refused.stdout.contains(text), "{text}: {refused:?}");
    }
    ben.countersign(&["status"])
        .expect(1, "Next      carol: countersign sign tags, which");
    reject(&world, "carol", "tags", &[]).expect(1, "carol has rejected this change already");
    clone(&world, "carol")
        .sign("tags")
        .expect(0, "Replaces  your rejection of 20");
    ben.verify(&world, &[]).expect(0, "signed off by");
}

#[test]
fn a_rejection_takes_back_the_same_persons_approval() {
    let world = World::team();
    let ben = branch(&world);
    clone(&world, "ana").sign("tags").ok();
    ben.verify(&world, &[]).ok();
    reject(&world, "ana", "tags", &[]).expect(1, "Replaces  your approval of 20");
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
fn on_the_screen_r_rejects_and_m_sets_the_message() {
    let world = World::team();
    let ben = branch(&world);
    let carol = clone(&world, "carol");
    let answers = [
        ("Sign off? [y/N] ", "?"),
        ("Sign off? [y/N] ", "m"),
        ("Message: ", "tags need a limit"),
        ("Sign off? [y/N] ", "r"),
        ("Reject? [y/N] ", "y"),
    ];
    carol
        .on_terminal(&["sign", "tags"], &answers)
        .expect(1, "rejected by carol")
        .expect(1, "y yes   m message   r reject   q quit");
    ben.verify(&world, &[]).expect(1, "Z: tags need a limit");
    let shown = carol.countersign(&["show", "tags"]);
    assert!(shown.stdout.contains("rejection"), "{shown:?}");
    carol
        .on_terminal(&["sign", "tags"], &[("Sign off? [y/N] ", "y")])
        .expect(0, "Replaces  your rejection of 20");
    ben.verify(&world, &[]).ok();
}

#[test]
fn on_the_screen_no_is_no_whatever_was_asked() {
    let world = World::team();
    branch(&world);
    let carol = clone(&world, "carol");
    for answers in [
        &[("Sign off? [y/N] ", "")][..],
        &[("Sign off? [y/N] ", "r"), ("Reject? [y/N] ", "n")][..],
    ] {
        carol
            .on_terminal(&["sign", "tags"], answers)
            .expect(1, "Not signed");
    }
    let shown = carol.countersign(&["show", "tags"]).ok();
    assert!(!shown.stdout.contains("carol"), "{shown:?}");
}

#[test]
fn a_rejection_for_further_branches_is_not_taken_back_for_one() {
    for further in [true, false] {
        let world = World::team();
        let ben = branch(&world);
        let carol = clone(&world, "carol");
        carol.countersign(&["sync"]).ok();
        let digest = ben.digest(&[]).parse().unwrap();
        let mut rejection = decided(&declaration(&ben, digest), "carol", Decision::Rejected);
        if further {
            let mut release = rejection.change.targets[0].clone();
            release.name = "refs/heads/release".into();
            rejection.change.targets.push(release);
        }
        forge(&carol, digest, rejection);
        ben.verify(&world, &[]).expect(1, "CS302");
        let signed = carol.sign("tags");
        if further {
            signed.expect(1, "is for further branches");
            ben.verify(&world, &[]).expect(1, "CS302");
        } else {
            signed.expect(0, "Replaces  your rejection of 20");
            ben.verify(&world, &[]).ok();
        }
    }
}

#[test]
fn an_author_may_reject_their_own_change_and_take_that_back() {
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "tags"]);
    ana.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    ana.countersign(&["declare", "--ai", "assisted"]).ok();
    ana.git(&["push", "-q", "-u", "origin", "tags"]);
    ana.verify(&world, &[]).ok();
    reject(&world, "ana", "tags", &["-m", "not yet"]).expect(1, "rejected by ana");
    ana.verify(&world, &[])
        .expect(1, "error[CS302]: rejected: by ana, ");
    ana.sign("tags").expect(0, "Replaces  your rejection of 20");
    ana.verify(&world, &[]).ok();
}

/// The payload digest of a bundle that `-o` wrote.
fn payload(bundle: &std::path::Path) -> Digest {
    let bundle = Bundle::parse(&std::fs::read(bundle).unwrap()).unwrap();
    bundle.payload_digest()
}

/// Withdraws a payload in `clone`'s roster file.
fn withdraw(clone: &Clone, payload: &Digest) {
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(clone.path.join(path)).unwrap();
    let withdrawn = format!("\n[[withdrawn]]\npayload = \"{payload}\"\nwhy = \"a mistake\"\n");
    clone.write(path, &(roster + &withdrawn));
}

/// Ben's branch, approved by ana and rejected by carol; the rejection's payload.
fn rejected(world: &World) -> (Clone, Digest) {
    let ben = branch(world);
    reject(world, "carol", "tags", &["-o", "rejection.json"]).expect(1, "Rejected");
    let rejection = payload(&world.person("carol").path.join("rejection.json"));
    clone(world, "ana").sign("tags").ok();
    ben.verify(world, &[]).expect(1, "CS302");
    (ben, rejection)
}

fn sign_trust(world: &World) {
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "main"]);
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", ".countersign"]);
    ana.git(&["commit", "-q", "-m", "Withdraw a statement"]);
    ana.git(&["push", "-q"]);
}

#[test]
fn admins_withdraw_a_rejection() {
    let world = World::team();
    let (ben, rejection) = rejected(&world);
    withdraw(&world.person("ana"), &rejection);
    sign_trust(&world);
    ben.verify(&world, &[]).expect(0, "signed off by ana");
    let shown = ben.countersign(&["show"]).expect(1, "CS211");
    assert!(shown.stdout.contains("withdrawn"), "{shown:?}");
}

#[test]
fn what_is_withdrawn_is_that_one_rejection() {
    let world = World::team();
    let (ben, rejection) = rejected(&world);
    let other = sha256(rejection.to_string().as_bytes());
    withdraw(&world.person("ana"), &other);
    sign_trust(&world);
    ben.verify(&world, &[]).expect(1, "error[CS302]");
}

#[test]
fn nobody_but_admins_withdraws_a_rejection() {
    let world = World::team();
    let (ben, rejection) = rejected(&world);
    withdraw(&ben, &rejection);
    ben.git(&["commit", "-q", "-a", "-m", "Withdraw it myself"]);
    ben.git(&["push", "-q"]);
    let run = ben.verify(&world, &[]);
    assert_ne!(run.status, 0, "{run:?}");
    ben.git(&["reset", "-q", "--hard", "HEAD~1"]);
    ben.verify(&world, &[]).expect(1, "error[CS302]");
}

#[test]
fn a_rejection_of_a_landed_unit_refuses_it_and_its_landing_again() {
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
    // Reverted and signed anew by ana, it may not land again: nothing spends a rejection.
    ben.git(&["revert", "--no-edit", "HEAD"]);
    ben.git(&["push", "-q"]);
    ben.git(&["switch", "-q", "-c", "again", "main"]);
    ben.git(&["cherry-pick", &landed]);
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "again"]);
    clone(&world, "ana").sign("again").ok();
    ben.verify(&world, &[])
        .expect(1, "error[CS302]: rejected: by carol, ");
    clone(&world, "carol")
        .sign("again")
        .expect(0, "Replaces  your rejection of 20");
    ben.verify(&world, &[]).expect(0, "signed off by");
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

/// Carol wants two commits split. The first lands on ana's signature; with the rest all that she rejected would stand.
#[test]
fn the_rest_of_a_rejected_change_lands_once_its_rejecter_signs_that() {
    for rejected in [true, false] {
        let world = World::team();
        branch_of(&world, "both", &["tags", "more"]);
        if rejected {
            reject(&world, "carol", "both", &["-m", "split it"]).expect(1, "Rejected");
        }
        let ben = branch_of(&world, "first", &["tags"]);
        clone(&world, "ana").sign("first").ok();
        ben.verify(&world, &[]).expect(0, "signed off by ana");
        squash_branch(&ben, "first");
        let ben = branch_of(&world, "rest", &["more"]);
        clone(&world, "ana").sign("rest").ok();
        let status = i32::from(rejected);
        let run = ben.verify(&world, &[]).expect(status, "");
        assert_eq!(run.stdout.contains("error[CS302]"), rejected, "{run:?}");
        if rejected {
            clone(&world, "carol")
                .sign("rest")
                .expect(0, "Replaces  your rejection of 20");
            ben.verify(&world, &[]).expect(0, "signed off by");
        }
        squash_branch(&ben, "rest");
        world.ci("HEAD~2..HEAD").expect(0, "2 signed");
    }
}

/// Carol signs both halves of what she rejected before either landed, when none of them is what is left of it.
#[test]
fn a_rejecter_who_signs_both_halves_takes_the_rejection_back() {
    for halves in [&["first", "second"][..], &["first"]] {
        let world = World::team();
        branch_of(&world, "both", &["tags", "more"]);
        reject(&world, "carol", "both", &["-m", "split it"]).expect(1, "Rejected");
        for (name, file) in [("first", "tags"), ("second", "more")] {
            branch_of(&world, name, &[file]);
            let signer = if halves.contains(&name) {
                "carol"
            } else {
                "ana"
            };
            clone(&world, signer).sign(name).ok();
        }
        let ben = world.person("ben");
        for name in ["first", "second"] {
            squash_branch(&ben, &format!("origin/{name}"));
        }
        let status = i32::from(halves.len() == 1);
        let run = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(run.stdout.contains("error[CS302]"), status == 1, "{run:?}");
    }
}

/// A stack: the second branch was rejected together with the first, which lands; rebased, it is the rest alone.
#[test]
fn a_rejected_stack_is_signed_off_after_its_first_branch_landed() {
    let world = World::team();
    let ben = branch_of(&world, "first", &["tags"]);
    clone(&world, "ana").sign("first").ok();
    ben.git(&["switch", "-q", "-c", "second"]);
    ben.commit("more.rs", "pub fn more() {}\n", "Add more");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "second"]);
    reject(&world, "carol", "second", &["-m", "land the first first"]).expect(1, "Rejected");
    squash_branch(&ben, "first");
    ben.git(&["switch", "-q", "second"]);
    ben.git(&["rebase", "-q", "main"]);
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-f", "origin", "second"]);
    ben.verify(&world, &[]).expect(1, "error[CS302]");
    clone(&world, "carol").sign("second").ok();
    ben.verify(&world, &[]).expect(0, "signed off by carol");
}

#[test]
fn an_approval_of_a_part_takes_no_rejection_of_the_whole_back() {
    for part in [true, false] {
        let world = World::team();
        branch_of(&world, "first", &["tags"]);
        let ben = branch_of(&world, "both", &["tags", "more"]);
        reject(&world, "carol", "both", &["-o", "rejection.json"]).expect(1, "Rejected");
        clone(&world, "ana").sign("both").ok();
        let carol = clone(&world, "carol");
        let rejection = payload(&carol.path.join("rejection.json"));
        carol.git(&["fetch", "-q"]);
        let named = if part { "origin/first" } else { "origin/both" };
        let digest = carol.digest(&[named]).parse().unwrap();
        let mut approval = decided(&declaration(&carol, digest), "carol", Decision::Approved);
        approval.review.replaces.push(rejection);
        approval.signed_on = jiff::Timestamp::now();
        forge(&carol, digest, approval);
        carol.countersign(&["sync"]).ok();
        // Where the commits land one by one, the gate sees what was signed of each.
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let run = world.ci("HEAD~2..HEAD").expect(i32::from(part), "");
        assert_eq!(run.stdout.contains("CS302"), part, "{run:?}");
    }
}
