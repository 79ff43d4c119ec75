use super::*;
use crate::change::{ChangeDigest, Digest};
use crate::git::Repository;
use crate::git::testing::{Sandbox, by, git, origin, program};
use crate::store::testing::{manifest, put, texts};
use crate::store::{Limits, STORE_REF, Store};

const COPY: &str = "refs/countersign/remotes/origin";

fn change() -> ChangeDigest {
    manifest("a").0
}

fn add(repo: &Repository, text: &str) {
    put(
        &Store::Git(GitStore::new(repo, Vec::new())),
        &change(),
        text,
    );
}

fn local(repo: &Repository) -> Vec<String> {
    texts(&Store::Git(GitStore::new(repo, Vec::new())), &change())
}

fn at_remote(sandbox: &Sandbox) -> Vec<String> {
    local(&Repository::open(&sandbox.remote()).unwrap())
}

fn sync_as(repo: &Repository, direction: Direction) -> Result<SyncReport, SyncError> {
    GitStore::new(repo, vec![origin()]).sync(&SyncRequest {
        git: &program(),
        remote: &origin(),
        direction,
        by: &by("ana"),
    })
}

fn sync(repo: &Repository) -> SyncReport {
    sync_as(repo, Direction::Both).unwrap()
}

fn state(repo: &Repository) -> Fetched {
    GitStore::new(repo, Vec::new())
        .fetched_state(&origin())
        .unwrap()
}

fn counts(report: &SyncReport) -> [usize; 4] {
    [report.sent, report.received, report.lost, report.restored]
}

#[test]
fn two_clones_bring_each_other_what_they_have() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    let first = sync(&one);
    assert_eq!(
        (counts(&first), first.remote_had_ref),
        ([1, 0, 0, 0], false)
    );
    add(&two, "b");
    add(&two, "c");
    let second = sync(&two);
    assert_eq!(
        (counts(&second), second.remote_had_ref),
        ([2, 1, 0, 0], true)
    );
    assert_eq!(counts(&sync(&one)), [0, 2, 0, 0]);
    assert_eq!(counts(&sync(&one)), [0; 4]);
    assert_eq!(counts(&sync(&two)), [0; 4]);
    assert_eq!(local(&one), ["a", "b", "c"]);
    assert_eq!(local(&two), ["a", "b", "c"]);
    assert_eq!(at_remote(&sandbox), ["a", "b", "c"]);
    assert_eq!(
        one.reference(STORE_REF).unwrap(),
        two.reference(STORE_REF).unwrap()
    );
}

#[test]
fn unrelated_roots_end_in_one_commit_with_both_as_parents() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    add(&two, "b");
    let roots = [&one, &two].map(|repo| repo.reference(STORE_REF).unwrap().unwrap());
    sync_as(&one, Direction::PushOnly).unwrap();
    sync_as(&two, Direction::PushOnly).unwrap();
    let line = git(
        &sandbox.remote(),
        &["rev-list", "--parents", "-1", STORE_REF],
    );
    let parents: Vec<_> = line.split(' ').skip(1).collect();
    assert_eq!(parents, [roots[1].as_str(), roots[0].as_str()]);
    assert_eq!(at_remote(&sandbox), ["a", "b"]);
    git(&sandbox.remote(), &["fsck", "--strict"]);
}

#[test]
fn clones_that_push_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    for name in ["one", "two", "three"] {
        sandbox.clone_as(name);
    }
    let rounds = 6;
    std::thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let folder = sandbox.path().join(name);
            scope.spawn(move || {
                let repo = Repository::open(&folder).unwrap();
                for round in 0..rounds {
                    add(&repo, &format!("{name} {round}"));
                    sync_as(&repo, Direction::PushOnly).unwrap();
                }
            });
        }
    });
    assert_eq!(at_remote(&sandbox).len(), 3 * rounds);
}

#[test]
fn a_remote_without_the_ref_is_none_yet_and_differs_from_one_never_asked() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    assert_eq!(state(&repo), Fetched::NotFetched);
    let report = sync(&repo);
    assert_eq!((counts(&report), report.remote_had_ref), ([0; 4], false));
    assert_eq!(state(&repo), Fetched::Nothing);
    assert_eq!(repo.reference(STORE_REF).unwrap(), None);
    let marker = repo.reference(COPY).unwrap();
    sync(&repo);
    assert_eq!(repo.reference(COPY).unwrap(), marker);
    add(&repo, "a");
    sync(&repo);
    assert!(matches!(state(&repo), Fetched::Holds(_)));
}

