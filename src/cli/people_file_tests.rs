use super::*;

const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDmhb1vXmfgM4IkFmYNwhCjFLO9wYOGKoNzcTCGMiS4K";

fn rsa() -> String {
    // The name of the kind is all that is read of it.
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ== old".to_owned()
}

fn people(text: &str) -> Vec<Person> {
    parse(text, None).unwrap()
}

fn mistake(text: &str) -> String {
    parse(text, None).unwrap_err().to_string()
}

#[test]
fn a_table_gives_people_with_what_it_says_of_each() {
    let text = format!(
        "ID, Name,level,emails,teams,login,github_id,keys\n# our own\n\
         maya,\"Lind, Maya\",junior,maya@a.org; m@a.org,pay;web,mayal,7,{ED} laptop\nmaya,,,,ops,,,{}\n",
        rsa()
    );
    let [maya] = people(&text).try_into().unwrap();
    assert_eq!(maya.name.as_deref(), Some("Lind, Maya"));
    assert_eq!(maya.emails, ["maya@a.org", "m@a.org"]);
    assert_eq!(maya.teams, ["pay", "web", "ops"]);
    assert_eq!(
        (maya.github.as_deref(), maya.github_id),
        (Some("mayal"), Some(7))
    );
    assert_eq!(maya.keys[0].to_openssh(), ED);
    assert_eq!(maya.unusable, BTreeSet::from(["ssh-rsa".to_owned()]));
}

#[test]
fn mistakes_of_a_table_are_told_with_their_place() {
    assert!(mistake("id,lvel\nx,y\n").starts_with("the unknown column \"lvel\" (known: id,"));
    assert_eq!(mistake("name\nMaya\n"), "line 2: no id, login or address");
    assert_eq!(
        mistake("id,key\nmaya,ssh-ed25519 AAAA\n"),
        "line 2: not an OpenSSH public key"
    );
    assert_eq!(
        mistake("id,github_id\nmaya,x\n"),
        "line 2: github_id x is no number"
    );
    assert!(mistake("id,name\nmaya\n").contains("line: 2"));
    assert_eq!(mistake("\n# nothing\n"), "nobody is in it");
    assert_eq!(people("id\nmaya\n").len(), 1);
}

#[test]
fn an_allowed_signers_file_gives_addresses_and_keys() {
    let text = format!(
        "# the team\nmaya@a.org,m@a.org namespaces=\"git, file\",valid-after=\"2025\" {ED} laptop\n\
         maya@a.org  {}\nlinus {ED}\n",
        rsa()
    );
    let found = people(&text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].id.as_deref(), Some("linus"));
    assert_eq!(found[1].emails, ["maya@a.org", "m@a.org"]);
    assert_eq!((found[1].keys.len(), found[1].unusable.len()), (1, 1));
    assert_eq!(found[1].new_id(), "maya");
}

#[test]
fn who_signs_for_many_is_nobody() {
    let authority = format!("maya@a.org cert-authority {ED}\n");
    assert_eq!(
        mistake(&authority),
        "line 1: a certificate authority signs for nobody here"
    );
    let pattern = format!("*@a.org {ED}\n");
    assert_eq!(
        mistake(&pattern),
        "line 1: a pattern of principals; each must be one address"
    );
    assert_eq!(people(&format!("maya@a.org {ED}\n")).len(), 1);
}

#[test]
fn a_text_of_keys_needs_to_know_whose_they_are() {
    let text = format!("{}\n{ED}\n", rsa());
    assert!(mistake(&text).contains("--id"));
    let [maya] = parse(&text, Some("maya")).unwrap().try_into().unwrap();
    assert_eq!((maya.id.as_deref(), maya.keys.len()), (Some("maya"), 1));
}

#[test]
fn an_id_is_made_of_what_there_is() {
    let login = Person {
        github: Some("Maya_L".into()),
        emails: vec!["x@a.org".into()],
        ..Person::default()
    };
    assert_eq!(login.new_id(), "maya_l");
    let address = Person {
        emails: vec!["-Maya+work@a.org".into()],
        ..Person::default()
    };
    assert_eq!(address.new_id(), "maya-work");
}
