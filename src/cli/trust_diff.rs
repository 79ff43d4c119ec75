//! What a new version of roster and policy changes, for the admin who signs it.

use countersign::change::Glob;
use countersign::gate::Judging;
use countersign::policy::PolicyChange;
use countersign::roster::{Admins, Engineer, Roster};
use countersign::text::escape;
use countersign::trust::VerifiedVersion;

use super::trust_sign::Files;
use super::{Failure, Output};

/// Says who joins, leaves or changes, and which rules ask more or less. `old` is the last version where this
/// clone holds its files.
pub fn differences(
    old: Option<&Judging>,
    last: &VerifiedVersion,
    new: &Files,
    output: &mut Output,
) -> Result<(), Failure> {
    let (roster, policy) = new.digests();
    if roster != last.roster() {
        match old {
            Some(old) => {
                people(&old.roster, &new.roster, output)?;
                others(&old.roster, &new.roster, output)?;
            }
            None => output.line(
                "  ! roster.toml changed; how can't be shown, since no branch here holds the version before: commit it first",
            )?,
        }
    }
    if policy != last.policy() {
        match old {
            Some(old) => rules(&new.policy.changes_since(&old.policy, &new.roster), output)?,
            None => output.line(
                "  ! policy.toml changed; how can't be shown, since no branch here holds the version before: commit it first",
            )?,
        }
    }
    if (roster, policy) == (last.roster(), last.policy()) {
        output.line("  nothing changed; the version is renewed")?;
    }
    Ok(())
}

fn rules(changes: &[PolicyChange], output: &mut Output) -> Result<(), Failure> {
    if changes.is_empty() {
        return output.line("  ~ policy   the same rules in other words: comments or order");
    }
    for change in changes {
        let (mark, word) = if change.weaker {
            ("!", "   WEAKER")
        } else {
            ("~", "")
        };
        let place = change.line.map(|line| format!("   policy.toml:{line}"));
        let what = escape(&change.what, 300);
        output.line(&format!(
            "  {mark} policy   {what}{word}{}",
            place.unwrap_or_default()
        ))?;
    }
    Ok(())
}

fn people(old: &Roster, new: &Roster, output: &mut Output) -> Result<(), Failure> {
    let keys = |engineer: &Engineer| {
        let keys = engineer.keys.iter().map(|key| {
            let revoked = key
                .revoked
                .as_ref()
                .map(|revoked| format!(" ({})", revoked.reason))
                .unwrap_or_default();
            format!("{}{revoked}", key.key.name())
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
    Ok(())
}

/// What is no person: levels, admins, bots, gates, withdrawn statements.
fn others(old: &Roster, new: &Roster, output: &mut Output) -> Result<(), Failure> {
    if old.levels() != new.levels() {
        let (before, now) = (old.levels().join(" < "), new.levels().join(" < "));
        output.line(&format!("  ! levels  {before} -> {now}"))?;
    }
    if old.admins() != new.admins() {
        let shown = |admins: &Admins| format!("{} of {}", admins.threshold, admins.ids.join(", "));
        let (before, now) = (old.admins(), new.admins());
        let weaker = if now.threshold < before.threshold {
            "   WEAKER"
        } else {
            ""
        };
        output.line(&format!(
            "  ! admins  {} -> {}{weaker}",
            shown(before),
            shown(now)
        ))?;
    }
    let machines = |roster: &Roster| -> Vec<String> {
        let bots = roster.automations().iter().map(|bot| {
            let key = bot.key.name();
            let paths: Vec<_> = bot.paths.iter().map(Glob::as_str).collect();
            format!("automation {}  {}  {key}", bot.id, paths.join(", "))
        });
        let gates = roster.gates().iter();
        let gates = gates.map(|gate| format!("gate {}  {}", gate.id, gate.key.fingerprint()));
        let withdrawn = roster.withdrawn().iter();
        let withdrawn =
            withdrawn.map(|gone| format!("withdrawn {}  {}", gone.payload.short(), gone.why));
        bots.chain(gates).chain(withdrawn).collect()
    };
    let (before, now) = (machines(old), machines(new));
    for (mark, lines, others) in [("+", &now, &before), ("-", &before, &now)] {
        for line in lines.iter().filter(|line| !others.contains(line)) {
            output.line(&format!("  {mark} {}", escape(line, 300)))?;
        }
    }
    Ok(())
}
