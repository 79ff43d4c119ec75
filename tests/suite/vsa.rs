//! A gate's verification summary: who may sign one, what it claims, and what a later check makes of it.

use serde_json::Value;

use crate::world::{Clone, Run, World};

/// The team with a gate `release`, whose key is mallory's.
fn world(checkpoints: &str) -> World {
    let world = World::team();
    let key = std::fs::read_to_string(world.person("mallory").home.join("key.pub")).unwrap();
    let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    world.sign_file("roster.toml", |roster| {
        format!("{roster}\n[[gate]]\nid = \"release\"\nkey = {{ ssh = \"{key}\" }}\n")
    });
    if !checkpoints.is_empty() {
        world.sign_policy(|policy| {
            policy.replace("# Every rule", &format!("{checkpoints}\n# Every rule"))
        });
    }
    world
}

/// Carol's change on main, declared or not.
fn land(world: &World, file: &str, declared: bool) -> Clone {
    let carol = world.fresh("carol");
    carol.commit(file, "x\n", file);
    if declared {
        carol.countersign(&["declare", "--ai", "none"]).ok();
    }
    carol.git(&["push", "-q", "origin", "HEAD:main"]);
    carol
}

fn release(world: &World, args: &[&str]) -> Run {
    let ci = world.fresh("ci");
    let root = world.root();
    ci.countersign(&[&["verify", "--fetch", "--root", &root, "--release"], args].concat())
}

/// The path of a file beside the clones, and of the gate's key.
fn paths(world: &World, name: &str) -> (String, String) {
    let file = world.path().join(name).display().to_string();
    let key = world.person("mallory").home.join("key");
    (file, key.display().to_string())
}

fn summarized(world: &World, name: &str, args: &[&str]) -> Run {
    let (file, key) = paths(world, name);
    release(world, &[&["--vsa", &file, "--key", &key], args].concat())
}

/// What the signed payload of a bundle says.
fn payload(world: &World, name: &str) -> Value {
    let bundle = std::fs::read(world.path().join(name)).unwrap();
    let bundle = countersign::attestation::Bundle::parse(&bundle).unwrap();
    serde_json::from_slice(bundle.payload()).unwrap()
}

#[test]
fn a_gate_says_of_a_release_that_it_passed_or_failed() {
    let world = world("");
    let carol = land(&world, "one", true);
    let digest = "a".repeat(64);
    let subject = format!("pay.tar.gz@sha256:{digest}");
    summarized(&world, "passed", &["--subject", &subject]).expect(0, "verified");
    let statement = payload(&world, "passed");
    assert_eq!(
        statement["predicateType"],
        "https://slsa.dev/verification_summary/v1"
    );
    assert_eq!(statement["subject"][0]["digest"]["gitCommit"], carol.head());
    assert_eq!(statement["subject"][1]["digest"]["sha256"], digest);
    let predicate = &statement["predicate"];
    assert_eq!(predicate["verificationResult"], "PASSED");
    assert_eq!(
        predicate["verifier"]["id"],
        "https://countersign.dev/gate/release"
    );
    assert_eq!(predicate["verifiedLevels"][0], "ORG_SOURCE_COUNTERSIGNED");
    assert_eq!(predicate["inputAttestations"].as_array().unwrap().len(), 1);

    land(&world, "two", false);
    summarized(&world, "failed", &[]).expect(1, "CS102");
    let predicate = &payload(&world, "failed")["predicate"];
    assert_eq!(predicate["verificationResult"], "FAILED");
    assert_eq!(predicate["verifiedLevels"][0], "FAILED");
    let (file, _) = paths(&world, "bare");
    release(&world, &["--vsa-predicate", &file]).expect(1, "");
    let bare: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(bare["verificationResult"], "FAILED");
}

#[test]
fn nothing_but_a_release_is_summarized_and_nobody_but_a_gate_signs_it() {
    let world = world("");
    land(&world, "one", true);
    let (file, key) = paths(&world, "vsa");
    let ci = world.fresh("ci");
    let root = world.root();
    let range = [
        "verify",
        "--root",
        &root,
        "--vsa",
        &file,
        "--key",
        &key,
        "HEAD~1..HEAD",
    ];
    ci.countersign(&range)
        .expect(2, "only --release speaks for all");
    let at = [
        "--vsa",
        &file,
        "--key",
        &key,
        "--at",
        "2026-01-01T00:00:00Z",
    ];
    release(&world, &at).expect(2, "cannot be used with");
    let carols = world.person("carol").home.join("key").display().to_string();
    release(&world, &["--vsa", &file, "--key", &carols]).expect(2, "error[CS904]");
    release(&world, &["--vsa", &file]).expect(2, "needs the gate's key");
    assert!(!std::path::Path::new(&file).exists());
    summarized(&world, "vsa", &[]).ok();
    assert!(std::path::Path::new(&file).exists());
}

