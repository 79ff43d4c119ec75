use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Name, old, new and current text, and the merge.
type Case = (&'static str, [&'static str; 3], Option<&'static str>);

const CASES: [Case; 15] = [
    (
        "one line between",
        ["1\n2\n3\n4\n5\n", "1\nX\n3\n4\n5\n", "1\n2\n3\nY\n5\n"],
        Some("1\nX\n3\nY\n5\n"),
    ),
    (
        "touching",
        ["1\n2\n3\n4\n", "1\nX\n3\n4\n", "1\n2\nY\n4\n"],
        None,
    ),
    (
        "two lines between",
        [
            "1\n2\n3\n4\n5\n6\n",
            "1\nX\n3\n4\n5\n6\n",
            "1\n2\n3\n4\nY\n6\n",
        ],
        Some("1\nX\n3\n4\nY\n6\n"),
    ),
    (
        "same insertion point",
        ["1\n2\n", "1\nA\n2\n", "1\nB\n2\n"],
        None,
    ),
    (
        "same change on both sides",
        ["1\n2\n3\n4\n5\n", "1\nX\n3\n4\nZ\n", "1\nX\n3\n4\n5\n"],
        Some("1\nX\n3\n4\nZ\n"),
    ),
    (
        "same change twice plus another",
        [
            "1\n2\n3\n4\n5\n6\n7\n",
            "1\nX\n3\n4\n5\n6\n7\n",
            "1\nX\n3\n4\nQ\n6\n7\n",
        ],
        Some("1\nX\n3\n4\nQ\n6\n7\n"),
    ),
    (
        "append at the end, tail repeats",
        [
            "h\nf\na\n}\nend\n",
            "h\nf\na\n}\ng\na\n}\nend\n",
            "h\nf\nb\n}\nend\n",
        ],
        None,
    ),
    (
        "insertion slides to the other hunk",
        ["x\na\nb\ny\n", "x\na\nb\na\nb\ny\n", "x\nQ\nb\ny\n"],
        None,
    ),
    (
        "three equal blocks, one deleted, one edited",
        [
            "a\nb\nc\na\nb\nc\na\nb\nc\n",
            "a\nb\nc\na\nb\nc\n",
            "a\nb\nc\na\nQ\nc\na\nb\nc\n",
        ],
        None,
    ),
    (
        "no LF at the end",
        ["1\n2\n3", "1\nX\n3", "1\n2\n3\n4\n"],
        None,
    ),
    (
        "no LF at the end, far",
        ["1\n2\n3\n4\n5", "X\n2\n3\n4\n5", "1\n2\n3\n4\n5\n6\n"],
        Some("X\n2\n3\n4\n5\n6\n"),
    ),
    (
        "deleted and edited apart",
        ["1\n2\n3\n4\n5\n6\n", "4\n5\n6\n", "1\n2\n3\n4\n5\nY\n"],
        Some("4\n5\nY\n"),
    ),
    (
        "block moved, other edits inside",
        [
            "a\nb\nc\nd\ne\nf\n",
            "d\ne\nf\na\nb\nc\n",
            "a\nB\nc\nd\ne\nf\n",
        ],
        None,
    ),
    (
        "blocks swapped, far edit",
        [
            "a\nb\nc\nd\ne\nf\ng\nh\n",
            "d\ne\na\nb\nc\nf\ng\nh\n",
            "a\nb\nc\nd\ne\nf\ng\nH\n",
        ],
        Some("d\ne\na\nb\nc\nf\ng\nH\n"),
    ),
    ("empty old", ["", "x\n", "x\n"], Some("x\n")),
];

