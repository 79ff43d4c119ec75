//! `inspect`: a look at a change, in any repository and without set-up.

use std::process::Command;

use serde_json::{Value, json};

use crate::outputs::validator;
use crate::support::Repo;
use crate::world::{Run, World, run};

const SCHEMA: &str = include_str!("../../schemas/output-v1.schema.json");

/// A repository of nobody's: a first commit, and a branch with traces of two tools.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("a.rs", "one\n");
    repo.commit("Begin");
    repo.git(&["switch", "-q", "-c", "work"]);
    repo.write("a.rs", "one\ntwo\n");
    repo.commit("Add two\n\nCo-authored-by: Claude Opus <noreply@anthropic.com>");
    repo.write("b.rs", "b\n");
    repo.commit("Add b by hand");
    repo.write("c.rs", "c\n");
    repo.commit("Add c\n\nMade-with: Cursor\nCo-authored-by: Cursor <cursoragent@cursor.com>");
    repo
}

fn inspect(repo: &Repo, args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    let command = command.current_dir(&repo.path).env_clear().arg("inspect");
    run(command.args(args))
}

fn object(repo: &Repo, args: &[&str]) -> Value {
    let run = inspect(repo, &[args, &["--format", "json"]].concat()).ok();
    let object = serde_json::from_str(&run.stdout).unwrap();
    let errors: Vec<_> = validator(SCHEMA)
        .iter_errors(&object)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    object
}

#[test]
fn a_branch_is_shown_with_its_size_its_authors_and_where_each_trace_stands() {
    let repo = repository();
    let run = inspect(&repo, &[]).expect(0, "3 commits, 3 files +3 -0");
    let head = repo.git(&["rev-parse", "--short=7", "HEAD"]);
    for text in [
        "Authors   Ana Ruiz <ana@example.org>\n".to_owned(),
        "AI        assisted by evidence; nobody declared here".to_owned(),
        format!("strong  cursor/co-author                  {head} line 4    Cursor"),
    ] {
        assert!(run.stdout.contains(&text), "{text}: {run:?}");
    }
    let object = object(&repo, &[]);
    assert_eq!(object["ai"]["extent"], "assisted");
    assert_eq!(object["ai"]["declared"], Value::Null);
    assert_eq!(object["ai"]["evidence"].as_array().unwrap().len(), 3);
    let manifest = repo.change("main", "work");
    assert_eq!(object["change"], json!(manifest.digest().to_string()));
}

