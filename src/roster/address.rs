//! Addresses of people: their form, GitHub's noreply forms, and those that are nobody's.

use crate::ai::AgentTable;
use crate::text::toml::{Fields, Placed};

/// The domain of GitHub's noreply addresses, with the `@`.
const GITHUB_NOREPLY: &str = "@users.noreply.github.com";

/// The longest address in bytes (RFC 5321 section 4.5.3.1).
const ADDRESS_LIMIT: usize = 254;

/// The most addresses of one person.
const ADDRESSES_LIMIT: usize = 100;

/// The longest login in characters; GitHub's own have 39, managed ones a suffix more.
const LOGIN_LIMIT: usize = 64;

/// Local parts that no person reads.
const NOBODY: [&str; 4] = ["noreply", "no-reply", "donotreply", "do-not-reply"];

/// The keys of `github = {..}`.
pub(super) const GITHUB_KEYS: [&str; 2] = ["login", "id"];

/// Every address of a person, lower case, each with its place.
pub(super) fn addresses(person: &Fields<'_>) -> Vec<Placed<String>> {
    let listed = person
        .strings("emails", ADDRESSES_LIMIT)
        .unwrap_or_default();
    let mut found: Vec<Placed<String>> = Vec::new();
    for email in listed {
        let lower = email.map(str::to_lowercase);
        match fault(&lower.value) {
            Some(fault) => person.reader.error(lower.at, fault),
            None => found.push(lower),
        }
    }
    if let Some(github) = person.table("github", "github") {
        found.extend(github_addresses(&github));
    }
    let mut known = std::collections::HashSet::new();
    found.retain(|address| known.insert(address.value.clone()));
    found
}

fn github_addresses(github: &Fields<'_>) -> Vec<Placed<String>> {
    github.allow(&GITHUB_KEYS);
    github.demand(&["login"]);
    let id = github.number("id", 1, i64::MAX);
    let Some(login) = github.string("login") else {
        return Vec::new();
    };
    if is_bot_login(login.value) {
        github.reader.error(login.at, BOT);
        return Vec::new();
    }
    if !is_login(login.value) {
        let message = "\"login\" must be a GitHub login: letters, digits, \"-\" and \"_\"";
        github.reader.error(login.at, message);
        return Vec::new();
    }
    let lower = login.value.to_lowercase();
    let mut addresses = vec![format!("{lower}{GITHUB_NOREPLY}")];
    addresses.extend(id.map(|id| format!("{}+{lower}{GITHUB_NOREPLY}", id.value)));
    if addresses
        .iter()
        .any(|address| AgentTable::builtin().is_agent_address(address))
    {
        github.reader.error(login.at, BOT);
        return Vec::new();
    }
    let placed = |value| Placed {
        value,
        at: login.at,
    };
    addresses.into_iter().map(placed).collect()
}

/// What the mistake is called wherever a bot shows (design 4.4, case C92).
pub(super) const BOT: &str = "a bot or AI agent can't be an engineer";

/// Whether a name or login is one of a GitHub app.
pub(super) fn is_bot_login(login: &str) -> bool {
    login.trim_end().to_lowercase().ends_with("[bot]")
}

fn is_login(login: &str) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    (1..=LOGIN_LIMIT).contains(&login.len()) && login.chars().all(allowed)
}

/// Whether a lower-case address is an AI agent's or a GitHub app's.
pub(super) fn is_bot_address(address: &str) -> bool {
    // GitHub's addresses have the form `<id>+<login>` or `<login>`.
    let local = address.strip_suffix(GITHUB_NOREPLY);
    let login = local.and_then(|local| local.rsplit('+').next());
    AgentTable::builtin().is_agent_address(address) || login.is_some_and(is_bot_login)
}

/// Why a lower-case address is not a person's.
fn fault(address: &str) -> Option<&'static str> {
    let Some((local, domain)) = address.rsplit_once('@').filter(|_| is_address(address)) else {
        return Some("\"emails\" holds something that is no e-mail address");
    };
    if is_bot_address(address) {
        return Some(BOT);
    }
    if NOBODY.contains(&local) || (domain == "noreply.github.com") {
        return Some("a noreply address is nobody's");
    }
    None
}

fn is_address(address: &str) -> bool {
    let forbidden = |character: char| {
        character.is_whitespace() || character.is_control() || "<>,;\"\\".contains(character)
    };
    let parts = address.split_once('@');
    let formed = parts.is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
    });
    formed && address.len() <= ADDRESS_LIMIT && !address.contains(forbidden)
}

/// The part of an address that names the person: before the `@`, without a `+tag`; of GitHub's
/// noreply addresses the login.
pub(super) fn local_name(address: &str) -> &str {
    let local = address.split('@').next().unwrap_or(address);
    if address.ends_with(GITHUB_NOREPLY) {
        return local.rsplit('+').next().unwrap_or(local);
    }
    local.split('+').next().unwrap_or(local)
}
