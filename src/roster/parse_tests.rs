use super::*;
use crate::roster::address::GITHUB_KEYS;
use crate::roster::key::{ENGINEER_KEY_KEYS, OTHER_KEY_KEYS, REVOKED_KEYS, SIGSTORE_KEYS};
use crate::roster::people::{AUTOMATION_KEYS, ENGINEER_KEYS, GATE_KEYS};
use crate::roster::testing::{errors, full, refuses, ssh};
use crate::roster::{Level, RevocationReason};
use crate::text::schema_testing::Agreement;
use crate::text::toml::{ERROR_LIMIT, FILE_LIMIT};

#[test]
fn the_whole_grammar_is_read() {
    let roster = Roster::parse(&full(), "roster.toml").unwrap();
    assert_eq!(roster.levels(), ["junior", "mid", "senior"]);
    let maya = roster.engineer("maya").unwrap();
    assert_eq!(
        (maya.name.as_str(), maya.level, maya.line),
        ("Maya Lind", Level(0), 3)
    );
    assert_eq!(maya.teams, ["payments", "web"]);
    let github = "mayal@users.noreply.github.com";
    assert_eq!(
        maya.emails,
        ["maya@example.org", github, &format!("31337+{github}")]
    );
    assert_eq!(maya.keys[0].key.key().unwrap().to_openssh(), ssh(1));
    assert_eq!(maya.keys[0].revoked, None);
    let revoked = maya.keys[1].revoked.clone().unwrap();
    assert_eq!(
        (revoked.on.as_str(), revoked.reason),
        ("2026-03-01", RevocationReason::Retired)
    );
    assert_eq!(roster.engineer("linus").unwrap().line, 18);
    assert_eq!(roster.automations()[0].paths[0].as_str(), "**/Cargo.lock");
    assert_eq!(
        roster.automations()[0].key.key().unwrap().to_openssh(),
        ssh(4)
    );
    assert_eq!(roster.gates()[0].key.to_openssh(), ssh(5));
    assert_eq!(
        roster.admins(),
        &Admins {
            ids: vec!["linus".into()],
            threshold: 1
        }
    );
    assert_eq!(roster.withdrawn()[0].why, "signed by mistake");
}

