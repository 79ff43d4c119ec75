//! A hostile repository and a hostile environment: what is judged is the same, and no program that either names runs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::world::{Clone, Run, World, run};

/// What configuration of a repository could make git run.
const PROGRAMS: &str = "[core]\n\tfsmonitor = CANARY\n\thooksPath = HOOKS\n\tpager = CANARY\n\teditor = CANARY\n\tsshCommand = CANARY\n\
    \taskPass = CANARY\n\tgitProxy = CANARY\n\talternateRefsCommand = CANARY\n[gpg]\n\tprogram = CANARY\n[gpg \"ssh\"]\n\tprogram = CANARY\n\
    \tdefaultKeyCommand = CANARY\n[diff]\n\texternal = CANARY\n[diff \"x\"]\n\ttextconv = CANARY\n[filter \"x\"]\n\tclean = CANARY\n\tsmudge = CANARY\n\
    \tprocess = CANARY\n[merge \"x\"]\n\tdriver = CANARY\n[alias]\n\tfetch = !CANARY\n\tconfig = !CANARY\n[uploadpack]\n\tpackObjectsHook = CANARY\n\
    [trailer \"x\"]\n\tcommand = CANARY\n[remote \"origin\"]\n\tuploadpack = CANARY\n\treceivepack = CANARY\n[maintenance]\n\tauto = true\n\
    [gc]\n\tauto = 1\n[fetch]\n\twriteCommitGraph = true\n[submodule]\n\trecurse = true\n[countersign]\n\tkey = CANARY\n";

/// A program that leaves a mark when it runs.
struct Canary {
    program: PathBuf,
    mark: PathBuf,
}

impl Canary {
    fn new(world: &World) -> Self {
        let folder = world.path().join("canary");
        std::fs::create_dir_all(folder.join("hooks")).unwrap();
        let (program, mark) = (folder.join("run"), folder.join("ran"));
        let script = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", mark.display());
        for path in [
            program.clone(),
            folder.join("git"),
            folder.join("hooks/post-checkout"),
            folder.join("hooks/reference-transaction"),
            folder.join("hooks/pre-push"),
        ] {
            std::fs::write(&path, &script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { program, mark }
    }

    fn folder(&self) -> String {
        self.program.parent().unwrap().display().to_string()
    }

    #[track_caller]
    fn is_silent(&self) {
        let ran = std::fs::read_to_string(&self.mark);
        assert!(ran.is_err(), "{ran:?}");
    }
}

/// A landed and signed change, and a clone of a CI whose repository is configured by an attacker.
fn hostile(world: &World, canary: &Canary) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "work"]);
    ben.write(".gitattributes", "* filter=x diff=x merge=x export-subst\n");
    ben.commit("a.txt", "$Format:%H$\n", "Add a file");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "work"]);
    world.fresh("carol").sign("work").expect(0, "approved by");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let ci = world.fresh("ci");
    let config = ci.path.join(".git/config");
    let before = std::fs::read_to_string(&config).unwrap();
    let named = PROGRAMS
        .replace("HOOKS", &format!("{}/hooks", canary.folder()))
        .replace("CANARY", &canary.program.display().to_string());
    std::fs::write(config, format!("{before}{named}")).unwrap();
    ci
}

fn verify(world: &World, ci: &Clone, variables: &[(&str, String)], args: &[&str]) -> Run {
    let mut command = ci.command(env!("CARGO_BIN_EXE_countersign"));
    let root = world.root();
    command.args([&["verify", "--root", &root], args].concat());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    run(&mut command)
}

#[test]
fn no_program_that_the_repository_names_runs() {
    let world = World::team();
    let canary = Canary::new(&world);
    let ci = hostile(&world, &canary);
    verify(&world, &ci, &[], &["--fetch", "HEAD~1..HEAD"]).expect(0, "signed off by carol");
    for args in [
        &["status", "HEAD"][..],
        &["inspect", "HEAD~1..HEAD"],
        &["digest", "--manifest", "HEAD~1..HEAD"],
        &["show", "HEAD"],
        &["sync"],
        &["doctor"],
        &["trust", "log"],
    ] {
        ci.countersign(args);
    }
    canary.is_silent();
    // Git itself would have run it, whatever else it makes of that.
    assert!(ci.command("git").arg("status").output().is_ok());
    assert!(canary.mark.exists());
}

