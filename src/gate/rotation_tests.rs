//! Random lives of a chain against a model that knows people and keys alone: nothing is trusted without a
//! threshold of the admins before and of its own, and whatever has both is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::attestation::{Admin, Envelope, Statement, TrustFiles, TrustMetadata};
use crate::change::HistoryError;
use crate::change::history_testing::unanswered;
use crate::keys::Signer as _;
use crate::keys::testing::signer;
use crate::trust::Chain;

/// People a to d; each may have the keys 2n and 2n + 1.
const PEOPLE: u8 = 4;
const NOW: &str = "2026-06-01T00:00:00Z";

/// Who administers a version: of each person, which of their two keys.
type Admins = BTreeMap<u8, BTreeSet<u8>>;

/// A version as somebody made it, honest or not.
#[derive(Debug, Clone)]
struct Version {
    number: u64,
    previous: Option<Digest>,
    admins: Admins,
    threshold: u64,
    /// The seeds of the keys that signed.
    signed: BTreeSet<u8>,
    expired: bool,
    /// Which roster and policy it signs.
    content: u8,
    payload: Digest,
    bytes: Vec<u8>,
}

/// One step of a life.
#[derive(Debug, Clone)]
enum Op {
    /// A version after another one: what it changes of its admins, and who signs it.
    Make {
        after: Index,
        changes: Vec<Change>,
        signers: Signers,
        fault: Fault,
        content: u8,
    },
    /// A version's file stands in a tree, under its own number or another.
    Put {
        tree: usize,
        version: Index,
        skew: u64,
    },
    /// A tree loses its newest file.
    Lose { tree: usize },
    /// A tree's roster and policy are others.
    Edit { tree: usize, content: u8 },
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Add(u8),
    Remove(u8),
    /// A person gives up their first key for the second, or has both.
    Rotate(u8, bool),
    Threshold(u64),
}

#[derive(Debug, Clone)]
enum Signers {
    /// All keys of the admins before and of its own.
    All,
    /// Some keys: stolen ones, say.
    Some(BTreeSet<u8>),
    /// Both keys of some people.
    People(BTreeSet<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Number,
    Previous,
    Expired,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let person = 0..PEOPLE;
    let change = prop_oneof![
        3 => person.clone().prop_map(Change::Add),
        2 => person.clone().prop_map(Change::Remove),
        2 => (person, any::<bool>()).prop_map(|(who, both)| Change::Rotate(who, both)),
        2 => (1..4u64).prop_map(Change::Threshold),
    ];
    let some = prop::collection::btree_set(0..2 * PEOPLE, 0..6);
    let people = prop::collection::btree_set(0..PEOPLE, 1..3);
    let signers = prop_oneof![
        3 => Just(Signers::All),
        2 => some.prop_map(Signers::Some),
        2 => people.prop_map(Signers::People),
    ];
    let fault = prop_oneof![
        12 => Just(Fault::None),
        1 => Just(Fault::Number),
        1 => Just(Fault::Previous),
        1 => Just(Fault::Expired),
    ];
    let changes = prop::collection::vec(change, 0..4);
    let make = (any::<Index>(), changes, signers, fault, 0..3u8);
    let make = make.prop_map(|(after, changes, signers, fault, content)| Op::Make {
        after,
        changes,
        signers,
        fault,
        content,
    });
    let skew = prop_oneof![9 => Just(0u64), 1 => 1..3u64];
    let put = (0..2usize, any::<Index>(), skew);
    let put = put.prop_map(|(tree, version, skew)| Op::Put {
        tree,
        version,
        skew,
    });
    let edit = (0..2usize, 0..3u8).prop_map(|(tree, content)| Op::Edit { tree, content });
    let op = prop_oneof![
        5 => make,
        6 => put,
        1 => (0..2usize).prop_map(|tree| Op::Lose { tree }),
        2 => edit,
    ];
    prop::collection::vec(op, 1..16)
}

fn line(seed: u8) -> String {
    signer(seed).public_key().to_openssh()
}

impl Version {
    fn make(mut self) -> Self {
        let admin = |(who, keys): (&u8, &BTreeSet<u8>)| Admin {
            id: format!("p{who}"),
            keys: keys.iter().map(|seed| line(*seed)).collect(),
        };
        let expires = if self.expired {
            "2026-05-31T23:59:59Z"
        } else {
            NOW
        };
        let metadata = TrustMetadata {
            version: self.number,
            previous: self.previous,
            issued_on: "2026-01-01T00:00:00Z".parse().unwrap(),
            expires_on: expires.parse().unwrap(),
            admins: self.admins.iter().map(admin).collect(),
            threshold: self.threshold,
            checkpoints: Vec::new(),
            excused: Vec::new(),
            replaces: None,
        };
        let subject = TrustFiles {
            roster: sha256(&roster(self.content)),
            policy: sha256(&policy(self.content)),
        };
        let predicate = metadata;
        let payload = Statement { subject, predicate }.to_payload().unwrap();
        let mut envelope = Envelope::new(payload);
        for seed in &self.signed {
            let signer = signer(*seed);
            let signature = signer.sign(&envelope.pae()).unwrap();
            envelope.add_signature(signer.public_key().fingerprint(), signature);
        }
        self.payload = envelope.payload_digest();
        // Nobody can write an envelope without a signature.
        self.bytes = envelope.to_bytes().unwrap_or_default();
        self
    }

