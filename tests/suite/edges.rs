//! The shape of the source: which module may use which, and who may touch the world outside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The modules that a module may use. What is missing here may not be used, what is unused fails too.
/// `text` and `codes` are leaves that use nothing.
const EDGES: [(&str, &[&str]); 14] = [
    ("ai", &["change"]),
    ("attestation", &["ai", "change"]),
    ("change", &[]),
    ("codes", &[]),
    (
        "gate",
        &[
            "ai",
            "attestation",
            "change",
            "codes",
            "policy",
            "roster",
            "store",
            "text",
            "trust",
            "verify",
        ],
    ),
    ("git", &["change"]),
    ("keys", &[]),
    ("policy", &["ai", "change", "roster", "text"]),
    (
        "report",
        &["ai", "attestation", "change", "codes", "gate", "text"],
    ),
    // The agents' addresses, which no engineer may have.
    ("roster", &["ai", "change", "keys", "text"]),
    // The store in a git ref.
    ("store", &["change", "git"]),
    ("text", &[]),
    ("trust", &["attestation", "change", "keys", "roster"]),
    (
        "verify",
        &["ai", "attestation", "change", "codes", "keys", "roster"],
    ),
];

const MAX_LINES: usize = 500;

/// One file of `src/`.
struct Source {
    /// Below `src/`, with `/`.
    path: String,
    text: String,
    tokens: Vec<String>,
}

impl Source {
    fn module(&self) -> &str {
        let end = self.path.find(['/', '.']).unwrap();
        &self.path[..end]
    }

    /// Only compiled for tests.
    fn is_test(&self) -> bool {
        self.path.ends_with("_tests.rs")
            || self.path.ends_with("testing.rs")
            || self.path == "attestation/examples.rs"
    }

    fn is_library(&self) -> bool {
        !self.path.starts_with("cli/") && self.path != "main.rs" && self.path != "lib.rs"
    }

    /// How many modules lie between the crate and this file's own module.
    fn depth(&self) -> usize {
        let depth = self.path.split('/').count();
        depth - usize::from(self.path.ends_with("mod.rs"))
    }

    /// Whether the tokens hold these, one after the other.
    fn has(&self, wanted: &[&str]) -> bool {
        self.tokens.windows(wanted.len()).any(|at| at == wanted)
    }

    /// The modules of this crate that the file names, its own left out.
    fn uses(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for start in 0..self.tokens.len() {
            if let Some(after) = self.crate_root(start) {
                heads(&self.tokens, after, &mut found);
            }
        }
        found.remove(self.module());
        // An item of the crate itself, not of a module.
        assert!(!found.contains("self"), "{}", self.path);
        found
    }

    /// The index after `crate::` at `start`, or after as many `super::` as lead to the crate.
    fn crate_root(&self, start: usize) -> Option<usize> {
        let step = |at: usize, word: &str| {
            let here = self.tokens.get(at).is_some_and(|token| token == word);
            (here && self.tokens.get(at + 1).is_some_and(|token| token == "::")).then_some(at + 2)
        };
        if let Some(after) = step(start, "crate") {
            return Some(after);
        }
        let begins = start == 0 || self.tokens[start - 1] != "::";
        // Unit tests lie beside their module's file and are a child of it.
        let depth = self.depth() + usize::from(self.path.ends_with("_tests.rs"));
        (0..depth)
            .try_fold(start, |at, _| step(at, "super"))
            .filter(|_| begins)
    }
}

/// Adds the first name of each path that starts at `at`, also in a group `{a, b::{c}}`.
fn heads(tokens: &[String], mut at: usize, found: &mut BTreeSet<String>) {
    if tokens[at] != "{" {
        found.insert(tokens[at].clone());
        return;
    }
    let (mut depth, mut first) = (1, true);
    while depth > 0 {
        at += 1;
        match tokens[at].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => first |= depth == 1,
            name if first && depth == 1 => {
                found.insert(name.to_owned());
                first = false;
            }
            _ => {}
        }
    }
}

/// Names and marks of Rust text; comments, strings and characters are left out.
fn tokens(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"//") {
            at += rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            at += 2 + find(&rest[2..], b"*/") + 2;
        } else if let Some(skipped) = raw_string(rest) {
            at += skipped;
        } else if rest[0] == b'"' {
            at += 1;
            while bytes[at] != b'"' {
                at += 1 + usize::from(bytes[at] == b'\\');
            }
            at += 1;
        } else if rest[0] == b'\'' && rest[1] == b'\\' {
            at += 3 + find(&rest[3..], b"'") + 1;
        } else if rest[0] == b'\'' && text[at + 1..].chars().nth(1) == Some('\'') {
            at += 2 + text[at + 1..].chars().next().unwrap().len_utf8();
        } else if is_name(rest[0]) {
            let length = rest.iter().take_while(|byte| is_name(**byte)).count();
            found.push(text[at..at + length].to_owned());
            at += length;
        } else if rest.starts_with(b"::") {
            found.push("::".to_owned());
            at += 2;
        } else {
            if !rest[0].is_ascii_whitespace() {
                found.push(char::from(rest[0]).to_string());
            }
            at += 1;
        }
    }
    found
}

