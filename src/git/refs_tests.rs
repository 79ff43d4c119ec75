use crate::change::CommitId;
use crate::git::testing::{Sandbox, by, git};
use crate::git::{RefError, Repository, check_ref_name};

const NAME: &str = "refs/countersign/attestations";

fn repository() -> (Sandbox, Repository, CommitId, CommitId) {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("work");
    let first = repo.write_empty_commit(&by("ana"), "first").unwrap();
    let second = repo.write_empty_commit(&by("ana"), "second").unwrap();
    (sandbox, repo, first, second)
}

#[test]
fn only_full_names_are_ref_names() {
    for name in [NAME, "refs/heads/main", "refs/remotes/origin/a.b"] {
        assert!(check_ref_name(name).is_ok(), "{name}");
    }
    for name in [
        "",
        "main",
        "HEAD",
        "--upload-pack=x",
        "-x",
        "refs/",
        "refs/heads/../x",
        "refs/heads/a..b",
        "refs/heads/a b",
        "refs/heads/a\n",
        "refs/heads/x.lock",
        "refs/heads/a:b",
        "refs/heads/*",
        "refs/heads/a^",
        "refs/heads/@{u}",
        "refs//heads",
        "refs/heads/",
        "/refs/heads/a",
    ] {
        assert!(
            matches!(check_ref_name(name), Err(RefError::Name(_))),
            "{name}"
        );
    }
}

#[test]
fn a_missing_ref_is_none_and_a_similar_name_does_not_count() {
    let (_sandbox, repo, first, _) = repository();
    repo.update_ref("refs/tags/refs/heads/x", &first, None, &by("ana"), "m")
        .unwrap();
    assert_eq!(repo.reference("refs/heads/x").unwrap(), None);
    assert_eq!(
        repo.reference("refs/tags/refs/heads/x").unwrap(),
        Some(first)
    );
}

#[test]
fn a_ref_moves_only_from_where_it_was_expected() {
    let (_sandbox, repo, first, second) = repository();
    let ana = by("ana");
    repo.update_ref(NAME, &first, None, &ana, "m").unwrap();
    let moved = repo.update_ref(NAME, &second, None, &ana, "m");
    assert!(matches!(moved, Err(RefError::Moved { found: Some(found), .. }) if found == first));
    let moved = repo.update_ref(NAME, &second, Some(&second), &ana, "m");
    assert!(matches!(moved, Err(RefError::Moved { found: Some(found), .. }) if found == first));
    assert_eq!(repo.reference(NAME).unwrap(), Some(first.clone()));
    repo.update_ref(NAME, &second, Some(&first), &ana, "m")
        .unwrap();
    assert_eq!(repo.reference(NAME).unwrap(), Some(second));
}

#[test]
fn a_ref_that_vanished_has_moved() {
    let (_sandbox, repo, first, second) = repository();
    let moved = repo.update_ref(NAME, &second, Some(&first), &by("ana"), "m");
    assert!(matches!(moved, Err(RefError::Moved { found: None, .. })));
    assert_eq!(repo.reference(NAME).unwrap(), None);
}

#[test]
fn two_writers_of_the_same_commit_both_succeed() {
    let (_sandbox, repo, first, second) = repository();
    let ana = by("ana");
    repo.update_ref(NAME, &first, None, &ana, "m").unwrap();
    repo.update_ref(NAME, &first, None, &ana, "m").unwrap();
    repo.update_ref(NAME, &first, Some(&second), &ana, "m")
        .unwrap();
}

#[test]
fn tags_are_peeled_and_symbolic_refs_followed_for_reading_but_not_for_writing() {
    let (sandbox, repo, first, second) = repository();
    let folder = sandbox.path().join("work");
    git(&folder, &["tag", "-a", "-m", "m", "v1", first.as_str()]);
    git(&folder, &["symbolic-ref", NAME, "refs/tags/v1"]);
    assert_eq!(repo.reference(NAME).unwrap(), Some(first.clone()));
    assert!(matches!(
        repo.plain_reference(NAME),
        Err(RefError::Symbolic(_))
    ));
    let written = repo.update_ref(NAME, &second, Some(&first), &by("ana"), "m");
    assert!(matches!(written, Err(RefError::Symbolic(_))));
    let tag = repo.plain_reference("refs/tags/v1");
    assert!(matches!(tag, Err(RefError::NotACommit { kind, .. }) if kind == "tag"));
}

#[test]
fn a_loop_of_symbolic_refs_ends() {
    let (sandbox, repo, ..) = repository();
    let folder = sandbox.path().join("work");
    git(&folder, &["symbolic-ref", "refs/heads/a", "refs/heads/b"]);
    git(&folder, &["symbolic-ref", "refs/heads/b", "refs/heads/a"]);
    assert!(matches!(
        repo.reference("refs/heads/a"),
        Err(RefError::TooDeep(_))
    ));
}

#[test]
fn a_ref_to_a_blob_is_not_a_commit() {
    let (sandbox, repo, ..) = repository();
    let folder = sandbox.path().join("work");
    std::fs::write(folder.join("x"), "x").unwrap();
    let blob = git(&folder, &["hash-object", "-w", "x"]);
    git(&folder, &["update-ref", NAME, &blob]);
    for found in [repo.reference(NAME), repo.plain_reference(NAME)] {
        assert!(matches!(found, Err(RefError::NotACommit { kind, .. }) if kind == "blob"));
    }
}

#[test]
fn a_broken_ref_is_an_error_and_not_none() {
    let (sandbox, repo, ..) = repository();
    let file = sandbox.path().join("work/.git").join(NAME);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "garbage\n").unwrap();
    assert!(matches!(repo.reference(NAME), Err(RefError::Git { .. })));
}

#[test]
fn a_ref_locked_by_another_process_is_waited_for() {
    let (sandbox, repo, first, _) = repository();
    let lock = sandbox
        .path()
        .join("work/.git")
        .join(format!("{NAME}.lock"));
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    std::fs::write(&lock, "").unwrap();
    let unlock = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::fs::remove_file(lock).unwrap();
    });
    repo.update_ref(NAME, &first, None, &by("ana"), "m")
        .unwrap();
    unlock.join().unwrap();
    assert_eq!(repo.reference(NAME).unwrap(), Some(first));
}