#[test]
fn tables_may_stand_inline_or_dotted() {
    let text = format!(
        "levels = [\"a\"]\nengineer = [{{ id = \"x\", name = \"X\", level = \"a\", github.login = \"xx\", \
         key = [{{ ssh = \"{}\" }}] }}]\nadmins.ids = [\"x\"]\nadmins.threshold = 1\n",
        ssh(1)
    );
    let roster = Roster::parse(&text, "roster.toml").unwrap();
    assert_eq!(
        roster.engineer("x").unwrap().emails,
        ["xx@users.noreply.github.com"]
    );
    let found: Vec<_> = errors(&text.replace("github.login", "github.logn"))
        .iter()
        .map(ToString::to_string)
        .collect();
    let missing = "roster.toml:2:50: \"login\" is missing in github";
    let unknown = "roster.toml:2:57: unknown key \"logn\" in github; did you mean \"login\"?";
    assert_eq!(found, [missing, unknown]);
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_nearest_name() {
    let cases: [(&str, &str, &str); 9] = [
        (
            "levels =",
            "level = []\nlevels =",
            "1:1: unknown key \"level\"; did you mean \"levels\"?",
        ),
        (
            "[[gate]]",
            "[[gates]]",
            "32:3: unknown key \"gates\"; did you mean \"gate\"?",
        ),
        (
            "teams =",
            "team =",
            "7:1: unknown key \"team\" in [[engineer]]; did you mean \"teams\"?",
        ),
        (
            "id = 31337",
            "idd = 31337",
            "9:29: unknown key \"idd\" in github; did you mean \"id\"?",
        ),
        (
            "revoked =",
            "revokd =",
            "16:1: unknown key \"revokd\" in [[engineer.key]]; did you mean \"revoked\"?",
        ),
        (
            "reason = \"retired\"",
            "reason = \"retired\", zzzzzz = 1",
            "16:52: unknown key \"zzzzzz\" in revoked",
        ),
        (
            "id = \"deps-bot\"",
            "id = \"deps-bot\"\npath = 1",
            "29:1: unknown key \"path\" in [[automation]]; did you mean \"paths\"?",
        ),
        (
            "threshold = 1",
            "threshold = 1\nthresold = 1",
            "39:1: unknown key \"thresold\" in [admins]; did you mean \"threshold\"?",
        ),
        (
            "why =",
            "who = 1\nwhy =",
            "42:1: unknown key \"who\" in [[withdrawn]]; did you mean \"why\"?",
        ),
    ];
    for (from, to, told) in cases {
        refuses(&full(), from, to, told);
    }
    let key = format!("key = {{ ssh = \"{}\" }}", ssh(5));
    let with = key.replace(" }", ", revoked = 1 }");
    refuses(
        &full(),
        &key,
        &with,
        "34:99: unknown key \"revoked\" in gate.key",
    );
}

#[test]
fn a_value_of_another_type_is_told_with_both_types() {
    let cases: [(&str, &str, &str); 8] = [
        (
            "id = \"maya\"",
            "id = 7",
            "4:6: \"id\" must be a string, not a whole number",
        ),
        (
            "teams = [\"payments\"",
            "teams = [true",
            "7:10: \"teams\" must hold strings, not a boolean",
        ),
        (
            "github = { login = \"MayaL\", id = 31337 }",
            "github = \"MayaL\"",
            "9:10: \"github\" must be a table, not a string",
        ),
        (
            "id = 31337",
            "id = \"31337\"",
            "9:34: \"id\" must be a whole number, not a string",
        ),
        (
            "id = 31337",
            "id = 0",
            "9:34: \"id\" must be 1 to 9223372036854775807, not 0",
        ),
        (
            "\"2026-03-01\"",
            "\"2026-02-30\"",
            "16:18: \"on\" must be a date YYYY-MM-DD",
        ),
        (
            "\"2026-03-01\"",
            "2026-03-01T00:00:00Z",
            "16:18: \"on\" must be a date YYYY-MM-DD",
        ),
        (
            "\"retired\"",
            "\"retird\"",
            "16:41: \"reason\" has the unknown value \"retird\" (known: retired, compromised); did you mean \"retired\"?",
        ),
    ];
    for (from, to, told) in cases {
        refuses(&full(), from, to, told);
    }
    assert!(Roster::parse(&full().replace("\"2026-03-01\"", "2026-03-01"), "r").is_ok());
}

#[test]
fn a_single_table_where_a_list_belongs_is_refused() {
    let text = full().replace("[[gate]]", "[gate]");
    let found = errors(&text);
    assert_eq!((found[0].line, found[0].column), (32, 1));
    assert_eq!(
        found[0].message,
        "\"gate\" must be written as [[gate]], not a table"
    );
}

#[test]
fn a_missing_key_is_told_at_its_table() {
    let cases: [(&str, &str, &str); 8] = [
        (
            "name = \"Maya Lind\"\n",
            "",
            "3:1: \"name\" is missing in [[engineer]]",
        ),
        (
            "level = \"junior\"\n",
            "",
            "3:1: \"level\" is missing in [[engineer]]",
        ),
        (
            "login = \"MayaL\", ",
            "",
            "9:10: \"login\" is missing in github",
        ),
        (
            ", reason = \"retired\"",
            "",
            "16:11: \"reason\" is missing in revoked",
        ),
        (
            "paths = [\"**/Cargo.lock\"]\n",
            "",
            "27:1: \"paths\" is missing in [[automation]]",
        ),
        (
            "threshold = 1\n",
            "",
            "36:1: \"threshold\" is missing in [admins]",
        ),
        (
            "why = \"signed by mistake\"\n",
            "",
            "40:1: \"why\" is missing in [[withdrawn]]",
        ),
        (
            "[admins]\nids = [\"linus\"]\nthreshold = 1\n",
            "",
            "1:1: \"admins\" is missing",
        ),
    ];
    for (from, to, told) in cases {
        refuses(&full(), from, to, told);
    }
}

#[test]
fn levels_are_some_and_distinct() {
    let levels = "levels = [\"junior\", \"mid\", \"senior\"]";
    let mid = "[\"junior\", \"mid\", \"senior\", \"mid\"]";
    let twice = format!("levels = {mid}");
    refuses(
        &full(),
        levels,
        &twice,
        "1:38: \"levels\" lists \"mid\" twice",
    );
    refuses(
        &full(),
        levels,
        "levels = []",
        "1:10: \"levels\" is empty: fill it or leave it out",
    );
    refuses(&full(), "\"mid\"", "\" \"", "1:21: \"levels\" is empty");
    let hidden = "\"levels\" holds a character that hides or reorders text";
    refuses(
        &full(),
        "\"mid\"",
        "\"m\u{202e}id\"",
        &format!("1:21: {hidden}"),
    );
}

#[test]
fn a_level_that_is_not_listed_is_refused() {
    let message = "\"level\" has the unknown value \"senor\" (known: junior, mid, senior)";
    refuses(
        &full(),
        "level = \"senior\"",
        "level = \"senor\"",
        &format!("21:9: {message}; did you mean \"senior\"?"),
    );
}

#[test]
fn admins_are_engineers_with_a_key() {
    let unknown = "\"ids\" has the unknown value \"linux\" (known: maya, linus)";
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"linux\"]",
        &format!("37:8: {unknown}; did you mean \"linus\"?"),
    );
    let bot = "\"ids\" has the unknown value \"ci\" (known: maya, linus)";
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"ci\"]",
        &format!("37:8: {bot}"),
    );
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = []",
        "37:7: \"ids\" is empty: fill it or leave it out",
    );
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"linus\", \"linus\"]",
        "37:17: \"ids\" lists \"linus\" twice",
    );
    let key = format!("ssh = \"{}\"", ssh(3));
    let revoked = format!("{key}\nrevoked = {{ on = \"2026-01-01\", reason = \"compromised\" }}");
    refuses(
        &full(),
        &key,
        &revoked,
        "38:8: the admin \"linus\" has no key that isn't revoked",
    );
}