#[test]
fn a_gates_key_signs_nothing_but_summaries() {
    let world = world("");
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("a.rs", "one\n", "Write a.rs");
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    let (_, key) = paths(&world, "vsa");
    for command in [
        &["declare", "--ai", "none"][..],
        &["sign", "work", "--confirm", "x"],
    ] {
        ben.countersign(&[command, &["--key", &key]].concat())
            .expect(2, "error[CS904]");
    }
    // Nor is its summary a statement over a change.
    summarized(&world, "vsa", &[]).ok();
    let file = world.path().join("vsa").display().to_string();
    ben.countersign(&["show", &file]).expect(1, "error[CS212]");
}

#[test]
fn a_line_that_was_rewritten_since_the_summary_is_undecided() {
    let world = world("");
    let carol = land(&world, "one", true);
    summarized(&world, "vsa", &[]).ok();
    let (file, _) = paths(&world, "vsa");
    land(&world, "two", true);
    release(&world, &["--after", &file]).expect(0, "2 declared");
    // The same tree, without what the gate judged on its line.
    let tree = carol.git(&["rev-parse", "HEAD~1^{tree}"]);
    let parent = carol.git(&["rev-parse", "HEAD~2"]);
    let other = carol.git(&["commit-tree", "-p", &parent, "-m", "one again", &tree]);
    carol.git(&["push", "-q", "-f", "origin", &format!("{other}:main")]);
    release(&world, &[]).expect(0, "1 declared");
    release(&world, &["--after", &file]).expect(2, "error[CS504]");
}

#[test]
fn what_a_gate_passed_is_not_judged_again_where_the_policy_says_so() {
    for (checkpoints, told) in [
        ("", "2 declared"),
        (
            "checkpoints = [\"admins\", \"gate\"]\n",
            "1 unit (declared none)",
        ),
    ] {
        let world = world(checkpoints);
        land(&world, "one", true);
        summarized(&world, "vsa", &[]).ok();
        land(&world, "two", true);
        let (file, _) = paths(&world, "vsa");
        release(&world, &["--after", &file]).expect(0, told);
    }
}

#[test]
fn a_summary_that_failed_or_is_for_another_stage_or_version_accepts_nothing() {
    let world = world("checkpoints = [\"admins\", \"gate\"]\n");
    let carol = land(&world, "one", false);
    summarized(&world, "failed", &[]).expect(1, "CS102");
    let (failed, _) = paths(&world, "failed");
    release(&world, &["--after", &failed]).expect(1, "CS102");
    carol
        .countersign(&["declare", "--ai", "none", &carol.head()])
        .ok();
    summarized(&world, "passed", &[]).ok();
    let (passed, _) = paths(&world, "passed");
    release(&world, &["--after", &passed]).expect(0, "nothing since");
    let stage = ["--after", &passed, "--stage", "global"];
    release(&world, &stage).expect(0, "1 declared");
    // A newer version judges all since the admins' checkpoint.
    land(&world, "two", true);
    world.sign_policy(|policy| format!("{policy}# more\n"));
    release(&world, &["--after", &passed]).expect(0, "trust");
}

#[test]
fn a_summary_of_another_key_branch_or_root_is_none() {
    let world = world("");
    land(&world, "one", true);
    summarized(&world, "vsa", &[]).ok();
    let (file, _) = paths(&world, "vsa");
    let text = std::fs::read_to_string(&file).unwrap();
    let bundle: Value = serde_json::from_str(&text).unwrap();
    let hint = bundle["verificationMaterial"]["publicKey"]["hint"]
        .as_str()
        .unwrap();
    let spoiled = [
        (text.replace(hint, "SHA256:nobody"), "error[CS201]"),
        (
            text.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1),
            "error[CS2",
        ),
        ("{}".to_owned(), "error[CS212]"),
    ];
    for (text, code) in spoiled {
        std::fs::write(&file, text).unwrap();
        release(&world, &["--after", &file]).expect(2, code);
    }
    std::fs::write(&file, text).unwrap();
    release(&world, &["--after", &file]).ok();
}
