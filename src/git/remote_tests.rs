use super::*;
use crate::git::testing::{Sandbox, by, git, origin, program, program_with};

const NAME: &str = "refs/countersign/attestations";
const COPY: &str = "refs/countersign/remotes/origin";

fn spec() -> FetchSpec {
    FetchSpec {
        source: NAME.to_owned(),
        destination: Some(COPY.to_owned()),
        rewind: true,
    }
}

fn commit(repo: &Repository, message: &str) -> CommitId {
    repo.write_empty_commit(&by("ana"), message).unwrap()
}

fn push(repo: &Repository, commit: &CommitId) -> PushOutcome {
    let refs = [(commit.clone(), NAME.to_owned())];
    let mut results = repo.push(&program(), &origin(), &refs).unwrap();
    assert_eq!(results[0].name, NAME);
    results.remove(0).outcome
}

#[test]
fn what_one_clone_pushes_another_lists_and_fetches() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let tip = commit(&one, "m");
    assert_eq!(push(&one, &tip), PushOutcome::Pushed);
    assert_eq!(push(&one, &tip), PushOutcome::Pushed);
    let listed = two.ls_remote(&program(), &origin(), &[NAME]).unwrap();
    assert_eq!(
        listed,
        [RemoteRef {
            name: NAME.to_owned(),
            id: tip.clone()
        }]
    );
    two.fetch(&program(), &origin(), &[spec()]).unwrap();
    assert_eq!(two.reference(COPY).unwrap(), Some(tip));
    assert!(!sandbox.path().join("two/.git/FETCH_HEAD").exists());
}

#[test]
fn a_ref_whose_tail_is_the_same_is_not_listed() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let refs = [(commit(&repo, "m"), format!("refs/x/{NAME}"))];
    repo.push(&program(), &origin(), &refs).unwrap();
    assert_eq!(repo.ls_remote(&program(), &origin(), &[NAME]).unwrap(), []);
}

#[test]
fn a_push_never_forces() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let first = commit(&repo, "first");
    push(&repo, &first);
    git(
        &sandbox.path().join("one"),
        &["config", "remote.origin.push", "+refs/*:refs/*"],
    );
    git(
        &sandbox.path().join("one"),
        &["config", "remote.origin.mirror", "true"],
    );
    let outcome = push(&repo, &commit(&repo, "unrelated"));
    assert!(
        matches!(outcome, PushOutcome::Rejected { .. }),
        "{outcome:?}"
    );
    assert_eq!(sandbox.remote_tip(NAME), Some(first));
}

#[test]
fn a_refusal_by_the_server_bears_its_words() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let hook = sandbox.remote().join("hooks/pre-receive");
    sandbox.script(&hook, "echo 'only heads and tags here' >&2; exit 1");
    let outcome = push(&repo, &commit(&repo, "m"));
    let PushOutcome::Rejected { words } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(words.contains("only heads and tags here"), "{words}");
}

#[test]
fn names_that_look_like_options_or_paths_are_refused() {
    for name in [
        "",
        "-x",
        "--upload-pack=touch",
        "../x",
        "a b",
        "ext::sh",
        "/tmp/x",
        "a..b",
        "x:y",
    ] {
        assert!(
            matches!(RemoteName::new(name), Err(RemoteError::Name(_))),
            "{name}"
        );
    }
    for name in ["origin", "up-stream", "team/x", "v1.2"] {
        assert_eq!(RemoteName::new(name).unwrap().as_str(), name);
    }
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let bad = FetchSpec {
        source: "--upload-pack=x".to_owned(),
        ..spec()
    };
    let fetched = repo.fetch(&program(), &origin(), &[bad]);
    assert!(matches!(fetched, Err(RemoteError::Refs(_))));
    let refs = [(commit(&repo, "m"), "--force".to_owned())];
    assert!(matches!(
        repo.push(&program(), &origin(), &refs),
        Err(RemoteError::Refs(_))
    ));
    assert!(matches!(
        repo.ls_remote(&program(), &origin(), &["-x"]),
        Err(RemoteError::Refs(_))
    ));
}

