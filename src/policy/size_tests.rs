use proptest::prelude::*;

use crate::ai::Extent;
use crate::change::RepoPath;
use crate::policy::facts_testing::approved;
use crate::policy::{Facts, Missing, Policy, Proofs, evaluate, would_count};
use crate::roster::Roster;

fn roster() -> Roster {
    let key = crate::keys::Signer::public_key(&crate::keys::testing::signer(1)).to_openssh();
    let text = format!(
        "levels = [\"junior\", \"senior\"]\n[[engineer]]\nid = \"ana\"\nname = \"Ana\"\nlevel = \"senior\"\n\
         [[engineer.key]]\nssh = \"{key}\"\n[admins]\nids = [\"ana\"]\nthreshold = 1\n"
    );
    Roster::parse(&text, "roster.toml").unwrap()
}

fn policy(rules: &str) -> Policy {
    let text = format!(
        "repository = \"r\"\nprotected = [\"refs/heads/main\"]\n[default]\nrequire = {{ declaration = true }}\nenforce = \"warn\"\n{rules}"
    );
    Policy::parse(&text, "policy.toml").unwrap()
}

fn rules() -> impl Strategy<Value = String> {
    let when = prop::sample::select(vec![
        "lines_over = 10",
        "files_over = 2",
        "lines_over = 0, files_over = 0",
        "ai = \"generated\", lines_over = 5",
    ]);
    let then = prop::sample::select(vec![
        "require = { signers = 1 }",
        "require = { declaration = true }",
        "forbid = \"no\"",
    ]);
    (when, then)
        .prop_map(|(when, then)| format!("[[rule]]\nname = \"r\"\nwhen = {{ {when} }}\n{then}\n"))
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let lines = prop::option::weighted(0.8, 0u64..20);
    let declared = prop::option::of(prop::sample::select(Extent::ALL.to_vec()));
    (0u64..5, lines, declared, any::<bool>()).prop_map(|(files, lines, declared, signed)| Facts {
        paths: vec![RepoPath::new("src/lib.rs").unwrap()],
        files,
        lines,
        declared,
        approvals: approved(if signed { &["ana"] } else { &[] }),
        ..Facts::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_larger_change_never_passes_where_a_smaller_does_not(rules in rules(), facts in any_facts(), files in 0u64..5, lines in 0u64..20, opaque: bool) {
        let (policy, roster) = (policy(&rules), roster());
        let mut larger = facts.clone();
        larger.files += files;
        larger.lines = if opaque { None } else { larger.lines.map(|counted| counted + lines) };
        if evaluate(&policy, &roster, &larger).passes() {
            prop_assert!(evaluate(&policy, &roster, &facts).passes());
        }
    }

    #[test]
    fn exempt_lifts_no_prohibition_and_asks_nothing_else(rules in rules(), facts in any_facts()) {
        let (policy, roster) = (policy(&rules), roster());
        let mut exempt = facts.clone();
        exempt.exempt = true;
        let forbids = |facts: &Facts| {
            let unmet = evaluate(&policy, &roster, facts).unmet;
            unmet.iter().any(|unmet| unmet.missing == Missing::Forbidden)
        };
        prop_assert_eq!(forbids(&facts), forbids(&exempt));
        if !rules.contains("forbid") {
            prop_assert!(evaluate(&policy, &roster, &exempt).unmet.is_empty());
        }
    }

    #[test]
    fn the_order_of_rules_changes_no_answer(one in rules(), other in rules(), facts in any_facts(), exempt: bool) {
        let other = other.replace("\"r\"", "\"s\"");
        let facts = Facts { exempt, ..facts };
        let answer = |text: String| {
            let policy = policy(&text);
            let decision = evaluate(&policy, &roster(), &facts);
            let told = |unmet: &crate::policy::Unmet| match unmet.missing {
                // One declaration is told once, for the first rule that asks for one.
                Missing::Declaration => "a declaration".to_owned(),
                _ => format!("{} {:?}", policy.rules[unmet.rule].name, unmet.missing),
            };
            let told: std::collections::BTreeSet<_> = decision.unmet.iter().map(told).collect();
            (decision.passes(), told)
        };
        prop_assert_eq!(answer(format!("{one}{other}")), answer(format!("{other}{one}")));
    }
}

#[test]
fn a_sign_off_helps_no_rule_that_asks_nothing_of_such_a_change() {
    let rule = "[[rule]]\nname = \"r\"\nwhen = { lines_over = 10, files_over = 1 }\nrequire = { signers = 1 }\n";
    let policy = policy(rule);
    let large = Facts {
        paths: vec![RepoPath::new("docs/a.md").unwrap()],
        files: 2,
        lines: Some(11),
        declared: Some(Extent::None),
        proven: ["ben".to_owned()].into(),
        ..Facts::default()
    };
    let helps = |facts: &Facts| would_count(&policy, &roster(), facts, ("ana", Proofs::default()));
    assert!(helps(&large));
    for small in [
        Facts {
            lines: Some(10),
            ..large.clone()
        },
        Facts {
            files: 1,
            ..large.clone()
        },
        Facts {
            exempt: true,
            ..large
        },
    ] {
        assert!(!helps(&small), "{small:?}");
    }
}

#[test]
fn silence_about_what_is_forbidden_is_asked_to_speak_even_of_exempt_paths() {
    let policy = policy("[[rule]]\nname = \"r\"\nwhen = { ai = \"generated\" }\nforbid = \"no\"\n");
    let silent = Facts {
        paths: vec![RepoPath::new("docs/a.md").unwrap()],
        exempt: true,
        ..Facts::default()
    };
    let unmet = evaluate(&policy, &roster(), &silent).unmet;
    assert_eq!(unmet[0].missing, Missing::Declaration);
    let declared = Facts {
        declared: Some(Extent::Assisted),
        ..silent
    };
    assert!(evaluate(&policy, &roster(), &declared).unmet.is_empty());
}
