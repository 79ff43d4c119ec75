//! SLSA's verification summary: what a gate says of a release, for those who deploy it (SPEC 8.10).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::{AttestationError, ErrorKind};
use super::json::{self, Limits};
use super::limits;
use super::node::{Node, Object};
use super::statement::STATEMENT_TYPE;
use crate::change::{CommitId, Digest};

/// The predicate type.
pub const SUMMARY_TYPE: &str = "https://slsa.dev/verification_summary/v1";
/// Where the predicate holds what SLSA has no field for.
const EXTENSION: &str = "https://countersign.dev/verdict/v1";
/// What stands before a gate's id in `verifier.id`.
const VERIFIER: &str = "https://countersign.dev/gate/";
/// What stands before the repository's name in `resourceUri`.
const RESOURCE: &str = "git+https://";
/// The version of SLSA whose names it uses.
const SLSA_VERSION: &str = "1.2";
/// The most attestations that are listed; where there are more, none is.
const INPUTS: usize = 1_000;
/// The most further subjects (SPEC 10).
pub const ARTIFACTS: usize = 100;

/// A gate's word on all that landed on a branch, up to a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The gate's id in the roster.
    pub gate: String,
    /// The policy's name of the repository.
    pub repository: String,
    /// The branch, as a full ref.
    pub target: String,
    /// The commit up to which was judged: the first subject.
    pub head: CommitId,
    /// What was built of it, by name and SHA-256: the further subjects.
    pub artifacts: Vec<(String, Digest)>,
    /// The gate's clock.
    pub verified_on: Timestamp,
    /// SHA-256 of `policy.toml`.
    pub policy: Digest,
    /// The bundles that count, by SHA-256.
    pub inputs: Vec<Digest>,
    /// Whether all of it is verified.
    pub passed: bool,
    /// Where what was judged starts; `None`: at the beginning.
    pub base: Option<CommitId>,
    /// The pinned root.
    pub root: Digest,
    /// The trust version that judged.
    pub trust_version: u64,
    /// The stage that was judged for.
    pub stage: Option<String>,
    /// How many units were judged.
    pub units: u64,
    /// How many of them passed in an emergency and are still to be signed.
    pub debts: u64,
    /// The version of the program.
    pub tool_version: String,
}

impl Summary {
    /// What it claims beside having passed. What was let through in an emergency isn't signed off yet.
    fn levels(&self) -> [&'static str; 1] {
        match (self.passed, self.debts) {
            (false, _) => ["FAILED"],
            (true, 0) => ["ORG_SOURCE_COUNTERSIGNED"],
            (true, _) => ["ORG_SOURCE_COUNTERSIGN_EMERGENCY"],
        }
    }

    /// The predicate, as other programs wrap it.
    ///
    /// # Errors
    /// It can't be written.
    pub fn to_predicate(&self) -> Result<Vec<u8>, AttestationError> {
        json::write(&self.predicate())
    }

    /// The payload of the statement.
    ///
    /// # Errors
    /// What [`parse`](Self::parse) would refuse.
    pub fn to_payload(&self) -> Result<Vec<u8>, AttestationError> {
        let mut subjects = vec![json!({
            "name": self.repository,
            "digest": { "gitCommit": self.head },
            "annotations": { "sourceRefs": [self.target] },
        })];
        let artifact = |(name, digest): &(String, Digest)| json!({ "name": name, "digest": { "sha256": digest } });
        subjects.extend(self.artifacts.iter().map(artifact));
        let payload = json::write(&json!({
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": SUMMARY_TYPE,
            "predicate": self.predicate(),
        }))?;
        Self::parse(&payload)?;
        Ok(payload)
    }

    fn predicate(&self) -> Value {
        let mut predicate = json!({
            "verifier": {
                "id": format!("{VERIFIER}{}", self.gate),
                "version": { "countersign": self.tool_version },
            },
            "timeVerified": self.verified_on.to_string(),
            "resourceUri": format!("{RESOURCE}{}", self.repository),
            "policy": {
                "uri": format!("{RESOURCE}{}#.countersign/policy.toml", self.repository),
                "digest": { "sha256": self.policy },
            },
            "verificationResult": if self.passed { "PASSED" } else { "FAILED" },
            "verifiedLevels": self.levels(),
            "slsaVersion": SLSA_VERSION,
            EXTENSION: {
                "scope": "complete",
                "target": self.target,
                "base": self.base,
                "root": self.root,
                "trustVersion": self.trust_version,
                "stage": self.stage,
                "units": self.units,
                "debts": self.debts,
            },
        });
        if self.inputs.len() <= INPUTS
            && let Some(predicate) = predicate.as_object_mut()
        {
            let input = |digest: &Digest| json!({ "digest": { "sha256": digest } });
            let inputs = self.inputs.iter().map(input).collect();
            predicate.insert("inputAttestations".to_owned(), Value::Array(inputs));
        }
        predicate
    }

