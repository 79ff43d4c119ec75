//! `--format json` of every command but the verdicts: one object, as `schemas/output-v1.schema.json` says.

use serde_json::Value;

use crate::outputs::{closed, validator, walk};
use crate::world::{Clone, Run, World};

const SCHEMA: &str = include_str!("../../schemas/output-v1.schema.json");
const VERDICT: &str = include_str!("../../schemas/verdict-v1.schema.json");

/// Runs a command for a program, which gets exactly one object in one line.
#[track_caller]
fn object(clone: &Clone, status: i32, args: &[&str]) -> Value {
    let run = clone.countersign(&[args, &["--format", "json"]].concat());
    one(&run.expect(status, ""))
}

#[track_caller]
fn one(run: &Run) -> Value {
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// Ben's branch `tags` with a trace of AI, pushed.
fn branch(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.git(&["switch", "-q", "-c", "tags"]);
    let message = "Add tags\n\nCo-authored-by: Claude <noreply@anthropic.com>";
    ben.commit("tags.rs", "pub fn tags() {}\n", message);
    ben.git(&["push", "-q", "-u", "origin", "tags"]);
    ben
}

/// The objects of statements being made: declared, rejected and signed off.
fn made(world: &World) -> Vec<(&'static str, Value)> {
    let ben = branch(world);
    let declared = object(&ben, 0, &["declare", "--ai", "none", "-m", "by hand"]);
    assert_eq!(declared["contradictedBy"], "assisted");
    assert_eq!(declared["state"]["waiting"], true);
    let digest = declared["change"].as_str().unwrap();
    let sign = ["sign", "tags", "--confirm", digest];
    let useless = object(&world.clone_for("omar"), 1, &sign);
    assert_eq!(useless["code"], "CS206");
    assert_eq!(useless["details"][0]["name"], "who");
    let carol = world.clone_for("carol");
    let reject = [
        &sign[..],
        &["--reject", "-m", "no\u{202e}", "-o", "rejection.json"],
    ]
    .concat();
    let rejected = object(&carol, 1, &reject);
    assert_eq!(rejected["decision"], "rejected");
    assert_eq!(rejected["state"]["findings"][0]["code"], "CS302");
    let signed = object(&carol, 0, &sign);
    assert_eq!(signed["replaces"].as_array().unwrap().len(), 1);
    assert_eq!(signed["pushedTo"], "origin");
    assert_eq!(signed["state"]["result"], "verified");
    let shown = object(&carol, 0, &["show", "tags"]);
    assert_eq!(shown["statements"].as_array().unwrap().len(), 3);
    let file = object(&carol, 0, &["show", "rejection.json"]);
    assert_eq!(
        (&file["kind"], &file["check"]),
        (&"rejection".into(), &"verified".into())
    );
    let outside = Clone {
        path: world.path().to_owned(),
        ..carol.clone()
    };
    let unchecked = object(&outside, 0, &["show", "carol/rejection.json"]);
    assert_eq!(unchecked["check"], "unchecked");
    vec![
        ("declared", declared),
        ("useless", useless),
        ("rejected", rejected),
        ("signed", signed),
        ("statements", shown),
        ("verified bundle", file),
        ("unchecked bundle", unchecked),
    ]
}

/// The objects of looking around.
fn looked(world: &World) -> Vec<(&'static str, Value)> {
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "more"]);
    ana.commit("more.rs", "pub fn more() {}\n", "Add more");
    let manifest = object(&ana, 0, &["digest", "--manifest"]);
    let text = manifest["manifest"].as_str().unwrap();
    let digest = countersign::change::sha256(text.as_bytes()).to_string();
    assert_eq!(manifest["change"], digest);
    let roster = std::fs::read_to_string(ana.path.join(".countersign/roster.toml")).unwrap();
    ana.countersign(&["hook", "install"]).ok();
    let case =
        "[[case]]\nname = \"one\"\npaths = [\"a\"]\nauthors = [\"ben\"]\nexpect = \"pass\"\n";
    ana.write("cases.toml", case);
    let policy = std::fs::read_to_string(ana.path.join(".countersign/policy.toml")).unwrap();
    let two = "[[rule]]\nname = \"two\"\npaths = [\"lib.rs\"]\nrequire = { signers = 2, level = \"senior\" }\n";
    ana.write("next.toml", &format!("{policy}\n{two}"));
    let mut objects = vec![
        ("digest", object(&ana, 0, &["digest"])),
        ("manifest", manifest),
        ("sync", object(&ana, 0, &["sync"])),
        ("doctor", object(&ana, 0, &["doctor"])),
        ("inspected", object(&ana, 0, &["inspect"])),
        ("inspected commits", object(&ana, 0, &["inspect", "--each"])),
        ("rules", object(&ana, 0, &["inspect", "--only", "rules"])),
        ("roster", object(&ana, 0, &["roster", "list"])),
        ("roster lint", object(&ana, 0, &["roster", "lint"])),
        ("policy lint", object(&ana, 0, &["policy", "lint"])),
        (
            "policy test",
            object(&ana, 1, &["policy", "test", "cases.toml"]),
        ),
        ("simulation", object(&ana, 0, &["policy", "simulate"])),
        (
            "simulation of two",
            object(&ana, 0, &["policy", "simulate", "--policy", "next.toml"]),
        ),
        ("trust log", object(&ana, 0, &["trust", "log"])),
        ("all codes", object(&ana, 0, &["explain"])),
        ("one code", object(&ana, 0, &["explain", "CS203"])),
    ];
    ana.write(
        ".countersign/roster.toml",
        &roster.replace("levels", "level"),
    );
    let broken = object(&ana, 1, &["roster", "lint"]);
    let problems = broken["problems"].as_array().unwrap();
    assert!(
        problems
            .iter()
            .any(|problem| problem["nearest"] == "levels"),
        "{broken:#}"
    );
    assert_eq!(broken, object(&ana, 1, &["roster", "list"]));
    objects.push(("broken roster", broken));
    let policy = std::fs::read_to_string(ana.path.join(".countersign/policy.toml")).unwrap();
    let exempt = format!("exempt = [\"docs/**\"]\nstore = \"refs/x/attestations\"\n{policy}");
    ana.write(".countersign/policy.toml", &exempt);
    let unsupported = object(&ana, 1, &["policy", "lint"]);
    assert_eq!(unsupported["problems"][0]["code"], "CS906");
    assert_eq!(unsupported["problems"][1]["severity"], "warning");
    objects.push(("unsupported policy", unsupported));
    objects
}

