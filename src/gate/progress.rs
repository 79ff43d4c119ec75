//! How far a long check is, for whoever waits for it.

use std::cell::Cell;

/// How far a check is. Counts go up and end at the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many units of the range were read.
    Read {
        /// The units so far.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// So many commits of the range were looked at.
    Commits {
        /// The commits so far.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// So many units of the range were judged.
    Judged {
        /// The units so far.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// The check is over, well or not.
    Over,
}

/// Is told how far a check is, often and from the thread that checks: it must be quick.
pub trait Progress {
    /// Another step.
    fn step(&self, step: Step);
}

/// Nobody waits.
impl Progress for () {
    fn step(&self, _: Step) {}
}

/// The steps of one check. Dropped, it tells that the check is over.
pub(super) struct Steps<'a> {
    progress: &'a dyn Progress,
    units: usize,
    judged: Cell<usize>,
}

impl<'a> Steps<'a> {
    /// A check of so many units.
    pub fn new(progress: &'a dyn Progress, units: usize) -> Self {
        Self {
            progress,
            units,
            judged: Cell::new(0),
        }
    }

    /// One more unit was read, which makes `done`.
    pub fn read(&self, done: usize) {
        let of = self.units;
        self.progress.step(Step::Read { done, of });
    }

    /// So many more units were judged.
    pub fn judged(&self, more: usize) {
        let done = self.judged.get() + more;
        self.judged.set(done);
        let of = self.units;
        self.progress.step(Step::Judged { done, of });
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        self.progress.step(Step::Over);
    }
}
