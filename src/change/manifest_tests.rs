use proptest::prelude::*;

use super::*;

fn path(text: &str) -> RepoPath {
    RepoPath::new(text).unwrap()
}

fn file(content: &str) -> Option<Content> {
    Some(Content::Blob {
        mode: FileMode::Regular,
        sha256: sha256(content.as_bytes()),
    })
}

/// Trees of up to four paths with three contents each: small, so that paths collide.
fn trees() -> impl Strategy<Value = BTreeMap<RepoPath, Content>> {
    let name = prop::sample::select(vec!["a", "a b", "a!b", "d/x"]);
    let content = prop::sample::select(vec!["one", "two", "three"]);
    prop::collection::btree_map(
        name.prop_map(path),
        content.prop_map(|text| file(text).unwrap()),
        0..4,
    )
}

fn between(old: &BTreeMap<RepoPath, Content>, new: &BTreeMap<RepoPath, Content>) -> ChangeManifest {
    let mut manifest = ChangeManifest::new();
    for path in old.keys().chain(new.keys()) {
        manifest.insert(path.clone(), old.get(path).cloned(), new.get(path).cloned());
    }
    manifest
}

proptest! {
    #[test]
    fn composing_two_changes_gives_the_change_between_the_ends(a in trees(), b in trees(), c in trees()) {
        prop_assert_eq!(between(&a, &b).compose(&between(&b, &c)).unwrap(), between(&a, &c));
    }

    #[test]
    fn composition_is_associative(a in trees(), b in trees(), c in trees(), d in trees()) {
        let (ab, bc, cd) = (between(&a, &b), between(&b, &c), between(&c, &d));
        let left = ab.compose(&bc).unwrap().compose(&cd).unwrap();
        let right = ab.compose(&bc.compose(&cd).unwrap()).unwrap();
        prop_assert_eq!(left, right);
    }

    #[test]
    fn a_change_and_its_inverse_compose_to_nothing(a in trees(), b in trees()) {
        let change = between(&a, &b);
        prop_assert_eq!(change.invert(), between(&b, &a));
        prop_assert!(change.compose(&change.invert()).unwrap().is_empty());
    }

    #[test]
    fn what_is_written_is_read_back(a in trees(), b in trees()) {
        let change = between(&a, &b);
        prop_assert_eq!(change.to_string().parse::<ChangeManifest>().unwrap(), change);
    }

    #[test]
    fn whatever_parses_is_canonical(text in "countersign-change-v1\n(-|100644:sha256:[0-9a]{64}) - [a-c%0-9A-F]{1,4}\n") {
        if let Ok(manifest) = text.parse::<ChangeManifest>() {
            prop_assert_eq!(manifest.to_string(), text);
        }
    }
}

#[test]
fn changes_that_do_not_follow_one_another_do_not_compose() {
    let mut first = ChangeManifest::new();
    first.insert(path("f"), None, file("one"));
    let mut next = ChangeManifest::new();
    next.insert(path("f"), file("two"), file("three"));
    assert_eq!(first.compose(&next), Err(ComposeError { path: path("f") }));
    let mut twin = ChangeManifest::new();
    twin.insert(path("f"), file("one"), file("three"));
    assert!(first.compose(&twin).is_ok());
}

#[test]
fn entries_are_ordered_by_raw_bytes_and_not_by_the_encoded_line() {
    let mut manifest = ChangeManifest::new();
    for name in [
        "a!b",
        "a b",
        "bin.d",
        "bin",
        "file/x",
        "file.to",
        "\u{1F600}",
        "\u{FF21}",
    ] {
        manifest.insert(path(name), None, file("x"));
    }
    let text = manifest.to_string();
    let names: Vec<_> = text
        .lines()
        .skip(1)
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    let expected = [
        "a%20b",
        "a!b",
        "bin",
        "bin.d",
        "file.to",
        "file/x",
        "%EF%BC%A1",
        "%F0%9F%98%80",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_bytes_of_a_manifest_are_fixed() {
    let mut manifest = ChangeManifest::new();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    manifest.insert(path("100%"), file(""), None);
    let commit = "0123456789012345678901234567890123456789".parse().unwrap();
    manifest.insert(path("lib"), None, Some(Content::Submodule { commit }));
    let expected = format!(
        "countersign-change-v1\n100644:sha256:{empty} - 100%25\n\
         - 160000:gitCommit:0123456789012345678901234567890123456789 lib\n"
    );
    assert_eq!(manifest.to_string(), expected);
    assert_eq!(manifest.digest(), sha256(expected.as_bytes()));
}

#[test]
fn text_that_is_not_canonical_is_refused() {
    let side = format!("100644:sha256:{}", "0".repeat(64));
    let good = format!("countersign-change-v1\n- {side} a\n{side} - b\n");
    assert!(good.parse::<ChangeManifest>().is_ok());
    let cases = [
        (good.trim_end().to_owned(), ManifestError::Text),
        (good.replace("-v1", "-v2"), ManifestError::Header),
        (format!("{good}\n"), ManifestError::Line(4)),
        (good.replace(" a\n", " b\n"), ManifestError::Order(3)),
        (good.replace(" a\n", " c\n"), ManifestError::Order(3)),
        (
            good.replace(" a\n", " ..\n"),
            ManifestError::Path(2, PathError::Reserved("..")),
        ),
        (
            good.replace(" a\n", " %61\n"),
            ManifestError::Path(2, PathError::Encoding),
        ),
        (
            good.replace(" a\n", " \u{e9}\n"),
            ManifestError::Path(2, PathError::Encoding),
        ),
        (good.replace("- 100644", "- 100664"), ManifestError::Line(2)),
        (
            good.replace(&format!("- {side} a"), "- - a"),
            ManifestError::Line(2),
        ),
        (good.replace("sha256:0", "sha256:A"), ManifestError::Line(2)),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<ChangeManifest>(), Err(error), "{text}");
    }
}

#[test]
fn names_that_differ_in_invalid_utf8_stay_apart() {
    let latin = RepoPath::new(*b"caf\xE9.txt").unwrap();
    let replaced = RepoPath::new("caf\u{FFFD}.txt").unwrap();
    assert_eq!(latin.to_string(), "caf%E9.txt");
    assert_eq!(replaced.to_string(), "caf%EF%BF%BD.txt");
    assert_eq!(RepoPath::decode("caf%E9.txt").unwrap(), latin);
}
