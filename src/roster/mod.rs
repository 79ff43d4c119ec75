//! The roster: who takes part, at which level, in which teams, with which keys. SPEC section 5.
//!
//! [`Roster::parse`] reads and checks `roster.toml`; the rest answers questions about people. The
//! roster alone says a person's level and team; nothing in a statement does. [`RosterEditor`] edits
//! the text and keeps its comments and order.

mod address;
mod credential;
mod edit;
mod key;
mod lint;
mod parse;
mod people;
#[cfg(test)]
pub(crate) mod testing;

use std::collections::HashMap;

use crate::change::{Digest, Glob, Identity, RepoPath};
use crate::keys::PublicKey;
pub use credential::Credential;
pub use edit::{EditError, EngineerChange, NewEngineer, NewGithub, RosterEditor};

/// A person's id: lower-case letters, digits, `-`, `_`, `.`; unique in the roster.
pub type PersonId = String;

/// A level by its rank in the roster's `levels`: 0 is the lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(pub usize);

/// The people, bots and gates that a trust version knows.
#[derive(Debug, Clone)]
pub struct Roster {
    levels: Vec<String>,
    engineers: Vec<Engineer>,
    automations: Vec<Automation>,
    gates: Vec<Gate>,
    admins: Admins,
    withdrawn: Vec<Withdrawn>,
    index: Index,
}

/// Where people stand in the roster, by what they are looked up by.
#[derive(Debug, Clone, Default)]
struct Index {
    by_id: HashMap<PersonId, usize>,
    /// Lower case.
    by_address: HashMap<String, usize>,
    /// The person and the key, by each of its names.
    by_key: HashMap<String, (usize, usize)>,
    /// The bot, by each of its key's names.
    by_bot_key: HashMap<String, usize>,
}

impl Index {
    fn of(engineers: &[Engineer], automations: &[Automation]) -> Self {
        let mut index = Self::default();
        for (at, bot) in automations.iter().enumerate() {
            let names = bot.key.hints().map(|name| (name, at));
            index.by_bot_key.extend(names);
        }
        for (at, engineer) in engineers.iter().enumerate() {
            index.by_id.insert(engineer.id.clone(), at);
            for address in &engineer.emails {
                index.by_address.insert(address.clone(), at);
            }
            for (key_at, key) in engineer.keys.iter().enumerate() {
                for name in key.key.hints() {
                    index.by_key.insert(name, (at, key_at));
                }
            }
        }
        index
    }
}

/// A person.
#[derive(Debug, Clone)]
pub struct Engineer {
    /// The id.
    pub id: PersonId,
    /// The name, for people to read.
    pub name: String,
    /// The level.
    pub level: Level,
    /// The teams.
    pub teams: Vec<String>,
    /// Every address that counts as this person's: `emails` and GitHub's noreply forms. Lower case.
    pub emails: Vec<String>,
    /// The keys, those that are revoked included.
    pub keys: Vec<EngineerKey>,
    /// The line in `roster.toml` where the person starts, from 1.
    pub line: usize,
}

impl Engineer {
    /// Whether some key is not revoked.
    pub fn can_sign(&self) -> bool {
        self.keys.iter().any(|key| key.revoked.is_none())
    }

    /// Whether a key in force is in a security key, whose signatures prove a touch.
    pub fn has_security_key(&self) -> bool {
        let mut keys = self.keys.iter().filter(|key| key.revoked.is_none());
        keys.any(|key| key.key.is_security_key())
    }
}

/// A key of a person.
#[derive(Debug, Clone)]
pub struct EngineerKey {
    /// The key, or the identity in its place.
    pub key: Credential,
    /// Since when and why the key no longer signs.
    pub revoked: Option<Revocation>,
}

/// Why a key no longer signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The date, as `YYYY-MM-DD`.
    pub on: String,
    /// Retired or compromised.
    pub reason: RevocationReason,
}

/// The reasons for a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    /// The key was given up in good order.
    Retired,
    /// Somebody else may have used the key.
    Compromised,
}

impl std::fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        })
    }
}

/// A bot: its key and the paths that are its own. Never a person.
#[derive(Debug, Clone)]
pub struct Automation {
    /// The id.
    pub id: String,
    /// The paths that are its own.
    pub paths: Vec<Glob>,
    /// Its key, or the identity in its place.
    pub key: Credential,
}

impl Automation {
    /// Whether a path is its own.
    pub fn owns(&self, path: &RepoPath) -> bool {
        self.paths.iter().any(|glob| glob.matches(path))
    }
}

/// A CI's key, for verdicts alone.
#[derive(Debug, Clone)]
pub struct Gate {
    /// The id.
    pub id: String,
    /// Its key.
    pub key: PublicKey,
}

/// Who signs trust versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admins {
    /// Ids of engineers.
    pub ids: Vec<PersonId>,
    /// How many of them must sign; at least 1, at most their number.
    pub threshold: usize,
}

