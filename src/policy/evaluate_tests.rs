use proptest::prelude::*;

use super::super::Approval;
use super::super::facts_testing::{any_facts, approved, facts, people, policy, roster, set};
use super::*;
use crate::ai::Extent;
use std::time::Duration;

const FIRST_RULE: &str = "[[rule]]\nname = \"first\"\nwhen = { ai = \"assisted\", author_below = \"senior\" }\n\
                          require = { signers = 1, level = \"senior\", above_author = true }\n";

fn declared_by(author: &str, extent: Extent) -> Facts {
    Facts {
        proven: set(&[author]),
        declared: Some(extent),
        ..facts(&[author])
    }
}

fn signed(mut facts: Facts, signers: &[&str]) -> Facts {
    facts.approvals = approved(signers);
    facts
}

fn passes(rules: &str, facts: &Facts) -> bool {
    evaluate(&policy(rules), &roster(), facts).passes()
}

#[test]
fn junior_ai_work_needs_a_senior_above_the_author() {
    let change = declared_by("maya", Extent::Generated);
    assert!(!passes(FIRST_RULE, &change));
    for unable in ["maya", "omar"] {
        assert!(
            !passes(FIRST_RULE, &signed(change.clone(), &[unable])),
            "{unable}"
        );
    }
    for able in ["linus", "grace"] {
        assert!(
            passes(FIRST_RULE, &signed(change.clone(), &[able])),
            "{able}"
        );
    }
    assert!(passes(FIRST_RULE, &declared_by("maya", Extent::None)));
    assert!(passes(FIRST_RULE, &declared_by("linus", Extent::Generated)));
}

#[test]
fn undeclared_junior_work_plus_one_senior_passes() {
    assert!(!passes(FIRST_RULE, &facts(&["maya"])));
    assert!(passes(FIRST_RULE, &signed(facts(&["maya"]), &["linus"])));
}

#[test]
fn a_claimed_senior_author_lightens_nothing_until_they_declare() {
    assert!(!passes(FIRST_RULE, &facts(&["linus"])));
    assert!(!passes(FIRST_RULE, &facts(&[])));
    assert!(passes(FIRST_RULE, &declared_by("linus", Extent::Assisted)));
}

#[test]
fn evidence_raises_what_was_declared() {
    let mut change = declared_by("maya", Extent::None);
    assert!(passes(FIRST_RULE, &change));
    change.evidence = Some(Extent::Assisted);
    assert!(!passes(FIRST_RULE, &change));
}

#[test]
fn nobody_signs_what_they_declared_or_what_a_commit_says_they_wrote() {
    let rule = "[[rule]]\nname = \"all\"\nrequire = { signers = 1 }\n";
    assert!(!passes(
        rule,
        &signed(declared_by("grace", Extent::None), &["grace"])
    ));
    assert!(passes(
        rule,
        &signed(declared_by("grace", Extent::None), &["tomas"])
    ));
    let mut co_authored = declared_by("maya", Extent::None);
    co_authored.claimed.insert("grace".into());
    assert!(!passes(rule, &signed(co_authored.clone(), &["grace"])));
    assert!(passes(rule, &signed(co_authored, &["grace", "tomas"])));
}

#[test]
fn a_rule_for_everybody_needs_the_authors_declaration_or_a_second_signer() {
    let rule = "[[rule]]\nname = \"all\"\nrequire = { signers = 1, level = \"senior\" }\n";
    let hidden = signed(facts(&["maya"]), &["linus"]);
    assert!(
        !passes(rule, &hidden),
        "linus may have written it under maya's name"
    );
    assert!(passes(rule, &signed(facts(&["maya"]), &["linus", "ana"])));
    assert!(passes(
        rule,
        &signed(declared_by("maya", Extent::None), &["linus"])
    ));
}

#[test]
fn above_a_hidden_author_who_signs_stands_somebody_above_them() {
    let rule = "[[rule]]\nname = \"all\"\nrequire = { signers = 1, above_author = true }\n";
    assert!(
        !passes(rule, &signed(facts(&["maya"]), &["linus", "ana"])),
        "a peer doesn't suffice"
    );
    assert!(
        !passes(rule, &signed(facts(&["maya"]), &["linus", "grace"])),
        "nobody is above grace"
    );
    assert!(passes(rule, &signed(facts(&["maya"]), &["grace", "tomas"])));
}

