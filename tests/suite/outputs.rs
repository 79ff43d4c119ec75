//! What `verify` prints: the text and the JSON object of the same verdicts, and the JSON's schema.

use jsonschema::Validator;
use serde_json::Value;

use crate::support::{expect_success, git_command, git_with_input};
use crate::world::{Clone, Run, World};

const SCHEMA: &str = include_str!("../../schemas/verdict-v1.schema.json");
const SIGN_OFF_SCHEMA: &str = include_str!("../../schemas/sign-off-v1.schema.json");

/// Fields that may be absent.
const OPTIONAL: [&str; 4] = ["model", "commit", "line", "agent"];

/// One verdict in both forms.
struct Printed {
    human: String,
    json: Value,
}

/// Verifies twice and asserts that both forms have the exit status.
#[track_caller]
fn printed(clone: &Clone, world: &World, status: i32, args: &[&str]) -> Printed {
    let root = world.root();
    let verify = |format: &str| -> Run {
        let fixed = ["verify", "--root", &root, "--format", format];
        clone
            .countersign(&[&fixed, args].concat())
            .expect(status, "")
    };
    clone.countersign(&["sync"]).ok();
    let json = verify("json");
    let human = verify("human");
    Printed {
        human: format!("{}{}", human.stdout, human.stderr),
        json: serde_json::from_str(&json.stdout).unwrap(),
    }
}

/// Ben's branch `tags` with a change to `path`, declared and pushed.
fn declared(world: &World, path: &str) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    let trailer = "Add tags\n\nAssisted-by: Claude:claude-opus-4-7";
    ben.commit(path, "pub fn tags() {}\n", trailer);
    ben.countersign(&["declare", "--ai", "generated"])
        .expect(0, "pushed to origin");
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

fn verified_range() -> Printed {
    let world = World::team();
    let ben = declared(&world, "tags.rs");
    world
        .person("ana")
        .sign("tags")
        .expect(0, "approved by ana");
    ben.git(&["switch", "-q", "main"]);
    ben.git(&["merge", "-q", "--squash", "tags"]);
    ben.git(&["commit", "-q", "-m", "Add tags (#1)"]);
    ben.git(&["push", "-q"]);
    printed(&world.fresh("ci"), &world, 0, &["HEAD~2..HEAD"])
}

fn waiting_for_a_senior() -> Printed {
    let world = World::team();
    let ben = declared(&world, "tags.rs");
    printed(&ben, &world, 1, &[])
}

fn forbidden() -> Printed {
    let world = World::team();
    let ana = world.person("ana");
    let policy = std::fs::read_to_string(ana.path.join(".countersign/policy.toml")).unwrap();
    let rule = "\n[[rule]]\nname = \"no generated code in the crypto core\"\npaths = [\"crypto/**\"]\n\
                when = { ai = \"generated\" }\nforbid = \"write this by hand\"\n";
    ana.write(".countersign/policy.toml", &format!("{policy}{rule}"));
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", ".countersign"]);
    ana.git(&["commit", "-q", "-m", "Guard the crypto core"]);
    ana.git(&["push", "-q"]);
    let ben = declared(&world, "crypto/field.rs");
    printed(&ben, &world, 1, &[])
}

fn mixed_trust_files() -> Printed {
    let world = World::team();
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    let roster = std::fs::read_to_string(ben.path.join(".countersign/roster.toml")).unwrap();
    ben.write(".countersign/roster.toml", &format!("{roster}# mine\n"));
    ben.commit("tags.rs", "pub fn tags() {}\n", "Add tags");
    printed(&ben, &world, 1, &[])
}

fn undecided() -> Printed {
    let world = World::team();
    printed(&world.fresh("ci"), &world, 2, &["gone..HEAD"])
}

fn shallow() -> Printed {
    let world = World::team();
    let ci = world.fresh("ci");
    let base = ci.git(&["rev-parse", "HEAD~2"]);
    // What a clone with --depth 1 has, but for the objects that lie beyond.
    ci.write(".git/shallow", &format!("{}\n", ci.head()));
    let printed = printed(&ci, &world, 2, &[&format!("{base}..HEAD")]);
    assert_eq!(printed.json["codes"][0], "CS501");
    printed
}

