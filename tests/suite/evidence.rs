//! What evidence says, from the author's clone to the gate: also where a squash strips it.

use countersign::attestation::Bundle;

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

/// Ana signs a policy with more text, and lands it.
pub fn change_policy(world: &World, added: &str) {
    world.sign_policy(|policy| format!("{policy}\n{added}"));
}

/// The same with one more rule.
fn add_rule(world: &World, when: &str) {
    change_policy(
        world,
        &format!(
            "[[rule]]\nname = \"agents\"\nwhen = {{ {when} }}\nrequire = {{ level = \"principal\" }}\n"
        ),
    );
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

/// A note of `file`'s lines by an agent that this person drove, on the head.
fn add_note(clone: &Clone, file: &str, lines: &str, operator: &str) {
    let text = format!(
        "{file}\n  s_f53881c86c55ec::t_56cd649d10cdf0 {lines}\n---\n{{\"schema_version\":\"authorship/3.0.0\",\
         \"sessions\":{{\"s_f53881c86c55ec\":{{\"agent_id\":{{\"tool\":\"claude\",\"id\":\"f286\",\"model\":\"opus\"}},\
         \"human_author\":\"{operator}\"}}}}}}"
    );
    clone.git(&["notes", "--ref", "ai", "add", "-f", "-m", &text]);
}

/// A branch of two commits by ben, of which the first has a note.
fn noted(world: &World, file: &str, operator: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\ntwo\nthree\n", "Add tags");
    add_note(&ben, file, "1-3", operator);
    ben.commit("tags.rs", "zero\none\nthree\n", "Change tags");
    ben
}

#[test]
fn who_drove_the_agent_is_an_author_and_signs_for_somebody_else_alone() {
    for (operator, status) in [("ana <ana@example.org>", 1), ("ben <ben@example.org>", 0)] {
        let world = World::team();
        let rule = "[[rule]]\nname = \"one\"\nrequire = { level = \"senior\" }\n";
        change_policy(&world, rule);
        let ben = noted(&world, "tags.rs", operator);
        ben.countersign(&["declare", "--ai", "generated"]).ok();
        ben.git(&["push", "-q", "-u", "origin", "tags"]);
        world.person("ana").sign("tags").ok();
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        // The notes stay behind; the declaration names them.
        let run = world.ci("HEAD~2..HEAD").expect(status, "");
        assert_eq!(
            run.stdout.contains("rule    \"one\""),
            status == 1,
            "{run:?}"
        );
    }
}

#[test]
fn a_note_that_lists_no_file_of_its_commit_is_set_aside_and_named() {
    for (file, extent) in [("lib.rs", "none"), ("tags.rs", "generated")] {
        let world = World::team();
        let ben = noted(&world, file, "ben <ben@example.org>");
        let run = ben.countersign(&["declare", "--ai", "none"]).ok();
        let raised = extent == "generated";
        assert_eq!(run.stdout.contains("CS303"), raised, "{run:?}");
        let shown = ben.countersign(&["inspect"]).ok().stdout;
        assert_eq!(
            shown.contains("weak    git-ai/note-of-other-files"),
            !raised,
            "{shown}"
        );
        assert_eq!(
            shown.contains("1 git-ai notes of other files than their commit's"),
            !raised,
            "{shown}"
        );
    }
}

#[test]
fn the_lines_of_agents_are_shown_where_the_change_has_them() {
    let world = World::team();
    let ben = noted(&world, "tags.rs", "ben <ben@example.org>");
    let shown = ben.countersign(&["inspect", "--only", "ai"]).ok().stdout;
    assert!(
        shown.contains("2 of 3 added lines by AI, 0 by hand, 1 unknown"),
        "{shown}"
    );
    assert!(!shown.contains("Authors"), "{shown}");
    let told = ben
        .countersign(&["inspect", "--format", "json"])
        .ok()
        .stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let file = serde_json::json!([{"path": "tags.rs", "aiLines": 2, "ranges": [
        {"start": 2, "end": 3, "by": "ai", "agent": "a1"},
    ]}]);
    assert_eq!(told["ai"]["files"], file);
    ben.git(&["push", "-q", "-u", "origin", "tags", "refs/notes/ai"]);
    let ana = world.person("ana");
    ana.git(&["fetch", "-q", "origin", "refs/notes/ai:refs/notes/ai"]);
    let shown = ana.sign("tags").ok().stdout;
    assert!(shown.contains("AI 2-3"), "{shown}");
}

#[test]
fn a_policys_own_tools_count_like_the_built_in_ones() {
    let rule = "\n[[ai.rule]]\nid = \"inhouse\"\ntool = \"Inhouse\"\ntrailers = [{ key = \"Inhouse-Run\" }]\n";
    for (added, extent) in [(rule, "assisted"), ("", "none")] {
        let world = World::team();
        change_policy(&world, added);
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "tags"]);
        ben.commit("tags.rs", "one\n", "Add tags\n\nInhouse-Run: 7");
        let run = ben.countersign(&["declare", "--ai", "none"]).ok();
        let raised = extent == "assisted";
        assert_eq!(
            run.stdout.contains("CS303 evidence says assisted"),
            raised,
            "{run:?}"
        );
        ben.git(&["push", "-q", "-u", "origin", "HEAD:main"]);
        world
            .ci("HEAD~1..HEAD")
            .expect(i32::from(raised), if raised { "Inhouse" } else { "" });
    }
}

