use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const JSON: &str = r#"{"schema_version":"authorship/3.0.0","base_commit_sha":"8eee27e80d48dab4cfaa602be5828c21e30e6a1e",
"prompts":{"0123456789abcdef":{"agent_id":{"tool":"cursor","id":"x","model":"gpt-5"},"messages":[{"text":"secret"}],"overriden_lines":3}},
"sessions":{"s_f53881c86c55ec":{"agent_id":{"tool":"claude","id":"f286","model":"claude-opus-4-7"},"human_author":"A. Person <a@example.com>"},
"s_00000000000000":{"agent_id":7}},"humans":{"h_11111111111111":{"author":"B <b@example.com>"}}}"#;
const SESSION: &str = "s_f53881c86c55ec::t_56cd649d10cdf0";

fn parse(bytes: &[u8]) -> Result<GitAiNote, NoteError> {
    GitAiNote::parse(bytes, AgentTable::builtin())
}

fn note(files: &str) -> GitAiNote {
    parse(format!("{files}---\n{JSON}").as_bytes()).unwrap()
}

/// Tool, model, session and operator of each agent.
type Known<'n> = (&'n str, Option<&'n str>, Option<&'n str>, Option<&'n str>);

fn agents(note: &GitAiNote) -> Vec<Known<'_>> {
    let all = note.agents.iter();
    all.map(|agent| {
        let (model, session) = (agent.model.as_deref(), agent.session.as_deref());
        let operator = agent.operator.as_deref();
        (agent.tool.as_str(), model, session, operator)
    })
    .collect()
}

fn commit() -> CommitId {
    "c".repeat(40).parse().unwrap()
}

#[test]
fn lines_of_sessions_prompts_and_people_are_counted_apart() {
    let files = format!(
        "src/a.rs\n  {SESSION} 3-6,9\n  h_11111111111111 20-21\n\"src/b c.rs\"\n  0123456789abcdef 1\n"
    );
    let note = note(&files);
    assert_eq!((note.ai_lines(), note.human_lines()), (6, 2));
    let (opus, person) = (Some("claude-opus-4-7"), Some("A. Person <a@example.com>"));
    let expected = [
        ("Claude Code", opus, Some("f286"), person),
        ("Cursor", Some("gpt-5"), Some("x"), None),
    ];
    assert_eq!(agents(&note), expected);
    assert_eq!(note.odd, Odd::default());
}

#[test]
fn of_overlaps_the_last_wins() {
    let files = format!("a\n  {SESSION} 1-10\n  h_11111111111111 4-6\n  0123456789abcdef 6\n");
    let note = note(&files);
    assert_eq!((note.ai_lines(), note.human_lines()), (8, 2));
}

#[test]
fn what_is_odd_is_counted_and_says_nothing() {
    let files = format!(
        "a\n  s_ffffffffffffff::t_56cd649d10cdf0 1\n  s_00000000000000::t_56cd649d10cdf0 2\n  mock_ai 3\n\
         \x20 {SESSION} 9,5,x,0,7-6\n  nothing\n\n"
    );
    let note = note(&files);
    assert_eq!(note.ai_lines(), 2);
    let odd = Odd {
        malformed_keys: 1,
        dangling_keys: 2,
        unsorted: 1,
        unread_lines: 4,
    };
    assert_eq!(note.odd, odd);
}

#[test]
fn an_agent_that_wrote_no_line_is_no_trace() {
    let note = note("a\n  h_11111111111111 1-4\n");
    assert!(note.agents.is_empty());
    assert_eq!(note.traces(&commit(), Extent::Generated).count(), 0);
}

