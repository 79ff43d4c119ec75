//! The security keys of the other tests, as OpenSSH alone sees them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::security_key::{Agent, Kind, PIN, SecurityKey, equip};
use crate::world::{Run, run};

/// Signs `data` in the folder with a key's file, or with what an agent holds for it.
fn signer(folder: &Path, key: &SecurityKey, pin: &str, agent: Option<&Agent>) -> Command {
    std::fs::write(folder.join("data"), "reviewed").unwrap();
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-Y", "sign", "-n", "countersign", "-f"]);
    equip(command.arg(key.public()).arg(folder.join("data")), pin);
    if let Some(agent) = agent {
        command.env("SSH_AUTH_SOCK", agent.socket());
        command.env_remove("SSH_SK_PROVIDER");
    }
    command
}

fn sign(folder: &Path, key: &SecurityKey, pin: &str, agent: Option<&Agent>) -> Run {
    let _ = std::fs::remove_file(folder.join("data.sig"));
    run(&mut signer(folder, key, pin, agent))
}

/// Has ssh-keygen verify the signature. Returns its flags and counter, which are its last bytes.
fn verified(folder: &Path, key: &SecurityKey) -> (u8, u32) {
    let public = std::fs::read_to_string(key.public()).unwrap();
    std::fs::write(folder.join("allowed"), format!("ana@example.org {public}")).unwrap();
    let check = |args: &[&str]| {
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-n", "countersign", "-s", "data.sig"])
            .args(args);
        let data = std::fs::File::open(folder.join("data")).unwrap();
        let status = command
            .current_dir(folder)
            .stdin(data)
            .stdout(Stdio::null());
        assert!(status.status().unwrap().success(), "{args:?}");
    };
    check(&["-Y", "verify", "-f", "allowed", "-I", "ana@example.org"]);
    check(&["-Y", "check-novalidate"]);
    let armored = std::fs::read_to_string(folder.join("data.sig")).unwrap();
    let lines = armored.lines().filter(|line| !line.starts_with('-'));
    let bytes = STANDARD.decode(lines.collect::<String>()).unwrap();
    let (rest, counter) = bytes.split_last_chunk().unwrap();
    (*rest.last().unwrap(), u32::from_be_bytes(*counter))
}

/// Asserts that a program still waits after a moment.
fn assert_waits(child: &mut Child) {
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none());
}

#[test]
fn keys_of_both_kinds_sign_with_the_flags_they_were_made_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agent = Agent::start(PIN);
    for kind in [Kind::Ed25519, Kind::Ecdsa] {
        for (options, flags) in [
            (&[] as &[&str], 0x01),
            (&["application=ssh:other"], 0x01),
            (&["no-touch-required"], 0x00),
            (&["verify-required"], 0x05),
            (&["verify-required", "no-touch-required"], 0x04),
        ] {
            let key = SecurityKey::make(folder, kind, options);
            sign(folder, &key, PIN, None).ok();
            assert_eq!(verified(folder, &key), (flags, 1), "{kind:?} {options:?}");
            agent.add(&key);
            sign(folder, &key, PIN, Some(&agent)).ok();
            assert_eq!(verified(folder, &key), (flags, 1), "{kind:?} {options:?}");
        }
    }
}

#[test]
fn a_device_says_no_without_the_touch_the_pin_or_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agent = Agent::start(PIN);
    let key = SecurityKey::make(folder, Kind::Ed25519, &["verify-required"]);
    agent.add(&key);
    sign(folder, &key, "4321", None).expect(255, "incorrect passphrase");
    key.behave("pin 4321");
    sign(folder, &key, "4321", None).ok();
    sign(folder, &key, PIN, Some(&agent)).expect(255, "agent refused");
    key.behave("touch no");
    sign(folder, &key, PIN, None).expect(255, "invalid format");
    sign(folder, &key, PIN, Some(&agent)).expect(255, "agent refused");
    key.behave("flags c1\ncounter 4294967295");
    for agent in [None, Some(&agent)] {
        sign(folder, &key, PIN, agent).ok();
        assert_eq!(verified(folder, &key), (0xc1, u32::MAX));
    }
    std::fs::remove_file(key.device()).unwrap();
    sign(folder, &key, PIN, None).expect(255, "device not found");
    sign(folder, &key, PIN, Some(&agent)).expect(255, "agent refused");
}

#[test]
fn a_touch_that_does_not_come_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = SecurityKey::make(folder, Kind::Ecdsa, &[]);
    let agent = Agent::start(PIN);
    agent.add(&key);
    key.behave("wait 600000");
    let mut alone = signer(folder, &key, PIN, None)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_waits(&mut alone);
    alone.kill().unwrap();
    alone.wait().unwrap();
    let mut behind = signer(folder, &key, PIN, Some(&agent));
    let mut behind = behind.stderr(Stdio::null()).spawn().unwrap();
    assert_waits(&mut behind);
    // The wait ends with the agent.
    drop(agent);
    assert!(!behind.wait().unwrap().success());
    key.behave("wait 1");
    sign(folder, &key, PIN, None).ok();
    assert_eq!(verified(folder, &key), (0x01, 1));
}
