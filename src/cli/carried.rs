//! `sign --declaration`: a declaration that its author could not push, carried in a file or a pull request's text.

use std::path::Path;

use countersign::attestation::Bundle;
use countersign::codes::Code;
use countersign::gate::Undecided;
use countersign::store::{Item, StoreError};
use countersign::text::escape;

use super::session::Session;
use super::{Failure, Output, text_file};

/// The largest text that is read, in bytes: hosts allow 64 KiB and more.
const MAX_TEXT: u64 = 1 << 20;

/// Puts the declaration of this change that a text carries into the store; the gate looks at it like any other.
pub fn take(path: &Path, session: &Session, output: &mut Output) -> Result<(), Failure> {
    let bundles = bundles(&text_file::read(path, MAX_TEXT)?);
    let assessment = session.assess_own()?;
    let change = assessment.unit.change;
    let store = session.store()?;
    let unreadable = |error: StoreError| Failure::from(Undecided::from(error));
    let mut why = None;
    for bytes in bundles {
        let verified = {
            let snapshot = store.open().map_err(unreadable)?;
            session.gate(&snapshot).verify(&bytes, Some(change))
        };
        match verified {
            Ok(statement) if statement.declaration().is_some() => {
                let item = Item::bundle(&change, bytes).map_err(unreadable)?;
                let message = format!("attest: add a bundle for {}", change.short());
                let by = session.context.committer()?;
                store.put(&[item], &by, &message).map_err(unreadable)?;
                let signer = escape(statement.signer(), 64);
                return output.row(
                    "Carried",
                    &format!("the declaration by {signer}, which goes into the store"),
                );
            }
            Ok(_) => why = Some((Code::MALFORMED, "it is a sign-off".to_owned())),
            Err(rejected) => why = Some((rejected.code, rejected.why)),
        }
    }
    let none = || (Code::MALFORMED, "no bundle stands in it".to_owned());
    let (code, why) = why.unwrap_or_else(none);
    let message = format!(
        "{}: no declaration of {}: {why}",
        path.display(),
        change.short()
    );
    Err(Failure::no(code, message).next("its author: countersign declare -o -"))
}

/// The bundles of a text: the whole of it, or lines, which a code block may hold.
fn bundles(text: &str) -> Vec<Vec<u8>> {
    let whole = std::iter::once(text);
    let lines = text.lines().map(str::trim);
    let found = whole.chain(lines).map(str::as_bytes);
    let mut found: Vec<_> = found
        .filter(|bytes| Bundle::parse(bytes).is_ok())
        .map(<[u8]>::to_vec)
        .collect();
    // A text that is one line stands there twice.
    found.dedup();
    found
}
