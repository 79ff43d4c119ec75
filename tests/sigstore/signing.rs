//! The whole program with a private instance: somebody signs as an identity, and the gate counts it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use countersign::attestation::Bundle;
use countersign::change::{Digest, sha256};
use serde_json::{Value, json};

use crate::instance::{ISSUER, Instance, now, signed_ahead, token};
use crate::world::{Clone, Run, World, run};

const CAROL: &str = "carol@example.com";
const JOB: &str = "https://ci.example.com/acme/notes/.ci/deps.yml@refs/heads/main";

/// The team, in which carol may sign as an identity too.
fn team(identity: &str, issuer: &str) -> World {
    enrolled("carol", identity, issuer, "")
}

fn enrolled(who: &str, identity: &str, issuer: &str, more: &str) -> World {
    let world = World::team();
    world.clone_for("carol");
    world.sign_file("roster.toml", |roster| {
        let key = format!(
            "[[engineer.key]]\nsigstore = {{ identity = \"{identity}\", issuer = \"{issuer}\" }}{more}\n\n"
        );
        let person = roster.find(&format!("id = \"{who}\"")).unwrap();
        let at = person + roster[person..].find("[[engineer.key]]").unwrap();
        [&roster[..at], &key, &roster[at..]].concat()
    });
    world
}

/// Ben's branch, which he declares and pushes.
fn declared(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let file = world.path().join("declaration");
    let args = ["declare", "--ai", "assisted", "-o", file.to_str().unwrap()];
    ben.countersign(&args).ok();
    ben
}