fn merged(old: &str, new: &str, cur: &str) -> Option<String> {
    let merged = merge_lines(old.as_bytes(), new.as_bytes(), cur.as_bytes());
    merged.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn each_case_merges_to_its_result_from_either_side() {
    for (name, [old, new, cur], result) in CASES {
        assert_eq!(merged(old, new, cur).as_deref(), result, "{name}");
        assert_eq!(merged(old, cur, new).as_deref(), result, "{name}");
    }
}

#[test]
fn below_the_last_level_only_equal_ends_are_paired() {
    // Each level pairs the one line that stands once, and what is left has again one.
    let mut texts = (String::new(), String::new());
    for level in 0..20 {
        let (a, b) = (format!("a{level}\n"), format!("b{level}\n"));
        texts = (
            format!("{a}{b}{a}{}{a}", texts.0),
            format!("{b}{a}{b}{}{b}", texts.1),
        );
    }
    let mut lines = Lines::default();
    let (old, new) = (
        lines.read(texts.0.as_bytes()),
        lines.read(texts.1.as_bytes()),
    );
    let hunks = lines.hunks(&old, &new);
    assert_eq!(
        lines.apply(
            &old,
            &hunks
                .iter()
                .map(|hunk| (hunk, new.as_slice()))
                .collect::<Vec<_>>()
        ),
        texts.1.as_bytes()
    );
}

/// What each hunk is: `-` lacking, `+` standing, `.` neither; nothing is both, `*`.
fn fares(old: &str, new: &str, cur: &str) -> String {
    let fares = hunks_in(old.as_bytes(), new.as_bytes(), cur.as_bytes());
    let signs = fares.iter().map(|hunk| match (hunk.lacking, hunk.stands) {
        (true, false) => '-',
        (false, true) => '+',
        (false, false) => '.',
        (true, true) => '*',
    });
    signs.collect()
}

const FROM: &str = "1\n2\n3\n4\n5\n6\n7\n";
const TO: &str = "1\nB\n3\n4\n5\nF\n7\n";

const FARES: [(&str, [&str; 3], &str); 21] = [
    ("nothing", [FROM, TO, FROM], "--"),
    ("all", [FROM, TO, TO], "++"),
    ("the first", [FROM, TO, "1\nB\n3\n4\n5\n6\n7\n"], "+-"),
    (
        "the first with more beside it",
        [FROM, TO, "1\nB\nC\n4\n5\n6\n7\n"],
        "+-",
    ),
    (
        "the first with more far off",
        [FROM, TO, "1\nB\n3\n4\n5\n6\n7\n8\n"],
        "+-",
    ),
    (
        "the first bettered",
        [FROM, TO, "1\nBB\n3\n4\n5\n6\n7\n"],
        ".-",
    ),
    (
        "the first parted",
        ["1\n2\n", "1\nA\nB\n2\n", "1\nA\nx\nB\n2\n"],
        ".",
    ),
    (
        "the first followed",
        ["1\n2\n", "1\nA\nB\n2\n", "1\nA\nB\nC\n2\n"],
        "+",
    ),
    (
        "a block",
        [
            "f\n}\n\nz\n",
            "f\n}\n\ng\n}\n\nz\n",
            "f\n}\n\ng\n}\n\nh\n}\n\nz\n",
        ],
        "+",
    ),
    (
        "no block",
        ["f\n}\n\nz\n", "f\n}\n\ng\n}\n\nz\n", "F\n}\n\nz\n"],
        ".",
    ),
    (
        "one line of many alike",
        ["a\n}\n}\nz\n", "a\n}\n}\n}\nz\n", "A\n}\n}\nz\n"],
        ".",
    ),
    ("a gap", ["1\n2\n3\n4\n", "1\n3\n4\n", "1\n3\n4\n5\n"], "+"),
    (
        "a gap beside more",
        ["1\n2\n3\n4\n", "1\n3\n4\n", "1\nC\n4\n"],
        "+",
    ),
    (
        "a gap that was closed",
        ["1\n2\n3\n4\n", "1\n3\n4\n", "1\n2\n3\nD\n"],
        "-",
    ),
    (
        "a gap that was closed in part",
        ["1\n2\n2b\n3\n", "1\n3\n", "1\n2b\n3\n"],
        ".",
    ),
    (
        "a gap in a larger one",
        ["1\n2\n3\n4\n5\n", "1\n2\n4\n5\n", "1\n5\n"],
        "+",
    ),
    (
        "lines that were swapped, and others far off",
        [
            "0\n1\na\nb\n2\n3\n",
            "0\n1\nb\na\n2\n3\n",
            "x\n1\na\nb\n2\ny\n",
        ],
        "--",
    ),
    (
        "a gap where another line came",
        ["1\n2\n3\n4\n", "1\n2\n4\n", "1\n2\nX\n4\n"],
        ".",
    ),
    (
        "a line that was moved",
        [
            "1\n2\n3\n4\n5\n6\n",
            "1\n2\n4\n5\n6\n",
            "1\n2\n4\n5\n3\n6\n",
        ],
        ".",
    ),
    ("a blank line", ["1\n2\n", "1\n\n2\n", "1\n\n2\n"], "."),
    (
        "a gap in what was replaced",
        ["1\n2\n3\n", "1\n3\n", "x\ny\n"],
        ".",
    ),
];

#[test]
fn a_hunk_stands_is_lacking_or_was_changed() {
    for (name, [old, new, cur], expected) in FARES {
        assert_eq!(fares(old, new, cur), expected, "{name}");
    }
}

/// Few different lines, so that many repeat.
fn any_text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec!["a\n", "b\n", "c\n", "}\n", "\n", "d\n", "e\n"]);
    let last = prop::sample::select(vec!["", "x", "a"]);
    (prop::collection::vec(line, 0..12), last).prop_map(|(lines, last)| lines.concat() + last)
}

