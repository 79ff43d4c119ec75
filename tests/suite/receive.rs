//! The gate of a server: git's pre-receive hook in the bare repository that everybody pushes to.

use std::process::Command;

use countersign::attestation::{AnyStatement, Bundle, Decision};

use crate::emergencies;
use crate::hook::path_with_program;
use crate::world::{Clone, Run, World, run};

/// The team, with the hook installed on the server and its root pinned.
fn guarded() -> World {
    let world = World::team();
    guard(&world);
    world
}

fn guard(world: &World) {
    let server = server(world);
    server
        .countersign(&["hook", "install", "--pre-receive"])
        .expect(0, "refuses what is pushed to protected branches")
        .expect(0, "git config countersign.root sha256:DIGEST");
    server.git(&["config", "countersign.root", &world.root()]);
}

/// The bare repository.
fn server(world: &World) -> Clone {
    Clone {
        path: world.path().join("remote.git"),
        ..world.person("ana")
    }
}

/// Pushes with the program on the path, as the server's hook finds it.
fn push(clone: &Clone, args: &[&str]) -> Run {
    let mut git: Command = clone.command("git");
    git.env("PATH", path_with_program());
    run(git.arg("push").args(args))
}

fn branch(world: &World, extent: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    ben.git(&["config", "countersign.push", "false"]);
    ben.countersign(&["declare", "--ai", extent]).ok();
    ben
}

const STORE: &str = "refs/countersign/attestations:refs/countersign/attestations";

#[test]
fn what_is_pushed_with_its_attestations_lands_and_what_waits_is_refused_with_what_to_do() {
    for (extent, lands) in [("none", true), ("generated", false)] {
        let world = guarded();
        let before = server(&world).git(&["rev-parse", "main"]);
        let ben = branch(&world, extent);
        let pushed = push(&ben, &["origin", "HEAD:main", STORE]);
        assert_eq!(pushed.status == 0, lands, "{pushed:?}");
        let after = server(&world).git(&["rev-parse", "main"]);
        assert_eq!(before == after, !lands);
        if !lands {
            for told in [
                "remote: error[CS101]: sign-off missing",
                "remote:   who     ana, carol, grace",
                "remote:   next    countersign sign",
            ] {
                assert!(pushed.stderr.contains(told), "{pushed:?}");
            }
            // The branch is no protected one, so ana can look at it and sign.
            assert_eq!(push(&ben, &["origin", "tags", STORE]).status, 0);
            let ana = world.person("ana");
            ana.git(&["config", "countersign.push", "false"]);
            ana.sign("tags").ok();
            assert_eq!(push(&ana, &["origin", STORE]).status, 0);
            assert_eq!(push(&ben, &["origin", "HEAD:main"]).status, 0);
        }
    }
}

#[test]
fn nothing_lands_on_a_server_without_a_pinned_root_or_without_the_program() {
    let world = guarded();
    let ben = branch(&world, "none");
    let plain = run(ben
        .command("git")
        .args(["push", "origin", "HEAD:main", STORE]));
    assert_ne!(plain.status, 0, "{plain:?}");
    server(&world).git(&["config", "--unset", "countersign.root"]);
    let pushed = push(&ben, &["origin", "HEAD:main", STORE]);
    assert_ne!(pushed.status, 0);
    assert!(
        pushed.stderr.contains("error[CS405]: could not decide"),
        "{pushed:?}"
    );
    server(&world).git(&["config", "countersign.root", &world.root()]);
    assert_eq!(push(&ben, &["origin", "HEAD:main", STORE]).status, 0);
}

#[test]
fn a_protected_branch_is_neither_deleted_nor_rewritten() {
    let world = guarded();
    server(&world).git(&["config", "receive.denyDeleteCurrent", "ignore"]);
    let ben = branch(&world, "none");
    let deleted = push(&ben, &["origin", ":main"]);
    assert!(
        deleted.stderr.contains("deletes the protected branch main"),
        "{deleted:?}"
    );
    ben.git(&["reset", "-q", "--hard", "HEAD~2"]);
    ben.commit("other.rs", "one\n", "Another line");
    let forced = push(&ben, &["-f", "origin", "HEAD:main"]);
    assert!(forced.stderr.contains("CS504"), "{forced:?}");
    assert_ne!(forced.status, 0);
}

