//! A version that may still lack signatures: what admins pass on until enough of them have signed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::chain::{TrustError, VerifiedVersion, Whose};
use super::issue::{IssueError, NewVersion};
use crate::attestation::{Envelope, Statement, TrustMetadata};
use crate::change::{Digest, sha256};
use crate::keys::{KeyError, PublicKey, Signer};

/// A version that was read or made, with signatures that nobody has checked.
#[derive(Debug, Clone)]
pub struct Draft {
    number: u64,
    envelope: Envelope,
    metadata: TrustMetadata,
    payload: Digest,
    roster: Digest,
    policy: Digest,
}

/// Admins' keys by fingerprint, each with whose it is.
type AdminKeys = BTreeMap<String, (String, PublicKey)>;

/// The keys of a chain's admins, each read once: most versions name the same.
#[derive(Default)]
pub(super) struct Keys(HashMap<String, (String, PublicKey)>);

impl Keys {
    /// A key and its fingerprint.
    fn read(&mut self, line: &str) -> Result<(String, PublicKey), KeyError> {
        if let Some(known) = self.0.get(line) {
            return Ok(known.clone());
        }
        let key = PublicKey::from_openssh(line)?;
        let read = (key.fingerprint(), key);
        self.0.insert(line.to_owned(), read.clone());
        Ok(read)
    }
}

/// Whose signatures a version has, and whose it misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// By the admins that the version names itself.
    pub own: Count,
    /// By the admins of the version before; `None` for version 1.
    pub previous: Option<Count>,
}

/// How many of some admins signed. People, however many keys they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// Who signed, sorted.
    pub signed: Vec<String>,
    /// Who could still sign, sorted.
    pub left: Vec<String>,
    /// How many must.
    pub need: usize,
}

impl Count {
    /// How many are missing.
    pub fn missing(&self) -> usize {
        self.need.saturating_sub(self.signed.len())
    }
}

impl Progress {
    /// Whether both thresholds are reached.
    pub fn is_complete(&self) -> bool {
        self.missing() == 0
    }

    /// How many must sign at least, if whoever is an admin of both versions signs first.
    pub fn missing(&self) -> usize {
        self.counts().map(Count::missing).max().unwrap_or(0)
    }

    /// Whose signature would lower what is missing, sorted.
    pub fn who(&self) -> BTreeSet<&str> {
        let waiting = self.counts().filter(|count| count.missing() > 0);
        waiting
            .flat_map(|count| count.left.iter().map(String::as_str))
            .collect()
    }

    /// Who signed for either side, sorted.
    pub fn signed(&self) -> BTreeSet<&str> {
        self.counts()
            .flat_map(|count| count.signed.iter().map(String::as_str))
            .collect()
    }

    fn counts(&self) -> impl Iterator<Item = &Count> {
        std::iter::once(&self.own).chain(&self.previous)
    }
}

impl Draft {
    /// A new version without signatures.
    ///
    /// # Errors
    /// Where the statement is over a documented limit.
    pub fn new(version: &NewVersion<'_>) -> Result<Self, IssueError> {
        let statement = version.statement();
        let (files, metadata) = (statement.subject, statement.predicate.clone());
        let envelope = Envelope::new(statement.to_payload()?);
        Ok(Self {
            number: version.number,
            payload: envelope.payload_digest(),
            envelope,
            metadata,
            roster: files.roster,
            policy: files.policy,
        })
    }

    /// Reads an envelope whose file name says `number`. No signature is checked.
    ///
    /// # Errors
    /// Where it is no trust version, or another one.
    pub fn parse(number: u64, bytes: &[u8]) -> Result<Self, TrustError> {
        let malformed = |error| TrustError::Malformed {
            version: number,
            error,
        };
        let envelope = Envelope::parse(bytes).map_err(malformed)?;
        let statement = Statement::<TrustMetadata>::parse(envelope.payload()).map_err(malformed)?;
        let (files, metadata) = (statement.subject, statement.predicate);
        if metadata.version != number {
            return Err(TrustError::WrongNumber {
                file: number,
                found: metadata.version,
            });
        }
        let payload = sha256(envelope.payload());
        Ok(Self {
            number,
            envelope,
            metadata,
            payload,
            roster: files.roster,
            policy: files.policy,
        })
    }