fn failed(world: &World) -> Vec<(&'static str, Value)> {
    let ana = world.person("ana");
    ana.git(&["switch", "-q", "-c", "more"]);
    ana.commit("more.rs", "pub fn more() {}\n", "Add more");
    let ci = world.fresh("ci");
    let error = |clone: &Clone, status, code: &str, args: &[&str]| {
        let error = object(clone, status, args);
        assert_eq!(error["code"], code, "{args:?}: {error:#}");
        assert_eq!(error["exit"], status, "{error:#}");
        error
    };
    vec![
        (
            "no such revision",
            error(&ana, 2, "CS502", &["digest", "gone"]),
        ),
        (
            "empty change",
            error(&ana, 2, "CS907", &["digest", "HEAD..HEAD"]),
        ),
        ("no terminal", error(&ana, 2, "CS903", &["sign"])),
        (
            "no key",
            error(&ci, 2, "CS904", &["declare", "--ai", "none"]),
        ),
        ("offline", error(&ana, 2, "CS901", &["sync", "--offline"])),
        ("no code", error(&ana, 2, "CS901", &["explain", "CS998"])),
        ("not yet", error(&ana, 2, "CS906", &["trust", "status"])),
        ("usage", error(&ana, 2, "CS901", &["digest", "--gone"])),
        (
            "nobody",
            error(&ana, 2, "CS901", &["roster", "list", "zoe"]),
        ),
        (
            "two outputs",
            error(&ana, 2, "CS901", &["declare", "-o", "-"]),
        ),
    ]
}

fn all() -> Vec<(&'static str, Value)> {
    let world = World::team();
    let mut objects = made(&world);
    objects.extend(looked(&World::team()));
    objects.extend(failed(&World::team()));
    objects
}