#[test]
fn above_a_top_level_author_stands_another_top_level_person() {
    let rule = "[[rule]]\nname = \"all\"\nrequire = { signers = 1, above_author = true }\n";
    assert!(!passes(
        rule,
        &signed(declared_by("grace", Extent::None), &["linus"])
    ));
    assert!(!passes(
        rule,
        &signed(declared_by("grace", Extent::None), &["grace"])
    ));
    assert!(passes(
        rule,
        &signed(declared_by("grace", Extent::None), &["tomas"])
    ));
}

#[test]
fn an_unknown_author_is_taken_for_a_stranger_even_beside_a_declaration() {
    let mut change = declared_by("linus", Extent::Assisted);
    assert!(passes(FIRST_RULE, &change));
    change.claims_unknown = true;
    assert!(!passes(FIRST_RULE, &change));
    assert!(passes(FIRST_RULE, &signed(change, &["ana"])));
}

#[test]
fn signers_are_people_and_each_meets_every_key() {
    let rule = "[[rule]]\nname = \"two\"\nrequire = { signers = 2, level = \"principal\", team = \"payments\" }\n";
    let change = declared_by("maya", Extent::None);
    assert!(!passes(rule, &signed(change.clone(), &["grace"])));
    assert!(!passes(rule, &signed(change.clone(), &["grace", "linus"])));
    assert!(passes(rule, &signed(change, &["grace", "tomas"])));
}

#[test]
fn teams_ask_one_signer_of_each_and_one_person_may_serve_several() {
    let rule = "[[rule]]\nname = \"teams\"\nrequire = { teams = [\"payments\", \"security\"] }\n";
    let change = declared_by("omar", Extent::None);
    assert!(!passes(rule, &signed(change.clone(), &["grace"])));
    assert!(passes(rule, &signed(change, &["grace", "ana"])));
}

#[test]
fn forbid_wins_over_every_sign_off() {
    let rule = "[[rule]]\nname = \"crypto\"\npaths = [\"src/**\"]\nwhen = { ai = \"generated\" }\nforbid = \"by hand\"\n";
    let change = signed(
        declared_by("maya", Extent::Generated),
        &["grace", "tomas", "linus"],
    );
    let decision = evaluate(&policy(rule), &roster(), &change);
    assert_eq!(decision.unmet.last().unwrap().missing, Missing::Forbidden);
    assert!(passes(rule, &declared_by("maya", Extent::Assisted)));
}

#[test]
fn silence_is_not_cheaper_than_honesty() {
    let rule = "[[rule]]\nname = \"generated\"\nwhen = { ai = \"generated\" }\nrequire = { level = \"principal\" }\n";
    let missing = evaluate(&policy(rule), &roster(), &facts(&["maya"]));
    assert_eq!(missing.unmet.last().unwrap().missing, Missing::Declaration);
    assert!(!passes(rule, &facts(&["maya"])));
    assert!(passes(rule, &declared_by("maya", Extent::Assisted)));
    assert!(passes(rule, &signed(facts(&["maya"]), &["grace", "tomas"])));
}

#[test]
fn a_rule_for_the_unproven_matches_until_somebody_is_proven() {
    let rule = "[[rule]]\nname = \"unproven\"\nwhen = { author = \"unproven\" }\nforbid = \"declare first\"\n";
    assert!(!passes(rule, &facts(&["maya"])));
    assert!(passes(rule, &declared_by("maya", Extent::None)));
}

#[test]
fn paths_and_except_paths_choose_what_a_rule_is_about() {
    let rule = |paths: &str| {
        format!("[[rule]]\nname = \"p\"\n{paths}\nrequire = {{ level = \"principal\" }}\n")
    };
    let change = declared_by("maya", Extent::None);
    for (paths, asks) in [
        ("paths = [\"src/**\"]", true),
        ("paths = [\"docs/**\"]", false),
        ("except_paths = [\"src/**\"]", false),
        ("paths = [\"src/**\"]\nexcept_paths = [\"docs/**\"]", true),
    ] {
        assert_eq!(!passes(&rule(paths), &change), asks, "{paths}");
    }
}

#[test]
fn a_warning_rule_is_told_and_passes() {
    let rule = format!("{FIRST_RULE}enforce = \"warn\"\n");
    let decision = evaluate(
        &policy(&rule),
        &roster(),
        &declared_by("maya", Extent::Generated),
    );
    assert!(decision.passes());
    assert_eq!(decision.unmet.len(), 1);
}

