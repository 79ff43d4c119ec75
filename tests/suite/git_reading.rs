//! Reading real repositories: manifests, malformed trees, cut and hostile histories.

use countersign::change::{ChangeManifest, CommitId, History, HistoryError};
use countersign::git::Repository;

use crate::support::{Repo, git, git_with_input};

fn manifest_of_commit(repo: &Repo, commit: &str) -> Result<ChangeManifest, HistoryError> {
    let opened = repo.open();
    let head: CommitId = opened.resolve(commit).unwrap();
    opened.change(None, &head)
}

/// A commit whose tree has the given raw bytes.
fn commit_of_raw_tree(repo: &Repo, tree: &[u8]) -> String {
    let tree = git_with_input(
        &repo.path,
        &["hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        tree,
    );
    repo.git(&["commit-tree", "-m", "made", &tree])
}

fn raw_entry(repo: &Repo, mode: &str, name: &str, content: &str) -> Vec<u8> {
    let id = git_with_input(
        &repo.path,
        &["hash-object", "-w", "--stdin"],
        content.as_bytes(),
    );
    let mut entry = format!("{mode} {name}\0").into_bytes();
    for pair in id.as_bytes().chunks(2) {
        entry.push(u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    }
    entry
}

#[test]
fn a_manifest_lists_modes_links_submodules_and_removals() {
    let repo = Repo::new();
    repo.write("gone", "x");
    repo.write("dir/kept", "same");
    repo.commit("first");
    std::fs::remove_file(repo.path.join("gone")).unwrap();
    repo.write("run.sh", "#!/bin/sh\n");
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "run.sh"]);
    let link = git_with_input(&repo.path, &["hash-object", "-w", "--stdin"], b"run.sh");
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("120000,{link},a link"),
    ]);
    let sub = "1".repeat(40);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{sub},lib"),
    ]);
    repo.git(&["commit", "-q", "-m", "second"]);
    let text = repo.change("HEAD~1", "HEAD").to_string();
    let shape: Vec<_> = text
        .lines()
        .map(|line| {
            line.split(' ')
                .map(|part| part.split(':').next().unwrap())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(
        shape,
        [
            vec!["countersign-change-v1"],
            vec!["-", "120000", "a%20link"],
            vec!["100644", "-", "gone"],
            vec!["-", "160000", "lib"],
            vec!["-", "100755", "run.sh"],
        ]
    );
    assert!(text.contains(&format!("160000:gitCommit:{sub}")));
}

#[test]
fn a_file_that_becomes_a_folder_is_a_removal_and_additions() {
    let repo = Repo::new();
    repo.write("a", "file");
    repo.commit("first");
    std::fs::remove_file(repo.path.join("a")).unwrap();
    repo.write("a/b", "inside");
    repo.commit("second");
    let paths: Vec<_> = repo
        .change("HEAD~1", "HEAD")
        .paths()
        .map(ToString::to_string)
        .collect();
    assert_eq!(paths, ["a", "a/b"]);
}

#[test]
fn the_digest_is_the_same_in_sha1_and_sha256_repositories_bare_clones_and_worktrees() {
    let digest_in = |repo: &Repo| {
        repo.write("f", "one\n");
        repo.commit("first");
        repo.write("f", "two\n");
        repo.commit("second");
        repo.change("HEAD~1", "HEAD").digest()
    };
    let sha1 = Repo::new();
    let sha256 = Repo::with(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let digest = digest_in(&sha1);
    assert_eq!(digest_in(&sha256), digest);
    assert_eq!(sha256.open().resolve("HEAD").unwrap().as_str().len(), 64);
    sha1.git(&["worktree", "add", "-q", "../tree"]);
    sha1.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    for folder in ["tree", "bare.git"] {
        let repo = Repository::open(&sha1.path.parent().unwrap().join(folder)).unwrap();
        let head = repo.resolve("HEAD").unwrap();
        let base = repo.parents(&head).unwrap().remove(0);
        assert_eq!(
            repo.change(Some(&base), &head).unwrap().digest(),
            digest,
            "{folder}"
        );
    }
}

#[test]
fn trees_that_git_would_not_have_made_are_refused() {
    let repo = Repo::new();
    let entry = |mode: &str, name: &str, content: &str| raw_entry(&repo, mode, name, content);
    let malformed = [
        [entry("100644", "f", "good"), entry("100644", "f", "evil")].concat(),
        [entry("100644", "f", "good"), entry("40000", "f", "evil")].concat(),
        [entry("100644", "b", "x"), entry("100644", "a", "x")].concat(),
        entry("100644", ".git", "x"),
        entry("100644", "..", "x"),
        entry("100644", ".", "x"),
        entry("100644", "a/b", "x"),
        entry("100644", "", "x"),
        entry("140000", "socket", "x"),
        entry("0", "zero", "x"),
    ];
    for tree in malformed {
        let commit = commit_of_raw_tree(&repo, &tree);
        let result = manifest_of_commit(&repo, &commit);
        let shown = String::from_utf8_lossy(&tree).into_owned();
        assert!(
            matches!(result, Err(HistoryError::MalformedTree { .. })),
            "{shown}: {result:?}"
        );
    }
    let twin = [entry("100644", "f", "good"), entry("100644", "g", "evil")].concat();
    let commit = commit_of_raw_tree(&repo, &twin);
    assert_eq!(manifest_of_commit(&repo, &commit).unwrap().len(), 2);
}

#[test]
fn the_group_writable_mode_of_old_reads_as_a_regular_file() {
    let repo = Repo::new();
    let old = commit_of_raw_tree(&repo, &raw_entry(&repo, "100664", "f", "x"));
    let new = commit_of_raw_tree(&repo, &raw_entry(&repo, "100644", "f", "x"));
    assert!(repo.change(&old, &new).is_empty());
}

#[test]
fn a_missing_blob_is_an_error_and_never_an_absent_file() {
    let repo = Repo::new();
    repo.write("f", "one");
    repo.commit("first");
    let id = repo.git(&["rev-parse", "HEAD:f"]);
    let object = repo.path.join(".git/objects").join(&id[..2]).join(&id[2..]);
    assert!(manifest_of_commit(&repo, "HEAD").is_ok());
    std::fs::remove_file(object).unwrap();
    let error = manifest_of_commit(&repo, "HEAD").unwrap_err();
    assert!(
        matches!(error, HistoryError::Missing { path: Some(_), .. }),
        "{error:?}"
    );
}

#[test]
fn a_shallow_boundary_is_no_first_commit_even_when_its_parent_is_there() {
    let repo = Repo::new();
    for content in ["one", "two", "three"] {
        repo.write("f", content);
        repo.commit(content);
    }
    let clone = repo.path.parent().unwrap().join("clone");
    let url = format!("file://{}", repo.path.display());
    repo.git(&["clone", "-q", "--depth", "1", &url, "../clone"]);
    let cut = Repository::open(&clone).unwrap();
    let head = cut.resolve("HEAD").unwrap();
    assert_eq!(cut.parents(&head), Err(HistoryError::Shallow(head.clone())));
    assert!(matches!(
        cut.commits_between(&[], &head),
        Err(HistoryError::Shallow(_))
    ));
    let parent = repo.git(&["rev-parse", "HEAD~1"]);
    git(
        &repo.path,
        &["config", "uploadpack.allowAnySHA1InWant", "true"],
    );
    git(&clone, &["fetch", "-q", "--depth", "1", "origin", &parent]);
    let cut = Repository::open(&clone).unwrap();
    assert_eq!(cut.parents(&head), Err(HistoryError::Shallow(head.clone())));
    git(&clone, &["fetch", "-q", "--unshallow"]);
    assert_eq!(
        Repository::open(&clone)
            .unwrap()
            .parents(&head)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn replace_refs_grafts_and_git_variables_change_nothing() {
    let repo = Repo::new();
    repo.write("f", "one");
    repo.commit("first");
    repo.write("f", "two");
    let honest = repo.commit("second");
    let digest = repo.change("HEAD~1", "HEAD").digest();
    repo.git(&["checkout", "-q", "-b", "evil", "HEAD~1"]);
    repo.write("f", "evil");
    let evil = repo.commit("evil");
    repo.git(&["replace", honest.as_str(), evil.as_str()]);
    repo.write(".git/info/grafts", format!("{honest}\n"));
    repo.git(&["checkout", "-q", "main"]);
    let opened = repo.open();
    let parents = opened.parents(&honest).unwrap();
    assert_eq!(parents.len(), 1);
    assert_eq!(
        opened.change(parents.first(), &honest).unwrap().digest(),
        digest
    );
}

#[test]
fn names_that_bind_no_single_commit_are_refused() {
    let repo = Repo::new();
    repo.write("f", "one");
    let first = repo.commit("first");
    repo.git(&["tag", "-a", "v1", "-m", "annotated"]);
    repo.git(&["tag", "-a", "nested", "-m", "tag of a tag", "v1"]);
    repo.git(&["tag", "both"]);
    repo.git(&["branch", "both"]);
    let opened = repo.open();
    for name in [
        "v1",
        "nested",
        "HEAD",
        "main",
        "refs/tags/both",
        first.as_str(),
    ] {
        assert_eq!(opened.resolve(name), Ok(first.clone()), "{name}");
    }
    assert!(matches!(
        opened.resolve("both"),
        Err(HistoryError::Ambiguous { .. })
    ));
    for name in ["", "nowhere", "-x", "HEAD:f", "HEAD~1", "a..b"] {
        let error = opened.resolve(name).unwrap_err();
        assert_eq!(error, HistoryError::UnknownRevision(name.to_owned()));
    }
}

#[test]
fn criss_cross_histories_have_all_their_merge_bases() {
    let repo = Repo::new();
    repo.write("base", "x");
    repo.commit("base");
    repo.git(&["checkout", "-q", "-b", "side"]);
    repo.write("side", "x");
    let side = repo.commit("side");
    repo.git(&["checkout", "-q", "main"]);
    repo.write("main", "x");
    let main = repo.commit("main");
    repo.git(&["merge", "-q", "-m", "one", side.as_str()]);
    repo.git(&["checkout", "-q", "side"]);
    repo.git(&["merge", "-q", "-m", "two", main.as_str()]);
    let opened = repo.open();
    let (one, two) = (
        opened.resolve("main").unwrap(),
        opened.resolve("side").unwrap(),
    );
    let mut bases = opened.merge_bases(&one, &two).unwrap();
    bases.sort();
    let mut expected = vec![side, main.clone()];
    expected.sort();
    assert_eq!(bases, expected);
    assert!(opened.is_ancestor(&main, &two).unwrap());
    assert!(!opened.is_ancestor(&two, &main).unwrap());
    assert_eq!(
        opened
            .commits_between(std::slice::from_ref(&one), &two)
            .unwrap(),
        [two]
    );
}
