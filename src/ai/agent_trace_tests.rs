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

fn added(before: &str, after: &str) -> AgentRecords {
    AgentRecords::added(before.as_bytes(), after.as_bytes(), AgentTable::builtin())
}

fn traces(records: &AgentRecords, paths: &[RepoPath]) -> Vec<Trace> {
    records.traces(&head(), paths.iter(), Extent::Assisted)
}

fn found(before: &str, after: &str) -> Vec<Trace> {
    traces(&added(before, after), &paths(&["a.rs"]))
}

/// The lines of `a.rs` and whose they are.
fn lines_of(text: &str) -> Vec<(u32, u32, LineBy)> {
    let records = added("", text);
    let ranges = records.ranges(&RepoPath::new("a.rs").unwrap());
    ranges
        .iter()
        .map(|one| (one.start, one.end, one.by))
        .collect()
}

#[test]
fn a_record_names_the_tool_its_version_the_model_and_its_provider() {
    let text = record("a.rs", &range(1, 5));
    let traces = found("", &text);
    let trace = &traces[0];
    assert_eq!((traces.len(), trace.strength), (1, Strength::Strong));
    assert_eq!(trace.sha256, sha256(text.trim().as_bytes()));
    let expected = NamedAgent {
        tool: "Cursor".to_owned(),
        version: Some("1".to_owned()),
        model: Some("claude-opus-4-7".to_owned()),
        provider: Some("anthropic".to_owned()),
        role: AgentRole::Coauthor,
        ..NamedAgent::default()
    };
    assert_eq!(trace.agent, Some(expected));
    assert_eq!(lines_of(&text), [(1, 5, LineBy::Ai)]);
}

#[test]
fn a_link_is_kept_where_others_can_follow_it() {
    let text = record("a.rs", &range(1, 5));
    let url = |text: &str| found("", text)[0].agent.clone().unwrap().session_url;
    assert_eq!(url(&text), None);
    let linked = text.replace("file:///x", "https://example.com/s/1");
    assert_eq!(url(&linked).as_deref(), Some("https://example.com/s/1"));
}

#[test]
fn records_that_stood_there_before_are_another_changes() {
    let old = record("a.rs", &range(1, 5));
    let new = record("a.rs", &range(6, 7));
    assert_eq!(found(&old, &old), []);
    assert_eq!(found(&old, &format!("{old}{new}")).len(), 1);
}

#[test]
fn paths_that_the_change_does_not_touch_say_nothing_and_windows_paths_are_read() {
    assert_eq!(found("", &record(".shell-history", &range(1, 5))), []);
    let records = added("", &record("src\\\\b.rs", &range(1, 5)));
    assert_eq!(traces(&records, &paths(&["src/b.rs"])).len(), 1);
}

#[test]
fn a_ranges_own_contributor_wins_over_its_conversations() {
    let human = "{\"start_line\":1,\"end_line\":5,\"contributor\":{\"type\":\"human\"}}";
    let text = record("a.rs", human);
    assert_eq!(found("", &text), []);
    assert_eq!(lines_of(&text), [(1, 5, LineBy::Human)]);
    let text = record("a.rs", &human.replace("human", "mixed"));
    assert_eq!(found("", &text).len(), 1);
    assert_eq!(lines_of(&text), [(1, 5, LineBy::Mixed)]);
    let text = record("a.rs", &human.replace("human", "unknown"));
    assert_eq!(
        (found("", &text), lines_of(&text)),
        (Vec::new(), Vec::new())
    );
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
    assert_eq!(added("", &text).odd, 5);
    assert_eq!(lines_of(&text), [(1, 2, LineBy::Ai)]);
}

#[test]
fn a_hundred_thousand_ranges_are_read_and_more_than_a_million_are_counted() {
    let many = |number: u32| {
        let listed: Vec<_> = (1..=number).map(|at| range(2 * at, 2 * at)).collect();
        added("", &record("a.rs", &listed.join(",")))
    };
    let records = many(100_000);
    assert_eq!((records.ranges, records.odd), (100_000, 0));
    let over = many(1_000_001);
    let ranges = over.ranges(&RepoPath::new("a.rs").unwrap());
    assert_eq!((ranges.len(), over.odd), (1_000_000, 1));
}

#[test]
fn no_bytes_panic() {
    let text = record("a.rs", &range(1, 2));
    for cut in 0..text.len() {
        AgentRecords::added(b"", &text.as_bytes()[..cut], AgentTable::builtin());
    }
    let table = AgentTable::builtin();
    AgentRecords::added(b"\xff\n\n", b"\xff\xfe\n[]\n{}\nnull", table);
}
