//! Merges texts by SPEC 2.9, for `scripts/compare-merges`. Reads a line with the lengths of old, new and cur, then
//! the three texts, until the end of stdin; writes for each the length of the merge and the merge, or `conflict`.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::ExitCode;

use countersign::change::merge_lines;

fn main() -> ExitCode {
    match merge_all() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn merge_all() -> Result<(), Box<dyn Error>> {
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut output = std::io::stdout().lock();
    let mut header = String::new();
    while input.read_line(&mut header)? > 0 {
        let mut texts = Vec::new();
        for length in header.split_whitespace() {
            let mut text = vec![0; length.parse()?];
            input.read_exact(&mut text)?;
            texts.push(text);
        }
        let [old, new, cur] = texts.as_slice() else {
            return Err("three lengths are wanted".into());
        };
        match merge_lines(old, new, cur) {
            Some(merged) => {
                writeln!(output, "{}", merged.len())?;
                output.write_all(&merged)?;
            }
            None => writeln!(output, "conflict")?,
        }
        output.flush()?;
        header.clear();
    }
    Ok(())
}
