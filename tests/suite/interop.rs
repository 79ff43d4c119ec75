//! What others compute of the same bytes: scripts that share no code with the program, and OpenSSH.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::change::History as _;
use serde_json::Value;

use crate::support::{Repo, git_with_input};
use crate::world::{Run, World, run};

/// Runs a script of `tests/oracle` with the interpreter that `PYTHON` names.
fn oracle(script: &str, args: &[&str]) -> Run {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    run(Command::new(python).arg(folder.join(script)).args(args))
}

fn verify_bundle(bundle: &Path, key: &Path) -> Run {
    let (bundle, key) = (bundle.to_str().unwrap(), key.to_str().unwrap());
    let run = oracle("verify_bundle.py", &[bundle, key]);
    assert_ne!(run.status, 3, "{}", run.stderr);
    run
}

/// Ana's sign-off of ben's declared branch, in a file.
struct Signed {
    world: World,
    bundle: PathBuf,
    digest: String,
}

fn signed() -> Signed {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted", "-o", "declaration.json"])
        .ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    let digest = ana.digest(&["origin/tags"]);
    let bundle = ana.path.join("bundle.json");
    ana.countersign(&["sign", "tags", "--confirm", &digest, "-o", "bundle.json"])
        .expect(0, "approved by ana");
    Signed {
        world,
        bundle,
        digest,
    }
}

impl Signed {
    fn key_of(&self, id: &str) -> PathBuf {
        self.world.person(id).home.join("key.pub")
    }

    /// The bundle with a field of its envelope, in base64, changed by one bit.
    fn flipped(&self, pointer: &str, at: usize) -> PathBuf {
        let bytes = std::fs::read(&self.bundle).unwrap();
        let mut bundle: Value = serde_json::from_slice(&bytes).unwrap();
        let field = bundle.pointer_mut(pointer).unwrap();
        let mut bytes = STANDARD.decode(field.as_str().unwrap()).unwrap();
        bytes[at] ^= 1;
        *field = Value::from(STANDARD.encode(bytes));
        let path = self.bundle.with_file_name("flipped.json");
        std::fs::write(&path, bundle.to_string()).unwrap();
        path
    }
}

#[test]
fn an_independent_script_verifies_bundles_by_either_form_of_the_key() {
    let signed = signed();
    let ana = signed.world.person("ana");
    let pem = ana.path.join("ana.pem");
    let exported = ana.countersign(&["roster", "export", "ana", "--pem"]).ok();
    std::fs::write(&pem, exported.stdout).unwrap();
    for key in [pem, signed.key_of("ana")] {
        let printed = verify_bundle(&signed.bundle, &key).ok();
        assert_eq!(printed.stdout.trim(), signed.digest);
    }
    let declaration = signed.world.person("ben").path.join("declaration.json");
    let printed = verify_bundle(&declaration, &signed.key_of("ben")).ok();
    assert_eq!(printed.stdout.trim(), signed.digest);
    verify_bundle(&signed.bundle, &signed.key_of("carol")).expect(1, "does not verify");
}

#[test]
fn a_flipped_bit_fails_for_the_script_and_for_the_program() {
    let signed = signed();
    let ana = signed.world.person("ana");
    ana.countersign(&["show", "bundle.json"])
        .expect(0, "signed by ana");
    // Inside a string of the statement, so that it still is JSON.
    let envelope = "/dsseEnvelope";
    for (field, at) in [
        ("payload", 15),
        ("signatures/0/sig", 0),
        ("signatures/0/sig", 63),
    ] {
        let flipped = signed.flipped(&format!("{envelope}/{field}"), at);
        verify_bundle(&flipped, &signed.key_of("ana")).expect(1, "does not verify");
        let shown = ana.countersign(&["show", "flipped.json"]);
        assert_eq!(shown.status, 1, "{field} {at}: {}", shown.stdout);
    }
}

