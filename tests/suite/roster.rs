//! `roster set | revoke | import | export`: edits that keep the file's comments, and files that peers read.

use std::process::Command;

use crate::world::{Clone, World};

const PATH: &str = ".countersign/roster.toml";

fn roster(person: &Clone) -> String {
    std::fs::read_to_string(person.path.join(PATH)).unwrap()
}

fn fingerprint(world: &World, id: &str) -> String {
    let key = world.person(id).home.join("key.pub");
    let run = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(key)
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

/// Signs the edited roster and lands it.
fn land(ana: &Clone) {
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["commit", "-q", "-am", "Change the roster"]);
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "--amend", "--no-edit"]);
    ana.git(&["push", "-q"]);
}

#[test]
fn a_person_is_promoted_and_every_comment_stays() {
    let world = World::team();
    let ana = world.person("ana");
    let before = format!("# ours\n{}", roster(&ana));
    ana.write(PATH, &before);
    ana.countersign(&[
        "roster", "set", "omar", "--level", "senior", "--team", "pay",
    ])
    .expect(
        0,
        "Changed   omar      Not in force yet. Next: countersign trust sign",
    );
    let (head, tail) = before.split_once("id = \"omar\"").unwrap();
    let tail = tail.replacen("level = \"mid\"", "level = \"senior\"", 1);
    let expected = format!("{head}id = \"omar\"{tail}");
    let without_team = roster(&ana).replace("teams = [\"pay\"]\n", "");
    assert_eq!(without_team, expected);
    ana.countersign(&["roster", "set", "omar", "--level", "senior"])
        .expect(0, "nothing to change");
    ana.countersign(&["roster", "set", "omar", "--level", "boss"])
        .expect(1, "unknown value \"boss\"");
    ana.countersign(&["roster", "set", "zoe", "--level", "mid"])
        .expect(2, "nobody of the roster has the id \"zoe\"");
    ana.countersign(&["roster", "set", "omar"])
        .expect(2, "what is to be set?");
}

#[test]
fn a_revoked_key_signs_nothing_more_and_what_it_signed_before_stands() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    world
        .fresh("carol")
        .sign("tags")
        .expect(0, "approved by carol");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let ana = world.fresh("ana-again");
    let ana = Clone {
        home: world.person("ana").home,
        ..ana
    };
    let key = fingerprint(&world, "carol");
    let revoke = ["roster", "revoke", &key, "--reason", "retired"];
    ana.countersign(&revoke)
        .expect(0, &format!("Revoked   {key} of carol, retired"));
    ana.countersign(&revoke).expect(1, "the roster has no");
    land(&ana);
    // Before the checkpoint it is accepted history; what it signs from now on does not count.
    let root = world.root();
    let release = ["verify", "--fetch", "--release", "--root", &root];
    world.fresh("ci").countersign(&release).ok();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "late"]);
    ben.commit("late.rs", "one\n", "Add late");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "late"]);
    let carol = world.fresh("carol").sign("late");
    assert_ne!(carol.status, 0, "{carol:?}");
    world
        .person("ana")
        .sign("late")
        .expect(0, "approved by ana");
}

#[test]
fn the_last_key_of_the_only_admin_stays() {
    let world = World::team();
    let ana = world.person("ana");
    let before = roster(&ana);
    ana.countersign(&["roster", "revoke", "ana", "--reason", "compromised"])
        .expect(1, "error[CS406]");
    assert_eq!(roster(&ana), before);
    ana.countersign(&[
        "roster",
        "revoke",
        "ben",
        "--reason",
        "compromised",
        "--on",
        "2026-01-02",
    ])
    .expect(0, "compromised");
    let marked = "revoked = { on = \"2026-01-02\", reason = \"compromised\" }";
    assert!(roster(&ana).contains(marked));
}

#[test]
fn people_come_from_a_table_and_change_by_it() {
    let world = World::team();
    let ana = world.person("ana");
    world.clone_for("mallory");
    let key = |id: &str| {
        let text = std::fs::read_to_string(world.person(id).home.join("key.pub")).unwrap();
        text.trim().to_owned()
    };
    let table = format!(
        "id,name,level,email,team,key\nmallory,Mallory May,junior,mallory@example.org,pay,{}\n\
         omar,,senior,,,\ncarol,,senior,carol@example.org,,{}\nnoa,Noa,mid,noa@example.org,,ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==\n",
        key("mallory"),
        key("carol")
    );
    std::fs::write(world.path().join("people.csv"), table).unwrap();
    let import = ["roster", "import", "../people.csv"];
    let run = ana.countersign(&import).expect(
        0,
        "Imported  1 new, 1 changed, 1 as they were, 1 without a usable key      Not in force yet.",
    );
    assert!(run.stdout.contains("No key    (ssh-rsa) noa"), "{run:?}");
    ana.countersign(&["roster", "list", "mallory"])
        .expect(0, "mallory  Mallory May  junior, pay");
    let after = roster(&ana);
    ana.countersign(&import).expect(
        0,
        "0 new, 0 changed, 3 as they were, 1 without a usable key",
    );
    assert_eq!(roster(&ana), after);
}

#[test]
fn a_hosts_keys_belong_to_the_user_that_the_file_is_named_after() {
    let world = World::team();
    let ana = world.person("ana");
    let key = world.person("mallory").home.join("key.pub");
    std::fs::copy(key, world.path().join("BenIto.keys")).unwrap();
    let import = ["roster", "import", "../BenIto.keys"];
    ana.countersign(&import)
        .expect(2, "benito is new, and the file says no level");
    ana.countersign(&[
        "roster",
        "set",
        "ben",
        "--github",
        "benito",
        "--github-id",
        "7",
    ])
    .ok();
    ana.countersign(&import).expect(0, "0 new, 1 changed");
    let list = ana.countersign(&["roster", "list", "ben"]).ok();
    assert!(
        list.stdout.contains(&fingerprint(&world, "mallory")),
        "{list:?}"
    );
}

/// git checks the signature of a commit with what `export` prints, and what `export` prints comes back in.
#[test]
fn gits_own_verification_reads_the_exported_keys() {
    let world = World::team();
    let ana = world.person("ana");
    let exported = ana
        .countersign(&["roster", "export", "--allowed-signers"])
        .ok();
    let file = world.path().join("allowed_signers");
    std::fs::write(&file, &exported.stdout).unwrap();
    let ben = world.fresh("ben");
    ben.git(&[
        "config",
        "gpg.ssh.allowedSignersFile",
        file.to_str().unwrap(),
    ]);
    ben.write("x", "y\n");
    ben.git(&["add", "-A"]);
    ben.git(&["commit", "-q", "-S", "-m", "Signed"]);
    ben.git(&["verify-commit", "HEAD"]);
    assert_eq!(ben.git(&["log", "-1", "--format=%GS"]), "ben@example.org");
    ana.countersign(&["roster", "import", "../allowed_signers"])
        .expect(0, "0 new, 0 changed, 5 as they were");
    // Without ben's line git knows nobody.
    let others = exported
        .stdout
        .lines()
        .filter(|line| !line.contains("ben@"));
    std::fs::write(&file, others.collect::<Vec<_>>().join("\n")).unwrap();
    let verified = ben
        .command("git")
        .args(["verify-commit", "HEAD"])
        .output()
        .unwrap();
    assert!(!verified.status.success());
}
