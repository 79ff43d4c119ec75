//! The trusted root of whoever runs the gate: what it must be able to check, and where it lies (SPEC 4.3).

use std::path::{Path, PathBuf};

use super::authority::Authority;
use super::keys::branch;
use super::world::{Clone, Run, World};

const IDENTITY: &str = "[[engineer.key]]\nsigstore = { identity = \"dev@example.com\", issuer = \"https://accounts.example.com\" }\n\n";

/// The roster with an identity for carol beside her key.
fn with_identity(roster: &str) -> String {
    let carol = roster.find("id = \"carol\"").unwrap();
    let at = carol + roster[carol..].find("[[engineer.key]]").unwrap();
    [&roster[..at], IDENTITY, &roster[at..]].concat()
}

/// The roots of an instance that certifies, and of an authority that stamps alone.
fn roots(world: &World) -> [PathBuf; 2] {
    let whole = "src/keys/testdata/sigstore/root.json";
    let stamps = world.path().join("stamps.json");
    std::fs::write(&stamps, Authority::new(1).root().to_string()).unwrap();
    [Path::new(env!("CARGO_MANIFEST_DIR")).join(whole), stamps]
}

fn judged(world: &World, root: &Path, what: &[&str]) -> Run {
    let root = ["--trusted-root", root.to_str().unwrap()];
    world.fresh("ci").verify(world, &[&root, what].concat())
}

#[test]
fn where_somebody_signs_as_an_identity_a_root_that_checks_no_certificate_decides_nothing() {
    let world = World::team();
    let [whole, stamps] = roots(&world);
    branch(&world);
    world.clone_for("grace").sign("work").ok();
    let change = ["--pr", "origin/work"];
    judged(&world, &stamps, &change).expect(0, "signed off by grace");
    world.sign_file("roster.toml", with_identity);
    let why = "nothing that carol signs as an identity, rejections neither, can be checked";
    for asked in [&change[..], &["HEAD~1..HEAD"], &["--release"]] {
        judged(&world, &whole, asked).ok();
        judged(&world, &stamps, asked).expect(2, why);
    }
    // What is revoked counts for nothing, whether it can be checked or not.
    world.sign_file("roster.toml", |roster| {
        let revoked = IDENTITY.replace(
            "\n\n",
            "\nrevoked = { on = \"2025-01-01\", reason = \"retired\" }\n\n",
        );
        roster.replace(IDENTITY, &revoked)
    });
    judged(&world, &stamps, &change).expect(0, "signed off by grace");
}

#[test]
fn the_version_before_is_not_judged_by_such_a_root_either() {
    let world = World::team();
    let [whole, stamps] = roots(&world);
    world.sign_file("roster.toml", with_identity);
    let ben = branch(&world);
    world.clone_for("grace").sign("work").ok();
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let landed = ["HEAD~1..HEAD"];
    judged(&world, &whole, &landed).ok();
    // The next version has no identity, and asks for more than what landed before it has.
    let ana = world.person("ana");
    ana.git(&["pull", "-q"]);
    let path = ana.path.join(".countersign/roster.toml");
    let roster = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, roster.replace(IDENTITY, "")).unwrap();
    let path = ana.path.join(".countersign/policy.toml");
    let policy = std::fs::read_to_string(&path).unwrap();
    let rule = "[[rule]]\nname = \"two\"\nrequire = { signers = 2, level = \"senior\" }\n";
    std::fs::write(path, format!("{policy}\n{rule}")).unwrap();
    let root = ["--trusted-root", whole.to_str().unwrap()];
    let args = ["trust", "sign", "--confirm", "4", "--keep-checkpoints"];
    ana.countersign(&[&args, &root[..]].concat()).ok();
    ana.git(&["commit", "-q", "-a", "-m", "Ask for two"]);
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "--amend", "--no-edit"]);
    ana.git(&["push", "-q", "origin", "HEAD:main"]);
    let landed = ["HEAD~2..HEAD"];
    judged(&world, &whole, &landed).expect(0, "by trust version 3");
    judged(&world, &stamps, &landed).expect(2, "nothing that carol signs as an identity");
    let nowhere = world.path().join("nowhere.json");
    judged(&world, &nowhere, &landed).expect(2, "can't read");
}