/// Takes inline modules of unit tests out; whatever else is for tests alone counts as the library's.
fn without_tests(mut tokens: Vec<String>) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let place = |tokens: &[String]| {
        let mut places = tokens.windows(mark.len() + 2);
        places.position(|at| at[..mark.len()] == mark && at[mark.len() + 1] == "{")
    };
    while let Some(start) = place(&tokens) {
        let (mut at, mut depth) = (start + mark.len() + 2, 1);
        while depth > 0 {
            depth += i32::from(tokens[at] == "{") - i32::from(tokens[at] == "}");
            at += 1;
        }
        tokens.drain(start..at);
    }
    tokens
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    let mut places = bytes.windows(wanted.len());
    places.position(|at| at == wanted).expect("an end")
}

/// The length of a raw string that starts here.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let start = rest.strip_prefix(b"b").unwrap_or(rest).strip_prefix(b"r")?;
    let hashes = start.iter().take_while(|byte| **byte == b'#').count();
    let inside = start[hashes..].strip_prefix(b"\"")?;
    let end = [b"\"".as_slice(), &start[..hashes]].concat();
    Some(rest.len() - inside.len() + find(inside, &end) + end.len())
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, below: &str, found: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{below}{name}");
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{path}/"), found);
            } else if name.ends_with(".rs") {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                let tokens = without_tests(tokens(&text));
                found.push(Source { path, text, tokens });
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut found,
    );
    assert!(found.len() > 100, "{}", found.len());
    found
}

/// The files of the library that are not compiled for tests alone.
fn library() -> Vec<Source> {
    let mut found = sources();
    found.retain(|source| source.is_library() && !source.is_test());
    found
}

/// Asserts that the library files which hold one of these runs of tokens lie under `allowed`.
#[track_caller]
fn only_in(allowed: &[&str], wanted: &[&[&str]]) {
    let mut found = library();
    found.retain(|source| wanted.iter().any(|tokens| source.has(tokens)));
    let outside: Vec<_> = found
        .iter()
        .map(|source| source.path.as_str())
        .filter(|path| !allowed.iter().any(|prefix| path.starts_with(prefix)))
        .collect();
    assert!(outside.is_empty(), "{wanted:?} in {outside:?}");
    assert!(
        allowed.is_empty() || !found.is_empty(),
        "{wanted:?} is nowhere"
    );
}

#[test]
fn modules_use_exactly_the_modules_that_the_design_allows() {
    let mut found = BTreeMap::<String, BTreeMap<String, String>>::new();
    for source in library() {
        let edges = found.entry(source.module().to_owned()).or_default();
        for used in source.uses() {
            edges.entry(used).or_insert_with(|| source.path.clone());
        }
    }
    let allowed: BTreeMap<_, _> = EDGES.into_iter().collect();
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        allowed.keys().copied().collect::<Vec<_>>(),
        "modules"
    );
    for (module, edges) in &found {
        let used: Vec<_> = edges.keys().map(String::as_str).collect();
        assert_eq!(used, allowed[module.as_str()], "{module} uses {edges:?}");
    }
}

#[test]
fn files_that_are_named_as_tests_are_compiled_for_tests_alone() {
    let sources = sources();
    for test in sources.iter().filter(|source| source.is_test()) {
        let name = test.path.rsplit('/').next().unwrap();
        let stem = name.trim_end_matches(".rs");
        let declared = [
            format!("#[cfg(test)] #[path = \"{name}\"] mod tests;"),
            format!("#[cfg(test)] #[cfg(unix)] #[path = \"{name}\"] mod tests;"),
            format!("#[cfg(test)] mod {stem};"),
            format!("#[cfg(test)] pub(crate) mod {stem};"),
            format!("#[cfg(test)] pub(super) mod {stem};"),
        ];
        let declares = |source: &Source| {
            let flat = source.text.split_whitespace().collect::<Vec<_>>().join(" ");
            source.module() == test.module() && declared.iter().any(|line| flat.contains(line))
        };
        assert!(sources.iter().any(declares), "{}", test.path);
    }
}

#[test]
fn the_allowed_edges_form_no_circle() {
    let mut left: BTreeMap<_, _> = EDGES.into_iter().collect();
    while !left.is_empty() {
        let before = left.len();
        let names: BTreeSet<_> = left.keys().copied().collect();
        left.retain(|_, uses| uses.iter().any(|used| names.contains(used)));
        assert!(left.len() < before, "a circle: {left:?}");
    }
}

