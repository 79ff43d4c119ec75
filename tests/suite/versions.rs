//! One version judges, and the one before it what landed while the new one was on its way.

use crate::world::{Clone, World};

/// Ben's declared branch, signed off by carol.
fn signed(world: &World, name: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", name]);
    ben.commit(&format!("{name}.rs"), "one\n", &format!("Add {name}"));
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", name]);
    world
        .fresh("carol")
        .sign(name)
        .expect(0, "approved by carol");
    ben
}

/// Ana edits a trust file and signs the next version, but doesn't land it yet.
pub fn sign_version(world: &World, file: &str, edit: impl FnOnce(String) -> String) -> Clone {
    let ana = world.fresh("admin");
    let ana = Clone {
        home: world.person("ana").home,
        ..ana
    };
    ana.git(&["config", "countersign.root", &world.root()]);
    let text = std::fs::read_to_string(ana.path.join(file)).unwrap();
    ana.write(file, &edit(text));
    let versions = std::fs::read_dir(ana.path.join(".countersign/trust")).unwrap();
    let next = (versions.count() + 1).to_string();
    ana.countersign(&["trust", "sign", "--confirm", &next]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Sign the next version"]);
    ana
}

fn land(ana: &Clone) {
    ana.git(&["pull", "-q", "--rebase"]);
    ana.git(&["push", "-q"]);
}

fn two_signers(policy: String) -> String {
    format!("{policy}\n[[rule]]\nname = \"two\"\nrequire = {{ signers = 2, level = \"senior\" }}\n")
}

pub fn revoke(roster: &str, id: &str, reason: &str) -> String {
    let named = format!("id = \"{id}\"");
    let (before, after) = roster.split_once(&named).unwrap();
    let (key, rest) = after.split_once("ssh = ").unwrap();
    let (line, rest) = rest.split_once('\n').unwrap();
    let revoked = format!("revoked = {{ on = \"2026-11-20\", reason = \"{reason}\" }}");
    format!("{before}{named}{key}ssh = {line}\n{revoked}\n{rest}")
}

#[test]
fn a_new_rule_does_not_bind_what_landed_before_it() {
    let world = World::team();
    let ben = signed(&world, "tags");
    let ana = sign_version(&world, ".countersign/policy.toml", two_signers);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    // Not landed, the new version judges nothing.
    world.ci("HEAD~1..HEAD").expect(0, "1 signed");
    land(&ana);
    world
        .ci("HEAD~2..HEAD")
        .expect(0, "1 signed, 1 trust, 1 by trust version 2");
    world
        .ci("HEAD~2..HEAD~1")
        .expect(0, "signed off by carol, 1 by trust version 2");
    let ci = world.person("ci");
    let root = world.root();
    ci.countersign(&["verify", "--release", "--root", &root])
        .expect(0, "1 by trust version 2");
    // What lands after it is bound.
    let late = signed(&world, "late");
    late.git(&["push", "-q", "origin", "HEAD:main"]);
    world
        .ci("HEAD~1..HEAD")
        .expect(1, "rule    \"two\" policy.toml");
}

#[test]
fn a_key_that_retired_since_still_counts_there_and_a_compromised_one_does_not() {
    for (reason, status) in [("retired", 0), ("compromised", 1)] {
        let world = World::team();
        let ben = signed(&world, "tags");
        let ana = sign_version(&world, ".countersign/roster.toml", |roster| {
            revoke(&roster, "carol", reason)
        });
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        land(&ana);
        let verified = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(
            verified.stdout.contains("CS202"),
            status == 1,
            "{verified:?}"
        );
    }
}

#[test]
fn a_statement_that_the_new_version_withdraws_does_not_count_there_either() {
    for (named, status) in [("sign-off", 1), ("nothing", 0)] {
        let world = World::team();
        let ben = signed(&world, "tags");
        let show = world
            .person("carol")
            .countersign(&["show", "--format", "json", "origin/tags"])
            .stdout;
        let shown: serde_json::Value = serde_json::from_str(&show).unwrap();
        let statements = shown["statements"].as_array().unwrap();
        let sign_off = statements
            .iter()
            .find(|statement| statement["kind"] == "sign-off");
        let payload = match named {
            "sign-off" => sign_off.unwrap()["payload"].as_str().unwrap().to_owned(),
            _ => "0".repeat(64),
        };
        let ana = sign_version(&world, ".countersign/roster.toml", |roster| {
            format!("{roster}\n[[withdrawn]]\npayload = \"{payload}\"\nwhy = \"signed in error\"\n")
        });
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        land(&ana);
        let verified = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(
            verified.stdout.contains("CS211"),
            status == 1,
            "{verified:?}"
        );
    }
}

/// Only the new version knows omar as somebody who could sign; his word stands.
#[test]
fn a_rejection_that_the_new_version_knows_stands() {
    for (promoted, status) in [(true, 1), (false, 0)] {
        let world = World::team();
        let ben = signed(&world, "tags");
        let ana = sign_version(&world, ".countersign/roster.toml", |roster| {
            let (before, after) = roster.split_once("id = \"omar\"").unwrap();
            let after = match promoted {
                true => after.replacen("level = \"mid\"", "level = \"senior\"", 1),
                false => after.replacen("level = \"mid\"", "level = \"junior\"", 1),
            };
            format!("{before}id = \"omar\"{after}")
        });
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        land(&ana);
        let omar = world.fresh("omar");
        let unit = omar.git(&["rev-parse", "HEAD~1"]);
        let digest = omar.digest(&[&unit]);
        let sign = ["sign", "--reject", "-m", "no", &unit, "--confirm", &digest];
        let run = omar.countersign(&sign);
        assert_eq!(run.stdout.contains("rejected by omar"), promoted, "{run:?}");
        let verified = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(verified.stdout.contains("CS302"), promoted, "{verified:?}");
    }
}

/// The release branch has version 3 in its tree, in which carol's key is in force; main has version 4.
#[test]
fn an_old_release_branch_keeps_no_signer_alive() {
    for (reason, status) in [("retired", 1), ("none", 0)] {
        let world = World::team();
        let ana = sign_version(&world, ".countersign/policy.toml", |policy| {
            let both = "\"refs/heads/main\", \"refs/heads/release\"";
            policy.replacen("\"refs/heads/main\"", both, 1)
        });
        ana.git(&[
            "push",
            "-q",
            "origin",
            "HEAD:main",
            "HEAD:refs/heads/release",
        ]);
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "fix", "origin/release"]);
        ben.commit("fix.rs", "one\n", "Fix");
        let target = ["--target", "release"];
        ben.countersign(&[&["declare", "--ai", "assisted"][..], &target].concat())
            .ok();
        ben.git(&["push", "-q", "-u", "origin", "fix"]);
        let carol = world.fresh("carol");
        let digest = ben.digest(&target);
        let sign = ["sign", "fix", "--confirm", &digest];
        carol
            .countersign(&[&sign[..], &target].concat())
            .expect(0, "approved by carol");
        ben.git(&["push", "-q", "origin", "HEAD:release"]);
        if reason == "retired" {
            let ana = sign_version(&world, ".countersign/roster.toml", |roster| {
                revoke(&roster, "carol", reason)
            });
            land(&ana);
        }
        let ci = world.fresh("ci");
        ci.git(&["switch", "-q", "release"]);
        let verify = ["verify", "--fetch", "--root", &world.root()];
        let range = ["HEAD~1..HEAD"];
        let run = ci.countersign(&[&verify[..], &target, &range].concat());
        let run = run.expect(status, "");
        assert_eq!(run.stdout.contains("CS202"), status == 1, "{run:?}");
    }
}

