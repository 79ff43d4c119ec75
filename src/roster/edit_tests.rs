use super::*;
use crate::keys::Signer as _;
use crate::keys::testing::signer;

fn ssh(seed: u8) -> String {
    signer(seed).public_key().to_openssh()
}

fn add_engineer(text: &str, file: &str, new: &NewEngineer) -> Result<String, EditError> {
    let mut editor = RosterEditor::new(text, file)?;
    editor.add(new)?;
    editor.finish()
}

/// The text after an edit of ana.
fn changed(change: &EngineerChange) -> String {
    let before = before();
    let mut editor = RosterEditor::new(&before, "r").unwrap();
    assert!(editor.change("ana", change).unwrap());
    editor.finish().unwrap()
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

#[test]
fn a_change_replaces_what_it_names_and_keeps_comments_and_order() {
    let text = before().replace("level = \"senior\"", "level = \"senior\" # since May");
    let mut editor = RosterEditor::new(&text, "r").unwrap();
    let change = EngineerChange {
        level: Some("junior".into()),
        ..EngineerChange::default()
    };
    assert!(editor.change("ana", &change).unwrap());
    let edited = editor.finish().unwrap();
    assert_eq!(
        edited,
        text.replace("\"senior\" # since", "\"junior\" # since")
    );
}

#[test]
fn teams_addresses_account_and_keys_are_added_once_and_taken_away() {
    let more = EngineerChange {
        teams: vec!["web".into(), "pay".into()],
        emails: vec!["ana@example.org".into()],
        github: Some(NewGithub {
            login: "anab".into(),
            id: Some(9),
        }),
        keys: vec![format!("{} desk", ssh(4))],
        ..EngineerChange::default()
    };
    let edited = changed(&more);
    let roster = Roster::parse(&edited, "r").unwrap();
    let ana = roster.engineer("ana").unwrap();
    assert_eq!(
        (ana.teams.len(), ana.emails.len(), ana.keys.len()),
        (2, 3, 2)
    );
    let mut editor = RosterEditor::new(&edited, "r").unwrap();
    assert_eq!(editor.by_login("AnaB").as_deref(), Some("ana"));
    assert!(!editor.change("ana", &more).unwrap());
    let less = EngineerChange {
        without_teams: vec!["web".into()],
        without_emails: vec!["ANA@example.org".into()],
        ..EngineerChange::default()
    };
    assert!(editor.change("ana", &less).unwrap());
    let roster = Roster::parse(&editor.finish().unwrap(), "r").unwrap();
    let ana = roster.engineer("ana").unwrap();
    assert_eq!((ana.teams.len(), ana.emails.len()), (1, 2));
}

#[test]
fn a_key_is_revoked_and_stays_in_its_place() {
    let change = EngineerChange {
        keys: vec![ssh(4)],
        ..EngineerChange::default()
    };
    let text = changed(&change);
    let key = signer(1).public_key().fingerprint();
    let mut editor = RosterEditor::new(&text, "r").unwrap();
    let revoked = editor.revoke("ana", Some(&key), "2026-03-01", RevocationReason::Retired);
    assert_eq!(revoked, Ok(vec![key.clone()]));
    // Once is enough, and another key is none.
    for wanted in [key.as_str(), "SHA256:x"] {
        let again = editor.revoke("ana", Some(wanted), "2026-03-02", RevocationReason::Retired);
        assert!(matches!(again, Err(EditError::Unknown(_))));
    }
    let edited = editor.finish().unwrap();
    let mark = "   # laptop\nrevoked = { on = \"2026-03-01\", reason = \"retired\" }\n";
    assert_eq!(edited, text.replace("   # laptop\n", mark));
}

#[test]
fn the_last_key_of_an_admin_is_not_revoked() {
    let text = before();
    let mut editor = RosterEditor::new(&text, "r").unwrap();
    let reason = RevocationReason::Compromised;
    editor.revoke("ana", None, "2026-03-01", reason).unwrap();
    assert!(matches!(editor.finish(), Err(EditError::After(_))));
}

#[test]
fn nobody_is_changed_who_is_not_there() {
    let text = before();
    let mut editor = RosterEditor::new(&text, "r").unwrap();
    let unknown = EditError::Unknown("person \"zoe\"".into());
    assert_eq!(
        editor.change("zoe", &EngineerChange::default()),
        Err(unknown)
    );
}