#[test]
fn the_library_touches_no_terminal_no_environment_and_no_clock() {
    only_in(
        &[],
        &[
            &["stdin", "(", ")"],
            &["stdout", "(", ")"],
            &["stderr", "(", ")"],
            &["print", "!"],
            &["println", "!"],
            &["eprint", "!"],
            &["eprintln", "!"],
            &["dbg", "!"],
            &["SystemTime"],
            &["Timestamp", "::", "now"],
            &["Zoned", "::", "now"],
            &["env", "::", "var"],
            &["env", "::", "vars"],
            &["env", "::", "var_os"],
            &["env", "::", "vars_os"],
            &["env", "::", "args"],
            &["env", "::", "args_os"],
            &["env", "::", "current_dir"],
            &["env", "::", "home_dir"],
            &["env", "::", "temp_dir"],
            &["env", "::", "{"],
            &["use", "std", "::", "env", ";"],
            &["std", "::", "{"],
        ],
    );
    // How long an agent or a security key may take to answer.
    only_in(&["keys/socket.rs", "keys/keygen.rs"], &[&["Instant"]]);
    // Splitting and joining a search path that was given: pure.
    only_in(&["git/program.rs"], &[&["std", "::", "env"]]);
}

#[test]
fn only_its_owner_uses_the_git_library_processes_keys_and_disks() {
    only_in(&["git/"], &[&["gix"]]);
    // git to reach a server, ssh-keygen to reach a security key.
    only_in(&["git/", "keys/keygen.rs"], &[&["std", "::", "process"]]);
    only_in(
        &["keys/"],
        &[
            &["ed25519_dalek"],
            &["p256"],
            &["ssh_key"],
            &["pkcs8"],
            &["scrypt"],
            &["crypto_secretbox"],
        ],
    );
    only_in(&["keys/sigstore/"], &[&["sigstore_verify"]]);
    only_in(&["keys/keyless"], &[&["sigstore_sign"], &["tokio"]]);
    only_in(&["keys/", "change/digest.rs"], &[&["sha2"]]);
    only_in(&["keys/", "git/", "store/"], &[&["std", "::", "fs"]]);
    only_in(
        &[
            "attestation/",
            // The key file that cosign writes is JSON in PEM.
            "keys/pem.rs",
            "report/",
            "ai/git_ai.rs",
            "ai/agent_trace.rs",
        ],
        &[&["serde_json"]],
    );
    only_in(
        &["text/", "policy/", "roster/", "ai/table.rs", "ai/fields.rs"],
        &[&["toml_edit"]],
    );
    only_in(&["text.rs"], &[&["unicode_properties"]]);
    only_in(&["text/alike.rs"], &[&["unicode_normalization"]]);
}

#[test]
fn unsafe_code_is_forbidden_for_every_target() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let manifest: toml_edit::DocumentMut = manifest.unwrap().parse().unwrap();
    let forbidden = manifest["lints"]["rust"]["unsafe_code"].as_str();
    assert_eq!(forbidden, Some("forbid"));
    for source in sources() {
        assert!(!source.has(&["unsafe"]), "{}", source.path);
    }
}

#[test]
fn files_are_short() {
    for source in sources().into_iter().filter(|source| !source.is_test()) {
        let (path, lines) = (&source.path, source.text.lines().count());
        assert!(
            lines <= MAX_LINES,
            "{path} has {lines} lines, over {MAX_LINES}"
        );
    }
}

#[test]
fn the_reader_of_uses_sees_groups_paths_and_parents_but_no_text() {
    let read = |path: &str, text: &str| {
        let source = Source {
            path: path.to_owned(),
            text: String::new(),
            tokens: without_tests(tokens(text)),
        };
        source.uses().into_iter().collect::<Vec<_>>()
    };
    let seen = |text: &str| read("ai/x.rs", text);
    assert_eq!(
        seen("use crate::{git, keys::{self, a}, ai::b};"),
        ["git", "keys"]
    );
    assert_eq!(seen("fn f() { let _ = crate::git::open('\"'); }"), ["git"]);
    assert_eq!(seen("use super::super::git;"), ["git"]);
    assert_eq!(seen("use super::git;"), [""; 0]);
    assert_eq!(
        seen("// crate::git\n/* crate::git */ \"\\\"crate::git\" r#\"crate::git\"#"),
        [""; 0]
    );
    assert_eq!(
        read("ai/mod.rs", "use super::git; fn f<'a>() { '\\'' }"),
        ["git"]
    );
    assert_eq!(read("ai/x_tests.rs", "use super::super::git;"), [""; 0]);
    let mixed = "use crate::git; #[cfg(test)] mod tests { use crate::store; { } } use crate::keys;";
    assert_eq!(seen(mixed), ["git", "keys"]);
    assert_eq!(read("text.rs", "use super::git;"), ["git"]);
}
