use super::*;

type Agent<'a> = (&'a str, Option<&'a str>);

fn check(value: &str, agent: Option<Agent<'_>>, strength: Strength) {
    let read = read(AgentTable::builtin(), value);
    let found = read
        .agent
        .as_ref()
        .map(|(tool, model)| (tool.as_str(), model.as_deref()));
    assert_eq!((found, read.strength), (agent, strength), "{value}");
}

#[test]
fn the_kernels_form_is_strong_for_a_known_agent() {
    check(
        "Claude:claude-3-opus",
        Some(("Claude Code", Some("claude-3-opus"))),
        Strength::Strong,
    );
    check(
        "Claude:claude-3-opus coccinelle sparse",
        Some(("Claude Code", Some("claude-3-opus"))),
        Strength::Strong,
    );
    check(
        "Claude Code:claude-opus-4-5",
        Some(("Claude Code", Some("claude-opus-4-5"))),
        Strength::Strong,
    );
    check(
        "Crush:gpt-5",
        Some(("Crush", Some("gpt-5"))),
        Strength::Strong,
    );
    check(
        "GitHub Copilot:gpt-5",
        Some(("GitHub Copilot", Some("gpt-5"))),
        Strength::Strong,
    );
}

#[test]
fn the_kernels_form_is_medium_for_an_agent_that_is_not_known() {
    check(
        "qwen:qwen3-coder",
        Some(("qwen", Some("qwen3-coder"))),
        Strength::Medium,
    );
    for other in [
        "https://example.com/x",
        "github:octocat",
        "thanks: everybody",
        "A person:b",
    ] {
        check(other, None, Strength::Weak);
    }
}

#[test]
fn a_listed_address_is_strong_and_another_reads_as_a_person() {
    check(
        "Claude Opus 4.5 <noreply@anthropic.com>",
        Some(("Claude Code", Some("Opus 4.5"))),
        Strength::Strong,
    );
    check(
        "Claude Opus 4.5 <noreply@anthropic.co>",
        None,
        Strength::Weak,
    );
    check("Claude <claude@example.com>", None, Strength::Weak);
    check("Devin Smith <devin@example.com>", None, Strength::Weak);
    check(
        "GitHub Copilot <copilot@example.com>",
        Some(("GitHub Copilot", None)),
        Strength::Medium,
    );
}

#[test]
fn free_text_forms_of_known_names_are_medium() {
    check("Claude", Some(("Claude Code", None)), Strength::Medium);
    check(
        "Codex (gpt-5-codex)",
        Some(("Codex", Some("gpt-5-codex"))),
        Strength::Medium,
    );
    check(
        "claude-opus-4.5 via Cursor",
        Some(("Cursor", Some("claude-opus-4.5"))),
        Strength::Medium,
    );
    check(
        "Claude Opus 4.5",
        Some(("Claude Code", Some("Opus 4.5"))),
        Strength::Medium,
    );
    check(
        "Claude Code, GitHub Copilot",
        Some(("Claude Code", None)),
        Strength::Medium,
    );
}

#[test]
fn a_value_that_reads_as_a_person_is_weak() {
    for person in [
        "Daniel Stenberg",
        "Claude Shannon",
        "Devin Smith",
        "Zed Shaw",
        "Jules on github",
        "x via y",
        "Claude S. #123",
    ] {
        check(person, None, Strength::Weak);
    }
}

#[test]
fn a_long_model_name_is_cut() {
    let read = read(
        AgentTable::builtin(),
        &format!("claude:{}", "m".repeat(1_000)),
    );
    assert_eq!(read.agent.unwrap().1.unwrap().len(), NAME_LIMIT);
}

#[test]
fn a_placeholder_from_a_document_is_no_agent() {
    let table = AgentTable::builtin();
    for value in ["AGENT_NAME:MODEL_VERSION [TOOL1] [TOOL2]", "agent:model"] {
        assert_eq!(read(table, value).strength, Strength::Weak, "{value}");
    }
    assert_eq!(read(table, "Crush:model").strength, Strength::Strong);
}