#[test]
fn a_threshold_is_a_whole_number_that_the_admins_can_reach() {
    let two = full()
        .replace("ids = [\"linus\"]", "ids = [\"linus\", \"maya\"]")
        .replace("threshold = 1", "threshold = 2");
    assert_eq!(Roster::parse(&two, "r").unwrap().admins().threshold, 2);
    let cases = [
        (
            "true",
            "\"threshold\" must be a whole number, not a boolean",
        ),
        (
            "1.0",
            "\"threshold\" must be a whole number, not a number with a decimal point",
        ),
        (
            "\"1\"",
            "\"threshold\" must be a whole number, not a string",
        ),
        ("0", "\"threshold\" must be 1 to 2, not 0"),
        ("-1", "\"threshold\" must be 1 to 2, not -1"),
        ("3", "\"threshold\" must be 1 to 2, not 3"),
        (
            "9223372036854775807",
            "\"threshold\" must be 1 to 2, not 9223372036854775807",
        ),
    ];
    for (value, message) in cases {
        let to = format!("threshold = {value}");
        refuses(&two, "threshold = 2", &to, &format!("38:13: {message}"));
    }
    let found = errors(&two.replace("threshold = 2", "threshold = 99999999999999999999"));
    assert_eq!((found[0].line, found[0].column), (38, 13), "{found:?}");
}

#[test]
fn a_roster_without_usable_keys_has_no_trusted_keys() {
    let text = "levels = [\"a\"]\n[admins]\nids = [\"x\"]\nthreshold = 1\n";
    let found = errors(text);
    assert_eq!(
        found[0].message,
        "no trusted keys: no engineer has a key that isn't revoked"
    );
    assert_eq!((found[0].line, found[0].column), (1, 1));
    let person = "[[engineer]]\nid = \"x\"\nname = \"X\"\nlevel = \"a\"\n";
    let found = errors(&format!("{text}{person}"));
    assert!(
        found
            .iter()
            .any(|error| error.message.starts_with("no trusted keys")),
        "{found:?}"
    );
    let key = format!("[[engineer.key]]\nssh = \"{}\"\n", ssh(1));
    assert!(Roster::parse(&format!("{text}{person}{key}"), "r").is_ok());
}

#[test]
fn a_withdrawn_payload_is_a_digest() {
    let message = "\"payload\" is not a SHA-256 digest of 64 lower-case hex digits";
    for wrong in ["AB".repeat(32), "ab".repeat(31), String::new()] {
        refuses(
            &full(),
            &"ab".repeat(32),
            &wrong,
            &format!("41:11: {message}"),
        );
    }
}

