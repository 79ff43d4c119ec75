//! Which lines of a file stay between two of its versions: what maps line numbers from one to the other.

/// The lines that a minimal diff of two versions of a file keeps. All numbers count from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptLines {
    /// The runs of kept lines, in order.
    pub runs: Vec<KeptRun>,
    /// How many lines the newer version has.
    pub lines: u32,
}

/// Lines that stand in both versions, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRun {
    /// The first of them in the older version.
    pub old: u32,
    /// The first of them in the newer version.
    pub new: u32,
    /// How many they are, at least one.
    pub lines: u32,
}

impl KeptLines {
    /// The newer version's lines that the older doesn't have, as first and last.
    pub fn added(&self) -> Vec<(u32, u32)> {
        let mut added = Vec::new();
        let mut next = 1;
        for run in &self.runs {
            if run.new > next {
                added.push((next, run.new - 1));
            }
            next = run.new.saturating_add(run.lines);
        }
        if next <= self.lines {
            added.push((next, self.lines));
        }
        added
    }

    /// How many lines are added.
    pub fn insertions(&self) -> u64 {
        let kept: u64 = self.runs.iter().map(|run| u64::from(run.lines)).sum();
        u64::from(self.lines).saturating_sub(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_run_holds_is_added() {
        let run = |old, new, lines| KeptRun { old, new, lines };
        for (runs, lines, added) in [
            (vec![], 0, vec![]),
            (vec![], 3, vec![(1, 3)]),
            (vec![run(1, 1, 3)], 3, vec![]),
            (vec![run(1, 2, 3)], 6, vec![(1, 1), (5, 6)]),
            (vec![run(1, 1, 2), run(3, 5, 1)], 5, vec![(3, 4)]),
            (vec![run(1, 1, 2), run(9, 3, 1)], 3, vec![]),
        ] {
            let kept = KeptLines { runs, lines };
            assert_eq!(kept.added(), added);
            let number: u32 = added.iter().map(|(first, last)| last - first + 1).sum();
            assert_eq!(kept.insertions(), u64::from(number));
        }
    }
}