#[test]
fn a_person_of_the_roster_cannot_be_made_an_agent() {
    for (address, status) in [("ben@example.org", 1), ("bot@example.org", 0)] {
        let world = World::team();
        let ana = world.person("ana");
        let path = ".countersign/policy.toml";
        let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
        let rule = format!(
            "\n[[ai.rule]]\nid = \"inhouse\"\ntool = \"Inhouse\"\naddresses = [\"{address}\"]\n"
        );
        ana.write(path, &format!("{policy}{rule}"));
        let run = ana.countersign(&["policy", "lint"]);
        assert_eq!(run.status, status, "{run:?}");
        let told = "\"ben@example.org\" is an address of ben, no agent's";
        assert_eq!(run.stdout.contains(told), status == 1, "{run:?}");
    }
}

#[test]
fn links_to_sessions_are_published_only_where_the_author_asks_for_it() {
    let link = "https://claude.ai/code/session_1";
    for flag in [&[][..], &["--with-session-links"]] {
        let world = World::team();
        let ben = world.fresh("ben");
        ben.git(&["switch", "-q", "-c", "tags"]);
        let message = format!("Add tags\n\nClaude-Session: {link}");
        ben.commit("tags.rs", "one\n", &message);
        add_note(&ben, "tags.rs", "1", "ben <ben@example.org>");
        let declare = ["declare", "--ai", "generated", "-o", "declaration.json"];
        ben.countersign(&[&declare, flag].concat()).ok();
        let bundle = std::fs::read(ben.path.join("declaration.json")).unwrap();
        let bundle = Bundle::parse(&bundle).unwrap();
        let payload = String::from_utf8(bundle.payload().to_vec()).unwrap();
        for session in [link, "f286"] {
            assert_eq!(payload.contains(session), !flag.is_empty(), "{payload}");
        }
        assert!(payload.contains("ben <ben@example.org>"), "{payload}");
    }
}

/// Lands ben's branch, declared to be generated, in one of the ways that a host offers.
fn land(world: &World, how: &str, extent: &str) {
    let ben = declared_as(world, extent);
    // Somebody else lands first.
    let ana = world.person("ana");
    ana.commit("other.rs", "other\n", "Another change");
    ana.git(&["push", "-q"]);
    ben.git(&["fetch", "-q"]);
    match how {
        "amend" => {
            ben.git(&["commit", "-q", "--amend", "-m", "Another message"]);
            ben.git(&["rebase", "-q", "origin/main"]);
        }
        "rebase" => drop(ben.git(&["rebase", "-q", "origin/main"])),
        "squash" => {
            ben.git(&["switch", "-q", "--detach", "origin/main"]);
            ben.git(&["merge", "-q", "--squash", "tags"]);
            ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
        }
        "cherry-pick" => {
            ben.git(&["switch", "-q", "--detach", "origin/main"]);
            ben.git(&["cherry-pick", "tags"]);
        }
        _ => panic!("{how}"),
    }
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
}

fn declared_as(world: &World, extent: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    ben.commit("tags.rs", "one\ntwo\n", "Add tags");
    ben.countersign(&["declare", "--ai", extent]).ok();
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

#[test]
fn however_a_change_lands_its_extent_is_what_was_declared() {
    for how in ["amend", "rebase", "squash", "cherry-pick"] {
        for extent in ["none", "generated"] {
            let world = World::team();
            land(&world, how, extent);
            let ci = world.fresh("ci");
            let root = world.root();
            let run = ci.countersign(&[
                "verify",
                "--fetch",
                "--format",
                "json",
                "--root",
                &root,
                "HEAD~1..HEAD",
            ]);
            let verdict: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(verdict["units"][0]["extent"], extent, "{how}: {run:?}");
        }
    }
}
