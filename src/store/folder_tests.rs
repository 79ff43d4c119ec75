use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::git::testing::by;
use crate::store::testing::{bundle, listing, manifest, put, texts};
use crate::store::{Store, change_folder};

fn store(folder: &tempfile::TempDir) -> Store<'static> {
    Store::Folder(FolderStore::new(folder.path().join("store")))
}

#[test]
fn a_link_is_neither_read_nor_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    put(&store, &change, "one");
    let root = folder.path().join("store");
    let item = bundle(&change, "outside");
    let outside = folder.path().join("outside");
    fs::write(&outside, "outside").unwrap();
    symlink(&outside, root.join(item.place().path())).unwrap();
    assert_eq!(texts(&store, &change), ["one"]);
    // Putting it replaces the link and leaves its target alone.
    put(&store, &change, "outside");
    assert_eq!(texts(&store, &change), ["one", "outside"]);
    fs::write(&outside, "changed").unwrap();
    assert_eq!(texts(&store, &change), ["one", "outside"]);
}

#[test]
fn a_linked_folder_is_not_entered() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    put(&store, &change, "one");
    let root = folder.path().join("store");
    let real = root.join(change_folder(&change));
    let moved = folder.path().join("moved");
    fs::rename(&real, &moved).unwrap();
    symlink(&moved, &real).unwrap();
    assert_eq!(texts(&store, &change), [""; 0]);
    let item = [bundle(&change, "two")];
    let written = store.put(&item, &by("ana"), "Add");
    assert!(matches!(written, Err(StoreError::Io { .. })));
    assert_eq!(fs::read_dir(moved).unwrap().count(), 1);
}

#[test]
fn a_pipe_or_device_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    put(&store, &change, "one");
    let pipe = folder
        .path()
        .join("store")
        .join(bundle(&change, "pipe").place().path());
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let found = listing(&store, &change);
    assert_eq!((found.bundles.len(), found.junk_count), (1, 1));
}

#[test]
fn a_file_in_the_place_of_a_folder_is_an_error_for_writing() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    let root = folder.path().join("store");
    fs::create_dir(&root).unwrap();
    let first = change_folder(&change)[..2].to_owned();
    fs::write(root.join(first), "junk").unwrap();
    assert_eq!(texts(&store, &change), [""; 0]);
    let written = store.put(&[bundle(&change, "one")], &by("ana"), "Add");
    assert!(matches!(written, Err(StoreError::Io { .. })));
}

#[test]
fn a_failed_write_leaves_what_was_there_and_no_half_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    put(&store, &change, "one");
    // A folder in the place of the file: the rename fails, whoever runs the test.
    let root = folder.path().join("store");
    fs::create_dir_all(root.join(bundle(&change, "two").place().path()).join("x")).unwrap();
    let written = store.put(&[bundle(&change, "two")], &by("ana"), "Add");
    assert!(matches!(written, Err(StoreError::Io { .. })));
    assert_eq!(texts(&store, &change), ["one"]);
    let names = fs::read_dir(root.join(change_folder(&change))).unwrap();
    assert_eq!(names.count(), 2);
}

#[test]
fn a_read_only_folder_keeps_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let (change, _) = manifest("a");
    put(&store, &change, "one");
    let path = folder.path().join("store").join(change_folder(&change));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    let written = store.put(&[bundle(&change, "two")], &by("ana"), "Add");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser may write there all the same.
    match written {
        Err(StoreError::Io { .. }) => assert_eq!(texts(&store, &change), ["one"]),
        other => assert!(other.unwrap()),
    }
}

#[test]
fn threads_that_put_the_same_and_others_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (change, _) = manifest("a");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (folder, change) = (&folder, &change);
            scope.spawn(move || {
                for round in 0..10 {
                    put(&store(folder), change, &format!("same {round}"));
                    put(&store(folder), change, &format!("{thread} {round}"));
                }
            });
        }
    });
    let found = listing(&store(&folder), &change);
    assert_eq!((found.bundles.len(), found.junk_count), (50, 0));
}
