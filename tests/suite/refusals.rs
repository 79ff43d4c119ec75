//! What must be refused, each with a twin that differs only in the fault and passes.

use crate::world::{Clone, World};

/// Ben's declared branch `tags`, signed off by ana, squashed onto main by `how` and pushed.
fn landed(world: &World, how: impl FnOnce(&Clone)) {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit(
        "lib.rs",
        "pub fn notes() {}\npub fn tags() {}\n",
        "Add tags\n\nAssisted-by: Claude:claude-opus-4-7",
    );
    ben.countersign(&["declare", "--ai", "assisted"])
        .expect(0, "pushed to origin");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    world
        .person("ana")
        .sign("tags")
        .expect(0, "approved by ana");
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    how(&ben);
    ben.git(&["commit", "-q", "-m", "Add tags"]);
    ben.git(&["push", "-q"]);
}

#[test]
fn what_was_signed_lands() {
    let world = World::team();
    landed(&world, |_| {});
    world.ci("HEAD~1..HEAD").expect(0, "1 signed (exact)");
}

#[test]
fn one_line_more_than_was_signed_is_refused_and_named() {
    let world = World::team();
    landed(&world, |ben| {
        ben.write("lib.rs", "pub fn notes() {}\npub fn tags() {}\n// more\n");
        ben.git(&["add", "-A"]);
    });
    let run = world
        .ci("HEAD~1..HEAD")
        .expect(1, "error[CS102]: declaration missing");
    assert!(
        run.stdout.contains("of another change: lib.rs differs"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_amended_branch_waits_again() {
    let world = World::team();
    landed(&world, |_| {});
    let ben = world.person("ben");
    ben.git(&["switch", "-q", "-c", "more"]);
    ben.commit("lib.rs", "// one\n", "One");
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.verify(&world, &[]).expect(0, "declared none");
    ben.write("lib.rs", "// two\n");
    ben.git(&["commit", "-q", "-a", "--amend", "--no-edit"]);
    ben.verify(&world, &[]).expect(1, "error[CS102]");
}

#[test]
fn a_deleted_sign_off_is_missing_and_a_deleted_declaration_takes_its_sign_off_along() {
    let world = World::team();
    landed(&world, |_| {});
    let remote = world.path().join("remote.git");
    let store = "refs/countersign/attestations";
    let git = |args: &[&str]| crate::support::git(&remote, args);
    let good = git(&["rev-parse", store]);
    let bundles: Vec<String> = git(&["ls-tree", "-r", "--name-only", store])
        .lines()
        .filter(|name| name.ends_with(".json"))
        .map(str::to_owned)
        .collect();
    assert_eq!(bundles.len(), 2);
    let mut seen = Vec::new();
    for name in &bundles {
        // The store without one of its files.
        let index = world.path().join("index");
        let with_index = |args: &[&str]| {
            let mut command = crate::support::git_command(&remote);
            command.env("GIT_INDEX_FILE", &index).args(args);
            crate::support::expect_success(args, command.output().unwrap())
        };
        with_index(&["read-tree", &good]);
        with_index(&["rm", "-q", "--cached", name]);
        let tree = with_index(&["write-tree"]);
        let commit = git(&["commit-tree", "-m", "lost", &tree]);
        git(&["update-ref", store, &commit]);
        let run = world.ci("HEAD~1..HEAD").expect(1, "error[CS10");
        seen.push((
            run.stdout.contains("CS603"),
            run.stdout.contains("error[CS101]"),
        ));
        git(&["update-ref", store, &good]);
        world.ci("HEAD~1..HEAD").ok();
    }
    seen.sort();
    assert_eq!(
        seen,
        [(false, true), (true, true)],
        "one without the sign-off, one without the declaration"
    );
}

#[test]
fn the_author_hidden_behind_anothers_address_changes_nothing() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "hidden"]);
    ben.git(&["config", "user.email", "carol@example.org"]);
    ben.commit("lib.rs", "// by ben\n", "Something by carol, it says");
    let waiting = ben.verify(&world, &[]).expect(1, "error[CS102]");
    assert!(
        waiting.stdout.contains("by carol (senior)"),
        "{}",
        waiting.stdout
    );
    // Ben's own declaration proves who wrote it, so a senior is asked.
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.verify(&world, &[]).expect(1, "error[CS101]");
    // The twin: carol herself declares, and nobody else is asked.
    let carol = world.clone_for("carol");
    carol.git(&["switch", "-q", "-c", "own"]);
    carol.commit("lib.rs", "// by carol\n", "Something by carol");
    carol.countersign(&["declare", "--ai", "assisted"]).ok();
    carol.verify(&world, &[]).expect(0, "declared assisted");
}