#[test]
fn no_variable_of_the_environment_changes_what_is_judged_or_runs() {
    let world = World::team();
    let canary = Canary::new(&world);
    let ci = hostile(&world, &canary);
    let other = world.fresh("omar");
    let (program, elsewhere) = (
        canary.program.display().to_string(),
        other.path.join(".git").display().to_string(),
    );
    let variables = [
        ("GIT_DIR", elsewhere.clone()),
        ("GIT_WORK_TREE", elsewhere.clone()),
        ("GIT_OBJECT_DIRECTORY", format!("{elsewhere}/objects")),
        (
            "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            format!("{elsewhere}/objects"),
        ),
        (
            "GIT_CEILING_DIRECTORIES",
            world.path().display().to_string(),
        ),
        ("GIT_CONFIG_COUNT", "1".to_owned()),
        ("GIT_CONFIG_KEY_0", "core.fsmonitor".to_owned()),
        ("GIT_CONFIG_VALUE_0", program.clone()),
        (
            "GIT_CONFIG_PARAMETERS",
            format!("'core.fsmonitor={program}'"),
        ),
        ("GIT_REPLACE_REF_BASE", "refs/heads/".to_owned()),
        ("GIT_GRAFT_FILE", "/nowhere".to_owned()),
        ("GIT_SHALLOW_FILE", "/nowhere".to_owned()),
        ("GIT_NAMESPACE", "x".to_owned()),
        ("GIT_SSH_COMMAND", program.clone()),
        ("GIT_EXTERNAL_DIFF", program.clone()),
        ("GIT_PAGER", program.clone()),
        ("GIT_EXEC_PATH", canary.folder()),
        ("GIT_TEMPLATE_DIR", canary.folder()),
        ("EDITOR", program.clone()),
        ("PAGER", program),
    ];
    verify(&world, &ci, &variables, &["--fetch", "HEAD~1..HEAD"]).expect(0, "signed off by carol");
    canary.is_silent();
}

#[test]
fn nothing_that_a_folder_of_the_path_holds_stands_in_for_the_gate() {
    let world = World::team();
    let canary = Canary::new(&world);
    let ci = hostile(&world, &canary);
    verify(&world, &ci, &[], &["--fetch", "HEAD~1..HEAD"]).ok();
    // Judging what is here needs no git program, whoever's git is found first.
    let path = [("PATH", canary.folder())];
    verify(&world, &ci, &path, &["HEAD~1..HEAD"]).expect(0, "signed off by carol");
    canary.is_silent();
}

#[test]
fn a_revision_or_branch_that_looks_like_an_option_is_none() {
    let world = World::team();
    let canary = Canary::new(&world);
    let ci = hostile(&world, &canary);
    let option = format!("--upload-pack={}", canary.program.display());
    for args in [
        &["--fetch", "--target", &option, "HEAD~1..HEAD"][..],
        &["--fetch", &format!("{option}..HEAD")],
        &["--fetch", "--pr", &option],
        &["--fetch", "--trust-ref", &option, "HEAD~1..HEAD"],
        &["--fetch", "--remote", &option, "HEAD~1..HEAD"],
    ] {
        verify(&world, &ci, &[], args).expect(2, "error");
    }
    canary.is_silent();
}

#[test]
fn an_output_that_can_not_be_written_is_no_pass() {
    let world = World::team();
    let canary = Canary::new(&world);
    let ci = hostile(&world, &canary);
    let root = world.root();
    let mut command = ci.command("sh");
    let line = format!(
        "{} verify --fetch --root {root} HEAD~1..HEAD >/dev/full; echo $?",
        env!("CARGO_BIN_EXE_countersign")
    );
    let status = run(command.args(["-c", &line])).stdout;
    assert_eq!(status.trim(), "2");
}
