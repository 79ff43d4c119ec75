//! What would not count isn't signed: `sign` stops at once, not later at the gate.

use std::time::Duration;

use countersign::ai::{AgentTable, ClaimedRole};
use countersign::codes::Code;
use countersign::gate::{Assessment, Effect, Judging};
use countersign::policy::{
    Approval, NoEmergency, Proofs, Unhelpful, could_sign, may_sign_emergency, unhelpful,
    would_count,
};
use countersign::roster::Engineer;

use super::Failure;

/// Stops where a rejection would refuse nothing, or stands already.
pub fn refuse_useless_rejection(
    judging: &Judging,
    assessment: &Assessment,
    signer: &Engineer,
) -> Result<(), Failure> {
    let (policy, roster) = (&judging.policy, &judging.roster);
    if !could_sign(policy, roster, &assessment.facts, &signer.id) {
        let message = format!(
            "{} ({}) could not sign this change off, so a rejection would refuse nothing",
            signer.id,
            roster.level_name(signer.level)
        );
        return Err(Failure::no(Code::BELOW_LEVEL, message));
    }
    if has_rejected(assessment, signer) {
        let message = format!("{} has rejected this change already", signer.id);
        return Err(Failure::no(Code::REJECTED, message));
    }
    Ok(())
}

/// Stops where an emergency signature would not let the change through, or nothing waits for one.
pub fn refuse_useless_emergency(
    judging: &Judging,
    assessment: &Assessment,
    signer: &Engineer,
) -> Result<(), Failure> {
    let mut findings = assessment.unit.findings.iter();
    if assessment.unit.passes() {
        let message = "nothing waits for a signature: the change passes without an emergency";
        return Err(Failure::no(Code::SIGN_OFF_MISSING, message));
    }
    if let Some(finding) = findings.find(|finding| finding.effect == Effect::Refuses) {
        let message = format!("{}: no emergency lifts that", finding.code.title());
        return Err(Failure::no(finding.code, message));
    }
    let (policy, roster, facts) = (&judging.policy, &judging.roster, &assessment.facts);
    let reason = may_sign_emergency(policy, roster, facts, &signer.id);
    let Err(reason) = reason else {
        return Ok(());
    };
    let id = &signer.id;
    Err(match reason {
        NoEmergency::NotInPolicy => {
            let message = "the policy has no [emergency]: nobody may let a change through";
            Failure::no(Code::BELOW_LEVEL, message).next("admins add it to policy.toml")
        }
        NoEmergency::NotNamed => {
            let message = format!("[emergency] in the policy doesn't name {id}");
            let may = |engineer: &&Engineer| {
                may_sign_emergency(policy, roster, facts, &engineer.id).is_ok()
            };
            let who = roster.engineers().iter().filter(may);
            let who: Vec<_> = who.map(|engineer| engineer.id.as_str()).collect();
            Failure::no(Code::BELOW_LEVEL, message).row("who", who.join(", "))
        }
        NoEmergency::Author => {
            let words = author_words(policy.agents(), assessment, signer);
            Failure::no(Code::SIGNER_IS_AUTHOR, words)
        }
    })
}

/// Whether a rejection by the signer stands.
fn has_rejected(assessment: &Assessment, signer: &Engineer) -> bool {
    let mut findings = assessment.unit.findings.iter();
    findings.any(|finding| finding.code == Code::REJECTED && finding.who.contains(&signer.id))
}

