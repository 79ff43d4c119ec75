use super::super::{MESSAGE_LIMIT, assess};
use super::*;

fn read_commit(commit: &Commit) -> Found {
    AgentTable::builtin().read_commits(std::slice::from_ref(commit))
}

fn person() -> Identity {
    identity("A Person", "a@example.com")
}

fn identity(name: &str, email: &str) -> Identity {
    Identity {
        name: name.to_owned(),
        email: email.to_owned(),
    }
}

fn commit(author: Identity, message: &str) -> Commit {
    Commit {
        id: "1".repeat(40).parse().unwrap(),
        parents: Vec::new(),
        committer: author.clone(),
        author,
        committed_at: 0,
        message: message.to_owned(),
    }
}

fn by(email: &str) -> Vec<Trace> {
    read_commit(&commit(identity("Name", email), "Subject"))
        .traces()
        .collect()
}

fn in_message(message: &str) -> Vec<Trace> {
    read_commit(&commit(person(), message)).traces().collect()
}

fn with_line(line: &str) -> Vec<Trace> {
    in_message(&format!("Subject\n\n{line}\n"))
}

/// Asserts the one trace that a line leaves.
fn check_line(line: &str, rule: &str, strength: Strength, extent: Extent) {
    let traces = with_line(line);
    let found: Vec<_> = traces
        .iter()
        .map(|one| (one.rule.as_str(), one.strength, one.extent))
        .collect();
    assert_eq!(found, [(rule, strength, extent)], "{line}");
    assert_eq!(traces[0].line, Some(3));
    assert_eq!(traces[0].sha256, sha256(line.as_bytes()));
}

/// Every address of the table, with its rule and what it shows as an author and beside one.
const ADDRESSES: [(&str, &str, Extent, Extent); 25] = {
    use Extent::{Assisted, Autonomous, Generated};
    [
        ("noreply@anthropic.com", "claude-code", Generated, Assisted),
        (
            "209825114+claude[bot]@users.noreply.github.com",
            "claude-app",
            Autonomous,
            Autonomous,
        ),
        (
            "198982749+Copilot@users.noreply.github.com",
            "copilot-agent",
            Autonomous,
            Autonomous,
        ),
        (
            "175728472+Copilot@users.noreply.github.com",
            "copilot",
            Generated,
            Assisted,
        ),
        (
            "223556219+Copilot@users.noreply.github.com",
            "copilot",
            Generated,
            Assisted,
        ),
        ("copilot@github.com", "copilot", Generated, Assisted),
        ("cursoragent@cursor.com", "cursor", Generated, Assisted),
        ("aider@aider.chat", "aider", Generated, Assisted),
        ("noreply@aider.dev", "aider", Generated, Assisted),
        (
            "158243242+devin-ai-integration[bot]@users.noreply.github.com",
            "devin",
            Autonomous,
            Autonomous,
        ),
        ("noreply@openai.com", "codex", Generated, Assisted),
        ("codex@openai.com", "codex", Generated, Assisted),
        (
            "161369871+google-labs-jules[bot]@users.noreply.github.com",
            "jules",
            Autonomous,
            Autonomous,
        ),
        (
            "218195315+gemini-cli@users.noreply.github.com",
            "gemini-cli",
            Generated,
            Assisted,
        ),
        (
            "244629292+kiro-agent@users.noreply.github.com",
            "kiro",
            Autonomous,
            Autonomous,
        ),
        (
            "208079219+amazon-q-developer[bot]@users.noreply.github.com",
            "amazon-q",
            Autonomous,
            Autonomous,
        ),
        (
            "189301087+windsurf-bot[bot]@users.noreply.github.com",
            "windsurf",
            Generated,
            Assisted,
        ),
        ("openhands@all-hands.dev", "openhands", Generated, Assisted),
        ("amp@ampcode.com", "amp", Generated, Assisted),
        ("crush@charm.land", "crush", Generated, Assisted),
        (
            "138933559+factory-droid[bot]@users.noreply.github.com",
            "factory",
            Generated,
            Assisted,
        ),
        ("noreply@opencode.ai", "opencode", Generated, Assisted),
        ("oz-agent@warp.dev", "warp", Generated, Assisted),
        ("assistant@zed.dev", "zed", Generated, Assisted),
        ("junie@jetbrains.com", "junie", Generated, Assisted),
    ]
};