/// A statement that no longer counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// SHA-256 of the statement's payload.
    pub payload: Digest,
    /// Why.
    pub why: String,
}

impl Roster {
    /// The names of the levels, the lowest first.
    pub fn levels(&self) -> &[String] {
        &self.levels
    }

    /// The level of this name.
    pub fn level(&self, name: &str) -> Option<Level> {
        self.levels
            .iter()
            .position(|known| known == name)
            .map(Level)
    }

    /// The name of a level; the empty string for a level of another roster.
    pub fn level_name(&self, level: Level) -> &str {
        self.levels.get(level.0).map_or("", String::as_str)
    }

    /// The lowest level.
    pub fn lowest_level(&self) -> Level {
        Level(0)
    }

    /// The top level.
    pub fn top_level(&self) -> Level {
        Level(self.levels.len().saturating_sub(1))
    }

    /// The people, in the file's order.
    pub fn engineers(&self) -> &[Engineer] {
        &self.engineers
    }

    /// The person of this id.
    pub fn engineer(&self, id: &str) -> Option<&Engineer> {
        self.engineers.get(*self.index.by_id.get(id)?)
    }

    /// The person whose address a commit or trailer claims. A claim only ever adds authors.
    pub fn claimed(&self, identity: &Identity) -> Option<&Engineer> {
        let at = self.index.by_address.get(&identity.email.to_lowercase())?;
        self.engineers.get(*at)
    }

    /// The person and key that a bundle's hint, or the identity in its certificate, names ([`Credential::is_named`]).
    pub fn key(&self, hint: &str) -> Option<(&Engineer, &EngineerKey)> {
        let (at, key_at) = self.index.by_key.get(hint)?;
        let engineer = self.engineers.get(*at)?;
        Some((engineer, engineer.keys.get(*key_at)?))
    }

    /// The bots.
    pub fn automations(&self) -> &[Automation] {
        &self.automations
    }

    /// The bot with this id.
    pub fn automation(&self, id: &str) -> Option<&Automation> {
        self.automations.iter().find(|bot| bot.id == id)
    }

    /// The bot whose key it names, as [`Self::key`].
    pub fn automation_key(&self, hint: &str) -> Option<&Automation> {
        self.automations.get(*self.index.by_bot_key.get(hint)?)
    }

    /// The CI keys.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// Who signs trust versions.
    pub fn admins(&self) -> &Admins {
        &self.admins
    }

    /// The statements that no longer count.
    pub fn withdrawn(&self) -> &[Withdrawn] {
        &self.withdrawn
    }

    /// Takes back what a later roster takes back: keys that it revokes as compromised, statements that it
    /// withdraws.
    pub fn take_back(&mut self, later: &Self) {
        let keys = self
            .engineers
            .iter_mut()
            .flat_map(|engineer| &mut engineer.keys);
        for key in keys.filter(|key| key.revoked.is_none()) {
            let revoked = later
                .key(&key.key.name())
                .and_then(|(_, key)| key.revoked.as_ref());
            let compromised =
                revoked.filter(|revoked| revoked.reason == RevocationReason::Compromised);
            key.revoked = compromised.cloned();
        }
        self.withdrawn.extend(later.withdrawn.iter().cloned());
    }

    /// The keys in force here that a later roster revokes as compromised: person and the key's name.
    pub fn newly_compromised(&self, later: &Self) -> Vec<(PersonId, String)> {
        let mut found = Vec::new();
        for engineer in &self.engineers {
            for key in engineer.keys.iter().filter(|key| key.revoked.is_none()) {
                let fingerprint = key.key.name();
                let revoked = later.key(&fingerprint);
                let revoked = revoked.and_then(|(_, key)| key.revoked.as_ref());
                if revoked.is_some_and(|it| it.reason == RevocationReason::Compromised) {
                    found.push((engineer.id.clone(), fingerprint));
                }
            }
        }
        found
    }

    /// Whose statements only a trusted root of Sigstore can check: somebody with an identity in force in place of a key.
    pub fn keyless(&self) -> Option<&PersonId> {
        let mut people = self.engineers.iter();
        let in_force = |key: &EngineerKey| key.revoked.is_none() && key.key.key().is_none();
        let person = people.find(|engineer| engineer.keys.iter().any(in_force));
        let mut bots = self.automations.iter();
        let bot = || bots.find(|bot| bot.key.key().is_none()).map(|bot| &bot.id);
        person.map(|person| &person.id).or_else(bot)
    }

    /// Whose identity of Sigstore in force has this name.
    pub fn keyless_owner(&self, name: &str) -> Option<&PersonId> {
        let person = self.key(name).filter(|(_, key)| key.revoked.is_none());
        let person = person.map(|(person, key)| (&person.id, &key.key));
        let bot = || self.automation_key(name).map(|bot| (&bot.id, &bot.key));
        let (owner, credential) = person.or_else(bot)?;
        credential.key().is_none().then_some(owner)
    }
}
