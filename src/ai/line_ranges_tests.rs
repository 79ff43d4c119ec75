use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::change::KeptRun;

fn range(start: u32, end: u32, by: LineBy) -> LineRange {
    LineRange {
        start,
        end,
        by,
        agent: None,
    }
}

fn any_by() -> impl Strategy<Value = LineBy> {
    prop::sample::select(vec![
        LineBy::Unknown,
        LineBy::Human,
        LineBy::Mixed,
        LineBy::Ai,
    ])
}

fn any_ranges() -> impl Strategy<Value = Vec<LineRange>> {
    let one =
        (1u32..60, 0u32..20, any_by()).prop_map(|(start, more, by)| range(start, start + more, by));
    prop::collection::vec(one, 0..12)
}

/// Each line and whose it is; later ranges paint over earlier ones.
fn painted(ranges: &[LineRange]) -> BTreeMap<u32, LineBy> {
    let lines = |range: &LineRange| {
        let by = range.by;
        (range.start..=range.end).map(move |line| (line, by))
    };
    ranges.iter().flat_map(lines).collect()
}

fn in_order(ranges: &[LineRange]) -> bool {
    ranges.windows(2).all(|two| two[0].end < two[1].start)
}

/// Runs of kept lines, from how many lines are removed, added and kept in turn.
fn runs(steps: &[(u32, u32, u32)]) -> KeptLines {
    let (mut old, mut new) = (1, 1);
    let mut runs = Vec::new();
    for (removed, added, lines) in steps {
        (old, new) = (old + removed, new + added);
        runs.push(KeptRun {
            old,
            new,
            lines: *lines,
        });
        (old, new) = (old + lines, new + lines);
    }
    KeptLines {
        runs,
        lines: new - 1,
    }
}

#[test]
fn the_last_line_that_there_can_be_is_counted() {
    let all = range(1, u32::MAX, LineBy::Ai);
    let won = last_wins(&[all.clone(), all]);
    assert_eq!(
        won.iter().map(LineRange::lines).sum::<u64>(),
        u64::from(u32::MAX)
    );
}

#[test]
fn a_persons_range_takes_no_line_from_an_agent_of_another_source() {
    let (ai, human) = (range(1, 9, LineBy::Ai), range(5, 12, LineBy::Human));
    let expected = [range(1, 9, LineBy::Ai), range(10, 12, LineBy::Human)];
    assert_eq!(agents_win(vec![ai.clone(), human.clone()]), expected);
    assert_eq!(agents_win(vec![human, ai]), expected);
}

#[test]
fn moved_lines_have_the_numbers_of_the_newer_version() {
    // Line 1 stays; 2 and 3 go; two lines come in; 4 to 6 stay.
    let kept = runs(&[(0, 0, 1), (2, 2, 3)]);
    let moved = moved(
        &[range(1, 4, LineBy::Ai), range(6, 9, LineBy::Human)],
        &kept,
    );
    let expected = [
        range(1, 1, LineBy::Ai),
        range(4, 4, LineBy::Ai),
        range(6, 6, LineBy::Human),
    ];
    assert_eq!(moved, expected);
}

proptest! {
    #[test]
    fn the_last_range_wins_as_painting_line_by_line_would(ranges in any_ranges()) {
        let won = last_wins(&ranges);
        prop_assert!(in_order(&won));
        prop_assert_eq!(painted(&won), painted(&ranges));
    }

    #[test]
    fn an_agents_line_stays_an_agents_whatever_else_is_said_of_it(
        ranges in any_ranges(),
        more in any_ranges(),
    ) {
        let ai = |ranges: Vec<LineRange>| {
            let won = painted(&agents_win(ranges));
            let ai = won.into_iter().filter(|(_, by)| by.is_ai());
            ai.map(|(line, _)| line).collect::<Vec<_>>()
        };
        let all = ai(ranges.iter().chain(&more).cloned().collect());
        prop_assert!(ai(ranges).iter().all(|line| all.contains(line)));
    }

    #[test]
    fn within_keeps_the_lines_that_both_have(ranges in any_ranges(), others in any_ranges()) {
        let (ranges, others) = (last_wins(&ranges), last_wins(&others));
        let bounds: Vec<_> = others.iter().map(|other| (other.start, other.end)).collect();
        let found = within(&ranges, &bounds);
        prop_assert!(in_order(&found));
        let mut expected = painted(&ranges);
        let inside = painted(&others);
        expected.retain(|line, _| inside.contains_key(line));
        prop_assert_eq!(painted(&found), expected);
    }

    #[test]
    fn moving_follows_each_kept_line(
        ranges in any_ranges(),
        steps in prop::collection::vec((0u32..4, 0u32..4, 1u32..6), 0..8),
    ) {
        let (ranges, kept) = (last_wins(&ranges), runs(&steps));
        let moved = moved(&ranges, &kept);
        prop_assert!(in_order(&moved));
        let old = painted(&ranges);
        let lines = kept.runs.iter().flat_map(|run| {
            (0..run.lines).map(move |line| (run.old + line, run.new + line))
        });
        let expected: BTreeMap<_, _> = lines
            .filter_map(|(from, to)| Some((to, *old.get(&from)?)))
            .collect();
        prop_assert_eq!(painted(&moved), expected);
    }
}