/// Carol's key retires, or doesn't, by a version that lands on main; ben takes it to another branch after what she signed.
#[test]
fn on_another_branch_a_version_is_not_held_back_by_whoever_pushes() {
    for (retired, status) in [(true, 1), (false, 0)] {
        let world = World::team();
        world.protect_release();
        let ana = world.person("ana");
        ana.git(&["push", "-q", "origin", "origin/main:refs/heads/release"]);
        world.sign_policy(|policy| format!("{policy}\n# Release has a checkpoint.\n"));
        ana.git(&["fetch", "-q"]);
        ana.git(&["push", "-q", "origin", "origin/main:refs/heads/release"]);

        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "fix", "origin/release"]);
        ben.commit("fix.rs", "one\n", "Fix");
        let target = ["--target", "release"];
        ben.countersign(&[&["declare", "--ai", "assisted"], &target[..]].concat())
            .ok();
        ben.git(&["push", "-q", "-u", "origin", "fix"]);
        let carol = world.fresh("carol");
        let digest = carol.digest(&["origin/fix", "--target", "release"]);
        let sign = ["sign", "fix", "--confirm", &digest];
        carol
            .countersign(&[&sign, &target[..]].concat())
            .expect(0, "approved by carol");

        let admin = sign_version(&world, ".countersign/roster.toml", |roster| match retired {
            true => revoke(&roster, "carol", "retired"),
            false => format!("{roster}\n# Nobody left.\n"),
        });
        land(&admin);
        ben.git(&["fetch", "-q"]);
        ben.git(&["checkout", "-q", "origin/main", "--", ".countersign"]);
        ben.git(&["commit", "-q", "-m", "Take the version along"]);
        ben.git(&["push", "-q", "origin", "HEAD:release"]);
        let ci = world.fresh("ci");
        ci.git(&["switch", "-q", "release"]);
        let args = ["--target", "release", "HEAD~2..HEAD"];
        let run = ci.verify(&world, &args).expect(status, "");
        assert_eq!(run.stdout.contains("CS202"), retired, "{run:?}");
    }
}

/// What landed on main before a version did stands on a branch that was cut from it; what came after the version is bound
/// there too.
#[test]
fn a_branch_that_is_cut_from_the_first_takes_what_landed_there_before_a_version() {
    for (late, status) in [(false, 0), (true, 1)] {
        let world = World::team();
        world.protect_release();
        let ben = signed(&world, "tags");
        let ana = sign_version(&world, ".countersign/policy.toml", two_signers);
        if !late {
            ben.git(&["push", "-q", "origin", "HEAD:main"]);
        }
        land(&ana);
        if late {
            ben.git(&["pull", "-q", "--rebase", "origin", "main"]);
            ben.git(&["push", "-q", "origin", "HEAD:main"]);
        }
        ana.git(&["fetch", "-q"]);
        ana.git(&["push", "-q", "origin", "origin/main:refs/heads/release"]);
        let ci = world.fresh("ci");
        let args = ["--target", "release", "--release", "origin/release"];
        let run = ci.verify(&world, &args).expect(status, "");
        let told = if late {
            "rule    \"two\""
        } else {
            "1 by trust version 3"
        };
        assert!(run.stdout.contains(told), "{run:?}");
    }
}
