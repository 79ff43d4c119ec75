use super::*;
use crate::policy::ai_rule::{AI_RULE_KEYS, MARKER_KEYS, TRAILER_KEYS};
use crate::policy::conditions::{REQUIRE_KEYS, WHEN_KEYS};
use crate::policy::{Require, When};
use crate::text::schema_testing::Agreement;

/// A policy that this version evaluates whole.
const FULL: &str = r#"repository = "example.org/pay"
aliases = ["example.org/old"]
protected = ["refs/heads/main", "refs/heads/release/1.x"]
undeclared = "generated"
clean_merge = false
checkpoints = ["admins"]
store = "refs/countersign/attestations"

[default]
require = { declaration = true }
enforce = "warn"

[[rule]]
name = "below senior"
paths = ["src/**", "*.toml"]
except_paths = ["src/gen/**"]
when = { ai = "assisted", author_below = "senior", author = "unproven" }
require = { signers = 2, level = "senior", above_author = true, team = "web", teams = ["a", "b"], declaration = true }
clean_merge = false

[[rule]]
name = "crypto"
paths = ["crates/crypto/**"]
when = { ai = "generated" }
forbid = "write this by hand"
enforce = "block"
"#;

/// A policy with all that this version reads and can't evaluate.
const LATER: &str = r#"repository = "example.org/pay"
protected = ["refs/heads/main", "refs/heads/next"]
exempt = ["docs/**"]
clean_merge = true
checkpoints = ["admins", "gate"]

[default]

[[rule]]
name = "later"
when = { tool = "Cursor", model = "gpt", author = "agent", blast_radius = "high", lines_over = 400, files_over = 0, stage = "global" }
require = { presence = true, user_verification = true, timestamp = true, max_age = "30d" }

[revert]
window = "72h"

[emergency]
ids = ["ana"]
teams = ["oncall"]
level = "senior"
author = true
follow_up = "3d"

[accept_line_of]
"refs/heads/main" = ["refs/heads/next"]

[[ai.rule]]
id = "house-bot"
tool = "House bot"
addresses = ["bot@example.org"]
trailers = [{ key = "House-Session" }]
"#;

/// A policy of one rule whose `require` is `require`.
fn with_require(require: &str) -> String {
    format!(
        "repository = \"r\"\nprotected = [\"refs/heads/main\"]\n[default]\n[[rule]]\nname = \"x\"\nrequire = {require}\n"
    )
}

fn told(text: &str) -> Vec<String> {
    let errors = Policy::parse(text, "policy.toml").unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}

/// Asserts that `text` is read, and that with `from` replaced by `to` it has exactly this mistake,
/// `line:column: message`.
#[track_caller]
fn refuses(text: &str, from: &str, to: &str, wanted: &str) {
    Policy::parse(text, "policy.toml").unwrap();
    assert!(text.contains(from), "the twin has {from}");
    let found = told(&text.replacen(from, to, 1));
    assert_eq!(found, [format!("policy.toml:{wanted}")]);
}

