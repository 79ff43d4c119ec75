//! Fills a store for `scripts/bench`: statements in bulk, made by the library in one process.
//!
//! `bench_store REPOSITORY REF KIND BASE HEAD AUTHOR_KEY REVIEWER_KEY` writes into the store REF a
//! declaration of maya's and an approval of grace's for the commits after BASE up to HEAD:
//!
//! * `landed`: for each unit, made when the target stood at its parent;
//! * `before`: for each unit, all of them made when the target stood at BASE;
//! * `series`: for all units as one change;
//! * `reviewed`: for each line `base head tip` of stdin: the change from base to head, made when the target stood at
//!   tip; with the commits between them, and what tells each of them as a clean merge;
//! * `flood`: for as many changes of the same paths to other contents; with keys that no roster knows
//!   it is what anybody can pour into a store.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use countersign::ai::{AiAssistance, Extent};
use countersign::attestation::{
    Author, AuthorRole, Bundle, Change, Decision, Declaration, PAYLOAD_TYPE, PersonClaim,
    PolicyShown, Predicate, Review, SignOff, Statement, Target, pae,
};
use countersign::change::{
    ChangeDigest, ChangeManifest, CommitId, Content, Digest, FileMode, History, HistoryError,
    Identity, RepoPath, sha256,
};
use countersign::git::{Committer, Repository};
use countersign::keys::{FileSigner, PrivateKeyFile, Signer};
use countersign::policy::Policy;
use countersign::store::{GitStore, Item, Store};
use countersign::trust::POLICY_PATH;
use jiff::Timestamp;

type Failed = Box<dyn Error>;

/// What all statements have in common.
struct Maker {
    author: FileSigner,
    reviewer: FileSigner,
    policy: Policy,
    policy_digest: Digest,
    now: Timestamp,
}

