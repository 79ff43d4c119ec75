//! The attacks of `tests/attacks/`: each must be refused with its code, and its twin, which differs only in the
//! attack, must pass. SPEC.md section 13 lists them.

mod bytes;
mod play;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use toml_edit::DocumentMut;

/// How many fixtures play at once: they mostly wait for git.
const WORKERS: usize = 4;

/// One file.
pub struct Fixture {
    /// The file's name.
    file: String,
    number: i64,
    attack: String,
    outcome: Outcome,
}

enum Outcome {
    /// Played here.
    Steps {
        code: String,
        exit: i32,
        steps: Vec<play::Step>,
    },
    /// Played by a test of this suite, of the library or with a Sigstore instance, which has its twin beside it.
    Test { code: String, test: String },
    /// The part that it attacks isn't there yet.
    Later(String),
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks")
}

fn fixtures() -> Vec<Fixture> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file.ends_with(".toml") {
            let text = std::fs::read_to_string(folder().join(&file)).unwrap();
            found.push(read(file, &text));
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

fn read(file: String, text: &str) -> Fixture {
    let table: DocumentMut = text.parse().unwrap_or_else(|why| panic!("{file}: {why}"));
    let known = ["number", "attack", "code", "exit", "steps", "test", "later"];
    for (key, _) in table.iter() {
        assert!(known.contains(&key), "{file}: unknown key {key}");
    }
    let string = |key: &str| table.get(key).and_then(|item| item.as_str());
    let need = |key: &str| {
        let text = string(key).unwrap_or_else(|| panic!("{file}: no {key}"));
        text.to_owned()
    };
    let number = table["number"].as_integer().unwrap();
    let outcome = match (string("steps"), string("test"), string("later")) {
        (Some(steps), None, None) => Outcome::Steps {
            code: need("code"),
            exit: table
                .get("exit")
                .map_or(1, |exit| exit.as_integer().unwrap() as i32),
            steps: play::parse(steps),
        },
        (None, Some(test), None) => Outcome::Test {
            code: need("code"),
            test: test.to_owned(),
        },
        (None, None, Some(later)) => Outcome::Later(later.to_owned()),
        _ => panic!("{file}: one of steps, test, later"),
    };
    assert!(
        file.starts_with(&format!("{number:03}-")),
        "{file}: {number}"
    );
    Fixture {
        attack: need("attack"),
        file,
        number,
        outcome,
    }
}

#[test]
fn every_attack_is_refused_with_its_code_and_its_twin_passes() {
    let fixtures = fixtures();
    let queue = Mutex::new(fixtures.iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = queue.lock().unwrap().next();
            let Some(fixture) = next else { return };
            let Outcome::Steps { code, exit, steps } = &fixture.outcome else {
                continue;
            };
            if let Err(why) = play::both(steps, code, *exit) {
                let told = format!("{}: {why}", fixture.file);
                failures.lock().unwrap().push(told);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_tests_that_attacks_name_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for fixture in fixtures() {
        let Outcome::Test { test, .. } = &fixture.outcome else {
            continue;
        };
        let (module, name) = test.rsplit_once("::").unwrap();
        let places = match module.split_once("::") {
            Some(("src", module)) => format!("src/{}_tests.rs", module.replace("::", "/")),
            Some(("sigstore", module)) => format!("tests/sigstore/{module}.rs"),
            _ => format!("tests/suite/{module}.rs"),
        };
        let text = std::fs::read_to_string(root.join(&places));
        let text = text.unwrap_or_else(|_| panic!("{}: no {places}", fixture.file));
        let function = format!("fn {name}(");
        assert!(text.contains(&function), "{}: no {test}", fixture.file);
    }
}

/// The table of SPEC.md, made from the files.
fn table() -> String {
    let mut rows = String::from("| | attack | code | shown by |\n|---|---|---|---|\n");
    for fixture in fixtures() {
        let (code, by) = match &fixture.outcome {
            Outcome::Steps { code, .. } => (code.as_str(), fixture.file.clone()),
            Outcome::Test { code, test } => (code.as_str(), format!("`{test}`")),
            Outcome::Later(part) => ("", format!("not yet: {part}")),
        };
        let by = by.trim_end_matches(".toml");
        rows += &format!(
            "| {} | {} | {code} | {by} |\n",
            fixture.number, fixture.attack
        );
    }
    rows
}

#[test]
fn the_specification_lists_every_attack() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let spec = std::fs::read_to_string(root.join("SPEC.md")).unwrap();
    let table = table();
    if !spec.contains(&table) {
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("attacks.md");
        std::fs::write(&made, &table).unwrap();
        panic!("SPEC.md's table of attacks differs from {}", made.display());
    }
}

#[test]
fn no_attack_stands_twice() {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for fixture in fixtures() {
        let other = seen.insert(fixture.attack.clone(), fixture.file.clone());
        assert_eq!(other, None, "{}", fixture.file);
    }
    assert!(seen.len() > 50);
}
