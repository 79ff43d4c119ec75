use super::*;
use crate::keys::Signer as _;
use crate::keys::testing::signer;
use crate::roster::{Level, RevocationReason};
use crate::text::Unsupported;
use crate::text::toml::{ERROR_LIMIT, FILE_LIMIT};

fn ssh(seed: u8) -> String {
    signer(seed).public_key().to_openssh()
}

/// A roster that uses the whole grammar that this version supports.
fn full() -> String {
    format!(
        r#"levels = ["junior", "mid", "senior"]

[[engineer]]
id = "maya"
name = "Maya Lind"
level = "junior"
teams = ["payments", "web"]
emails = ["Maya@Example.org"]
github = {{ login = "MayaL", id = 31337 }}

[[engineer.key]]
ssh = "{maya} maya@laptop"

[[engineer.key]]
ssh = "{old}"
revoked = {{ on = "2026-03-01", reason = "retired" }}

[[engineer]]
id = "linus"
name = "Linus Ek"
level = "senior"
emails = ["linus@example.org"]

[[engineer.key]]
ssh = "{linus}"

[[automation]]
id = "deps-bot"
paths = ["**/Cargo.lock"]
key = {{ ssh = "{bot}" }}

[[gate]]
id = "ci"
key = {{ ssh = "{gate}" }}

[admins]
ids = ["linus"]
threshold = 1

[[withdrawn]]
payload = "{digest}"
why = "signed by mistake"
"#,
        maya = ssh(1),
        old = ssh(2),
        linus = ssh(3),
        bot = ssh(4),
        gate = ssh(5),
        digest = "ab".repeat(32),
    )
}

#[track_caller]
fn errors(text: &str) -> Vec<TextError> {
    Roster::parse(text, "roster.toml").unwrap_err()
}

/// What went wrong, briefly: line, column, the message and the nearest name.
type Told<'a> = (usize, usize, &'a str, Option<&'a str>);

/// Asserts that `text` is read, and that with `from` replaced by `to` it has exactly this mistake.
#[track_caller]
fn refuses(text: &str, from: &str, to: &str, told: Told<'_>) {
    Roster::parse(text, "roster.toml").unwrap();
    assert!(text.contains(from), "the twin has {from}");
    let found = errors(&text.replacen(from, to, 1));
    let briefly = |error: &TextError| {
        let nearest = error.nearest.clone();
        (error.line, error.column, error.message.clone(), nearest)
    };
    let found: Vec<_> = found.iter().map(briefly).collect();
    let (line, column, message, nearest) = told;
    let wanted = (line, column, message.to_owned(), nearest.map(str::to_owned));
    assert_eq!(found, [wanted]);
}

