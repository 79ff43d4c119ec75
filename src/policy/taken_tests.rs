use std::time::Duration;

use crate::ai::Extent;
use crate::policy::facts_testing::{approved, facts, policy, roster, set};
use crate::policy::{
    Approval, Facts, Missing, Proofs, Unhelpful, evaluate, unhelpful, would_count,
};

/// An approval of today that proves one thing.
fn proving(shown: &str) -> Approval {
    Approval {
        age: Some(Duration::ZERO),
        proofs: Proofs {
            presence: shown == "presence",
            user_verification: shown == "user_verification",
            timestamp: shown == "timestamp",
        },
    }
}

fn signed() -> Facts {
    Facts {
        proven: set(&["maya"]),
        declared: Some(Extent::None),
        approvals: approved(&["linus"]),
        ..facts(&["maya"])
    }
}

#[test]
fn an_approval_counts_only_with_every_proof_that_the_rule_asks() {
    let proofs = ["presence", "user_verification", "timestamp"];
    for asked in proofs {
        let rule = format!(
            "[[rule]]\nname = \"proof\"\nrequire = {{ level = \"senior\", {asked} = true }}\n"
        );
        let (policy, roster) = (policy(&rule), roster());
        for shown in proofs {
            let mut change = signed();
            change
                .approvals
                .insert("linus".to_owned(), vec![proving(shown)]);
            let passes = evaluate(&policy, &roster, &change).passes();
            assert_eq!(passes, asked == shown, "{asked} {shown}");
        }
    }
}

#[test]
fn who_signed_without_the_proof_is_told_so_and_only_who_can_prove_it_is_asked() {
    let rule = "[[rule]]\nname = \"proof\"\nrequire = { level = \"senior\", presence = true }\n";
    let (policy, roster, change) = (policy(rule), roster(), signed());
    let decision = evaluate(&policy, &roster, &change);
    let Missing::SignOffs(missing) = &decision.unmet[0].missing else {
        panic!("{decision:?}");
    };
    assert!(missing.proof_alone);
    assert!(missing.who.is_empty());
    let rule = policy.rules.last().unwrap();
    let why = unhelpful(&policy, &roster, &change, rule, "linus");
    assert_eq!(why, Some(Unhelpful::Proof));
    let proofs = |shown| ("ana", proving(shown).proofs);
    assert!(!would_count(&policy, &roster, &change, proofs("timestamp")));
    assert!(would_count(&policy, &roster, &change, proofs("presence")));
    // Where too few signed at all, that is what is missing.
    let nobody = Facts {
        approvals: approved(&[]),
        ..change
    };
    let decision = evaluate(&policy, &roster, &nobody);
    assert!(
        matches!(&decision.unmet[0].missing, Missing::SignOffs(missing) if !missing.proof_alone)
    );
}

#[test]
fn one_approval_meets_all_that_a_rule_asks_or_counts_for_nothing() {
    let rule = "[[rule]]\nname = \"proof\"\nrequire = { level = \"senior\", presence = true, max_age = \"1d\" }\n";
    let day = Duration::from_secs(86_400);
    let (policy, roster) = (policy(rule), roster());
    for (age, passes) in [(day, true), (day + Duration::from_secs(1), false)] {
        let touched = Approval {
            age: Some(age),
            ..proving("presence")
        };
        let mut change = signed();
        // Beside one of today without a touch.
        change
            .approvals
            .insert("linus".to_owned(), vec![proving(""), touched]);
        assert_eq!(
            evaluate(&policy, &roster, &change).passes(),
            passes,
            "{age:?}"
        );
    }
}
