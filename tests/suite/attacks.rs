//! What a junior with push rights tries, each with a twin that differs only in the attack.

use countersign::attestation::{
    AnyStatement, Bundle, Change, Decision, Declaration, PAYLOAD_TYPE, PersonClaim, PolicyShown,
    Predicate, Review, SignOff, Statement, pae,
};
use countersign::change::{ChangeDigest, CommitId, Identity};
use countersign::git::{Committer, Repository};
use countersign::keys::{PrivateKeyFile, Signer as _};
use countersign::store::{GitStore, Limits, STORE_REF, Store};

use crate::world::{Clone, World};

/// Ben's branch `tags`, declared and pushed; its digest.
fn declared(world: &World) -> (Clone, ChangeDigest) {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("lib.rs", "pub fn tags() {}\n", "Add tags");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let digest = ben.digest(&[]).parse().unwrap();
    (ben, digest)
}

/// The same, signed off by ana.
fn signed(world: &World) -> (Clone, ChangeDigest) {
    let (ben, digest) = declared(world);
    world.person("ana").sign("tags").ok();
    ben.countersign(&["sync"]).ok();
    (ben, digest)
}

/// Squashes `tags` onto main and pushes.
fn land(ben: &Clone) {
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags"]);
    ben.git(&["push", "-q"]);
}

/// The statements of a change in this clone's store.
fn statements(clone: &Clone, change: ChangeDigest) -> Vec<(AnyStatement, Bundle)> {
    let repo = Repository::open(&clone.path).unwrap();
    let store = Store::Git(GitStore::in_ref(&repo, STORE_REF, vec![]).unwrap());
    let listing = store
        .open()
        .unwrap()
        .bundles(&change, &Limits::default())
        .unwrap();
    let parse = |bytes: &Vec<u8>| {
        let bundle = Bundle::parse(bytes).unwrap();
        (AnyStatement::parse(bundle.payload()).unwrap(), bundle)
    };
    listing
        .bundles
        .iter()
        .map(|found| parse(&found.bytes))
        .collect()
}

pub fn declaration(clone: &Clone, change: ChangeDigest) -> Declaration {
    let found = statements(clone, change).into_iter();
    let mut declarations = found.filter_map(|(statement, _)| match statement {
        AnyStatement::Declaration(statement) => Some(statement.predicate),
        AnyStatement::SignOff(_) => None,
    });
    declarations.next().unwrap()
}

/// The payload digest of the one sign-off by `signer`.
fn approval_of(clone: &Clone, change: ChangeDigest, signer: &str) -> countersign::change::Digest {
    let found = statements(clone, change).into_iter();
    let mut sign_offs = found.filter_map(|(statement, bundle)| match statement {
        AnyStatement::SignOff(statement) if statement.predicate.signer.id == signer => {
            Some(bundle.payload_digest())
        }
        _ => None,
    });
    sign_offs.next().unwrap()
}

/// A sign-off by `signer` of what was declared.
pub fn decided(declaration: &Declaration, signer: &str, decision: Decision) -> SignOff {
    SignOff {
        change: declaration.change.clone(),
        authors: declaration.authors.clone(),
        ai_assistance: declaration.ai_assistance.clone(),
        declarations: Vec::new(),
        review: Review {
            decision,
            comment: None,
            evidence: Vec::new(),
            replaces: Vec::new(),
            interactive: false,
        },
        blast_radius: None,
        policy: PolicyShown {
            trust_version: 2,
            sha256: countersign::change::sha256(b""),
        },
        signer: PersonClaim { id: signer.into() },
        signed_on: declaration.declared_on,
        emergency: None,
    }
}

/// A declaration of the same change by somebody else.
fn declared_by(declaration: &Declaration, signer: &str) -> Declaration {
    Declaration {
        author: PersonClaim { id: signer.into() },
        ..declaration.clone()
    }
}

/// For another branch than main, and for one landed commit where there is one.
fn elsewhere(change: &Change, landed: Option<CommitId>) -> Change {
    let mut change = change.clone();
    change.targets[0].name = "refs/heads/other".into();
    change.landed = landed;
    change
}

/// Signs any predicate with the clone's own key, whatever the program would have said, and pushes it.
pub fn forge<P: Predicate<Subject = ChangeDigest>>(
    clone: &Clone,
    change: ChangeDigest,
    predicate: P,
) {
    let payload = Statement {
        subject: change,
        predicate,
    };
    put(clone, change, &payload.to_payload().unwrap());
}

