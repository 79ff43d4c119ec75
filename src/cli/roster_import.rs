//! `roster import`: many people at once, from a table, an allowed_signers file or a host's list of keys.

use std::collections::BTreeMap;

use countersign::change::Identity;
use countersign::keys::PublicKey;
use countersign::roster::{EngineerChange, NewEngineer, NewGithub, Roster, RosterEditor};
use countersign::text::escape;
use countersign::trust::ROSTER_PATH;

use super::context::Context;
use super::people_file::{self, Person};
use super::roster::read;
use super::roster_args::RosterImportArgs;
use super::roster_edit::{NEXT, edit_failure, refuse_published, save};
use super::{Done, Failure, Output, text_file};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;
/// The most people that are named in one line.
const SHOWN: usize = 20;

/// What became of the people of a file.
#[derive(Default)]
struct Tally {
    new: usize,
    changed: usize,
    same: usize,
    /// Those left out, since none of their keys can be used, by the kinds of their keys.
    no_key: BTreeMap<String, Vec<String>>,
}

/// Adds and changes the people of a file.
pub fn run(
    args: &RosterImportArgs,
    context: &Context,
    output: &mut Output,
) -> Result<Done, Failure> {
    let people = people_file::parse(
        &text_file::read(&args.file, MAX_FILE)?,
        whose(args).as_deref(),
    )
    .map_err(|error| Failure::usage(format!("{}: {error}", args.file.display())))?;
    let keys: Vec<_> = people.iter().flat_map(|person| &person.keys).collect();
    refuse_published(context, keys)?;
    let before = read(context, ROSTER_PATH)?;
    let mut editor = RosterEditor::new(&before, ROSTER_PATH).map_err(edit_failure)?;
    let roster = Roster::parse(&before, ROSTER_PATH)
        .map_err(|errors| edit_failure(countersign::roster::EditError::Before(errors)))?;
    let mut import = Import {
        level: args.level.as_ref(),
        added: BTreeMap::new(),
        tally: Tally::default(),
    };
    for person in &people {
        match known(person, &roster, &editor) {
            Some(id) => import.change(person, &id, &mut editor)?,
            None => import.add(person)?,
        }
    }
    for new in import.added.values() {
        editor.add(new).map_err(edit_failure)?;
    }
    let tally = Tally {
        new: import.added.len(),
        ..import.tally
    };
    if tally.new + tally.changed > 0 {
        save(context, editor)?;
    }
    tell(&tally, output)?;
    Ok(Done::Yes)
}

/// Whose keys a text of keys alone has: `--id`, or USER of `USER.keys`.
fn whose(args: &RosterImportArgs) -> Option<String> {
    let of_file = || {
        let keys = args
            .file
            .extension()
            .is_some_and(|extension| extension == "keys");
        let stem = args.file.file_stem().filter(|_| keys)?;
        Some(stem.to_str()?.to_owned())
    };
    args.id.clone().or_else(of_file)
}

/// The person of the roster whom an entry is about.
fn known(person: &Person, roster: &Roster, editor: &RosterEditor<'_>) -> Option<String> {
    let by_id = person.id.as_ref().and_then(|id| roster.engineer(id));
    let by_address = || {
        person.emails.iter().find_map(|email| {
            roster.claimed(&Identity {
                name: String::new(),
                email: email.clone(),
            })
        })
    };
    let login = person.github.as_ref().or(person.id.as_ref());
    let found = by_id
        .or_else(by_address)
        .map(|engineer| engineer.id.clone());
    found.or_else(|| editor.by_login(login?))
}

/// An import that is under way.
struct Import<'a> {
    /// The level of new people for whom the file names none.
    level: Option<&'a String>,
    added: BTreeMap<String, NewEngineer>,
    tally: Tally,
}

impl Import<'_> {
    /// Changes somebody whom the roster has.
    fn change(
        &mut self,
        person: &Person,
        id: &str,
        editor: &mut RosterEditor<'_>,
    ) -> Result<(), Failure> {
        self.note_unusable(person, id);
        let change = EngineerChange {
            name: person.name.clone(),
            level: person.level.clone(),
            teams: person.teams.clone(),
            emails: person.emails.clone(),
            github: github(person),
            keys: lines(person),
            ..EngineerChange::default()
        };
        match editor.change(id, &change).map_err(edit_failure)? {
            true => self.tally.changed += 1,
            false => self.tally.same += 1,
        }
        Ok(())
    }

    /// Adds somebody new, unless no key of theirs can be used.
    fn add(&mut self, person: &Person) -> Result<(), Failure> {
        let id = person.new_id();
        if person.keys.is_empty() {
            self.note_unusable(person, &id);
            if person.unusable.is_empty() {
                self.no_key("none", &id);
            }
            return Ok(());
        }
        let level = person.level.as_ref().or(self.level).ok_or_else(|| {
            Failure::usage(format!("{id} is new, and the file says no level"))
                .next("countersign roster import FILE --level LEVEL")
        })?;
        let new = NewEngineer {
            name: person.name.clone().unwrap_or_else(|| id.clone()),
            id: id.clone(),
            emails: person.emails.clone(),
            level: level.clone(),
            teams: person.teams.clone(),
            github: github(person),
            keys: lines(person),
        };
        match self.added.get_mut(&id) {
            Some(other) => other.keys.extend(new.keys),
            None => {
                self.added.insert(id, new);
            }
        }
        Ok(())
    }

    /// Notes somebody all of whose keys are of kinds that can't be used.
    fn note_unusable(&mut self, person: &Person, id: &str) {
        if person.keys.is_empty() && !person.unusable.is_empty() {
            let kinds: Vec<_> = person.unusable.iter().cloned().collect();
            self.no_key(&kinds.join(", "), id);
        }
    }

    fn no_key(&mut self, kinds: &str, id: &str) {
        let ids = self.tally.no_key.entry(kinds.to_owned()).or_default();
        ids.push(id.to_owned());
    }
}

fn lines(person: &Person) -> Vec<String> {
    person.keys.iter().map(PublicKey::to_openssh).collect()
}

fn github(person: &Person) -> Option<NewGithub> {
    person.github.clone().map(|login| NewGithub {
        login,
        id: person.github_id,
    })
}

fn tell(tally: &Tally, output: &mut Output) -> Result<(), Failure> {
    let left_out: usize = tally.no_key.values().map(Vec::len).sum();
    let next = match tally.new + tally.changed {
        0 => String::new(),
        _ => format!("      {NEXT}"),
    };
    let people = |number: usize, what: &str| match number {
        0 => String::new(),
        number => format!(", {number} {what}"),
    };
    output.row(
        "Imported",
        &format!(
            "{} new, {} changed{}{}{next}",
            tally.new,
            tally.changed,
            people(tally.same, "as they were"),
            people(left_out, "without a usable key"),
        ),
    )?;
    for (kinds, ids) in &tally.no_key {
        let named = ids.iter().take(SHOWN).map(|id| escape(id, 64));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = match ids.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        output.row("No key", &format!("({}) {named}{more}", escape(kinds, 100)))?;
    }
    Ok(())
}
