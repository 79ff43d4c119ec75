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

#[test]
fn of_a_series_the_composed_change_is_measured() {
    let world = world_with("", LINES);
    for (name, left, status) in [("ten", 10, 0), ("eleven", 11, 1)] {
        let carol = world.fresh("carol");
        carol.git(&["switch", "-q", "-C", name]);
        let path = format!("{name}.txt");
        carol.commit(&path, &"line\n".repeat(30), "Much");
        carol.commit(&path, &"line\n".repeat(left), "Less");
        carol.countersign(&["declare", "--ai", "none"]).ok();
        carol.git(&["push", "-q", "origin", "HEAD:main"]);
        let text = if status == 0 {
            "units (series, "
        } else {
            "\"large\""
        };
        world.ci("HEAD~2..HEAD").expect(status, text);
    }
}

#[test]
fn a_large_change_of_few_bytes_does_not_hold_the_gate_up() {
    let world = world_with("", LINES);
    let lines = |numbers: &mut dyn Iterator<Item = u32>| {
        numbers.fold(String::new(), |text, number| {
            text + &format!("{number:x}\n")
        })
    };
    let ana = world.person("ana");
    ana.commit("sorted.txt", &lines(&mut (0..100_000)), "Add numbers");
    ana.git(&["push", "-q"]);
    let started = std::time::Instant::now();
    let mirrored = lines(&mut (0..100_000).rev());
    let carol = declared(&world, "mirrored", &|carol| {
        carol.write("sorted.txt", &mirrored);
    });
    carol.verify(&world, &[]).expect(1, "rule    \"large\"");
    // A minimal diff of it takes many minutes.
    assert!(started.elapsed().as_secs() < 60);
    let carol = declared(&world, "turned", &|carol| {
        let text = lines(&mut (0..100_000)).replacen("\n7f\n", "\n8f\n", 1);
        carol.write("sorted.txt", &text);
    });
    carol.verify(&world, &[]).ok();
}

#[test]
fn nobody_signs_what_no_rule_asks_of_a_change_of_its_size() {
    for (number, status, text) in [(10, 1, "nothing is missing"), (11, 0, "approved by grace")] {
        let world = world_with("", LINES);
        let carol = declared(&world, "change", &|carol| {
            carol.write("a.txt", &"line\n".repeat(number));
        });
        carol.git(&["push", "-q", "origin", "change"]);
        let grace = world.clone_for("grace");
        grace.sign("change").expect(status, text);
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
    let pointer = "\nversion https://hawser.github.com/spec/v1\r\noid sha256:00\r\nsize 1\r\n";
    let cases: [(&str, Edit<'_>, i32, &str); 9] = [
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
            "pointer",
            &|ben| ben.write("docs/c.md", pointer),
            1,
            "CS102",
        ),
        (
            "quoted",
            &|ben| ben.write("docs/c.md", &format!("> {pointer}")),
            0,
            "needs nothing (exempt)",
        ),
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
fn an_exempt_file_that_becomes_executable_or_a_link_is_exempt_no_more() {
    let world = world_with("exempt = [\"docs/**\"]", "");
    let ana = world.person("ana");
    ana.commit("docs/a.sh", "echo\n", "Add a script");
    ana.git(&["push", "-q"]);
    let script = |ben: &Clone| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(ben.path.join("docs/a.sh"), mode).unwrap();
    };
    let cases: [(&str, Edit<'_>, i32); 5] = [
        ("text", &|ben| ben.write("docs/a.sh", "echo x\n"), 0),
        (
            "removed",
            &|ben| std::fs::remove_file(ben.path.join("docs/a.sh")).unwrap(),
            0,
        ),
        ("mode", &script, 1),
        (
            "link",
            &|ben| {
                std::fs::remove_file(ben.path.join("docs/a.sh")).unwrap();
                std::os::unix::fs::symlink("../lib.rs", ben.path.join("docs/a.sh")).unwrap();
            },
            1,
        ),
        (
            "submodule",
            &|ben| {
                let info = format!("160000,{},docs/lib", "1".repeat(40));
                ben.git(&["update-index", "--add", "--cacheinfo", &info]);
                std::fs::create_dir(ben.path.join("docs/lib")).unwrap();
            },
            1,
        ),
    ];
    for (name, edit, status) in cases {
        let text = if status == 0 { "exempt" } else { "CS102" };
        let ben = undeclared(&world, name, edit);
        ben.verify(&world, &[]).expect(status, text);
    }
}

#[test]
fn exempt_never_covers_the_trust_files() {
    let world = world_with("exempt = [\"**\"]", "");
    for (path, status) in [("notes.md", 0), (".countersign/notes.md", 1)] {
        let name = if status == 0 { "notes" } else { "trust" };
        let ben = undeclared(&world, name, &|ben| ben.write(path, "x\n"));
        let text = if status == 0 { "exempt" } else { "CS409" };
        ben.verify(&world, &[]).expect(status, text);
    }
}

#[test]
fn each_unit_of_a_range_is_exempt_by_itself() {
    let world = world_with("exempt = [\"docs/**\"]", "");
    let ben = undeclared(&world, "units", &|ben| ben.write("docs/a.md", "x\n"));
    ben.commit("docs/b.md", "x\n", "More");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~2..HEAD").expect(0, "");
    ben.commit("src/b.rs", "x\n", "Code");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~3..HEAD").expect(1, "CS102");
    let root = world.root();
    let args = [
        "verify",
        "--root",
        &root,
        "--format",
        "json",
        "HEAD~3..HEAD",
    ];
    let run = world.person("ci").countersign(&args);
    let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let units = verdict["units"].as_array().unwrap().iter();
    let coverage: Vec<_> = units.map(|unit| &unit["coverage"]).collect();
    assert_eq!(coverage, ["exempt", "exempt", "none"]);
}

#[test]
fn a_rejection_binds_an_exempt_change() {
    let world = world_with("exempt = [\"docs/**\"]", "");
    let ben = undeclared(&world, "docs", &|ben| ben.write("docs/a.md", "x\n"));
    ben.git(&["push", "-q", "origin", "docs"]);
    ben.verify(&world, &[]).expect(0, "needs nothing (exempt)");
    let carol = world.clone_for("carol");
    carol
        .sign_with("docs", &["--reject", "-m", "no"])
        .expect(1, "Rejected");
    ben.verify(&world, &[]).expect(1, "CS302");
}

#[test]
fn lint_warns_where_exempt_covers_what_instructs_agents() {
    for (globs, warns) in [
        ("docs/**", true),
        ("docs/*.txt", false),
        ("docs/**/*.txt", false),
        ("**/*.md", true),
        ("manual/guide/**", true),
        ("manual/guide/*", true),
        ("manual/guide/*.md", true),
        ("manual/guide/*.rst", false),
        (".cursor/rules/style.mdc", true),
        ("{docs,manual}/CLAUDE.md", true),
    ] {
        let world = world_with(&format!("exempt = [\"{globs}\"]"), "");
        let run = world.person("ana").countersign(&["policy", "lint"]).ok();
        assert_eq!(
            run.stdout.contains("tells agents what to do"),
            warns,
            "{run:?}"
        );
    }
}