fn put(clone: &Clone, change: ChangeDigest, payload: &[u8]) {
    let key = std::fs::read(clone.home.join("key")).unwrap();
    let signer = PrivateKeyFile::parse(&key).unwrap().signer(None).unwrap();
    let signature = signer.sign(&pae(PAYLOAD_TYPE, payload)).unwrap();
    let bundle = Bundle::new(payload, &signer.public_key().fingerprint(), &signature).unwrap();
    let repo = Repository::open(&clone.path).unwrap();
    let store = Store::Git(GitStore::in_ref(&repo, STORE_REF, vec![]).unwrap());
    let identity = Identity {
        name: "x".into(),
        email: "x@example.org".into(),
    };
    let by = Committer {
        identity,
        seconds: 1_700_000_000,
    };
    store
        .put_bundle(&change, bundle.as_bytes().to_vec(), &by)
        .unwrap();
    clone.countersign(&["sync"]).ok();
}

/// A clone of somebody whose `git` and store are up to date.
fn clone_of(world: &World, id: &str) -> Clone {
    let clone = world.fresh(id);
    clone.countersign(&["sync"]).ok();
    clone
}

#[test]
fn a_base_that_is_gone_is_no_tag_of_that_name() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.commit("lib.rs", "// unsigned\n", "Unsigned");
    ben.git(&["push", "-q"]);
    let gone = "1".repeat(40);
    for name in [gone.clone(), format!("{gone}~0"), gone.replace('1', "A")] {
        let tag = name.trim_end_matches("~0");
        ben.git(&["tag", "-f", tag]);
        ben.git(&["push", "-q", "-f", "origin", &format!("refs/tags/{tag}")]);
        world.ci(&format!("{name}..HEAD")).expect(2, "error[CS502]");
    }
    world.ci("HEAD~1..HEAD").expect(1, "error[CS102]");
}

#[test]
fn a_tag_stands_in_for_no_branch_and_no_shortened_id() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "x@y"]);
    let head = ben.commit("lib.rs", "// unsigned\n", "Unsigned");
    ben.git(&["push", "-q", "origin", "x@y"]);
    let ci = world.fresh("ci");
    ci.verify(&world, &["--pr", "origin/x@y"])
        .expect(1, "error[CS102]");
    ci.verify(&world, &["--pr", &head[..8]])
        .expect(1, "error[CS102]");
    for tag in ["origin/x@y", &head[..8]] {
        ben.git(&[
            "push",
            "-q",
            "origin",
            &format!("origin/main:refs/tags/{tag}"),
        ]);
    }
    let ci = world.fresh("ci");
    ci.verify(&world, &["--pr", "origin/x@y"])
        .expect(2, "is ambiguous");
    ci.verify(&world, &["--pr", &head[..8]])
        .expect(2, "is ambiguous");
    ci.verify(&world, &["--pr", &head])
        .expect(1, "error[CS102]");
}

#[test]
fn folders_without_files_do_not_nest_beyond_the_limit() {
    let world = World::team();
    let ben = world.fresh("ben");
    let mktree = |entries: String| {
        let list = ben.path.join("list");
        std::fs::write(&list, entries).unwrap();
        let mut command = ben.command("git");
        command
            .arg("mktree")
            .stdin(std::fs::File::open(&list).unwrap());
        crate::support::expect_success(&["mktree"], command.output().unwrap())
    };
    let nested = |depth: usize| {
        let mut tree = mktree(String::new());
        for _ in 0..depth {
            let entry = |name| format!("040000 tree {tree}\t{name}\n");
            tree = mktree(["a", "b", "c", "d"].map(entry).concat());
        }
        let root = format!(
            "{}\n040000 tree {tree}\tdeep\n",
            ben.git(&["ls-tree", "main"])
        );
        ben.git(&["commit-tree", "-m", "Deep", "-p", "main", &mktree(root)])
    };
    ben.verify(&world, &["--pr", &nested(3)])
        .expect(0, "brings in nothing");
    ben.verify(&world, &["--pr", &nested(40)])
        .expect(2, "error[CS507]");
}

