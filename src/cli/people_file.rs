//! Files that name people and their keys: CSV, OpenSSH's allowed_signers, a code host's `USER.keys`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use countersign::keys::{KeyError, PublicKey};

/// The most people of one file.
const MAX_PEOPLE: usize = 10_000;
/// The columns that a table may have.
const COLUMNS: [&str; 8] = [
    "id",
    "name",
    "level",
    "email",
    "team",
    "github",
    "github_id",
    "key",
];

/// Somebody as a file has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub id: Option<String>,
    pub name: Option<String>,
    pub level: Option<String>,
    pub emails: Vec<String>,
    pub teams: Vec<String>,
    pub github: Option<String>,
    pub github_id: Option<u64>,
    pub keys: Vec<PublicKey>,
    /// The kinds of keys that can't be used.
    pub unusable: BTreeSet<String>,
}

/// Why a file names no people.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    #[error("line {line}: {why}")]
    Line { line: u64, why: String },
    #[error("{0}")]
    File(String),
}

impl Person {
    /// The id for somebody whom the roster doesn't have yet: of the file, else of the login or address.
    pub fn new_id(&self) -> String {
        let from = [self.id.as_ref(), self.github.as_ref()];
        let address = || {
            self.emails
                .first()
                .and_then(|email| email.split('@').next())
        };
        let from = from.into_iter().flatten().next().map(String::as_str);
        let from = from.or_else(address).unwrap_or_default();
        let lower = from.to_lowercase();
        let id = lower.replace(
            |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)),
            "-",
        );
        id.trim_start_matches(['-', '_', '.']).to_owned()
    }

    /// Takes a key of whatever kind; a broken one is a mistake of the file.
    fn key(&mut self, line: &str) -> Result<(), String> {
        match PublicKey::from_openssh(&single_spaces(line)) {
            Ok(key) => {
                self.keys.push(key);
                Ok(())
            }
            Err(KeyError::Unsupported { algorithm }) => {
                self.unusable.insert(algorithm);
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Reads a file of any of the three forms; `whose` owns the keys of a text that has nothing but keys.
///
/// # Errors
/// [`PeopleError`] with the line of the first mistake.
pub fn parse(text: &str, whose: Option<&str>) -> Result<Vec<Person>, PeopleError> {
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let people = match first {
        None => Err(PeopleError::File("nobody is in it".to_owned())),
        Some(first) if is_key(first) => keys(text, whose),
        Some(first) if first.split_whitespace().any(is_algorithm) => allowed_signers(text),
        Some(_) => table(text),
    }?;
    if people.len() > MAX_PEOPLE {
        let why = format!("more than {MAX_PEOPLE} people");
        return Err(PeopleError::File(why));
    }
    Ok(people)
}

fn is_algorithm(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"]
        .iter()
        .any(|start| word.starts_with(start))
}

fn is_key(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(is_algorithm)
}

fn single_spaces(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Each line with its number, without comments and empty ones.
fn content(text: &str) -> impl Iterator<Item = (u64, &str)> {
    let numbered = (1..).zip(text.lines().map(str::trim));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn at(line: u64) -> impl Fn(String) -> PeopleError {
    move |why| PeopleError::Line { line, why }
}

/// Keys alone, one a line, as a host gives them for a user.
fn keys(text: &str, whose: Option<&str>) -> Result<Vec<Person>, PeopleError> {
    let whose = whose.ok_or_else(|| {
        PeopleError::File("a text of keys alone: --id says whose they are".to_owned())
    })?;
    let mut person = Person {
        id: Some(whose.to_owned()),
        ..Person::default()
    };
    for (number, line) in content(text) {
        person.key(line).map_err(at(number))?;
    }
    Ok(vec![person])
}

/// ssh-keygen's ALLOWED SIGNERS: `principals [options] key`. A principal is taken for an address.
fn allowed_signers(text: &str) -> Result<Vec<Person>, PeopleError> {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for (number, line) in content(text) {
        let at = at(number);
        let (principals, rest) = line
            .split_once(char::is_whitespace)
            .ok_or_else(|| at("no key".to_owned()))?;
        let key = key_after_options(rest).ok_or_else(|| at("no key".to_owned()))?;
        let options = rest.get(..rest.len() - key.len()).unwrap_or_default();
        if options.to_lowercase().contains("cert-authority") {
            return Err(at(
                "a certificate authority signs for nobody here".to_owned()
            ));
        }
        let emails: Vec<_> = principals
            .trim_matches('"')
            .split(',')
            .map(str::to_owned)
            .collect();
        if emails.iter().any(|email| email.contains(['*', '?', '!'])) {
            let why = "a pattern of principals; each must be one address";
            return Err(at(why.to_owned()));
        }
        let first = emails.first().cloned().unwrap_or_default();
        let person = people.entry(first.to_lowercase()).or_default();
        // A bare word is an id.
        let (addresses, words): (Vec<_>, Vec<_>) =
            emails.into_iter().partition(|email| email.contains('@'));
        person.id = person.id.take().or_else(|| words.first().cloned());
        for email in addresses {
            if !person.emails.contains(&email) {
                person.emails.push(email);
            }
        }
        person.key(key).map_err(at)?;
    }
    Ok(people.into_values().collect())
}

/// The key of `[options] key`; options may hold quoted spaces.
fn key_after_options(rest: &str) -> Option<&str> {
    let mut quoted = false;
    let mut start = true;
    for (at, c) in rest.char_indices() {
        if start && !quoted && is_algorithm(rest.get(at..)?) {
            return rest.get(at..);
        }
        quoted ^= c == '"';
        start = c.is_whitespace();
    }
    None
}

/// A table with a header. Several values in a field are separated by `;`, several rows of one person add up.
fn table(text: &str) -> Result<Vec<Person>, PeopleError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let file = |error: csv::Error| PeopleError::File(error.to_string());
    let header: Vec<String> = reader.headers().map_err(file)?.iter().map(column).collect();
    if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let known = COLUMNS.join(", ");
        let why = format!("the unknown column \"{unknown}\" (known: {known})");
        return Err(PeopleError::File(why));
    }
    let mut people: Vec<Person> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in reader.records() {
        let row = row.map_err(file)?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut person = Person::default();
        for (name, field) in header.iter().zip(&row) {
            fill(&mut person, name, field).map_err(at(line))?;
        }
        let id = person.new_id();
        if id.is_empty() {
            return Err(at(line)("no id, login or address".to_owned()));
        }
        match places.get(&id).and_then(|at| people.get_mut(*at)) {
            Some(known) => unite(known, person),
            None => {
                places.insert(id, people.len());
                people.push(person);
            }
        }
    }
    Ok(people)
}

fn column(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').to_lowercase();
    match name.as_str() {
        "emails" | "teams" | "keys" => name.trim_end_matches('s').to_owned(),
        "login" => "github".to_owned(),
        _ => name,
    }
}

fn fill(person: &mut Person, column: &str, field: &str) -> Result<(), String> {
    let some = || (!field.is_empty()).then(|| field.to_owned());
    let several = || {
        let values = field.split(';').map(str::trim);
        values.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    match column {
        "id" => person.id = some(),
        "name" => person.name = some(),
        "level" => person.level = some(),
        "github" => person.github = some(),
        "email" => person.emails = several().collect(),
        "team" => person.teams = several().collect(),
        "github_id" if !field.is_empty() => {
            let number = field
                .parse()
                .map_err(|_| format!("github_id {field} is no number"))?;
            person.github_id = Some(number);
        }
        "key" => {
            for key in several() {
                person.key(&key)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn unite(known: &mut Person, other: Person) {
    known.keys.extend(other.keys);
    known.unusable.extend(other.unusable);
    for (list, more) in [
        (&mut known.emails, other.emails),
        (&mut known.teams, other.teams),
    ] {
        for item in more {
            if !list.contains(&item) {
                list.push(item);
            }
        }
    }
}

#[cfg(test)]
#[path = "people_file_tests.rs"]
mod tests;
