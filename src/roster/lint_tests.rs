use super::*;
use crate::keys::Signer as _;
use crate::keys::testing::signer;

fn roster(people: [(&str, &str, &str); 2]) -> Roster {
    let mut text = String::from("levels = [\"a\"]\n");
    for (seed, (id, name, email)) in (1_u8..).zip(people) {
        let key = signer(seed).public_key().to_openssh();
        text.push_str(&format!(
            "[[engineer]]\nid = \"{id}\"\nname = \"{name}\"\nlevel = \"a\"\nemails = [\"{email}\"]\n\
             [[engineer.key]]\nssh = \"{key}\"\n"
        ));
    }
    let first = people[0].0;
    text.push_str(&format!("[admins]\nids = [\"{first}\"]\nthreshold = 1\n"));
    Roster::parse(&text, "roster.toml").unwrap()
}

fn warnings(people: [(&str, &str, &str); 2]) -> Vec<String> {
    let found = roster(people).lint_warnings("roster.toml");
    found.iter().map(ToString::to_string).collect()
}

const ANA: (&str, &str, &str) = ("ana", "Ana Berg", "ana@example.org");

#[test]
fn two_people_who_differ_raise_no_warning() {
    assert!(warnings([ANA, ("ben", "Ben Ito", "ben@example.org")]).is_empty());
}

#[test]
fn equal_names_raise_a_warning() {
    let found = warnings([ANA, ("ana-2", "ana  berg", "ab@example.org")]);
    let wanted = "roster.toml:9:1: \"ana\" and \"ana-2\" have the same name, \"ana  berg\": is this one person?";
    assert_eq!(found, [wanted]);
}

#[test]
fn equal_local_parts_raise_a_warning() {
    let wanted =
        "roster.toml:9:1: \"ana\" and \"ana-2\" both have an address \"ana@\": is this one person?";
    for email in [
        "ana@home.example",
        "ana+work@example.org",
        "77+Ana@users.noreply.github.com",
    ] {
        assert_eq!(
            warnings([ANA, ("ana-2", "A. B.", email)]),
            [wanted],
            "{email}"
        );
    }
    assert!(warnings([ANA, ("b", "B", "x+ana@example.org")]).is_empty());
}

#[test]
fn a_shared_mailbox_raises_a_warning() {
    let found = warnings([ANA, ("ben", "Ben Ito", "team@example.org")]);
    let wanted =
        "roster.toml:9:1: team@example.org looks like a shared mailbox: an engineer is one person";
    assert_eq!(found, [wanted]);
}

#[test]
fn a_uri_as_an_engineers_identity_raises_a_warning() {
    let found = |identity: &str, more: &str| {
        let key = signer(1).public_key().to_openssh();
        let text = format!(
            "levels = [\"a\"]\n[[engineer]]\nid = \"ana\"\nname = \"Ana Berg\"\nlevel = \"a\"\n\
             [[engineer.key]]\nssh = \"{key}\"\n[[engineer.key]]\n\
             sigstore = {{ identity = \"{identity}\", issuer = \"https://accounts.example.org\" }}\n{more}\
             [admins]\nids = [\"ana\"]\nthreshold = 1\n"
        );
        let roster = Roster::parse(&text, "roster.toml").unwrap();
        let found = roster.lint_warnings("roster.toml");
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let job = "https://ci.example.org/job";
    let wanted = "roster.toml:2:1: \"ana\" signs as https://ci.example.org/job, a URI: is that a person, and not a job?";
    assert_eq!(found(job, ""), [wanted]);
    assert!(found("ana@example.org", "").is_empty());
    let revoked = "revoked = { on = \"2025-01-01\", reason = \"retired\" }\n";
    assert!(found(job, revoked).is_empty());
}
