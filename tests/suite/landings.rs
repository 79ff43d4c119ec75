//! Every way in which a change lands, over real file contents: a line of many units is made by chance, and the verdict
//! on each must be the one that follows from how it was made. `LANDINGS=COUNT` and `SEED=NUMBER` make other lines.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::world::{Clone, World};

/// How many changes land where nothing else is said: each way a few times.
const LANDINGS: u64 = 40;
/// The files that changes are about, with what they hold at first.
const FILES: [(&str, &str); 5] = [
    ("judge.rs", "src/gate/judge.rs"),
    ("parse.rs", "src/policy/parse.rs"),
    ("README.md", "README.md"),
    ("agents.toml", "src/ai/agents.toml"),
    ("schema.json", "schemas/policy.schema.json"),
];
/// How often part of the store is withheld.
const WITHHELD: usize = 4;
/// How far apart edits are that merge.
const APART: u64 = 12;

/// Numbers by chance, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What must come out for a unit, and of what kind it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    coverage: Option<&'static str>,
    passes: bool,
    way: &'static str,
}

fn passes(coverage: &'static str, way: &'static str) -> Expected {
    Expected {
        coverage: Some(coverage),
        passes: true,
        way,
    }
}

fn waits(way: &'static str) -> Expected {
    Expected {
        coverage: None,
        passes: false,
        way,
    }
}

struct Maker {
    dice: Dice,
    ana: Clone,
    ben: Clone,
    omar: Clone,
    edits: u64,
    expected: BTreeMap<String, Expected>,
    /// Whether main stands where a group ends that passes.
    whole: bool,
    /// The last unit, where a revert of it passes: it goes back to where such a group ended.
    revertible: Option<String>,
}

impl Maker {
    fn new(world: &World, seed: u64) -> Self {
        let ana = world.person("ana");
        for (name, source) in FILES {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
            ana.write(name, &std::fs::read_to_string(source).unwrap());
        }
        ana.git(&["add", "-A"]);
        ana.git(&["commit", "-q", "-m", "Add the files"]);
        ana.git(&["push", "-q", "origin", "main"]);
        Self {
            dice: Dice(seed.max(1)),
            ben: world.fresh("ben"),
            omar: world.fresh("omar"),
            ana,
            edits: 0,
            expected: BTreeMap::new(),
            whole: false,
            revertible: None,
        }
    }

    /// A person's own copy of main.
    fn update(person: &Clone, branch: &str) {
        person.git(&["fetch", "-q"]);
        person.git(&["switch", "-q", "-C", branch, "origin/main"]);
    }

    /// Puts a new text in place of a line; commits it.
    fn edit(&mut self, person: &Clone, name: &str, line: u64) {
        self.edits += 1;
        let path = person.path.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let index = usize::try_from(line).unwrap() % lines.len();
        lines[index] = format!("edit {} of line {index}", self.edits);
        std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        person.git(&["commit", "-q", "-a", "-m", &format!("Edit {name}")]);
    }

    fn place(&mut self) -> (&'static str, u64) {
        let file = FILES[usize::try_from(self.dice.below(FILES.len() as u64)).unwrap()].0;
        (file, 20 + self.dice.below(60))
    }

    /// Ben's branch of so many edits in files one after the other; declared, and signed by ana or not.
    fn branch(&mut self, commits: u64, signed: bool) -> (&'static str, u64) {
        let ben = self.ben.clone();
        Self::update(&ben, "work");
        let (file, line) = self.place();
        let first = FILES.iter().position(|(name, _)| *name == file).unwrap();
        for number in 0..commits {
            let at = first + usize::try_from(number).unwrap();
            self.edit(&ben, FILES[at % FILES.len()].0, line);
        }
        self.review(signed);
        (file, line)
    }

    fn review(&self, signed: bool) {
        self.ben.countersign(&["declare", "--ai", "generated"]).ok();
        self.ben.git(&["push", "-q", "-f", "origin", "work"]);
        if signed {
            self.ana.sign("work").expect(0, "approved by ana");
        }
    }

