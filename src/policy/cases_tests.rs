use super::*;
use crate::policy::facts_testing::{policy, roster};

const RULES: &str = "exempt = [\"docs/**\"]\n[default]\nrequire = { declaration = true }\n\
    [[rule]]\nname = \"first\"\nwhen = { ai = \"assisted\", author_below = \"senior\" }\n\
    require = { signers = 1, level = \"senior\", above_author = true }\n\
    [[rule]]\nname = \"core\"\npaths = [\"core/**\"]\nwhen = { ai = \"generated\" }\nforbid = \"by hand\"\n\
    [emergency]\nids = [\"omar\"]\nfollow_up = \"3d\"\n";

fn ask(text: &str) -> Outcome {
    let roster = roster();
    let text = format!("[[case]]\nname = \"one\"\n{text}\n");
    let cases = read_cases(&text, "cases.toml", &roster).unwrap();
    cases[0].ask(&policy(RULES), &roster)
}

#[test]
fn a_case_is_answered_as_the_gate_would_answer() {
    let cases = [
        (
            "paths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"assisted\"\napprovals = [\"linus\"]",
            "pass",
        ),
        (
            "paths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"assisted\"",
            "wait (\"first\")",
        ),
        (
            "paths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"assisted\"\nemergency = [\"omar\"]",
            "emergency (\"first\")",
        ),
        (
            "paths = [\"core/a.rs\"]\nauthors = [\"linus\"]\ndeclared = \"generated\"",
            "refuse (\"core\")",
        ),
        ("paths = [\"docs/a.txt\"]\nauthors = [\"maya\"]", "pass"),
        (
            "paths = [\"a.rs\"]\nauthors = [\"linus\"]",
            "wait (\"[default]\")",
        ),
        (
            "paths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"none\"\nevidence = \"assisted\"",
            "wait (\"first\")",
        ),
    ];
    for (text, found) in cases {
        let word = found.split(' ').next().unwrap();
        let outcome = ask(&format!("{text}\nexpect = \"{word}\""));
        assert_eq!(outcome.found, found, "{text}");
        assert!(outcome.as_expected, "{text}: {outcome:?}");
        let other = if word == "pass" { "wait" } else { "pass" };
        assert!(!ask(&format!("{text}\nexpect = \"{other}\"")).as_expected);
    }
}

#[test]
fn the_rules_that_miss_something_can_be_expected_too() {
    let text =
        "paths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"assisted\"\nexpect = \"wait\"\n";
    assert!(ask(&format!("{text}missing = [\"first\"]")).as_expected);
    let other = ask(&format!("{text}missing = [\"core\"]"));
    assert!(!other.as_expected);
    assert_eq!(other.wanted, "wait (\"core\")");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let whole = "[[case]]\nname = \"one\"\npaths = [\"a.rs\"]\nauthors = [\"maya\"]\ndeclared = \"none\"\nexpect = \"pass\"\n";
    read_cases(whole, "cases.toml", &roster()).unwrap();
    let cases = [
        (
            "\"maya\"",
            "\"mayo\"",
            "4:12: \"authors\": the roster has no such engineer; did you mean \"maya\"?",
        ),
        (
            "expect = \"pass\"",
            "expect = \"passes\"",
            "6:10: \"expect\" has the unknown value",
        ),
        ("expect = \"pass\"\n", "", "1:"),
        ("[\"a.rs\"]", "[]", "3:"),
        ("[\"a.rs\"]", "[\"/a\"]", "3:10: \"paths\""),
        (
            "authors = [\"maya\"]\n",
            "",
            "\"declared\" and who declared",
        ),
        ("declared", "declard", "unknown key \"declard\""),
        ("[[case]]", "[[cases]]", "unknown key \"cases\""),
    ];
    for (from, to, told) in cases {
        let errors = read_cases(&whole.replacen(from, to, 1), "cases.toml", &roster()).unwrap_err();
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(
            errors.iter().any(|error| error.contains(told)),
            "{told}: {errors:?}"
        );
    }
}