#[test]
fn a_remote_that_is_not_configured_is_not_taken_for_a_path() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    for folder in ["one", "one/.git"] {
        git(
            &sandbox.path().join(folder),
            &["init", "-q", "--bare", "elsewhere"],
        );
    }
    let remote = RemoteName::new("elsewhere").unwrap();
    let fetched = repo.fetch(&program(), &remote, &[spec()]);
    assert!(matches!(fetched, Err(RemoteError::NoSuchRemote(_))));
}

#[test]
fn a_remote_that_is_away_is_an_error_with_words() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    std::fs::remove_dir_all(sandbox.remote()).unwrap();
    for error in [
        repo.fetch(&program(), &origin(), &[spec()]).unwrap_err(),
        repo.ls_remote(&program(), &origin(), &[NAME]).unwrap_err(),
        repo.push(
            &program(),
            &origin(),
            &[(commit(&repo, "m"), NAME.to_owned())],
        )
        .unwrap_err(),
    ] {
        assert!(matches!(error, RemoteError::Failed { words, .. } if !words.is_empty()));
    }
}

#[test]
fn the_environment_cannot_redirect_git() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let canary = sandbox.path().join("canary");
    let touch = format!("touch {}", canary.display());
    let away = sandbox.path().join("nowhere");
    let away = away.to_str().unwrap();
    let git = program_with(&[
        ("GIT_DIR", away),
        ("GIT_WORK_TREE", away),
        ("GIT_OBJECT_DIRECTORY", away),
        ("GIT_EXEC_PATH", away),
        ("GIT_CONFIG_GLOBAL", away),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "remote.origin.url"),
        ("GIT_CONFIG_VALUE_0", away),
        ("GIT_SSH_COMMAND", &touch),
        ("GIT_TRACE", canary.to_str().unwrap()),
        ("LD_PRELOAD", away),
        ("LANG", "de_DE.UTF-8"),
    ]);
    let refs = [(commit(&repo, "m"), NAME.to_owned())];
    let results = repo.push(&git, &origin(), &refs).unwrap();
    assert_eq!(results[0].outcome, PushOutcome::Pushed);
    assert_eq!(repo.ls_remote(&git, &origin(), &[NAME]).unwrap().len(), 1);
    repo.fetch(&git, &origin(), &[spec()]).unwrap();
    assert!(!canary.exists());
}

/// The repository's own configuration names programs for all occasions; none of them runs.
#[test]
fn programs_that_the_repository_configures_do_not_run() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let folder = sandbox.path().join("one");
    let canary = sandbox.path().join("canary");
    let bait = sandbox.path().join("bait");
    sandbox.script(&bait, &format!("echo \"$0 $@\" >> {}", canary.display()));
    for hook in [
        "pre-push",
        "reference-transaction",
        "post-checkout",
        "pre-auto-gc",
        "post-merge",
    ] {
        std::fs::create_dir_all(folder.join("hooks")).unwrap();
        for hooks in [".git/hooks", "hooks"] {
            std::fs::copy(&bait, folder.join(hooks).join(hook)).unwrap();
        }
    }
    let bait = bait.to_str().unwrap();
    let hooks = folder.join("hooks");
    for (key, value) in [
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.fsmonitor", bait),
        ("core.alternateRefsCommand", bait),
        ("core.pager", bait),
        ("core.editor", bait),
        ("alias.fetch", &format!("!{bait}")),
        ("alias.push", &format!("!{bait}")),
        ("remote.origin.uploadpack", bait),
        ("remote.origin.receivepack", bait),
        ("push.gpgSign", "true"),
        ("gpg.program", bait),
        ("filter.x.smudge", bait),
        ("protocol.ext.allow", "always"),
    ] {
        git(&folder, &["config", key, value]);
    }
    // A repository with an alternate, for core.alternateRefsCommand.
    git(sandbox.path(), &["init", "-q", "--bare", "alternate.git"]);
    let alternate = sandbox.path().join("alternate.git/objects");
    let info = folder.join(".git/objects/info/alternates");
    std::fs::write(info, format!("{}\n", alternate.display())).unwrap();
    assert_eq!(push(&repo, &commit(&repo, "m")), PushOutcome::Pushed);
    repo.fetch(&program(), &origin(), &[spec()]).unwrap();
    repo.ls_remote(&program(), &origin(), &[NAME]).unwrap();
    assert_eq!(std::fs::read_to_string(&canary).unwrap_or_default(), "");
    // The twin: the same bait catches when git runs as it likes.
    let _ = std::process::Command::new("git")
        .args(["fetch", "origin"])
        .current_dir(&folder)
        .env("HOME", "/nonexistent")
        .output();
    assert!(canary.exists());
}

