use super::*;

fn path(bytes: &[u8]) -> RepoPath {
    RepoPath::new(bytes).unwrap()
}

#[track_caller]
fn table(glob: &str, matching: &[&str], others: &[&str]) {
    let glob = Glob::new(glob).unwrap();
    for text in matching {
        assert!(glob.matches(&path(text.as_bytes())), "{glob:?} {text}");
    }
    for text in others {
        assert!(!glob.matches(&path(text.as_bytes())), "{glob:?} {text}");
    }
}

#[test]
fn a_glob_is_about_the_whole_path_in_its_exact_case() {
    table(
        "src/lib.rs",
        &["src/lib.rs"],
        &["a/src/lib.rs", "src/lib.rs/a", "src/Lib.rs", "src/libxrs"],
    );
    table(
        "README",
        &["README"],
        &["docs/README", "readme", "README.md"],
    );
}

#[test]
fn one_star_stops_at_a_slash_and_two_dont() {
    table(
        "src/*.rs",
        &["src/a.rs", "src/.rs"],
        &["src/a/b.rs", "src/a.rsx"],
    );
    table("*", &["a", ".hidden"], &["a/b"]);
    table("**", &["a", "a/b/c", ".github/x"], &[]);
    table(
        "src/**",
        &["src/a", "src/a/b.rs", "src/.x/y"],
        &["src", "srcs/a", "a/src/b"],
    );
    table("src/?", &["src/a"], &["src/ab"]);
    table("a?b", &["axb"], &["a/b"]);
}

#[test]
fn two_stars_before_a_slash_also_match_at_the_top() {
    table("**/x", &["x", "a/x", "a/b/x"], &["ax", "x/a", "a/bx"]);
    table("**/*.md", &["a.md", "docs/a.md"], &["a.mdx"]);
    table(
        "a/**/b",
        &["a/b", "a/x/b", "a/x/y/b"],
        &["ab", "a/xb", "axb"],
    );
    table("**/x/**", &["x/a", "b/x/a/c"], &["x", "b/x"]);
}

#[test]
fn classes_and_braces_and_escapes_are_read() {
    table("v[0-9].txt", &["v1.txt"], &["va.txt", "v12.txt"]);
    table("v[!0-9]", &["va"], &["v1", "v12"]);
    table("a[!b]c", &["axc"], &["abc", "a/c"]);
    table("a[+-9]c", &["a.c", "a0c"], &["a/c"]);
    table("{docs,src}/*.md", &["docs/a.md", "src/a.md"], &["x/a.md"]);
    table("{docs/**,src/**}", &["docs/a/b", "src/a"], &["x/a"]);
    table("a{,.txt}", &["a", "a.txt"], &["a.tx"]);
    table("a\\*b", &["a*b"], &["axb"]);
    table("\\!x", &["!x"], &["x"]);
    table("a\\\\b", &["a\\b"], &["a/b"]);
    table("[]]", &["]"], &["["]);
    table("a,b", &["a,b"], &["a"]);
}

#[test]
fn paths_are_bytes_and_need_not_be_utf_8() {
    let any = Glob::new("src/*.rs").unwrap();
    assert!(any.matches(&path(b"src/caf\xE9.rs")));
    assert!(!any.matches(&path(b"src/caf\xE9/a.rs")));
    assert!(Glob::new("**").unwrap().matches(&path(b"\xFF\xFE/\xE9")));
    assert!(Glob::new("**/x").unwrap().matches(&path(b"\xE9/x")));
    assert!(Glob::new("caf?").unwrap().matches(&path(b"caf\xE9")));
    let accented = Glob::new("caf\u{e9}").unwrap();
    assert!(accented.matches(&path("caf\u{e9}".as_bytes())));
    assert!(
        !accented.matches(&path(b"caf\xE9")),
        "Latin-1 is another path"
    );
    assert!(
        !accented.matches(&path("cafe\u{301}".as_bytes())),
        "so is the decomposed form"
    );
    assert!(Glob::new("a*b").unwrap().matches(&path(b"a\nb")));
}

#[test]
fn what_is_no_glob_is_refused_and_its_twin_is_read() {
    let long = "a".repeat(GLOB_LIMIT + 1);
    let cases = [
        ("", "a", GlobError::Empty),
        (long.as_str(), &long[1..], GlobError::TooLong),
        ("!src/**", "src/**", GlobError::Negated),
        ("/src/**", "src/**", GlobError::NoPath),
        ("src/", "src", GlobError::NoPath),
        ("src//a", "src/a", GlobError::NoPath),
        ("./src", "src", GlobError::NoPath),
        ("a/../src", "a/..src", GlobError::NoPath),
        ("src**", "src/**", GlobError::Stars),
        ("**.md", "**/*.md", GlobError::Stars),
        ("src/***", "src/**", GlobError::Stars),
        ("a,**,b", "a,*,b", GlobError::Stars),
        ("x{**/a,b}", "x{*/a,b}", GlobError::Stars),
        ("{a,b}**", "{a,b}/**", GlobError::Stars),
        ("[\u{e9}]", "[e]", GlobError::Class),
        ("[/a]", "[a]", GlobError::Class),
        ("[[:alpha:]]", "[a-zA-Z]", GlobError::Class),
        ("[a", "[a]", GlobError::UnclosedClass),
        ("[]", "[]]", GlobError::UnclosedClass),
        ("[z-a]", "[a-z]", GlobError::Range('z', 'a')),
        ("{a,b", "{a,b}", GlobError::Alternates),
        ("a}", "{a}", GlobError::Alternates),
        ("a\\", "a\\\\", GlobError::Escape),
    ];
    for (text, twin, error) in cases {
        assert_eq!(Glob::new(text).unwrap_err(), error, "{text}");
        assert!(Glob::new(twin).is_ok(), "{twin}");
    }
    assert_eq!(
        Glob::new(&"{".repeat(200)).unwrap_err(),
        GlobError::TooComplex
    );
}
