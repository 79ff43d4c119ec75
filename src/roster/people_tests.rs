use crate::keys::Signer as _;
use crate::keys::testing::{SoftKey, signer};
use crate::roster::Roster;
use crate::roster::testing::{errors, full, refuses, ssh};

#[test]
fn ids_are_words_and_unique_among_people_bots_and_gates() {
    refuses(
        &full(),
        "id = \"ci\"",
        "id = \"maya\"",
        "33:6: the id \"maya\" is that of line 4 too",
    );
    refuses(
        &full(),
        "id = \"deps-bot\"",
        "id = \"linus\"",
        "28:6: the id \"linus\" is that of line 19 too",
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
            &format!("4:6: {message}"),
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
        "22:11: maya@example.org is \"maya\"'s already",
    );
    let github = format!("{linus}\ngithub = {{ login = \"mayaL\" }}");
    let message = "mayal@users.noreply.github.com is \"maya\"'s already";
    refuses(&full(), linus, &github, &format!("23:20: {message}"));
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
            &format!("22:11: {message}"),
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
        refuses(
            &full(),
            "\"linus@example.org\"",
            &to,
            &format!("22:11: {bot}"),
        );
    }
    refuses(
        &full(),
        "\"linus@example.org\"",
        "\"no-reply@example.org\"",
        "22:11: a noreply address is nobody's",
    );
    refuses(
        &full(),
        "login = \"MayaL\"",
        "login = \"stamphog[bot]\"",
        &format!("9:20: {bot}"),
    );
    let copilot = "login = \"Copilot\", id = 175728472";
    refuses(
        &full(),
        "login = \"MayaL\", id = 31337",
        copilot,
        &format!("9:20: {bot}"),
    );
    refuses(
        &full(),
        "name = \"Linus Ek\"",
        "name = \"stamphog[bot]\"",
        &format!("20:8: {bot}"),
    );
    refuses(
        &full(),
        "id = \"maya\"",
        "id = \"stamphog[bot]\"",
        &format!("4:6: {bot}"),
    );
    let login = "\"login\" must be a GitHub login: letters, digits, \"-\" and \"_\"";
    refuses(
        &full(),
        "login = \"MayaL\"",
        "login = \"Maya L\"",
        &format!("9:20: {login}"),
    );
}

#[test]
fn one_key_under_two_owners_is_refused() {
    refuses(
        &full(),
        &ssh(3),
        &ssh(1),
        "25:7: the key is \"maya\"'s already, in line 12",
    );
    refuses(
        &full(),
        &ssh(3),
        &ssh(2),
        "25:7: the key is \"maya\"'s already, in line 15",
    );
    refuses(
        &full(),
        &ssh(2),
        &ssh(1),
        "15:7: the key stands in line 12 too",
    );
    refuses(
        &full(),
        &ssh(4),
        &ssh(1),
        "30:15: the key is \"maya\"'s already, in line 12",
    );
    refuses(
        &full(),
        &ssh(5),
        &ssh(3),
        "34:15: the key is \"linus\"'s already, in line 25",
    );
    let commented = format!("{} another comment", ssh(1));
    refuses(
        &full(),
        &ssh(3),
        &commented,
        "25:7: the key is \"maya\"'s already, in line 12",
    );
}

#[test]
fn a_key_that_is_weak_malformed_or_of_an_old_kind_is_refused() {
    let weak = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    refuses(
        &full(),
        &ssh(3),
        weak,
        "25:7: a weak Ed25519 key (a point of small order)",
    );
    refuses(
        &full(),
        &ssh(3),
        "ssh-ed25519 AAAA",
        "25:7: not an OpenSSH public key",
    );
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ==";
    refuses(
        &full(),
        &ssh(3),
        rsa,
        "25:7: keys of type ssh-rsa can't sign here: Ed25519, ECDSA P-256 and FIDO keys can; ssh-keygen -t ed25519 makes one",
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
        "26:1: a key is either \"ssh\" or \"pem\"",
    );
    let none = "[[engineer.key]] has none of ssh, pem, sigstore";
    refuses(&full(), &ssh_line, "", &format!("24:1: {none}"));
}

/// The key that depends on the seed, in PEM as TOML has it.
fn pem(seed: u8) -> String {
    let pem = signer(seed).public_key().to_pem().unwrap();
    format!("pem = \"\"\"{pem}\"\"\"")
}

#[test]
fn every_kind_of_key_is_read() {
    let ssh_line = |seed| format!("ssh = \"{}\"", ssh(seed));
    let (fido, p256) = (SoftKey::new(2, false), SoftKey::new(3, true));
    let text = full()
        .replace(
            &ssh_line(2),
            &format!("ssh = \"{}\"", fido.key().to_openssh()),
        )
        .replace(
            &ssh_line(3),
            &format!("ssh = \"{} linus\"", p256.key().to_openssh()),
        )
        .replace(&ssh_line(5), &pem(5));
    let roster = Roster::parse(&text, "roster.toml").unwrap();
    for soft in [&fido, &p256] {
        let (engineer, key) = roster.key(&soft.key().fingerprint()).unwrap();
        assert_eq!(key.key.key(), Some(soft.key()));
        assert!(engineer.has_security_key() || key.revoked.is_some());
    }
    // A key in PEM is the key that OpenSSH's line has.
    assert_eq!(&roster.gates()[0].key, signer(5).public_key());
}

