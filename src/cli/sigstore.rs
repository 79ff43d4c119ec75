//! What certificates of Sigstore are checked against: the instance that is named, else the public one.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use countersign::codes::Code;
use countersign::git::{Repository, UserConfig};
use countersign::keys::TrustedRoot;

use super::Failure;
use super::args::Global;
use super::context::Context;
use super::place;

/// Where git's configuration names one.
const KEY: &str = "countersign.trustedRoot";
/// The largest trusted root that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The trusted root, read when somebody's statements need it.
#[derive(Default)]
pub struct Sigstore {
    /// The file, where one is named.
    named: Option<Named>,
    /// Where the repository's files are checked out, so that no root comes from there.
    checked_out: Vec<PathBuf>,
    /// The repository's own folder.
    own: PathBuf,
    read: OnceCell<TrustedRoot>,
}

/// A file, and who names it.
struct Named {
    path: PathBuf,
    /// Whether git's configuration does.
    configured: bool,
}

impl Sigstore {
    /// By `--trusted-root`, else git's `countersign.trustedRoot`, else the public good instance.
    pub fn new(global: &Global, repo: &Repository) -> Self {
        let configured = || repo.config_string(KEY);
        let named = |configured: bool| move |path| Named { path, configured };
        let option = global.trusted_root.clone().map(named(false));
        Self {
            named: option.or_else(|| configured().map(PathBuf::from).map(named(true))),
            checked_out: work_trees(repo),
            own: repo.common_dir().to_owned(),
            read: OnceCell::new(),
        }
    }

    /// Takes the user's own for signing, where neither an option nor the repository names one. No gate does (SPEC 8.8).
    pub fn or_users(&mut self, config: &UserConfig) {
        let users = || config.user_string(KEY).map(PathBuf::from);
        if self.named.is_none() && self.read.get().is_none() {
            self.named = users().map(|path| Named {
                path,
                configured: true,
            });
        }
    }

    /// Whether another than the public good instance's is named.
    #[cfg(feature = "keyless")]
    pub fn is_named(&self) -> bool {
        self.named.is_some()
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
        let root = match &self.named {
            Some(named) => {
                self.refuse_checked_out(named)?;
                file(&named.path)?
            }
            None => TrustedRoot::public_good().map_err(|error| unusable(&error.to_string()))?,
        };
        Ok(self.read.get_or_init(|| root))
    }

    /// A file among those that are judged is what a pull request makes of it (SPEC 4.3).
    fn refuse_checked_out(&self, named: &Named) -> Result<(), Failure> {
        let path = &named.path;
        let shown = path.display();
        if named.configured && !path.is_absolute() {
            let why =
                format!("countersign.trustedRoot is {shown}, which is another file in each folder");
            return Err(Failure::new(Code::USAGE, why)
                .next("git config countersign.trustedRoot /PATH/trusted_root.json"));
        }
        for tree in &self.checked_out {
            let within = place::leads_into(path, tree, &self.own)
                .map_err(|error| unusable(&format!("can't read {shown}: {error}")))?;
            if within {
                let why = format!(
                    "the trusted root {shown} lies in the work tree, where a pull request may bring its own"
                );
                return Err(Failure::new(Code::USAGE, why)
                    .next("keep trusted_root.json elsewhere, and name it by --trusted-root FILE"));
            }
        }
        Ok(())
    }
}

/// This work tree and, of a linked one, the main one.
fn work_trees(repo: &Repository) -> Vec<PathBuf> {
    let own = repo.common_dir();
    let own = own.canonicalize().unwrap_or_else(|_| own.to_owned());
    let main = own.parent().filter(|_| own.ends_with(".git"));
    let trees = repo.work_dir().into_iter().chain(main);
    trees.map(Path::to_owned).collect()
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
