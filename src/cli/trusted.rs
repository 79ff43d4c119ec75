//! Which trust version judges, and by which root: what commands take for signed.

use countersign::change::{CommitId, Digest, History, sha256};
use countersign::codes::Code;
use countersign::gate::{Chains, Judging, Undecided, refuse_published, version_files};
use countersign::policy::Policy;
use countersign::trust::{POLICY_PATH, ROSTER_PATH};
use jiff::Timestamp;

use super::Failure;
use super::context::{Context, FIRST_SEEN_KEY, ROOT_KEY, parse_root};

impl Context {
    /// The root for a gate: the flag (or `COUNTERSIGN_ROOT`), else git config. Never first use.
    pub fn pinned_root(&self, flag: Option<&str>) -> Result<Digest, Failure> {
        let value = flag
            .map(str::to_owned)
            .or_else(|| self.repo.config_string(ROOT_KEY));
        let value = value.ok_or_else(|| Undecided::new(Code::NO_ROOT, "no root is pinned"))?;
        parse_root(&value)
    }

    /// The root for other commands: the pinned one, else the first that was seen, which is remembered
    /// and told.
    pub fn known_root(&self, head: &CommitId) -> Result<Digest, Failure> {
        for key in [ROOT_KEY, FIRST_SEEN_KEY] {
            if let Some(value) = self.repo.config_string(key) {
                return parse_root(&value);
            }
        }
        let root = self.first_root(head)?;
        let value = format!("sha256:{root}");
        self.set_config(FIRST_SEEN_KEY, &value)?;
        eprintln!("Root      {value}  first use here; compare it with your team's");
        Ok(root)
    }

    /// What judges HEAD, where this clone knows a root already and its chain holds.
    pub fn known_judging(&self) -> Option<Judging> {
        let known = [ROOT_KEY, FIRST_SEEN_KEY].map(|key| self.repo.config_string(key));
        let root = known.into_iter().flatten().next()?;
        let head = self.repo.resolve("HEAD").ok()?;
        self.judging(parse_root(&root).ok()?, &head, None).ok()
    }

    /// The root that this clone would take for the first that it saw.
    pub fn first_root(&self, head: &CommitId) -> Result<Digest, Failure> {
        // The branch at hand may be anybody's; what the remote calls its own comes first.
        let candidates: Vec<_> = self
            .remote_head()?
            .into_iter()
            .chain([head.clone()])
            .collect();
        for commit in &candidates {
            let files = version_files(&self.repo, commit)?;
            let first = files
                .get(&1)
                .and_then(|bytes| countersign::attestation::Envelope::parse(bytes).ok());
            if let Some(envelope) = first {
                return Ok(envelope.payload_digest());
            }
        }
        Err(
            Failure::new(Code::TRUST_INVALID, "this repository has no trust metadata")
                .next("countersign init"),
        )
    }

    /// The trust version that judges `head`: the highest of HEAD's tree and the trust ref's.
    pub fn judging(
        &self,
        root: Digest,
        head: &CommitId,
        trust_ref: Option<&str>,
    ) -> Result<Judging, Failure> {
        self.judging_at(root, head, trust_ref, self.environment.now)
    }

    /// The same at another time than now: an expired version still says who may renew it.
    pub fn judging_at(
        &self,
        root: Digest,
        head: &CommitId,
        trust_ref: Option<&str>,
        now: Timestamp,
    ) -> Result<Judging, Failure> {
        let chains = Chains::new(&self.repo, root);
        let mut candidates = vec![head.clone()];
        let trusted = self.trust_commit(&chains, head, trust_ref)?;
        if trusted != *head {
            candidates.push(trusted);
        }
        let judging = Judging::find(&chains, &candidates, self.published, now)?;
        // Whoever names a root that can't be read must not learn it from statements that don't count: this version may
        // need it, or the one before it, which judges what landed before this one.
        self.trusted_root()?;
        if refuse_published(&judging.roster).is_err() {
            eprintln!(
                "warning[{}]: published example keys are trusted, as --allow-example-keys asks",
                Code::EXAMPLE_KEY
            );
        }
        Ok(judging)
    }

    /// The commit of the trust ref (SPEC 5.5).
    fn trust_commit(
        &self,
        chains: &Chains<'_>,
        head: &CommitId,
        trust_ref: Option<&str>,
    ) -> Result<CommitId, Failure> {
        let unresolved = |name: &str| {
            let failure = Failure::new(
                Code::REF_UNRESOLVED,
                format!("the trust ref {name} is not here"),
            );
            failure.next("countersign verify --fetch, or git fetch")
        };
        if let Some(name) = trust_ref {
            return self.repo.resolve(name).map_err(|_| unresolved(name));
        }
        if let Some(branch) = self.first_protected(chains, head)? {
            let name = self.local_name(&branch);
            return History::reference(&self.repo, &name)?.ok_or_else(|| unresolved(&name));
        }
        if let Some(commit) = self.remote_head()? {
            return Ok(commit);
        }
        // HEAD alone can't judge either; what is wrong with it is the better answer.
        let candidates = std::slice::from_ref(head);
        let found = Judging::find(chains, candidates, self.published, self.environment.now);
        let failure = match found {
            Err(undecided) => Failure::from(undecided),
            Ok(_) => Failure::new(Code::TRUST_INVALID, "no branch to look for trust versions"),
        };
        Err(match &self.remote {
            Some(remote) => failure.next(format!(
                "git remote set-head {remote} -a, or --trust-ref REF"
            )),
            None => failure.next("countersign init, or --trust-ref REF"),
        })
    }

    /// The first protected branch of the policy in HEAD's tree, if a valid version there signs it and the roster.
    fn first_protected(
        &self,
        chains: &Chains<'_>,
        head: &CommitId,
    ) -> Result<Option<String>, Failure> {
        let chain = chains.of(head)?;
        let (Ok(chain), Some((_, roster)), Some((_, policy))) = (
            &*chain,
            self.repo.file(head, ROSTER_PATH)?,
            self.repo.file(head, POLICY_PATH)?,
        ) else {
            return Ok(None);
        };
        let digests = (sha256(&roster), sha256(&policy));
        let mut versions = chain.versions().iter();
        if !versions.any(|version| (version.roster(), version.policy()) == digests) {
            return Ok(None);
        }
        let policy = String::from_utf8(policy).ok();
        let policy = policy.and_then(|text| Policy::parse(&text, POLICY_PATH).ok());
        Ok(policy.and_then(|policy| policy.protected.first().cloned()))
    }
}