#[test]
fn other_branches_and_tags_are_pushed_as_ever() {
    let world = guarded();
    let ben = branch(&world, "generated");
    ben.git(&["tag", "v1"]);
    assert_eq!(push(&ben, &["origin", "tags", "v1"]).status, 0);
    assert_eq!(push(&ben, &["origin", ":tags"]).status, 0);
}

#[test]
fn of_several_branches_one_that_is_refused_keeps_all_out() {
    let world = guarded();
    let ben = branch(&world, "generated");
    let pushed = push(&ben, &["origin", "HEAD:main", "HEAD:elsewhere", STORE]);
    assert_ne!(pushed.status, 0);
    let refs = server(&world).git(&["for-each-ref", "--format=%(refname)"]);
    assert!(!refs.contains("elsewhere"), "{refs}");
}

/// What was signed for main counts on a branch that leaves it, where main goes there with the same push.
#[test]
fn a_new_branch_comes_with_the_one_that_it_leaves() {
    for (extent, both, lands) in [
        ("none", true, true),
        ("generated", true, false),
        ("none", false, false),
    ] {
        let world = World::team();
        world.protect_release();
        guard(&world);
        let ben = branch(&world, extent);
        let main: &[&str] = if both { &["HEAD:main"] } else { &[] };
        let pushed = push(&ben, &[&["origin", STORE, "HEAD:release"], main].concat());
        assert_eq!(pushed.status == 0, lands, "{pushed:?}");
        let refs = server(&world).git(&["for-each-ref", "--format=%(refname)"]);
        assert_eq!(refs.contains("refs/heads/release"), lands, "{refs}");
    }
}

#[test]
fn what_lands_with_a_warning_says_so_to_the_pusher() {
    for emergency in [true, false] {
        let world = emergencies::world(emergencies::ALLOWED);
        let ben = emergencies::fix(&world);
        if emergency {
            emergencies::let_through(&world, "carol").ok();
        } else {
            for signer in ["carol", "grace"] {
                world.fresh(signer).sign("fix").ok();
            }
        }
        guard(&world);
        let pushed = push(&ben, &["origin", "HEAD:main"]).ok();
        let told = pushed.stderr.contains("remote: warning[CS111]");
        assert_eq!(told, emergency, "{pushed:?}");
    }
}

#[test]
fn attestations_are_not_taken_away() {
    let world = guarded();
    let ben = branch(&world, "none");
    assert_eq!(push(&ben, &["origin", "HEAD:main", STORE]).status, 0);
    let tree = ben.git(&["mktree"]);
    let empty = ben.git(&["commit-tree", "-m", "Nothing", &tree]);
    let rewound = format!("+{empty}:refs/countersign/attestations");
    let pushed = push(&ben, &["origin", &rewound]);
    assert!(pushed.stderr.contains("CS603"), "{pushed:?}");
    assert_ne!(pushed.status, 0);
    assert_ne!(
        push(&ben, &["origin", ":refs/countersign/attestations"]).status,
        0
    );
}

/// Somebody puts a commit on top of the store that takes the rejection away, or nothing, and lands what was rejected.
#[test]
fn a_rejection_is_not_taken_away_by_a_commit_on_top_of_it() {
    for taken in [true, false] {
        let world = World::team();
        let ben = branch(&world, "generated");
        ben.git(&["push", "-q", "-u", "origin", "tags"]);
        world
            .person("ana")
            .sign("tags")
            .expect(0, "approved by ana");
        world
            .clone_for("carol")
            .reject("tags")
            .expect(1, "Rejected");

        guard(&world);
        let name = "refs/countersign/attestations";
        ben.git(&["fetch", "-q", "origin", &format!("+{name}:refs/x")]);
        let gone = |path: &str| taken && is_rejection(&ben, path);
        let (rejections, tree) = ben.without("refs/x", gone);
        assert_eq!(rejections, usize::from(taken));
        let above = ben.git(&["commit-tree", "-p", "refs/x", "-m", "x", &tree]);
        let pushed = push(&ben, &["origin", &format!("{above}:{name}")]);
        assert_eq!(pushed.stderr.contains("CS603"), taken, "{pushed:?}");
        assert_eq!(pushed.status != 0, taken, "{pushed:?}");
        let landed = push(&ben, &["origin", "HEAD:main"]);
        assert!(landed.stderr.contains("CS302"), "{landed:?}");
        assert_ne!(landed.status, 0);
    }
}