fn written(world: &World, claims: &Value) -> String {
    let path = world.path().join("token");
    std::fs::write(&path, format!("{}\n", token(claims))).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The options for an instance at this address.
fn of_instance(address: &str, root: &Path) -> [String; 6] {
    let root = root.to_str().unwrap();
    [
        "--fulcio-url",
        address,
        "--rekor-url",
        address,
        "--trusted-root",
        root,
    ]
    .map(str::to_owned)
}

/// Carol signs the branch off with these options.
fn sign(world: &World, options: &[&str]) -> Run {
    let carol = world.person("carol");
    carol.git(&["fetch", "-q"]);
    let digest = carol.digest(&["origin/tags"]);
    let args = ["sign", "tags", "--confirm", &digest, "--keyless"];
    carol.countersign(&[&args, options].concat())
}

/// The same with a token and an instance.
fn sign_with(world: &World, claims: &Value, (address, root): (&str, &Path), more: &[&str]) -> Run {
    let token = written(world, claims);
    let instance = of_instance(address, root);
    let instance = instance.iter().map(String::as_str);
    let token = ["--identity-token", token.as_str()].into_iter();
    let all: Vec<_> = token.chain(instance).chain(more.iter().copied()).collect();
    sign(world, &all)
}

fn carol() -> Value {
    json!({"sub": "17", "email": CAROL, "email_verified": true})
}

#[test]
fn a_senior_signs_off_as_an_identity_and_the_gate_counts_it() {
    let instance = Instance::start();
    let root = instance.root_file();
    let world = team(CAROL, ISSUER);
    let ben = declared(&world);
    let stamps = instance.at("/api/v1/timestamp");
    let run = sign_with(
        &world,
        &carol(),
        (&instance.address, &root),
        &["--timestamp-url", &stamps],
    )
    .expect(0, "approved by carol, timestamp");
    let address = &instance.address;
    let told =
        format!("Keyless   the log {address} will name {CAROL} at {ISSUER} to everybody, for good");
    assert!(run.stdout.contains(&told), "{run:?}");
    let told = format!(
        "Signing with {address} (certificate), {address} (log, public for good), {stamps} (time)"
    );
    assert_eq!(run.stderr.matches(&told).count(), 1, "{run:?}");

    let root = root.to_str().unwrap();
    ben.verify(&world, &["--trusted-root", root])
        .expect(0, "signed off by carol");
    let verdict = ben.verify(&world, &["--trusted-root", root, "--format", "json"]);
    let verdict: Value = serde_json::from_str(&verdict.ok().stdout).unwrap();
    let statements = verdict["units"][0]["statements"].as_array().unwrap();
    let approval = statements.iter().find(|it| it["kind"] == "sign-off");
    assert_eq!(approval.unwrap()["proves"], json!(["timestamp"]));
    // Nobody of the public instance vouches for it.
    ben.verify(&world, &[]).expect(1, "CS210");
}

#[test]
fn a_rejection_that_another_instances_root_can_not_check_is_told_and_refuses_nothing() {
    let (instance, other) = (Instance::start(), Instance::start());
    let root = instance.root_file();
    let world = team(CAROL, ISSUER);
    let ben = declared(&world);
    let at = (instance.address.as_str(), root.as_path());
    let reject = ["--reject", "-m", "Too many tags."];
    sign_with(&world, &carol(), at, &reject).expect(1, "rejected by carol");
    world.clone_for("grace").sign("tags").ok();
    let judged = |root: &Path, more: &[&str]| {
        let root = ["--trusted-root", root.to_str().unwrap()];
        ben.verify(&world, &[&root, more].concat())
    };
    let told = "warning[CS210]: signature wrong: a statement by the identity of carol does not verify by this trusted root: is it the right one?";
    let run = judged(&root, &[]).expect(1, "error[CS302]");
    assert!(!run.stdout.contains(told), "{run:?}");
    let run = judged(&other.root_file(), &[]).expect(0, "signed off by grace");
    assert!(run.stdout.contains(told), "{run:?}");
    let run = judged(&other.root_file(), &["--format", "json"]).ok();
    let verdict: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(verdict["units"][0]["findings"][0]["effect"], json!("warns"));
}

/// Ben's declaration and a sign-off in a store of their own, which the gate judges.
fn judged(ben: &Clone, world: &World, instance: &Instance, bundles: &[&[u8]]) -> Run {
    let change = ben.digest(&[]);
    let store = tempfile::tempdir().unwrap();
    let folder = store.path().join(&change[..2]).join(&change[2..4]);
    let folder = folder.join(&change);
    std::fs::create_dir_all(&folder).unwrap();
    for bytes in bundles {
        std::fs::write(folder.join(format!("{}.json", sha256(bytes))), bytes).unwrap();
    }
    let (store, root) = (store.path(), instance.root_file());
    let (store, root) = (store.to_str().unwrap(), root.to_str().unwrap());
    ben.verify(world, &["--store", store, "--trusted-root", root])
}

#[test]
fn an_identity_that_only_resembles_the_enrolled_one_is_nobodys() {
    let instance = Instance::start();
    let world = team(CAROL, ISSUER);
    let ben = declared(&world);
    let [declaration, signed] = ["declaration", "signed"].map(|name| world.path().join(name));
    let root = instance.root_file();
    let file = ["-o", signed.to_str().unwrap()];
    sign_with(&world, &carol(), (&instance.address, &root), &file).ok();
    let [declaration, signed] = [declaration, signed].map(|path| std::fs::read(path).unwrap());
    let bundle = Bundle::parse(&signed).unwrap();
    let subject: Digest = ben.digest(&[]).parse().unwrap();
    // What carol signed, signed by others who have certificates of the same authority.
    for (email, issuer, status, text) in [
        (CAROL, ISSUER, 0, "signed off by carol"),
        ("carol@example.com.evil.example", ISSUER, 1, "CS201"),
        ("not-carol@example.com", ISSUER, 1, "CS201"),
        ("arol@example.com", ISSUER, 1, "CS201"),
        ("Carol@example.com", ISSUER, 1, "CS201"),
        (
            CAROL,
            "https://accounts.example.com.evil.example",
            1,
            "CS201",
        ),
        (CAROL, "https://accounts.example.com/", 1, "CS201"),
    ] {
        let signer = instance.signer(&json!({"sub": "1", "email": email, "iss": issuer}), true);
        let made = signer.sign(bundle.payload(), subject.as_bytes(), &instance.root);
        let made = made.unwrap();
        judged(&ben, &world, &instance, &[&declaration, made.bundle()]).expect(status, text);
    }
}

#[test]
fn what_is_logged_ahead_of_the_gates_clock_is_told_and_refuses_nothing() {
    let instance = Instance::start();
    let world = team(CAROL, ISSUER);
    let ben = declared(&world);
    let [declaration, approval, rejection] =
        ["declaration", "approval", "rejection"].map(|name| world.path().join(name));
    let root = instance.root_file();
    let at = (instance.address.as_str(), root.as_path());
    let file = ["--reject", "-m", "No.", "-o", rejection.to_str().unwrap()];
    sign_with(&world, &carol(), at, &file).expect(1, "rejected by carol");
    let grace = world.clone_for("grace");
    let digest = grace.digest(&["origin/tags"]);
    let args = ["sign", "tags", "--confirm", &digest, "-o"];
    grace.countersign(&[&args[..], &[approval.to_str().unwrap()]].concat());
    let [declaration, approval, rejection] =
        [&declaration, &approval, &rejection].map(|path| std::fs::read(path).unwrap());
    let payload = Bundle::parse(&rejection).unwrap().payload().to_vec();
    let told = "warning[CS215]: signed in the future: a statement by the identity of carol is in the log ahead of this machine's clock";
    for (ahead, status, warned) in [(0, 1, false), (120, 0, true)] {
        let rejection = signed_ahead(&instance, &carol(), &payload, ahead);
        let all = [&declaration[..], &approval, &rejection];
        let run = judged(&ben, &world, &instance, &all).expect(status, "");
        assert_eq!(run.stdout.contains(told), warned, "{run:?}");
        assert_eq!(run.stdout.contains("error[CS302]"), !warned, "{run:?}");
    }
}

#[test]
fn who_would_not_count_is_told_before_anything_is_signed() {
    let instance = Instance::start();
    let root = instance.root_file();
    // Nothing listens there: whoever is asked is found out.
    let nowhere = ("http://127.0.0.1:9", root.as_path());
    let world = team(CAROL, ISSUER);
    declared(&world);
    for (email, issuer) in [
        ("eve@example.com", ISSUER),
        ("Carol@example.com", ISSUER),
        (CAROL, "https://login.example.com"),
    ] {
        let claims = json!({"sub": "1", "email": email, "iss": issuer});
        let told = format!("doesn't know {email} at {issuer} (--identity-token)");
        sign_with(&world, &claims, nowhere, &[]).expect(2, &told);
    }
    // The same for a provider that asked another one.
    let asked = json!({"connector_id": "https://login.example.com"});
    let claims = json!({"sub": "1", "email": "eve@example.com", "federated_claims": asked});
    let told = "doesn't know eve@example.com at https://login.example.com";
    sign_with(&world, &claims, nowhere, &[]).expect(2, told);
    let revoked = "\nrevoked = { on = \"2025-01-01\", reason = \"retired\" }";
    for (who, more, status, text) in [
        ("carol", revoked, 2, "error[CS202]"),
        ("ben", "", 1, "error[CS205]"),
        ("omar", "", 1, "error[CS206]"),
    ] {
        let world = enrolled(who, CAROL, ISSUER, more);
        declared(&world);
        sign_with(&world, &carol(), nowhere, &[]).expect(status, text);
    }
}

#[test]
fn what_can_not_become_a_signature_is_told_before_anything_is_signed() {
    let instance = Instance::start();
    let root = instance.root_file();
    let nowhere = ("http://127.0.0.1:9", root.as_path());
    let world = team(CAROL, ISSUER);
    declared(&world);
    let old = json!({"sub": "1", "email": CAROL, "exp": now() - 1});
    sign_with(&world, &old, nowhere, &[]).expect(2, "expired");
    sign_with(&world, &json!({"sub": "job"}), nowhere, &[]).expect(2, "--identity URI");
    sign_with(&world, &carol(), nowhere, &["--offline"]).expect(2, "--offline");
    let plain = ("http://fulcio.example.com", root.as_path());
    sign_with(&world, &carol(), plain, &[]).expect(2, "is not an https address");
    // Half an instance: what its log took would never verify.
    let token = written(&world, &carol());
    let token = ["--identity-token", token.as_str()];
    let all = of_instance(nowhere.0, nowhere.1);
    for left_out in [0, 2, 4] {
        let mut half: Vec<_> = all.iter().map(String::as_str).collect();
        half.drain(left_out..left_out + 2);
        let half = [&token, half.as_slice()].concat();
        sign(&world, &half).expect(2, "name all three, or none");
    }
    // A root that could check no certificate.
    let stamps = world.path().join("stamps.json");
    let whole: Value = serde_json::from_slice(&std::fs::read(&root).unwrap()).unwrap();
    let part = |name: &str| whole[name].clone();
    let alone = json!({"mediaType": part("mediaType"), "timestampAuthorities": part("timestampAuthorities")});
    std::fs::write(&stamps, alone.to_string()).unwrap();
    let alone = (nowhere.0, stamps.as_path());
    sign_with(&world, &carol(), alone, &[]).expect(2, "timestamp authorities alone");
    // No token, and nobody to ask.
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    sign(&world, &all).expect(2, "no identity token");
    sign(&world, &["--key", "x"]).expect(2, "cannot be used with");
    // The services are not there.
    let run = sign_with(&world, &carol(), nowhere, &[]);
    run.expect(
        2,
        "the certificate authority (Fulcio) at http://127.0.0.1:9",
    );
}

#[test]
fn a_certificate_for_somebody_else_is_not_kept() {
    let instance = Instance::start();
    let root = instance.root_file();
    let world = team(JOB, ISSUER);
    let ben = declared(&world);
    let at = (instance.address.as_str(), root.as_path());
    // The authority goes by the e-mail address, whatever was hoped for.
    sign_with(&world, &carol(), at, &["--identity", JOB]).expect(
        2,
        "the certificate is for carol@example.com at https://accounts.example.com, not for https://ci",
    );
    let verify = ["--trusted-root", root.to_str().unwrap()];
    let run = ben.verify(&world, &verify).expect(1, "error[CS101]");
    assert!(!run.stdout.contains("CS201"), "{run:?}");
    // A root of another instance.
    let other = Instance::start();
    let at = (instance.address.as_str(), &*other.root_file());
    sign_with(&world, &json!({"sub": JOB}), at, &["--identity", JOB])
        .expect(2, "what the services made does not verify");
    let at = (instance.address.as_str(), root.as_path());
    let options = ["--identity", JOB, "--format", "json"];
    let run = sign_with(&world, &json!({"sub": JOB}), at, &options).ok();
    let made: Value = serde_json::from_str(&run.stdout).unwrap();
    let schema = include_str!("../../schemas/output-v1.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&made), "{made}");
    assert_eq!(made["key"], json!(format!("{JOB} at {ISSUER}")));
    ben.verify(&world, &verify).ok();
}

/// What the user's git configuration says of the instance.
fn configure(clone: &Clone, instance: &Instance) {
    let root = instance.root_file();
    for (key, value) in [
        ("fulcioUrl", instance.address.as_str()),
        ("rekorUrl", &instance.address),
        ("oidcUrl", &instance.at("/provider")),
        ("trustedRoot", root.to_str().unwrap()),
    ] {
        clone.git(&["config", "--global", &format!("countersign.{key}"), value]);
    }
}

#[test]
fn the_repository_does_not_say_where_an_identity_token_goes() {
    let instance = Instance::start();
    let root = instance.root_file();
    let world = team(CAROL, ISSUER);
    declared(&world);
    let token = written(&world, &carol());
    let token = ["--identity-token", token.as_str()];
    let person = world.person("carol");
    let keys = ["fulcioUrl", "rekorUrl"].map(|key| format!("countersign.{key}"));
    person.git(&["config", "countersign.trustedRoot", root.to_str().unwrap()]);
    for key in &keys {
        person.git(&["config", key, &instance.address]);
    }
    let run = sign(&world, &token).expect(2, "name all three, or none");
    assert!(
        run.stderr
            .contains("in your git configuration, not the repository's")
    );
    for key in &keys {
        person.git(&["config", key, "http://127.0.0.1:9"]);
        person.git(&["config", "--global", key, &instance.address]);
    }
    // All three may be the user's, and the gate goes by the repository's alone.
    person.git(&["config", "--unset", "countersign.trustedRoot"]);
    person.git(&[
        "config",
        "--global",
        "countersign.trustedRoot",
        root.to_str().unwrap(),
    ]);
    let run = sign(&world, &token).expect(0, "approved by carol, timestamp");
    let told = format!("; the identity token goes to {}", instance.address);
    assert!(run.stdout.contains(&told), "{run:?}");
    let judged = |what| {
        person
            .verify(&world, &["--pr", "origin/tags"])
            .expect(what, "")
    };
    judged(1);
    person.git(&["config", "countersign.trustedRoot", root.to_str().unwrap()]);
    judged(0);
}

#[test]
fn a_job_of_a_ci_system_declares_its_own_paths_with_the_token_that_it_has() {
    let instance = Instance::start();
    let world = World::team();
    world.sign_file("roster.toml", |roster| {
        let key = format!("{{ sigstore = {{ identity = \"{JOB}\", issuer = \"{ISSUER}\" }} }}");
        format!("{roster}\n[[automation]]\nid = \"deps\"\npaths = [\"**/*.lock\"]\nkey = {key}\n")
    });
    let bot = world.fresh("ci");
    configure(&bot, &instance);
    let declare = |token: &Value| {
        let mut command: Command = bot.command(env!("CARGO_BIN_EXE_countersign"));
        let request = instance.at(&format!("/ci?token={}", crate::instance::token(token)));
        command
            .args(["declare", "--ai", "none", "--keyless", "--identity", JOB])
            .envs([
                ("GITHUB_ACTIONS", "true"),
                ("ACTIONS_ID_TOKEN_REQUEST_URL", &request),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x"),
            ]);
        run(&mut command)
    };
    let root = instance.root_file();
    for (path, status, text) in [
        ("go.lock", 0, "1 unit (declared none)"),
        ("lib.rs", 1, "CS218 lib.rs is not a path of deps"),
    ] {
        bot.git(&["switch", "-q", "-C", "bump", "origin/main"]);
        bot.commit(path, "v2\n", "Bump versions");
        let told = format!("by deps ({JOB} at {ISSUER})");
        declare(&json!({"sub": JOB})).expect(0, &told);
        bot.git(&["push", "-q", "origin", "HEAD:main"]);
        let args = ["--trusted-root", root.to_str().unwrap(), "HEAD~1..HEAD"];
        bot.verify(&world, &args).expect(status, text);
    }
    // A job that may have no token.
    let mut command = bot.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(["declare", "--ai", "none", "--keyless", "--identity", JOB])
        .env("GITHUB_ACTIONS", "true");
    run(&mut command).expect(2, "permissions: id-token: write");
}

#[test]
fn a_person_says_at_the_provider_who_they_are_and_again_once_the_token_has_expired() {
    let instance = Instance::start();
    let connector = "https://login.example.com";
    let world = team(CAROL, connector);
    declared(&world);
    let carol = world.person("carol");
    configure(&carol, &instance);
    let asked = json!({"connector_id": connector});
    let code = |email: &str, valid: i64| {
        let expires = now() + valid;
        token(&json!({"sub": "1", "email": email, "federated_claims": asked, "exp": expires}))
    };
    let question = "The code that you are given there: ";
    let address = format!("{}/auth?client_id=sigstore", instance.at("/provider"));
    for (email, status, text) in [
        ("eve@example.com", 2, "you said that you are somebody else"),
        (CAROL, 0, "approved by carol, timestamp"),
    ] {
        let (short, long) = (code(CAROL, 3), code(email, 600));
        let answers = [
            (question, &*short),
            ("Sign off? [y/N] ", "y"),
            (question, &*long),
        ];
        let mut given = 0;
        let answers = answers.into_iter().inspect(|_| {
            // The screen is read until the first token is no longer valid.
            if given == 1 {
                std::thread::sleep(Duration::from_secs(4));
            }
            given += 1;
        });
        let plain = carol.command(env!("CARGO_BIN_EXE_countersign"));
        let run = Clone::play_with(&plain, &["sign", "tags", "--keyless"], answers);
        let run = run.expect(status, text);
        assert_eq!(run.stdout.matches(&address).count(), 2, "{run:?}");
    }
    let plain = carol.command(env!("CARGO_BIN_EXE_countersign"));
    // Nobody is asked who said that they won't answer.
    Clone::play(&plain, &["sign", "tags", "--keyless", "--no-input"], &[])
        .expect(2, "no terminal to ask on");
    Clone::play(&plain, &["sign", "tags", "--keyless"], &[(question, "")])
        .expect(2, "nobody gave a code");
}
