//! Reading `[[engineer]]`, `[[automation]]` and `[[gate]]`.

use std::collections::{HashMap, HashSet};

use crate::change::Glob;
use crate::text::toml::{Fields, Placed, Reader};

use super::address::{BOT, addresses, is_bot_address, is_bot_login};
use super::key::{ENGINEER_KEY_KEYS, OTHER_KEY_KEYS, ReadKey, read_key, read_revocation};
use super::{Automation, Credential, Engineer, EngineerKey, Gate, Level};

/// The keys of an `[[engineer]]`.
pub(super) const ENGINEER_KEYS: [&str; 7] =
    ["id", "name", "level", "teams", "emails", "github", "key"];

/// The keys of an `[[automation]]`.
pub(super) const AUTOMATION_KEYS: [&str; 3] = ["id", "paths", "key"];

/// The keys of a `[[gate]]`.
pub(super) const GATE_KEYS: [&str; 2] = ["id", "key"];

/// The most keys of one person.
const KEYS_LIMIT: usize = 100;

/// The most teams of one person.
const TEAMS_LIMIT: usize = 100;

/// The most paths of a bot.
const PATHS_LIMIT: usize = 1_000;

/// The longest id in characters.
const ID_LIMIT: usize = 64;

/// What has been read so far of the roster's people, bots and gates.
pub(super) struct People<'r> {
    reader: &'r Reader<'r>,
    levels: Vec<&'r str>,
    /// Each id with the line where it stands.
    ids: HashMap<&'r str, usize>,
    /// Each address, those of identities included, with whose it is.
    addresses: HashMap<String, &'r str>,
    /// Each key with whose it is and the line where it stands.
    keys: HashMap<String, (&'r str, usize)>,
    /// The ids of the engineers, those with other mistakes included.
    pub engineers: Vec<&'r str>,
    /// The engineers with a key that is not revoked, or that has a mistake which is told.
    pub able: HashSet<&'r str>,
    /// Those of them with nothing but identities of Sigstore, which sign no trust metadata.
    pub keyless: HashSet<&'r str>,
}

impl<'r> People<'r> {
    pub(super) fn new(reader: &'r Reader<'r>, levels: Vec<&'r str>) -> Self {
        Self {
            reader,
            levels,
            ids: HashMap::new(),
            addresses: HashMap::new(),
            keys: HashMap::new(),
            engineers: Vec::new(),
            able: HashSet::new(),
            keyless: HashSet::new(),
        }
    }

    /// Reads one person. What is wrong is reported and left out.
    pub(super) fn engineer(&mut self, fields: &Fields<'r>) -> Option<Engineer> {
        fields.allow(&ENGINEER_KEYS);
        fields.demand(&["id", "name", "level"]);
        let id = self.id(fields);
        let name = fields.label("name");
        if let Some(name) = name.filter(|name| is_bot_login(name.value)) {
            self.reader.error(name.at, BOT);
        }
        let level = self.level(fields);
        let teams = fields.strings("teams", TEAMS_LIMIT).unwrap_or_default();
        let teams = fields.distinct("teams", teams);
        self.engineers.extend(id.map(|id| id.value));
        let owner = id.map_or("", |id| id.value);
        let emails = self.addresses(addresses(fields), owner);
        let keys = self.engineer_keys(fields, owner);
        Some(Engineer {
            id: id?.value.to_owned(),
            name: name?.value.to_owned(),
            level: level?,
            teams: teams.iter().map(|team| team.value.to_owned()).collect(),
            emails,
            keys,
            line: fields.line(),
        })
    }

    /// Reads a bot.
    pub(super) fn automation(&mut self, fields: &Fields<'r>) -> Option<Automation> {
        fields.allow(&AUTOMATION_KEYS);
        fields.demand(&AUTOMATION_KEYS);
        let id = self.id(fields);
        let paths = fields.some_strings("paths", PATHS_LIMIT);
        let paths = fields.distinct("paths", paths.unwrap_or_default());
        let glob = |path: &Placed<&str>| match Glob::new(path.value) {
            Ok(glob) => Some(glob),
            Err(error) => {
                self.reader.error(path.at, format!("\"paths\": {error}"));
                None
            }
        };
        let paths: Vec<_> = paths.iter().filter_map(glob).collect();
        let key = self.other_key(fields, id, "automation.key");
        Some(Automation {
            id: id?.value.to_owned(),
            paths,
            key: key?,
        })
    }

    /// Reads a gate.
    pub(super) fn gate(&mut self, fields: &Fields<'r>) -> Option<Gate> {
        fields.allow(&GATE_KEYS);
        fields.demand(&GATE_KEYS);
        let id = self.id(fields);
        let key = self.other_key(fields, id, "gate.key");
        let key = match key? {
            Credential::Key(key) => key,
            // A summary is about a commit, by an id that Sigstore's clients take for none.
            Credential::Keyless(_) => {
                let message = "a gate signs with a key, not by Sigstore";
                self.reader.error(fields.at, message);
                return None;
            }
        };
        Some(Gate {
            id: id?.value.to_owned(),
            key,
        })
    }

