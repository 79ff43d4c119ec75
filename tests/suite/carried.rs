//! A declaration by somebody who can't push it: in a file, or in the text of a pull request.

use crate::world::{Clone, Run, World};

/// Ben's branch, pushed by somebody else; his declaration stays with him. What it printed, and the digest.
fn declared(world: &World) -> (Clone, String, String) {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    let declare = ["--offline", "declare", "--ai", "assisted", "-o", "-"];
    let printed = ben.countersign(&declare).ok().stdout;
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let digest = ben.digest(&[]);
    (ben, printed, digest)
}

fn sign(world: &World, text: &str, digest: &str) -> Run {
    std::fs::write(world.path().join("text"), text).unwrap();
    let carol = world.fresh("carol");
    carol.countersign(&[
        "sign",
        "tags",
        "--declaration",
        "../text",
        "--confirm",
        digest,
    ])
}

fn land(ben: &Clone) {
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
}

#[test]
fn a_declaration_in_a_pull_requests_text_reaches_the_store_with_the_sign_off() {
    let world = World::team();
    let (ben, printed, digest) = declared(&world);
    let text = format!("Adds tags.\r\n\r\n```countersign\r\n{printed}\r\n```\r\nThanks!\r\n");
    let run = sign(&world, &text, &digest);
    let run = run.expect(
        0,
        "Carried   the declaration by ben, which goes into the store",
    );
    assert!(run.stdout.contains("proven by a declaration"), "{run:?}");
    land(&ben);
    world.ci("HEAD~1..HEAD").expect(0, "signed off by carol");
}

#[test]
fn without_it_the_same_change_waits() {
    let world = World::team();
    let (ben, _, digest) = declared(&world);
    let carol = world.fresh("carol");
    carol
        .countersign(&["sign", "tags", "--confirm", &digest])
        .ok();
    land(&ben);
    world.ci("HEAD~1..HEAD").expect(1, "error[CS102]");
}

#[test]
fn what_is_no_declaration_of_this_change_is_refused_and_nothing_is_signed() {
    let world = World::team();
    let (ben, printed, digest) = declared(&world);
    let bundle = printed.lines().find(|line| line.starts_with('{')).unwrap();
    let other = {
        ben.git(&["switch", "-q", "-c", "other"]);
        ben.commit("other.rs", "x\n", "Other");
        let run = ben.countersign(&["--offline", "declare", "--ai", "none", "-o", "-"]);
        run.ok().stdout
    };
    let forged = bundle.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1);
    for (text, code) in [
        ("no bundle at all", "CS212"),
        (other.as_str(), "CS203"),
        (forged.as_str(), "CS210"),
    ] {
        let run = sign(&world, text, &digest).expect(1, &format!("error[{code}]"));
        assert!(!run.stdout.contains("Signed off"), "{run:?}");
    }
    sign(&world, bundle, &digest).expect(0, "approved by carol");
}

#[test]
fn it_is_read_from_standard_input() {
    let world = World::team();
    let (_, printed, digest) = declared(&world);
    let carol = world.fresh("carol");
    let file = world.path().join("text");
    std::fs::write(&file, printed).unwrap();
    let mut command = carol.command(env!("CARGO_BIN_EXE_countersign"));
    command.args(["sign", "tags", "--declaration", "-", "--confirm", &digest]);
    let run = crate::world::run(command.stdin(std::fs::File::open(file).unwrap()));
    run.expect(0, "Carried   the declaration by ben");
}