/// Addresses that differ from a listed one by little: other people's, or nobody's.
fn lookalikes(address: &str) -> Vec<String> {
    let (local, domain) = address.split_once('@').unwrap();
    let bare = local
        .split_once('+')
        .map_or(format!("someone@{domain}"), |(_, login)| {
            format!("{login}@{domain}")
        });
    vec![
        bare,
        format!("x{address}"),
        format!("{address}.example"),
        format!("{local}@sub.{domain}"),
    ]
}

#[test]
fn each_listed_address_as_author_is_strong_evidence_and_its_lookalikes_none() {
    for (address, id, as_author, _) in ADDRESSES {
        for written in [address.to_owned(), address.to_uppercase()] {
            let traces = by(&written);
            assert_eq!(traces.len(), 1, "{written}");
            let trace = &traces[0];
            assert_eq!(trace.rule, format!("{id}/author"));
            assert_eq!((trace.source, trace.line), (EvidenceSource::Identity, None));
            assert_eq!(
                (trace.strength, trace.extent),
                (Strength::Strong, as_author),
                "{written}"
            );
            assert_eq!(trace.sha256, sha256(format!("Name <{written}>").as_bytes()));
            assert!(AgentTable::builtin().is_agent_address(&written));
        }
        for other in lookalikes(address) {
            assert!(by(&other).is_empty(), "{other}");
            assert!(!AgentTable::builtin().is_agent_address(&other), "{other}");
        }
    }
}

#[test]
fn each_listed_address_as_co_author_is_strong_evidence_and_its_lookalikes_none() {
    for (address, id, _, beside) in ADDRESSES {
        for key in ["Co-authored-by", "Co-Authored-By", "CO-AUTHORED-BY"] {
            let line = format!("{key}: Some Name <{address}>");
            check_line(&line, &format!("{id}/co-author"), Strength::Strong, beside);
        }
        for other in lookalikes(address) {
            assert!(
                with_line(&format!("Co-authored-by: Some Name <{other}>")).is_empty(),
                "{other}"
            );
        }
    }
}

/// A trailer, its row, what it shows, and a line that is none.
const LISTED_TRAILERS: [(&str, &str, Extent, &str); 8] = [
    (
        "Claude-Session: https://claude.ai/code/session_1",
        "claude-code/claude-session",
        Extent::Assisted,
        "Claude-Sessions: x",
    ),
    (
        "Agent-Logs-Url: https://github.com/o/r/sessions/1",
        "copilot-agent/agent-logs-url",
        Extent::Assisted,
        "Agent-Logs: x",
    ),
    (
        "Copilot-Session: 1",
        "copilot/copilot-session",
        Extent::Assisted,
        "Copilot-Session:",
    ),
    (
        "Made-with: Cursor",
        "cursor/made-with",
        Extent::Assisted,
        "Made-with: Cursor and love",
    ),
    (
        "Amp-Thread-ID: https://ampcode.com/threads/T-1-2",
        "amp/amp-thread-id",
        Extent::Assisted,
        "Amp-Thread-ID: https://example.com/threads/T-1",
    ),
    (
        "Entire-Checkpoint: 0123456789ab",
        "entire/entire-checkpoint",
        Extent::Assisted,
        "Entire-Checkpoint: 0123456789a",
    ),
    (
        "Entire-Agent: Claude Code",
        "entire/entire-agent",
        Extent::Assisted,
        "The Entire-Agent: Claude Code",
    ),
    (
        "Replit-Commit-Author: Agent",
        "replit/replit-commit-author",
        Extent::Generated,
        "Replit-Commit-Author: Agent Smith",
    ),
];

#[test]
fn each_listed_trailer_is_evidence_and_a_near_miss_is_not() {
    for (line, rule, extent, miss) in LISTED_TRAILERS {
        check_line(line, rule, Strength::Strong, extent);
        check_line(
            &line.replace(
                line.split(':').next().unwrap(),
                &line.split(':').next().unwrap().to_lowercase(),
            ),
            rule,
            Strength::Strong,
            extent,
        );
        assert!(with_line(miss).is_empty(), "{miss}");
    }
}

