use proptest::prelude::*;

use super::*;
use crate::change::history_testing::unanswered;
use crate::change::{Commit, Identity};

/// A history of commits by number; each has lower parents. Asked for anything else it fails.
#[derive(Debug)]
struct Graph(Vec<Vec<usize>>);

fn id(number: usize) -> CommitId {
    format!("{number:040x}").parse().unwrap()
}

impl Graph {
    fn number(&self, id: &CommitId) -> Result<usize, HistoryError> {
        let number = usize::from_str_radix(id.as_str(), 16).unwrap();
        let missing = || HistoryError::Missing {
            id: id.to_string(),
            path: None,
        };
        self.0.get(number).map(|_| number).ok_or_else(missing)
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        from == to || self.0[from].iter().any(|parent| self.reaches(*parent, to))
    }

    /// How many steps of the first-parent line lie between; SPEC 8.3 word by word.
    fn steps(&self, tip: &CommitId, end: usize) -> Result<Option<usize>, HistoryError> {
        if *tip != id(end) {
            self.number(tip)?;
        }
        let line = std::iter::successors(Some(end), |at| self.0[*at].first().copied());
        Ok(line.map(id).position(|commit| commit == *tip))
    }
}

impl History for Graph {
    unanswered!(
        change,
        merge_bases,
        commits_between,
        content,
        file,
        folder,
        line_count,
        is_opaque,
        reference
    );

    fn commit(&self, commit: &CommitId) -> Result<Commit, HistoryError> {
        let nobody = Identity {
            name: String::new(),
            email: String::new(),
        };
        Ok(Commit {
            id: commit.clone(),
            parents: self.parents(commit)?,
            author: nobody.clone(),
            committer: nobody,
            committed_at: 0,
            message: String::new(),
        })
    }

    fn parents(&self, commit: &CommitId) -> Result<Vec<CommitId>, HistoryError> {
        let parents = &self.0[self.number(commit)?];
        Ok(parents.iter().copied().map(id).collect())
    }

    fn is_ancestor(&self, one: &CommitId, other: &CommitId) -> Result<bool, HistoryError> {
        Ok(one == other || self.reaches(self.number(other)?, self.number(one)?))
    }
}

/// Mostly a line, with branches that are merged or not.
fn graphs() -> impl Strategy<Value = Graph> {
    prop::collection::vec((0..4usize, prop::option::weighted(0.3, 1..6usize)), 1..16).prop_map(
        |steps| {
            let mut parents: Vec<Vec<usize>> = vec![Vec::new()];
            for (back, second) in steps {
                let next = parents.len();
                let first = next - 1 - back.saturating_sub(2).min(next - 1);
                let second = second.filter(|back| *back <= next && next - back != first);
                let second = second.map(|back| next - back);
                parents.push(std::iter::once(first).chain(second).collect());
            }
            Graph(parents)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// One line is asked for many ends and tips, in any order; what it remembers changes no answer.
    #[test]
    fn a_remembered_walk_answers_as_a_new_one_does(
        graph in graphs(),
        asked in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..12),
        whole in any::<bool>(),
    ) {
        let count = graph.0.len();
        let line = Line::new(&graph);
        if whole {
            let all = line.after(None, &id(count - 1)).unwrap().unwrap();
            prop_assert_eq!(Some(all.len() - 1), graph.steps(&all[0], count - 1).unwrap());
        }
        for (tip, end) in asked {
            // One tip is not here.
            let (tip, end) = (id(tip.index(count + 1)), end.index(count));
            let since = line.since(&tip, &id(end));
            let plain = graph.steps(&tip, end);
            match (since, plain) {
                (Ok(since), Ok(plain)) => {
                    prop_assert_eq!(since.map(|since| since.tip - since.onto), plain);
                }
                (Err(undecided), Err(_)) => prop_assert_eq!(undecided.code, Code::OBJECT_MISSING),
                (since, plain) => prop_assert!(false, "{since:?} is not {plain:?}"),
            }
            let after = line.after(Some(&tip), &id(end)).unwrap();
            let steps = graph.steps(&tip, end).unwrap_or_default();
            prop_assert_eq!(after.map(|commits| commits.len()), steps);
        }
    }
}
