use super::*;
use crate::change::RepoPath;
use crate::policy::facts_testing::{approved, facts, policy, roster};

fn narrow(rules: &str) -> Vec<(Vec<String>, usize, Vec<String>)> {
    let found = policy(rules).narrow_rules(&roster());
    let told = found
        .into_iter()
        .map(|one| (one.authors, one.lacking, one.indispensable));
    told.collect()
}

fn names(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn a_rule_that_enough_people_can_satisfy_is_not_narrow() {
    let rule = "[[rule]]\nname = \"one\"\nwhen = { author_below = \"senior\" }\nrequire = { level = \"senior\" }\n";
    assert_eq!(narrow(rule), []);
    assert_eq!(narrow("[[rule]]\nname = \"one\"\nforbid = \"no\"\n"), []);
}

#[test]
fn who_can_not_be_spared_and_for_whom_nobody_is_left_is_told() {
    let two = "[[rule]]\nname = \"two\"\nrequire = { signers = 2, level = \"principal\" }\n";
    assert_eq!(
        narrow(two),
        [
            (
                names(&["maya", "omar", "linus", "ana"]),
                0,
                names(&["grace", "tomas"])
            ),
            (names(&["grace", "tomas"]), 1, vec![]),
        ]
    );
    let team = "[[rule]]\nname = \"team\"\nrequire = { team = \"security\" }\n";
    assert_eq!(
        narrow(team),
        [
            (
                names(&["maya", "omar", "linus", "grace", "tomas"]),
                0,
                names(&["ana"])
            ),
            (names(&["ana"]), 1, vec![]),
        ]
    );
}

#[test]
fn a_rule_that_asks_what_no_key_proves_can_not_be_met() {
    let rule = "[[rule]]\nname = \"touch\"\nrequire = { presence = true }\n";
    let everybody = names(&["maya", "omar", "linus", "ana", "grace", "tomas"]);
    assert_eq!(narrow(rule), [(everybody, 1, vec![])]);
}

#[test]
fn a_burden_is_what_the_rule_asks_that_asks_most_once_the_authors_declared() {
    let rules = "[[rule]]\nname = \"one\"\nrequire = { level = \"senior\" }\n\
                 [[rule]]\nname = \"two\"\npaths = [\"core/**\"]\nrequire = { signers = 2, level = \"principal\" }\n";
    let policy = policy(rules);
    let change = facts(&["maya"]);
    let one = burden(&policy, &roster(), &change);
    assert_eq!((one.signers, one.rule), (1, Some(1)));
    assert_eq!(one.who, names(&["linus", "ana", "grace", "tomas"]));
    let mut core = change;
    core.paths = vec![RepoPath::new("core/a").unwrap()];
    core.approvals = approved(&["grace"]);
    let two = burden(&policy, &roster(), &core);
    assert_eq!((two.signers, two.rule), (2, Some(2)));
    assert_eq!(two.who, names(&["grace", "tomas"]));
}
