//! Names that people take for one another.

use unicode_normalization::UnicodeNormalization as _;

/// What is left of a name where case, Unicode's forms of one character and what can't be seen don't count: names with
/// the same are one file on some disks, and one word to a reader.
pub fn fold(name: &str) -> String {
    let seen = name.nfkc().filter(|character| super::is_plain(*character));
    let lower: String = seen.flat_map(char::to_lowercase).collect();
    // A lower case may have another form again.
    lower.nfkc().collect()
}

/// Whether a name holds characters that can't be seen, or that reorder others.
pub fn hides(name: &str) -> bool {
    !name.chars().all(super::is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_fold_alike_and_others_do_not() {
        for (one, other) in [
            ("README.md", "readme.MD"),
            ("caf\u{e9}.rs", "cafe\u{301}.rs"),
            ("lib.rs", "lib\u{200b}.rs"),
            ("\u{ff4c}ib.rs", "lib.rs"),
            ("stra\u{df}e", "STRA\u{df}E"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        for (one, other) in [
            ("lib.rs", "libs.rs"),
            ("a", "\u{e4}"),
            ("a.rs", "a_rs"),
            ("1", "l"),
        ] {
            assert_ne!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn hidden_and_reordering_characters_are_found() {
        assert!(hides("lib\u{202e}sr.") && hides("a\u{200b}") && hides("a\tb"));
        assert!(!hides("caf\u{e9} au lait.md"));
    }
}
