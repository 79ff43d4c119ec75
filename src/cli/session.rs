//! What commands about one change share: the judging version, the target, the change.

use countersign::change::CommitId;
use countersign::gate::{Assessment, Forms, Gate, Judging, Undecided};
use countersign::store::{Snapshot, Store};

use super::Failure;
use super::change::{self, Subject};
use super::context::{Context, Target};

/// A change against its target, under the trust version that judges.
pub struct Session {
    pub context: Context,
    pub judging: Judging,
    pub target: Target,
    pub subject: Subject,
    change: Option<String>,
    named_target: Option<String>,
}

impl Session {
    /// Resolves everything from what is in the clone.
    pub fn open(
        context: Context,
        change: Option<&str>,
        target: Option<&str>,
    ) -> Result<Self, Failure> {
        let judging = judging(&context)?;
        let named_target = target.map(str::to_owned);
        let target = context.target(&judging, target)?;
        let subject = change::resolve(&context, &target, change)?;
        Ok(Self {
            context,
            judging,
            target,
            subject,
            change: change.map(str::to_owned),
            named_target,
        })
    }

    /// The store, to be opened once for each state of it.
    pub fn store(&self) -> Result<Store<'_>, Failure> {
        self.context.store()
    }

    /// Judges the change over the store as it is now.
    pub fn assess(&self) -> Result<Assessment, Failure> {
        self.assess_by(Forms::Any)
    }

    /// The same by the statements over its own digest alone, from which a new one goes on.
    pub fn assess_own(&self) -> Result<Assessment, Failure> {
        self.assess_by(Forms::Own)
    }

    fn assess_by(&self, forms: Forms) -> Result<Assessment, Failure> {
        let store = self.store()?;
        let snapshot = store.open().map_err(Undecided::from)?;
        self.subject.assess(&self.gate(&snapshot), forms)
    }

    /// The gate over a snapshot of the store.
    pub fn gate<'a>(&'a self, snapshot: &'a Snapshot<'a>) -> Gate<'a> {
        self.context.gate(snapshot, &self.judging, &self.target)
    }

    /// Resolves the refs again: what is signed must still be what was shown.
    pub fn refuse_moved(&self) -> Result<(), Failure> {
        let target = self
            .context
            .target(&self.judging, self.named_target.as_deref())?;
        let subject = change::resolve(&self.context, &target, self.change.as_deref())?;
        if target.tip == self.target.tip && subject == self.subject {
            return Ok(());
        }
        let message = "the branch or its target moved while the change was shown";
        Err(Failure::new(countersign::codes::Code::REFS_MOVED, message)
            .next("run the command again"))
    }
}

/// The trust version that judges HEAD, by the root that this clone pinned or saw first.
pub fn judging(context: &Context) -> Result<Judging, Failure> {
    let head: CommitId = context.repo.resolve("HEAD")?;
    let root = context.known_root(&head)?;
    context.judging(root, &head, None)
}
