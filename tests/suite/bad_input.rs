//! Truncated, empty and huge files, damaged repositories, and a hostile environment: a clear error, exit 2,
//! and nothing lost.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::world::{Clone, Run, World, run};

const HUGE: u64 = 1 << 30;

/// Ben's declared branch, signed off by ana, in ben's clone with the store fetched; verifies.
fn signed(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    world.person("ana").sign("tags").ok();
    ben.countersign(&["sync"]).ok();
    ben
}

fn verify(world: &World, person: &Clone, more: &[&str]) -> Run {
    let root = world.root();
    person.countersign(&[&["verify", "--root", &root], more].concat())
}

/// A way to damage a file, with its name.
type Damage<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Each way to damage a file, with its name.
fn damage(path: &Path) -> Vec<Damage<'_>> {
    let whole = std::fs::read(path).unwrap();
    // Inside of a text, so that the rest is no shorter file of its own.
    let quote = whole.iter().position(|byte| *byte == b'"');
    let quote = quote.unwrap_or(whole.len() / 3);
    let half = whole[..=quote].to_vec();
    vec![
        (
            "empty",
            Box::new(move || std::fs::write(path, b"").unwrap()),
        ),
        (
            "truncated",
            Box::new(move || std::fs::write(path, &half).unwrap()),
        ),
        (
            "huge",
            Box::new(move || std::fs::File::create(path).unwrap().set_len(HUGE).unwrap()),
        ),
        (
            "binary",
            Box::new(move || std::fs::write(path, b"\x00\xff\xfe[").unwrap()),
        ),
    ]
}

#[test]
fn damaged_trust_files_are_told_and_kept() {
    let world = World::team();
    let ana = world.person("ana");
    for (name, code) in [
        ("roster.toml", "CS406"),
        ("policy.toml", "CS406"),
        ("trust/1.dsse.json", "CS407"),
    ] {
        let path = ana.path.join(".countersign").join(name);
        let whole = std::fs::read(&path).unwrap();
        for (how, spoil) in damage(&path) {
            spoil();
            let code = if how == "huge" { "CS507" } else { code };
            let length = std::fs::metadata(&path).unwrap().len();
            ana.countersign(&["trust", "sign", "--confirm", "3"])
                .expect(2, &format!("error[{code}]"));
            // What failed stays as it is.
            assert_eq!(
                std::fs::metadata(&path).unwrap().len(),
                length,
                "{name} {how}"
            );
            assert!(!ana.path.join(".countersign/trust/3.dsse.json").exists());
            std::fs::write(&path, &whole).unwrap();
        }
    }
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
}

/// The files of the store that lie in a folder, below it.
fn store_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files
}

#[test]
fn a_damaged_bundle_counts_for_nothing_and_is_kept() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    let folder = tempfile::tempdir().unwrap();
    let store = ["--store", folder.path().to_str().unwrap()];
    ben.countersign(&[&store[..], &["declare", "--ai", "assisted"]].concat())
        .ok();
    let waits = || verify(&world, &ben, &store).expect(1, "");
    let whole = waits();
    assert!(
        whole.stdout.contains("declaration of assisted, counts"),
        "{whole:?}"
    );
    for path in store_files(folder.path()) {
        let bytes = std::fs::read(&path).unwrap();
        let is_bundle = path
            .extension()
            .is_some_and(|extension| extension == "json");
        for (how, spoil) in damage(&path) {
            spoil();
            let run = verify(&world, &ben, &store);
            assert_eq!(run.status, 1, "{} {how}: {run:?}", path.display());
            assert_eq!(run.stdout.contains("counts"), !is_bundle, "{how}: {run:?}");
            assert!(path.exists());
            std::fs::write(&path, &bytes).unwrap();
        }
    }
    waits();
}

