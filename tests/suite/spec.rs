//! The worked example of SPEC.md: what stands there is what the files hold, an independent script
//! makes, and the program computes.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::change::sha256;
use jsonschema::validator_for;
use serde_json::Value;

use crate::support::{Repo, git_with_input};
use crate::world::{Run, World, run};

const SPEC: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/SPEC.md"));
/// When the example is judged.
const NOW: &str = "2025-11-24T10:00:00Z";

fn root_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn example(name: &str) -> Vec<u8> {
    let path = root_folder().join("keys-example").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The `file=` blocks of SPEC.md: path and text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let after_fences = SPEC.split("\n```").skip(1).step_by(2);
    let named = after_fences.filter_map(|block| {
        let (info, text) = block.split_once('\n').unwrap();
        Some((info.split_once("file=")?.1, text))
    });
    named.collect()
}

/// The example's repository, and a folder as store with the given bundles in it.
struct Example {
    repo: Repo,
    store: tempfile::TempDir,
}

impl Example {
    fn with(bundles: &[&str]) -> Self {
        let repo = Repo::with(&["init", "-q", "-b", "main", "--object-format=sha1"]);
        git_with_input(
            &repo.path,
            &["fast-import", "--quiet"],
            &example("history.fast-import"),
        );
        let store = tempfile::tempdir().unwrap();
        let digest = sha256(&example("change.manifest")).to_string();
        let folder: PathBuf = [&digest[..2], &digest[2..4], &digest].iter().collect();
        let folder = store.path().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for name in bundles {
            let bytes = example(name);
            std::fs::write(folder.join(format!("{}.json", sha256(&bytes))), bytes).unwrap();
        }
        Self { repo, store }
    }

    fn countersign(&self, args: &[&str]) -> Run {
        self.run(&[&["--allow-example-keys"], args].concat())
    }

    fn run(&self, args: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .current_dir(&self.repo.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.store.path())
            .args(args);
        run(&mut command)
    }

    fn verify(&self, root: &str) -> Run {
        let store = self.store.path().to_str().unwrap();
        let range = "main~1..main";
        self.countersign(&[
            "verify", range, "--root", root, "--store", store, "--at", NOW,
        ])
    }
}

/// The digest of the trust metadata's payload.
fn root() -> String {
    use base64::Engine as _;
    let envelope: Value = serde_json::from_slice(&example("trust.1.dsse.json")).unwrap();
    let payload = envelope["payload"].as_str().unwrap();
    let payload = base64::engine::general_purpose::STANDARD.decode(payload);
    format!("sha256:{}", sha256(&payload.unwrap()))
}

#[test]
fn the_blocks_of_the_specification_hold_the_files_bytes() {
    let blocks = blocks();
    assert!(blocks.len() >= 4, "{blocks:?}");
    for (path, text) in blocks {
        let bytes = std::fs::read(root_folder().join(path)).unwrap();
        let file = String::from_utf8(bytes).unwrap();
        let shown = text.trim_end_matches('\n');
        assert_eq!(file.trim_end_matches('\n'), shown, "{path}");
    }
}

#[test]
fn the_specification_lists_each_code_with_its_title() {
    let (_, section) = SPEC.split_once("\n## 9. Codes\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let listed: Vec<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| CS"))
        .map(|row| row.splitn(3, " | ").take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let catalogue = countersign::codes::catalogue().iter();
    let known: Vec<_> = catalogue
        .map(|entry| format!("{} {}", entry.code.number(), entry.title))
        .collect();
    assert_eq!(listed, known);
}

#[test]
fn the_digests_in_the_specification_are_those_of_the_example() {
    for name in [
        "change.manifest",
        "declaration.payload.json",
        "declaration.bundle.json",
    ] {
        let digest = sha256(&example(name)).to_string();
        assert!(
            SPEC.contains(&format!("`{digest}`")),
            "{name} has the digest {digest}"
        );
    }
    let payload = example("declaration.payload.json");
    let mut pae = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    pae.extend(payload);
    assert_eq!(example("declaration.pae"), pae);
    let length = format!("{},{:03}", (pae.len() - 44) / 1000, (pae.len() - 44) % 1000);
    assert!(SPEC.contains(&format!("the {length} bytes above")));
}

#[test]
fn the_program_computes_the_examples_manifest_and_verifies_its_range() {
    let example_ = Example::with(&["declaration.bundle.json", "sign-off.bundle.json"]);
    let manifest = example_.countersign(&["digest", "--manifest", "main~1..main"]);
    assert_eq!(
        manifest.ok().stdout.into_bytes(),
        example("change.manifest")
    );
    example_.verify(&root()).expect(0, "signed off by grace");
}

