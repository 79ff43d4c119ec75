use crate::policy::Policy;
use crate::policy::testing::{FULL, LATER, refuses, told, with_require};

#[test]
fn what_asks_for_nothing_more_is_supported() {
    let text = with_require(
        "{ signers = 1, presence = false, user_verification = false, timestamp = false }",
    );
    assert_eq!(Policy::parse(&text, "p").unwrap().unsupported, []);
}

#[test]
fn mistyped_names_are_told_with_the_nearest() {
    let c94 = [
        (
            "paths = [\"src/**\"",
            "path = [\"src/**\"",
            "15:1: unknown key \"path\" in [[rule]]; did you mean \"paths\"?",
        ),
        (
            "signers = 2",
            "signer = 2",
            "18:13: unknown key \"signer\" in require; did you mean \"signers\"?",
        ),
        (
            "ai = \"assisted\"",
            "ai = \"asisted\"",
            "17:15: \"ai\" has the unknown value \"asisted\" (known: none, assisted, generated, autonomous); did you mean \"assisted\"?",
        ),
        (
            "[[rule]]\nname = \"crypto\"",
            "[[rules]]\nname = \"crypto\"",
            "21:3: unknown key \"rules\"; did you mean \"rule\"?",
        ),
        (
            "[default]",
            "[zzzzzzzzz]\n[default]",
            "9:2: unknown key \"zzzzzzzzz\"",
        ),
        (
            "author_below",
            "autor_below",
            "17:27: unknown key \"autor_below\" in when; did you mean \"author_below\"?",
        ),
        (
            "enforce = \"warn\"",
            "enforce = \"wran\"",
            "11:11: \"enforce\" has the unknown value \"wran\" (known: block, warn); did you mean \"warn\"?",
        ),
        (
            "enforce = \"warn\"",
            "name = \"x\"",
            "11:1: unknown key \"name\" in [default]",
        ),
        (
            "undeclared = \"generated\"",
            "undeclared = \"Generated\"",
            "4:14: \"undeclared\" has the unknown value \"Generated\" (known: none, assisted, generated, autonomous); did you mean \"generated\"?",
        ),
        (
            "\"unproven\"",
            "\"unprovn\"",
            "17:61: \"author\" has the unknown value \"unprovn\" (known: agent, unproven); did you mean \"unproven\"?",
        ),
        (
            "undeclared =",
            "undeclard =",
            "4:1: unknown key \"undeclard\"; did you mean \"undeclared\"?",
        ),
    ];
    for (from, to, wanted) in c94 {
        refuses(FULL, from, to, wanted);
    }
}

#[test]
fn a_value_of_another_type_is_refused_everywhere() {
    let cases = [
        (
            FULL,
            "repository = \"example.org/pay\"",
            "repository = 1",
            "1:14: \"repository\" must be a string, not a whole number",
        ),
        (
            FULL,
            "clean_merge = false",
            "clean_merge = \"false\"",
            "5:15: \"clean_merge\" must be true or false, not a string",
        ),
        (
            FULL,
            "when = { ai = \"generated\" }",
            "when = \"generated\"",
            "24:8: \"when\" must be a table, not a string",
        ),
        (
            FULL,
            "paths = [\"src/**\", \"*.toml\"]",
            "paths = \"src/**\"",
            "15:9: \"paths\" must be a list of strings, not a string",
        ),
        (
            FULL,
            "\"*.toml\"",
            "3",
            "15:20: \"paths\" must hold strings, not a whole number",
        ),
        (
            FULL,
            "above_author = true",
            "above_author = 1",
            "18:59: \"above_author\" must be true or false, not a whole number",
        ),
        (
            LATER,
            "lines_over = 400",
            "lines_over = -1",
            "11:96: \"lines_over\" must be 0 to 9223372036854775807, not -1",
        ),
        (
            LATER,
            "lines_over = 400",
            "lines_over = \"400\"",
            "11:96: \"lines_over\" must be a whole number, not a string",
        ),
        (
            LATER,
            "presence = true",
            "presence = \"yes\"",
            "12:24: \"presence\" must be true or false, not a string",
        ),
        (
            LATER,
            "stage = \"global\"",
            "stage = true",
            "11:125: \"stage\" must be a string, not a boolean",
        ),
        (
            LATER,
            "author = true",
            "author = \"yes\"",
            "21:10: \"author\" must be true or false, not a string",
        ),
        (
            LATER,
            "tool = \"House bot\"",
            "tool = 1",
            "29:1: \"tool\" is missing or has no such value in [[ai.rule]]",
        ),
        (
            LATER,
            "bot@example.org",
            "cursoragent@cursor.com",
            "27:1: another tool has \"cursoragent@cursor.com\" already",
        ),
    ];
    for (text, from, to, wanted) in cases {
        refuses(text, from, to, wanted);
    }
}

