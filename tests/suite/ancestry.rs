//! Ancestry in histories whose commit dates are made up: anybody with push rights sets them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use countersign::change::{CommitId, History as _};

use crate::support::{Repo, git_command};

const COMMITS: u64 = 14;

/// Numbers that are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// A history of [`COMMITS`] commits, each with up to three parents and any date.
fn history(numbers: &mut Numbers) -> (Repo, Vec<CommitId>) {
    let repo = Repo::new();
    let mut stream = String::new();
    for at in 1..=COMMITS {
        let date = match numbers.below(4) {
            0 => 1_000_000_000 + numbers.below(10),
            1 => 2_000_000_000,
            2 => 5,
            _ => 1_500_000_000 + at,
        };
        stream += &format!(
            "commit refs/heads/c{at}\nmark :{at}\ncommitter A <a@example.org> {date} +0000\ndata 0\n"
        );
        let mut parents = BTreeSet::new();
        for _ in 0..numbers.below(3) + 1 {
            let before = at - 1;
            if before > 0 {
                let any = numbers.below(2) == 0;
                parents.insert(if any {
                    numbers.below(before) + 1
                } else {
                    before
                });
            }
        }
        for (index, parent) in parents.iter().enumerate() {
            let word = if index == 0 { "from" } else { "merge" };
            stream += &format!("{word} :{parent}\n");
        }
        stream += &format!("M 644 inline f{at}\ndata 1\nx\n\n");
    }
    let mut import = git_command(&repo.path)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(import.wait().unwrap().success());
    let id = |at| repo.git(&["rev-parse", &format!("c{at}")]).parse().unwrap();
    let ids = (1..=COMMITS).map(id).collect();
    (repo, ids)
}

#[test]
fn commit_dates_decide_nothing_about_ancestry() {
    let mut numbers = Numbers(42);
    for _ in 0..8 {
        let (repo, ids) = history(&mut numbers);
        let opened = repo.open();
        let reached = |id: &CommitId| -> BTreeSet<CommitId> {
            let list = repo.git(&["rev-list", id.as_str()]);
            list.lines().map(|line| line.parse().unwrap()).collect()
        };
        let reached: Vec<_> = ids.iter().map(reached).collect();
        let of = |id: &CommitId| &reached[ids.iter().position(|known| known == id).unwrap()];
        for one in &ids {
            for other in &ids {
                let is_ancestor = opened.is_ancestor(one, other).unwrap();
                assert_eq!(is_ancestor, of(other).contains(one), "{one} of {other}");
                let between = opened.commits_between(std::slice::from_ref(one), other);
                let between: BTreeSet<_> = between.unwrap().into_iter().collect();
                let expected: BTreeSet<_> = of(other).difference(of(one)).cloned().collect();
                assert_eq!(between, expected, "{one}..{other}");
                let common: Vec<_> = of(one).intersection(of(other)).collect();
                let is_best =
                    |id: &&CommitId| !common.iter().any(|by| by != id && of(by).contains(*id));
                let best: BTreeSet<_> = common.iter().copied().filter(is_best).collect();
                let bases = opened.merge_bases(one, other).unwrap();
                assert_eq!(bases.iter().collect::<BTreeSet<_>>(), best, "{one} {other}");
            }
        }
    }
}
