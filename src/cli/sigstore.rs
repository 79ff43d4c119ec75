//! What certificates of Sigstore are checked against: the instance that is named, else the public one.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign::codes::Code;
use countersign::git::Repository;
use countersign::keys::TrustedRoot;

use super::Failure;
use super::args::Global;
use super::context::Context;

/// The largest trusted root that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The trusted root, read when somebody's statements need it.
#[derive(Default)]
pub struct Sigstore {
    /// The file, where one is named.
    path: Option<PathBuf>,
    read: OnceCell<TrustedRoot>,
}

impl Sigstore {
    /// By `--trusted-root`, else git's `countersign.trustedRoot`, else the public good instance.
    pub fn new(global: &Global, repo: &Repository) -> Self {
        let configured = || repo.config_string("countersign.trustedRoot");
        let named = global.trusted_root.clone();
        Self {
            path: named.or_else(|| configured().map(PathBuf::from)),
            read: OnceCell::new(),
        }
    }

    /// Whether another than the public good instance's is named.
    #[cfg(feature = "keyless")]
    pub fn is_named(&self) -> bool {
        self.path.is_some()
    }

    /// What was read, where anybody needed it.
    pub fn get(&self) -> Option<&TrustedRoot> {
        self.read.get()
    }

    /// Reads it.
    pub fn load(&self) -> Result<&TrustedRoot, Failure> {
        if let Some(read) = self.read.get() {
            return Ok(read);
        }
        let root = match &self.path {
            Some(path) => file(path)?,
            None => TrustedRoot::public_good().map_err(|error| unusable(&error.to_string()))?,
        };
        Ok(self.read.get_or_init(|| root))
    }
}

fn unusable(why: &str) -> Failure {
    Failure::new(Code::USAGE, why).next("--trusted-root FILE: the instance's trusted_root.json")
}

fn file(path: &Path) -> Result<TrustedRoot, Failure> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| unusable(&format!("can't read {shown}: {error}"));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let mut file = file.take(MAX_FILE + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    TrustedRoot::parse(&bytes).map_err(|error| unusable(&format!("{shown}: {error}")))
}

impl Context {
    /// What certificates of Sigstore are checked against.
    pub fn trusted_root(&self) -> Result<&TrustedRoot, Failure> {
        self.sigstore.load()
    }
}
