use super::*;
use crate::ai::{AGENT_KEYS, MARKER_KEYS, TRAILER_KEYS};
use crate::policy::conditions::{REQUIRE_KEYS, WHEN_KEYS};
use crate::policy::testing::{FULL, LATER, refuses, told, with_require};
use crate::policy::{Require, When};
use crate::text::schema_testing::Agreement;

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
    assert_eq!(DEFAULT_STORE, crate::store::STORE_REF);
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
        ..When::default()
    };
    assert_eq!(below.when, when);
    let require = Require {
        signers: 2,
        level: Some("senior".into()),
        above_author: true,
        team: Some("web".into()),
        teams: vec!["a".into(), "b".into()],
        declaration: true,
        ..Require::default()
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
    let wanted = [("when.blast_radius", 11)];
    assert_eq!(found, wanted);
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
fn a_glob_stands_once_in_a_list() {
    refuses(
        FULL,
        "\"*.toml\"",
        "\"src/**\"",
        "15:20: \"paths\" lists \"src/**\" twice",
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
        ("emergency", &crate::policy::emergency::EMERGENCY_KEYS),
        ("aiRule", &AGENT_KEYS),
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

#[test]
fn a_store_elsewhere_is_not_supported_yet() {
    let with_store = |store: &str| {
        let text = format!("store = \"{store}\"\n{}", with_require("{ signers = 1 }"));
        Policy::parse(&text, "policy.toml").unwrap().unsupported
    };
    assert_eq!(with_store(DEFAULT_STORE), []);
    let found = with_store("refs/heads/countersign");
    let found: Vec<_> = found
        .iter()
        .map(|found| (found.key.as_str(), found.line))
        .collect();
    assert_eq!(found, [("store", 1)]);
}