#[test]
fn an_identity_of_sigstore_is_read_exactly() {
    let ssh_line = |seed| format!("ssh = \"{}\"", ssh(seed));
    let keyless =
        "sigstore = { identity = \"maya@example.org\", issuer = \"https://accounts.example.org\" }";
    let text = full()
        .replace(
            &format!("{} maya@laptop\"", ssh_line(1).trim_end_matches('"')),
            keyless,
        )
        .replace(&ssh_line(5), &pem(5));
    let roster = Roster::parse(&text, "roster.toml").unwrap();
    let name = "maya@example.org at https://accounts.example.org";
    let (engineer, key) = roster.key(name).unwrap();
    assert_eq!(
        (engineer.id.as_str(), key.key.name().as_str()),
        ("maya", name)
    );
    assert!(roster.keyless() == Some(&engineer.id) && key.key.key().is_none());
    for other in [
        "maya@example.org",
        "MAYA@example.org at https://accounts.example.org",
        "maya@example.org at https://accounts.example.org/",
    ] {
        assert!(roster.key(other).is_none(), "{other}");
    }
    let gate = text.replace(&pem(5), keyless);
    assert_eq!(
        errors(&gate).len(),
        2,
        "one owner, and a gate signs with a key"
    );
    let wild = "\"identity\" is exact: it can't hold \"*\"";
    refuses(
        &text,
        "identity = \"maya@",
        "identity = \"*@",
        &format!("12:25: {wild}"),
    );

    let issuer = "\"issuer\" must be an https:// address";
    refuses(
        &text,
        "https://accounts",
        "accounts",
        &format!("12:54: {issuer}"),
    );
    let pem = "not one PEM public key (-----BEGIN PUBLIC KEY-----)";
    refuses(
        &text,
        "BEGIN PUBLIC",
        "BEGIN PRIVATE",
        &format!("34:15: {pem}"),
    );
}

/// The roster with an identity for linus, and its errors.
fn with_identity(identity: &str, issuer: &str) -> Vec<String> {
    let keyless = format!("sigstore = {{ identity = \"{identity}\", issuer = \"{issuer}\" }}");
    let key = "[[engineer.key]]\n";
    let text = full();
    let linus = text.find("id = \"linus\"").unwrap();
    let at = linus + text[linus..].find(key).unwrap();
    let text = format!("{}{key}{keyless}\n{}", &text[..at], &text[at..]);
    let errors = Roster::parse(&text, "r").err().unwrap_or_default();
    errors.into_iter().map(|error| error.message).collect()
}

const ISSUER: &str = "https://accounts.example.org";

#[test]
fn the_mailbox_of_an_identity_is_nobody_elses() {
    let none: [&str; 0] = [];
    for own in [
        "linus@example.org",
        "Linus@example.org",
        "linus@home.example",
    ] {
        assert_eq!(with_identity(own, ISSUER), none, "{own}");
    }
    for (other, address) in [
        ("maya@example.org", "maya@example.org"),
        ("Maya@Example.ORG", "maya@example.org"),
        (
            "mayaL@users.noreply.github.com",
            "mayal@users.noreply.github.com",
        ),
    ] {
        let wanted = format!("{address} is \"maya\"'s already");
        assert_eq!(with_identity(other, ISSUER), [wanted], "{other}");
    }
    for bot in [
        "noreply@anthropic.com",
        "49699333+dependabot[bot]@users.noreply.github.com",
    ] {
        let wanted = "a bot or AI agent can't be an engineer";
        assert_eq!(with_identity(bot, ISSUER), [wanted], "{bot}");
    }
}

#[test]
fn one_mailbox_at_two_issuers_is_one_persons() {
    let keyless = |issuer| {
        format!(
            "[[engineer.key]]\nsigstore = {{ identity = \"x@example.org\", issuer = \"{issuer}\" }}\n"
        )
    };
    let (one, two) = (keyless(ISSUER), keyless("https://login.example.org"));
    let at = |text: &str, id: &str| {
        let person = text.find(&format!("id = \"{id}\"")).unwrap();
        person + text[person..].find("[[engineer.key]]").unwrap()
    };
    let text = full();
    let (maya, linus) = (at(&text, "maya"), at(&text, "linus"));
    let twice = [&text[..maya], &one, &two, &text[maya..]].concat();
    assert!(Roster::parse(&twice, "r").is_ok());
    let both = [
        &text[..maya],
        &one,
        &text[maya..linus],
        &two,
        &text[linus..],
    ]
    .concat();
    let found = errors(&both);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].message, "x@example.org is \"maya\"'s already");
}

#[test]
fn an_issuer_has_no_name_before_its_host() {
    let wanted = ["\"issuer\" has a name before its host"];
    let linus = "linus@example.org";
    assert_eq!(
        with_identity(linus, "https://accounts.example.org@evil.example"),
        wanted
    );
    assert_eq!(with_identity(linus, "https://u:p@evil.example/x"), wanted);
    assert!(with_identity(linus, "https://accounts.example.org/x@y").is_empty());
}

#[test]
fn a_key_of_another_form_has_one_owner_too() {
    let text = full().replace(&format!("ssh = \"{}\"", ssh(3)), &pem(2));
    let found = errors(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "the key is \"maya\"'s already, in line 15"
    );
    assert_eq!((found[0].line, found[0].column), (25, 7));
}

#[test]
fn a_bots_paths_are_globs() {
    let own = "paths = [\"**/Cargo.lock\"]";
    refuses(
        &full(),
        own,
        "paths = [\"!Cargo.lock\"]",
        "29:10: \"paths\": a glob can't start with \"!\": there is no negation but except_paths",
    );
    refuses(
        &full(),
        own,
        "paths = [\"a//b\"]",
        "29:10: \"paths\": no path matches this glob: paths have no \"/\" at an end and no empty, \".\" or \"..\" component",
    );
}