#[test]
fn a_missing_or_damaged_object_is_undecided() {
    for (spoiled, code) in [
        ("HEAD", "CS50"),
        ("HEAD^{tree}", "CS50"),
        ("HEAD:tags.rs", "CS503"),
    ] {
        for remove in [true, false] {
            let world = World::team();
            let ben = signed(&world);
            verify(&world, &ben, &[]).ok();
            let id = ben.git(&["rev-parse", spoiled]);
            let object = ben.path.join(".git/objects").join(&id[..2]).join(&id[2..]);
            let bytes = std::fs::read(&object).unwrap();
            std::fs::remove_file(&object).unwrap();
            if !remove {
                std::fs::write(&object, &bytes[..bytes.len() / 2]).unwrap();
            }
            let run = verify(&world, &ben, &[]).expect(2, "error[CS50");
            assert!(run.stderr.contains(code), "{spoiled} {remove}: {run:?}");
            std::fs::remove_file(&object).ok();
            std::fs::write(&object, &bytes).unwrap();
            verify(&world, &ben, &[]).ok();
        }
    }
}

#[test]
fn a_damaged_ref_is_undecided() {
    let world = World::team();
    let ben = signed(&world);
    let git = ben.path.join(".git");
    for name in [
        "refs/remotes/origin/main",
        "refs/countersign/attestations",
        "HEAD",
    ] {
        let path = git.join(name);
        // A packed ref is written as a file of its own first.
        let whole = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(_) => format!("{}\n", ben.git(&["rev-parse", name])).into_bytes(),
        };
        for content in [
            &b"nothing of the kind\n"[..],
            b"",
            b"\x00\xff",
            b"ref: refs/heads/../../x\n",
        ] {
            std::fs::write(&path, content).unwrap();
            let run = verify(&world, &ben, &[]);
            assert_eq!(run.status, 2, "{name} {content:?}: {run:?}");
            assert!(run.stderr.contains("error[CS"), "{name}: {run:?}");
        }
        std::fs::write(&path, whole).unwrap();
        verify(&world, &ben, &[]).ok();
    }
}

#[test]
fn without_a_usable_key_nothing_is_signed() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    let key = ben.home.join("key");
    let whole = std::fs::read(&key).unwrap();
    let declare = ["declare", "--ai", "assisted"];
    for (how, spoil) in damage(&key) {
        spoil();
        let run = ben.countersign(&declare);
        assert_eq!(run.status, 2, "{how}: {run:?}");
        assert!(run.stderr.contains("error[CS904]"), "{how}: {run:?}");
    }
    std::fs::remove_file(&key).unwrap();
    ben.countersign(&declare).expect(2, "error[CS904]");
    // No key at all, and an agent that is none.
    ben.git(&["config", "--global", "--unset", "user.signingkey"]);
    ben.countersign(&declare).expect(2, "no signing key found");
    for socket in ["/nowhere/agent", "/dev/null"] {
        let ben = ben.with_agent(Path::new(socket));
        ben.countersign(&declare).expect(2, "error[CS904]");
    }
    let passphrase = ben.home.join("passphrase");
    std::fs::File::create(&passphrase)
        .unwrap()
        .set_len(HUGE)
        .unwrap();
    std::fs::write(&key, &whole).unwrap();
    let named = ["--key", key.to_str().unwrap()];
    let with = ["--passphrase-file", passphrase.to_str().unwrap()];
    ben.countersign(&[&declare[..], &named].concat()).ok();
    // Of a key that needs none, no passphrase is read.
    ben.countersign(&[&declare[..], &named, &with].concat())
        .ok();
}

#[test]
fn a_gate_needs_no_home_no_git_program_and_no_agent() {
    let world = World::team();
    let ben = signed(&world);
    let root = world.root();
    let bare = |variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(["verify", "--root", &root])
            .current_dir(&ben.path)
            .env_clear()
            .envs(variables.iter().copied());
        run(&mut command)
    };
    bare(&[]).ok();
    bare(&[
        ("HOME", "/nowhere"),
        ("SSH_AUTH_SOCK", "/nowhere"),
        ("PATH", ""),
    ])
    .ok();
    // What fetches needs git, and says so.
    let mut command = ben.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(["verify", "--fetch", "--root", &root])
        .env("PATH", "/nowhere");
    run(&mut command).expect(2, "git is not on the PATH");
}