#[test]
fn requirements_that_a_declaration_would_lift_are_folded_into_it() {
    let rules = format!("[default]\nrequire = {{ declaration = true }}\n{FIRST_RULE}");
    let senior = evaluate(&policy(&rules), &roster(), &facts(&["linus"]));
    let missing: Vec<_> = senior
        .unmet
        .iter()
        .map(|unmet| unmet.missing.clone())
        .collect();
    assert_eq!(missing, [Missing::Declaration]);
    let mut junior = facts(&["maya"]);
    junior.evidence = Some(Extent::Generated);
    let junior = evaluate(&policy(&rules), &roster(), &junior);
    assert_eq!(junior.unmet.len(), 2);
    assert!(junior.unmet[1].missing.is_sign_offs());
}

#[test]
fn who_could_sign_are_those_whose_sign_off_lowers_what_is_missing() {
    let decision = evaluate(
        &policy(FIRST_RULE),
        &roster(),
        &declared_by("maya", Extent::Generated),
    );
    let Missing::SignOffs(MissingSignOffs { signers, who, .. }) = &decision.unmet[0].missing else {
        panic!("{decision:?}");
    };
    assert_eq!(
        (*signers, who.as_slice()),
        (
            1,
            ["linus", "ana", "grace", "tomas"]
                .map(String::from)
                .as_slice()
        )
    );
    let facts = declared_by("maya", Extent::Generated);
    assert!(would_count(
        &policy(FIRST_RULE),
        &roster(),
        &facts,
        ("linus", Proofs::default())
    ));
    assert!(!would_count(
        &policy(FIRST_RULE),
        &roster(),
        &facts,
        ("maya", Proofs::default())
    ));
    let policy = policy(FIRST_RULE);
    let rule = policy.rules.last().unwrap();
    assert_eq!(
        unhelpful(&policy, &roster(), &facts, rule, "maya"),
        Some(Unhelpful::Author)
    );
    assert_eq!(
        unhelpful(&policy, &roster(), &facts, rule, "omar"),
        Some(Unhelpful::Level)
    );
    assert_eq!(unhelpful(&policy, &roster(), &facts, rule, "ana"), None);
}

/// Rules of every kind that this version evaluates.
fn rules() -> impl Strategy<Value = String> {
    let when = prop::sample::select(vec![
        "",
        "when = { ai = \"assisted\" }\n",
        "when = { ai = \"generated\", author_below = \"senior\" }\n",
        "when = { author_below = \"mid\" }\n",
        "when = { author = \"unproven\" }\n",
    ]);
    let require = prop::sample::select(vec![
        "signers = 1",
        "signers = 2",
        "signers = 1, above_author = true",
        "signers = 2, level = \"senior\"",
        "level = \"senior\", above_author = true",
        "teams = [\"payments\", \"security\"]",
        "team = \"payments\", signers = 2",
        "declaration = true",
        "signers = 1, max_age = \"1d\"",
        "teams = [\"payments\"], max_age = \"2d\"",
    ]);
    let exact = prop::sample::select(vec!["", "", "clean_merge = false\n"]);
    (when, require, exact).prop_map(|(when, require, exact)| {
        format!("[[rule]]\nname = \"r\"\n{when}require = {{ {require} }}\n{exact}")
    })
}

