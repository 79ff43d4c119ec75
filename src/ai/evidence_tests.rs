use proptest::prelude::*;

use super::*;
use crate::ai::{AgentRole, EvidenceSource, LineBy, Lines, Strength, assess};
use crate::change::history_testing::unanswered;
use crate::change::{Content, FileMode, Identity, KeptRun, LineCount, sha256};

const SESSION: &str = "s_f53881c86c55ec::t_56cd649d10cdf0";
const PERSON: &str = "h_11111111111111";
const JSON: &str = r#"{"schema_version":"authorship/3.0.0",
"sessions":{"s_f53881c86c55ec":{"agent_id":{"tool":"claude","id":"f286","model":"opus"},"human_author":"A <a@example.com>"}},
"humans":{"h_11111111111111":{"author":"B <b@example.com>"}}}"#;

/// The files of each commit of a line of commits, lines apart by spaces, and the notes of commits.
#[derive(Default)]
struct Line {
    commits: Vec<BTreeMap<&'static str, String>>,
    notes: BTreeMap<usize, String>,
    /// What comparing any two versions gives instead.
    kept: Option<KeptLines>,
}

fn id(number: usize) -> CommitId {
    format!("{number:040}").parse().unwrap()
}

fn path(name: &str) -> RepoPath {
    RepoPath::new(name).unwrap()
}

fn number(id: &CommitId) -> usize {
    id.to_string().parse().unwrap()
}

