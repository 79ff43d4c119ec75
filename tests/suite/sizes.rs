//! Rules about how large a change is, and paths that need nothing.

use crate::world::{Clone, World};

/// The team under a policy with more in it, signed and landed by ana.
fn world_with(settings: &str, rules: &str) -> World {
    let world = World::team();
    let ana = world.person("ana");
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{settings}\n{policy}\n{rules}"));
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Change the policy"]);
    ana.git(&["push", "-q"]);
    world
}

/// What somebody does in their clone.
type Edit<'a> = &'a dyn Fn(&Clone);

const LINES: &str = "[[rule]]\nname = \"large\"\nwhen = { lines_over = 10 }\nrequire = { signers = 1, level = \"principal\" }\n";
const FILES: &str = "[[rule]]\nname = \"many\"\nwhen = { files_over = 2 }\nrequire = { signers = 1, level = \"principal\" }\n";

/// A branch of carol's, who is a senior: declared, it needs nothing more under the starter policy.
fn declared(world: &World, name: &str, edit: Edit<'_>) -> Clone {
    let carol = if world.person("carol").path.exists() {
        world.person("carol")
    } else {
        world.clone_for("carol")
    };
    carol.git(&["switch", "-q", "-C", name, "origin/main"]);
    edit(&carol);
    carol.git(&["add", "-A"]);
    carol.git(&["commit", "-q", "-m", name]);
    carol.countersign(&["declare", "--ai", "none"]).ok();
    carol
}

#[test]
fn a_rule_about_lines_asks_of_one_line_more() {
    let world = world_with("", LINES);
    let lines = |number: usize| "line\n".repeat(number);
    for (name, number, status) in [("ten", 10, 0), ("eleven", 11, 1)] {
        let carol = declared(&world, name, &|carol| carol.write("a.txt", &lines(number)));
        carol.verify(&world, &[]).expect(status, "");
    }
    // Lines that go count like lines that come.
    let carol = declared(&world, "replaced", &|carol| {
        carol.write("b.txt", &lines(6));
        carol.git(&["add", "-A"]);
        carol.git(&["commit", "-q", "-m", "first"]);
        carol.git(&["push", "-q", "origin", "HEAD:main"]);
        carol.git(&["fetch", "-q"]);
        carol.write("b.txt", &"other\n".repeat(6));
    });
    carol
        .verify(&world, &[])
        .expect(1, "rule    \"large\" policy.toml:");
}

#[test]
fn what_nobody_reads_line_by_line_exceeds_every_number_of_lines() {
    let world = world_with("", LINES);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let cases: [(&str, Edit<'_>, i32); 5] = [
        ("text", &|carol| carol.write("a.bin", "one\n"), 0),
        ("binary", &|carol| carol.write("a.bin", "one\0"), 1),
        ("pointer", &|carol| carol.write("a.bin", pointer), 1),
        (
            "prose",
            &|carol| carol.write("a.bin", &format!("The {pointer}")),
            0,
        ),
        (
            "submodule",
            &|carol| {
                let info = format!("160000,{},lib", "1".repeat(40));
                carol.git(&["update-index", "--add", "--cacheinfo", &info]);
                // What the index says and the work tree lacks is committed as it is.
                std::fs::create_dir(carol.path.join("lib")).unwrap();
            },
            1,
        ),
    ];
    for (name, edit, status) in cases {
        let carol = declared(&world, name, edit);
        carol.verify(&world, &[]).expect(status, "");
    }
}

#[test]
fn a_rule_about_files_asks_of_one_file_more() {
    let world = world_with("", FILES);
    for (name, number, status) in [("two", 2, 0), ("three", 3, 1)] {
        let carol = declared(&world, name, &|carol| {
            for file in 0..number {
                carol.write(&format!("{name}/{file}"), "x\n");
            }
        });
        carol.verify(&world, &[]).expect(status, "");
    }
}

/// Ben, a junior, changes documentation and declares nothing.
fn undeclared(world: &World, name: &str, edit: Edit<'_>) -> Clone {
    let ben = if world.person("ben").path.exists() {
        world.person("ben")
    } else {
        world.clone_for("ben")
    };
    ben.git(&["switch", "-q", "-C", name, "origin/main"]);
    edit(&ben);
    ben.git(&["add", "-A"]);
    ben.git(&["commit", "-q", "-m", name]);
    ben
}

#[test]
fn a_change_of_exempt_paths_alone_needs_nothing() {
    let forbid =
        "[[rule]]\nname = \"licence\"\npaths = [\"docs/LICENCE\"]\nforbid = \"ask the lawyers\"\n";
    let world = world_with("exempt = [\"docs/**\"]", forbid);
    let cases: [(&str, Edit<'_>, i32, &str); 7] = [
        (
            "docs",
            &|ben| ben.write("docs/a.md", "x\n"),
            0,
            "needs nothing (exempt)",
        ),
        ("code", &|ben| ben.write("src/a.rs", "x\n"), 1, "CS102"),
        (
            "both",
            &|ben| {
                ben.write("docs/b.md", "x\n");
                ben.write("src/b.rs", "x\n");
            },
            1,
            "CS102",
        ),
        ("binary", &|ben| ben.write("docs/c.md", "x\0"), 1, "CS102"),
        (
            "link",
            &|ben| {
                std::fs::create_dir_all(ben.path.join("docs")).unwrap();
                std::os::unix::fs::symlink("../src", ben.path.join("docs/d.md")).unwrap();
            },
            1,
            "CS102",
        ),
        (
            "script",
            &|ben| {
                ben.write("docs/e.sh", "x\n");
                ben.git(&["add", "-A"]);
                ben.git(&["update-index", "--chmod=+x", "docs/e.sh"]);
                let path = ben.path.join("docs/e.sh");
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(path, mode).unwrap();
            },
            1,
            "CS102",
        ),
        // What is forbidden stays so.
        (
            "licence",
            &|ben| ben.write("docs/LICENCE", "x\n"),
            1,
            "CS301",
        ),
    ];
    for (name, edit, status, text) in cases {
        let ben = undeclared(&world, name, edit);
        ben.verify(&world, &[]).expect(status, text);
    }
}

#[test]
fn lint_warns_where_exempt_covers_what_instructs_agents() {
    for (globs, warns) in [("docs/**", true), ("**/*.txt", false), ("**/*.md", true)] {
        let world = world_with(&format!("exempt = [\"{globs}\"]"), "");
        let run = world.person("ana").countersign(&["policy", "lint"]).ok();
        assert_eq!(
            run.stdout.contains("tells agents what to do"),
            warns,
            "{run:?}"
        );
    }
}
