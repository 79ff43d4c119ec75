//! Reads every git-ai note of a repository, and prints what is in them beside how long it took: for a line, what
//! `tests/oracle/ai_notes.py` prints from the notes alone.
//!
//! `cargo run --release --example read_notes -- REPOSITORY < ids of the commits that have notes`

use std::error::Error;
use std::io::BufRead as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use countersign::ai::{AgentTable, GitAiNote};
use countersign::change::History as _;
use countersign::git::Repository;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: read_notes REPOSITORY < IDS");
        return ExitCode::from(2);
    };
    match read(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn read(folder: &Path) -> Result<(), Box<dyn Error>> {
    let repo = Repository::open(folder)?;
    let start = Instant::now();
    let (mut notes, mut bytes, mut largest) = (0_u64, 0, 0);
    for id in std::io::stdin().lock().lines() {
        let id = id?;
        let Some(note) = repo.ai_note(&id.parse()?)? else {
            println!("{id} absent");
            continue;
        };
        notes += 1;
        bytes += note.len();
        largest = largest.max(note.len());
        match GitAiNote::parse(&note, AgentTable::builtin()) {
            Err(error) => println!("{id} odd: {error}"),
            Ok(note) => {
                let (odd, files) = (note.odd, note.files.len());
                let ranges: usize = note.files.values().map(Vec::len).sum();
                println!(
                    "{id} {files} files, {ranges} ranges, {} ai, {} human, {} agents, {} malformed, {} dangling, {} unsorted, {} unread",
                    note.ai_lines(),
                    note.human_lines(),
                    note.agents.len(),
                    odd.malformed_keys,
                    odd.dangling_keys,
                    odd.unsorted,
                    odd.unread_lines
                );
            }
        }
    }
    let time = start.elapsed().as_secs_f64();
    eprintln!("{notes} notes, {bytes} bytes, the largest {largest}: {time:.1} s");
    Ok(())
}