#[test]
fn an_ext_remote_runs_nothing() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let folder = sandbox.path().join("one");
    let canary = sandbox.path().join("canary");
    let url = format!("ext::touch {}", canary.display());
    git(&folder, &["config", "protocol.ext.allow", "always"]);
    git(&folder, &["config", "remote.origin.url", &url]);
    let fetched = repo.fetch(&program(), &origin(), &[spec()]);
    assert!(matches!(fetched, Err(RemoteError::Failed { .. })));
    assert!(!canary.exists());
}

#[test]
fn a_fetch_touches_no_other_ref() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let tip = commit(&one, "m");
    let refs = [
        (tip.clone(), NAME.to_owned()),
        (tip.clone(), "refs/heads/main".to_owned()),
    ];
    one.push(&program(), &origin(), &refs).unwrap();
    git(&sandbox.remote(), &["tag", "v1", tip.as_str()]);
    let folder = sandbox.path().join("two");
    git(&folder, &["config", "fetch.prune", "true"]);
    git(&folder, &["config", "remote.origin.tagOpt", "--tags"]);
    git(
        &folder,
        &[
            "config",
            "remote.origin.fetch",
            "+refs/*:refs/remotes/origin/*",
        ],
    );
    two.fetch(&program(), &origin(), &[spec()]).unwrap();
    let refs = git(&folder, &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(refs, COPY);
}

#[test]
fn a_commit_is_fetched_by_its_id() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.clone_as("one"), sandbox.clone_as("two"));
    let tip = commit(&one, "m");
    push(&one, &tip);
    let by_id = FetchSpec {
        source: tip.to_string(),
        destination: None,
        rewind: false,
    };
    two.fetch(&program(), &origin(), &[by_id]).unwrap();
    assert!(two.files(&tip).is_ok());
}

#[test]
fn git_is_only_found_in_absolute_folders() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path().join("bin");
    sandbox.script(&folder.join("git"), "true");
    let search = format!(".::bin:{}", folder.display());
    assert_eq!(GitProgram::find(search.as_ref()), Some(folder.join("git")));
    assert_eq!(GitProgram::find(".:bin:".as_ref()), None);
    let relative = GitProgram::new("git".into(), [], false);
    assert!(matches!(relative, Err(RemoteError::NoGit)));
}

#[test]
fn endless_output_ends() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let fake = sandbox.path().join("fake-git");
    sandbox.script(
        &fake,
        "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2",
    );
    let git = GitProgram::new(
        fake,
        [("PATH".into(), std::env::var_os("PATH").unwrap())],
        false,
    );
    let listed = repo.ls_remote(&git.unwrap(), &origin(), &[NAME]);
    assert!(matches!(listed, Err(RemoteError::TooMuchOutput(_))));
}

#[test]
fn a_program_in_the_repository_does_not_pass_for_one_of_the_search_path() {
    let sandbox = Sandbox::new();
    let repo = sandbox.clone_as("one");
    let folder = sandbox.path().join("one");
    let canary = sandbox.path().join("canary");
    sandbox.script(&folder.join("ssh"), &format!("touch {}", canary.display()));
    git(
        &folder,
        &["config", "remote.origin.url", "ssh://example.invalid/x"],
    );
    let search = std::env::var("PATH").unwrap();
    let program = GitProgram::find(search.as_ref()).unwrap();
    // Without ssh on the rest of the path, so that no network is used.
    let empty = sandbox.path().join("empty");
    let path = format!(".:{}:", empty.display());
    let git = GitProgram::new(program, [("PATH".into(), path.into())], false).unwrap();
    let listed = repo.ls_remote(&git, &origin(), &[NAME]);
    assert!(matches!(listed, Err(RemoteError::Failed { .. })));
    assert!(!canary.exists());
}