fn is_rejection(clone: &Clone, path: &str) -> bool {
    let read = || {
        let text = clone.git(&["show", &format!("refs/x:{path}")]);
        let bundle = Bundle::parse(text.as_bytes()).ok()?;
        AnyStatement::parse(bundle.payload()).ok()
    };
    let decision = |statement| match statement {
        AnyStatement::SignOff(statement) => Some(statement.predicate.review.decision),
        AnyStatement::Declaration(_) => None,
    };
    path.ends_with(".json") && read().and_then(decision) == Some(Decision::Rejected)
}

#[test]
fn nothing_is_left_behind_in_the_repository_or_its_quarantine() {
    let world = guarded();
    let ben = branch(&world, "generated");
    assert_ne!(push(&ben, &["origin", "HEAD:main", STORE]).status, 0);
    let objects = world.path().join("remote.git/objects");
    assert!(!objects.join("info/alternates").exists());
    let left = std::fs::read_dir(&objects).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("tmp_objdir")),
        "{left:?}"
    );
}

/// Git's own server on loopback, which ends with the test.
struct Daemon {
    process: std::process::Child,
    /// Where the server writes its own process, which may be a child of the one that was started.
    pid_file: std::path::PathBuf,
    url: String,
}

impl Daemon {
    fn new(world: &World) -> Self {
        // Somebody else may take the port in between: then another is tried.
        for _ in 0..20 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            drop(free);
            let base = world.path().display();
            let pid_file = world.path().join("daemon.pid");
            let mut git = server(world).command("git");
            let process = git
                .args([
                    "daemon",
                    "--listen=127.0.0.1",
                    "--export-all",
                    "--reuseaddr",
                ])
                .arg(format!("--port={}", address.port()))
                .arg(format!("--base-path={base}"))
                .arg(format!("--pid-file={}", pid_file.display()))
                .arg("--enable=receive-pack")
                .env("PATH", path_with_program())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let mut daemon = Self {
                process,
                pid_file,
                url: format!("git://{address}/remote.git"),
            };
            while daemon.process.try_wait().unwrap().is_none() {
                if std::net::TcpStream::connect(address).is_ok() {
                    return daemon;
                }
                std::thread::yield_now();
            }
        }
        panic!("git daemon does not start");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(&self.pid_file).unwrap_or_default();
        let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_server_on_the_network_refuses_what_waits_with_words_that_the_pusher_can_act_on() {
    let world = guarded();
    let daemon = Daemon::new(&world);
    let ben = branch(&world, "generated");
    ben.git(&["remote", "set-url", "origin", &daemon.url]);
    // The pusher needs no program of ours: the words come from the server.
    let plain = |clone: &Clone, args: &[&str]| run(clone.command("git").arg("push").args(args));
    let refused = plain(&ben, &["origin", "HEAD:main", STORE]);
    assert_ne!(refused.status, 0, "{refused:?}");
    for told in [
        "remote: error[CS101]: sign-off missing",
        "remote:   missing 1 senior above the author",
        "remote:   who     ana, carol, grace",
        "remote: waiting   1 of 1 unit",
    ] {
        assert!(refused.stderr.contains(told), "{told}: {refused:?}");
    }
    assert_eq!(plain(&ben, &["origin", "tags", STORE]).status, 0);
    let carol = world.fresh("carol");
    carol.git(&["remote", "set-url", "origin", &daemon.url]);
    carol.sign("tags").expect(0, "pushed to origin");
    let landed = plain(&ben, &["origin", "HEAD:main"]);
    assert_eq!(landed.status, 0, "{landed:?}");
    let fetched = world.fresh("ci");
    fetched.git(&["remote", "set-url", "origin", &daemon.url]);
    fetched
        .countersign(&["verify", "--fetch", "--root", &world.root(), "HEAD~1..HEAD"])
        .expect(0, "signed off by carol");
}