/// A change with what its statements say of its place.
struct Made {
    manifest: ChangeManifest,
    change: Change,
    /// What is kept of its commits.
    parts: Vec<Item>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let filled = match arguments.as_slice() {
        [folder, store, kind, base, head, author, reviewer] => {
            fill(folder, store, kind, [base, head], [author, reviewer])
        }
        _ => Err("usage: bench_store REPOSITORY REF KIND BASE HEAD AUTHOR_KEY REVIEWER_KEY".into()),
    };
    match filled {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn fill(
    folder: &str,
    store: &str,
    kind: &str,
    range: [&str; 2],
    keys: [&str; 2],
) -> Result<(), Failed> {
    let repo = Repository::open(Path::new(folder))?;
    let (base, head) = (repo.resolve(range[0])?, repo.resolve(range[1])?);
    let (_, policy) = repo.file(&head, POLICY_PATH)?.ok_or("no policy")?;
    let maker = Maker {
        author: signer(keys[0])?,
        reviewer: signer(keys[1])?,
        policy_digest: sha256(&policy),
        policy: Policy::parse(&String::from_utf8(policy)?, POLICY_PATH)
            .map_err(|_| "the policy is invalid")?,
        now: Timestamp::now(),
    };
    let mut items = Vec::new();
    for made in maker.changes(&repo, kind, &base, &head)? {
        items.extend(maker.statements(&made)?);
    }
    let by = Committer {
        identity: Identity {
            name: "bench".into(),
            email: "bench@example.org".into(),
        },
        seconds: maker.now.as_second(),
    };
    let store = Store::Git(GitStore::in_ref(&repo, store, Vec::new())?);
    store.put(&items, &by, "Fill the store")?;
    Ok(())
}

fn signer(path: &str) -> Result<FileSigner, Failed> {
    Ok(PrivateKeyFile::parse(&std::fs::read(path)?)?.signer(None)?)
}

/// The first-parent commits after `base`, the oldest first, each with its parent.
fn units(
    repo: &Repository,
    base: &CommitId,
    head: &CommitId,
) -> Result<Vec<(CommitId, CommitId)>, Failed> {
    let mut units = Vec::new();
    let mut next = head.clone();
    while next != *base {
        let parents = repo.parents(&next)?;
        let parent = parents.into_iter().next().ok_or("BASE is off the line")?;
        units.push((parent.clone(), next));
        next = parent;
    }
    units.reverse();
    Ok(units)
}

/// The same paths with contents that nobody has.
fn other(manifest: &ChangeManifest) -> Result<ChangeManifest, Failed> {
    let mut other = ChangeManifest::new();
    for entry in manifest.entries() {
        let sha256 = sha256(entry.path.as_bytes());
        let mode = FileMode::Executable;
        let content = Content::Blob { mode, sha256 };
        other.insert(entry.path.clone(), entry.new.cloned(), Some(content));
    }
    let unique = RepoPath::new(format!("flood/{}", manifest.digest()))?;
    let (mode, sha256) = (FileMode::Regular, manifest.digest());
    other.insert(unique, None, Some(Content::Blob { mode, sha256 }));
    Ok(other)
}

impl Maker {
    fn changes(
        &self,
        repo: &Repository,
        kind: &str,
        base: &CommitId,
        head: &CommitId,
    ) -> Result<Vec<Made>, Failed> {
        let mut made = Vec::new();
        let mut digests = Vec::new();
        if kind == "reviewed" {
            for line in std::io::stdin().lines() {
                let line = line?;
                let ids: Vec<CommitId> =
                    line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
                let [base, head, tip] = ids.as_slice() else {
                    return Err("a line is `base head tip`".into());
                };
                let manifest = match repo.change(Some(base), head) {
                    // A mirror may lack files.
                    Err(HistoryError::Missing { .. }) => continue,
                    manifest => manifest?,
                };
                let (digests, parts) = parts(repo, base, head)?;
                let change = self.change(&manifest, [base, head, tip], digests);
                made.push(Made {
                    manifest,
                    change,
                    parts,
                });
            }
            return Ok(made);
        }
        for (parent, commit) in units(repo, base, head)? {
            let manifest = repo.change(Some(&parent), &commit)?;
            let digest = manifest.digest();
            let tip = if kind == "landed" { &parent } else { base };
            let manifest = match kind {
                "flood" => other(&manifest)?,
                _ => manifest,
            };
            let change = self.change(&manifest, [&parent, &commit, tip], vec![digest]);
            digests.push(digest);
            made.push(Made {
                manifest,
                change,
                parts: Vec::new(),
            });
        }
        if kind == "series" {
            let manifest = repo.change(Some(base), head)?;
            let change = self.change(&manifest, [base, head, base], digests);
            made = vec![Made {
                manifest,
                change,
                parts: Vec::new(),
            }];
        }
        Ok(made)
    }

    fn change(
        &self,
        manifest: &ChangeManifest,
        [base, head, tip]: [&CommitId; 3],
        commits: Vec<ChangeDigest>,
    ) -> Change {
        Change {
            repository: self.policy.repository.clone(),
            targets: vec![Target {
                name: "refs/heads/main".into(),
                tip: tip.clone(),
            }],
            base: base.clone(),
            head: head.clone(),
            landed: None,
            commits: Some(commits),
            files: manifest.len() as u64,
            insertions: 1,
            deletions: 1,
        }
    }

    fn statements(&self, made: &Made) -> Result<Vec<Item>, Failed> {
        let subject = made.manifest.digest();
        let ai_assistance = AiAssistance {
            extent: Some(Extent::Assisted),
            declared: Some(Extent::Assisted),
            ..AiAssistance::default()
        };
        let authors = vec![Author {
            name: Some("Maya Lind".into()),
            email: Some("maya@example.org".into()),
            id: Some("maya".into()),
            role: AuthorRole::Declarant,
        }];
        let declaration = Declaration {
            change: made.change.clone(),
            authors: authors.clone(),
            author: PersonClaim { id: "maya".into() },
            ai_assistance: ai_assistance.clone(),
            reason: None,
            tickets: Vec::new(),
            asked: Vec::new(),
            declared_on: self.now,
        };
        let (declaration, payload) = seal(subject, declaration, &self.author)?;
        let sign_off = SignOff {
            change: made.change.clone(),
            authors,
            ai_assistance,
            declarations: vec![payload],
            review: Review {
                decision: Decision::Approved,
                comment: None,
                evidence: Vec::new(),
                replaces: Vec::new(),
                interactive: false,
            },
            blast_radius: None,
            policy: PolicyShown {
                trust_version: 2,
                sha256: self.policy_digest,
            },
            signer: PersonClaim { id: "grace".into() },
            signed_on: self.now,
            emergency: None,
        };
        let (sign_off, _) = seal(subject, sign_off, &self.reviewer)?;
        let manifest = Item::manifest(&subject, &made.manifest)?;
        let mut items = vec![declaration, sign_off, manifest];
        items.extend(made.parts.iter().cloned());
        Ok(items)
    }
}

/// The change digests of the commits between two, the oldest first, with their manifests and the texts of what they
/// modify. Merges are left out.
fn parts(
    repo: &Repository,
    base: &CommitId,
    head: &CommitId,
) -> Result<(Vec<ChangeDigest>, Vec<Item>), Failed> {
    let (mut digests, mut items) = (Vec::new(), Vec::new());
    for id in repo
        .commits_between(std::slice::from_ref(base), head)?
        .iter()
        .rev()
    {
        let commit = repo.commit(id)?;
        let [parent] = commit.parents.as_slice() else {
            continue;
        };
        let manifest = match repo.change(Some(parent), id) {
            Err(HistoryError::Missing { .. }) => continue,
            manifest => manifest?,
        };
        if manifest.is_empty() {
            continue;
        }
        let digest = manifest.digest();
        items.push(Item::manifest(&digest, &manifest)?);
        for entry in manifest.entries() {
            if entry.old.is_none() || entry.new.is_none() {
                continue;
            }
            for side in [parent, id] {
                if let Ok(Some(text)) = repo.text(side, entry.path) {
                    items.push(Item::blob(&digest, text)?);
                }
            }
        }
        digests.push(digest);
    }
    Ok((digests, items))
}

/// Signs a statement over a change; says its payload's digest too.
fn seal<P: Predicate<Subject = ChangeDigest>>(
    subject: ChangeDigest,
    predicate: P,
    signer: &FileSigner,
) -> Result<(Item, Digest), Failed> {
    let payload = Statement { subject, predicate }.to_payload()?;
    let signature = signer.sign(&pae(PAYLOAD_TYPE, &payload))?;
    let bundle = Bundle::new(&payload, &signer.public_key().fingerprint(), &signature)?;
    let item = Item::bundle(&subject, bundle.as_bytes().to_vec())?;
    Ok((item, bundle.payload_digest()))
}