#[test]
fn every_commands_object_is_what_the_schema_says_and_each_field_is_needed() {
    let (schema, closed) = (validator(SCHEMA), closed(SCHEMA));
    let mut without_a_field = 0;
    for (name, object) in all() {
        for validator in [&schema, &closed] {
            let errors: Vec<_> = validator.iter_errors(&object).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}\n{object:#}");
        }
        let mut places = Vec::new();
        walk("", &object, &mut |at, _| places.push(at.to_owned()));
        for place in places {
            let (parent, key) = place.rsplit_once('/').unwrap();
            let mut wrong = object.clone();
            *wrong.pointer_mut(&place).unwrap() = serde_json::json!(1.5);
            assert!(!schema.is_valid(&wrong), "{name}: {place} = 1.5");
            let mut without = object.clone();
            if let Some(Value::Object(fields)) = without.pointer_mut(parent) {
                fields.remove(key);
                assert!(!schema.is_valid(&without), "{name}: without {place}");
                without_a_field += 1;
            }
        }
    }
    assert!(without_a_field > 300, "{without_a_field}");
}

#[test]
fn the_schema_refuses_objects_that_contradict_themselves() {
    let schema = validator(SCHEMA);
    let objects = all();
    for (name, place, value) in [
        ("signed", "/state/waiting", Value::from(true)),
        ("rejected", "/state/result", "verified".into()),
        ("verified bundle", "/signer", Value::Null),
        ("unchecked bundle", "/signer", "carol".into()),
        ("verified bundle", "/code", "CS210".into()),
        ("broken roster", "/valid", true.into()),
        ("roster lint", "/valid", false.into()),
        (
            "digest",
            "/schema",
            "https://countersign.dev/output/digest/v2".into(),
        ),
        ("no key", "/exit", 0.into()),
    ] {
        let (_, object) = objects.iter().find(|(known, _)| *known == name).unwrap();
        assert!(schema.is_valid(object), "{name}");
        let mut wrong = object.clone();
        *wrong.pointer_mut(place).unwrap() = value;
        assert!(!schema.is_valid(&wrong), "{name}: {place}");
    }
}

#[test]
fn the_schema_shares_its_definitions_with_the_verdicts() {
    let parse = |text| serde_json::from_str::<Value>(text).unwrap();
    let (output, verdict) = (parse(SCHEMA), parse(VERDICT));
    for name in [
        "digest",
        "gitCommit",
        "time",
        "ref",
        "count",
        "extent",
        "code",
        "personId",
        "toolVersion",
        "finding",
        "statement",
    ] {
        assert_eq!(output["$defs"][name], verdict["$defs"][name], "{name}");
        assert!(output["$defs"][name].is_object(), "{name}");
    }
}

#[test]
fn verify_and_status_say_that_there_is_no_verdict() {
    let schema = validator(VERDICT);
    let world = World::team();
    let ana = world.person("ana");
    let root = world.root();
    for args in [
        &["status", "gone"][..],
        &["verify", "--root", &root, "gone..HEAD"][..],
    ] {
        let object = object(&ana, 2, args);
        assert!(schema.is_valid(&object), "{object:#}");
        assert_eq!(object["result"], "undecided");
        assert_eq!(object["codes"][0], "CS502");
    }
}

#[test]
fn a_failure_is_told_on_both_streams_and_for_people_on_stderr_alone() {
    let world = World::team();
    let ana = world.person("ana");
    let told = ana.countersign(&["digest", "gone", "--format", "json"]);
    assert!(told.stderr.starts_with("error[CS502]: "), "{told:?}");
    assert_eq!(one(&told)["message"], "unknown revision \"gone\"");
    let told = ana.countersign(&["digest", "gone"]);
    assert_eq!(told.stdout, "", "{told:?}");
}

#[test]
fn a_program_is_never_asked_to_look_at_a_screen() {
    let world = World::team();
    let ben = branch(&world);
    let carol = world.clone_for("carol");
    // On a terminal too, where a person would be asked.
    let run = carol.on_terminal(&["sign", "tags", "--format", "json"], &[]);
    run.expect(2, "\"code\":\"CS903\"");
    let run = carol.on_terminal(&["sign", "tags"], &[("Sign off? [y/N] ", "")]);
    run.expect(1, "Not signed");
    assert_eq!(ben.countersign(&["show"]).ok().stdout.lines().count(), 1);
}