#[test]
fn what_cant_be_written_is_never_a_pass() {
    let world = World::team();
    let ben = signed(&world);
    let root = world.root();
    let full = || {
        Stdio::from(
            std::fs::OpenOptions::new()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        )
    };
    let mut command = ben.command(env!("CARGO_BIN_EXE_countersign"));
    command.args(["verify", "--root", &root]).stdout(full());
    let status = command.stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(2));
    // The exit status speaks even where nothing can be said.
    let mut command = ben.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(["verify", "--root", "sha256:0"])
        .stderr(full());
    assert_eq!(
        command.stdout(Stdio::null()).status().unwrap().code(),
        Some(2)
    );
}

#[test]
fn a_place_that_cant_be_written_loses_nothing() {
    let world = World::team();
    let ben = signed(&world);
    // A store whose folder is a file.
    let store = ben.home.join("store");
    std::fs::write(&store, "mine\n").unwrap();
    let at = ["--store", store.to_str().unwrap()];
    ben.countersign(&[&at[..], &["declare", "--ai", "assisted"]].concat())
        .expect(2, "error[CS601]");
    assert_eq!(std::fs::read(&store).unwrap(), b"mine\n");
    // A ref that another writer holds.
    let lock = ben.path.join(".git/refs/countersign/attestations.lock");
    std::fs::write(&lock, "").unwrap();
    ben.countersign(&["declare", "--ai", "generated"]).expect(
        2,
        "attestations is locked; if no other process works here, delete",
    );
    assert!(lock.exists());
    verify(&world, &ben, &[]).ok();
    std::fs::remove_file(&lock).unwrap();
    ben.countersign(&["declare", "--ai", "generated"]).ok();
}

/// Starts a command, kills it after a while, and gives how it ended otherwise. Whatever the moment, what is
/// asserted afterwards must hold: nothing here depends on how fast the machine is.
fn killed(person: &Clone, args: &[&str], after: u64) {
    let mut command = person.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_micros(after));
    let _ = child.kill();
    child.wait().unwrap();
}

/// Takes away the lock files that killed processes left, if the error of the next run names one.
fn runs_again(person: &Clone, args: &[&str]) {
    for _ in 0..3 {
        let run = person.countersign(args);
        if run.status == 0 {
            return;
        }
        let mut words = run.stderr.split_whitespace();
        let lock = words.rfind(|word| word.ends_with(".lock"));
        let lock = lock.unwrap_or_else(|| panic!("{run:?}"));
        // Told as seen from where the command ran.
        std::fs::remove_file(person.path.join(lock)).unwrap();
    }
    person.countersign(args).ok();
}

#[test]
fn a_declaration_that_is_killed_is_there_or_not_and_hurts_no_other() {
    let world = World::team();
    let ben = signed(&world);
    let declare = ["--offline", "declare", "--ai", "assisted"];
    for step in 0..25 {
        killed(&ben, &declare, step * 1_500);
        // What was signed before still is.
        verify(&world, &ben, &[]).ok();
    }
    runs_again(&ben, &declare);
    verify(&world, &ben, &[]).ok();
}

#[test]
fn a_trust_version_that_is_killed_is_the_old_or_the_new_one() {
    let world = World::team();
    let ana = world.person("ana");
    let sign = ["--offline", "trust", "sign", "--confirm", "3"];
    let version = ana.path.join(".countersign/trust/3.dsse.json");
    for step in 0..25 {
        killed(&ana, &sign, step * 1_500);
        ana.countersign(&["trust", "log"]).ok();
        if version.exists() {
            ana.countersign(&["trust", "log"]).expect(0, "3  ");
            std::fs::remove_file(&version).unwrap();
        }
    }
    ana.countersign(&sign).ok();
}

#[test]
fn an_init_that_is_killed_made_all_or_nothing() {
    let world = World::empty();
    let ana = world.clone_for("ana");
    ana.git(&["switch", "-q", "-c", "main"]);
    ana.commit("lib.rs", "pub fn notes() {}\n", "Begin");
    for step in 0..25 {
        killed(&ana, &["init"], step * 800);
        let folder = ana.path.join(".countersign");
        if folder.exists() {
            ana.countersign(&["roster", "lint"]).ok();
            ana.countersign(&["policy", "lint"]).ok();
            assert!(folder.join("trust/1.dsse.json").exists());
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
    ana.countersign(&["init"]).ok();
}