/// Stops where the approval would lower nothing that is missing. `takes_back`: it replaces a rejection.
pub fn refuse_useless(
    judging: &Judging,
    assessment: &Assessment,
    (signer, proofs): (&Engineer, Proofs),
    takes_back: bool,
) -> Result<(), Failure> {
    let (policy, roster, facts) = (&judging.policy, &judging.roster, &assessment.facts);
    if has_rejected(assessment, signer) {
        // Taking one's own rejection back is of use, whatever else is missing.
        if takes_back {
            return Ok(());
        }
        let message = format!(
            "the rejection by {} is for further branches, and a sign-off for this one takes it back on none",
            signer.id
        );
        let failure = Failure::no(Code::REJECTED, message);
        return Err(failure.next("admins list it under [[withdrawn]] in roster.toml"));
    }
    // What was signed without what a rule asks may be signed again with it.
    if would_count(policy, roster, facts, (&signer.id, proofs)) {
        return Ok(());
    }
    let mut signed = facts.clone();
    let approvals = signed.approvals.entry(signer.id.clone());
    approvals.or_default().push(Approval {
        age: Some(Duration::ZERO),
        proofs,
    });
    let rules = policy.rules.iter();
    let reasons = rules.filter_map(|rule| unhelpful(policy, roster, &signed, rule, &signer.id));
    let reasons: Vec<_> = reasons.collect();
    if facts.approvals.contains_key(&signer.id) && !reasons.contains(&Unhelpful::Proof) {
        return Err(Failure::no(
            Code::SIGN_OFF_MISSING,
            format!("{} has signed this change off already", signer.id),
        ));
    }
    if assessment.unit.passes() && !assessment.unit.owes() {
        return Err(Failure::no(
            Code::SIGN_OFF_MISSING,
            "nothing is missing: no rule asks for a sign-off",
        ));
    }
    let reason = reasons
        .into_iter()
        .min_by_key(|reason| *reason != Unhelpful::Author);
    let failure = no_use(judging, assessment, signer, reason);
    // What lacks may be an authority's time alone, whatever the key.
    let stamped = Proofs {
        timestamp: true,
        ..proofs
    };
    let helps = would_count(policy, roster, facts, (&signer.id, stamped));
    Err(match reason {
        Some(Unhelpful::Proof) if helps => {
            let message = "the rule asks for an authority's timestamp beside each signature";
            Failure::no(Code::NO_PRESENCE, message)
                .next("--timestamp-url URL, or git config countersign.timestampUrl URL")
        }
        _ => failure,
    })
}

/// Why an approval would lower nothing, with who else could sign.
fn no_use(
    judging: &Judging,
    assessment: &Assessment,
    signer: &Engineer,
    reason: Option<Unhelpful>,
) -> Failure {
    let failure = match reason {
        Some(Unhelpful::Author) => {
            let words = author_words(judging.policy.agents(), assessment, signer);
            Failure::no(Code::SIGNER_IS_AUTHOR, words)
        }
        Some(Unhelpful::Proof) => Failure::no(
            Code::NO_PRESENCE,
            "this key can't prove what the rule asks of each signature",
        )
        .next("--key with a security key; ssh-keygen -t ed25519-sk makes one"),
        _ => {
            let level = judging.roster.level_name(signer.level);
            let message = format!("{} ({level}) would not count", signer.id);
            Failure::no(Code::BELOW_LEVEL, message)
        }
    };
    let findings = assessment.unit.findings.iter();
    let who: Vec<_> = findings
        .flat_map(|finding| finding.who.iter().cloned())
        .collect();
    match who.is_empty() {
        true => failure,
        false => failure.row("who", who.join(", ")),
    }
}

/// Through which commit somebody counts as an author.
fn author_words(table: &AgentTable, assessment: &Assessment, signer: &Engineer) -> String {
    if assessment.facts.proven.contains(&signer.id) {
        return format!("{} declared this change, so it is theirs", signer.id);
    }
    let commit = assessment.claims.commits.iter().find(|commit| {
        let named = table.claimed_people(commit);
        named
            .people
            .iter()
            .any(|(identity, _)| signer.emails.contains(&identity.email.to_lowercase()))
    });
    match commit {
        Some(commit) => format!(
            "{} is an author, by commit {}",
            signer.id,
            commit.id.short()
        ),
        None if drove(assessment, signer) => {
            format!("{} drove an agent that took part, by its note", signer.id)
        }
        None => format!(
            "{} may be the author, since nobody else declared",
            signer.id
        ),
    }
}

/// Whether evidence names somebody as who drove an agent.
fn drove(assessment: &Assessment, signer: &Engineer) -> bool {
    let named = assessment.claims.named.iter();
    let mut operators = named.filter(|(_, role)| *role == ClaimedRole::Operator);
    operators.any(|(identity, _)| signer.emails.contains(&identity.email.to_lowercase()))
}