#[test]
fn what_is_evaluated_is_read() {
    let policy = Policy::parse(FULL, "policy.toml").unwrap();
    assert_eq!(policy.repository, "example.org/pay");
    assert_eq!(policy.aliases, ["example.org/old"]);
    assert_eq!(
        policy.protected,
        ["refs/heads/main", "refs/heads/release/1.x"]
    );
    assert_eq!(policy.undeclared, Extent::Generated);
    assert_eq!(
        policy.store.as_deref(),
        Some("refs/countersign/attestations")
    );
    assert_eq!(policy.unsupported, []);
    let [default, below, crypto] = policy.rules.as_slice() else {
        panic!("{:?}", policy.rules);
    };
    let declaration = Require {
        declaration: true,
        ..Require::default()
    };
    assert_eq!((default.name.as_str(), default.line), ("[default]", 9));
    assert_eq!(default.require, Some(declaration));
    assert_eq!(default.enforce, Enforce::Warn);
    assert_eq!((below.name.as_str(), below.line), ("below senior", 13));
    let globs = |globs: &[Glob]| {
        globs
            .iter()
            .map(|glob| glob.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(globs(&below.paths), ["src/**", "*.toml"]);
    assert_eq!(globs(&below.except_paths), ["src/gen/**"]);
    let when = When {
        ai: Some(Extent::Assisted),
        author_below: Some("senior".into()),
        author_unproven: true,
    };
    assert_eq!(below.when, when);
    let require = Require {
        signers: 2,
        level: Some("senior".into()),
        above_author: true,
        team: Some("web".into()),
        teams: vec!["a".into(), "b".into()],
        declaration: true,
    };
    assert_eq!(below.require, Some(require));
    assert_eq!(
        (below.enforce, below.forbid.as_deref()),
        (Enforce::Block, None)
    );
    assert_eq!(
        (crypto.line, crypto.forbid.as_deref()),
        (21, Some("write this by hand"))
    );
    assert_eq!(crypto.require, None);
}

#[test]
fn what_this_version_cant_evaluate_is_listed_with_its_line() {
    let policy = Policy::parse(LATER, "policy.toml").unwrap();
    let found: Vec<_> = policy
        .unsupported
        .iter()
        .map(|found| (found.key.as_str(), found.line))
        .collect();
    let wanted = [
        ("exempt", 3),
        ("clean_merge", 4),
        ("checkpoints", 5),
        ("when.tool", 11),
        ("when.model", 11),
        ("when.blast_radius", 11),
        ("when.lines_over", 11),
        ("when.files_over", 11),
        ("when.stage", 11),
        ("when.author", 11),
        ("require.max_age", 12),
        ("require.presence", 12),
        ("require.user_verification", 12),
        ("require.timestamp", 12),
        ("revert", 14),
        ("emergency", 17),
        ("accept_line_of", 24),
        ("ai.rule", 27),
    ];
    assert_eq!(found, wanted);
}

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
fn mistyped_names_in_what_is_not_evaluated_are_told_too() {
    let cases = [
        (
            "window =",
            "windw =",
            "15:1: unknown key \"windw\" in [revert]; did you mean \"window\"?",
        ),
        (
            "follow_up =",
            "folow_up =",
            "22:1: unknown key \"folow_up\" in [emergency]; did you mean \"follow_up\"?",
        ),
        (
            "addresses =",
            "adresses =",
            "30:1: unknown key \"adresses\" in [[ai.rule]]; did you mean \"addresses\"?",
        ),
        (
            "[[ai.rule]]",
            "[[ai.rules]]",
            "27:6: unknown key \"rules\" in [ai]; did you mean \"rule\"?",
        ),
        (
            "blast_radius = \"high\"",
            "blast_radius = \"hgh\"",
            "11:75: \"blast_radius\" has the unknown value \"hgh\" (known: low, medium, high, critical); did you mean \"high\"?",
        ),
        (
            "\"gate\"]",
            "\"gates\"]",
            "5:26: \"checkpoints\" has the unknown value \"gates\" (known: admins, gate); did you mean \"gate\"?",
        ),
        (
            "{ key = \"House",
            "{ keyy = \"House",
            "31:15: unknown key \"keyy\" in trailers; did you mean \"key\"?",
        ),
    ];
    for (from, to, wanted) in cases {
        let found = told(&LATER.replacen(from, to, 1));
        assert!(
            LATER.contains(from) && found.contains(&format!("policy.toml:{wanted}")),
            "{found:#?}"
        );
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
fn a_policy_without_default_repository_or_protected_branches_doesnt_load() {
    refuses(LATER, "\n[default]\n", "\n", "1:1: \"default\" is missing");
    refuses(
        FULL,
        "repository = \"example.org/pay\"\n",
        "",
        "1:1: \"repository\" is missing",
    );
    refuses(
        FULL,
        "\"example.org/pay\"",
        "\"\"",
        "1:14: \"repository\" is empty",
    );
    refuses(
        FULL,
        "example.org/pay",
        "example.org/ pay",
        "1:14: \"repository\" can't hold white space",
    );
    refuses(
        FULL,
        "example.org/old",
        "example.org/pay",
        "2:12: an alias is the repository's own name",
    );
    let text = with_require("{ signers = 1 }");
    let protected = "protected = [\"refs/heads/main\"]\n";
    refuses(&text, protected, "", "1:1: \"protected\" is missing");
    refuses(
        &text,
        protected,
        "protected = []\n",
        "2:13: \"protected\" is empty: fill it or leave it out",
    );
    refuses(
        &text,
        protected,
        "protected = \"refs/heads/main\"\n",
        "2:13: \"protected\" must be a list of strings, not a string",
    );
}

#[test]
fn protected_branches_are_full_refs() {
    let text = with_require("{ signers = 1 }");
    let message = "2:14: \"protected\" must hold branches as full refs, refs/heads/...";
    let hint = format!("{message}; did you mean \"refs/heads/main\"?");
    refuses(&text, "refs/heads/main", "main", &hint);
    for wrong in [
        "refs/tags/v1",
        "refs/heads/",
        "refs/heads/a..b",
        "refs/heads/a b",
        "refs/heads/*",
        "refs/heads/.a",
        "refs/heads/a.lock",
        "refs/heads//a",
        "refs/heads/a.",
        "refs/heads/a@{1}",
        "heads~1",
    ] {
        refuses(&text, "refs/heads/main", wrong, message);
    }
    let twice = "protected = [\"refs/heads/main\", \"refs/heads/main\"]";
    refuses(
        &text,
        "protected = [\"refs/heads/main\"]",
        twice,
        "2:33: \"protected\" lists \"refs/heads/main\" twice",
    );
    refuses(
        FULL,
        "refs/countersign/attestations",
        "attestations",
        "7:9: \"store\" must be a full ref, refs/...",
    );
}

#[test]
fn lines_are_accepted_between_protected_branches() {
    refuses(
        LATER,
        "[\"refs/heads/next\"]\n\n[[ai",
        "[\"refs/heads/nxt\"]\n\n[[ai",
        "25:22: \"accept_line_of\" has the unknown value \"refs/heads/nxt\" (known: refs/heads/main, refs/heads/next); did you mean \"refs/heads/next\"?",
    );
    refuses(
        LATER,
        "\"refs/heads/main\" =",
        "main =",
        "25:1: \"accept_line_of\" must hold branches as full refs, refs/heads/...; did you mean \"refs/heads/main\"?",
    );
    refuses(
        LATER,
        "= [\"refs/heads/next\"]",
        "= [\"refs/heads/main\"]",
        "25:22: a branch's own line is always accepted",
    );
}

#[test]
fn rules_have_distinct_names_and_do_something() {
    refuses(
        FULL,
        "name = \"crypto\"",
        "name = \"below senior\"",
        "22:8: the rule of line 14 has the same name",
    );
    refuses(
        FULL,
        "name = \"crypto\"",
        "name = \"[default]\"",
        "22:8: a rule can't be named \"[default]\"",
    );
    refuses(
        FULL,
        "name = \"crypto\"\n",
        "",
        "21:1: \"name\" is missing in [[rule]]",
    );
    refuses(
        FULL,
        "forbid = \"write this by hand\"\n",
        "",
        "21:1: a rule needs \"require\" or \"forbid\"",
    );
    refuses(
        FULL,
        "\"write this by hand\"",
        "\"\"",
        "25:10: \"forbid\" is empty",
    );
    let second = "clean_merge = false\n\n[[rule]]";
    refuses(
        FULL,
        second,
        "clean_merge = true\n\n[[rule]]",
        "19:15: \"clean_merge\" in a rule can only be false",
    );
    let single = told(&FULL.replace("[[rule]]\nname = \"crypto\"", "[rule]\nname = \"crypto\""));
    assert_eq!(single, ["policy.toml:21:2: not TOML: duplicate key"]);
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

#[test]
fn a_glob_that_could_never_match_is_refused() {
    refuses(
        FULL,
        "\"src/**\"",
        "\"!src/**\"",
        "15:10: \"paths\": a glob can't start with \"!\": there is no negation but except_paths",
    );
    refuses(
        FULL,
        "\"src/gen/**\"",
        "\"src/gen**\"",
        "16:17: \"except_paths\": \"**\" must be a whole component, as in \"src/**\" or \"**/x\"",
    );
    refuses(
        LATER,
        "\"docs/**\"",
        "\"/docs/**\"",
        "3:11: \"exempt\": no path matches this glob: paths have no \"/\" at an end and no empty, \".\" or \"..\" component",
    );
}

#[test]
fn an_emergency_allows_somebody() {
    let who = "ids = [\"ana\"]\nteams = [\"oncall\"]\nlevel = \"senior\"\n";
    refuses(
        LATER,
        who,
        "",
        "17:1: [emergency] has none of ids, teams, level: nobody is allowed",
    );
    refuses(
        LATER,
        "follow_up = \"3d\"\n",
        "",
        "17:1: \"follow_up\" is missing in [emergency]",
    );
}

#[test]
fn the_numbers_of_rules_and_globs_are_limited() {
    let rules = |count: usize, rest: &str| {
        let rule = |number| format!("[[rule]]\nname = \"r{number}\"\nforbid = \"x\"\n{rest}\n");
        with_require("{ signers = 1 }") + &(1..count).map(rule).collect::<String>()
    };
    assert!(Policy::parse(&rules(RULES_LIMIT, ""), "p").is_ok());
    assert_eq!(
        told(&rules(RULES_LIMIT + 1, "")),
        ["policy.toml:4:1: more than 1000 [[rule]]"]
    );
    let five = "paths = [\"a\", \"b\", \"c\", \"d\", \"e\"]";
    let found = told(&rules(RULES_LIMIT, five));
    assert_eq!(
        found,
        ["policy.toml:3286:1: the file has more than 4096 globs"]
    );
}

#[test]
fn the_schema_says_what_the_reader_says() {
    let reads = |text: &str| Policy::parse(text, "p").is_ok();
    let agreement = Agreement::new(include_str!("../../schemas/policy.schema.json"), &reads);
    let keys: [(&str, &[&str]); 8] = [
        ("", &POLICY_KEYS),
        ("rule", &RULE_KEYS),
        ("when", &WHEN_KEYS),
        ("require", &REQUIRE_KEYS),
        ("emergency", &EMERGENCY_KEYS),
        ("aiRule", &AI_RULE_KEYS),
        ("trailer", &TRAILER_KEYS),
        ("marker", &MARKER_KEYS),
    ];
    for (definition, known) in keys {
        let mut known = known.to_vec();
        let mut found = agreement.keys(definition);
        known.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, known, "{definition}");
    }
    let mut only_reader = agreement.break_everywhere(FULL);
    only_reader.extend(agreement.break_everywhere(LATER));
    // JSON has one kind of number; the rest looks at more than one value, or compares with the table.
    let wanted = [
        "default.require.declaration false",
        "rule.0.require.signers 1.0",
        "rule.0.when.lines_over 1.0",
        "rule.0.when.files_over 1.0",
        "accept_line_of.refs/heads/main misspelt",
        "ai.rule.0.addresses [\"x\", \"x\"]",
    ];
    assert_eq!(only_reader, wanted);
}

proptest::proptest! {
    #[test]
    fn a_damaged_policy_is_read_or_refused_with_a_place(at in 0..LATER.len(), cut in 0..20_usize, put in "\\PC{0,5}") {
        let mut text = LATER.to_owned();
        let end = (at + cut).min(text.len());
        text.replace_range(at..end, &put);
        for error in Policy::parse(&text, "p").err().into_iter().flatten() {
            let line = text.split('\n').nth(error.line - 1).unwrap();
            proptest::prop_assert!(error.column <= line.chars().count() + 1, "{error}");
        }
    }
}