    fn id(&mut self, fields: &Fields<'r>) -> Option<Placed<&'r str>> {
        let id = fields.string("id")?;
        if is_bot_login(id.value) {
            self.reader.error(id.at, BOT);
            return None;
        }
        if !is_id(id.value) {
            let message = "\"id\" must be lower-case letters, digits, \"-\", \"_\" and \".\", \
                           with a letter or digit first";
            self.reader.error(id.at, message);
            return None;
        }
        let line = self.reader.line(id.at);
        if let Some(first) = self.ids.insert(id.value, line) {
            let message = format!("the id \"{}\" is that of line {first} too", id.value);
            self.reader.error(id.at, message);
        }
        Some(id)
    }

    fn level(&self, fields: &Fields<'r>) -> Option<Level> {
        let name = fields.string("level")?;
        let rank = self.levels.iter().position(|known| *known == name.value);
        // Without any level the mistake lies in `levels`, and is told there.
        if rank.is_none() && !self.levels.is_empty() {
            fields.unknown("level", name, &self.levels);
        }
        rank.map(Level)
    }

    /// Gives each address one owner.
    fn addresses(&mut self, found: Vec<Placed<String>>, owner: &'r str) -> Vec<String> {
        for address in &found {
            match self.addresses.get(&address.value) {
                Some(other) => {
                    let message = format!("{} is \"{other}\"'s already", address.value);
                    self.reader.error(address.at, message);
                }
                None => {
                    self.addresses.insert(address.value.clone(), owner);
                }
            }
        }
        found.into_iter().map(|address| address.value).collect()
    }

    fn engineer_keys(&mut self, fields: &Fields<'r>, owner: &'r str) -> Vec<EngineerKey> {
        let mut keys = Vec::new();
        for table in fields.tables("key", "[[engineer.key]]", KEYS_LIMIT) {
            table.allow(&ENGINEER_KEY_KEYS);
            let revoked = read_revocation(&table);
            // A key with a mistake is told as such, not as missing too.
            if !table.has("revoked") {
                self.able.insert(owner);
            }
            let Some(read) = read_key(&table) else {
                continue;
            };
            if self.own(&read, owner)
                && let Some(mailbox) = self.own_mailbox(&read, owner)
                && is_bot_address(&mailbox)
            {
                self.reader.error(read.identity.at, BOT);
            }
            keys.push(EngineerKey {
                key: read.credential,
                revoked,
            });
        }
        let in_force = || keys.iter().filter(|key| key.revoked.is_none());
        if in_force().count() > 0 && in_force().all(|key| key.key.key().is_none()) {
            self.keyless.insert(owner);
        }
        keys
    }

    fn other_key(
        &mut self,
        fields: &Fields<'r>,
        id: Option<Placed<&'r str>>,
        name: &'static str,
    ) -> Option<Credential> {
        let table = fields.table("key", name)?;
        table.allow(&OTHER_KEY_KEYS);
        let read = read_key(&table)?;
        let owner = id.map_or("", |id| id.value);
        if self.own(&read, owner) {
            self.own_mailbox(&read, owner);
        }
        Some(read.credential)
    }

    /// Gives the mailbox of an identity one owner: a certificate is for whoever reads it, at whatever issuer.
    fn own_mailbox(&mut self, key: &ReadKey, owner: &'r str) -> Option<String> {
        let Credential::Keyless(identity) = &key.credential else {
            return None;
        };
        let mailbox = identity.mailbox()?.to_lowercase();
        match self.addresses.get(&mailbox) {
            Some(other) if *other != owner => {
                let message = format!("{mailbox} is \"{other}\"'s already");
                self.reader.error(key.identity.at, message);
            }
            _ => {
                self.addresses.insert(mailbox.clone(), owner);
            }
        }
        Some(mailbox)
    }

    /// Gives a key one owner (attack 25); says whether it had none.
    fn own(&mut self, key: &ReadKey, owner: &'r str) -> bool {
        let line = self.reader.line(key.identity.at);
        let identity = key.identity.value.clone();
        let known = self.keys.insert(identity, (owner, line));
        if let Some((other, first)) = known {
            let message = if other == owner {
                format!("the key stands in line {first} too")
            } else {
                format!("the key is \"{other}\"'s already, in line {first}")
            };
            self.reader.error(key.identity.at, message);
        }
        known.is_none()
    }
}

fn is_id(id: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    id.len() <= ID_LIMIT && id.starts_with(word) && id.chars().all(|c| word(c) || "-_.".contains(c))
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
