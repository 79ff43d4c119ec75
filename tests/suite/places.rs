//! Where the program must work: SHA-256 repositories, worktrees, bare repositories, many at once.

use crate::world::{Clone, World, run};

/// A lone author's repository with trust metadata and a declared branch `search`.
fn alone(world: &World, init: &[&str]) -> Clone {
    let ana = world.person("ana");
    let in_folder = Clone {
        path: world.path().to_owned(),
        ..ana.clone()
    };
    in_folder.git(&[&["init", "-q"], init, &["ana"]].concat());
    ana.commit("lib.rs", "pub fn notes() {}\n", "Begin");
    ana.countersign(&["init"])
        .expect(0, "ana, senior, admin 1 of 1");
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Introduce countersign"]);
    ana.git(&["switch", "-q", "-c", "search"]);
    ana.commit(
        "lib.rs",
        "pub fn search() {}\n",
        "Add search\n\nAssisted-by: Claude:claude-opus-4-7",
    );
    ana
}

#[test]
fn a_lone_author_waits_declares_passes_and_waits_again_after_an_amend() {
    for format in ["sha1", "sha256"] {
        let world = World::empty();
        let ana = alone(&world, &["--object-format", format]);
        ana.countersign(&["verify"])
            .expect(1, "error[CS102]: declaration missing");
        ana.countersign(&["declare", "--ai", "assisted"])
            .expect(0, "kept here (no remote)");
        ana.countersign(&["verify"])
            .expect(0, "verified  1 change (declared assisted)");
        ana.write("lib.rs", "pub fn search() {}\n// more\n");
        ana.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
        ana.countersign(&["verify"])
            .expect(1, "1 declaration, of another change: lib.rs differs");
    }
}

#[test]
fn the_sole_author_is_stopped_before_signing_their_own_change() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    ana.countersign(&["declare"])
        .expect(0, "Declared  assisted");
    let digest = ana.digest(&[]);
    let run = ana.countersign(&["sign", "--confirm", &digest]);
    assert_eq!(run.status, 1, "{run:?}");
}

#[test]
fn init_overwrites_nothing() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    let before = std::fs::read(ana.path.join(".countersign/roster.toml")).unwrap();
    ana.countersign(&["init"]).expect(1, "there already");
    assert_eq!(
        std::fs::read(ana.path.join(".countersign/roster.toml")).unwrap(),
        before
    );
}

#[test]
fn a_linked_worktree_shares_store_and_root() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    ana.countersign(&["declare"]).ok();
    ana.git(&["switch", "-q", "main"]);
    ana.git(&["worktree", "add", "-q", "../linked", "search"]);
    let linked = Clone {
        path: world.path().join("linked"),
        ..ana
    };
    linked
        .countersign(&["verify"])
        .expect(0, "verified  1 change");
}

#[test]
fn a_bare_repository_verifies_what_was_pushed_to_it() {
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "work"]);
    ana.commit("lib.rs", "// ana\n", "Work");
    ana.countersign(&["declare", "--ai", "none"])
        .expect(0, "pushed to origin");
    ana.git(&["push", "-q", "origin", "work:main"]);
    let server = Clone {
        path: world.path().join("remote.git"),
        ..world.person("ci")
    };
    let root = world.root();
    server
        .countersign(&["verify", "--root", &root, "main~1..main"])
        .expect(0, "declared none");
}

#[test]
fn verify_needs_no_home_no_key_no_identity_and_writes_nothing() {
    let world = World::team();
    let ci = world.fresh("ci");
    let before = ci.git(&["for-each-ref"]);
    let config = std::fs::read(ci.path.join(".git/config")).unwrap();
    let mut command = ci.command(env!("CARGO_BIN_EXE_countersign"));
    command.env_clear().env("HOME", "/nonexistent");
    let root = world.root();
    run(command.args(["verify", "--root", &root, "HEAD~1..HEAD"])).expect(0, "trust metadata");
    assert_eq!(ci.git(&["for-each-ref"]), before);
    assert_eq!(std::fs::read(ci.path.join(".git/config")).unwrap(), config);
}

#[test]
fn people_who_declare_at_once_all_reach_the_remote() {
    let world = World::team();
    let people = ["ben", "carol", "omar", "grace"].map(|id| {
        let clone = world.fresh(id);
        clone.git(&["switch", "-q", "-c", id]);
        clone.commit(&format!("{id}.rs"), "// one\n", "One");
        clone
    });
    std::thread::scope(|scope| {
        for clone in &people {
            scope.spawn(|| {
                clone
                    .countersign(&["declare", "--ai", "none"])
                    .expect(0, "pushed to origin")
            });
        }
    });
    let names = crate::support::git(
        &world.path().join("remote.git"),
        &[
            "ls-tree",
            "-r",
            "--name-only",
            "refs/countersign/attestations",
        ],
    );
    assert_eq!(
        names.lines().filter(|name| name.ends_with(".json")).count(),
        people.len()
    );
}

#[test]
fn a_folder_serves_as_a_store() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    ana.countersign(&["declare", "--store", "../bundles"]).ok();
    ana.countersign(&["verify", "--store", "../bundles"])
        .expect(0, "verified  1 change");
    ana.countersign(&["verify"]).expect(1, "error[CS102]");
}

#[test]
fn an_encrypted_key_signs_with_its_passphrase_from_a_file_or_a_descriptor() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    let key = ana.home.join("key");
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "", "-N", "correct horse", "-f"])
        .arg(&key)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    std::fs::write(ana.home.join("right"), "correct horse\n").unwrap();
    std::fs::write(ana.home.join("wrong"), "battery staple\n").unwrap();
    let declare = |more: &[&str]| ana.countersign(&[&["declare"], more].concat());
    declare(&[]).expect(2, "error[CS904]");
    declare(&["--passphrase-file", "../homes/ana/wrong"]).expect(2, "error[CS904]");
    declare(&["--passphrase-file", "../homes/ana/right"]).expect(0, "Declared");
    let mut command = ana.command("sh");
    command.env("PROGRAM", env!("CARGO_BIN_EXE_countersign"));
    let script = "\"$PROGRAM\" declare --passphrase-fd 3 3< ../homes/ana/right";
    run(command.args(["-c", script])).expect(0, "Declared");
}

#[test]
fn each_form_of_gits_signing_key_is_found_or_the_missing_thing_named() {
    let world = World::empty();
    let ana = alone(&world, &[]);
    let public = std::fs::read_to_string(ana.home.join("key.pub")).unwrap();
    let agent = crate::support::Agent::start();
    agent.add(&ana.home.join("key"));
    let with_agent = ana.with_agent(&agent.socket());
    let literal = format!("key::{}", public.trim());
    for (value, clone) in [
        ("~/key", &ana),
        ("~/key.pub", &ana),
        (literal.as_str(), &with_agent),
    ] {
        ana.git(&["config", "user.signingkey", value]);
        clone.countersign(&["declare"]).expect(0, "Declared");
    }
    ana.countersign(&["declare"])
        .expect(2, "SSH_AUTH_SOCK is not set");
    let fingerprint = ana.countersign(&["roster", "list"]).stdout;
    let fingerprint = fingerprint
        .split_whitespace()
        .find(|word| word.starts_with("SHA256:"))
        .unwrap()
        .to_owned();
    with_agent
        .countersign(&["declare", "--key", &fingerprint])
        .expect(0, "Declared");
    ana.git(&["config", "user.signingkey", "~/key"]);
    ana.git(&["config", "gpg.format", "openpgp"]);
    ana.countersign(&["declare"])
        .expect(2, "git config gpg.format ssh");
}