impl Line {
    fn new(versions: &[&[(&'static str, &str)]]) -> Self {
        let commit = |files: &&[(&'static str, &str)]| {
            let files = files.iter().map(|(name, text)| (*name, (*text).to_owned()));
            files.collect()
        };
        Self {
            commits: versions.iter().map(commit).collect(),
            ..Self::default()
        }
    }

    fn note(mut self, commit: usize, files: &str) -> Self {
        self.notes.insert(commit, format!("{files}---\n{JSON}"));
        self
    }

    /// The evidence of the change from the first commit to the last.
    fn read(&self) -> Found {
        let commits: Vec<_> = (1..self.commits.len())
            .map(|number| self.made(number))
            .collect();
        let (base, head) = (id(0), id(self.commits.len() - 1));
        read_evidence(AgentTable::builtin(), self, (Some(&base), &head), &commits)
    }

    fn made(&self, number: usize) -> Commit {
        let person = Identity {
            name: "P".to_owned(),
            email: "p@example.com".to_owned(),
        };
        Commit {
            id: id(number),
            parents: number.checked_sub(1).map(id).into_iter().collect(),
            author: person.clone(),
            committer: person,
            committed_at: 0,
            message: String::new(),
        }
    }

    fn lines(&self, commit: Option<&CommitId>, path: &RepoPath) -> Vec<&str> {
        let files = commit.map(|commit| &self.commits[number(commit)]);
        let file = files.and_then(|files| files.get(path.to_string().as_str()));
        file.map(|text| text.split_whitespace().collect())
            .unwrap_or_default()
    }
}

/// No line stands twice in a version, and lines never change places.
fn compared(old: &[&str], new: &[&str]) -> KeptLines {
    let place = |line: &&str| old.iter().position(|other| other == line);
    let kept = new
        .iter()
        .enumerate()
        .filter_map(|(at, line)| Some((place(line)?, at)));
    KeptLines {
        runs: kept
            .map(|(old, new)| KeptRun {
                old: old as u32 + 1,
                new: new as u32 + 1,
                lines: 1,
            })
            .collect(),
        lines: new.len() as u32,
    }
}

impl History for Line {
    unanswered!(
        merge_bases,
        is_ancestor,
        commits_between,
        content,
        file,
        folder,
        is_opaque,
        reference
    );

    fn commit(&self, commit: &CommitId) -> Result<Commit, HistoryError> {
        Ok(self.made(number(commit)))
    }

    fn parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
        Ok(self.made(number(commit)).parents)
    }

    fn change(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
    ) -> Result<ChangeManifest, HistoryError> {
        let content = |commit: Option<&CommitId>, name: &str| {
            let text = self.commits[number(commit?)].get(name)?;
            Some(Content::Blob {
                mode: FileMode::Regular,
                sha256: sha256(text.as_bytes()),
            })
        };
        let mut change = ChangeManifest::new();
        for name in self.commits.iter().flat_map(BTreeMap::keys) {
            change.insert(path(name), content(base, name), content(Some(head), name));
        }
        Ok(change)
    }

    fn line_count(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<LineCount, HistoryError> {
        let kept = compared(&self.lines(base, path), &self.lines(Some(head), path));
        Ok(LineCount {
            insertions: kept.insertions(),
            ..LineCount::default()
        })
    }

    fn kept_lines(
        &self,
        base: Option<&CommitId>,
        head: &CommitId,
        path: &RepoPath,
    ) -> Result<Option<KeptLines>, HistoryError> {
        let kept = || compared(&self.lines(base, path), &self.lines(Some(head), path));
        Ok(Some(self.kept.clone().unwrap_or_else(kept)))
    }

    fn text(&self, commit: &CommitId, path: &RepoPath) -> Result<Option<Vec<u8>>, HistoryError> {
        let text = self.commits[number(commit)].get(path.to_string().as_str());
        Ok(text.map(|text| text.clone().into_bytes()))
    }

    fn ai_note(&self, commit: &CommitId) -> Result<Option<Vec<u8>>, HistoryError> {
        let note = self.notes.get(&number(commit));
        Ok(note.map(|note| note.clone().into_bytes()))
    }
}

/// The lines of a file, first, last and whose.
fn of(found: &Found, name: &str) -> Vec<(u32, u32, LineBy)> {
    let attributed = found.attributed().unwrap();
    let ranges = attributed.of(&path(name)).iter();
    ranges.map(|one| (one.start, one.end, one.by)).collect()
}

fn lines(found: &Found) -> Lines {
    found.attributed().unwrap().lines()
}

#[test]
fn a_notes_lines_follow_the_edits_after_it_to_the_head() {
    // The agent's b c d; then x comes in before them, and c goes.
    let line = Line::new(&[
        &[("f", "a z")],
        &[("f", "a b c d z")],
        &[("f", "x a b d z")],
    ])
    .note(1, &format!("f\n  {SESSION} 2-4\n"));
    let found = line.read();
    assert_eq!(of(&found, "f"), [(3, 3, LineBy::Ai), (4, 4, LineBy::Ai)]);
    let expected = Lines {
        ai: 2,
        human: 0,
        unknown: 1,
    };
    assert_eq!(lines(&found), expected);
    assert_eq!(found.extent(), Some(Extent::Generated));
}

#[test]
fn lines_that_the_notes_commit_did_not_add_say_nothing() {
    let line = Line::new(&[&[("f", "a b c d e f")], &[("f", "a b c d x e f y w z")]]);
    // Only x is both listed and added.
    let found = line.note(1, &format!("f\n  {SESSION} 1-6\n")).read();
    assert_eq!(of(&found, "f"), [(5, 5, LineBy::Ai)]);
    assert_eq!(found.extent(), Some(Extent::Assisted));
}

#[test]
fn more_than_half_of_the_added_lines_is_generated() {
    for (added, extent) in [("b c d e", Extent::Assisted), ("b c d", Extent::Generated)] {
        let line = Line::new(&[&[], &[("f", added)]]).note(1, &format!("f\n  {SESSION} 1-2\n"));
        assert_eq!(line.read().extent(), Some(extent), "{added}");
    }
}

#[test]
fn a_note_of_files_that_its_commit_does_not_touch_raises_nothing_and_is_counted() {
    for (file, extent, odd) in [("g", None, 1), ("f", Some(Extent::Generated), 0)] {
        let line = Line::new(&[&[("g", "a")], &[("g", "a"), ("f", "b")]]);
        let found = line.note(1, &format!("{file}\n  {SESSION} 1\n")).read();
        assert_eq!(
            (found.extent(), found.odd.notes_of_other_files),
            (extent, odd)
        );
        let trace = found.traces().next().unwrap();
        assert_eq!(trace.strength == Strength::Weak, odd == 1);
        assert_eq!(found.operators().0.count(), usize::from(odd == 0));
    }
}

#[test]
fn who_drove_an_agent_is_named_once() {
    let line = Line::new(&[&[], &[("f", "a")], &[("f", "a b")]])
        .note(1, &format!("f\n  {SESSION} 1\n"))
        .note(2, &format!("f\n  {SESSION} 2\n"));
    let found = line.read();
    let (operators, left_out) = found.operators();
    let emails: Vec<_> = operators.map(|who| who.email).collect();
    assert_eq!((emails, left_out), (vec!["a@example.com".to_owned()], 0));
}

#[test]
fn who_drove_an_agent_whose_lines_the_commit_does_not_add_is_no_author() {
    for (listed, named) in [("1", 0), ("2", 1), ("1-2", 1)] {
        let line = Line::new(&[&[("f", "a")], &[("f", "a b")]]);
        let found = line.note(1, &format!("f\n  {SESSION} {listed}\n")).read();
        assert_eq!(found.operators().0.count(), named, "{listed}");
        assert!(found.extent().is_some());
    }
}

#[test]
fn agents_of_other_files_than_the_commits_are_not_named() {
    let json = JSON.replace(
        "\"sessions\":{",
        "\"sessions\":{\"s_22222222222222\":{\"agent_id\":{\"tool\":\"cursor\",\"id\":\"x\"}},",
    );
    let mut line = Line::new(&[&[("g", "a")], &[("g", "a"), ("f", "b")]]);
    let other = "s_22222222222222::t_56cd649d10cdf0";
    line.notes
        .insert(1, format!("f\n  {SESSION} 1\ng\n  {other} 1\n---\n{json}"));
    let found = line.read();
    let tools: Vec<_> = found
        .traces()
        .map(|trace| trace.agent.unwrap().tool)
        .collect();
    assert_eq!(tools, ["Claude Code"]);
}

#[test]
fn agents_win_over_people_whichever_source_says_so() {
    let record = |kind: &str| {
        format!(
            "{{\"version\":\"0.1\",\"files\":[{{\"path\":\"f\",\"conversations\":[{{\"contributor\":\
             {{\"type\":\"{kind}\"}},\"ranges\":[{{\"start_line\":1,\"end_line\":2}}]}}]}}]}}"
        )
    };
    for (kind, key) in [("human", SESSION), ("ai", PERSON), ("ai", SESSION)] {
        let text = record(kind).replace(' ', "");
        let line = Line::new(&[&[], &[("f", "a b"), (TRACES_PATH, &text)]]);
        let found = line.note(1, &format!("f\n  {key} 1-2\n")).read();
        assert_eq!(of(&found, "f"), [(1, 2, LineBy::Ai)], "{kind} {key}");
    }
    let text = record("human");
    let line = Line::new(&[&[], &[("f", "a b"), (TRACES_PATH, &text)]]);
    let found = line.note(1, &format!("f\n  {PERSON} 1-2\n")).read();
    assert_eq!(of(&found, "f"), [(1, 2, LineBy::Human)]);
    assert_eq!(found.extent(), None);
}

#[test]
fn a_record_of_the_change_names_its_lines_and_its_agent() {
    let text = "{\"version\":\"0.1\",\"tool\":{\"name\":\"cursor\"},\"files\":[{\"path\":\"f\",\"conversations\":\
                [{\"contributor\":{\"type\":\"ai\"},\"ranges\":[{\"start_line\":1,\"end_line\":9}]}]}]}";
    let versions: [&[_]; 3] = [
        &[("f", "a")],
        &[("f", "a b")],
        &[("f", "a b c"), (TRACES_PATH, text)],
    ];
    let found = Line::new(&versions).read();
    assert_eq!(of(&found, "f"), [(2, 3, LineBy::Ai)]);
    // The record itself is no line of the work.
    assert_eq!((lines(&found).ai, lines(&found).unknown), (2, 0));
    let trace = found.traces().next().unwrap();
    assert_eq!(
        (trace.source, trace.commit),
        (EvidenceSource::AgentTrace, Some(id(2)))
    );
    assert_eq!(trace.agent.unwrap().role, AgentRole::Coauthor);
}

#[test]
fn what_cannot_be_read_is_counted_and_says_nothing() {
    let mut line = Line::new(&[&[], &[("f", "a"), (TRACES_PATH, "no{record")]]);
    line.notes.insert(1, "no note".to_owned());
    let found = line.read();
    assert_eq!((found.odd.notes, found.odd.records), (1, 1));
    assert_eq!((found.extent(), found.attributed()), (None, None));
}

#[test]
fn where_comparing_costs_too_much_agents_count_as_having_written_most() {
    let kept = |lines| KeptLines {
        runs: Vec::new(),
        lines,
    };
    for (lines, extent) in [(9, Extent::Assisted), (u32::MAX, Extent::Generated)] {
        let mut line = Line::new(&[&[], &[("f", "a b c d"), ("g", "e")]])
            .note(1, &format!("f\n  {SESSION} 1\ng\n  {PERSON} 1\n"));
        line.kept = Some(kept(lines));
        let found = line.read();
        assert_eq!(found.extent(), Some(extent), "{lines}");
        assert_eq!(found.odd.unmapped_files > 0, extent == Extent::Generated);
    }
}

#[test]
fn a_statement_lists_the_lines_of_few_files_and_sums_those_of_many() {
    let text: Vec<_> = (0..2_002).map(|line| line.to_string()).collect();
    let text = text.join(" ");
    // Those that touch are one.
    let line = Line::new(&[&[], &[("f", &text)]]);
    let touching = format!("f\n  {SESSION} 1-9,10-2002\n");
    let ai = assess(None, &line.note(1, &touching).read());
    assert_eq!((ai.files[0].ranges.len(), ai.files[0].ai_lines), (1, 2_002));
    for (ranges, listed) in [(1_000, 1), (1_001, 0)] {
        let every: Vec<_> = (0..ranges).map(|at| (2 * at + 1).to_string()).collect();
        let line = Line::new(&[&[], &[("f", &text)]]);
        let found = line
            .note(1, &format!("f\n  {SESSION} {}\n", every.join(",")))
            .read();
        let ai = assess(None, &found);
        assert_eq!((ai.files.len(), ai.lines.unwrap().ai), (listed, ranges));
    }
}

/// What a source says of a line: nothing, a person's, an agent's.
fn any_note() -> impl Strategy<Value = Vec<(u32, bool)>> {
    prop::collection::vec((1u32..8, any::<bool>()), 0..5)
}

fn listed(ranges: &[(u32, bool)]) -> String {
    let key = |ai: bool| if ai { SESSION } else { PERSON };
    let entries = ranges
        .iter()
        .map(|(line, ai)| format!("  {} {line}\n", key(*ai)));
    format!("f\n{}", entries.collect::<String>())
}

proptest! {
    #[test]
    fn a_note_more_never_lowers_the_extent_and_never_takes_a_line_from_agents(
        one in any_note(),
        other in any_note(),
        versions in prop::collection::vec(prop::sample::subsequence(vec!["a", "b", "c", "d", "e", "f", "g"], 0..7), 3),
    ) {
        let texts: Vec<_> = versions.iter().map(|lines| lines.join(" ")).collect();
        let line = || Line::new(&[&[("f", &texts[0])], &[("f", &texts[1])], &[("f", &texts[2])]]);
        let (before, after) = (
            line().note(1, &listed(&one)).read(),
            line().note(1, &listed(&one)).note(2, &listed(&other)).read(),
        );
        prop_assert!(after.extent() >= before.extent());
        let ai = |found: &Found| found.attributed().map_or(0, |lines| lines.lines().ai);
        prop_assert!(ai(&after) >= ai(&before));
    }

    #[test]
    fn the_lines_told_apart_are_the_insertions(
        one in any_note(),
        versions in prop::collection::vec(prop::sample::subsequence(vec!["a", "b", "c", "d", "e", "f", "g"], 0..7), 3),
    ) {
        let texts: Vec<_> = versions.iter().map(|lines| lines.join(" ")).collect();
        let line = Line::new(&[&[("f", &texts[0])], &[("f", &texts[1])], &[("f", &texts[2])]]);
        let line = line.note(1, &listed(&one));
        let count = line.line_count(Some(&id(0)), &id(2), &path("f")).unwrap().insertions;
        if let Some(found) = line.read().attributed() {
            let lines = found.lines();
            prop_assert_eq!(lines.ai + lines.human + lines.unknown, count);
        }
    }
}
