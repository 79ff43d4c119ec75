//! Long checks say how far they are: to a caller step by step, to a person on a terminal alone.

use std::cell::RefCell;

use countersign::gate::{Chains, Gate, Judging, Progress, PublishedKeys, Step};
use countersign::git::Repository;
use countersign::store::{GitStore, Limits, STORE_REF, Store};

use crate::world::World;

#[derive(Default)]
struct Recorder(RefCell<Vec<Step>>);

impl Progress for Recorder {
    fn step(&self, step: Step) {
        self.0.borrow_mut().push(step);
    }
}

/// The steps of judging the last `units` of main, some of which pass.
fn steps(world: &World, units: usize) -> Vec<Step> {
    let ci = world.fresh("ci");
    let repo = Repository::open(&ci.path).unwrap();
    let head = repo.resolve("HEAD").unwrap();
    let base = repo.resolve(&format!("HEAD~{units}")).unwrap();
    let root = world.root().trim_start_matches("sha256:").parse().unwrap();
    let now = "2030-01-01T00:00:00Z".parse().unwrap();
    let candidates = [head.clone()];
    let valid = "2026-12-01T00:00:00Z".parse().unwrap();
    let judging = Judging::find(
        &Chains::new(&repo, root),
        &candidates,
        PublishedKeys::Refused,
        valid,
    )
    .unwrap();
    let store = Store::Git(GitStore::in_ref(&repo, STORE_REF, vec![]).unwrap());
    let snapshot = store.open().unwrap();
    let recorder = Recorder::default();
    let gate = Gate {
        sigstore: None,
        history: &repo,
        store: &snapshot,
        store_limits: Limits::default(),
        judging: &judging,
        target: "refs/heads/main".to_owned(),
        target_tip: repo.reference("refs/heads/main").unwrap(),
        branches: Vec::new(),
        accepted_lines: Vec::new(),
        after: None,
        stage: None,
        now,
        progress: &recorder,
    };
    gate.judge_range(Some(&base), &head).unwrap();
    recorder.0.into_inner()
}

#[test]
fn each_unit_is_told_once_read_and_once_judged() {
    let world = World::team();
    let ana = world.person("ana");
    for number in 0..3 {
        ana.commit(&format!("{number}.rs"), "x\n", "Work");
    }
    ana.countersign(&["trust", "sign", "--confirm", "3", "--keep-checkpoints"])
        .ok();
    ana.git(&["add", "-A"]);
    ana.git(&["commit", "-q", "-m", "Renew"]);
    ana.commit("last.rs", "x\n", "Work");
    ana.git(&["push", "-q"]);
    let of = 5;
    let read = (1..=of).map(|done| Step::Read { done, of });
    let judged = (1..=of).map(|done| Step::Judged { done, of });
    let wanted: Vec<_> = read.chain(judged).chain([Step::Over]).collect();
    assert_eq!(steps(&world, of), wanted);
}

#[test]
fn a_terminal_shows_the_verdict_and_no_trace_of_the_way() {
    let world = World::team();
    let ci = world.fresh("ci");
    let root = world.root();
    let verify = ["verify", "--root", &root, "HEAD~1..HEAD"];
    let plain = ci.countersign(&verify).ok();
    let shown = ci.on_terminal(&verify, &[]).ok();
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    };
    // What was written and cleared again stands before a clearing, on the same line.
    let screen: Vec<_> = lines(&shown.stdout)
        .iter()
        .map(|line| {
            line.rsplit("\r\x1b[K")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(screen, lines(&plain.stdout));
    assert!(!plain.stderr.contains("units"), "{plain:?}");
}
