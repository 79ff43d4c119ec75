//! `show FILE --export DIR`: what was signed and the signature, as files for programs that don't read bundles.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use countersign::attestation::Bundle;
use countersign::keys::{SshSignature, armour};

use super::{Failure, Output};

/// Writes the parts of a bundle into a folder; overwrites nothing.
pub fn write(bundle: &Bundle, folder: &Path, output: &mut Output) -> Result<(), Failure> {
    let shown = folder.display();
    let failed = |error: std::io::Error| Failure::usage(format!("can't write to {shown}: {error}"));
    DirBuilder::new()
        .recursive(true)
        .create(folder)
        .map_err(failed)?;
    let mut parts = vec![
        ("pae", bundle.pae()),
        ("payload.json", bundle.payload().to_vec()),
        ("signature", bundle.signature().to_vec()),
    ];
    // In the form that ssh-keygen reads.
    if SshSignature::parse(bundle.signature()).is_ok() {
        parts.push(("pae.sig", armour(bundle.signature()).into_bytes()));
    }
    for (name, bytes) in &parts {
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).open(&path);
        opened
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|error| Failure::usage(format!("can't write {}: {error}", path.display())))?;
    }
    let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
    output.row("Exported", &format!("{} in {shown}", names.join(", ")))
}
