use super::*;
use crate::change::sha256;
use crate::git::testing::{Sandbox, by, git};
use crate::git::{Found, Keep, RemoteName, Repository};
use crate::store::testing::{bundle, listing, manifest, put, texts};
use crate::store::{FolderStore, GitStore, Item, MAX_BUNDLE, STORE_REF, Store};

/// Lets any file be written anywhere, as somebody who can push does.
struct Anything;

impl Keep for Anything {
    fn belongs(&self, _: &[u8], _: Found<'_>) -> bool {
        false
    }

    fn limit(&self, _: &[u8]) -> u64 {
        u64::MAX
    }
}

/// Both kinds of store, and a way to put a file into each behind its back.
fn both(test: impl Fn(&Store<'_>, &dyn Fn(&[(String, Vec<u8>)]))) {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    test(&Store::Git(GitStore::new(&repo, Vec::new())), &|files| {
        repo.add_files(STORE_REF, files, &Anything, &by("mallory"), "x")
            .unwrap();
    });
    let root = sandbox.path().join("store");
    test(&Store::Folder(FolderStore::new(root.clone())), &|files| {
        for (path, bytes) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    });
}

fn path(change: &ChangeDigest, name: &str) -> String {
    format!("{}/{name}", change_folder(change))
}

#[test]
fn an_empty_store_has_nothing() {
    both(|store, _| {
        let (change, _) = manifest("a");
        assert_eq!(listing(store, &change), Listing::default());
        assert_eq!(
            store.open().unwrap().manifest(&change).unwrap(),
            ManifestLookup::default()
        );
        assert_eq!(
            store.open().unwrap().digests(&Limits::default()).unwrap(),
            []
        );
        assert!(
            store
                .open()
                .unwrap()
                .trust_versions(&Limits::default())
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            store.open().unwrap().blob(&change, &sha256(b"x")).unwrap(),
            None
        );
    });
}

#[test]
fn what_is_put_is_found_under_its_change_alone() {
    both(|store, _| {
        let ((one, manifest_one), (two, _)) = (manifest("a"), manifest("b"));
        put(store, &one, "first");
        put(store, &one, "second");
        put(store, &two, "third");
        store.put_manifest(&one, &manifest_one, &by("ana")).unwrap();
        let blob = Item::blob(&one, b"blob".to_vec()).unwrap();
        let trust = Item::trust(3, b"trust".to_vec()).unwrap();
        assert!(store.put(&[blob, trust], &by("ana"), "Add").unwrap());

        assert_eq!(texts(store, &one), ["first", "second"]);
        assert_eq!(texts(store, &two), ["third"]);
        assert_eq!(listing(store, &one).junk_count, 0);
        assert_eq!(
            store.open().unwrap().manifest(&one).unwrap().manifest,
            Some(manifest_one)
        );
        assert_eq!(store.open().unwrap().manifest(&two).unwrap().manifest, None);
        let mut changes = vec![one, two];
        changes.sort();
        assert_eq!(
            store.open().unwrap().digests(&Limits::default()).unwrap(),
            changes
        );
        assert_eq!(
            store
                .open()
                .unwrap()
                .blob(&one, &sha256(b"blob"))
                .unwrap()
                .unwrap(),
            b"blob"
        );
        assert_eq!(
            store
                .open()
                .unwrap()
                .trust_versions(&Limits::default())
                .unwrap(),
            [3]
        );
        let trust = store.open().unwrap().trust(3, &Limits::default()).unwrap();
        assert_eq!(trust.bundles[0].bytes, b"trust");
    });
}

#[test]
fn putting_twice_changes_nothing() {
    both(|store, _| {
        let (change, _) = manifest("a");
        let item = [bundle(&change, "one")];
        assert!(store.put(&item, &by("ana"), "Add").unwrap());
        assert!(!store.put(&item, &by("ana"), "Add").unwrap());
        assert_eq!(texts(store, &change), ["one"]);
    });
}