#[test]
fn an_undeclared_change_with_a_hidden_author_who_signs_is_not_enough_for_a_rule_for_everybody() {
    let world = World::team();
    let carol = world.clone_for("carol");
    carol.git(&["switch", "-q", "-c", "hidden"]);
    carol.git(&["config", "user.email", "ben@example.org"]);
    carol.commit("lib.rs", "// by carol, as ben\n", "Hidden");
    carol.git(&["push", "-q", "-u", "origin", "hidden"]);
    carol.sign("hidden").expect(0, "approved by carol");
    carol
        .verify(&world, &[])
        .expect(1, "error[CS102]: declaration missing");
}

#[test]
fn a_roster_edited_in_the_pull_request_is_refused_and_judges_nothing() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "promote"]);
    let path = ".countersign/roster.toml";
    let roster = std::fs::read_to_string(ben.path.join(path)).unwrap();
    ben.commit(
        path,
        &roster.replace("\"junior\"\nemails", "\"principal\"\nemails"),
        "Promote me",
    );
    ben.verify(&world, &[]).expect(1, "error[CS401]");
    ben.commit("lib.rs", "// mixed\n", "And some code");
    ben.verify(&world, &[]).expect(1, "error[CS409]");
    // The twin: the admin signs the same edit.
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "promote-ben"]);
    ana.commit(
        path,
        &roster.replace("\"junior\"\nemails", "\"mid\"\nemails"),
        "Promote ben",
    );
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Sign it"]);
    ana.verify(&world, &[]).expect(0, "trust metadata");
}

#[test]
fn trust_files_that_are_stray_removed_or_forged_are_refused() {
    let world = World::team();
    let ben = world.fresh("ben");
    let cases: [(&str, &dyn Fn(), &str); 4] = [
        ("stray", &|| ben.write(".countersign/notes", "x"), "CS409"),
        (
            "removed",
            &|| std::fs::remove_file(ben.path.join(".countersign/trust/2.dsse.json")).unwrap(),
            "CS402",
        ),
        (
            "forged",
            &|| {
                let second =
                    std::fs::read_to_string(ben.path.join(".countersign/trust/2.dsse.json"))
                        .unwrap();
                ben.write(".countersign/trust/3.dsse.json", &second);
            },
            "CS407",
        ),
        (
            "dropped",
            &|| std::fs::remove_file(ben.path.join(".countersign/policy.toml")).unwrap(),
            "CS401",
        ),
    ];
    for (name, edit, code) in cases {
        ben.git(&["switch", "-q", "-c", name, "origin/main"]);
        edit();
        ben.git(&["add", "-A"]);
        ben.git(&["commit", "-q", "-m", name]);
        ben.verify(&world, &[]).expect(1, code);
    }
}

#[test]
fn landing_again_after_a_revert_needs_a_new_sign_off() {
    let world = World::team();
    landed(&world, |_| {});
    let ana = world.person("ana");
    ana.git(&["pull", "-q"]);
    ana.git(&["revert", "--no-edit", "HEAD"]);
    ana.git(&["revert", "--no-edit", "HEAD"]);
    ana.git(&["push", "-q"]);
    world.ci("HEAD~1..HEAD").expect(1, "CS209");
    world.ci("HEAD~3..HEAD~2").expect(0, "1 signed (exact)");
}