#[test]
fn a_note_leaves_a_trace_for_each_tool_and_model_and_names_its_digest() {
    let files = format!("a\n  {SESSION} 1-5\n  0123456789abcdef 6\n");
    let note = note(&files);
    let traces: Vec<_> = note.traces(&commit(), Extent::Assisted).collect();
    assert_eq!(traces.len(), 2);
    let trace = &traces[0];
    assert_eq!(
        (trace.rule.as_str(), trace.strength, trace.extent),
        ("git-ai/note", Strength::Strong, Extent::Assisted)
    );
    assert_eq!(trace.reference.as_deref(), Some("refs/notes/ai"));
    let bytes = format!("{files}---\n{JSON}");
    assert_eq!(trace.sha256, sha256(bytes.as_bytes()));
    let agent = trace.agent.as_ref().unwrap();
    assert_eq!(
        (agent.tool.as_str(), agent.session.as_deref()),
        ("Claude Code", Some("f286"))
    );
}

#[test]
fn lines_keep_their_places_and_whose_they_are() {
    let note = note(&format!("a\n  {SESSION} 7,3-5\n  h_11111111111111 4\n"));
    let ranges: Vec<_> = note.files.values().flatten().collect();
    let places: Vec<_> = ranges
        .iter()
        .map(|one| (one.start, one.end, one.by))
        .collect();
    let expected = [
        (3, 3, LineBy::Ai),
        (4, 4, LineBy::Human),
        (5, 5, LineBy::Ai),
        (7, 7, LineBy::Ai),
    ];
    assert_eq!(places, expected);
    assert_eq!(ranges[0].agent.as_ref().unwrap().tool, "Claude Code");
    assert_eq!(ranges[1].agent, None);
}

#[test]
fn what_is_no_note_is_an_error_and_its_twin_is_read() {
    let read = |text: &str| parse(text.as_bytes()).map(|note| note.ai_lines());
    let whole = format!("a\n  {SESSION} 1\n---\n{JSON}");
    assert_eq!(read(&whole), Ok(1));
    assert_eq!(
        read(&whole.replace("\n---\n", "\n--- \n")),
        Err(NoteError::Malformed)
    );
    assert_eq!(
        read(&whole.replace("3.0.0", "0.0.1").replace("authorship/", "a/")),
        Err(NoteError::Metadata)
    );
    assert_eq!(read(&whole[..whole.len() - 1]), Err(NoteError::Metadata));
    assert_eq!(parse(b"\xff---\n{}"), Err(NoteError::Malformed));
    assert_eq!(read(&format!("---\n{JSON}")), Ok(0));
    let large = vec![b' '; NOTE_LIMIT + 1];
    assert_eq!(parse(&large), Err(NoteError::TooLarge));
}

#[test]
fn a_hundred_thousand_ranges_take_no_time_to_speak_of_and_more_than_a_million_are_refused() {
    let ranges = |number: usize| {
        let listed: Vec<_> = (0..number).map(|at| (2 * at + 1).to_string()).collect();
        format!("a\n  {SESSION} {}\n---\n{JSON}", listed.join(","))
    };
    let note = parse(ranges(100_000).as_bytes()).unwrap();
    assert_eq!(note.ai_lines(), 100_000);
    let over = parse(ranges(1_000_001).as_bytes());
    assert_eq!(over, Err(NoteError::TooLarge));
}

proptest! {
    #[test]
    fn distinct_lines_are_counted_as_painting_them_one_by_one_would(
        ranges in prop::collection::vec((1u32..60, 0u32..20, 0..3usize), 0..20)
    ) {
        let keys = [SESSION, "h_11111111111111", "0123456789abcdef"];
        let mut painted: BTreeMap<u32, bool> = BTreeMap::new();
        let mut files = String::from("a\n");
        for (start, more, whose) in ranges {
            files += &format!("  {} {start}-{}\n", keys[whose], start + more);
            painted.extend((start..=start + more).map(|line| (line, whose != 1)));
        }
        let note = note(&files);
        let ai = painted.values().filter(|by_agent| **by_agent).count() as u64;
        prop_assert_eq!((note.ai_lines(), note.human_lines()), (ai, painted.len() as u64 - ai));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..400usize) {
        let _ = parse(&bytes);
        let whole = format!("a\n  {SESSION} 1-2\n---\n{JSON}");
        let _ = parse(&whole.as_bytes()[..cut.min(whole.len())]);
    }
}