    /// Ana's declared edit on main, which moves the base of whoever is under review.
    fn move_base(&mut self, file: &str, line: u64) {
        let ana = self.ana.clone();
        Self::update(&ana, "main");
        self.edit(&ana, file, line);
        ana.countersign(&["declare", "--ai", "none"]).ok();
        ana.git(&["push", "-q", "origin", "main"]);
        self.note(&ana, passes("exact", "moves the base"));
        self.revertible = None;
    }

    fn note(&mut self, person: &Clone, expected: Expected) {
        self.whole = expected.passes;
        self.expected.insert(person.head(), expected);
    }

    /// Pushes what ben has checked out as the new main.
    fn land(&mut self, expected: Expected) {
        let ben = self.ben.clone();
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        let taken_back = self.whole
            && !ben
                .git(&["diff", "--name-only", "HEAD~1", "HEAD"])
                .is_empty();
        self.note(&ben, expected);
        self.revertible = taken_back.then(|| ben.head());
    }

    /// Squashes ben's branch onto main.
    fn squash(&mut self, expected: Expected) {
        Self::update(&self.ben, "landing");
        self.ben.git(&["merge", "-q", "--squash", "work"]);
        self.ben.git(&["commit", "-q", "-m", "Land it (#1)"]);
        self.land(expected);
    }

    fn merge(&mut self, extra: bool, expected: Expected) {
        Self::update(&self.ben, "landing");
        let args = ["merge", "-q", "--no-ff", "--no-commit", "work"];
        self.ben.git(&args);
        if extra {
            self.ben.write("extra.txt", &format!("{}\n", self.edits));
            self.ben.git(&["add", "-A"]);
        }
        self.ben.git(&["commit", "-q", "-m", "Merge work"]);
        self.land(expected);
    }

    /// A branch of several commits lands commit by commit: as it is, or rebased over an edit of another file or of one
    /// of its own.
    fn series(&mut self, way: &'static str) {
        let commits = 2 + self.dice.below(3);
        let (file, line) = self.branch(commits, true);
        let at = FILES.iter().position(|(name, _)| *name == file).unwrap();
        let moved = match way {
            "fast-forwarded" => None,
            // In the file before the first that the branch edits, so that nothing meets.
            "rebased" => Some((FILES[(at + FILES.len() - 1) % FILES.len()].0, line)),
            _ => Some((FILES[(at + 1) % FILES.len()].0, line + APART)),
        };
        if let Some((moved, line)) = moved {
            self.move_base(moved, line);
            self.ben.git(&["fetch", "-q"]);
            self.ben.git(&["rebase", "-q", "origin/main", "work"]);
        }
        let coverage = match way {
            "merged one by one" => "clean-merge",
            _ => "series",
        };
        let range = format!("origin/main..{}", self.ben.head());
        let units = self.ben.git(&["rev-list", &range]);
        for unit in units.lines() {
            self.expected.insert(unit.to_owned(), passes(coverage, way));
        }
        self.ben.git(&["push", "-q", "origin", "HEAD:main"]);
        self.whole = true;
        self.revertible = None;
    }

    /// Two signed branches in one merge: nobody signed what they are together.
    fn octopus(&mut self) {
        self.branch(1, true);
        self.ben.git(&["branch", "-q", "-f", "other", "work"]);
        let ben = self.ben.clone();
        Self::update(&ben, "work");
        ben.write("octopus.txt", &format!("{}\n", self.edits));
        ben.git(&["add", "-A"]);
        ben.git(&["commit", "-q", "-m", "Write a file"]);
        self.review(true);
        Self::update(&ben, "landing");
        ben.git(&["merge", "-q", "--no-ff", "-m", "Octopus", "work", "other"]);
        self.land(waits("an octopus merge"));
    }

