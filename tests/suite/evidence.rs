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
