//! `verify --fetch`: what a check lacks is brought, whatever the depth of the clone, and no more than that.

use countersign::change::{CommitId, History as _};
use countersign::codes::Code;
use countersign::git::Depth;
use countersign::store::Direction;
use countersign::text::escape;

use super::args::{Global, VerifyArgs};
use super::context::{Context, full_branch};
use super::verify::head_of;
use super::{Failure, Output};

/// How many commits more a shallow clone gets each time that the history ends too early; then all of it.
const DEEPER: [u32; 3] = [200, 1_000, 5_000];
/// How often a partial clone is asked for objects that turn out to be missing.
const MAX_ROUNDS: usize = 100;

/// What was brought so far.
pub struct Bring<'a> {
    args: &'a VerifyArgs,
    global: &'a Global,
    deepened: usize,
    rounds: usize,
    /// The branches that were fetched, once the attestations were.
    branches: Option<Vec<String>>,
}

impl<'a> Bring<'a> {
    /// For one check.
    pub fn new(args: &'a VerifyArgs, global: &'a Global) -> Self {
        Self {
            args,
            global,
            deepened: 0,
            rounds: 0,
            branches: None,
        }
    }

    /// The commits of the range that are named by their ids and aren't here.
    pub fn ends(&self, context: &Context) -> Result<(), Failure> {
        let missing = self.named_ends()?.into_iter();
        let missing = missing.filter(|end| context.repo.commit(end).is_err());
        let missing: Vec<_> = missing.collect();
        // What the remote doesn't have either is told as what it is: an unknown revision.
        let _ = context.fetch_commits(&missing);
        Ok(())
    }

    fn named_ends(&self) -> Result<Vec<CommitId>, Failure> {
        let range = self.args.range.as_ref();
        let base = range.and_then(|range| range.split_once(".."));
        let base = base.map(|(base, _)| base);
        let ends = [Some(head_of(self.args)?), base].into_iter().flatten();
        Ok(ends.filter_map(|end| end.parse().ok()).collect())
    }

    /// The store, and the protected branch that holds the trust versions; once.
    pub fn attestations(
        &mut self,
        context: &Context,
        head: &CommitId,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if self.branches.is_some() {
            return Ok(());
        }
        let Some(remote) = context.remote.as_ref().filter(|_| !context.offline) else {
            let why = if context.offline {
                "--offline"
            } else {
                "no remote"
            };
            return Err(Failure::usage(format!("--fetch: {why}")));
        };
        let target = self.args.target.iter();
        let mut branches: Vec<String> = target.map(|target| full_branch(target)).collect();
        branches.extend(context.default_branch(head)?);
        branches.sort();
        branches.dedup();
        let names: Vec<_> = branches.iter().map(String::as_str).collect();
        if !names.is_empty() {
            context.fetch_branches(&names)?;
        }
        let received = context
            .sync(Direction::FetchOnly)?
            .map_or(0, |report| report.received);
        let plural = if received == 1 { "" } else { "s" };
        let from = escape(remote.as_str(), 100);
        self.tell(&format!("{received} bundle{plural} from {from}"), output)?;
        self.branches = Some(branches);
        Ok(())
    }

    /// Brings what a failed check said is missing; false where nothing more can be brought.
    pub fn more(
        &mut self,
        context: &Context,
        failure: &Failure,
        output: &mut Output,
    ) -> Result<bool, Failure> {
        match failure.code {
            Code::SHALLOW => self.deeper(context, output),
            // A commit that a checkpoint or a statement names lies beyond the cut.
            Code::OBJECT_MISSING if context.repo.missed().is_empty() => {
                self.deeper(context, output)
            }
            Code::OBJECT_MISSING if self.rounds < MAX_ROUNDS => {
                self.rounds += 1;
                let missed = context.repo.missed();
                let brought = context.fetch_objects(&missed).unwrap_or(false);
                if brought {
                    let plural = if missed.len() == 1 { "" } else { "s" };
                    let text = format!("{} object{plural} that this clone lacked", missed.len());
                    self.tell(&text, output)?;
                }
                Ok(brought)
            }
            _ => Ok(false),
        }
    }

    fn deeper(&mut self, context: &Context, output: &mut Output) -> Result<bool, Failure> {
        let by = match (DEEPER.get(self.deepened), self.deepened > DEEPER.len()) {
            (_, true) => return Ok(false),
            (Some(commits), _) => Depth::More(*commits),
            (None, _) => Depth::Everything,
        };
        self.deepened += 1;
        let branches = self.branches.as_deref().unwrap_or_default();
        let branches: Vec<_> = branches.iter().map(String::as_str).collect();
        let mut ends = self.named_ends()?;
        ends.extend(context.repo.resolve(head_of(self.args)?).ok());
        ends.dedup();
        // A commit that was never pushed can't be asked for; the branches can.
        let deepened = context
            .deepen(&branches, &ends, by)
            .or_else(|_| context.deepen(&branches, &[], by))
            .unwrap_or(false);
        if deepened {
            let text = match by {
                Depth::More(commits) => format!("{commits} commits more: the clone is shallow"),
                _ => "the whole history: the clone was shallow".to_owned(),
            };
            self.tell(&text, output)?;
        }
        Ok(deepened)
    }

    fn tell(&self, text: &str, output: &mut Output) -> Result<(), Failure> {
        match self.global.quiet {
            true => Ok(()),
            false => output.row("Fetched", text),
        }
    }
}
