//! The main path: an author declares, a senior signs, a fresh clone verifies what landed.

use crate::world::{Clone, World};

/// Ben's branch `tags`, with AI help, declared and pushed.
fn declared_branch(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    let trailer = "Add tags\n\nCo-authored-by: Claude <noreply@anthropic.com>";
    ben.commit("lib.rs", "pub fn notes() {}\npub fn tags() {}\n", trailer);
    ben.countersign(&["declare", "--ai", "generated", "--to", "ana"])
        .expect(0, "pushed to origin");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

/// The same, signed off by ana.
fn signed_branch(world: &World) -> Clone {
    let ben = declared_branch(world);
    world
        .person("ana")
        .sign("tags")
        .expect(0, "approved by ana");
    ben
}

#[test]
fn a_squash_by_the_author_verifies_with_the_one_signature() {
    let world = World::team();
    let ben = signed_branch(&world);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
    ben.git(&["push", "-q"]);
    world.ci("HEAD~1..HEAD").expect(0, "signed off by ana");
}

#[test]
fn a_squash_by_the_signer_verifies_since_the_declaration_proves_the_author() {
    let world = World::team();
    signed_branch(&world);
    let ana = world.person("ana");
    ana.git(&["merge", "-q", "--squash", "origin/tags"]);
    ana.git(&["commit", "-q", "-m", "Add tags"]);
    ana.git(&["push", "-q"]);
    world
        .ci("HEAD~1..HEAD")
        .expect(0, "by ben, generated, signed off by ana");
}

#[test]
fn a_merge_commit_verifies_with_the_one_signature() {
    let world = World::team();
    signed_branch(&world);
    let ana = world.person("ana");
    ana.git(&["merge", "-q", "--no-ff", "-m", "Merge tags", "origin/tags"]);
    ana.git(&["push", "-q"]);
    world.ci("HEAD~1..HEAD").expect(0, "signed off by ana");
}

#[test]
fn a_fast_forward_of_one_commit_verifies_with_the_one_signature() {
    let world = World::team();
    signed_branch(&world);
    let ana = world.person("ana");
    ana.git(&["merge", "-q", "--ff-only", "origin/tags"]);
    ana.git(&["push", "-q"]);
    world.ci("HEAD~1..HEAD").expect(0, "signed off by ana");
}

#[test]
fn a_squash_verifies_after_the_base_moved_in_other_files() {
    let world = World::team();
    let ben = signed_branch(&world);
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "docs"]);
    ana.commit("README", "notes\n", "Add a README");
    ana.countersign(&["declare", "--ai", "none"]).ok();
    ana.git(&["switch", "-q", "main"]);
    ana.git(&["merge", "-q", "--ff-only", "docs"]);
    ana.git(&["push", "-q"]);
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--ff-only", "origin/main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
    ben.git(&["push", "-q"]);
    world.ci("HEAD~2..HEAD").expect(0, "1 signed, 1 declared");
}

#[test]
fn the_branch_verifies_as_a_change_before_it_lands() {
    let world = World::team();
    let ben = signed_branch(&world);
    ben.countersign(&["sync"]).ok();
    ben.verify(&world, &[]).expect(0, "signed off by ana");
    ben.countersign(&["status"])
        .expect(0, "signed    ana (senior)");
}

#[test]
fn without_a_range_what_stands_on_the_target_already_is_judged_not_passed_as_nothing() {
    let world = World::team();
    let ben = signed_branch(&world);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags"]);
    ben.git(&["push", "-q"]);
    let root = world.root();
    let verify = ["verify", "--fetch", "--root", &root];
    let ci = world.fresh("ci");
    ci.countersign(&verify).expect(0, "1 signed, 1 trust");
    // Somebody lands a line without a signature: on the branch's tip, and behind it.
    ben.commit("lib.rs", "pub fn one_more() {}\n", "One more");
    ben.git(&["push", "-q"]);
    let ci = world.fresh("ci");
    ci.countersign(&verify).expect(1, "1 of 3 units");
    ci.git(&["switch", "-q", "--detach"]);
    ben.commit("other.rs", "", "Another");
    ben.git(&["push", "-q"]);
    ci.git(&["fetch", "-q"]);
    ci.countersign(&verify).expect(1, "1 of 3 units");
}

#[test]
fn a_signature_that_would_not_count_is_not_made() {
    let world = World::team();
    let ben = declared_branch(&world);
    ben.sign("tags").expect(1, "CS205");
    world.clone_for("omar").sign("tags").expect(1, "CS206");
    world.clone_for("mallory").sign("tags").expect(2, "CS904");
    world
        .clone_for("grace")
        .sign("tags")
        .expect(0, "approved by grace");
}

#[test]
fn a_junior_waits_until_a_senior_signs() {
    let world = World::team();
    let ben = declared_branch(&world);
    let run = ben
        .verify(&world, &[])
        .expect(1, "error[CS101]: sign-off missing");
    assert!(
        run.stdout.contains("missing 1 senior above the author"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("who     ana, carol, grace"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("waiting   1 of 1 change"),
        "{}",
        run.stdout
    );
    world.person("ana").sign("tags").ok();
    ben.countersign(&["sync"]).ok();
    ben.verify(&world, &[]).ok();
}

#[test]
fn a_landed_unit_without_signature_is_repaired_afterwards() {
    let world = World::team();
    let ben = declared_branch(&world);
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags"]);
    ben.git(&["push", "-q"]);
    let landed = ben.head();
    world.ci("HEAD~1..HEAD").expect(1, "CS101");
    let ana = world.person("ana");
    ana.git(&["pull", "-q"]);
    let range = format!("{landed}~1..{landed}");
    let digest = ana.digest(&[&range]);
    ana.countersign(&["sign", &landed, "--confirm", &digest])
        .expect(0, "approved by ana");
    world.ci("HEAD~1..HEAD").expect(0, "signed off by ana");
}

#[test]
fn a_key_in_an_agent_signs_like_one_in_a_file() {
    let world = World::team();
    declared_branch(&world);
    let agent = crate::support::Agent::start();
    let ana = world.person("ana").with_agent(&agent.socket());
    let key = world.path().join("homes/ana/key");
    agent.add(&key);
    // The private file is gone: only the agent can sign.
    std::fs::rename(&key, world.path().join("elsewhere")).unwrap();
    ana.git(&["config", "user.signingkey", "~/key.pub"]);
    ana.sign("tags").expect(0, "approved by ana");
}

#[test]
fn what_was_signed_before_the_landing_counts_where_the_landed_commit_is_named() {
    let world = World::team();
    let ben = declared_branch(&world);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let landed = ben.head();
    let carol = world.fresh("carol");
    carol.countersign(&["sync"]).ok();
    carol
        .countersign(&["status", &landed])
        .expect(1, "declared  generated, by ben")
        .expect(1, "1 senior above the author");
    let digest = carol.digest(&[&landed]);
    carol
        .countersign(&["sign", &landed, "--confirm", &digest])
        .expect(0, "declared generated by ben");
    carol.countersign(&["status", &landed]).ok();
}
