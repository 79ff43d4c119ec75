use gix::diff::blob::{Algorithm, Diff};
use proptest::prelude::*;

use super::*;
use crate::change::History;
use crate::git::testing::{Sandbox, git};

fn counts(old: &str, new: &str) -> (u64, u64) {
    let count = compare(old.as_bytes(), new.as_bytes(), MAX_WORK);
    (count.insertions, count.deletions)
}

#[test]
fn a_smallest_diff_is_counted() {
    for (old, new, expected) in [
        ("", "", (0, 0)),
        ("", "a\nb\n", (2, 0)),
        ("a\nb\n", "", (0, 2)),
        ("a\nb\n", "a\nb\n", (0, 0)),
        ("a\nb\n", "a\nb", (1, 1)),
        ("a\nb\nc\n", "a\nx\nc\n", (1, 1)),
        ("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", (2, 3)),
        ("a\r\n", "a\n", (1, 1)),
    ] {
        assert_eq!(counts(old, new), expected, "{old:?} {new:?}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec!["a\n", "b\n", "c\n", "\n", "d"]),
        0..40,
    )
    .prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_count_is_that_of_a_minimal_diff(old in text(), new in text()) {
        let input = InternedInput::new(old.as_bytes(), new.as_bytes());
        let diff = Diff::compute(Algorithm::MyersMinimal, &input);
        let expected = (u64::from(diff.count_additions()), u64::from(diff.count_removals()));
        prop_assert_eq!(counts(&old, &new), expected);
    }

    /// A bound never makes a change smaller, and where it isn't reached it changes nothing.
    #[test]
    fn a_bound_of_work_only_counts_more(old in text(), new in text(), work in 0u64..4_000) {
        let bounded = compare(old.as_bytes(), new.as_bytes(), work);
        let exact = compare(old.as_bytes(), new.as_bytes(), u64::MAX);
        let lines = count(old.as_bytes()) + count(new.as_bytes());
        let smallest = exact.insertions + exact.deletions;
        if lines * smallest > work {
            prop_assert_eq!(bounded.insertions + bounded.deletions, lines);
        } else {
            prop_assert_eq!(bounded, exact);
        }
    }
}

#[test]
fn all_lines_count_where_the_smallest_diff_is_too_much_work() {
    // The lines of the one in the order of the other would take a search of hours.
    let lines = |numbers: &mut dyn Iterator<Item = u32>| {
        numbers.fold(String::new(), |text, number| {
            text + &format!("{number:x}\n")
        })
    };
    let (old, mirrored) = (lines(&mut (0..150_000)), lines(&mut (0..150_000).rev()));
    assert_eq!(counts(&old, &mirrored), (150_000, 150_000));
    let changed = old.replacen("\n1f\n", "\nother\n", 1);
    assert_eq!(counts(&old, &changed), (1, 1));
    // 67,108,864 / 400,000 lines: 167 lines may differ.
    let old = "x\n".repeat(200_000);
    for (more, expected) in [(167, (167, 0)), (168, (200_168, 200_000))] {
        let new = format!("{old}{}", "x\n".repeat(more));
        assert_eq!(counts(&old, &new), expected, "{more}");
    }
}

#[test]
fn of_more_than_a_megabyte_all_lines_count() {
    let half = "x\n".repeat(MAX_DIFFED_BYTES / 2);
    assert_eq!(counts(&half, &half[2..]), (0, 1));
    let more = format!("{half}x\n");
    assert_eq!(counts(&half, &more), (524_289, 524_288));
}

#[test]
fn what_git_lfs_would_replace_is_a_pointer() {
    let rest = "oid sha256:00\nsize 1\n";
    let pointers = [
        format!("version https://git-lfs.github.com/spec/v1\n{rest}"),
        format!("version https://git-lfs.github.com/spec/v1\r\n{rest}"),
        format!("\n \u{a0}\tversion https://git-lfs.github.com/spec/v1\n{rest}"),
        format!("version https://hawser.github.com/spec/v1\n{rest}"),
        format!("version http://git-media.io/v/2\n{rest}"),
        // It looks at no more than the first bytes.
        format!(
            "version https://git-lfs.github.com/spec/v1\n{rest}{}text\n",
            "\n".repeat(2_000)
        ),
    ];
    for pointer in pointers {
        assert!(is_pointer(pointer.as_bytes()), "{pointer:?}");
    }
    let texts = [
        "",
        "version 2\n",
        "A version https://git-lfs.github.com/spec/v1\n",
        "oid sha256:00\nversion https://git-lfs.github.com/spec/v1\n",
        "version https://example.org/spec/v1\n",
    ];
    for text in texts {
        assert!(!is_pointer(text.as_bytes()), "{text:?}");
    }
    let late = format!(
        "{}version https://git-lfs.github.com/spec/v1\n",
        "\n".repeat(LFS_BYTES)
    );
    assert!(!is_pointer(late.as_bytes()));
}

#[test]
fn a_missing_object_is_an_error_and_never_no_lines() {
    let sandbox = Sandbox::new();
    sandbox.clone_as("a");
    let folder = sandbox.path().join("a");
    let path = RepoPath::new("a.txt").unwrap();
    let mut commits: Vec<CommitId> = Vec::new();
    for content in ["one\n", "one\ntwo\n"] {
        std::fs::write(folder.join("a.txt"), content).unwrap();
        git(&folder, &["add", "-A"]);
        git(&folder, &["commit", "-q", "-m", "a"]);
        commits.push(git(&folder, &["rev-parse", "HEAD"]).parse().unwrap());
    }
    let (old, new) = (&commits[0], &commits[1]);
    let open = || Repository::open(&folder).unwrap();
    let count = open().line_count(Some(old), new, &path).unwrap();
    assert_eq!((count.insertions, count.deletions), (1, 0));
    assert!(!open().is_opaque(new, &path).unwrap());

    let blob = git(&folder, &["rev-parse", "HEAD:a.txt"]);
    let (start, rest) = blob.split_at(2);
    std::fs::remove_file(folder.join(".git/objects").join(start).join(rest)).unwrap();
    let repo = open();
    for error in [
        repo.line_count(Some(old), new, &path).unwrap_err(),
        repo.is_opaque(new, &path).unwrap_err(),
    ] {
        assert!(
            matches!(&error, HistoryError::Missing { id, .. } if *id == blob),
            "{error}"
        );
    }
    assert!(!repo.is_opaque(old, &path).unwrap());
}