#[test]
fn another_changes_manifest_is_not_put() {
    both(|store, _| {
        let ((one, _), (_, other)) = (manifest("a"), manifest("b"));
        let put = store.put_manifest(&one, &other, &by("ana"));
        assert!(matches!(put, Err(StoreError::WrongManifest { .. })));
    });
}

#[test]
fn a_bundle_over_the_limit_is_not_put_and_one_at_the_limit_is() {
    both(|store, _| {
        let (change, _) = manifest("a");
        let mut bytes = vec![b'x'; MAX_BUNDLE as usize];
        store
            .put_bundle(&change, bytes.clone(), &by("ana"))
            .unwrap();
        bytes.push(b'x');
        let put = store.put_bundle(&change, bytes, &by("ana"));
        assert!(matches!(put, Err(StoreError::TooLarge { .. })));
        assert_eq!(listing(store, &change).bundles.len(), 1);
    });
}

#[test]
fn junk_is_counted_and_named_and_hides_nothing() {
    both(|store, plant| {
        let (change, _) = manifest("a");
        put(store, &change, "good");
        let wrong = format!("{}.json", sha256(b"promised"));
        let huge = vec![b' '; MAX_BUNDLE as usize + 1];
        plant(&[
            (path(&change, "0000.json"), b"junk".to_vec()),
            (path(&change, "note.txt"), b"junk".to_vec()),
            (path(&change, &wrong), b"other".to_vec()),
            (path(&change, &format!("{}.json", sha256(&huge))), huge),
            (
                path(&change, &format!("{}.json/x", sha256(b"folder"))),
                b"x".to_vec(),
            ),
        ]);
        let found = listing(store, &change);
        assert_eq!(found.bundles.len(), 1);
        assert_eq!(found.junk_count, 5);
        let named = found.junk.iter().find(|junk| junk.path.ends_with(&wrong));
        assert!(named.unwrap().why.contains("SHA-256"));
    });
}

#[test]
fn junk_under_a_good_name_makes_way_for_what_belongs_there() {
    both(|store, plant| {
        let (change, manifest) = manifest("a");
        plant(&[
            (
                path(&change, &format!("{}.json", sha256(b"good"))),
                b"junk".to_vec(),
            ),
            (path(&change, "manifest"), b"junk".to_vec()),
        ]);
        assert_eq!(texts(store, &change), [""; 0]);
        let lookup = store.open().unwrap().manifest(&change).unwrap();
        assert_eq!((lookup.manifest, lookup.junk.len()), (None, 1));
        put(store, &change, "good");
        store.put_manifest(&change, &manifest, &by("ana")).unwrap();
        assert_eq!(texts(store, &change), ["good"]);
        assert_eq!(
            store.open().unwrap().manifest(&change).unwrap().manifest,
            Some(manifest)
        );
    });
}

#[test]
fn bytes_with_the_right_digest_that_are_no_manifest_are_junk() {
    both(|store, plant| {
        let change = sha256(b"no manifest");
        plant(&[(path(&change, "manifest"), b"no manifest".to_vec())]);
        let lookup = store.open().unwrap().manifest(&change).unwrap();
        assert_eq!((lookup.manifest, lookup.junk.len()), (None, 1));
    });
}

#[test]
fn a_hundred_thousand_names_before_the_good_one_do_not_hide_it() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let store = Store::Git(GitStore::new(&repo, Vec::new()));
    let (change, _) = manifest("a");
    let names = (0..100_000).map(|n| (path(&change, &format!("{n:06}.json")), Vec::new()));
    let names: Vec<_> = names.collect();
    repo.add_files(STORE_REF, &names, &Anything, &by("mallory"), "x")
        .unwrap();
    put(&store, &change, "good");
    let found = listing(&store, &change);
    assert_eq!(found.bundles.len(), 1);
    assert_eq!((found.junk.len(), found.junk_count), (100, 100_000));
}