#[test]
fn the_example_waits_without_its_sign_off_and_without_its_declaration() {
    Example::with(&["declaration.bundle.json"])
        .verify(&root())
        .expect(1, "CS101");
    // The sign-off names the declaration that it saw, so it falls with it.
    Example::with(&["sign-off.bundle.json"])
        .verify(&root())
        .expect(1, "CS603");
    Example::with(&[]).verify(&root()).expect(1, "CS102");
    let other = format!("sha256:{}", "0".repeat(64));
    Example::with(&["declaration.bundle.json", "sign-off.bundle.json"])
        .verify(&other)
        .expect(2, "CS408");
}

#[test]
fn the_examples_payloads_are_valid_by_the_schemas() {
    for (payload, schema) in [
        ("declaration.payload.json", "declaration-v1.schema.json"),
        ("sign-off.payload.json", "sign-off-v1.schema.json"),
    ] {
        let text = std::fs::read(root_folder().join("schemas").join(schema)).unwrap();
        let validator = validator_for(&serde_json::from_slice(&text).unwrap()).unwrap();
        let mut statement: Value = serde_json::from_slice(&example(payload)).unwrap();
        validator.validate(&statement).unwrap();
        statement["predicate"]["change"]["head"] = Value::from("HEAD");
        assert!(!validator.is_valid(&statement), "{payload}");
    }
}

#[test]
fn an_independent_script_makes_the_examples_bytes() {
    let source = root_folder().join("keys-example");
    let made = tempfile::tempdir().unwrap();
    let given = [
        "make.py",
        "README.md",
        ".gitattributes",
        "EXAMPLE-key-maya",
        "EXAMPLE-key-grace",
        "EXAMPLE-key-maya.pub",
        "EXAMPLE-key-grace.pub",
    ];
    for name in given {
        std::fs::copy(source.join(name), made.path().join(name)).unwrap();
    }
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    run(Command::new(python).arg(made.path().join("make.py"))).ok();
    let mut compared = 0;
    for name in files(&source) {
        let remade = std::fs::read(made.path().join(&name));
        let remade = remade.unwrap_or_else(|error| panic!("{}: {error}", name.display()));
        let same = remade == std::fs::read(source.join(&name)).unwrap();
        assert!(same, "{}", name.display());
        compared += 1;
    }
    assert!(compared > given.len());
}

/// All files below a folder, by their paths in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(within) = folders.pop() {
        for entry in std::fs::read_dir(folder.join(&within)).unwrap() {
            let entry = entry.unwrap();
            let path = within.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn the_commands_of_the_examples_readme_verify_it() {
    let folder = tempfile::tempdir().unwrap();
    let readme = String::from_utf8(example("README.md")).unwrap();
    let (_, commands) = readme.split_once("```sh\n").unwrap();
    let (commands, _) = commands.split_once("```").unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_countersign"));
    let path = std::env::var("PATH").unwrap();
    let play = |commands: &str| {
        let mut bash = Command::new("bash");
        bash.args(["-ec", commands])
            .current_dir(folder.path())
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", binary.parent().unwrap().display()),
            )
            .env("HOME", folder.path())
            .env("EXAMPLE", root_folder().join("keys-example"));
        run(&mut bash)
    };
    play(commands).expect(0, "signed off by grace");
    let refused = commands
        .replace(" --allow-example-keys", "")
        .replace("git init", "true || git init");
    let (_, verify) = refused.split_once('\n').unwrap();
    play(verify).expect(2, "error[CS902]");
}

#[test]
fn published_keys_are_refused_wherever_they_would_be_trusted() {
    let world = World::team();
    let ana = world.person("ana");
    let key = root_folder().join("keys-example/EXAMPLE-key-maya.pub");
    let key = key.to_str().unwrap();
    let add = [
        "roster",
        "add",
        "maya",
        "--name",
        "Maya",
        "--email",
        "m@example.org",
        "--level",
        "junior",
        "--key",
        key,
    ];
    ana.countersign(&add).expect(2, "error[CS902]");
    ana.countersign(&[&["--allow-example-keys"], &add[..]].concat())
        .ok();
    ana.countersign(&["trust", "sign", "--confirm", "3"])
        .expect(2, "error[CS902]");
    ana.countersign(&["--allow-example-keys", "trust", "sign", "--confirm", "3"])
        .ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Add an example key"]);
    ana.git(&["push", "-q"]);
    let ci = world.fresh("ci");
    let verify = ["verify", "--fetch", "--root", &world.root(), "HEAD~1..HEAD"];
    ci.countersign(&verify).expect(2, "error[CS902]");
    ci.countersign(&[&["--allow-example-keys"], &verify[..]].concat())
        .expect(0, "warning[CS902]");
    // The twin: a key that nobody published.
    let world = World::team();
    let ana = world.person("ana");
    let own = world.person("mallory").home.join("key.pub");
    let mut add = add;
    add[10] = own.to_str().unwrap();
    ana.countersign(&add).ok();
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
}
