//! The whole program with an authority on loopback: somebody signs with a key, and the authority says when.

use std::path::Path;

use crate::instance::Instance;
use crate::world::{Clone, Run, World};

const RULE: &str = "[[rule]]\nname = \"stamped\"\nrequire = { signers = 1, level = \"senior\", timestamp = true, max_age = \"1h\" }\n";

/// The team, whose policy asks for timestamps, and ben's declared branch.
fn team() -> (World, Clone) {
    let world = World::team();
    world.sign_policy(|policy| format!("{policy}\n{RULE}"));
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    (world, ben)
}

/// Carol signs the branch off with these options.
fn sign(world: &World, root: &Path, options: &[&str]) -> Run {
    let carol = world.fresh("carol");
    let digest = carol.digest(&["origin/tags"]);
    let root = ["--trusted-root", root.to_str().unwrap()];
    let args = ["sign", "tags", "--confirm", &digest];
    carol.countersign(&[&args, &root[..], options].concat())
}

fn stored(ben: &Clone) -> usize {
    ben.git(&["fetch", "-q", "origin", "refs/countersign/attestations"]);
    let listed = ben.git(&["ls-tree", "-r", "--name-only", "FETCH_HEAD"]);
    listed.lines().count()
}

#[test]
fn an_authority_says_when_a_key_signed_and_the_gate_counts_it() {
    let instance = Instance::start();
    let (world, ben) = team();
    let root = instance.root_file();
    let stamps = instance.at("/api/v1/timestamp");
    // What counts for another rule is signed, and signed once more with what this one asks.
    let told = "you count, but not without a timestamp (CS207)";
    sign(&world, &root, &[]).expect(0, told);
    let trusted = ["--trusted-root", root.to_str().unwrap()];
    ben.verify(&world, &trusted).expect(1, "CS103");
    let run = sign(&world, &root, &["--timestamp-url", &stamps]);
    let run = run.expect(0, "approved by carol, timestamp");
    let told = format!("Asking {stamps} for a timestamp");
    assert_eq!(run.stderr.matches(&told).count(), 1, "{run:?}");
    ben.verify(&world, &trusted)
        .expect(0, "signed off by carol");
    // Nobody of the public instance vouches for the time.
    ben.verify(&world, &[]).expect(1, "CS103");
}

#[test]
fn git_names_the_authority_and_offline_asks_none() {
    let instance = Instance::start();
    let (world, ben) = team();
    let (root, stamps) = (instance.root_file(), instance.at("/api/v1/timestamp"));
    let carol = world.fresh("carol");
    let name = "countersign.timestampUrl";
    carol.git(&["config", name, "http://127.0.0.1:9"]);
    carol.git(&["config", "--global", name, &stamps]);
    sign(&world, &root, &["--offline"]).expect(0, "not without a timestamp");
    let named = ["--offline", "--timestamp-url", &stamps];
    sign(&world, &root, &named).expect(2, "--offline forbids");
    sign(&world, &root, &[]).expect(0, "approved by carol, timestamp");
    let trusted = ["--trusted-root", root.to_str().unwrap()];
    ben.verify(&world, &trusted)
        .expect(0, "signed off by carol");
}

#[test]
fn without_a_timestamp_that_holds_nothing_is_kept() {
    let (instance, other) = (Instance::start(), Instance::start());
    let (world, ben) = team();
    let before = stored(&ben);
    let (good, root) = (instance.at("/api/v1/timestamp"), instance.root_file());
    let nowhere = instance.at("/nothing");
    for (root, address, code) in [
        (&root, nowhere.as_str(), "status 404"),
        (&root, "http://127.0.0.1:9/", "did not do its part"),
        (&root, "http://tsa.example/", "not an https address"),
        (&other.root_file(), &good, "the timestamp does not hold"),
    ] {
        sign(&world, root, &["--timestamp-url", address]).expect(2, code);
        assert_eq!(stored(&ben), before);
    }
    sign(&world, &root, &["--timestamp-url", &good]).ok();
    assert!(stored(&ben) > before);
}