#[test]
fn each_commit_of_a_range_is_counted_for_each_tool() {
    let repo = repository();
    let run =
        inspect(&repo, &["--each", "main..work"]).expect(0, "3, 2 with traces of AI (66.7 %)");
    assert!(run.stdout.contains("      1  Claude Code\n"), "{run:?}");
    assert!(!run.stdout.contains("Add b by hand"), "{run:?}");
    let object = object(&repo, &["--each", "main..work"]);
    assert_eq!(
        (&object["commits"], &object["marked"]),
        (&json!(3), &json!(2))
    );
    let tools: Vec<_> = object["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["tool"])
        .collect();
    assert_eq!(tools, ["Claude Code", "Cursor"]);
    assert_eq!(object["rows"][0]["tools"], json!(["Cursor"]));
}

#[test]
fn no_trace_is_not_told_as_no_ai() {
    let repo = repository();
    let run =
        inspect(&repo, &["work~2..work~1"]).expect(0, "no trace that counts, which proves nothing");
    assert!(!run.stdout.contains("none"), "{run:?}");
    assert_eq!(
        object(&repo, &["work~2..work~1"])["ai"]["extent"],
        "unknown"
    );
}

#[test]
fn names_and_subjects_reach_the_terminal_escaped() {
    let repo = repository();
    repo.write("d.rs", "d\n");
    repo.commit("Add \u{1b}[31md\n\nMade-with: Cursor");
    let author = "--author=Maya\u{202e}Lind <maya@example.org>";
    repo.git(&["commit", "-q", "--amend", "--no-edit", author]);
    for args in [&["--each", "main..work"][..], &["main..work"]] {
        let run = inspect(&repo, args).ok();
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{run:?}");
    }
}

#[test]
fn a_range_that_is_nowhere_can_not_be_shown() {
    let repo = repository();
    inspect(&repo, &["nowhere..work"]).expect(2, "error[CS502]");
    inspect(&repo, &["main..work"]).ok();
}

#[test]
fn an_independent_script_counts_the_same() {
    let repo = repository();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/ai_traces.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        .args(["-B", script, "main..work"])
        .current_dir(&repo.path)
        .output()
        .unwrap();
    let counted = String::from_utf8(output.stdout).unwrap();
    assert_eq!(counted, "1 Claude Code\n1 Cursor\n2 marked\n");
}

/// Writes a note of git-ai for a commit: so many lines of `a.rs` are an agent's.
fn note(repo: &Repo, commit: &str, lines: u32) {
    let session = "s_f53881c86c55ec";
    let text = format!(
        "a.rs\n  {session}::t_56cd649d10cdf0 1-{lines}\n---\n{{\"schema_version\":\"authorship/3.0.0\",\"prompts\":{{}},\
         \"sessions\":{{\"{session}\":{{\"agent_id\":{{\"tool\":\"claude\",\"id\":\"x\",\"model\":\"claude-opus-4-7\"}}}}}}}}"
    );
    repo.git(&["notes", "--ref", "ai", "add", "-f", "-m", &text, commit]);
}

#[test]
fn notes_of_git_ai_are_read_and_weighed_against_what_the_commit_adds() {
    let repo = repository();
    repo.write("a.rs", "1\n2\n3\n4\n5\n6\n");
    repo.commit("By hand and by agent");
    for (lines, extent) in [(3, "assisted"), (4, "generated")] {
        note(&repo, "HEAD", lines);
        let object = object(&repo, &["HEAD~1..HEAD"]);
        assert_eq!(object["ai"]["extent"], extent, "{lines}");
        assert_eq!(object["ai"]["agents"][0]["tool"], "Claude Code");
        assert_eq!(object["ai"]["agents"][0]["model"], "claude-opus-4-7");
        assert_eq!(object["ai"]["evidence"][0]["source"], "git-ai-note");
    }
    // In folders, as git keeps many of them; and a note that is none says nothing.
    for number in 0..300 {
        repo.write("n", format!("{number}\n"));
        repo.commit("More");
        repo.git(&["notes", "--ref", "ai", "add", "-m", "no note", "HEAD"]);
    }
    let tree = repo.git(&["ls-tree", "--name-only", "refs/notes/ai"]);
    assert!(tree.lines().all(|name| name.len() == 2), "{tree}");
    assert_eq!(object(&repo, &["--each", "HEAD~301..HEAD"])["marked"], 1);
}

#[test]
fn records_of_agent_trace_count_for_the_change_that_adds_them() {
    let repo = repository();
    let record = |path: &str, start: u32, end: u32| {
        format!(
            "{{\"version\":\"1.0\",\"tool\":{{\"name\":\"cursor\"}},\"files\":[{{\"path\":\"{path}\",\"conversations\":[{{\
             \"contributor\":{{\"type\":\"ai\",\"model_id\":\"openai/gpt-5\"}},\"ranges\":[{{\"start_line\":{start},\"end_line\":{end}}}]}}]}}]}}\n"
        )
    };
    let first = record("d.rs", 1, 3);
    repo.write(".agent-trace/traces.jsonl", &first);
    repo.write("d.rs", "1\n2\n3\n4\n");
    repo.commit("By agent");
    let object_ = object(&repo, &["HEAD~1..HEAD"]);
    assert_eq!(object_["ai"]["extent"], "generated");
    assert_eq!(object_["ai"]["evidence"][0]["source"], "agent-trace");
    assert_eq!(object_["ai"]["agents"][0]["model"], "gpt-5");
    // The next change adds a record of another path, and lines of its own.
    repo.write(
        ".agent-trace/traces.jsonl",
        format!("{first}{}", record("other.rs", 1, 9)),
    );
    repo.write("d.rs", "1\n2\n3\n4\n5\n");
    repo.commit("By hand");
    assert_eq!(object(&repo, &["HEAD~1..HEAD"])["ai"]["extent"], "unknown");
    assert_eq!(object(&repo, &["--each", "HEAD~2..HEAD"])["marked"], 1);
}

#[test]
fn the_rules_of_the_policy_are_shown_with_whether_each_is_about_the_change() {
    let world = World::team();
    let more = "[[rule]]\nname = \"docs\"\npaths = [\"docs/**\"]\nrequire = { team = \"web\" }\n\n\
                [[rule]]\nname = \"long\"\nwhen = { lines_over = 9 }\nforbid = \"cut it\"\n";
    let more = more.replace("team = \"web\"", "level = \"senior\"");
    crate::evidence::change_policy(&world, &more);
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", "Add tags");
    let shown = ben.countersign(&["inspect", "--only", "rules"]).ok().stdout;
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 4, "{shown}");
    let ends = [
        "[default]   applies: a declaration by an author",
        "senior above the author   applies: 1 senior above the author",
        "docs   not about these paths: 1 senior",
        "long   about larger changes: forbidden: cut it",
    ];
    for (line, end) in lines.iter().zip(ends) {
        assert!(line.ends_with(end), "{line}");
    }
    ben.countersign(&["declare", "--ai", "none"]).ok();
    let shown = ben.countersign(&["inspect", "--only", "rules"]).ok().stdout;
    assert!(shown.contains("about another part of AI"), "{shown}");
    // Without a policy there are no rules.
    inspect(&repository(), &["--only", "rules"]).expect(2, "error[");
}

#[test]
fn new_paths_that_look_like_others_are_told_before_anybody_signs() {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "names"]);
    ben.write("LIB.rs", "x\n");
    ben.write("src/caf\u{e9}.rs", "x\n");
    ben.write("Src/cafe.rs", "x\n");
    ben.write("a\u{202e}b.rs", "x\n");
    ben.commit("plain.rs", "x\n", "Add names");
    let shown = ben.countersign(&["inspect"]).ok().stdout;
    for told in [
        "LIB.rs beside lib.rs: the names differ only in case or Unicode form",
        "Src beside src: the names differ only in case",
        "a\\u{202e}b.rs has characters that can't be seen",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    assert!(!shown.contains("plain.rs"), "{shown}");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "names"]);
    let ana = world.person("ana");
    ana.sign("names")
        .expect(0, "Look      LIB.rs beside lib.rs");
}