#[test]
fn fetching_only_sends_nothing() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    sync(&one);
    add(&two, "b");
    let report = sync_as(&two, Direction::FetchOnly).unwrap();
    assert_eq!(counts(&report), [0, 1, 0, 0]);
    assert_eq!(local(&two), ["a", "b"]);
    assert_eq!(at_remote(&sandbox), ["a"]);
}

#[test]
fn a_remote_that_was_set_back_gets_everything_again() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    sync(&one);
    let early = sandbox.remote_tip(STORE_REF).unwrap();
    add(&one, "b");
    add(&one, "c");
    sync(&one);
    sync(&two);
    git(
        &sandbox.remote(),
        &["update-ref", STORE_REF, early.as_str()],
    );
    add(&two, "d");
    assert_eq!(counts(&sync(&two)), [1, 0, 2, 2]);
    assert_eq!(at_remote(&sandbox), ["a", "b", "c", "d"]);
    assert_eq!(counts(&sync(&one)), [0, 1, 0, 0]);
}

#[test]
fn a_remote_that_lost_the_ref_or_was_replaced_gets_everything_again() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    sync(&one);
    git(&sandbox.remote(), &["update-ref", "-d", STORE_REF]);
    let report = sync(&one);
    assert_eq!(
        (counts(&report), report.remote_had_ref),
        ([0, 0, 1, 1], false)
    );
    assert_eq!(at_remote(&sandbox), ["a"]);
    // Somebody forces a history of their own over it.
    add(&two, "b");
    git(
        &sandbox.path().join("two"),
        &["push", "-qf", "origin", STORE_REF],
    );
    assert_eq!(at_remote(&sandbox), ["b"]);
    assert_eq!(counts(&sync(&one)), [0, 1, 1, 1]);
    assert_eq!(at_remote(&sandbox), ["a", "b"]);
}

#[test]
fn what_was_only_fetched_survives_a_remote_that_is_set_back() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    sync(&one);
    sync_as(&two, Direction::FetchOnly).unwrap();
    let folder = sandbox.path().join("two");
    git(&folder, &["update-ref", "-d", STORE_REF]);
    git(&sandbox.remote(), &["update-ref", "-d", STORE_REF]);
    let report = sync_as(&two, Direction::FetchOnly).unwrap();
    assert_eq!(counts(&report), [0, 0, 1, 0]);
    assert_eq!(local(&two), ["a"]);
    assert_eq!(state(&two), Fetched::Nothing);
}

#[test]
fn a_deletion_committed_on_top_is_undone() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    add(&one, "a");
    sync(&one);
    let remote = sandbox.remote();
    let empty = git(&remote, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let deleted = git(
        &remote,
        &["commit-tree", &empty, "-p", STORE_REF, "-m", "x"],
    );
    git(&remote, &["update-ref", STORE_REF, &deleted]);
    assert_eq!(counts(&sync(&one)), [0, 0, 1, 1]);
    assert_eq!(at_remote(&sandbox), ["a"]);
}

#[test]
fn junk_at_the_remote_under_a_good_name_is_replaced_by_what_belongs_there() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    add(&one, "a");
    sync(&one);
    let remote = sandbox.remote();
    std::fs::write(sandbox.path().join("junk"), "junk").unwrap();
    let junk = sandbox.path().join("junk");
    let blob = git(&remote, &["hash-object", "-w", junk.to_str().unwrap()]);
    let path = Place::Bundle(change(), crate::change::sha256(b"a")).path();
    let info = format!("100644,{blob},{path}");
    git(&remote, &["update-index", "--add", "--cacheinfo", &info]);
    let tree = git(&remote, &["write-tree"]);
    let commit = git(&remote, &["commit-tree", &tree, "-p", STORE_REF, "-m", "x"]);
    git(&remote, &["update-ref", STORE_REF, &commit]);
    assert_eq!(at_remote(&sandbox), [""; 0]);
    // A fresh clone gets the junk, and then the good one all the same.
    let two = sandbox.clone_as("two");
    sync(&two);
    assert_eq!(local(&two), [""; 0]);
    sync(&one);
    assert_eq!(at_remote(&sandbox), ["a"]);
    sync(&two);
    assert_eq!(local(&two), ["a"]);
}

