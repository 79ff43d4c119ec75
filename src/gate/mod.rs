//! The gate: the units of a range or one change, what covers each, the verdict.
//!
//! [`Judging::find`] finds the trust version that judges; [`Gate::judge_change`] judges what a branch
//! brings to its target, [`Gate::judge_range`] each unit that landed. Both end in
//! [`Verdict`]; what stands in the way of one is [`Undecided`], never a pass. SPEC section 8.

mod after;
mod authors;
mod before;
mod chains;
mod clean;
mod emergency;
mod facts;
mod findings;
mod judge;
mod judging;
mod keyless;
mod landed;
mod line;
mod memo;
mod nearest;
mod parts;
mod progress;
mod rejections;
mod resting;
mod revert;
mod series;
mod size;
mod spent;
mod statements;
mod stored;
mod text_lines;
mod texts;
mod trust_unit;
mod verdict;

use jiff::Timestamp;

use crate::change::{CommitId, History};
use crate::store::{Limits, Snapshot};
use crate::verify::{TrustedRoot, VerifiedSummary};

pub use crate::trust::POLICY_PATH;
pub use authors::{Claims, merge_adds, read_claims};
pub use chains::Chains;
pub use judge::{Assessment, Forms, on_line};
pub use judging::{
    Judging, PublishedKeys, read_texts, refuse_published, refuse_unsupported, version_files,
};
pub use progress::{Progress, Step};
pub use resting::Resting;
pub use series::MAX_GROUP;
pub use verdict::{
    AuthorView, Coverage, Debt, Effect, Finding, JudgedBy, Nearest, Next, RuleView, Scope,
    StatementKind, StatementView, Undecided, UnitVerdict, Verdict,
};

/// Everything that a verdict rests on.
pub struct Gate<'a> {
    /// The repository.
    pub history: &'a dyn History,
    /// The store, at one moment.
    pub store: &'a Snapshot<'a>,
    /// Up to where the store is read.
    pub store_limits: Limits,
    /// The trust version that judges.
    pub judging: &'a Judging,
    /// The protected branch, as a full ref name.
    pub target: String,
    /// The target's commit here; in a landing check nothing is asked of it.
    pub target_tip: Option<CommitId>,
    /// The other protected branches with their tips, as far as they are here.
    pub branches: Vec<(String, CommitId)>,
    /// Those of them whose statements count for units that lie on their lines too.
    pub accepted_lines: Vec<(String, CommitId)>,
    /// The newest summary of a gate on this branch, where one is at hand.
    pub after: Option<VerifiedSummary>,
    /// The stage that the check is for, where it is for one.
    pub stage: Option<String>,
    /// The clock.
    pub now: Timestamp,
    /// What certificates of Sigstore are checked against; without it nothing is decided where the roster has
    /// identities.
    pub sigstore: Option<&'a TrustedRoot>,
    /// Who is told how far it is; `&()` for nobody.
    pub progress: &'a dyn Progress,
}

impl Gate<'_> {
    /// The same gate with another judging version, and somebody else who is told how far it is.
    fn with<'b>(&'b self, judging: &'b Judging, progress: &'b dyn Progress) -> Gate<'b> {
        Gate {
            judging,
            progress,
            store_limits: self.store_limits.clone(),
            target: self.target.clone(),
            target_tip: self.target_tip.clone(),
            branches: self.branches.clone(),
            accepted_lines: self.accepted_lines.clone(),
            after: self.after.clone(),
            stage: self.stage.clone(),
            ..*self
        }
    }
}
