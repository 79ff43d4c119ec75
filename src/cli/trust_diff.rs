//! What a new version of roster and policy changes, for the admin who signs it.

use countersign::change::{CommitId, Digest, History as _, sha256};
use countersign::roster::{Engineer, Roster};
use countersign::text::escape;
use countersign::trust::ROSTER_PATH;

use super::context::Context;
use super::{Failure, Output};

/// Says who joins, leaves or changes, and whether the policy changed.
pub fn differences(
    context: &Context,
    old_roster: Digest,
    old_policy: Digest,
    new: &Roster,
    (roster_text, policy_text): (&str, &str),
    output: &mut Output,
) -> Result<(), Failure> {
    if sha256(roster_text.as_bytes()) != old_roster {
        match committed(context, ROSTER_PATH, old_roster)?
            .map(|text| Roster::parse(&text, ROSTER_PATH))
        {
            Some(Ok(old)) => people(&old, new, output)?,
            _ => output
                .line("  ~ roster.toml changed (the version before is not in this clone's HEAD)")?,
        }
    }
    if sha256(policy_text.as_bytes()) != old_policy {
        output.line("  ! policy.toml changed: git diff -- .countersign/policy.toml")?;
    }
    if sha256(roster_text.as_bytes()) == old_roster && sha256(policy_text.as_bytes()) == old_policy
    {
        output.line("  nothing changed; the version is renewed")?;
    }
    Ok(())
}

/// HEAD's file, if it is the one that the last version signs.
fn committed(context: &Context, path: &str, digest: Digest) -> Result<Option<String>, Failure> {
    let head: CommitId = context.repo.resolve("HEAD")?;
    let file = context
        .repo
        .file(&head, path)?
        .filter(|(_, bytes)| sha256(bytes) == digest);
    Ok(file.and_then(|(_, bytes)| String::from_utf8(bytes).ok()))
}

fn people(old: &Roster, new: &Roster, output: &mut Output) -> Result<(), Failure> {
    let keys = |engineer: &Engineer| {
        let keys = engineer.keys.iter().map(|key| {
            let revoked = key
                .revoked
                .as_ref()
                .map(|revoked| format!(" ({})", revoked.reason))
                .unwrap_or_default();
            format!("{}{revoked}", key.key.fingerprint())
        });
        keys.collect::<Vec<_>>().join(", ")
    };
    let shown = |roster: &Roster, engineer: &Engineer| {
        let mut words = vec![
            "engineer".to_owned(),
            roster.level_name(engineer.level).to_owned(),
        ];
        words.extend(engineer.teams.iter().cloned());
        format!("{}  {}", words.join(", "), keys(engineer))
    };
    for engineer in new.engineers() {
        let now = shown(new, engineer);
        match old.engineer(&engineer.id) {
            None => output.line(&format!("  + {}  {now}", engineer.id))?,
            Some(before) if shown(old, before) != now => {
                output.line(&format!("  ~ {}  {}", engineer.id, shown(old, before)))?;
                output.line(&format!("    -> {now}"))?;
            }
            Some(before) if before.emails != engineer.emails || before.name != engineer.name => {
                output.line(&format!(
                    "  ~ {}  name or addresses: {}",
                    engineer.id,
                    escape(&engineer.emails.join(", "), 200)
                ))?;
            }
            Some(_) => {}
        }
    }
    for engineer in old
        .engineers()
        .iter()
        .filter(|engineer| new.engineer(&engineer.id).is_none())
    {
        output.line(&format!("  - {}  {}", engineer.id, shown(old, engineer)))?;
    }
    if old.admins() != new.admins() {
        let admins = new.admins();
        output.line(&format!(
            "  ! admins  {} of {}",
            admins.threshold,
            admins.ids.join(", ")
        ))?;
    }
    Ok(())
}
