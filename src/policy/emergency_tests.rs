use super::*;
use crate::policy::facts_testing::{facts, policy, roster, set};

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