    /// The payload's digest: what admins sign, and of version 1 the root.
    pub fn payload(&self) -> Digest {
        self.payload
    }

    /// The predicate. Unverified.
    pub fn metadata(&self) -> &TrustMetadata {
        &self.metadata
    }

    /// Whether it is a version of these files, to follow `previous`.
    pub fn is_of(&self, roster: &Digest, policy: &Digest, previous: Option<&Digest>) -> bool {
        self.roster == *roster
            && self.policy == *policy
            && self.metadata.previous.as_ref() == previous
    }

    /// The envelope's bytes.
    ///
    /// # Errors
    /// Where nobody has signed yet.
    pub fn to_bytes(&self) -> Result<Vec<u8>, IssueError> {
        Ok(self.envelope.to_bytes()?)
    }

    /// The same version without signatures.
    #[must_use]
    pub fn unsigned(&self) -> Self {
        Self {
            envelope: Envelope::new(self.envelope.payload().to_vec()),
            ..self.clone()
        }
    }

    /// Signs it, unless this key has.
    ///
    /// # Errors
    /// Where the key is none of an admin of this version or the one before: nothing would be gained.
    pub fn sign(
        &mut self,
        before: Option<&VerifiedVersion>,
        signer: &dyn Signer,
    ) -> Result<(), IssueError> {
        let fingerprint = signer.public_key().fingerprint();
        if !self.all_keys(before)?.contains_key(&fingerprint) {
            return Err(IssueError::NotAdmin);
        }
        let signature = signer.sign(&self.envelope.pae())?;
        self.envelope.add_signature(fingerprint, signature);
        Ok(())
    }

    /// Takes over the signatures of another copy of this very version that verify, one for each key.
    ///
    /// # Errors
    /// Where this version's admins can't be read.
    pub fn merge(
        &mut self,
        other: &Self,
        before: Option<&VerifiedVersion>,
    ) -> Result<(), IssueError> {
        if other.payload != self.payload {
            return Ok(());
        }
        let keys = self.all_keys(before)?;
        let message = self.envelope.pae();
        for signature in other.envelope.signatures() {
            let known = self.envelope.signatures().iter();
            let verifies = |key: &PublicKey| key.verify(&message, &signature.sig).is_ok();
            if known.clone().all(|known| known.keyid != signature.keyid)
                && keys.get(&signature.keyid).is_some_and(verifies)
            {
                self.envelope
                    .add_signature(signature.keyid.clone(), signature.sig.clone());
            }
        }
        Ok(())
    }

    /// Whose signatures it has and misses.
    ///
    /// # Errors
    /// Where the admins of one of the versions make no sense.
    pub fn progress(&self, before: Option<&VerifiedVersion>) -> Result<Progress, TrustError> {
        self.progress_with(before, &mut Keys::default())
    }

    /// The same with keys that were read for other versions already.
    fn progress_with(
        &self,
        before: Option<&VerifiedVersion>,
        keys: &mut Keys,
    ) -> Result<Progress, TrustError> {
        let own = self.admin_keys(&self.metadata, keys)?;
        let previous = before
            .map(|before| self.admin_keys(&before.metadata, keys))
            .transpose()?;
        let message = self.envelope.pae();
        let mut verified = BTreeSet::new();
        for signature in self.envelope.signatures() {
            // The key id only says which key to try.
            let mut admins = std::iter::once(&own).chain(&previous);
            let key = admins.find_map(|keys| keys.get(&signature.keyid));
            if let Some((_, key)) = key
                && key.verify(&message, &signature.sig).is_ok()
            {
                verified.insert(signature.keyid.as_str());
            }
        }
        let previous = before.zip(previous);
        Ok(Progress {
            own: count(&self.metadata, &own, &verified),
            previous: previous.map(|(before, keys)| count(&before.metadata, &keys, &verified)),
        })
    }