#[test]
fn ranges_that_name_nothing_to_judge_are_undecided() {
    let world = World::team();
    landed(&world, |_| {});
    let ci = world.fresh("ci");
    let root = world.root();
    let verify = |range: &str| ci.countersign(&["verify", "--fetch", "--root", &root, range]);
    verify("nowhere..HEAD").expect(2, "error[CS502]");
    verify("..HEAD").expect(2, "error[CS502]");
    verify("HEAD..").expect(2, "error[CS502]");
    verify("HEAD").expect(2, "error[CS502]");
    verify("HEAD..HEAD~1").expect(2, "lies behind BASE");
    verify("HEAD~1..HEAD").ok();
    verify("HEAD..HEAD").expect(0, "nothing to land");
}

#[test]
fn a_base_off_the_line_is_undecided() {
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "side", "main~1"]);
    ana.commit("side", "x", "Side");
    ana.git(&["merge", "-q", "-m", "Foxtrot", "main"]);
    ana.git(&["push", "-q", "origin", "side:main"]);
    world.ci("HEAD^2..HEAD").expect(2, "error[CS504]");
}

#[test]
fn a_shallow_clone_is_undecided_and_names_the_cure() {
    let world = World::team();
    landed(&world, |_| {});
    let _ = std::fs::remove_dir_all(world.path().join("ci"));
    let ci = world.person("ci");
    let url = format!("file://{}", world.path().join("remote.git").display());
    let in_folder = Clone {
        path: world.path().to_owned(),
        ..ci.clone()
    };
    in_folder.git(&["clone", "-q", "--depth", "1", &url, "ci"]);
    let root = world.root();
    let verify = || ci.countersign(&["verify", "--root", &root, "HEAD~1..HEAD"]);
    let run = verify().expect(2, "error[CS501]");
    assert!(
        run.stderr
            .contains("verify --fetch, or git fetch --unshallow"),
        "{}",
        run.stderr
    );
    ci.countersign(&["sync"]).ok();
    // As deep as the range and what was signed for it is deep enough.
    ci.git(&["fetch", "-q", "--depth", "2", "origin", "main"]);
    verify().ok();
    let whole = ["verify", "--root", &root, "HEAD~2..HEAD"];
    ci.countersign(&whole).expect(2, "error[CS501]");
    ci.git(&["fetch", "-q", "--unshallow"]);
    ci.countersign(&whole).ok();
}

#[test]
fn no_root_and_another_root_are_undecided() {
    let world = World::team();
    landed(&world, |_| {});
    let ci = world.fresh("ci");
    ci.countersign(&["verify", "--fetch", "HEAD~1..HEAD"])
        .expect(2, "error[CS405]");
    let other = format!("sha256:{}", "0".repeat(64));
    ci.countersign(&["verify", "--fetch", "--root", &other, "HEAD~1..HEAD"])
        .expect(2, "error[CS408]");
    ci.countersign(&["verify", "--fetch", "--root", "sha256:0", "HEAD~1..HEAD"])
        .expect(2, "error[CS901]");
    // What other commands saw first pins no gate.
    ci.countersign(&["status"]).expect(0, "first use here");
    ci.countersign(&["verify", "HEAD~1..HEAD"])
        .expect(2, "error[CS405]");
    ci.countersign(&["trust", "pin", &world.root()]).ok();
    ci.countersign(&["verify", "--fetch", "HEAD~1..HEAD"]).ok();
}

#[test]
fn attestations_that_were_never_fetched_are_told_from_none() {
    let world = World::team();
    landed(&world, |_| {});
    let ci = world.fresh("ci");
    let root = world.root();
    ci.countersign(&["verify", "--root", &root, "HEAD~1..HEAD"])
        .expect(2, "error[CS604]");
    ci.countersign(&["verify", "--fetch", "--root", &root, "HEAD~1..HEAD"])
        .ok();
    let ben = world.person("ben");
    ben.commit("lib.rs", "// unsigned\n", "Unsigned");
    ben.git(&["push", "-q"]);
    world.ci("HEAD~1..HEAD").expect(1, "error[CS102]");
}

