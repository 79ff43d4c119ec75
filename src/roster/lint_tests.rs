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
