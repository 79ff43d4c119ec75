use super::*;

fn texts(message: &str) -> Vec<(u64, &str)> {
    lines(message)
        .map(|line| (line.number, line.text))
        .collect()
}

fn pairs(value: &str) -> Vec<(String, String)> {
    identities(value)
        .into_iter()
        .map(|one| (one.name, one.email))
        .collect()
}

#[test]
fn lines_are_trimmed_and_numbered_and_blank_ones_left_out() {
    assert_eq!(texts("a\n\n  b \r\nc"), [(1, "a"), (3, "b"), (4, "c")]);
}

#[test]
fn a_literal_backslash_n_and_a_carriage_return_split_a_line() {
    assert_eq!(
        texts("a\\n\\nK: v\nb\rc"),
        [(1, "a"), (1, "K: v"), (2, "b"), (2, "c")]
    );
}

#[test]
fn scanning_stops_at_the_limit_without_cutting_a_character() {
    let exact = "x".repeat(MESSAGE_LIMIT);
    assert_eq!(scanned(&exact).len(), MESSAGE_LIMIT);
    assert_eq!(scanned(&format!("{exact}y")).len(), MESSAGE_LIMIT);
    let across = format!("{}é", "x".repeat(MESSAGE_LIMIT - 1));
    assert_eq!(scanned(&across).len(), MESSAGE_LIMIT - 1);
    assert_eq!(scanned(""), "");
}

#[test]
fn a_trailer_is_a_key_of_letters_digits_and_hyphens() {
    assert_eq!(
        trailer("Co-authored-by: A <a@b>"),
        Some(("Co-authored-by", "A <a@b>"))
    );
    assert_eq!(trailer("Key :value"), Some(("Key", "value")));
    assert_eq!(trailer("See the key: value"), None);
    assert_eq!(trailer("Key:"), None);
    assert_eq!(trailer(": value"), None);
    assert_eq!(trailer("no colon"), None);
}

#[test]
fn a_value_names_each_identity_with_an_address() {
    let two = |a: (&str, &str)| (a.0.to_owned(), a.1.to_owned());
    assert_eq!(pairs("A B <a@b>"), [two(("A B", "a@b"))]);
    assert_eq!(
        pairs("A <a@b>, C < c@d >\""),
        [two(("A", "a@b")), two(("C", "c@d"))]
    );
    assert_eq!(pairs("a@b"), [two(("", "a@b"))]);
    assert_eq!(pairs("A <a@b"), [two(("A", "a@b"))]);
    assert_eq!(pairs("A <<a@b>>"), [two(("A", "a@b"))]);
    for nobody in ["A B", "A <>", "write to a@b", "<"] {
        assert!(pairs(nobody).is_empty(), "{nobody}");
    }
}
