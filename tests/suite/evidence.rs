//! Evidence that a squash strips lives on in what was signed.

use crate::world::{Clone, World};

/// Ben's branch with a message, declared to be made without AI.
fn declared(world: &World, message: &str, note: bool) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\ntwo\n", message);
    if note {
        let text = "tags.rs\n  s_f53881c86c55ec::t_56cd649d10cdf0 1-2\n---\n{\"schema_version\":\"authorship/3.0.0\",\
                    \"sessions\":{\"s_f53881c86c55ec\":{\"agent_id\":{\"tool\":\"claude\",\"id\":\"x\"}}}}";
        ben.git(&["notes", "--ref", "ai", "add", "-m", text]);
    }
    ben.countersign(&["declare", "--ai", "none"]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

/// Squashes the branch with a message of its own.
fn squash(ben: &Clone) {
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
    ben.git(&["push", "-q"]);
}

#[test]
fn a_squash_that_strips_the_trailers_loses_nothing_of_the_evidence() {
    let trailer = "Add tags\n\nCo-authored-by: Claude <noreply@anthropic.com>";
    for (message, status) in [(trailer, 1), ("Add tags", 0)] {
        let world = World::team();
        let ben = declared(&world, message, false);
        squash(&ben);
        let run = world.ci("HEAD~1..HEAD").expect(status, "");
        assert_eq!(
            run.stdout.contains("1 senior above the author"),
            status == 1,
            "{run:?}"
        );
        if status == 1 {
            // Whoever signs sees it, and that is enough.
            let ana = world.person("ana");
            ana.git(&["pull", "-q"]);
            let head = ana.head();
            let digest = ana.digest(&[&head]);
            ana.countersign(&["sync"]).ok();
            ana.countersign(&["sign", &head, "--confirm", &digest])
                .expect(0, "approved by ana");
            world.ci("HEAD~1..HEAD").ok();
        }
    }
}

#[test]
fn a_note_that_stays_behind_is_carried_by_the_declaration() {
    for (note, status) in [(true, 1), (false, 0)] {
        let world = World::team();
        let ben = declared(&world, "Add tags", note);
        let shown = ben.countersign(&["show", "--format", "json"]);
        squash(&ben);
        let run = world.ci("HEAD~1..HEAD").expect(status, "");
        assert_eq!(
            run.stdout.contains("1 senior above the author"),
            note,
            "{shown:?} {run:?}"
        );
    }
}

#[test]
fn a_declaration_below_a_note_is_kept_and_told_as_a_contradiction() {
    for (note, told) in [(true, true), (false, false)] {
        let world = World::team();
        let ben = declared(&world, "Add tags", note);
        let run = ben.countersign(&["declare", "--ai", "none"]).ok();
        assert_eq!(
            run.stdout
                .contains("CS303 evidence says generated, which counts"),
            told,
            "{run:?}"
        );
    }
}

/// Ana signs a policy with one more rule, and lands it.
fn add_rule(world: &World, when: &str) {
    let ana = world.person("ana");
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    let rule = format!(
        "\n[[rule]]\nname = \"agents\"\nwhen = {{ {when} }}\nrequire = {{ level = \"principal\" }}\n"
    );
    ana.write(path, &format!("{policy}{rule}"));
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Add a rule"]);
    ana.git(&["push", "-q"]);
}

/// A change by ben with this message, declared to be assisted, signed by ana, and landed.
fn signed(world: &World, message: &str, author: &str, tool: &[&str]) -> String {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\n", message);
    ben.git(&[
        "commit",
        "-q",
        "--amend",
        "--no-edit",
        &format!("--author={author}"),
    ]);
    ben.countersign(&[&["declare", "--ai", "assisted"], tool].concat())
        .ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    world.person("ana").sign("tags").ok();
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.ci("HEAD~1..HEAD").stdout
}

const BEN: &str = "ben Example <ben@example.org>";

#[test]
fn a_rule_about_a_tool_is_about_traces_and_declarations_of_it() {
    let cursor = "Add tags\n\nMade-with: Cursor";
    for (message, tool, asked) in [
        (cursor, &[][..], true),
        ("Add tags", &["--tool", "cursor"], true),
        ("Add tags", &["--tool", "Zed"], false),
        ("Add tags", &[], false),
    ] {
        let world = World::team();
        add_rule(&world, "tool = \"Cursor\"");
        let told = signed(&world, message, BEN, tool);
        assert_eq!(
            told.contains("rule    \"agents\""),
            asked,
            "{message} {tool:?}: {told}"
        );
    }
}

#[test]
fn a_rule_about_a_model_is_about_the_name_as_written() {
    for (model, asked) in [("claude-opus-4-7", true), ("claude-opus-4-6", false)] {
        let world = World::team();
        add_rule(&world, "model = \"Claude-Opus-4-7\"");
        let message = format!("Add tags\n\nAssisted-by: Claude:{model}");
        let told = signed(&world, &message, BEN, &[]);
        assert_eq!(
            told.contains("rule    \"agents\""),
            asked,
            "{model}: {told}"
        );
    }
}

#[test]
fn a_rule_about_agents_as_authors_is_about_the_author_alone() {
    let agent = "Cursor Agent <cursoragent@cursor.com>";
    for (author, message, asked) in [
        (agent, "Add tags", true),
        (
            BEN,
            "Add tags\n\nCo-authored-by: Cursor <cursoragent@cursor.com>",
            false,
        ),
    ] {
        let world = World::team();
        add_rule(&world, "author = \"agent\"");
        let told = signed(&world, message, author, &[]);
        assert_eq!(
            told.contains("rule    \"agents\""),
            asked,
            "{author}: {told}"
        );
    }
}
