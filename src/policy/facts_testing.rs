//! A roster, policies and facts for tests of what the policy says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::{Approval, Facts, Policy, Proofs};
use crate::ai::Extent;
use crate::change::RepoPath;
use crate::keys::Signer as _;
use crate::keys::testing::signer;
use crate::roster::Roster;

pub(super) const PEOPLE: [(&str, &str, &str); 6] = [
    ("maya", "junior", "payments"),
    ("omar", "mid", ""),
    ("linus", "senior", ""),
    ("ana", "senior", "security"),
    ("grace", "principal", "payments"),
    ("tomas", "principal", "payments"),
];

pub(super) fn roster() -> Roster {
    let mut text = String::from("levels = [\"junior\", \"mid\", \"senior\", \"principal\"]\n");
    for (seed, (id, level, team)) in (1u8..).zip(PEOPLE) {
        let key = signer(seed).public_key().to_openssh();
        let teams = if team.is_empty() {
            String::new()
        } else {
            format!("teams = [\"{team}\"]\n")
        };
        text.push_str(&format!(
            "[[engineer]]\nid = \"{id}\"\nname = \"The {id}\"\nlevel = \"{level}\"\n{teams}\
             emails = [\"{id}@example.org\"]\n[[engineer.key]]\nssh = \"{key}\"\n"
        ));
    }
    text.push_str("[admins]\nids = [\"grace\"]\nthreshold = 1\n");
    Roster::parse(&text, "roster.toml").unwrap()
}

pub(super) fn policy(rules: &str) -> Policy {
    let head = "repository = \"example.org/pay\"\nprotected = [\"refs/heads/main\"]\n";
    let default = if rules.contains("[default]") {
        ""
    } else {
        "[default]\nrequire = { declaration = true }\nenforce = \"warn\"\n"
    };
    Policy::parse(&format!("{head}{default}{rules}"), "policy.toml").unwrap()
}

pub(super) fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(super) fn facts(claimed: &[&str]) -> Facts {
    Facts {
        paths: vec![RepoPath::new("src/lib.rs").unwrap()],
        claimed: set(claimed),
        ..Facts::default()
    }
}

pub(super) fn people(most: usize) -> impl Strategy<Value = BTreeSet<String>> {
    let ids: Vec<String> = PEOPLE.iter().map(|(id, ..)| (*id).to_owned()).collect();
    prop::collection::btree_set(prop::sample::select(ids), 0..=most)
}

/// One or two approvals of somebody.
fn approvals() -> impl Strategy<Value = Vec<Approval>> {
    let hours = prop::option::of(0u64..72);
    let approval = (hours, any::<[bool; 3]>()).prop_map(
        |(hours, [presence, user_verification, timestamp])| Approval {
            age: hours.map(|hours| Duration::from_secs(3_600 * hours)),
            proofs: Proofs {
                presence,
                user_verification,
                timestamp,
            },
        },
    );
    prop::collection::vec(approval, 1..=2)
}

/// Approvals of which nobody knows more than who gave them.
pub(super) fn approved(people: &[&str]) -> BTreeMap<String, Vec<Approval>> {
    let people = people.iter();
    people
        .map(|who| ((*who).to_owned(), vec![Approval::default()]))
        .collect()
}

pub(super) fn any_facts() -> impl Strategy<Value = Facts> {
    let extent = prop::sample::select(vec![None, Some(Extent::Assisted), Some(Extent::Generated)]);
    let proven = prop::option::of((people(2), prop::sample::select(Extent::ALL.to_vec())));
    let approved = (people(4), prop::collection::vec(approvals(), PEOPLE.len()));
    let flags = (any::<bool>(), any::<bool>());
    (people(2), proven, approved, extent, flags).prop_map(
        |(claimed, proven, (approvals, made), evidence, (unknown, merged))| {
            let (proven, declared) = match proven {
                Some((people, extent)) if !people.is_empty() => (people, Some(extent)),
                _ => (BTreeSet::new(), None),
            };
            Facts {
                claimed,
                proven,
                declared,
                approvals: approvals.into_iter().zip(made).collect(),
                merged,
                evidence,
                claims_unknown: unknown,
                ..facts(&[])
            }
        },
    )
}