#[test]
fn a_server_that_refuses_is_told_in_its_own_words_and_nothing_is_lost() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    add(&one, "a");
    sync(&one);
    add(&two, "b");
    let hook = sandbox.remote().join("hooks/pre-receive");
    sandbox.script(&hook, "echo 'refs/countersign is not allowed' >&2; exit 1");
    let refused = sync_as(&two, Direction::Both).unwrap_err();
    let SyncError::Refused { words, report, .. } = refused else {
        panic!("{refused:?}");
    };
    assert!(words.contains("refs/countersign is not allowed"), "{words}");
    assert_eq!(report.received, 1);
    assert_eq!(local(&two), ["a", "b"]);
    std::fs::remove_file(hook).unwrap();
    assert_eq!(counts(&sync(&two)), [1, 0, 0, 0]);
}

#[test]
fn a_remote_ref_that_is_no_commit_is_an_error_and_leaves_the_copy_alone() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    add(&one, "a");
    sync(&one);
    let before = one.reference(COPY).unwrap();
    let remote = sandbox.remote();
    let junk = sandbox.path().join("junk");
    std::fs::write(&junk, "junk").unwrap();
    let blob = git(&remote, &["hash-object", "-w", junk.to_str().unwrap()]);
    git(&remote, &["tag", "-a", "-m", "m", "v1", STORE_REF]);
    let tag = git(&remote, &["rev-parse", "v1"]);
    for object in [blob, tag] {
        git(&remote, &["update-ref", STORE_REF, &object]);
        let synced = sync_as(&one, Direction::Both);
        assert!(
            matches!(synced, Err(SyncError::Unusable { .. })),
            "{synced:?}"
        );
        assert_eq!(one.reference(COPY).unwrap(), before);
        assert_eq!(local(&one), ["a"]);
    }
}

#[test]
fn a_remote_that_is_away_is_an_error_and_not_none() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    add(&one, "a");
    std::fs::remove_dir_all(sandbox.remote()).unwrap();
    for direction in [Direction::Both, Direction::FetchOnly, Direction::PushOnly] {
        let synced = sync_as(&one, direction);
        assert!(matches!(synced, Err(SyncError::Remote(_))), "{synced:?}");
    }
    assert_eq!(state(&one), Fetched::NotFetched);
    assert_eq!(local(&one), ["a"]);
}

#[test]
fn a_branch_as_store_is_synced_to_the_branch_of_that_name() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let name = "refs/heads/countersign";
    let (git, origin, by) = (program(), origin(), by("ana"));
    let request = SyncRequest {
        git: &git,
        remote: &origin,
        direction: Direction::Both,
        by: &by,
    };
    for (repo, text) in [(&one, "a"), (&two, "b")] {
        let store = || GitStore::in_ref(repo, name, vec![origin.clone()]).unwrap();
        put(&Store::Git(store()), &change(), text);
        store().sync(&request).unwrap();
    }
    assert!(sandbox.remote_tip(name).is_some());
    let store = Store::Git(GitStore::in_ref(&two, name, Vec::new()).unwrap());
    assert_eq!(texts(&store, &change()), ["a", "b"]);
}

#[test]
fn trust_metadata_and_manifests_travel_too() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let (change, manifest) = manifest("a");
    let (from, to) = [&one, &two]
        .map(|repo| Store::Git(GitStore::new(repo, vec![origin()])))
        .into();
    from.put_manifest(&change, &manifest, &by("ana")).unwrap();
    let trust = crate::store::Item::trust(1, b"trust".to_vec()).unwrap();
    from.put(&[trust], &by("ana"), "Add").unwrap();
    assert_eq!(counts(&sync(&one)), [1, 0, 0, 0]);
    assert_eq!(counts(&sync(&two)), [0, 1, 0, 0]);
    assert_eq!(
        to.open().unwrap().manifest(&change).unwrap().manifest,
        Some(manifest)
    );
    let listing = to.open().unwrap().trust(1, &Limits::default()).unwrap();
    let name: Digest = crate::change::sha256(b"trust");
    assert_eq!(listing.bundles[0].name, name);
}

