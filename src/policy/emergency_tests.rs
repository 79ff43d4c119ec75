use super::*;
use proptest::prelude::*;

use crate::policy::facts_testing::{any_facts, facts, people, policy, roster, set};

const RULE: &str = "[[rule]]\nname = \"two\"\nrequire = { signers = 2, level = \"principal\" }\n";

fn allowing(emergency: &str) -> Policy {
    policy(&format!(
        "{RULE}[emergency]\nfollow_up = \"72h\"\n{emergency}"
    ))
}

fn proven(author: &str) -> Facts {
    Facts {
        proven: set(&[author]),
        declared: Some(crate::ai::Extent::Assisted),
        ..facts(&[author])
    }
}

fn lets_through(policy: &Policy, facts: &Facts, signer: &str) -> bool {
    let facts = Facts {
        emergencies: set(&[signer]),
        ..facts.clone()
    };
    let through = in_emergency(policy, &roster(), &facts);
    let may = may_sign_emergency(policy, &roster(), &facts, signer);
    assert_eq!(may.is_ok(), through, "{signer}: {may:?}");
    through
}

#[test]
fn those_whom_the_policy_names_by_id_team_or_level_let_a_change_through() {
    let change = proven("maya");
    let cases = [
        (
            "ids = [\"omar\"]\n",
            vec!["omar"],
            vec!["maya", "linus", "grace"],
        ),
        (
            "teams = [\"security\"]\n",
            vec!["ana"],
            vec!["linus", "grace"],
        ),
        (
            "level = \"senior\"\n",
            vec!["linus", "ana", "grace"],
            vec!["omar", "maya"],
        ),
    ];
    for (whom, able, unable) in cases {
        let policy = allowing(whom);
        for signer in able {
            assert!(lets_through(&policy, &change, signer), "{whom}{signer}");
        }
        for signer in unable {
            assert!(!lets_through(&policy, &change, signer), "{whom}{signer}");
        }
    }
    assert!(!lets_through(&policy(RULE), &change, "grace"));
}

#[test]
fn the_author_or_who_may_be_lets_it_through_only_where_the_policy_says_so() {
    let alone = "level = \"senior\"\n";
    let author_too = "level = \"senior\"\nauthor = true\n";
    for (change, signer) in [
        (proven("linus"), "linus"),
        (facts(&["linus"]), "linus"),
        // Nobody declared, so the signer may hide behind the name of somebody else.
        (facts(&["maya"]), "linus"),
    ] {
        assert!(!lets_through(&allowing(alone), &change, signer));
        assert!(lets_through(&allowing(author_too), &change, signer));
    }
    assert!(lets_through(&allowing(alone), &proven("maya"), "linus"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn one_emergency_more_never_refuses_and_one_author_more_never_lets_through(
        facts in any_facts(), signers in people(2), more in people(1), author in any::<bool>()
    ) {
        let policy = allowing(&format!("level = \"senior\"\nids = [\"maya\"]\nauthor = {author}\n"));
        let roster = roster();
        let with = |signers: &BTreeSet<PersonId>, facts: &Facts| {
            let facts = Facts { emergencies: signers.clone(), ..facts.clone() };
            in_emergency(&policy, &roster, &facts)
        };
        let through = with(&signers, &facts);
        prop_assert!(!through || with(&(&signers | &more), &facts));
        let claimed = Facts { claimed: &facts.claimed | &more, ..facts.clone() };
        prop_assert!(through || !with(&signers, &claimed));
        // It is no approval: what the rules say stays.
        let before = crate::policy::evaluate(&policy, &roster, &facts);
        let after = Facts { emergencies: signers, ..facts };
        prop_assert_eq!(before, crate::policy::evaluate(&policy, &roster, &after));
    }
}