#[test]
fn signers_are_a_whole_number_from_1_to_100() {
    let cases = [
        ("true", "\"signers\" must be a whole number, not a boolean"),
        ("0", "\"signers\" must be 1 to 100, not 0"),
        ("-1", "\"signers\" must be 1 to 100, not -1"),
        (
            "1.0",
            "\"signers\" must be a whole number, not a number with a decimal point",
        ),
        ("101", "\"signers\" must be 1 to 100, not 101"),
        (
            "9223372036854775807",
            "\"signers\" must be 1 to 100, not 9223372036854775807",
        ),
        ("9223372036854775808", "not TOML: integer number overflowed"),
    ];
    for (value, message) in cases {
        let wanted = format!("18:23: {message}");
        refuses(FULL, "signers = 2", &format!("signers = {value}"), &wanted);
    }
    assert!(Policy::parse(&with_require("{ signers = 100 }"), "p").is_ok());
}

#[test]
fn a_require_asks_for_one_signer_unless_it_asks_for_a_declaration_alone() {
    let cases = [
        ("{ signers = 3 }", 3),
        ("{ level = \"senior\" }", 1),
        ("{ above_author = true }", 1),
        ("{ teams = [\"a\"] }", 1),
        ("{ max_age = \"30d\" }", 1),
        ("{ presence = true, declaration = true }", 1),
        ("{ declaration = true }", 0),
        ("{ declaration = true, above_author = false }", 0),
        ("{ declaration = true, signers = 1 }", 1),
    ];
    for (require, signers) in cases {
        let policy = Policy::parse(&with_require(require), "p").unwrap();
        assert_eq!(
            policy.rules[1].require.as_ref().unwrap().signers,
            signers,
            "{require}"
        );
    }
    for nothing in [
        "{}",
        "{ declaration = false }",
        "{ above_author = false, presence = false }",
    ] {
        assert_eq!(
            told(&with_require(nothing)),
            ["policy.toml:6:11: \"require\" asks for nothing"],
            "{nothing}"
        );
    }
}

#[test]
fn durations_are_checked_against_overflow() {
    let form = "a duration is a whole number and m, h, d or w, as in \"72h\" or \"30d\"";
    let cases = [
        (
            "max_age = \"30d\"",
            "max_age = \"99999999999d\"",
            "12:84: \"max_age\": a duration is at most 3650d".to_owned(),
        ),
        (
            "max_age = \"30d\"",
            "max_age = \"0d\"",
            "12:84: \"max_age\": a duration must be more than 0".to_owned(),
        ),
        (
            "max_age = \"30d\"",
            "max_age = \"-1d\"",
            format!("12:84: \"max_age\": {form}"),
        ),
        (
            "max_age = \"30d\"",
            "max_age = 30",
            "12:84: \"max_age\" must be a string, not a whole number".to_owned(),
        ),
        (
            "window = \"72h\"",
            "window = \"72\"",
            format!("15:10: \"window\": {form}"),
        ),
        (
            "follow_up = \"3d\"",
            "follow_up = \"3650d1h\"",
            format!("22:13: \"follow_up\": {form}"),
        ),
    ];
    for (from, to, wanted) in cases {
        refuses(LATER, from, to, &wanted);
    }
}

#[test]
fn an_empty_list_is_not_taken_for_all() {
    refuses(
        FULL,
        "paths = [\"src/**\", \"*.toml\"]",
        "paths = []",
        "15:9: \"paths\" is empty: fill it or leave it out",
    );
    refuses(
        FULL,
        "teams = [\"a\", \"b\"]",
        "teams = []",
        "18:87: \"teams\" is empty: fill it or leave it out",
    );
    refuses(
        FULL,
        "\"a\", \"b\"",
        "\"a\", \"a\"",
        "18:93: \"teams\" lists \"a\" twice",
    );
}
