//! What the program says of itself.

use std::process::Command;

use countersign::codes::catalogue;

use crate::world::{Run, run};

fn countersign(args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .args(args);
    run(&mut command)
}

#[test]
fn short_help_fits_a_screen_and_ends_with_examples() {
    insta::assert_snapshot!("short_help", countersign(&["-h"]).ok().stdout);
    insta::assert_snapshot!(
        "short_help_of_sign",
        countersign(&["sign", "-h"]).ok().stdout
    );
    insta::assert_snapshot!(
        "short_help_of_verify",
        countersign(&["verify", "-h"]).ok().stdout
    );
}

#[test]
fn without_arguments_help_is_shown_and_nothing_is_done() {
    let run = countersign(&[]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stderr.contains("Usage:"), "{run:?}");
}

#[test]
fn every_code_is_explained_and_no_other() {
    let all = countersign(&["explain"]).ok().stdout;
    assert_eq!(all.lines().count(), catalogue().len());
    for entry in catalogue() {
        let code = entry.code.to_string();
        assert!(all.contains(&format!("{code}  {}", entry.title)), "{code}");
        let one = countersign(&["explain", &code]).ok().stdout;
        assert!(
            one.contains(entry.title) && one.contains("Repair: "),
            "{one}"
        );
    }
    countersign(&["explain", "CS998"]).expect(2, "error[CS901]");
}
