//! `explain`: codes in words.

use super::args::ExplainArgs;
use super::objects::CodesObject;
use super::{Done, Failure, Output};
use countersign::codes::{CatalogueEntry, Code, catalogue};

/// Explains one code, or lists all.
pub fn run(args: &ExplainArgs, output: &mut Output) -> Result<Done, Failure> {
    let Some(code) = &args.code else {
        output.object(&CodesObject::new(catalogue()))?;
        for entry in catalogue() {
            output.line(&format!("{}  {}", entry.code, entry.title))?;
        }
        return Ok(Done::Yes);
    };
    let entry = find(code)?;
    output.object(&CodesObject::new(std::slice::from_ref(entry)))?;
    output.line(&text(entry))?;
    Ok(Done::Yes)
}

fn find(text: &str) -> Result<&'static CatalogueEntry, Failure> {
    let digits = text.trim_start_matches(['c', 'C', 's', 'S']);
    let code = digits.parse().ok().and_then(Code::from_number);
    code.map(Code::entry)
        .ok_or_else(|| Failure::usage(format!("no code \"{text}\"")).next("countersign explain"))
}

fn text(entry: &CatalogueEntry) -> String {
    format!(
        "{}  {}.\n{}\nRepair: {}",
        entry.code, entry.title, entry.meaning, entry.repair
    )
}