    /// How many of these admins signed it: people, however many keys they have.
    fn agreed(&self, admins: &Admins) -> u64 {
        let agree = |keys: &BTreeSet<u8>| !keys.is_disjoint(&self.signed);
        admins.values().filter(|keys| agree(keys)).count() as u64
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Add(who) => {
                self.admins.entry(who).or_insert_with(|| [2 * who].into());
            }
            Change::Remove(who) => {
                self.admins.remove(&who);
            }
            Change::Rotate(who, both) => {
                if let Some(keys) = self.admins.get_mut(&who) {
                    keys.insert(2 * who + 1);
                    if !both {
                        keys.remove(&(2 * who));
                    }
                }
            }
            Change::Threshold(threshold) => self.threshold = threshold,
        }
    }

    /// The next version by the honest rules, with a fault or without.
    fn next(
        &self,
        changes: &[Change],
        signers: &Signers,
        fault: Fault,
        content: u8,
    ) -> Option<Self> {
        let mut next = self.clone();
        next.number += 1 + u64::from(fault == Fault::Number);
        next.previous = Some(match fault {
            Fault::Previous => sha256(b"another"),
            _ => self.payload,
        });
        for change in changes {
            next.change(*change);
        }
        // The format has no threshold that nobody reaches.
        if next.threshold > next.admins.len() as u64 {
            return None;
        }
        let all = || {
            let admins = self.admins.values().chain(next.admins.values());
            admins.flatten().copied().collect()
        };
        next.signed = match signers {
            Signers::All => all(),
            Signers::Some(seeds) => seeds.clone(),
            Signers::People(people) => people
                .iter()
                .flat_map(|who| [2 * who, 2 * who + 1])
                .collect(),
        };
        next.expired = fault == Fault::Expired;
        next.content = content;
        Some(next.make()).filter(|next| !next.bytes.is_empty())
    }
}

fn roster(content: u8) -> Vec<u8> {
    let key = line(200);
    format!(
        "# {content}\nlevels = [\"senior\"]\n[[engineer]]\nid = \"ana\"\nname = \"Ana\"\nlevel = \"senior\"\n\
         [[engineer.key]]\nssh = \"{key}\"\n[admins]\nids = [\"ana\"]\nthreshold = 1\n"
    )
    .into_bytes()
}

fn policy(content: u8) -> Vec<u8> {
    format!("# {content}\nrepository = \"r\"\nprotected = [\"refs/heads/main\"]\n[default]\n")
        .into_bytes()
}

/// A tree: trust files by number, and which roster and policy.
#[derive(Debug, Clone, Default)]
struct Tree {
    files: BTreeMap<u64, Version>,
    content: u8,
}

/// Two commits, each with a tree.
struct Trees([Tree; 2]);

fn id(tree: usize) -> CommitId {
    format!("{tree:040x}").parse().unwrap()
}

impl Trees {
    fn tree(&self, commit: &CommitId) -> &Tree {
        &self.0[usize::from_str_radix(commit.as_str(), 16).unwrap()]
    }
}

impl History for Trees {
    unanswered!(
        commit,
        parents,
        change,
        merge_bases,
        is_ancestor,
        commits_between,
        content,
        line_count,
        is_opaque,
        reference
    );

    fn file(
        &self,
        commit: &CommitId,
        path: &str,
    ) -> Result<Option<(FileMode, Vec<u8>)>, HistoryError> {
        let tree = self.tree(commit);
        let version = path
            .strip_prefix(".countersign/trust/")
            .and_then(version_of);
        let bytes = match path {
            ROSTER_PATH => Some(roster(tree.content)),
            POLICY_PATH => Some(policy(tree.content)),
            _ => version.and_then(|number| Some(tree.files.get(&number)?.bytes.clone())),
        };
        Ok(bytes.map(|bytes| (FileMode::Regular, bytes)))
    }