#[test]
fn the_fingerprint_shown_is_the_one_that_openssh_prints() {
    let signed = signed();
    let mut keygen = Command::new("ssh-keygen");
    let printed = run(keygen.arg("-lf").arg(signed.key_of("ana"))).ok();
    let fingerprint = printed.stdout.split(' ').nth(1).unwrap().to_owned();
    assert!(fingerprint.starts_with("SHA256:"), "{fingerprint}");
    let ana = signed.world.person("ana");
    ana.countersign(&["show", "bundle.json"])
        .expect(0, &fingerprint);
    ana.countersign(&["show", "origin/tags"])
        .expect(0, &fingerprint);
    ana.countersign(&["roster", "list", "ana"])
        .expect(0, &fingerprint);
}

#[test]
fn only_keys_in_force_of_people_in_the_roster_are_exported() {
    let world = World::team();
    let ana = world.person("ana");
    ana.countersign(&["roster", "export", "zoe", "--pem"])
        .expect(2, "nobody of the roster has the id \"zoe\"");
    ana.countersign(&["roster", "export", "ben"])
        .expect(2, "--pem");
    ana.countersign(&["roster", "export", "ben", "--pem"])
        .expect(0, "-----BEGIN PUBLIC KEY-----");
    let path = ana.path.join(".countersign/roster.toml");
    let roster = std::fs::read_to_string(&path).unwrap();
    let key = std::fs::read_to_string(world.person("ben").home.join("key.pub")).unwrap();
    let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let line = format!("ssh = \"{key}\"\n");
    let revoked = format!("{line}revoked = {{ on = \"2026-01-02\", reason = \"retired\" }}\n");
    assert!(roster.contains(&line), "{roster}");
    std::fs::write(&path, roster.replace(&line, &revoked)).unwrap();
    ana.countersign(&["roster", "export", "ben", "--pem"])
        .expect(1, "ben has no key in force");
}

#[test]
fn sha256sum_of_the_manifest_is_the_digest() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("a name", "pub fn tags() {}\n", "Add tags");
    let manifest = ben.countersign(&["digest", "--manifest"]).ok().stdout;
    ben.write("change.manifest", &manifest);
    let summed = run(ben.command("sha256sum").arg("change.manifest")).ok();
    assert_eq!(
        summed.stdout.split(' ').next(),
        Some(ben.digest(&[]).as_str())
    );
}

/// Puts entries into the index, without a work tree, and commits.
fn commit_index(repo: &Repo, entries: &[(&str, &[u8], &[u8])]) {
    let mut feed = Vec::new();
    for (mode, content, path) in entries {
        let id = match *mode {
            // git's word for removal, with any id.
            "0" => "0".repeat(repo.git(&["hash-object", "-t", "tree", "/dev/null"]).len()),
            "160000" => String::from_utf8(content.to_vec()).unwrap(),
            _ => git_with_input(&repo.path, &["hash-object", "-w", "--stdin"], content),
        };
        feed.extend(
            format!("{mode} {id}\t")
                .bytes()
                .chain(path.iter().copied())
                .chain([0]),
        );
    }
    git_with_input(&repo.path, &["update-index", "-z", "--index-info"], &feed);
    repo.git(&["commit", "-q", "--allow-empty", "-m", "next"]);
}

/// Two commits that differ, and the merge of both with the second one's tree.
fn merge_of_two(repo: &Repo) {
    repo.git(&["branch", "side"]);
    commit_index(repo, &[("100644", b"main\n", b"on main")]);
    let main = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/side"]);
    repo.git(&["read-tree", "side"]);
    commit_index(
        repo,
        &[("100644", b"side\n", b"on side"), ("0", b"", b"a0")],
    );
    let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
    let args = [
        "commit-tree",
        "-m",
        "merge",
        "-p",
        &main,
        "-p",
        "HEAD",
        &tree,
    ];
    let merge = repo.git(&args);
    repo.git(&["update-ref", "refs/heads/side", &merge]);
}