#[test]
fn a_sign_off_after_landing_counts_for_its_own_branch_alone() {
    for (branch, status, text) in [("main", 0, "signed off by ana"), ("other", 1, "CS204")] {
        let world = World::team();
        let (ben, digest) = declared(&world);
        land(&ben);
        let declaration = declaration(&ben, digest);
        let ana = world.person("ana");
        let mut sign_off = decided(&declaration, "ana", Decision::Approved);
        sign_off.change = elsewhere(&declaration.change, Some(ben.head().parse().unwrap()));
        sign_off.change.targets[0].name = format!("refs/heads/{branch}");
        forge(&ana, digest, sign_off);
        world.ci("HEAD~1..HEAD").expect(status, text);
    }
}

#[test]
fn a_rejection_of_what_landed_elsewhere_refuses_nothing_here() {
    for (here, status, text) in [(false, 0, "signed off by ana"), (true, 1, "CS30")] {
        let world = World::team();
        let (ben, digest) = signed(&world);
        land(&ben);
        let declaration = declaration(&ben, digest);
        let carol = clone_of(&world, "carol");
        let mut rejection = decided(&declaration, "carol", Decision::Rejected);
        let landed = if here { ben.head() } else { "2".repeat(40) };
        rejection.change = elsewhere(&declaration.change, Some(landed.parse().unwrap()));
        if here {
            rejection.change.targets[0].name = "refs/heads/main".into();
        }
        forge(&carol, digest, rejection);
        world.ci("HEAD~1..HEAD").expect(status, text);
    }
}

#[test]
fn nobody_undoes_the_withdrawal_of_anothers_sign_off() {
    let world = World::team();
    let (ben, digest) = signed(&world);
    let declaration = declaration(&ben, digest);
    ben.verify(&world, &[]).expect(0, "signed off by ana");
    // For another branch, so that the rejection refuses nothing here by itself.
    let approval = approval_of(&ben, digest, "ana");
    let withdraw = |signer: &str, comment: u32| {
        let mut rejection = decided(&declaration, signer, Decision::Rejected);
        rejection.change = elsewhere(&declaration.change, None);
        rejection.review.replaces = vec![approval];
        rejection.review.comment = Some(comment.to_string());
        rejection
    };
    let ana = world.person("ana");
    forge(&ben, digest, withdraw("ben", 0));
    ben.verify(&world, &[]).expect(0, "signed off by ana");
    forge(&ana, digest, withdraw("ana", 0));
    ben.verify(&world, &[]).expect(1, "CS211");
    for comment in 1..12 {
        forge(&ben, digest, withdraw("ben", comment));
    }
    ben.verify(&world, &[]).expect(1, "CS211");
}

