use super::*;
use crate::git::testing::{Sandbox, by, git};
use crate::git::union;

const NAME: &str = "refs/countersign/attestations";

/// A file belongs where its bytes say "good"; every folder named `folder` belongs.
struct Good;

impl Keep for Good {
    fn belongs(&self, path: &[u8], found: Found<'_>) -> bool {
        match found {
            Found::File(bytes) => bytes.starts_with(b"good"),
            Found::Folder => path.ends_with(b"folder"),
            Found::Other => false,
        }
    }

    fn limit(&self, _: &[u8]) -> u64 {
        1000
    }
}

fn add(repo: &Repository, name: &str, files: &[(&str, &str)]) -> (Option<CommitId>, bool) {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
        .collect();
    repo.add_files(name, &files, &Good, &by("ana"), "Add")
        .unwrap()
}

fn tip(repo: &Repository, name: &str) -> CommitId {
    repo.reference(name).unwrap().unwrap()
}

fn listed(repo: &Repository, name: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let tip = tip(repo, name);
    let complete = repo.files(&tip).unwrap().missing_in(None, &mut |path, _| {
        paths.push(String::from_utf8(path.to_vec()).unwrap());
    });
    assert!(complete.unwrap());
    paths.sort();
    paths
}

fn content(repo: &Repository, folder: &str, name: &str) -> Option<Vec<u8>> {
    let tip = tip(repo, NAME);
    let tree = repo.files(&tip).unwrap();
    let entries = tree.entries(folder).unwrap();
    let entry = entries.iter().find(|entry| entry.name == name.as_bytes())?;
    tree.read(entry, 1000).unwrap()
}

fn parents(sandbox: &Sandbox, name: &str) -> usize {
    let line = git(
        &sandbox.path().join("work"),
        &["rev-list", "--parents", "-1", name],
    );
    line.split(' ').count() - 1
}

#[test]
fn added_files_are_read_back_and_earlier_ones_stay() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    assert!(add(&repo, NAME, &[("a/b/one", "1"), ("a/two", "2")]).1);
    assert!(add(&repo, NAME, &[("a/b/three", "3")]).1);
    assert_eq!(listed(&repo, NAME), ["a/b/one", "a/b/three", "a/two"]);
    assert_eq!(content(&repo, "a/b", "three").unwrap(), b"3");
    assert_eq!(parents(&sandbox, NAME), 1);
    git(&sandbox.path().join("work"), &["fsck", "--strict"]);
}

#[test]
fn adding_what_is_there_writes_no_commit() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("a/one", "1")]);
    let before = tip(&repo, NAME);
    assert_eq!(
        add(&repo, NAME, &[("a/one", "1")]),
        (Some(before.clone()), false)
    );
    assert_eq!(add(&repo, NAME, &[]), (Some(before), false));
}

#[test]
fn the_commit_bears_the_identity_without_what_git_cannot_write() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let mut ana = by("ana");
    ana.identity.name = "An<a>\nB".to_owned();
    let files = [("a".to_owned(), Vec::new())];
    repo.add_files(NAME, &files, &Good, &ana, "Add a file")
        .unwrap();
    let shown = git(
        &sandbox.path().join("work"),
        &["log", "-1", "--format=%an|%ae|%cn|%ct|%s", NAME],
    );
    assert_eq!(shown, "AnaB|ana@example.org|AnaB|1700000000|Add a file");
}

#[test]
fn a_path_that_leaves_the_tree_is_refused() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    for path in ["../x", "a//b", ".git/config", "", "/x", "a/.."] {
        let files = [(path.to_owned(), Vec::new())];
        let added = repo.add_files(NAME, &files, &Good, &by("ana"), "Add");
        assert!(matches!(added, Err(FilesError::Path(_))), "{path}");
    }
    assert_eq!(repo.reference(NAME).unwrap(), None);
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("big", "12345")]);
    let tip = tip(&repo, NAME);
    let tree = repo.files(&tip).unwrap();
    let entry = &tree.entries("").unwrap()[0];
    assert_eq!(tree.size(entry).unwrap(), 5);
    assert_eq!(tree.read(entry, 4).unwrap(), None);
    assert_eq!(tree.read(entry, 5).unwrap().unwrap(), b"12345");
}

#[test]
fn uniting_unrelated_roots_makes_a_commit_with_two_parents() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("a/ours", "1"), ("both", "2")]);
    add(&repo, "refs/x/other", &[("a/theirs", "3"), ("both", "2")]);
    let other = tip(&repo, "refs/x/other");
    let union = repo
        .unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    assert!(matches!(union, Union::Merged(_)));
    assert_eq!(listed(&repo, NAME), ["a/ours", "a/theirs", "both"]);
    assert_eq!(parents(&sandbox, NAME), 2);
    let again = repo
        .unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    assert_eq!(again, Union::Unchanged(union.tip().clone()));
    git(&sandbox.path().join("work"), &["fsck", "--strict"]);
}

#[test]
fn uniting_with_a_descendant_moves_forward_without_a_commit() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("one", "1")]);
    let first = tip(&repo, NAME);
    repo.update_ref("refs/x/other", &first, None, &by("ana"), "m")
        .unwrap();
    add(&repo, "refs/x/other", &[("two", "2")]);
    let other = tip(&repo, "refs/x/other");
    let union = repo
        .unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    assert_eq!(union, Union::FastForward(other));
}