#[test]
fn each_marker_line_is_evidence_and_prose_with_it_is_not() {
    for (line, rule) in [
        (
            "🤖 Generated with [Claude Code](https://claude.com/claude-code)",
            "claude-code/marker",
        ),
        (
            "Generated with [Claude Code](https://claude.com/claude-code)",
            "claude-code/marker",
        ),
        (
            "🤖 Generated with [Claude Code](https://claude.ai/code)",
            "claude-code/marker",
        ),
        ("🤖 Generated with Claude Code", "claude-code/marker"),
        ("Generated with opencode", "opencode/marker"),
        ("# Aider chat conversation:", "aider/marker"),
        ("💘 Generated with Crush", "crush/marker"),
        (
            "💘 Generated with [Crush](https://charm.land/crush)",
            "crush/marker",
        ),
    ] {
        check_line(line, rule, Strength::Strong, Extent::Generated);
        assert!(with_line(&format!("Drop the line {line}")).is_empty());
        assert!(with_line(&format!("{line} from templates")).is_empty());
    }
    assert!(
        with_line("Generated with [Claude Code](https://claude.example/claude-code)").is_empty()
    );
}

#[test]
fn prose_and_vendor_names_are_no_evidence() {
    for line in [
        "Support windsurf and Cursor in the installer",
        "This was written with Claude Code and GitHub Copilot",
        "Co-authored-by Claude noreply@anthropic.com",
        "Mail noreply@anthropic.com about it",
        "Co-authored-by: Devin Smith <devin@example.com>",
        "Co-authored-by: Claude",
        "Co-authored-by: Paul <paul@aider.chat>",
        "Thanks-to: Claude <noreply@anthropic.com>",
    ] {
        assert!(with_line(line).is_empty(), "{line}");
    }
    for (name, email) in [
        ("Devin Smith", "devin@example.com"),
        ("Claude", "claude@example.com"),
        ("Claude", "someone@anthropic.com"),
    ] {
        let named = commit(identity(name, email), "Subject");
        assert_eq!(read_commit(&named), Found::default());
    }
}

#[test]
fn assisted_by_is_assisted_and_generated_by_generated() {
    check_line(
        "Assisted-by: Claude:claude-3-opus sparse",
        "claude-code/assisted-by",
        Strength::Strong,
        Extent::Assisted,
    );
    check_line(
        "Generated-by: Claude Opus 4.5",
        "claude-code/generated-by",
        Strength::Medium,
        Extent::Generated,
    );
    check_line(
        "Assisted-by: qwen:qwen3",
        "any/assisted-by",
        Strength::Medium,
        Extent::Assisted,
    );
    check_line(
        "Assisted-by: GPT 5.6",
        "gpt/assisted-by",
        Strength::Medium,
        Extent::Assisted,
    );
    check_line(
        "Assisted-by: GPT Example",
        "any/assisted-by",
        Strength::Weak,
        Extent::Assisted,
    );
    check_line(
        "Assisted-by: Daniel Example",
        "any/assisted-by",
        Strength::Weak,
        Extent::Assisted,
    );
    check_line(
        "Generated-by: autogen.sh",
        "any/generated-by",
        Strength::Weak,
        Extent::Generated,
    );
}

#[test]
fn an_agent_in_signed_off_by_is_strong_and_flagged() {
    check_line(
        "Signed-off-by: Claude <noreply@anthropic.com>",
        "claude-code/signed-off-by",
        Strength::Strong,
        Extent::Assisted,
    );
    let flagged = |line: &str| {
        read_commit(&commit(person(), line))
            .agent_sign_offs()
            .count()
    };
    assert_eq!(flagged("Signed-off-by: Claude <noreply@anthropic.com>"), 1);
    assert_eq!(flagged("Signed-off-by: Claude <claude@example.com>"), 0);
    assert_eq!(flagged("Co-authored-by: Claude <noreply@anthropic.com>"), 0);
}

#[test]
fn an_agent_reviewer_has_that_role() {
    let traces = with_line("Reviewed-by: Claude <noreply@anthropic.com>");
    assert_eq!(traces[0].agent.as_ref().unwrap().role, AgentRole::Reviewer);
}

#[test]
fn the_models_are_kept_as_written() {
    let model = |line: &str| with_line(line)[0].agent.clone().unwrap().model;
    assert_eq!(
        model("Co-Authored-By: Claude Opus 4.5 <noreply@anthropic.com>").as_deref(),
        Some("Opus 4.5")
    );
    assert_eq!(
        model("Co-Authored-By: Claude <noreply@anthropic.com>"),
        None
    );
    assert_eq!(
        model("Co-authored-by: aider (gpt-4o) <aider@aider.chat>").as_deref(),
        Some("gpt-4o")
    );
}