/// A history with everything that a tree of git can hold, in an object format.
fn made_history(format: &str) -> Repo {
    let repo = Repo::with(&[
        "init",
        "-q",
        "-b",
        "main",
        &format!("--object-format={format}"),
    ]);
    let length = if format == "sha1" { 40 } else { 64 };
    let (sub, next_sub) = ("1".repeat(length), "2".repeat(length));
    commit_index(
        &repo,
        &[
            ("100644", b"one\n", b"plain"),
            ("100644", b"", b"empty"),
            ("100644", b"two\n", b"a name with  spaces "),
            ("100644", b"three\n", b"caf\xe9/\xff\xfe"),
            ("100644", b"four\n", "\u{fc}/\u{202e}x".as_bytes()),
            ("100644", b"five\n", b"per%cent %20"),
            ("100644", b"six\n", b"tab\tand\nfeed\x7f"),
            ("100755", b"#!/bin/sh\n", b"run.sh"),
            ("120000", b"plain", b"link"),
            ("160000", sub.as_bytes(), b"lib"),
        ],
    );
    commit_index(
        &repo,
        &[
            ("100644", b"one\r\n", b"plain"),
            ("100644", b"#!/bin/sh\n", b"run.sh"),
            ("120000", b"\xff/else\x00where", b"link"),
            ("160000", next_sub.as_bytes(), b"lib"),
            ("0", b"", b"empty"),
            ("0", b"", b"caf\xe9/\xff\xfe"),
            ("100644", b"three\n", b"caf\xe9/\xff\xfd"),
        ],
    );
    // Kinds that change, and names that sort otherwise as trees than as paths.
    commit_index(
        &repo,
        &[
            ("0", b"", b"plain"),
            ("100644", b"inside\n", b"plain/inside"),
            ("100644", b"plain", b"link"),
            ("120000", b"x", b"lib"),
            ("160000", sub.as_bytes(), b"run.sh"),
            ("100644", b"1", b"a"),
            ("100644", b"2", b"a.b"),
            ("100644", b"3", b"a0"),
            ("100644", b"4", b"b.c"),
            ("100644", b"5", b"b/c"),
            ("100644", b"6", b"b0"),
        ],
    );
    merge_of_two(&repo);
    commit_index(&repo, &[]);
    repo
}

#[test]
fn an_independent_script_computes_the_same_manifest_of_every_commit() {
    for format in ["sha1", "sha256"] {
        let repo = made_history(format);
        let folder = repo.path.to_str().unwrap();
        let listed = repo.git(&["rev-list", "--parents", "HEAD"]);
        let mut kinds = Vec::new();
        for line in listed.lines() {
            let mut ids = line.split(' ');
            let (commit, parent) = (ids.next().unwrap(), ids.next());
            let theirs = oracle(
                "manifest.py",
                &["-C", folder, parent.unwrap_or("-"), commit],
            )
            .ok();
            let Some(parent) = parent else {
                // The command line has no name for the empty tree.
                let opened = repo.open();
                let ours = opened.change(None, &commit.parse().unwrap()).unwrap();
                assert_eq!(ours.to_string(), theirs.stdout);
                kinds.push("first");
                continue;
            };
            let digest = |args: &[&str]| {
                let mut program = Command::new(env!("CARGO_BIN_EXE_countersign"));
                let range = format!("{parent}..{commit}");
                run(program
                    .current_dir(folder)
                    .arg("digest")
                    .arg(range)
                    .args(args))
            };
            if theirs.stdout.lines().count() == 1 {
                digest(&[]).expect(2, "CS907");
                kinds.push("empty");
                continue;
            }
            assert_eq!(
                digest(&["--manifest"]).ok().stdout,
                theirs.stdout,
                "{format} {commit}"
            );
            let theirs = oracle("manifest.py", &["-C", folder, "--digest", parent, commit]).ok();
            assert_eq!(digest(&[]).ok().stdout, theirs.stdout);
            kinds.push("change");
        }
        kinds.sort_unstable();
        let expected = [
            "change", "change", "change", "change", "change", "empty", "first",
        ];
        assert_eq!(kinds, expected, "{format}");
    }
}