    /// Links, modes, binaries, renames and submodules, signed as they are.
    fn special(&mut self) {
        let ben = self.ben.clone();
        Self::update(&ben, "work");
        self.edits += 1;
        let name = format!("special-{}", self.edits);
        match self.dice.below(4) {
            0 => std::os::unix::fs::symlink("README.md", ben.path.join(&name)).unwrap(),
            1 => std::fs::write(ben.path.join(&name), b"\x00binary\xff").unwrap(),
            2 => {
                ben.write(&name, "#!/bin/sh\n");
                ben.git(&["add", "-A"]);
                ben.git(&["update-index", "--chmod=+x", &name]);
            }
            _ => {
                let entry = format!("160000,{},{name}", "1".repeat(40));
                // Where its folder lacked, the next `git add -A` would take it away.
                std::fs::create_dir(ben.path.join(&name)).unwrap();
                ben.git(&["update-index", "--add", "--cacheinfo", &entry]);
                ben.git(&["commit", "-q", "-m", "Add a submodule"]);
            }
        }
        if !ben
            .git(&["status", "--porcelain", "--ignore-submodules"])
            .is_empty()
        {
            ben.git(&["add", "-A"]);
            ben.git(&["commit", "-q", "-m", "Add something special"]);
        }
        self.review(true);
        ben.git(&["push", "-q", "origin", "HEAD:main"]);
        self.note(&ben, passes("exact", "something special"));
        self.revertible = None;
    }

    /// Omar takes back what landed last, declared or not; and where he did, ben lands it again.
    fn revert(&mut self) {
        let Some(commit) = self.revertible.take() else {
            return;
        };
        let omar = self.omar.clone();
        Self::update(&omar, "main");
        let parents = omar.git(&["rev-list", "--parents", "-n1", &commit]);
        let of_merge: &[&str] = match parents.split(' ').count() {
            2 => &[],
            _ => &["-m", "1"],
        };
        omar.git(&[&["revert", "--no-edit"], of_merge, &[commit.as_str()]].concat());
        let declares = self.dice.below(2) == 0;
        if declares {
            omar.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
                .ok();
        }
        omar.git(&["push", "-q", "origin", "HEAD:main"]);
        let expected = match declares {
            true => passes("revert", "a declared revert"),
            false => waits("an undeclared revert"),
        };
        self.note(&omar, expected);
        if declares {
            Self::update(&self.ben, "landing");
            self.ben
                .git(&[&["cherry-pick"], of_merge, &[commit.as_str()]].concat());
            self.ben
                .git(&["commit", "-q", "--amend", "-m", "Land it again"]);
            self.land(waits("landed again"));
            // To take that back again would pass; what was taken back once is enough here.
            self.revertible = None;
        }
    }

    fn one(&mut self) {
        if self.revertible.is_some() && self.dice.below(4) == 0 {
            return self.revert();
        }
        match self.dice.below(12) {
            0 => {
                self.branch(1, true);
                self.squash(passes("exact", "a squash"));
            }
            1 => {
                self.branch(2, true);
                self.merge(false, passes("exact", "a merge"));
            }
            2 => match self.dice.below(2) {
                0 => self.series("fast-forwarded"),
                _ => self.series("merged one by one"),
            },
            3 => self.series("rebased"),
            4 => {
                let (file, line) = self.branch(1, true);
                self.move_base(file, line + APART);
                self.squash(passes("clean-merge", "a clean merge"));
            }
            5 => {
                let (file, line) = self.branch(1, true);
                self.move_base(file, line);
                Self::update(&self.ben, "landing");
                // Both sides of the line: a resolution that nobody reviewed.
                let merge = ["merge", "-q", "--squash", "-X", "theirs", "work"];
                self.ben.git(&merge);
                self.ben.git(&["commit", "-q", "-m", "Resolve (#2)"]);
                self.land(waits("a resolved conflict"));
            }
            6 => {
                self.branch(1, true);
                self.merge(true, waits("an evil merge"));
            }
            7 => {
                let (file, line) = self.branch(1, false);
                let at = FILES.iter().position(|(name, _)| *name == file).unwrap();
                self.move_base(FILES[(at + 1) % FILES.len()].0, line);
                self.ben.git(&["fetch", "-q"]);
                self.ben.git(&["switch", "-q", "work"]);
                self.ben
                    .git(&["merge", "-q", "-m", "Update", "origin/main"]);
                self.review(true);
                self.squash(passes("exact", "an updated branch"));
            }
            8 => self.octopus(),
            9 => {
                Self::update(&self.ben, "landing");
                self.ben
                    .git(&["commit", "-q", "--allow-empty", "-m", "Nothing"]);
                self.land(passes("empty", "an empty commit"));
            }
            10 => {
                self.branch(1, false);
                self.squash(waits("an unsigned squash"));
            }
            _ => self.special(),
        }
    }
}