/// The definition of SPEC 6.4 word for word, over all sets of sign-offs: slow, for comparison.
fn passes_by_definition(policy: &Policy, roster: &Roster, facts: &Facts) -> bool {
    let rule = &policy.rules[1];
    let require = rule.require.as_ref().unwrap();
    let fits = |approval: &Approval| {
        let fresh = require
            .max_age
            .is_none_or(|most| approval.age.is_some_and(|age| age <= most));
        let proofs = approval.proofs;
        fresh
            && !(rule.exact && facts.merged)
            && (!require.presence || proofs.presence)
            && (!require.user_verification || proofs.user_verification)
            && (!require.timestamp || proofs.timestamp)
    };
    let approvals: Vec<_> = facts
        .approvals
        .iter()
        .filter(|(_, given)| given.iter().any(fits))
        .filter_map(|(id, _)| roster.engineer(id))
        .collect();
    let evaluation = Evaluation {
        policy,
        roster,
        facts,
    };
    if !evaluation.ai_matches(rule) && !evaluation.silent(rule) {
        return true;
    }
    (0..1u32 << approvals.len()).any(|mask| {
        let set: Vec<_> = approvals
            .iter()
            .enumerate()
            .filter(|(bit, _)| mask >> bit & 1 == 1)
            .map(|(_, person)| *person)
            .collect();
        let possible = set
            .iter()
            .filter(|person| !facts.proven.iter().any(|id| *id != person.id));
        let writers = evaluation
            .writers()
            .into_iter()
            .chain(possible.map(|person| Writer::Person(person)));
        writers.into_iter().all(|writer| {
            let signers: Vec<_> = set.iter().map(|person| Signer::Person(person)).collect();
            evaluation.met_for(rule, require, &signers, writer)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_approval_more_never_refuses(rules in rules(), facts in any_facts(), more in people(1)) {
        let (policy, roster) = (policy(&rules), roster());
        if evaluate(&policy, &roster, &facts).passes() {
            let mut more_facts = facts.clone();
            for who in more {
                more_facts.approvals.entry(who).or_default().push(Approval::default());
            }
            prop_assert!(evaluate(&policy, &roster, &more_facts).passes());
        }
    }

    #[test]
    fn one_rule_more_never_passes(rules in rules(), other in rules(), facts in any_facts()) {
        let both = format!("{rules}{}", other.replace("\"r\"", "\"s\""));
        if evaluate(&policy(&both), &roster(), &facts).passes() {
            prop_assert!(evaluate(&policy(&rules), &roster(), &facts).passes());
        }
    }

    #[test]
    fn one_claimed_author_or_trace_more_never_passes(rules in rules(), facts in any_facts(), more in people(1)) {
        let (policy, roster) = (policy(&rules), roster());
        let mut stricter = facts.clone();
        stricter.claimed.extend(more);
        stricter.claims_unknown = true;
        stricter.evidence = Some(Extent::Autonomous);
        if facts.declared.is_some() && evaluate(&policy, &roster, &stricter).passes() {
            prop_assert!(evaluate(&policy, &roster, &facts).passes());
        }
    }

    #[test]
    fn the_largest_reliable_set_decides_as_all_sets_would(rules in rules(), facts in any_facts()) {
        let (policy, roster) = (policy(&rules), roster());
        let counted = Evaluation { policy: &policy, roster: &roster, facts: &facts };
        let rule = &policy.rules[1];
        prop_assume!(counted.applies(rule) && rule.require.as_ref().is_some_and(|require| !require.declaration));
        let met = counted.count_missing(rule, &counted.approvals(rule)) == 0 || !(counted.ai_matches(rule) || counted.silent(rule));
        prop_assert_eq!(met, passes_by_definition(&policy, &roster, &facts));
    }
}

#[test]
fn an_approval_of_that_very_age_counts_and_one_a_second_older_does_not() {
    let rule = "[[rule]]\nname = \"fresh\"\nrequire = { level = \"senior\", max_age = \"1d\" }\n";
    let day = 86_400;
    for (age, counts) in [(0, true), (day, true), (day + 1, false)] {
        let mut change = signed(declared_by("maya", Extent::None), &["linus"]);
        let approval = Approval {
            age: Some(Duration::from_secs(age)),
            ..Approval::default()
        };
        change.approvals.insert("linus".to_owned(), vec![approval]);
        assert_eq!(passes(rule, &change), counts, "{age}");
        let (policy, roster) = (policy(rule), roster());
        let fresh = policy.rules.iter().find(|rule| rule.name == "fresh");
        let why = unhelpful(&policy, &roster, &change, fresh.unwrap(), "linus");
        assert_eq!(why, (!counts).then_some(Unhelpful::Age), "{age}");
        assert_eq!(
            would_count(&policy, &roster, &change, ("linus", Proofs::default())),
            !counts
        );
    }
    // Of an age that nobody knows it is too old.
    assert!(!passes(
        rule,
        &signed(declared_by("maya", Extent::None), &["linus"])
    ));
}

#[test]
fn a_rule_for_exact_changes_takes_no_approval_of_what_one_is_the_merge_of() {
    for (rule, merged, counts) in [
        ("clean_merge = false\n", true, false),
        ("clean_merge = false\n", false, true),
        ("", true, true),
    ] {
        let rule =
            format!("[[rule]]\nname = \"exact\"\nrequire = {{ level = \"senior\" }}\n{rule}");
        let change = Facts {
            merged,
            ..signed(declared_by("maya", Extent::None), &["linus"])
        };
        assert_eq!(passes(&rule, &change), counts, "{rule} {merged}");
        // An automation's declaration is no more exact than anybody's.
        let automated = Facts {
            automated: true,
            approvals: approved(&[]),
            ..change
        };
        assert_eq!(passes(&rule, &automated), counts, "{rule} {merged}");
        let exempt = Facts {
            exempt: true,
            automated: false,
            ..automated
        };
        assert!(passes(&rule, &exempt), "{rule} {merged}");
    }
}
