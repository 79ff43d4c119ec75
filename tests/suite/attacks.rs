//! What a junior with push rights tries, each with a twin that differs only in the attack.

use crate::world::World;

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