/// A text and one with a few edits of it.
fn edited(old: &str, edits: &[(usize, usize, Vec<&'static str>)]) -> String {
    let mut lines: Vec<&str> = old.split_inclusive('\n').collect();
    for (at, removed, added) in edits {
        let start = (*at).min(lines.len());
        let end = (start + removed).min(lines.len());
        lines.splice(start..end, added.iter().copied());
    }
    lines.concat()
}

fn any_edits() -> impl Strategy<Value = Vec<(usize, usize, Vec<&'static str>)>> {
    let line = prop::sample::select(vec!["a\n", "b\n", "x\n", "y\n", "}\n"]);
    let edit = (0usize..12, 0usize..3, prop::collection::vec(line, 0..3));
    prop::collection::vec(edit, 0..3)
}

fn counted(text: &str) -> BTreeMap<&str, i64> {
    let mut counted = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        *counted.entry(line).or_default() += 1;
    }
    counted
}

proptest! {
    #[test]
    fn sides_may_change_places(old in any_text(), one in any_edits(), other in any_edits()) {
        let (new, cur) = (edited(&old, &one), edited(&old, &other));
        prop_assert_eq!(merged(&old, &new, &cur), merged(&old, &cur, &new));
    }

    #[test]
    fn a_side_that_changed_nothing_or_the_same_takes_the_other(old in any_text(), new in any_text()) {
        prop_assert_eq!(merged(&old, &new, &old), Some(new.clone()));
        prop_assert_eq!(merged(&old, &old, &new), Some(new.clone()));
        prop_assert_eq!(merged(&old, &new, &new), Some(new));
    }

    #[test]
    fn a_merge_has_the_lines_that_both_sides_leave(old in any_text(), one in any_edits(), other in any_edits()) {
        let (new, cur) = (edited(&old, &one), edited(&old, &other));
        let mut lines = Lines::default();
        let read = [&old, &new, &cur].map(|text| lines.read(text.as_bytes()));
        let (ours, theirs) = (lines.hunks(&read[0], &read[1]), lines.hunks(&read[0], &read[2]));
        let shared = common(&ours, &read[1], &theirs, &read[2]);
        if let Some(result) = merged(&old, &new, &cur).filter(|_| !shared.contains(&true)) {
            let mut expected = counted(&new);
            for (line, count) in counted(&cur) {
                *expected.entry(line).or_default() += count;
            }
            for (line, count) in counted(&old) {
                *expected.entry(line).or_default() -= count;
            }
            expected.retain(|_, count| *count != 0);
            prop_assert_eq!(counted(&result), expected);
        }
    }

    #[test]
    fn a_merge_brings_the_hunks_that_are_lacking(old in any_text(), one in any_edits(), other in any_edits()) {
        let (new, cur) = (edited(&old, &one), edited(&old, &other));
        let fares = fares(&old, &new, &cur);
        match merged(&old, &new, &cur) {
            Some(result) => prop_assert_eq!(result != cur, fares.contains('-')),
            None => prop_assert!(fares.contains(['.', '+'])),
        }
    }

    #[test]
    fn a_merge_changes_the_lines_of_the_change_and_no_others(old in any_text(), one in any_edits(), other in any_edits()) {
        let (new, cur) = (edited(&old, &one), edited(&old, &other));
        if let Some(result) = merged(&old, &new, &cur) {
            let changed = hunk_lines(old.as_bytes(), new.as_bytes()).concat().concat();
            let (before, after) = (counted(&cur), counted(&result));
            for line in before.keys().chain(after.keys()) {
                prop_assert!(before.get(line) == after.get(line) || changed.contains(&line.as_bytes()));
            }
            let hunks = hunk_lines(old.as_bytes(), new.as_bytes());
            let brought = hunks.iter().flat_map(|[_, brought]| brought);
            let mut brought = brought.map(|line| std::str::from_utf8(line).unwrap());
            prop_assert!(brought.all(|line| after.contains_key(line)));
        }
    }

    #[test]
    fn before_a_change_all_hunks_are_lacking_and_after_it_all_stand(old in any_text(), new in any_text()) {
        prop_assert!(fares(&old, &new, &old).chars().all(|hunk| hunk == '-'));
        let hunks = hunk_lines(old.as_bytes(), new.as_bytes());
        let is_blank = |lines: &[Vec<&[u8]>; 2]| lines.concat().iter().all(|line| line.trim_ascii().is_empty());
        let expected: String = hunks.iter().map(|lines| if is_blank(lines) { '.' } else { '+' }).collect();
        prop_assert_eq!(fares(&old, &new, &new), expected);
    }

    #[test]
    fn hunks_make_the_new_text_of_the_old(old in any_text(), new in any_text()) {
        let mut lines = Lines::default();
        let (from, to) = (lines.read(old.as_bytes()), lines.read(new.as_bytes()));
        let hunks = lines.hunks(&from, &to);
        let hunks: Vec<_> = hunks.iter().map(|hunk| (hunk, to.as_slice())).collect();
        prop_assert_eq!(lines.apply(&from, &hunks), new.as_bytes());
    }
}
