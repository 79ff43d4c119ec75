use crate::ai::Extent;
use crate::policy::facts_testing::{facts, policy, roster, set};
use crate::policy::{Facts, Missing, Unhelpful, evaluate, unhelpful, would_count};

fn signed() -> Facts {
    Facts {
        proven: set(&["maya"]),
        declared: Some(Extent::None),
        approvals: set(&["linus"]),
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
            let place = match shown {
                "presence" => &mut change.present,
                "user_verification" => &mut change.user_verified,
                _ => &mut change.timestamped,
            };
            *place = set(&["linus"]);
            let passes = evaluate(&policy, &roster, &change).passes();
            assert_eq!(passes, asked == shown, "{asked} {shown}");
        }
    }
}

#[test]
fn who_signed_without_the_proof_is_told_so_and_nobody_is_asked_for_what_no_key_proves() {
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
    assert!(!would_count(&policy, &roster, &change, "ana"));
    // Where too few signed at all, that is what is missing.
    let nobody = Facts {
        approvals: set(&[]),
        ..change
    };
    let decision = evaluate(&policy, &roster, &nobody);
    assert!(
        matches!(&decision.unmet[0].missing, Missing::SignOffs(missing) if !missing.proof_alone)
    );
}
