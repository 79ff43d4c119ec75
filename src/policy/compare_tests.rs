use proptest::prelude::*;

use super::super::facts_testing::{any_facts, policy, roster};
use crate::policy::evaluate;

const RULE: &str = "[[rule]]\nname = \"payments\"\npaths = [\"pay/**\"]\nwhen = { ai = \"assisted\", author_below = \"senior\" }\n\
                    require = { signers = 2, level = \"senior\", team = \"payments\", declaration = true }\n";

fn changes(old: &str, new: &str) -> Vec<(String, bool)> {
    let found = policy(new).changes_since(&policy(old), &roster());
    found
        .into_iter()
        .map(|change| (change.what, change.weaker))
        .collect()
}

/// What changes where `from` becomes `to` in the one rule, and back.
#[track_caller]
fn both_ways(from: &str, to: &str, there: &str, back: &str, weaker: bool) {
    let new = RULE.replacen(from, to, 1);
    assert_ne!(new, RULE, "{from}");
    let told = |text: &str| format!("rule \"payments\": {text}");
    assert_eq!(changes(RULE, &new), [(told(there), weaker)]);
    assert_eq!(changes(&new, RULE), [(told(back), !weaker)]);
}

#[test]
fn nothing_changed_is_nothing_told() {
    assert_eq!(changes(RULE, RULE), []);
}

#[test]
fn each_part_of_a_rule_is_told_with_whether_it_got_weaker() {
    both_ways(
        "signers = 2",
        "signers = 1",
        "signers 2 -> 1",
        "signers 1 -> 2",
        true,
    );
    both_ways(
        "level = \"senior\",",
        "level = \"principal\",",
        "level senior -> principal",
        "level principal -> senior",
        false,
    );
    both_ways(
        "author_below = \"senior\"",
        "author_below = \"mid\"",
        "when author_below senior -> mid",
        "when author_below mid -> senior",
        true,
    );
    both_ways(
        "ai = \"assisted\"",
        "ai = \"generated\"",
        "when ai assisted -> generated",
        "when ai generated -> assisted",
        true,
    );
    both_ways(
        "paths = [\"pay/**\"]\n",
        "",
        "paths pay/** -> all",
        "paths all -> pay/**",
        false,
    );
    both_ways(
        ", declaration = true",
        "",
        "declaration true -> false",
        "declaration false -> true",
        true,
    );
    both_ways(
        "require",
        "enforce = \"warn\"\nrequire",
        "enforce block -> warn",
        "enforce warn -> block",
        true,
    );
    both_ways(
        "paths = [\"pay/**\"]",
        "paths = [\"pay/**\", \"lib/**\"]",
        "paths + lib/**",
        "paths - lib/**",
        false,
    );
    both_ways(
        "when = { ",
        "when = { lines_over = 10, ",
        "when lines_over any -> 10",
        "when lines_over 10 -> any",
        true,
    );
}

#[test]
fn another_team_counts_as_weaker_both_ways() {
    let new = RULE.replace("team = \"payments\"", "team = \"security\"");
    let told = |text: &str| (format!("rule \"payments\": team {text}"), true);
    assert_eq!(changes(RULE, &new), [told("payments -> security")]);
    assert_eq!(changes(&new, RULE), [told("security -> payments")]);
}

#[test]
fn a_rule_that_goes_is_weaker_and_one_that_comes_is_not() {
    let told = |text: &str, weaker| [(format!("rule \"payments\": {text}"), weaker)];
    assert_eq!(changes(RULE, ""), told("removed", true));
    assert_eq!(changes("", RULE), told("new", false));
}

#[test]
fn exemptions_aliases_and_branches_are_told() {
    let head = "[default]\nrequire = { declaration = true }\nenforce = \"warn\"\n";
    let exempt = format!("exempt = [\"docs/**\"]\n{head}");
    assert_eq!(
        changes(head, &exempt),
        [("exempt + docs/**".to_owned(), true)]
    );
    assert_eq!(
        changes(&exempt, head),
        [("exempt - docs/**".to_owned(), false)]
    );
    let alias = format!("aliases = [\"old\"]\n{head}");
    assert_eq!(changes(head, &alias), [("aliases + old".to_owned(), true)]);
}

/// Rules of every kind, of which the second may be a change of the first.
fn rule() -> impl Strategy<Value = String> {
    let ai = prop::sample::select(vec!["", "ai = \"assisted\", ", "ai = \"generated\", "]);
    let author = prop::sample::select(vec![
        "",
        "author_below = \"mid\", ",
        "author_below = \"senior\", ",
        "author = \"unproven\", ",
    ]);
    let size = prop::sample::select(vec!["", "files_over = 0, ", "files_over = 9, "]);
    let signers = prop::sample::select(vec!["", "signers = 1, ", "signers = 2, "]);
    let level = prop::sample::select(vec!["", "level = \"senior\", ", "level = \"principal\", "]);
    let team = prop::sample::select(vec![
        "",
        "team = \"payments\", ",
        "teams = [\"payments\", \"security\"], ",
    ]);
    let more = prop::sample::select(vec!["", "above_author = true, ", "declaration = true, "]);
    let tail = prop::sample::select(vec!["", "enforce = \"warn\"\n", "paths = [\"src/**\"]\n"]);
    ((ai, author, size, tail), (signers, level, team, more)).prop_filter_map(
        "a rule asks something",
        |((ai, author, size, tail), (signers, level, team, more))| {
            let require = format!("{signers}{level}{team}{more}");
            let when = format!("{ai}{author}{size}");
            let table = |name: &str, keys: &str| match keys.strip_suffix(", ") {
                Some(keys) => format!("{name} = {{ {keys} }}\n"),
                None => String::new(),
            };
            (!require.is_empty()).then(|| {
                let (when, require) = (table("when", &when), table("require", &require));
                format!("[[rule]]\nname = \"r\"\n{tail}{when}{require}")
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_passes_only_now_is_told_as_weaker(old in rule(), new in rule(), facts in any_facts()) {
        let (before, now, roster) = (policy(&old), policy(&new), roster());
        let passes = |policy| evaluate(policy, &roster, &facts).passes();
        if passes(&now) && !passes(&before) {
            let changes = now.changes_since(&before, &roster);
            prop_assert!(changes.iter().any(|change| change.weaker), "{changes:?}");
        }
    }
}
