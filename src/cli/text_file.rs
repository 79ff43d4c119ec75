//! Reading a text that a person names: a file, or standard input.

use std::io::Read as _;
use std::path::Path;

use countersign::codes::Code;

use super::Failure;

/// Reads a file, or standard input for `-`, of at most `max` bytes.
pub fn read(path: &Path, max: u64) -> Result<String, Failure> {
    let name = path.display();
    let unreadable = |error: std::io::Error| Failure::usage(format!("can't read {name}: {error}"));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        let stdin = std::io::stdin().lock();
        stdin.take(max + 1).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(max + 1).read_to_string(&mut text)
    };
    read.map_err(unreadable)?;
    if text.len() as u64 > max {
        let message = format!("{name} is over {max} bytes");
        return Err(Failure::new(Code::LIMIT, message));
    }
    Ok(text)
}