#[test]
fn the_whole_grammar_is_read() {
    let roster = Roster::parse(&full(), "roster.toml").unwrap();
    assert_eq!(roster.levels(), ["junior", "mid", "senior"]);
    assert!(roster.unsupported().is_empty());
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
    assert_eq!(maya.keys[0].key.to_openssh(), ssh(1));
    assert_eq!(maya.keys[0].revoked, None);
    let revoked = maya.keys[1].revoked.clone().unwrap();
    assert_eq!(
        (revoked.on.as_str(), revoked.reason),
        ("2026-03-01", RevocationReason::Retired)
    );
    assert_eq!(roster.engineer("linus").unwrap().line, 18);
    assert_eq!(roster.automations()[0].paths, ["**/Cargo.lock"]);
    assert_eq!(roster.automations()[0].key.to_openssh(), ssh(4));
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
    let cases: [(&str, &str, Told<'_>); 9] = [
        (
            "levels =",
            "level = []\nlevels =",
            (1, 1, "unknown key \"level\"", Some("levels")),
        ),
        (
            "[[gate]]",
            "[[gates]]",
            (32, 3, "unknown key \"gates\"", Some("gate")),
        ),
        (
            "teams =",
            "team =",
            (7, 1, "unknown key \"team\" in [[engineer]]", Some("teams")),
        ),
        (
            "id = 31337",
            "idd = 31337",
            (9, 29, "unknown key \"idd\" in github", Some("id")),
        ),
        (
            "revoked =",
            "revokd =",
            (
                16,
                1,
                "unknown key \"revokd\" in [[engineer.key]]",
                Some("revoked"),
            ),
        ),
        (
            "reason = \"retired\"",
            "reason = \"retired\", zzzzzz = 1",
            (16, 53, "unknown key \"zzzzzz\" in revoked", None),
        ),
        (
            "id = \"deps-bot\"",
            "id = \"deps-bot\"\npath = 1",
            (
                29,
                1,
                "unknown key \"path\" in [[automation]]",
                Some("paths"),
            ),
        ),
        (
            "threshold = 1",
            "threshold = 1\nthresold = 1",
            (
                39,
                1,
                "unknown key \"thresold\" in [admins]",
                Some("threshold"),
            ),
        ),
        (
            "why =",
            "who = 1\nwhy =",
            (42, 1, "unknown key \"who\" in [[withdrawn]]", Some("why")),
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
        (34, 100, "unknown key \"revoked\" in gate.key", None),
    );
}

#[test]
fn a_value_of_another_type_is_told_with_both_types() {
    let cases: [(&str, &str, Told<'_>); 8] = [
        (
            "id = \"maya\"",
            "id = 7",
            (4, 6, "\"id\" must be a string, not a whole number", None),
        ),
        (
            "teams = [\"payments\"",
            "teams = [true",
            (7, 10, "\"teams\" must hold strings, not a boolean", None),
        ),
        (
            "github = { login = \"MayaL\", id = 31337 }",
            "github = \"MayaL\"",
            (9, 10, "\"github\" must be a table, not a string", None),
        ),
        (
            "id = 31337",
            "id = \"31337\"",
            (9, 34, "\"id\" must be a whole number, not a string", None),
        ),
        (
            "id = 31337",
            "id = 0",
            (
                9,
                34,
                "\"id\" must be 1 to 9223372036854775807, not 0",
                None,
            ),
        ),
        (
            "\"2026-03-01\"",
            "\"2026-02-30\"",
            (16, 18, "\"on\" must be a date YYYY-MM-DD", None),
        ),
        (
            "\"2026-03-01\"",
            "2026-03-01T00:00:00Z",
            (16, 18, "\"on\" must be a date YYYY-MM-DD", None),
        ),
        (
            "\"retired\"",
            "\"retird\"",
            (
                16,
                41,
                "\"reason\" has the unknown value \"retird\" (known: retired, compromised)",
                Some("retired"),
            ),
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
    assert_eq!((found[0].line, found[0].column), (36, 1));
    assert_eq!(
        found[0].message,
        "\"gate\" must be written as [[gate]], not a table"
    );
}

#[test]
fn a_missing_key_is_told_at_its_table() {
    let cases: [(&str, &str, Told<'_>); 8] = [
        (
            "name = \"Maya Lind\"\n",
            "",
            (3, 1, "\"name\" is missing in [[engineer]]", None),
        ),
        (
            "level = \"junior\"\n",
            "",
            (3, 1, "\"level\" is missing in [[engineer]]", None),
        ),
        (
            "login = \"MayaL\", ",
            "",
            (9, 10, "\"login\" is missing in github", None),
        ),
        (
            ", reason = \"retired\"",
            "",
            (16, 11, "\"reason\" is missing in revoked", None),
        ),
        (
            "paths = [\"**/Cargo.lock\"]\n",
            "",
            (27, 1, "\"paths\" is missing in [[automation]]", None),
        ),
        (
            "threshold = 1\n",
            "",
            (36, 1, "\"threshold\" is missing in [admins]", None),
        ),
        (
            "why = \"signed by mistake\"\n",
            "",
            (40, 1, "\"why\" is missing in [[withdrawn]]", None),
        ),
        (
            "[admins]\nids = [\"linus\"]\nthreshold = 1\n",
            "",
            (1, 1, "\"admins\" is missing", None),
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
        (1, 38, "\"levels\" lists \"mid\" twice", None),
    );
    refuses(
        &full(),
        levels,
        "levels = []",
        (1, 10, "\"levels\" is empty: fill it or leave it out", None),
    );
    refuses(
        &full(),
        "\"mid\"",
        "\" \"",
        (1, 21, "\"levels\" is empty", None),
    );
    let hidden = "\"levels\" holds a character that hides or reorders text";
    refuses(&full(), "\"mid\"", "\"m\u{202e}id\"", (1, 21, hidden, None));
}

#[test]
fn a_level_that_is_not_listed_is_refused() {
    let message = "\"level\" has the unknown value \"senor\" (known: junior, mid, senior)";
    refuses(
        &full(),
        "level = \"senior\"",
        "level = \"senor\"",
        (21, 9, message, Some("senior")),
    );
}

#[test]
fn ids_are_words_and_unique_among_people_bots_and_gates() {
    refuses(
        &full(),
        "id = \"ci\"",
        "id = \"maya\"",
        (33, 6, "the id \"maya\" is that of line 4 too", None),
    );
    refuses(
        &full(),
        "id = \"deps-bot\"",
        "id = \"linus\"",
        (28, 6, "the id \"linus\" is that of line 19 too", None),
    );
    let message = "\"id\" must be lower-case letters, digits, \"-\", \"_\" and \".\", with a letter or digit first";
    for id in [
        "Maya",
        "",
        "-maya",
        "ma ya",
        "m\u{e4}ya",
        "ma/ya",
        &"m".repeat(65),
    ] {
        refuses(
            &full(),
            "id = \"maya\"",
            &format!("id = \"{id}\""),
            (4, 6, message, None),
        );
    }
    assert!(Roster::parse(&full().replace("\"maya\"", "\"m-a_y.a2\""), "r").is_ok());
}

#[test]
fn an_address_belongs_to_one_person() {
    let same = "emails = [\"maya@EXAMPLE.org\"]";
    let linus = "emails = [\"linus@example.org\"]";
    refuses(
        &full(),
        linus,
        same,
        (22, 11, "maya@example.org is \"maya\"'s already", None),
    );
    let github = format!("{linus}\ngithub = {{ login = \"mayaL\" }}");
    let message = "mayal@users.noreply.github.com is \"maya\"'s already";
    refuses(&full(), linus, &github, (23, 20, message, None));
    let twice = "emails = [\"linus@example.org\", \"Linus@example.org\"]";
    let roster = Roster::parse(&full().replace(linus, twice), "r").unwrap();
    assert_eq!(
        roster.engineer("linus").unwrap().emails,
        ["linus@example.org"]
    );
}

#[test]
fn what_is_no_address_is_refused() {
    let message = "\"emails\" holds something that is no e-mail address";
    for email in [
        "linus",
        "@example.org",
        "linus@",
        "a@b@c",
        "li nus@x.org",
        "<l@x.org>",
        "l@x..org",
        "*@x.org,",
    ] {
        let to = format!("\"{email}\"");
        refuses(
            &full(),
            "\"linus@example.org\"",
            &to,
            (22, 11, message, None),
        );
    }
}

#[test]
fn a_bot_or_agent_is_no_engineer() {
    let bot = "a bot or AI agent can't be an engineer";
    let agents = [
        "stamphog[bot]@users.noreply.github.com",
        "1234+Stamphog[bot]@users.noreply.github.com",
        "noreply@anthropic.com",
        "CursorAgent@cursor.com",
        "175728472+Copilot@users.noreply.github.com",
        "openhands@all-hands.dev",
    ];
    for email in agents {
        let to = format!("\"{email}\"");
        refuses(&full(), "\"linus@example.org\"", &to, (22, 11, bot, None));
    }
    refuses(
        &full(),
        "\"linus@example.org\"",
        "\"no-reply@example.org\"",
        (22, 11, "a noreply address is nobody's", None),
    );
    refuses(
        &full(),
        "login = \"MayaL\"",
        "login = \"stamphog[bot]\"",
        (9, 20, bot, None),
    );
    let copilot = "login = \"Copilot\", id = 175728472";
    refuses(
        &full(),
        "login = \"MayaL\", id = 31337",
        copilot,
        (9, 20, bot, None),
    );
    refuses(
        &full(),
        "name = \"Linus Ek\"",
        "name = \"stamphog[bot]\"",
        (20, 8, bot, None),
    );
    refuses(
        &full(),
        "id = \"maya\"",
        "id = \"stamphog[bot]\"",
        (4, 6, bot, None),
    );
    let login = "\"login\" must be a GitHub login: letters, digits, \"-\" and \"_\"";
    refuses(
        &full(),
        "login = \"MayaL\"",
        "login = \"Maya L\"",
        (9, 20, login, None),
    );
}

#[test]
fn one_key_under_two_owners_is_refused() {
    let told = |line, message| (line, 7, message, None);
    refuses(
        &full(),
        &ssh(3),
        &ssh(1),
        told(25, "the key is \"maya\"'s already, in line 12"),
    );
    refuses(
        &full(),
        &ssh(3),
        &ssh(2),
        told(25, "the key is \"maya\"'s already, in line 15"),
    );
    refuses(
        &full(),
        &ssh(2),
        &ssh(1),
        told(15, "the key stands in line 12 too"),
    );
    refuses(
        &full(),
        &ssh(4),
        &ssh(1),
        (30, 15, "the key is \"maya\"'s already, in line 12", None),
    );
    refuses(
        &full(),
        &ssh(5),
        &ssh(3),
        (34, 15, "the key is \"linus\"'s already, in line 25", None),
    );
    let commented = format!("{} another comment", ssh(1));
    refuses(
        &full(),
        &ssh(3),
        &commented,
        told(25, "the key is \"maya\"'s already, in line 12"),
    );
}

#[test]
fn a_key_that_is_weak_malformed_or_of_an_old_kind_is_refused() {
    let weak = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    refuses(
        &full(),
        &ssh(3),
        weak,
        (25, 7, "a weak Ed25519 key (a point of small order)", None),
    );
    refuses(
        &full(),
        &ssh(3),
        "ssh-ed25519 AAAA",
        (25, 7, "not an OpenSSH public key", None),
    );
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==";
    refuses(
        &full(),
        &ssh(3),
        rsa,
        (25, 7, "keys of type ssh-rsa are not supported yet", None),
    );
}

#[test]
fn a_key_has_one_form() {
    let ssh_line = format!("ssh = \"{}\"", ssh(3));
    let both = format!("{ssh_line}\npem = \"\"");
    refuses(
        &full(),
        &ssh_line,
        &both,
        (26, 1, "a key is either \"ssh\" or \"pem\"", None),
    );
    let none = "[[engineer.key]] has none of ssh, pem, sigstore";
    refuses(&full(), &ssh_line, "", (24, 1, none, None));
}

const PEM: &str = "\"\"\"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n\"\"\"";

#[test]
fn keys_that_are_not_supported_yet_are_listed_with_their_line() {
    let ssh_line = |seed| format!("ssh = \"{}\"", ssh(seed));
    let keyless =
        "sigstore = { identity = \"maya@example.org\", issuer = \"https://accounts.example.org\" }";
    let fido = "ssh = \"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29t\"";
    let text = full()
        .replace(&ssh_line(2), fido)
        .replace(
            &format!("{} maya@laptop\"", ssh_line(1).trim_end_matches('"')),
            keyless,
        )
        .replace(&ssh_line(5), &format!("pem = {PEM}"));
    let roster = Roster::parse(&text, "roster.toml").unwrap();
    let unsupported = |key: &str, line| Unsupported {
        key: key.to_owned(),
        line,
    };
    let wanted = [
        unsupported("engineer.key.sigstore", 12),
        unsupported("engineer.key.ssh", 15),
        unsupported("gate.key.pem", 34),
    ];
    assert_eq!(roster.unsupported(), wanted);
    assert!(roster.engineer("maya").unwrap().keys.is_empty());
    assert!(roster.gates().is_empty());
    let wild = "\"identity\" is exact: it can't hold \"*\"";
    refuses(
        &text,
        "identity = \"maya@",
        "identity = \"*@",
        (12, 25, wild, None),
    );

    let issuer = "\"issuer\" must be an https:// address";
    refuses(
        &text,
        "https://accounts",
        "accounts",
        (12, 54, issuer, None),
    );
    let pem = "\"pem\" must hold one PEM public key (-----BEGIN PUBLIC KEY-----)";
    refuses(&text, "BEGIN PUBLIC", "BEGIN PRIVATE", (34, 15, pem, None));
}

#[test]
fn a_key_of_another_form_has_one_owner_too() {
    let text = full()
        .replace(&format!("ssh = \"{}\"", ssh(3)), &format!("pem = {PEM}"))
        .replace(&format!("ssh = \"{}\"", ssh(2)), &format!("pem = {PEM}"));
    let found = errors(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "the key is \"maya\"'s already, in line 15"
    );
    assert_eq!((found[0].line, found[0].column), (28, 7));
}

#[test]
fn admins_are_engineers_with_a_key() {
    let unknown = "\"ids\" has the unknown value \"linux\" (known: maya, linus)";
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"linux\"]",
        (37, 8, unknown, Some("linus")),
    );
    let bot = "\"ids\" has the unknown value \"ci\" (known: maya, linus)";
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"ci\"]",
        (37, 8, bot, None),
    );
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = []",
        (37, 7, "\"ids\" is empty: fill it or leave it out", None),
    );
    refuses(
        &full(),
        "ids = [\"linus\"]",
        "ids = [\"linus\", \"linus\"]",
        (37, 17, "\"ids\" lists \"linus\" twice", None),
    );
    let key = format!("ssh = \"{}\"", ssh(3));
    let revoked = format!("{key}\nrevoked = {{ on = \"2026-01-01\", reason = \"compromised\" }}");
    refuses(
        &full(),
        &key,
        &revoked,
        (
            38,
            8,
            "the admin \"linus\" has no key that isn't revoked",
            None,
        ),
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
        refuses(&two, "threshold = 2", &to, (38, 13, message, None));
    }
    let found = errors(&two.replace("threshold = 2", "threshold = 99999999999999999999"));
    assert_eq!((found[0].line, found[0].column), (42, 13), "{found:?}");
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
        refuses(&full(), &"ab".repeat(32), &wrong, (41, 11, message, None));
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
