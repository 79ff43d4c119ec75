use super::*;
use crate::change::sha256;

fn lines(known: &TextLines, text: &str) -> Option<Rc<Lines>> {
    let read = || Ok(Text::Fit(text.as_bytes().to_vec()));
    known.of(sha256(text.as_bytes()), read).unwrap()
}

#[test]
fn differences_are_the_lines_of_which_one_text_has_more() {
    let known = TextLines::default();
    let of = |text| lines(&known, text).unwrap();
    for (one, other, expected) in [
        ("a\nb\n", "b\na\n", &[][..]),
        ("a\nb\n", "a\nb", &["b\n", "b"]),
        ("a\na\nb\n", "a\nb\n", &["a\n"]),
        ("", "a\r\n", &["a\r\n"]),
        ("a\nc\n", "b\nc\n", &["a\n", "b\n"]),
    ] {
        let mut expected: Vec<_> = expected
            .iter()
            .map(|line| number(line.as_bytes()))
            .collect();
        expected.sort_unstable();
        let found: Vec<_> = of(one).differences(&of(other)).collect();
        assert_eq!(found, expected, "{one:?} {other:?}");
    }
}

#[test]
fn what_is_missing_is_asked_for_again_and_what_is_no_text_is_not() {
    let known = TextLines::default();
    let name = sha256(b"a\n");
    assert!(known.of(name, || Ok(Text::Missing)).unwrap().is_none());
    assert!(lines(&known, "a\n").is_some());
    let other = sha256(b"\0");
    assert!(known.of(other, || Ok(Text::Unfit)).unwrap().is_none());
    assert!(known.of(other, || panic!("asked again")).unwrap().is_none());
}

#[test]
fn of_more_lines_than_are_remembered_nothing_is_known() {
    let known = TextLines::default();
    known.number.set(MAX_LINES - 2);
    assert!(lines(&known, "a\nb\nc\n").is_none());
    assert!(lines(&known, "a\nb\n").is_some());
    assert!(lines(&known, "c\n").is_none());
    let sides = (sha256(b"a\n"), sha256(b"b\n"));
    let read = || Ok((Text::Fit(b"a\n".to_vec()), Text::Fit(b"b\n".to_vec())));
    assert!(known.about(sides, read).unwrap().is_none());
}
