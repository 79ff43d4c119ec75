use super::*;

/// A record of some ranges of one path.
fn record(path: &str, ranges: &str) -> String {
    format!(
        "{{\"version\":\"0.1.0\",\"id\":\"x\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"tool\":{{\"name\":\"cursor\",\"version\":\"1\"}},\
         \"files\":[{{\"path\":\"{path}\",\"conversations\":[{{\"url\":\"file:///x\",\
         \"contributor\":{{\"type\":\"ai\",\"model_id\":\"anthropic/claude-opus-4-7\"}},\"ranges\":[{ranges}]}}]}}]}}\n"
    )
}

fn range(start: u32, end: u32) -> String {
    format!("{{\"start_line\":{start},\"end_line\":{end}}}")
}

fn head() -> CommitId {
    "c".repeat(40).parse().unwrap()
}

fn paths(names: &[&str]) -> Vec<RepoPath> {
    names
        .iter()
        .map(|name| RepoPath::new(*name).unwrap())
        .collect()
}

fn found(before: &str, after: &str, added: u64) -> Found {
    let records = AgentRecords::added(before.as_bytes(), after.as_bytes());
    records.traces(&head(), paths(&["a.rs"]).iter(), added)
}

#[test]
fn a_record_names_the_tool_the_model_and_the_share() {
    let text = record("a.rs", &range(1, 5));
    let trace = found("", &text, 9).traces().next().unwrap();
    assert_eq!(
        (trace.extent, trace.strength),
        (Extent::Generated, Strength::Strong)
    );
    assert_eq!(trace.sha256, sha256(text.trim().as_bytes()));
    let agent = trace.agent.unwrap();
    assert_eq!(
        (agent.tool.as_str(), agent.model.as_deref()),
        ("Cursor", Some("claude-opus-4-7"))
    );
    assert_eq!(found("", &text, 10).extent(), Some(Extent::Assisted));
}

#[test]
fn records_that_stood_there_before_are_another_changes() {
    let old = record("a.rs", &range(1, 5));
    let new = record("a.rs", &range(6, 7));
    assert_eq!(found(&old, &old, 1).extent(), None);
    assert_eq!(
        found(&old, &format!("{old}{new}"), 4).extent(),
        Some(Extent::Assisted)
    );
}

#[test]
fn paths_that_the_change_does_not_touch_say_nothing_and_windows_paths_are_read() {
    assert_eq!(
        found("", &record(".shell-history", &range(1, 5)), 1).extent(),
        None
    );
    let records = AgentRecords::added(b"", record("src\\\\b.rs", &range(1, 5)).as_bytes());
    let found = records.traces(&head(), paths(&["src/b.rs"]).iter(), 1);
    assert_eq!(found.extent(), Some(Extent::Generated));
}

#[test]
fn a_ranges_own_contributor_wins_over_its_conversations() {
    let human = "{\"start_line\":1,\"end_line\":5,\"contributor\":{\"type\":\"human\"}}";
    assert_eq!(found("", &record("a.rs", human), 5).extent(), None);
    let mixed = human.replace("human", "mixed");
    assert_eq!(
        found("", &record("a.rs", &mixed), 5).extent(),
        Some(Extent::Generated)
    );
    let unknown = human.replace("human", "unknown");
    assert_eq!(found("", &record("a.rs", &unknown), 5).extent(), None);
}

#[test]
fn what_is_no_record_is_counted_and_says_nothing() {
    let good = record("a.rs", &range(1, 2));
    let text = format!(
        "{good}not json\n{{\"session\":1,\"cost\":2}}\n{}{}\n\n",
        record(
            "a.rs",
            "{\"start_line\":0,\"end_line\":1},{\"start_line\":2,\"end_line\":1}"
        ),
        "{\"version\":\"1.0\",\"files\":[{\"path\":7}]}"
    );
    let records = AgentRecords::added(b"", text.as_bytes());
    assert_eq!(records.odd, 5);
    assert_eq!(found("", &text, 3).extent(), Some(Extent::Generated));
}

#[test]
fn a_hundred_thousand_ranges_are_read() {
    let many: Vec<_> = (1..=100_000).map(|at| range(2 * at, 2 * at)).collect();
    let text = record("a.rs", &many.join(","));
    let records = AgentRecords::added(b"", text.as_bytes());
    assert_eq!((records.ranges, records.odd), (100_000, 0));
    assert_eq!(found("", &text, 200_000).extent(), Some(Extent::Assisted));
}

#[test]
fn no_bytes_panic() {
    let text = record("a.rs", &range(1, 2));
    for cut in 0..text.len() {
        AgentRecords::added(b"", &text.as_bytes()[..cut]);
    }
    AgentRecords::added(b"\xff\n\n", b"\xff\xfe\n[]\n{}\nnull");
}
