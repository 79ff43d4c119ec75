//! Prints `<commit> <change digest>` for the newest first-parent commits of a repository, each
//! against its first parent: what `tests/oracle/manifest.py --first-parent` prints from plain git.
//!
//! `cargo run --release --example first_parent_digests -- REPOSITORY COUNT`

use std::path::Path;
use std::process::ExitCode;

use countersign::change::{History, HistoryError};
use countersign::git::Repository;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(count)) = (
        arguments.next(),
        arguments.next().and_then(|count| count.parse().ok()),
    ) else {
        eprintln!("usage: first_parent_digests REPOSITORY COUNT");
        return ExitCode::from(2);
    };
    match print(Path::new(&folder), count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn print(folder: &Path, count: usize) -> Result<(), HistoryError> {
    let repo = Repository::open(folder)?;
    let mut next = Some(repo.resolve("HEAD")?);
    for _ in 0..count {
        let Some(commit) = next else { break };
        let parent = repo.parents(&commit)?.into_iter().next();
        match repo.change(parent.as_ref(), &commit) {
            Ok(manifest) => println!("{commit} {}", manifest.digest()),
            Err(HistoryError::Missing { .. } | HistoryError::MalformedTree { .. }) => {
                println!("{commit} undecided")
            }
            Err(error) => return Err(error),
        }
        next = parent;
    }
    Ok(())
}