#[test]
fn nobody_vetoes_with_a_statement_whose_commits_cannot_be_read() {
    let world = World::team();
    let (ben, digest) = signed(&world);
    let declaration = declaration(&ben, digest);
    let omar = clone_of(&world, "omar");
    // A tree with one name twice.
    let blob = omar.git(&["rev-parse", "HEAD:lib.rs"]);
    let raw: Vec<u8> = (0..20)
        .map(|at| u8::from_str_radix(&blob[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let entry = [b"100644 a\0".as_slice(), &raw].concat();
    std::fs::write(omar.path.join("tree"), [entry.clone(), entry].concat()).unwrap();
    let tree = omar.git(&["hash-object", "-t", "tree", "--literally", "-w", "tree"]);
    let head = omar.git(&["commit-tree", "-m", "Twice", "-p", "main", &tree]);
    omar.git(&["push", "-q", "origin", &format!("{head}:refs/heads/twice")]);
    let mut own = declared_by(&declaration, "omar");
    own.change.head = head.parse().unwrap();
    forge(&omar, digest, own);
    ben.git(&["fetch", "-q"]);
    ben.verify(&world, &[]).expect(0, "signed off by ana");
    ben.verify(&world, &["--pr", &head])
        .expect(2, "malformed tree");
}

#[test]
fn nobody_vetoes_with_a_statement_made_on_a_commit_that_is_nowhere() {
    let world = World::team();
    let (ben, digest) = declared(&world);
    let declaration = declaration(&ben, digest);
    let omar = clone_of(&world, "omar");
    for nowhere in ["3".repeat(64), "3".repeat(40)] {
        let mut own = declared_by(&declaration, "omar");
        own.change.targets[0].tip = nowhere.parse().unwrap();
        own.change.base = nowhere.parse().unwrap();
        forge(&omar, digest, own);
    }
    // It may be what is missing, so nothing is decided until what is here suffices.
    ben.verify(&world, &[]).expect(2, "is not here");
    world.person("ana").sign("tags").ok();
    ben.verify(&world, &[]).expect(0, "signed off by ana");
}

#[test]
fn a_digest_names_its_change_whatever_junk_lies_under_it() {
    let world = World::team();
    let (ben, digest) = declared(&world);
    let declaration = declaration(&ben, digest);
    ben.git(&["switch", "-q", "-c", "evil", "main"]);
    let evil = ben.commit("lib.rs", "// evil\n", "Evil");
    ben.git(&["push", "-q", "origin", "evil"]);
    let named = format!("change:{}", &digest.to_string()[..12]);
    for count in 0..12 {
        let mut junk = declaration.clone();
        junk.change.head = evil.parse().unwrap();
        junk.reason = Some(count.to_string());
        forge(&ben, digest, junk);
    }
    assert_eq!(ben.digest(&[&named]), digest.to_string());
    let ana = world.person("ana");
    ana.git(&["fetch", "-q"]);
    ana.countersign(&["sync"]).ok();
    ana.countersign(&["sign", &named, "--confirm", &digest.to_string()])
        .expect(0, "approved by ana");
}

#[test]
fn the_root_that_is_seen_first_is_not_that_of_the_branch_at_hand() {
    let world = World::team();
    let mallory = world.fresh("mallory");
    mallory.git(&["switch", "-q", "-c", "own"]);
    std::fs::remove_dir_all(mallory.path.join(".countersign")).unwrap();
    mallory.git(&["commit", "-q", "-a", "-m", "Begin anew"]);
    mallory.countersign(&["init"]).ok();
    mallory.git(&["add", "-A"]);
    mallory.git(&["commit", "-q", "-m", "My own roster"]);
    mallory.git(&["push", "-q", "origin", "own"]);
    let ci = world.fresh("ci");
    ci.git(&["switch", "-q", "own"]);
    let _ = ci.countersign(&["status"]);
    assert_eq!(
        ci.git(&["config", "countersign.firstSeenRoot"]),
        world.root()
    );
}

#[test]
fn a_policy_that_nobody_signed_makes_fetch_write_over_no_other_branch() {
    let world = World::team();
    let ben = world.fresh("ben");
    let main = ben.head();
    ben.git(&["switch", "-q", "-c", "evil"]);
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ben.path.join(path)).unwrap();
    ben.commit(path, &policy.replace("heads/main", "heads/HEAD"), "Evil");
    ben.git(&["push", "-q", "origin", "evil", "evil:refs/heads/HEAD"]);
    let ci = world.fresh("ci");
    let tip = || ci.git(&["rev-parse", "refs/remotes/origin/main"]);
    assert_eq!(tip(), main);
    let _ = ci.verify(&world, &["--pr", "origin/evil"]);
    assert_eq!(tip(), main);
    ci.verify(&world, &["--pr", "origin/main"]).ok();
}

#[test]
fn a_co_author_who_also_lands_stays_an_author() {
    let world = World::team();
    for (branch, trailer, status, text) in [
        ("alone", "", 0, "declared assisted"),
        // The same person under another of their addresses.
        (
            "both",
            "\n\nCo-authored-by: Ben <9+ben@users.noreply.github.com>",
            1,
            "error[CS101]",
        ),
    ] {
        let ana = world.person("ana");
        if branch == "both" {
            let path = ".countersign/roster.toml";
            let roster = std::fs::read_to_string(ana.path.join(path)).unwrap();
            let emails = "emails = [\"ben@example.org\"]";
            assert!(roster.contains(emails), "{roster}");
            ana.write(
                path,
                &roster.replace(
                    emails,
                    &format!("{emails}\ngithub = {{ login = \"ben\", id = 9 }}"),
                ),
            );
            ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
            ana.git(&["add", "-A"]);
            ana.git(&["commit", "-q", "-m", "Ben's login"]);
            ana.git(&["push", "-q"]);
        }
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", branch]);
        ben.commit(branch, "x", &format!("Something{trailer}"));
        ben.git(&["push", "-q", "-u", "origin", branch]);
        // Carol declares as her own what ben's commit holds.
        let digest: ChangeDigest = ben.digest(&[]).parse().unwrap();
        ben.countersign(&["declare", "--ai", "assisted", "--offline"])
            .ok();
        let declaration = declaration(&ben, digest);
        let carol = clone_of(&world, "carol");
        let mut own = declared_by(&declaration, "carol");
        own.authors.retain(|author| author.email.is_none());
        own.authors[0].id = Some("carol".into());
        forge(&carol, digest, own);
        let ci = world.fresh("ci");
        ci.verify(&world, &["--pr", &format!("origin/{branch}")])
            .expect(status, text);
    }
}

#[test]
fn a_declaration_that_says_nothing_is_none() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("lib.rs", "// more\n", "More");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    let digest: ChangeDigest = ben.digest(&[]).parse().unwrap();
    let omar = clone_of(&world, "omar");
    omar.git(&["switch", "-q", "tags"]);
    omar.countersign(&["declare", "--ai", "none", "--offline"])
        .ok();
    let declaration = declaration(&omar, digest);
    let own = Statement {
        subject: digest,
        predicate: declared_by(&declaration, "ben"),
    };
    let payload = String::from_utf8(own.to_payload().unwrap()).unwrap();
    let said = "\"declared\":\"none\"";
    assert!(payload.contains(said), "{payload}");
    let silent = payload.replace(said, "\"declared\":null");
    put(&ben, digest, silent.as_bytes());
    ben.verify(&world, &[]).expect(1, "error[CS102]");
    put(&ben, digest, payload.as_bytes());
    ben.verify(&world, &[]).expect(0, "declared none");
}

#[test]
fn no_commit_of_a_trust_run_lies_ahead_of_the_clock() {
    for (date, status, text) in [
        ("@1700000000 +0000", 0, "trust metadata"),
        ("@4000000000 +0000", 2, "ahead of the clock"),
    ] {
        let world = World::team();
        let ana = world.person("ana");
        let path = ".countersign/roster.toml";
        let roster = std::fs::read_to_string(ana.path.join(path)).unwrap();
        ana.commit(path, &format!("{roster}# more\n"), "Edit the roster");
        ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
        ana.git(&["add", "-A"]);
        let args = ["commit", "-q", "-m", "Sign it"];
        let mut command = ana.command("git");
        command.env("GIT_COMMITTER_DATE", date).args(args);
        crate::support::expect_success(&args, command.output().unwrap());
        ana.git(&["push", "-q"]);
        world.ci("HEAD~2..HEAD").expect(status, text);
    }
}

#[test]
fn a_branch_that_moves_while_it_is_shown_is_not_signed() {
    for moves in [true, false] {
        let world = World::team();
        let (ben, _) = declared(&world);
        let carol = world.fresh("carol");
        carol.git(&["fetch", "-q"]);
        let plain = carol.command(env!("CARGO_BIN_EXE_countersign"));
        let mut given = 0;
        let answers = std::iter::from_fn(|| {
            given += 1;
            if given == 3 && moves {
                // The screen stands; the branch goes on, and carol's clone hears of it.
                ben.commit("lib.rs", "two\n", "Change it");
                ben.git(&["push", "-q"]);
                carol.git(&["fetch", "-q"]);
            }
            match given {
                1 => Some(("Sign off? [y/N] ", "m")),
                2 => Some(("Message: ", "read twice")),
                3 => Some(("Sign off? [y/N] ", "y")),
                _ => None,
            }
        });
        let run = Clone::play_with(&plain, &["sign", "tags"], answers);
        match moves {
            true => run.expect(2, "error[CS905]"),
            false => run.expect(0, "approved by carol"),
        };
    }
}

#[test]
fn a_shortened_digest_confirms_nothing() {
    let world = World::team();
    declared(&world);
    let carol = world.fresh("carol");
    let digest = carol.digest(&["origin/tags"]);
    for confirmed in [&digest[..63], &digest[..8], "", &digest.to_uppercase()] {
        carol
            .countersign(&["sign", "tags", "--confirm", confirmed])
            .expect(2, "error[CS903]");
    }
    carol
        .countersign(&["sign", "tags", "--confirm", &digest])
        .expect(0, "approved by carol");
}