#[test]
fn empty_units_need_nothing_and_are_listed() {
    let world = World::team();
    let ana = world.person("ana");
    ana.git(&["commit", "-q", "--allow-empty", "-m", "Nothing"]);
    ana.git(&["push", "-q"]);
    world
        .ci("HEAD~1..HEAD")
        .expect(0, "1 unit that brings in nothing");
    ana.git(&["switch", "-q", "-c", "empty"]);
    ana.countersign(&["declare", "--ai", "none"])
        .expect(2, "error[CS907]");
}

#[test]
fn expired_trust_is_undecided() {
    let world = World::team();
    let ana = world.person("ana");
    let verify = |at: &str| ana.verify(&world, &["--at", at, "HEAD~1..HEAD"]);
    verify("2040-01-01T00:00:00Z").expect(2, "error[CS404]");
}

#[test]
fn the_target_of_a_statement_is_the_branch_it_names() {
    let world = World::team();
    let ana = world.person("ana");
    let policy = std::fs::read_to_string(ana.path.join(".countersign/policy.toml")).unwrap();
    ana.write(
        ".countersign/policy.toml",
        &policy.replace(
            "[\"refs/heads/main\"]",
            "[\"refs/heads/main\", \"refs/heads/release\"]",
        ),
    );
    ana.git(&["push", "-q", "origin", "main:release"]);
    ana.git(&["fetch", "-q"]);
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Protect release"]);
    ana.git(&["push", "-q"]);
    landed(&world, |_| {});
    world.ci("HEAD~1..HEAD").ok();
    let ben = world.person("ben");
    ben.git(&["fetch", "-q"]);
    ben.git(&["switch", "-q", "release"]);
    ben.git(&["cherry-pick", "main"]);
    ben.git(&["push", "-q"]);
    let ci = world.fresh("ci");
    let args = [
        "verify",
        "--fetch",
        "--root",
        &world.root(),
        "--target",
        "release",
        "origin/release~1..origin/release",
    ];
    ci.countersign(&args).expect(1, "CS204");
}

#[test]
fn no_version_is_signed_that_every_gate_would_refuse() {
    let world = World::team();
    let ana = world.person("ana");
    let path = ana.path.join(".countersign/policy.toml");
    let policy = std::fs::read_to_string(path).unwrap();
    for (line, status, text) in [
        ("store = \"refs/x/attestations\"", 2, "error[CS906]"),
        ("checkpoints = [\"gate\"]", 2, "error[CS406]"),
        ("checkpoints = [\"admins\"]", 0, "in force with the commit"),
    ] {
        ana.write(".countersign/policy.toml", &format!("{line}\n{policy}"));
        ana.countersign(&["trust", "sign", "--confirm", "3"])
            .expect(status, text);
    }
}

#[test]
fn a_sign_off_older_than_its_rule_takes_does_not_count_unless_it_landed_in_time() {
    let world = World::team();
    let rule = "[[rule]]\nname = \"fresh\"\npaths = [\"lib.rs\"]\nrequire = { level = \"senior\", max_age = \"1d\" }\n";
    crate::evidence::change_policy(&world, rule);
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("lib.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    world.person("ana").sign("tags").ok();
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let later = |hours: i64| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
        at.to_string()
    };
    let ci = world.fresh("ci");
    ci.verify(&world, &["--at", &later(23), "HEAD~1..HEAD"])
        .ok();
    ci.verify(&world, &["--at", &later(25), "HEAD~1..HEAD"])
        .expect(1, "CS208 signed longer ago than the rule takes");
    // A release looks back at when it landed.
    ci.verify(&world, &["--at", &later(25), "--release"]).ok();
}
