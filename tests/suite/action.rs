//! The steps of action.yml, as a runner would take them: the script, GitHub's events, and its API on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::events::branch;
use crate::hook::path_with_program;
use crate::world::{Clone, Run, World, run};

/// What was asked of the API: method and path, and the body.
type Asked = (String, Value);

/// GitHub's API: answers each request with `answer`, and tells what was asked.
fn api(answer: Value) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (asked, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(request) = answered(stream.unwrap(), &answer) else {
                return;
            };
            if asked.send(request).is_err() {
                return;
            }
        }
    });
    (address, told)
}

fn answered(mut stream: TcpStream, answer: &Value) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = answer.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )?;
    let words: Vec<_> = first.split(' ').take(2).collect();
    Ok((
        words.join(" "),
        serde_json::from_slice(&body).unwrap_or_default(),
    ))
}

fn pull(ben: &Clone) -> Value {
    let base = ben.git(&["rev-parse", "HEAD~1"]);
    json!({"number": 7, "base": {"ref": "main", "sha": base}, "head": {"ref": "tags", "sha": ben.head()}})
}

/// Runs the Action's script for an event; gives what it asked of the API, too.
fn act(world: &World, name: &str, event: &Value, waiting: &str) -> (Run, Vec<Asked>) {
    let answer = event.get("answer").cloned().unwrap_or_else(|| json!({}));
    let (api, asked) = api(answer);
    let file = world.path().join("event.json");
    std::fs::write(&file, event.to_string()).unwrap();
    let ci = world.person("ci");
    let outside = Clone {
        path: world.path().to_owned(),
        ..ci
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/github.py");
    let mut command = outside.command(&std::env::var("PYTHON").unwrap_or("python3".into()));
    command
        .args(["-B", script])
        .env("PATH", path_with_program())
        .env("ROOT", world.root())
        .env("WAITING", waiting)
        .env("TOKEN", "secret")
        .env("GITHUB_EVENT_NAME", name)
        .env("GITHUB_EVENT_PATH", &file)
        .env("GITHUB_REPOSITORY", "remote.git")
        .env(
            "GITHUB_SERVER_URL",
            format!("file://{}", world.path().display()),
        )
        .env("GITHUB_STEP_SUMMARY", world.path().join("summary.md"))
        .env("GITHUB_API_URL", api);
    let run = run(&mut command);
    (run, asked.try_iter().collect())
}

#[test]
fn a_pull_request_gets_a_status_that_waits_and_then_passes() {
    let world = World::team();
    let ben = branch(&world, "generated");
    let event = json!({"pull_request": pull(&ben)});
    let status = format!("POST /repos/remote.git/statuses/{}", ben.head());
    for (waiting, exit) in [("fail", 1), ("pass", 0)] {
        let (run, asked) = act(&world, "pull_request_target", &event, waiting);
        run.expect(exit, "waiting   1 of 1 change");
        let [(path, body)] = asked.as_slice() else {
            panic!("{asked:?}");
        };
        assert_eq!(*path, status);
        assert_eq!(body["state"], "pending");
        assert_eq!(body["context"], "countersign (main)");
        assert_eq!(
            body["description"],
            "waiting: 1 senior above the author (ana, carol, grace)"
        );
    }
    let summary = std::fs::read_to_string(world.path().join("summary.md")).unwrap();
    assert!(summary.contains("countersign: waiting"), "{summary}");
    world.person("ana").sign("tags").ok();
    let (run, asked) = act(&world, "pull_request_review", &event, "fail");
    run.expect(0, "verified");
    assert_eq!(asked[0].1["state"], "success");
}

#[test]
fn a_comment_looks_again_and_any_other_does_nothing() {
    let world = World::team();
    let ben = branch(&world, "none");
    for (body, asks) in [("/countersign", 2), ("/countersign please", 0)] {
        let event = json!({
            "issue": {"number": 7, "pull_request": {}},
            "comment": {"body": body},
            "answer": pull(&ben),
        });
        let (run, asked) = act(&world, "issue_comment", &event, "fail");
        run.expect(0, "");
        assert_eq!(asked.len(), asks, "{asked:?}");
        if asks > 0 {
            assert_eq!(asked[0].0, "GET /repos/remote.git/pulls/7");
            assert_eq!(asked[1].1["state"], "success");
        }
    }
}

#[test]
fn a_merge_group_and_a_push_are_judged_and_told_of_their_target() {
    let world = World::team();
    let ben = branch(&world, "generated");
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    let (base, head) = (ben.git(&["rev-parse", "HEAD~1"]), ben.head());
    let group =
        json!({"merge_group": {"base_sha": base, "head_sha": head, "base_ref": "refs/heads/main"}});
    let push = json!({"before": base, "after": head, "ref": "refs/heads/main"});
    for (name, event) in [("merge_group", group), ("push", push)] {
        // What is already in a queue never passes while it waits.
        let (run, asked) = act(&world, name, &event, "pass");
        run.expect(1, "waiting   1 of 1 unit");
        assert_eq!(asked[0].1["context"], "countersign (main)");
    }
    let (run, asked) = act(&world, "schedule", &json!({}), "pass");
    run.expect(2, "nothing to judge");
    assert_eq!(asked, []);
}

#[test]
fn what_can_not_be_decided_is_an_error_and_no_secret_is_shown() {
    let world = World::team();
    let ben = branch(&world, "none");
    let mut event = json!({"pull_request": pull(&ben)});
    event["pull_request"]["base"]["ref"] = json!("elsewhere");
    let (run, asked) = act(&world, "pull_request_target", &event, "pass");
    let run = run.expect(2, "elsewhere");
    assert_eq!(asked[0].1["state"], "error");
    assert!(!run.stdout.contains("secret") && !run.stderr.contains("secret"));
}

#[test]
fn the_files_for_ci_name_what_is_there() {
    let action = include_str!("../../action.yml");
    for text in [
        "ci/github.py",
        "inputs.root",
        "inputs.waiting",
        "inputs.token",
    ] {
        assert!(action.contains(text), "{text}");
    }
    // GitLab's job runs what the program knows.
    let template = include_str!("../../templates/countersign.yml");
    let line = template
        .lines()
        .find(|line| line.contains("verify --fetch"));
    let words = line.unwrap().split_whitespace().skip(2);
    let world = World::team();
    let ben = branch(&world, "none");
    let ci = world.fresh("ci");
    ci.git(&["checkout", "-q", &ben.head()]);
    let mut command = ci.command(env!("CARGO_BIN_EXE_countersign"));
    command
        .args(words)
        .env("COUNTERSIGN_ROOT", world.root())
        .env("GITLAB_CI", "true")
        .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
        .env(
            "CI_MERGE_REQUEST_DIFF_BASE_SHA",
            ben.git(&["rev-parse", "HEAD~1"]),
        )
        .env("CI_COMMIT_SHA", ben.head());
    run(&mut command).expect(0, "verified");
    for file in ["gl-code-quality-report.json", "countersign.xml"] {
        assert!(ci.path.join(file).exists(), "{file}");
    }
}
