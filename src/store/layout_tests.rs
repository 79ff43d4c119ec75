use super::*;

fn change() -> ChangeDigest {
    sha256(b"a change")
}

fn places() -> [Place; 4] {
    let name = sha256(b"bytes");
    [
        Place::Bundle(change(), name),
        Place::Manifest(change()),
        Place::Blob(change(), name),
        Place::Trust(12, name),
    ]
}

#[test]
fn every_place_has_one_path_that_is_parsed_back() {
    for place in places() {
        assert_eq!(Place::parse(place.path().as_bytes()), Some(place));
    }
    let hex = change().to_string();
    let folder = change_folder(&change());
    assert_eq!(folder, format!("{}/{}/{hex}", &hex[..2], &hex[2..4]));
}

#[test]
fn what_is_nearly_a_path_is_none() {
    let bundle = places()[0].path();
    let trust = places()[3].path();
    for path in [
        format!("../{bundle}"),
        format!("/{bundle}"),
        bundle.to_uppercase(),
        bundle.replace(".json", ".JSON"),
        bundle.replace(".json", ""),
        bundle.replacen(bundle.get(..2).unwrap(), "..", 1),
        bundle.replace('/', "//"),
        trust.replace("/12/", "/012/"),
        trust.replace("/12/", "/0/"),
        trust.replace("/12/", "/+12/"),
        trust.replace("/12/", "/99999999999999999999/"),
        String::new(),
    ] {
        assert_eq!(Place::parse(path.as_bytes()), None, "{path}");
    }
    assert_eq!(Place::parse(b"\xff/\xff"), None);
}

#[test]
fn folders_belong_only_where_the_layout_has_one() {
    let folder = change_folder(&change());
    let belongs = |path: &str| ByName.belongs(path.as_bytes(), Found::Folder);
    for path in [
        "trust",
        "trust/3",
        "a0",
        "a0/b1",
        &folder,
        &format!("{folder}/blobs"),
    ] {
        assert!(belongs(path), "{path}");
    }
    for path in [
        "trust/x",
        "A0",
        "a0/b1/c2",
        "a0/zz",
        &format!("{folder}/manifest"),
        "",
    ] {
        assert!(!belongs(path), "{path}");
    }
}

#[test]
fn a_file_belongs_where_its_bytes_are_what_its_name_says() {
    let path = Place::Bundle(change(), sha256(b"good")).path();
    assert!(ByName.belongs(path.as_bytes(), Found::File(b"good")));
    assert!(!ByName.belongs(path.as_bytes(), Found::File(b"bad")));
    assert!(!ByName.belongs(path.as_bytes(), Found::Other));
}