    /// Reads a payload as such a summary of this program. Fields that it doesn't know are ignored in the predicate.
    ///
    /// # Errors
    /// Another type, or a field that is missing or wrong, by its path.
    pub fn parse(payload: &[u8]) -> Result<Self, AttestationError> {
        let document = json::parse(payload, Limits::bytes(limits::PAYLOAD_BYTES))?;
        let root = document.root();
        let object = root.object()?;
        let kind = object.required("_type")?;
        if kind.string()? != STATEMENT_TYPE {
            return Err(kind.error(ErrorKind::StatementType));
        }
        let kind = object.required("predicateType")?;
        if kind.string()? != SUMMARY_TYPE {
            let found = kind.string()?.to_owned();
            return Err(kind.error(ErrorKind::PredicateType { found }));
        }
        object.only(&["_type", "subject", "predicateType", "predicate"])?;
        let (repository, head, artifacts) = subjects(&object.required("subject")?)?;
        let predicate = object.required("predicate")?.object()?;
        let extension = predicate.required(EXTENSION)?.object()?;
        let scope = extension.required("scope")?;
        scope.one_of(&[("complete", ())], "complete")?;
        let verifier = predicate.required("verifier")?.object()?;
        let result = predicate.required("verificationResult")?;
        let results = [("PASSED", true), ("FAILED", false)];
        Ok(Self {
            gate: after(&verifier.required("id")?, VERIFIER)?,
            repository,
            target: extension.required("target")?.text(limits::STRING_BYTES)?,
            head,
            artifacts,
            verified_on: predicate.required("timeVerified")?.timestamp()?,
            policy: digest_of(&predicate.required("policy")?.object()?)?,
            inputs: inputs(&predicate)?,
            passed: result.one_of(&results, "PASSED or FAILED")?,
            base: or_null(&extension, "base", Node::commit_id)?,
            root: extension.required("root")?.digest()?,
            trust_version: extension.required("trustVersion")?.positive()?,
            stage: or_null(&extension, "stage", |stage| stage.text(limits::ID_BYTES))?,
            units: extension.required("units")?.u64()?,
            debts: extension.required("debts")?.u64()?,
            tool_version: tool_version(&verifier)?,
        })
    }
}

/// The text after a fixed start.
fn after(node: &Node<'_>, start: &'static str) -> Result<String, AttestationError> {
    let text = node.string()?.strip_prefix(start);
    let text = text.filter(|text| !text.is_empty());
    Ok(text.ok_or_else(|| node.bad_value(start))?.to_owned())
}

fn or_null<'a, T>(
    object: &Object<'a>,
    name: &str,
    read: impl FnOnce(&Node<'a>) -> Result<T, AttestationError>,
) -> Result<Option<T>, AttestationError> {
    let node = object.required(name)?;
    match node.is_null() {
        true => Ok(None),
        false => read(&node).map(Some),
    }
}

fn digest_of(object: &Object<'_>) -> Result<Digest, AttestationError> {
    let digests = object.required("digest")?.object()?;
    digests.required("sha256")?.digest()
}

fn tool_version(verifier: &Object<'_>) -> Result<String, AttestationError> {
    let versions = verifier.required("version")?.object()?;
    versions.required("countersign")?.text(limits::ID_BYTES)
}

fn inputs(predicate: &Object<'_>) -> Result<Vec<Digest>, AttestationError> {
    let inputs = predicate.optional_with("inputAttestations", |inputs| {
        inputs.array_of(INPUTS, |input| digest_of(&input.object()?))
    })?;
    Ok(inputs.unwrap_or_default())
}

type Subjects = (String, CommitId, Vec<(String, Digest)>);

/// The commit first, then what was built of it.
fn subjects(node: &Node<'_>) -> Result<Subjects, AttestationError> {
    let subjects = node.array(ARTIFACTS + 1)?;
    let Some((commit, artifacts)) = subjects.split_first() else {
        return Err(node.error(ErrorKind::SubjectCount {
            found: 0,
            expected: 1,
        }));
    };
    let object = commit.object()?;
    let repository = object.required("name")?.text(limits::STRING_BYTES)?;
    let digests = object.required("digest")?.object()?;
    digests.only(&["gitCommit"])?;
    let head = digests.required("gitCommit")?.commit_id()?;
    let artifact = |node: &Node<'_>| {
        let object = node.object()?;
        let name = object.required("name")?.text(limits::STRING_BYTES)?;
        Ok((name, digest_of(&object)?))
    };
    let artifacts = artifacts.iter().map(artifact).collect::<Result<_, _>>()?;
    Ok((repository, head, artifacts))
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
