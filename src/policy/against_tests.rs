use super::*;
use crate::keys::Signer as _;
use crate::keys::testing::signer;

fn roster() -> Roster {
    let key = signer(1).public_key().to_openssh();
    let text = format!(
        "levels = [\"junior\", \"senior\"]\n[[engineer]]\nid = \"ana\"\nname = \"Ana\"\nlevel = \"senior\"\n\
         teams = [\"payments\", \"oncall\"]\n[[engineer.key]]\nssh = \"{key}\"\n\
         [admins]\nids = [\"ana\"]\nthreshold = 1\n"
    );
    Roster::parse(&text, "roster.toml").unwrap()
}

const POLICY: &str = r#"repository = "example.org/pay"
protected = ["refs/heads/main"]
[default]
require = { level = "junior" }
[[rule]]
name = "first"
when = { author_below = "senior" }
require = { team = "payments", teams = ["oncall"] }
[emergency]
ids = ["ana"]
teams = ["oncall"]
level = "senior"
follow_up = "72h"
"#;

fn told(policy: &str) -> Vec<String> {
    let policy = Policy::parse(policy, "policy.toml").unwrap();
    let found = policy.check_against(&roster(), "policy.toml");
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_policy_that_names_what_the_roster_has_fits() {
    assert!(told(POLICY).is_empty());
}

#[test]
fn a_name_that_the_roster_lacks_is_told_with_its_place() {
    let cases = [
        (
            "level = \"junior\"",
            "level = \"junor\"",
            "4:21: the roster has no level \"junor\"; did you mean \"junior\"?",
        ),
        (
            "below = \"senior\"",
            "below = \"boss\"",
            "7:25: the roster has no level \"boss\"",
        ),
        (
            "team = \"payments\"",
            "team = \"payment\"",
            "8:20: nobody in the roster is of the team \"payment\"; did you mean \"payments\"?",
        ),
        (
            "require = { team = \"payments\", teams = [\"oncall\"]",
            "require = { team = \"payments\", teams = [\"oncal\"]",
            "8:41: nobody in the roster is of the team \"oncal\"; did you mean \"oncall\"?",
        ),
        (
            "ids = [\"ana\"]",
            "ids = [\"anna\"]",
            "10:8: the roster has no engineer \"anna\"; did you mean \"ana\"?",
        ),
        (
            "\nteams = [\"oncall\"]",
            "\nteams = [\"web\"]",
            "11:10: nobody in the roster is of the team \"web\"",
        ),
        (
            "\nlevel = \"senior\"",
            "\nlevel = \"Senior\"",
            "12:9: the roster has no level \"Senior\"; did you mean \"senior\"?",
        ),
    ];
    for (from, to, wanted) in cases {
        assert!(POLICY.contains(from), "{from}");
        let found = told(&POLICY.replacen(from, to, 1));
        assert_eq!(found, [format!("policy.toml:{wanted}")]);
    }
}

#[test]
fn all_unknown_names_are_told() {
    let text = POLICY.replace("senior", "boss").replace("oncall", "nobody");
    assert_eq!(told(&text).len(), 4);
}
