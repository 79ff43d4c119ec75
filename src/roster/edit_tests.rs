use super::*;
use crate::keys::Signer as _;
use crate::keys::testing::signer;

fn ssh(seed: u8) -> String {
    signer(seed).public_key().to_openssh()
}

fn before() -> String {
    format!(
        "# Who may sign.\nlevels = [ 'junior',  \"senior\" ] # lowest first\n\n\
         [[engineer]] # the founder\nid = \"ana\"\nname = \"Ana Berg\"\nlevel = \"senior\"\n\
         [[engineer.key]]\nssh = \"{}\"   # laptop\n\n\
         # Two would be better.\n[admins]\nids = [\"ana\"]\nthreshold = 1\n# the end\n",
        ssh(1)
    )
}

fn ben() -> NewEngineer {
    NewEngineer {
        id: "ben".into(),
        name: "Ben \"B\" Ito".into(),
        emails: vec!["ben@example.org".into(), "b@example.org".into()],
        level: "junior".into(),
        teams: vec!["web".into()],
        github: Some(NewGithub {
            login: "benito".into(),
            id: Some(7),
        }),
        keys: vec![format!("{} ben@desk\n", ssh(2)), ssh(3)],
    }
}

#[test]
fn a_person_is_added_after_the_last_and_all_else_stays() {
    let edited = add_engineer(&before(), "roster.toml", &ben()).unwrap();
    let added = format!(
        "\n[[engineer]]\nid = \"ben\"\nname = 'Ben \"B\" Ito'\nlevel = \"junior\"\nteams = [\"web\"]\n\
         emails = [\"ben@example.org\", \"b@example.org\"]\n\
         github = {{ login = \"benito\", id = 7 }}\n\n\
         [[engineer.key]]\nssh = \"{} ben@desk\"\n\n[[engineer.key]]\nssh = \"{}\"\n",
        ssh(2),
        ssh(3)
    );
    assert!(edited.contains(&added), "{edited}");
    assert_eq!(edited.replace(&added, ""), before());
    let admins = edited.find("[admins]").unwrap();
    assert!(edited.find("\"ben\"").unwrap() < admins);
    let roster = Roster::parse(&edited, "roster.toml").unwrap();
    let ben = roster.engineer("ben").unwrap();
    assert_eq!(
        (ben.name.as_str(), ben.keys.len(), ben.emails.len()),
        ("Ben \"B\" Ito", 2, 4)
    );
}

#[test]
fn several_people_are_added_one_after_the_other() {
    let once = add_engineer(&before(), "r", &ben()).unwrap();
    let cleo = NewEngineer {
        id: "cleo".into(),
        name: "Cleo".into(),
        level: "junior".into(),
        ..NewEngineer::default()
    };
    let twice = add_engineer(&once, "r", &cleo).unwrap();
    let ids: Vec<_> = Roster::parse(&twice, "r")
        .unwrap()
        .engineers()
        .iter()
        .map(|who| who.id.clone())
        .collect();
    assert_eq!(ids, ["ana", "ben", "cleo"]);
    assert!(
        twice.contains(
            "\n\n[[engineer]]\nid = \"cleo\"\nname = \"Cleo\"\nlevel = \"junior\"\n\n# Two would"
        ),
        "{twice}"
    );
}

#[test]
fn an_edit_that_would_make_a_mistake_is_refused() {
    let cases = [
        (
            NewEngineer {
                id: "ana".into(),
                ..ben()
            },
            "the id \"ana\" is that of line 5 too",
        ),
        (
            NewEngineer {
                keys: vec![ssh(1)],
                ..ben()
            },
            "the key is \"ana\"'s already, in line 9",
        ),
        (
            NewEngineer {
                level: "boss".into(),
                ..ben()
            },
            "\"level\" has the unknown value \"boss\" (known: junior, senior)",
        ),
        (
            NewEngineer {
                keys: vec!["ssh-rsa x".into()],
                ..ben()
            },
            "not an OpenSSH public key",
        ),
    ];
    for (new, message) in cases {
        let Err(EditError::After(errors)) = add_engineer(&before(), "r", &new) else {
            panic!("{message}");
        };
        assert_eq!(errors[0].message, message);
    }
}

#[test]
fn a_roster_with_mistakes_is_not_edited() {
    let wrong = before().replace("threshold = 1", "threshold = 2");
    assert!(matches!(
        add_engineer(&wrong, "r", &ben()),
        Err(EditError::Before(_))
    ));
}

#[test]
fn inline_people_are_not_edited() {
    let text = format!(
        "levels = [\"junior\"]\nengineer = [{{ id = \"ana\", name = \"A\", level = \"junior\", key = [{{ ssh = \"{}\" }}] }}]\n\
         [admins]\nids = [\"ana\"]\nthreshold = 1\n",
        ssh(1)
    );
    assert_eq!(add_engineer(&text, "r", &ben()), Err(EditError::Inline));
}