#[test]
fn uniting_into_a_missing_ref_takes_the_other() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, "refs/x/other", &[("two", "2")]);
    let other = tip(&repo, "refs/x/other");
    let union = repo
        .unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    assert_eq!(union, Union::FastForward(other));
}

#[test]
fn a_descendant_that_deleted_files_does_not_take_them_away() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("one", "1"), ("two", "2")]);
    let folder = sandbox.path().join("work");
    let empty = git(&folder, &["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let deleted = git(
        &folder,
        &["commit-tree", &empty, "-p", NAME, "-m", "Delete"],
    );
    let union = repo.unite(NAME, &deleted.parse().unwrap(), &Good, &by("ana"), "Unite");
    assert!(matches!(union.unwrap(), Union::Merged(_)));
    assert_eq!(listed(&repo, NAME), ["one", "two"]);
}

#[test]
fn where_two_sides_disagree_ours_stays_unless_only_theirs_belongs_there() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(
        &repo,
        NAME,
        &[
            ("a", "bad 1"),
            ("b", "good 1"),
            ("c", "bad 1"),
            ("d", "good 1"),
        ],
    );
    add(
        &repo,
        "refs/x/o",
        &[
            ("a", "good 2"),
            ("b", "bad 2"),
            ("c", "bad 2"),
            ("d", "good 2"),
        ],
    );
    let other = tip(&repo, "refs/x/o");
    repo.unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    let read = |name| content(&repo, "", name).unwrap();
    assert_eq!(read("a"), b"good 2");
    assert_eq!(read("b"), b"good 1");
    assert_eq!(read("c"), b"bad 1");
    assert_eq!(read("d"), b"good 1");
}

#[test]
fn a_file_in_the_place_of_a_folder_hides_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    add(&repo, NAME, &[("folder", "junk")]);
    add(&repo, NAME, &[("folder/x", "1")]);
    assert_eq!(listed(&repo, NAME), ["folder/x"]);
    add(&repo, "refs/x/o", &[("folder", "junk")]);
    let other = tip(&repo, "refs/x/o");
    repo.unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    assert_eq!(listed(&repo, NAME), ["folder/x"]);
}

#[test]
fn links_and_modes_survive_a_union() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let folder = sandbox.path().join("work");
    std::os::unix::fs::symlink("target", folder.join("link")).unwrap();
    sandbox.script(&folder.join("run"), "true");
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-qm", "Files"]);
    add(&repo, NAME, &[("one", "1")]);
    let other = tip(&repo, "refs/heads/main");
    repo.unite(NAME, &other, &Good, &by("ana"), "Unite")
        .unwrap();
    let modes = git(
        &folder,
        &["ls-tree", "--format=%(objectmode) %(path)", NAME],
    );
    assert_eq!(modes, "120000 link\n100644 one\n100755 run");
}

#[test]
fn two_threads_adding_to_one_ref_lose_nothing() {
    let sandbox = Sandbox::new();
    sandbox.clone_as("work");
    let folder = sandbox.path().join("work");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let folder = &folder;
            scope.spawn(move || {
                let repo = Repository::open(folder).unwrap();
                for round in 0..8 {
                    add(&repo, NAME, &[(&format!("{thread}/{round}"), "x")]);
                }
            });
        }
    });
    let repo = Repository::open(&folder).unwrap();
    assert_eq!(listed(&repo, NAME).len(), 32);
}

#[test]
fn a_tree_that_holds_itself_many_times_over_is_counted_up_to_a_limit() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let mut tree = repo
        .write_files(&[("leaf".to_owned(), Vec::new())])
        .unwrap();
    for _ in 0..20 {
        let entries = (0..10).map(|number| gix::objs::tree::Entry {
            mode: gix::objs::tree::EntryKind::Tree.into(),
            filename: number.to_string().into(),
            oid: tree,
        });
        let entries = entries.collect();
        tree = repo
            .repo
            .write_object(gix::objs::Tree { entries })
            .unwrap()
            .detach();
    }
    let mut count = 0;
    let complete = union::missing_in(&repo, tree, None, &mut |_, _| count += 1).unwrap();
    assert!(!complete);
    let ours = repo
        .write_files(&[("0/0/0/leaf".to_owned(), b"x".to_vec())])
        .unwrap();
    union_trees(&repo, ours, tree, &Good).unwrap();
}

#[test]
fn a_broken_tree_with_a_name_twice_hides_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let inner = [("x".to_owned(), b"good".to_vec())];
    let inner = repo.write_files(&inner).unwrap();
    let blob = repo.repo.write_blob("junk").unwrap().detach();
    let entry = |kind: gix::objs::tree::EntryKind, oid| gix::objs::tree::Entry {
        mode: kind.into(),
        filename: "folder".into(),
        oid,
    };
    let entries = vec![
        entry(gix::objs::tree::EntryKind::Blob, blob),
        entry(gix::objs::tree::EntryKind::Tree, inner),
    ];
    let tree = gix::objs::Tree { entries };
    let theirs = repo.repo.write_object(tree).unwrap().detach();
    let ours = [("folder/y".to_owned(), b"good".to_vec())];
    let ours = repo.write_files(&ours).unwrap();
    for (ours, theirs) in [(ours, theirs), (theirs, ours)] {
        let mut paths = Vec::new();
        let united = union_trees(&repo, ours, theirs, &Good).unwrap();
        union::missing_in(&repo, united, None, &mut |path, _| {
            paths.push(path.to_vec())
        })
        .unwrap();
        paths.sort();
        assert_eq!(paths, [b"folder/x".to_vec(), b"folder/y".to_vec()]);
    }
}
