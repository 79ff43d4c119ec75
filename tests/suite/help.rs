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

/// The commands of the short help.
fn commands() -> Vec<String> {
    let help = countersign(&["-h"]).ok().stdout;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn completions_name_every_command_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = countersign(&["completions", shell]).ok().stdout;
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("countersign.bash");
    std::fs::write(&path, countersign(&["completions", "bash"]).stdout).unwrap();
    run(Command::new("bash").arg("-n").arg(&path)).ok();
    countersign(&["completions", "tcsh"]).expect(2, "invalid value");
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man/man1");
    countersign(&["man", "-o", pages.to_str().unwrap()]).ok();
    let page = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap();
    for command in commands() {
        let page = page(&format!("countersign-{command}.1"));
        assert!(
            page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"),
            "{page}"
        );
    }
    assert!(page("countersign-trust-sign.1").contains("confirm"));
    let main = countersign(&["man"]).ok().stdout;
    assert_eq!(main, page("countersign.1"));
    assert!(main.contains("Exit status: 0"), "{main}");
}