/// What the verdict says of each unit.
fn found(verdict: &Value) -> BTreeMap<String, (bool, String)> {
    let mut found = BTreeMap::new();
    for group in verdict["units"].as_array().unwrap() {
        let passes = group["result"] == "verified";
        let coverage = group["coverage"].as_str().unwrap();
        for unit in group["group"].as_array().unwrap() {
            let unit = unit.as_str().unwrap().to_owned();
            found.insert(unit, (passes, coverage.to_owned()));
        }
    }
    found
}

/// What CI says of a range.
fn check(world: &World, range: &str) -> (String, BTreeMap<String, (bool, String)>) {
    let ci = world.fresh("ci");
    let root = world.root();
    let common = ["verify", "--fetch", "--quiet", "--format", "json", "--root"];
    let run = ci.countersign(&[&common[..], &[&root, range]].concat());
    let verdict: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    (run.stdout, found(&verdict))
}

#[test]
fn each_way_of_landing_gets_the_verdict_that_follows_from_how_it_was_made() {
    let number = |name: &str, otherwise: u64| {
        let text = std::env::var(name).ok();
        text.map_or(otherwise, |text| text.parse().unwrap())
    };
    let (landings, seed) = (number("LANDINGS", LANDINGS), number("SEED", 20_251_124));
    let world = World::team();
    world.sign_policy(|policy| {
        format!("{policy}\n[[rule]]\nname = \"all\"\nwhen = {{ author_below = \"senior\" }}\nrequire = {{ level = \"senior\" }}\n")
    });
    let mut maker = Maker::new(&world, seed);
    let base = maker.ana.head();
    for _ in 0..landings {
        maker.one();
    }
    let range = format!("{base}..HEAD");
    let (told, found) = check(&world, &range);
    assert_eq!(found.len(), maker.expected.len());
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    for (unit, expected) in &maker.expected {
        let (passes, coverage) = &found[unit];
        let same =
            *passes == expected.passes && expected.coverage.is_none_or(|wanted| wanted == coverage);
        assert!(
            same,
            "{unit}: {expected:?}, found {passes} {coverage}\n{}",
            told
        );
        *ways.entry(expected.way).or_default() += 1;
    }
    println!("{ways:?}");
    assert!(ways.len() > 8, "{ways:?}");
    // Nobody rejects here: then whatever is missing in the store never makes a pass.
    let ana = maker.ana.clone();
    ana.git(&[
        "fetch",
        "-q",
        "origin",
        "+refs/countersign/attestations:refs/x",
    ]);
    let mut lost = 0;
    for _ in 0..WITHHELD {
        ana.withhold("refs/x", |_| maker.dice.below(5) == 0);
        let (told, without) = check(&world, &range);
        for (unit, (passes, coverage)) in &without {
            let before = found[unit].0;
            assert!(before || !passes, "{unit} passes as {coverage}\n{told}");
            lost += usize::from(before && !passes);
        }
    }
    assert!(lost > 0);
}