    /// Checks that it follows the version before, its own threshold, and that version's.
    pub(super) fn verified(
        self,
        before: Option<&VerifiedVersion>,
        keys: &mut Keys,
    ) -> Result<VerifiedVersion, TrustError> {
        if self.metadata.previous != before.map(|before| before.payload) {
            return Err(TrustError::WrongPrevious(self.number));
        }
        let Progress { own, previous } = self.progress_with(before, keys)?;
        self.reaches(&own, Whose::Own)?;
        if let Some(previous) = previous {
            self.reaches(&previous, Whose::Previous)?;
        }
        Ok(VerifiedVersion {
            signed_by: own.signed,
            metadata: self.metadata,
            payload: self.payload,
            roster: self.roster,
            policy: self.policy,
        })
    }

    fn reaches(&self, count: &Count, whose: Whose) -> Result<(), TrustError> {
        if count.missing() == 0 {
            return Ok(());
        }
        Err(TrustError::Threshold {
            version: self.number,
            have: count.signed.len(),
            need: count.need,
            whose,
        })
    }

    /// The keys whose signatures are worth something, by fingerprint.
    fn all_keys(
        &self,
        before: Option<&VerifiedVersion>,
    ) -> Result<BTreeMap<String, PublicKey>, TrustError> {
        let (mut keys, mut read) = (BTreeMap::new(), Keys::default());
        for metadata in std::iter::once(&self.metadata).chain(before.map(|before| &before.metadata))
        {
            let admins = self.admin_keys(metadata, &mut read)?;
            keys.extend(admins.into_iter().map(|(id, (_, key))| (id, key)));
        }
        Ok(keys)
    }

    /// The admins' keys by fingerprint.
    fn admin_keys(
        &self,
        metadata: &TrustMetadata,
        read: &mut Keys,
    ) -> Result<AdminKeys, TrustError> {
        let version = self.number;
        let mut ids = BTreeSet::new();
        let mut keys = BTreeMap::new();
        for admin in &metadata.admins {
            if !ids.insert(&admin.id) {
                return Err(TrustError::Twice {
                    version,
                    what: admin.id.clone(),
                });
            }
            for line in &admin.keys {
                let bad = |error| TrustError::BadKey {
                    version,
                    admin: admin.id.clone(),
                    error,
                };
                let (fingerprint, key) = read.read(line).map_err(bad)?;
                if keys
                    .insert(fingerprint.clone(), (admin.id.clone(), key))
                    .is_some()
                {
                    return Err(TrustError::Twice {
                        version,
                        what: fingerprint,
                    });
                }
            }
        }
        if metadata.threshold == 0 || metadata.threshold > ids.len() as u64 {
            return Err(TrustError::BadThreshold(version));
        }
        Ok(keys)
    }
}

/// Counts the admins of `metadata` of whom a signature verified: people, however many keys they have.
fn count(metadata: &TrustMetadata, keys: &AdminKeys, verified: &BTreeSet<&str>) -> Count {
    let signed = keys
        .iter()
        .filter(|(fingerprint, _)| verified.contains(fingerprint.as_str()));
    let signed: BTreeSet<_> = signed.map(|(_, (admin, _))| admin.clone()).collect();
    let all: BTreeSet<_> = metadata.admins.iter().map(|admin| &admin.id).collect();
    let left = all.into_iter().filter(|id| !signed.contains(*id));
    Count {
        left: left.cloned().collect(),
        signed: signed.into_iter().collect(),
        need: usize::try_from(metadata.threshold).unwrap_or(usize::MAX),
    }
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