/// A second version of a branch that was signed off: the nearest signed change is named.
fn amended() -> Printed {
    let world = World::team();
    let ben = declared(&world, "tags.rs");
    world
        .person("ana")
        .sign("tags")
        .expect(0, "approved by ana");
    ben.commit("tags.rs", "pub fn more() {}\n", "Add more");
    let printed = printed(&ben, &world, 1, &[]);
    assert_eq!(printed.json["units"][0]["nearest"]["differs"][0], "tags.rs");
    printed
}

/// A declaration by a key that was revoked since, and a file that is no statement.
fn not_counted() -> Printed {
    let world = World::team();
    let ben = declared(&world, "tags.rs");
    let ana = world.person("ana");
    let roster = std::fs::read_to_string(ana.path.join(".countersign/roster.toml")).unwrap();
    let key = std::fs::read_to_string(ben.home.join("key.pub")).unwrap();
    let key = key.split(' ').nth(1).unwrap();
    let revoked = "revoked = { on = \"2026-01-02\", reason = \"retired\" }";
    let revoked = roster.replace(&format!("{key}\"\n"), &format!("{key}\"\n{revoked}\n"));
    ana.write(".countersign/roster.toml", &revoked);
    ana.countersign(&["trust", "sign", "--confirm", "3"]).ok();
    ana.git(&["add", ".countersign"]);
    ana.git(&["commit", "-q", "-m", "Revoke ben's key"]);
    ana.git(&["push", "-q"]);
    put_in_store(&world, &ben.digest(&[]), b"{}");
    ben.git(&["fetch", "-q"]);
    let printed = printed(&ben, &world, 1, &[]);
    let statements = printed.json["units"][0]["statements"].as_array().unwrap();
    let mut codes: Vec<_> = statements
        .iter()
        .map(|view| view["code"].as_str())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some("CS202"), Some("CS212")]);
    printed
}

/// Adds a bundle file of a change to the remote's store.
fn put_in_store(world: &World, change: &str, bytes: &[u8]) {
    let remote = world.path().join("remote.git");
    let store = "refs/countersign/attestations";
    let blob = git_with_input(&remote, &["hash-object", "-w", "--stdin"], bytes);
    let name = countersign::change::sha256(bytes);
    let path = format!("{}/{}/{change}/{name}.json", &change[..2], &change[2..4]);
    let index = world.path().join("index");
    let git = |args: &[&str]| {
        let mut command = git_command(&remote);
        command.env("GIT_INDEX_FILE", &index).args(args);
        expect_success(args, command.output().unwrap())
    };
    git(&["read-tree", store]);
    git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("100644,{blob},{path}"),
    ]);
    let tree = git(&["write-tree"]);
    let commit = git(&["commit-tree", "-p", store, "-m", "put", &tree]);
    git(&["update-ref", store, &commit]);
}

/// Every verdict of this file with its name.
fn all() -> Vec<(&'static str, Printed)> {
    vec![
        ("verified range", verified_range()),
        ("waiting", waiting_for_a_senior()),
        ("forbidden", forbidden()),
        ("mixed trust files", mixed_trust_files()),
        ("amended", amended()),
        ("not counted", not_counted()),
        ("undecided", undecided()),
        ("shallow", shallow()),
    ]
}

