//! Every key that an engineer may have: signed with, verified by the gate and by OpenSSH, and what it proves.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::attestation::Bundle;
use serde_json::Value;

use crate::security_key::{Agent, Kind, PIN, SecurityKey, equip};
use crate::support;
use crate::world::{Clone, Run, World, run};

const BOTH: [Kind; 2] = [Kind::Ed25519, Kind::Ecdsa];

/// Asks a touch of whoever signs.
const TOUCH: &str =
    "[[rule]]\nname = \"touch\"\nrequire = { signers = 1, level = \"senior\", presence = true }\n";

/// The roster has one more key of a person.
fn enroll(world: &World, id: &str, public: &Path) {
    let ana = world.person("ana");
    world.sign_file("roster.toml", |_| {
        ana.countersign(&["roster", "set", id, "--key", public.to_str().unwrap()])
            .expect(0, "Not in force yet");
        std::fs::read_to_string(ana.path.join(".countersign/roster.toml")).unwrap()
    });
}

/// Ben's declared branch `work`, pushed.
pub fn branch(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.commit("lib.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    ben
}

/// Signs `work` off, with more arguments, as somebody whose OpenSSH finds security keys.
pub fn sign(person: &Clone, pin: &str, args: &[&str]) -> Run {
    person.git(&["fetch", "-q"]);
    let digest = person.digest(&["origin/work"]);
    let mut command = person.command(env!("CARGO_BIN_EXE_countersign"));
    if person.agent.is_none() {
        equip(&mut command, pin);
    }
    command
        .args(["sign", "work", "--confirm", &digest])
        .args(args);
    run(&mut command)
}

pub fn with_key(key: &SecurityKey) -> [&str; 2] {
    ["--key", key.path.to_str().unwrap()]
}

fn check(world: &World) -> Run {
    world.fresh("ci").verify(world, &["--pr", "origin/work"])
}

/// A world whose policy asks a touch, and a security key of carol's that its roster knows.
pub fn touched(kind: Kind, options: &[&str]) -> (World, SecurityKey) {
    let world = World::team();
    let carol = world.clone_for("carol");
    let key = SecurityKey::make(&carol.home, kind, options);
    enroll(&world, "carol", &key.public());
    world.sign_policy(|policy| format!("{policy}\n{TOUCH}"));
    branch(&world);
    (world, key)
}

#[test]
fn a_touch_meets_a_rule_that_asks_for_one_and_a_key_in_a_file_does_not() {
    for kind in BOTH {
        let (world, key) = touched(kind, &[]);
        let carol = world.fresh("carol");
        // The key in her file does for another rule alone, and for nothing more.
        let file =
            sign(&carol, PIN, &[]).expect(0, "presence: you count, but not with this key (CS207)");
        assert!(
            file.stdout.contains("approved by carol     bundle"),
            "{file:?}"
        );
        sign(&carol, PIN, &[]).expect(1, "error[CS207]");
        check(&world).expect(1, "CS103");
        sign(&carol, PIN, &with_key(&key))
            .expect(0, "approved by carol, presence")
            .expect(0, "Touch your security key (SHA256:");
        check(&world).expect(0, "signed off by carol");
    }
}

#[test]
fn an_agent_that_holds_a_security_key_signs_with_it() {
    for kind in BOTH {
        let (world, key) = touched(kind, &[]);
        let agent = Agent::start(PIN);
        agent.add(&key);
        let carol = world.fresh("carol").with_agent(&agent.socket());
        let public = key.public();
        sign(&carol, PIN, &["--key", public.to_str().unwrap()])
            .expect(0, "approved by carol, presence");
        check(&world).expect(0, "signed off by carol");
    }
}

/// What somebody else has to sign again with the proof is told with their name.
#[test]
fn a_signature_without_the_touch_that_a_rule_asks_waits_and_names_who_can_touch() {
    let (world, key) = touched(Kind::Ed25519, &[]);
    let lenient = TOUCH.replace(", presence = true", "");
    world.sign_policy(|policy| policy.replace(TOUCH, &lenient));
    let carol = world.fresh("carol");
    sign(&carol, PIN, &[]).expect(0, "approved by carol");
    world.sign_policy(|policy| policy.replace(&lenient, TOUCH));
    check(&world)
        .expect(1, "error[CS103]: presence missing")
        .expect(1, "who     carol");
    // The same person signs again, with the key that can.
    let carol = world.fresh("carol");
    sign(&carol, PIN, &with_key(&key)).expect(0, "approved by carol, presence");
    check(&world).expect(0, "signed off by carol");
}

#[test]
fn a_security_key_that_asks_no_touch_signs_nothing() {
    let (world, key) = touched(Kind::Ed25519, &["no-touch-required"]);
    let carol = world.fresh("carol");
    sign(&carol, PIN, &with_key(&key)).expect(2, "without a touch");
    check(&world).expect(1, "waiting");
}

#[test]
fn what_a_security_key_signed_without_a_touch_is_refused_by_the_gate() {
    for (flags, status) in [("01", 0), ("00", 1), ("04", 1)] {
        let (world, key) = touched(Kind::Ed25519, &[]);
        let carol = world.fresh("carol");
        sign(&carol, PIN, &with_key(&key)).ok();
        // The same statement, signed again by the same key as the test wants it.
        let (path, bundle) = approval(&carol);
        key.behave(&format!("flags {flags}"));
        let again = resigned(&carol, &key, &bundle, "countersign");
        put(&carol, &path, &again);
        let told = check_store(&world, &carol).expect(status, "");
        assert_eq!(told.stdout.contains("CS207"), status == 1, "{told:?}");
    }
}

#[test]
fn an_ssh_signature_for_something_else_is_refused_by_the_gate() {
    for (namespace, status) in [("countersign", 0), ("git", 1)] {
        let (world, key) = touched(Kind::Ecdsa, &[]);
        let carol = world.fresh("carol");
        sign(&carol, PIN, &with_key(&key)).ok();
        let (path, bundle) = approval(&carol);
        let again = resigned(&carol, &key, &bundle, namespace);
        put(&carol, &path, &again);
        let told = check_store(&world, &carol).expect(status, "");
        assert_eq!(told.stdout.contains("CS210"), status == 1, "{told:?}");
    }
}

#[test]
fn a_pin_proves_more_than_a_touch() {
    for (options, status) in [(&["verify-required"][..], 0), (&[], 1)] {
        let (world, key) = touched(Kind::Ed25519, options);
        world.sign_policy(|policy| policy.replace("presence = true", "user_verification = true"));
        let carol = world.fresh("carol");
        sign(&carol, PIN, &with_key(&key)).expect(0, "approved by carol, presence");
        check(&world).expect(status, "");
    }
}

#[test]
fn a_wrong_pin_or_no_touch_signs_nothing() {
    let (world, key) = touched(Kind::Ed25519, &["verify-required"]);
    let carol = world.fresh("carol");
    sign(&carol, "4321", &with_key(&key)).expect(2, "CS904");
    key.behave("touch no");
    sign(&carol, PIN, &with_key(&key)).expect(2, "ssh-keygen made no signature");
    check(&world).expect(1, "waiting");
}

#[test]
fn ssh_keygen_verifies_what_a_security_key_signed() {
    for kind in BOTH {
        let (world, key) = touched(kind, &[]);
        let carol = world.fresh("carol");
        sign(&carol, PIN, &with_key(&key)).ok();
        let (_, bundle) = approval(&carol);
        let file = carol.path.join("bundle.json");
        std::fs::write(&file, bundle.as_bytes()).unwrap();
        let exported = ["show", "bundle.json", "--export", "parts"];
        carol
            .countersign(&exported)
            .expect(0, "pae, payload.json, signature, pae.sig in parts");
        carol.countersign(&exported).expect(2, "can't write");
        let parts = carol.path.join("parts");
        let signature = parts.join("pae.sig");
        let pae = std::fs::read(parts.join("pae")).unwrap();
        assert_eq!(
            std::fs::read(parts.join("payload.json")).unwrap(),
            bundle.payload()
        );
        let signers = carol
            .countersign(&["roster", "export", "--allowed-signers"])
            .ok();
        let allowed = carol.path.join("allowed");
        std::fs::write(&allowed, signers.stdout).unwrap();
        for (message, verifies) in [(pae, true), (b"another".to_vec(), false)] {
            let file = carol.path.join("message");
            std::fs::write(&file, message).unwrap();
            let mut command = Command::new("ssh-keygen");
            command.args([
                "-Y",
                "verify",
                "-n",
                "countersign",
                "-I",
                "carol@example.org",
                "-f",
            ]);
            command.arg(&allowed).arg("-s").arg(&signature);
            command.stdin(std::fs::File::open(file).unwrap());
            assert_eq!(command.output().unwrap().status.success(), verifies);
        }
    }
}

/// Carol's approval in her store: its file and what it holds.
pub fn approval(carol: &Clone) -> (String, Bundle) {
    let name = "refs/countersign/attestations";
    let listed = carol.git(&["ls-tree", "-r", "--name-only", name]);
    let mut found = listed
        .lines()
        .filter(|path| path.ends_with(".json"))
        .filter_map(|path| {
            let text = carol.git(&["show", &format!("{name}:{path}")]);
            let bundle = Bundle::parse(text.as_bytes()).unwrap();
            let statement: Value = serde_json::from_slice(bundle.payload()).unwrap();
            let signer = statement["predicate"]["signer"]["id"].as_str();
            (signer == Some("carol")).then(|| (path.to_owned(), bundle))
        });
    found.next().unwrap()
}

/// The same statement signed again with ssh-keygen.
fn resigned(carol: &Clone, key: &SecurityKey, bundle: &Bundle, namespace: &str) -> Bundle {
    let message = carol.path.join("again");
    std::fs::write(&message, bundle.pae()).unwrap();
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(&key.path)
        .arg(&message);
    support::expect_success(&["ssh-keygen"], equip(&mut command, PIN).output().unwrap());
    let armoured = std::fs::read(message.with_extension("sig")).unwrap();
    let signature = countersign::keys::dearmor(&armoured).unwrap();
    Bundle::new(bundle.payload(), bundle.hint(), &signature).unwrap()
}

/// Puts a bundle into a folder's store, in place of another of its change, with all else that carol's store has.
pub fn put(carol: &Clone, path: &str, bundle: &Bundle) {
    let store = carol.path.join("store");
    let _ = std::fs::remove_dir_all(&store);
    std::fs::create_dir_all(&store).unwrap();
    let archive = carol.path.join("store.tar");
    let output = format!("--output={}", archive.display());
    carol.git(&[
        "archive",
        "--format=tar",
        &output,
        "refs/countersign/attestations",
    ]);
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(&store);
    support::expect_success(&["tar"], tar.output().unwrap());
    let old = store.join(path);
    std::fs::remove_file(&old).unwrap();
    std::fs::write(
        old.with_file_name(format!("{}.json", bundle.name())),
        bundle.as_bytes(),
    )
    .unwrap();
}

fn check_store(world: &World, carol: &Clone) -> Run {
    let store: PathBuf = carol.path.join("store");
    let root = world.root();
    let args = [
        "verify",
        "--root",
        &root,
        "--pr",
        "origin/work",
        "--store",
        store.to_str().unwrap(),
    ];
    carol.git(&["fetch", "-q"]);
    carol.countersign(&args)
}

/// A key that ssh-keygen made, in the form that its options say.
fn made(folder: &Path, name: &str, passphrase: &str, options: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-C", "", "-N", passphrase])
        .args(options)
        .arg("-f")
        .arg(&path);
    support::expect_success(&["ssh-keygen"], command.output().unwrap());
    path
}

#[test]
fn p256_keys_sign_from_every_file_that_ssh_keygen_writes() {
    let ecdsa = ["-t", "ecdsa", "-b", "256"];
    for (name, passphrase, form) in [
        ("openssh", "", &[][..]),
        ("locked", "secret", &["-a", "1"]),
        ("pkcs8", "", &["-m", "PKCS8"]),
        ("locked-pkcs8", "secret", &["-m", "PKCS8"]),
        ("sec1", "", &["-m", "PEM"]),
    ] {
        let world = World::team();
        let carol = world.clone_for("carol");
        let key = made(&carol.home, name, passphrase, &[&ecdsa[..], form].concat());
        enroll(&world, "carol", &key.with_extension("pub"));
        branch(&world);
        let carol = world.fresh("carol");
        let secret = carol.home.join("secret");
        std::fs::write(&secret, format!("{passphrase}\n")).unwrap();
        let mut args = vec!["--key", key.to_str().unwrap()];
        if !passphrase.is_empty() {
            sign(&carol, PIN, &args).expect(2, "CS904");
            args.extend(["--passphrase-file", secret.to_str().unwrap()]);
        }
        sign(&carol, PIN, &args).expect(0, "approved by carol");
        check(&world).expect(0, "signed off by carol");
    }
}

#[test]
fn an_agent_signs_with_a_p256_key() {
    let world = World::team();
    let carol = world.clone_for("carol");
    let key = made(&carol.home, "p256", "", &["-t", "ecdsa"]);
    enroll(&world, "carol", &key.with_extension("pub"));
    branch(&world);
    let agent = support::Agent::start();
    let mut add = Command::new("ssh-add");
    add.arg("-q").arg(&key).env("SSH_AUTH_SOCK", agent.socket());
    support::expect_success(&["ssh-add"], add.output().unwrap());
    std::fs::remove_file(&key).unwrap();
    let carol = world.fresh("carol").with_agent(&agent.socket());
    let public = key.with_extension("pub");
    sign(&carol, PIN, &["--key", public.to_str().unwrap()]).expect(0, "approved by carol");
    check(&world).expect(0, "signed off by carol");
}

#[test]
fn a_roster_takes_a_key_in_pem() {
    let world = World::team();
    let carol = world.clone_for("carol");
    let key = made(&carol.home, "p256", "", &["-t", "ecdsa"]);
    let exported = Command::new("ssh-keygen")
        .args(["-e", "-m", "PKCS8", "-f"])
        .arg(&key)
        .output()
        .unwrap();
    let pem = String::from_utf8(exported.stdout).unwrap();
    world.sign_file("roster.toml", |roster| {
        let carol = "id = \"carol\"";
        let at = roster.find(carol).unwrap();
        let next = roster[at..].find("[[engineer.key]]").unwrap() + at;
        format!(
            "{}[[engineer.key]]\npem = '''\n{pem}'''\n\n{}",
            &roster[..next],
            &roster[next..]
        )
    });
    branch(&world);
    let carol = world.fresh("carol");
    sign(&carol, PIN, &["--key", key.to_str().unwrap()]).expect(0, "approved by carol");
    check(&world).expect(0, "signed off by carol");
    carol
        .countersign(&["roster", "export", "carol", "--pem"])
        .expect(0, &pem);
}

#[test]
fn a_key_that_nobody_can_sign_with_says_what_to_do() {
    let world = World::team();
    let carol = world.clone_for("carol");
    branch(&world);
    let key = made(&carol.home, "rsa", "", &["-t", "rsa", "-b", "2048"]);
    sign(&carol, PIN, &["--key", key.to_str().unwrap()])
        .expect(2, "ssh-keygen -t ed25519 makes one");
}