#[test]
fn all_mistakes_are_told_in_the_files_order() {
    let text = full()
        .replace("threshold = 1", "threshold = 0")
        .replace("teams =", "team =")
        .replace("\"senior\"\n", "\"boss\"\n");
    let found: Vec<_> = errors(&text).iter().map(ToString::to_string).collect();
    let wanted = [
        "roster.toml:7:1: unknown key \"team\" in [[engineer]]; did you mean \"teams\"?",
        "roster.toml:21:9: \"level\" has the unknown value \"boss\" (known: junior, mid, senior)",
        "roster.toml:38:13: \"threshold\" must be 1 to 1, not 0",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let found = errors("levels = [\"a\"\n[admins]\n");
    assert!(found[0].message.starts_with("not TOML: "), "{found:?}");
    let found = errors("levels = [\"a\"]\nlevels = [\"b\"]\n");
    assert_eq!(
        (found[0].line, found[0].column, found[0].message.as_str()),
        (2, 1, "not TOML: duplicate key")
    );
}

#[test]
fn size_and_number_of_mistakes_are_limited() {
    let padded = |size: usize| {
        let text = full();
        format!("{text}#{}", "x".repeat(size - text.len() - 1))
    };
    assert!(Roster::parse(&padded(FILE_LIMIT), "r").is_ok());
    let found = errors(&padded(FILE_LIMIT + 1));
    assert_eq!(found[0].message, "the file has more than 4194304 bytes");
    let wrong: String = (0..1000).map(|number| format!("k{number} = 1\n")).collect();
    assert_eq!(errors(&wrong).len(), ERROR_LIMIT);
    let levels: Vec<_> = (0..101).map(|level| format!("\"l{level}\"")).collect();
    let found = errors(&full().replace("\"junior\", \"mid\", \"senior\"", &levels.join(",")));
    assert_eq!(found[0].message, "\"levels\" has more than 100 values");
}

#[test]
fn the_schema_says_what_the_reader_says() {
    let reads = |text: &str| Roster::parse(text, "r").is_ok();
    let agreement = Agreement::new(include_str!("../../schemas/roster.schema.json"), &reads);
    let keys: [(&str, &[&str]); 10] = [
        ("", &ROSTER_KEYS),
        ("engineer", &ENGINEER_KEYS),
        ("github", &GITHUB_KEYS),
        ("engineerKey", &ENGINEER_KEY_KEYS),
        ("key", &OTHER_KEY_KEYS),
        ("sigstore", &SIGSTORE_KEYS),
        ("revoked", &REVOKED_KEYS),
        ("automation", &AUTOMATION_KEYS),
        ("gate", &GATE_KEYS),
        ("admins", &ADMINS_KEYS),
    ];
    for (definition, known) in keys {
        let mut known = known.to_vec();
        let mut found = agreement.keys(definition);
        known.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, known, "{definition}");
    }
    // JSON has one kind of number; the rest looks at more than one place, or into a key.
    let mut wanted = Vec::new();
    let levels = |place| {
        ["\"x y\"", "\"refs/heads/x\"", "\"72h\"", "\"high\""]
            .map(|level| format!("{place} {level}"))
    };
    wanted.extend(levels("engineer.0.level"));
    wanted.push("engineer.0.github.id 1.0".into());
    wanted.extend([
        "engineer.0.key.0.ssh \"x y\"".into(),
        "engineer.0.key.1.ssh \"x y\"".into(),
    ]);
    wanted.extend([
        "engineer.1.id \"72h\"".into(),
        "engineer.1.id \"high\"".into(),
    ]);
    wanted.extend(levels("engineer.1.level"));
    wanted.extend(["engineer.1.key removed".into(), "engineer.1.key []".into()]);
    for key in [
        "engineer.1.key.0.ssh",
        "automation.0.key.ssh",
        "gate.0.key.ssh",
    ] {
        wanted.push(format!("{key} \"x y\""));
    }
    wanted.push("admins.threshold 1.0".into());
    assert_eq!(agreement.break_everywhere(&full()), wanted);
}

proptest::proptest! {
    #[test]
    fn a_damaged_roster_is_read_or_refused_with_a_place(at in 0..1000_usize, cut in 0..20_usize, put in "\\PC{0,5}") {
        let mut text = full();
        let end = (at + cut).min(text.len());
        text.replace_range(at..end, &put);
        for error in Roster::parse(&text, "r").err().into_iter().flatten() {
            let line = text.split('\n').nth(error.line - 1).unwrap();
            proptest::prop_assert!(error.column <= line.chars().count() + 1, "{error}");
        }
    }
}