/// Calls `each` with the pointer and the value of everything inside `value`.
pub fn walk(at: &str, value: &Value, each: &mut dyn FnMut(&str, &Value)) {
    let mut child = |key: &str, value: &Value| {
        let at = format!("{at}/{key}");
        each(&at, value);
        walk(&at, value, each);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| child(key, value)),
        Value::Array(values) => {
            let numbered = values.iter().enumerate();
            numbered.for_each(|(index, value)| child(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Replaces ids and keys by where they stand first in the JSON, in both forms alike.
fn normalised(printed: &Printed) -> (String, String) {
    let mut json = printed.json.clone();
    // Statements lie in the order of their random names.
    let units = json.get_mut("units").and_then(Value::as_array_mut);
    for unit in units.into_iter().flatten() {
        let statements = unit["statements"].as_array_mut().unwrap();
        statements.sort_by_key(|statement| statement["kind"].to_string());
    }
    let mut names: Vec<(String, String)> = Vec::new();
    walk("", &json, &mut |at, value| {
        let Some(text) = value.as_str() else { return };
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_id = hex && matches!(text.len(), 40 | 64);
        let is_time = text.parse::<jiff::Timestamp>().is_ok();
        let is_other = at == "/repository" || text.starts_with("SHA256:");
        let known = names.iter().any(|(known, _)| known == text);
        if (is_id || is_time || is_other) && !known {
            // Two times may be the same second, or not.
            let place = at.trim_start_matches('/').replace('/', ".");
            let name = if is_time {
                "<time>".to_owned()
            } else {
                format!("<{place}>")
            };
            names.push((text.to_owned(), name.clone()));
            if is_id {
                let short = if text.len() == 40 { 7 } else { 8 };
                names.push((text[..short].to_owned(), format!("{name}~")));
            }
        }
    });
    // Whole ids before the short forms that they begin with.
    names.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    let replace = |text: String| {
        let named = |text: String, (id, name): &(String, String)| text.replace(id, name);
        let text = names.iter().fold(text, named);
        text.replace(env!("CARGO_PKG_VERSION"), "<version>")
    };
    let json = serde_json::to_string_pretty(&json).unwrap();
    (replace(printed.human.clone()), replace(json))
}

pub fn validator(schema: &str) -> Validator {
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

/// The schema, with every field refused that it doesn't describe.
pub fn closed(schema: &str) -> Validator {
    fn close(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("required") {
                    fields.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
                fields.values_mut().for_each(close);
            }
            Value::Array(values) => values.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut schema: Value = serde_json::from_str(schema).unwrap();
    close(&mut schema);
    validator(&schema.to_string())
}

#[test]
fn the_schema_describes_every_verdict_and_every_field_of_it() {
    let (schema, closed) = (validator(SCHEMA), closed(SCHEMA));
    for (name, printed) in all() {
        for validator in [&schema, &closed] {
            let errors: Vec<_> = validator.iter_errors(&printed.json).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}\n{:#}", printed.json);
        }
    }
}

#[test]
fn the_schema_refuses_each_field_removed_or_of_a_wrong_type() {
    let schema = validator(SCHEMA);
    let mut broken = 0;
    for (name, printed) in [
        ("verified range", verified_range()),
        ("waiting", waiting_for_a_senior()),
        ("amended", amended()),
        ("undecided", undecided()),
    ] {
        let mut places = Vec::new();
        walk("", &printed.json, &mut |at, _| places.push(at.to_owned()));
        for place in places {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let mut wrong = printed.json.clone();
            *wrong.pointer_mut(&place).unwrap() = serde_json::json!(1.5);
            assert!(!schema.is_valid(&wrong), "{name}: {place} = 1.5");
            broken += 1;
            let mut without = printed.json.clone();
            let Some(Value::Object(fields)) = without.pointer_mut(parent) else {
                continue;
            };
            fields.remove(key);
            let optional = OPTIONAL.contains(&key) && parent.contains("/ai/");
            assert_eq!(
                schema.is_valid(&without),
                optional,
                "{name}: without {place}"
            );
        }
    }
    assert!(broken > 100, "{broken}");
}

#[test]
fn the_schema_refuses_a_pass_that_contradicts_itself() {
    let schema = validator(SCHEMA);
    let verified = verified_range().json;
    for (place, value) in [
        ("/result", Value::from("refused")),
        ("/waiting", Value::from(true)),
        ("/units/0/result", Value::from("refused")),
        ("/units/0/codes", serde_json::json!(["CS101"])),
        ("/units/1/statements/0/counts", Value::from(false)),
        ("/units/1/statements/0/code", Value::from("CS210")),
        ("/schema", Value::from("https://countersign.dev/verdict/v2")),
    ] {
        let mut wrong = verified.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(!schema.is_valid(&wrong), "{place}");
    }
    assert!(schema.is_valid(&verified));
}

#[test]
fn the_schemas_share_their_definitions() {
    let parse = |text| serde_json::from_str::<Value>(text).unwrap();
    let (verdict, sign_off) = (parse(SCHEMA), parse(SIGN_OFF_SCHEMA));
    let shared = [
        "digest",
        "gitCommit",
        "time",
        "ref",
        "extent",
        "aiAssistance",
        "evidence",
    ];
    for name in shared {
        assert_eq!(verdict["$defs"][name], sign_off["$defs"][name], "{name}");
        assert!(verdict["$defs"][name].is_object(), "{name}");
    }
}

macro_rules! snapshots {
    ($($name:ident)*) => { mod snapshot {
        $(#[test] fn $name() {
            let (human, json) = super::normalised(&super::$name());
            insta::assert_snapshot!(concat!(stringify!($name), "_human"), human);
            insta::assert_snapshot!(concat!(stringify!($name), "_json"), json);
        })*
    } };
}

snapshots! { verified_range waiting_for_a_senior forbidden mixed_trust_files undecided }
