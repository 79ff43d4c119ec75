//! The pages in docs/: their commands do what they say.

use std::path::Path;

use crate::security_key::{Kind, PIN, SecurityKey, equip};
use crate::world::{Clone, Run, World, run};

/// The shell blocks of a page whose first line is `kind`.
fn blocks(page: &str, kind: &str) -> Vec<String> {
    let start = format!("\n```{kind}\n");
    let parts = page.split(&start).skip(1);
    let blocks = parts.map(|part| part.split("\n```").next().unwrap().to_owned());
    blocks.collect()
}

/// Runs a block of a page as a person's shell would.
fn shell(person: &Clone, world: &World, block: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_countersign"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut sh = person.command("sh");
    sh.args(["-euc", block]);
    sh.env("PATH", path).env("ROOT", world.root());
    run(&mut sh)
}

#[test]
fn the_commands_of_the_page_on_deployments_do_what_it_says() {
    let world = World::team();
    let blocks = blocks(include_str!("../../docs/deploy.md"), "sh");
    let [check, enrol, summary, passed, later] = blocks.as_slice() else {
        panic!("{} blocks", blocks.len());
    };
    let ana = world.person("ana");
    ana.write(".git/info/exclude", "gate.*\nvsa.json\npay.tar.gz\n");
    shell(
        &ana,
        &world,
        &enrol.replace("trust sign", "trust sign --confirm 3"),
    )
    .ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Enrol the gate"]);
    ana.git(&["tag", "v1"]);
    ana.git(&["push", "-q", "origin", "main", "v1"]);
    shell(&ana, &world, check).expect(0, "verified");
    ana.write("pay.tar.gz", "what was built\n");
    shell(&ana, &world, summary).expect(0, "verified");
    shell(&ana, &world, passed).ok();
    // What lands unsigned is told by the same file, and no deployment takes it.
    ana.commit("a.rs", "x\n", "Unsigned");
    ana.git(&["tag", "v2"]);
    ana.git(&["push", "-q", "origin", "main", "v2"]);
    shell(&ana, &world, later).expect(1, "CS102");
    shell(&ana, &world, &summary.replace("v1", "v2")).expect(1, "CS102");
    shell(&ana, &world, passed).expect(1, "");
}

#[test]
fn the_commands_of_the_page_on_other_programs_do_what_it_says() {
    let page = include_str!("../../docs/interop.md");
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("lib.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    let ana = world.person("ana");
    ana.sign("work").expect(0, "approved by ana");
    let blocks = blocks(page, "sh");
    let [digest, bundle, pem, export] = blocks.as_slice() else {
        panic!("{} blocks", blocks.len());
    };
    shell(&ana, &world, digest).expect(0, &ana.digest(&["origin/work"]));
    for block in [bundle, pem, export] {
        shell(&ana, &world, block).ok();
    }
    let pem = std::fs::read_to_string(ana.path.join("ana.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----"), "{pem}");
    assert!(ana.path.join("parts/pae").exists());
}

#[test]
fn the_commands_of_the_page_on_security_keys_do_what_it_says() {
    let page = include_str!("../../docs/interop.md");
    let world = World::team();
    let carol = world.clone_for("carol");
    let key = SecurityKey::make(&carol.home, Kind::Ed25519, &[]);
    let public = key.public();
    world.sign_file("roster.toml", |_| {
        let ana = world.person("ana");
        let add = ["roster", "set", "carol", "--key", public.to_str().unwrap()];
        ana.countersign(&add).ok();
        std::fs::read_to_string(ana.path.join(".countersign/roster.toml")).unwrap()
    });
    let carol = world.fresh("carol");
    carol.git(&["switch", "-q", "-c", "work"]);
    carol.commit("lib.rs", "pub fn tags() {}\n", "Add tags");
    let mut declare = carol.command(env!("CARGO_BIN_EXE_countersign"));
    equip(&mut declare, PIN).args(["declare", "--ai", "none", "-o", "bundle.json", "--key"]);
    run(declare.arg(&key.path)).ok();
    let blocks = blocks(page, "sh security-key");
    let [verify] = blocks.as_slice() else {
        panic!("{} blocks", blocks.len());
    };
    shell(&carol, &world, verify).expect(0, "Good \"countersign\" signature");
    std::fs::write(carol.path.join("parts/pae"), "other").unwrap();
    let last = verify.lines().last().unwrap();
    shell(&carol, &world, last).expect(255, "");
}