#[test]
fn a_recorder_names_the_agent_that_it_recorded() {
    let agent = |line: &str| with_line(line)[0].agent.clone().map(|agent| agent.tool);
    assert_eq!(
        agent("Entire-Agent: Claude Code").as_deref(),
        Some("Claude Code")
    );
    assert_eq!(agent("Entire-Agent: something else"), None);
}

#[test]
fn aiders_suffix_is_medium_in_an_author_and_weak_in_a_committer() {
    let rules = |commit: &Commit| {
        let traces: Vec<_> = read_commit(commit).traces().collect();
        traces
            .into_iter()
            .map(|one| (one.rule, one.strength))
            .collect::<Vec<_>>()
    };
    let aided = identity("A Person (aider)", "a@example.com");
    let author = Commit {
        author: aided.clone(),
        ..commit(person(), "S")
    };
    assert_eq!(
        rules(&author),
        [("aider/author".to_owned(), Strength::Medium)]
    );
    assert_eq!(
        rules(&commit(aided.clone(), "S")),
        [("aider/author".to_owned(), Strength::Medium)]
    );
    let committer = Commit {
        committer: aided,
        ..commit(person(), "S")
    };
    assert_eq!(
        rules(&committer),
        [("aider/committer".to_owned(), Strength::Weak)]
    );
    assert_eq!(
        rules(&commit(identity("A Person aider", "a@example.com"), "S")),
        []
    );
}

#[test]
fn an_agent_that_only_committed_is_medium_and_assisted() {
    let committed = Commit {
        committer: identity("Claude", "noreply@anthropic.com"),
        ..commit(person(), "S")
    };
    let trace = read_commit(&committed).traces().next().unwrap();
    assert_eq!(
        (trace.rule.as_str(), trace.strength, trace.extent),
        ("claude-code/committer", Strength::Medium, Extent::Assisted)
    );
}

#[test]
fn marks_outside_the_trailer_block_count() {
    let mark = "Co-Authored-By: Claude <noreply@anthropic.com>";
    for message in [
        format!("{mark}\n\nSubject below"),
        format!("Squash\n\n* one\n\n    {mark}\n\n* two\n\nSigned-off-by: A <a@example.com>"),
        format!("Subject\\n\\n{mark}"),
        format!("Subject\r\n\r\n{mark}\r\n"),
        format!("Subject\n\n{mark}\n\nProse after it."),
    ] {
        assert_eq!(in_message(&message).len(), 1, "{message}");
    }
    assert!(in_message("Squash\n\n* one\n\n* two").is_empty());
}

#[test]
fn bytes_over_the_limit_are_counted_and_not_scanned() {
    let mark = "Made-with: Cursor";
    let padded = |bytes: usize| format!("{}\n{mark}", "x".repeat(bytes));
    let inside = read_commit(&commit(person(), &padded(MESSAGE_LIMIT - mark.len() - 1)));
    assert_eq!((inside.traces().count(), inside.odd.message_bytes), (1, 0));
    let across = read_commit(&commit(person(), &padded(MESSAGE_LIMIT)));
    assert_eq!((across.traces().count(), across.odd.message_bytes), (0, 18));
}

#[test]
fn all_commits_of_a_change_count() {
    let first = commit(person(), "One\n\nMade-with: Cursor");
    let second = Commit {
        id: "2".repeat(40).parse().unwrap(),
        ..commit(identity("x", "noreply@openai.com"), "Two")
    };
    let assessed = assess(
        Some(Extent::None),
        &AgentTable::builtin().read_commits(&[first, second]),
    );
    assert_eq!(assessed.extent, Some(Extent::Generated));
    assert_eq!(assessed.agents.len(), 2);
    assert_eq!(assessed.evidence.len(), 2);
    assert_eq!(assessed.contradictions.len(), 2);
}

#[test]
fn without_its_table_the_reader_fails_closed() {
    let table = AgentTable::unreadable();
    let read = table.read_commits(&[commit(person(), "Subject")]);
    assert_eq!(read.extent(), Some(Extent::Autonomous));
}