    fn folder(&self, commit: &CommitId, _: &str) -> Result<Vec<String>, HistoryError> {
        let numbers = self.tree(commit).files.keys();
        Ok(numbers
            .map(|number| format!("{number}.dsse.json"))
            .collect())
    }
}

/// What the model takes for trusted in one tree: the versions from the root up, as far as people agreed.
fn trusted<'t>(tree: &'t Tree, root: &Digest) -> Vec<&'t Version> {
    let mut chain: Vec<&Version> = Vec::new();
    for (number, version) in &tree.files {
        let follows = match chain.last() {
            None => version.payload == *root && version.previous.is_none(),
            Some(last) => {
                version.previous == Some(last.payload)
                    && version.agreed(&last.admins) >= last.threshold
            }
        };
        let agreed = version.agreed(&version.admins) >= version.threshold;
        let in_order = *number == version.number && *number == chain.len() as u64 + 1;
        if !(follows && agreed && in_order) {
            break;
        }
        chain.push(version);
    }
    chain
}

/// The version by which the model would judge: its number, or why there is none.
fn judges(trees: &[Tree; 2], root: &Digest) -> Result<u64, Code> {
    let chains = [trusted(&trees[0], root), trusted(&trees[1], root)];
    let forked = |(one, other): (&&Version, &&Version)| one.payload != other.payload;
    if chains[0].iter().zip(&chains[1]).any(forked) {
        return Err(Code::TRUST_FORK);
    }
    let mut all: Vec<&Version> = chains.into_iter().flatten().collect();
    all.sort_by_key(|version| version.number);
    let held = |version: &&&Version| trees.iter().any(|tree| tree.content == version.content);
    match all.iter().rev().find(held) {
        None => Err(Code::TRUST_INVALID),
        Some(version) if version.expired => Err(Code::TRUST_EXPIRED),
        Some(version) => Ok(version.number),
    }
}

fn first() -> Version {
    let version = Version {
        number: 1,
        previous: None,
        admins: BTreeMap::from([(0, [0].into()), (1, [2].into())]),
        threshold: 1,
        signed: [0].into(),
        expired: false,
        content: 0,
        payload: sha256(b""),
        bytes: Vec::new(),
    };
    version.make()
}

/// Plays a life; gives the two trees at its end.
fn live(ops: &[Op]) -> ([Tree; 2], Digest) {
    let first = first();
    let root = first.payload;
    let tree = Tree {
        files: BTreeMap::from([(1, first.clone())]),
        content: 0,
    };
    let (mut pool, mut trees) = (vec![first], [tree.clone(), tree]);
    for op in ops {
        match op {
            Op::Make {
                after,
                changes,
                signers,
                fault,
                content,
            } => {
                let next = after.get(&pool).next(changes, signers, *fault, *content);
                if let Some(next) = next {
                    // What was made last mostly lands.
                    trees[0].files.insert(next.number, next.clone());
                    trees[0].content = next.content;
                    pool.push(next);
                }
            }
            Op::Put {
                tree,
                version,
                skew,
            } => {
                let version = version.get(&pool).clone();
                trees[*tree].content = version.content;
                trees[*tree].files.insert(version.number + skew, version);
            }
            Op::Lose { tree } => {
                trees[*tree].files.pop_last();
            }
            Op::Edit { tree, content } => trees[*tree].content = *content,
        }
    }
    (trees, root)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_version_is_trusted_if_and_only_if_people_agreed(ops in ops()) {
        let (trees, root) = live(&ops);
        for tree in &trees {
            let files = tree.files.iter().map(|(number, version)| (*number, version.bytes.clone()));
            let newest = Chain::verify(&files.collect(), &root).map_or(0, |(chain, _)| chain.newest());
            prop_assert_eq!(newest, trusted(tree, &root).len() as u64);
        }
        let wanted = judges(&trees, &root);
        let history = Trees(trees);
        let now = NOW.parse().unwrap();
        let candidates = [id(0), id(1)];
        let found = Judging::find(&Chains::new(&history, root), &candidates, PublishedKeys::Refused, now);
        match (found, wanted) {
            (Ok(judging), wanted) => prop_assert_eq!(Ok(judging.version.number()), wanted),
            // A tree without version 1 is told as one without versions, or with another root.
            (Err(undecided), Err(code)) => {
                let none = [Code::ROOT_DIFFERS, Code::TRUST_SIGNATURES, Code::TRUST_INVALID];
                prop_assert!(undecided.code == code || (code == Code::TRUST_INVALID && none.contains(&undecided.code)));
            }
            (Err(undecided), Ok(number)) => prop_assert!(false, "{number}: {undecided:?}"),
        }
    }
}