#[test]
fn a_flood_of_files_is_an_error_and_never_a_part_of_the_answer() {
    both(|store, plant| {
        let (change, _) = manifest("a");
        put(store, &change, "good");
        let junk = (0..10u8).map(|n| (path(&change, &format!("{}.json", sha256(&[n]))), vec![n]));
        plant(&junk.collect::<Vec<_>>());
        let limits = |files, bytes| Limits {
            files,
            bytes,
            ..Limits::default()
        };
        let fits = store
            .open()
            .unwrap()
            .bundles(&change, &limits(11, 100))
            .unwrap();
        assert_eq!(fits.bundles.len(), 11);
        for limits in [
            limits(10, 100),
            limits(11, 14),
            Limits {
                names: 10,
                ..Limits::default()
            },
        ] {
            let flooded = store.open().unwrap().bundles(&change, &limits);
            assert!(matches!(flooded, Err(StoreError::LimitReached(_))));
        }
    });
}

#[test]
fn a_change_under_the_wrong_prefix_is_no_change() {
    both(|store, plant| {
        let (change, _) = manifest("a");
        plant(&[
            (format!("zz/zz/{change}/x.json"), Vec::new()),
            ("aa/file".to_owned(), Vec::new()),
        ]);
        assert_eq!(
            store.open().unwrap().digests(&Limits::default()).unwrap(),
            []
        );
    });
}

#[test]
fn a_ref_that_is_no_commit_is_an_error_and_not_an_empty_store() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let folder = sandbox.path().join("work");
    let tip = repo.write_empty_commit(&by("ana"), "m").unwrap();
    let (change, _) = manifest("a");
    let store = Store::Git(GitStore::new(&repo, Vec::new()));
    std::fs::write(folder.join("x"), "x").unwrap();
    let blob = git(&folder, &["hash-object", "-w", "x"]);
    git(&folder, &["tag", "-a", "-m", "m", "v1", tip.as_str()]);
    let tag = git(&folder, &["rev-parse", "v1"]);
    for object in [blob, tag] {
        git(&folder, &["update-ref", STORE_REF, &object]);
        let read = store.open().map(drop);
        assert!(matches!(read, Err(StoreError::Git(_))));
    }
    git(&folder, &["update-ref", STORE_REF, tip.as_str()]);
    assert_eq!(listing(&store, &change), Listing::default());
}

#[test]
fn the_ref_is_read_together_with_the_remotes_copies_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let (change, _) = manifest("a");
    let origin = RemoteName::new("origin").unwrap();
    let alone = Store::Git(GitStore::new(&repo, Vec::new()));
    let copy = GitStore {
        repo: &repo,
        name: "refs/countersign/remotes/origin".to_owned(),
        remotes: Vec::new(),
        pushed: Vec::new(),
    };
    put(&alone, &change, "ours");
    put(&alone, &change, "both");
    put(&Store::Git(copy), &change, "theirs");
    let united = Store::Git(GitStore::new(&repo, vec![origin]));
    let before = refs(&sandbox);
    assert_eq!(texts(&united, &change), ["both", "ours", "theirs"]);
    assert_eq!(texts(&alone, &change), ["both", "ours"]);
    assert_eq!(refs(&sandbox), before);
}

fn refs(sandbox: &Sandbox) -> String {
    git(&sandbox.path().join("work"), &["for-each-ref"])
}

#[test]
fn a_store_may_be_a_branch_but_not_a_copy() {
    let sandbox = Sandbox::new();
    let repo: Repository = sandbox.clone_as("work");
    assert!(GitStore::in_ref(&repo, "refs/heads/countersign", Vec::new()).is_ok());
    assert!(GitStore::in_ref(&repo, "refs/countersign/remotes/origin", Vec::new()).is_err());
    assert!(GitStore::in_ref(&repo, "countersign", Vec::new()).is_err());
}