#[test]
fn a_root_that_is_named_and_can_not_be_read_decides_nothing() {
    let world = World::team();
    let [whole, _] = roots(&world);
    branch(&world);
    world.clone_for("grace").sign("work").ok();
    let change = ["--pr", "origin/work"];
    judged(&world, &whole, &change).ok();
    judged(&world, &world.path().join("nowhere.json"), &change)
        .expect(2, "error[CS901]: can't read");
}

/// A change that passes, in a clone of `ci` with a trusted root in and beside its work tree.
fn beside(world: &World) -> Clone {
    let [whole, _] = roots(world);
    let whole = std::fs::read(whole).unwrap();
    branch(world);
    world.clone_for("grace").sign("work").ok();
    let ci = world.fresh("ci");
    ci.write("ci/keep", "");
    for place in ["root.json", "ci/ci/root.json", "ci/.git/root.json"] {
        let path = world.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &whole).unwrap();
    }
    ci
}

const LIES: (i32, &str) = (2, "lies in the work tree");

#[test]
fn no_trusted_root_comes_out_of_the_work_tree() {
    let world = World::team();
    let ci = beside(&world);
    let link = |to: &Path, from: &str| {
        std::os::unix::fs::symlink(to, world.path().join(from)).unwrap();
    };
    link(&world.path().join("root.json"), "ci/out.json");
    link(world.path(), "ci/away");
    link(Path::new("ci/out.json"), "twice.json");
    link(&world.path().join("ci/ci"), "in");
    link(&world.path().join("root.json"), "aside.json");
    let relative = (2, "is another file in each folder");
    let absolute = |place: &str| world.path().join(place).to_str().unwrap().to_owned();
    for (place, (status, text)) in [
        ("../root.json".to_owned(), (0, "signed off by grace")),
        ("ci/../../root.json".to_owned(), (0, "")),
        ("../aside.json".to_owned(), (0, "")),
        (absolute("root.json"), (0, "")),
        (absolute("ci/.git/root.json"), (0, "")),
        ("ci/root.json".to_owned(), LIES),
        ("../ci/ci/root.json".to_owned(), LIES),
        (absolute("ci/ci/root.json"), LIES),
        (absolute("in/root.json"), LIES),
        ("out.json".to_owned(), LIES),
        ("away/root.json".to_owned(), LIES),
        ("../twice.json".to_owned(), LIES),
    ] {
        let change = ["--pr", "origin/work"];
        let named = [&["--trusted-root", place.as_str()], &change[..]].concat();
        ci.verify(&world, &named).expect(status, text);
        // In the configuration it is the same file wherever the gate is started.
        let configured = match place.starts_with('/') {
            true => (status, text),
            false => relative,
        };
        ci.git(&["config", "countersign.trustedRoot", &place]);
        let run = ci
            .verify(&world, &change)
            .expect(configured.0, configured.1);
        assert!(status == 0 || run.stderr.contains("next"), "{run:?}");
        ci.git(&["config", "--unset", "countersign.trustedRoot"]);
    }
}

#[test]
fn no_trusted_root_comes_out_of_the_main_work_tree_of_a_linked_one() {
    let world = World::team();
    let ci = beside(&world);
    ci.git(&["worktree", "add", "-q", "--detach", "../linked", "HEAD"]);
    for (place, (status, text)) in [("root.json", (0, "")), ("ci/ci/root.json", LIES)] {
        let (root, place) = (world.root(), world.path().join(place));
        let args = [
            "-C",
            "../linked",
            "verify",
            "--fetch",
            "--root",
            &root,
            "--trusted-root",
        ];
        let named = [&args[..], &[place.to_str().unwrap(), "--pr", "origin/work"]].concat();
        ci.countersign(&named).expect(status, text);
    }
}