#[test]
fn a_preview_counts_what_a_sync_would_do_and_moves_no_ref() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let (git_program, origin, by) = (program(), origin(), by("ana"));
    let request = SyncRequest {
        git: &git_program,
        remote: &origin,
        direction: Direction::Both,
        by: &by,
    };
    add(&one, "a");
    sync(&one);
    add(&one, "b");
    sync(&one);
    git(&sandbox.remote(), &["update-ref", "-d", STORE_REF]);
    add(&two, "c");
    sync(&two);
    add(&one, "d");
    let before = git(&sandbox.path().join("one"), &["for-each-ref"]);
    let preview = GitStore::new(&one, Vec::new()).preview(&request).unwrap();
    assert_eq!(git(&sandbox.path().join("one"), &["for-each-ref"]), before);
    assert_eq!(counts(&preview), [1, 1, 2, 2]);
    assert_eq!(sync(&one), preview);
}

#[test]
fn a_ref_that_is_locked_at_the_remote_is_waited_for_and_not_forever() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    add(&one, "a");
    let lock = sandbox.remote().join(format!("{STORE_REF}.lock"));
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    std::fs::write(&lock, "").unwrap();
    let refused = sync_as(&one, Direction::Both);
    assert!(
        matches!(refused, Err(SyncError::Refused { .. })),
        "{refused:?}"
    );
    let unlock = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        std::fs::remove_file(lock).unwrap();
    });
    assert_eq!(counts(&sync(&one)), [1, 0, 0, 0]);
    unlock.join().unwrap();
}

#[test]
fn shallow_and_partial_clones_get_whole_bundles() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    let folder = sandbox.path().join("one");
    std::fs::write(folder.join("x"), "x").unwrap();
    git(&folder, &["add", "x"]);
    for message in ["first", "second"] {
        git(&folder, &["commit", "-q", "--allow-empty", "-m", message]);
    }
    git(&folder, &["push", "-q", "origin", "HEAD:refs/heads/main"]);
    for text in ["a", "b", "c"] {
        add(&one, text);
    }
    sync(&one);
    let remote = sandbox.remote();
    git(&remote, &["symbolic-ref", "HEAD", "refs/heads/main"]);
    git(&remote, &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", remote.display());
    for (name, option) in [("shallow", "--depth=1"), ("partial", "--filter=blob:none")] {
        git(sandbox.path(), &["clone", "-q", option, &url, name]);
        let repo = Repository::open(&sandbox.path().join(name)).unwrap();
        sync_as(&repo, Direction::FetchOnly).unwrap();
        assert_eq!(local(&repo), ["a", "b", "c"], "{name}");
        add(&repo, name);
        assert_eq!(sync(&repo).sent, 1);
        git(&remote, &["fsck", "--strict"]);
        git(
            &remote,
            &[
                "update-ref",
                STORE_REF,
                one.reference(STORE_REF).unwrap().unwrap().as_str(),
            ],
        );
    }
}

#[test]
fn a_linked_worktree_shares_the_store() {
    let sandbox = Sandbox::new();
    let one = sandbox.clone_as("one");
    let folder = sandbox.path().join("one");
    git(&folder, &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&folder, &["worktree", "add", "-q", "../linked"]);
    add(&one, "a");
    let linked = Repository::open(&sandbox.path().join("linked")).unwrap();
    add(&linked, "b");
    assert_eq!(counts(&sync(&linked)), [2, 0, 0, 0]);
    assert_eq!(local(&one), ["a", "b"]);
}

#[test]
fn a_sha256_repository_is_a_store_too() {
    let sandbox = Sandbox::new();
    let format = "--object-format=sha256";
    git(
        sandbox.path(),
        &["init", "-q", "--bare", format, "other.git"],
    );
    git(sandbox.path(), &["init", "-q", format, "one"]);
    let folder = sandbox.path().join("one");
    git(&folder, &["remote", "add", "origin", "../other.git"]);
    let one = Repository::open(&folder).unwrap();
    add(&one, "a");
    assert_eq!(counts(&sync(&one)), [1, 0, 0, 0]);
    assert_eq!(
        local(&Repository::open(&sandbox.path().join("other.git")).unwrap()),
        ["a"]
    );
}
