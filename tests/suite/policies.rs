//! What admins see of a policy before they sign it: cases, what landed lately, rules that too few can satisfy.

use crate::world::World;

const TWO: &str = "[[rule]]\nname = \"two\"\npaths = [\"*.rs\"]\nrequire = { signers = 2, level = \"principal\" }\n";

#[test]
fn cases_say_what_a_policy_does_and_a_wrong_one_fails() {
    let world = World::team();
    let ana = world.person("ana");
    let cases = "[[case]]\nname = \"a junior's work waits\"\npaths = [\"a.rs\"]\nauthors = [\"ben\"]\ndeclared = \"assisted\"\nexpect = \"wait\"\n\
                 [[case]]\nname = \"and passes signed\"\npaths = [\"a.rs\"]\nauthors = [\"ben\"]\ndeclared = \"assisted\"\napprovals = [\"carol\"]\nexpect = \"pass\"\n";
    ana.write("cases.toml", cases);
    ana.countersign(&["policy", "test", "cases.toml"])
        .expect(0, "ok        2 cases");
    ana.write("cases.toml", &cases.replace("\"carol\"", "\"omar\""));
    ana.countersign(&["policy", "test", "cases.toml"])
        .expect(
            1,
            "cases.toml:7: \"and passes signed\": wait (\"AI-assisted work below senior",
        )
        .expect(1, "1 of 2 cases");
    ana.write("cases.toml", &cases.replace("\"carol\"", "\"carl\""));
    ana.countersign(&["policy", "test", "cases.toml"])
        .expect(2, "did you mean \"carol\"?");
    ana.countersign(&["policy", "test", "none.toml"])
        .expect(2, "can't read none.toml");
    ana.countersign(&["policy", "test"]).expect(2, "FILE");
}

#[test]
fn the_next_policy_is_replayed_over_what_landed_lately() {
    let world = World::team();
    let ben = world.fresh("ben");
    for number in 0..3 {
        ben.commit(
            "a.rs",
            &format!("{number}\n"),
            "Change a.rs\n\nAssisted-by: Claude:opus",
        );
    }
    ben.commit("README", "notes\n", "Write a README");
    ben.git(&["push", "-q", "origin", "main"]);
    let ana = world.person("ana");
    ana.git(&["pull", "-q"]);
    let run = ana.countersign(&["policy", "simulate"]).ok();
    assert!(!run.stdout.contains("next"), "{run:?}");
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{policy}\n{TWO}"));
    let run = ana.countersign(&["policy", "simulate"]);
    let run = run.expect(0, "now    next");
    let number = |text: &str| -> Vec<String> {
        let line = run.stdout.lines().find(|line| line.starts_with(text));
        let words = line.unwrap_or_else(|| panic!("{text}: {run:?}"));
        let words = words.trim_start_matches(text).split_whitespace();
        words.map(str::to_owned).collect()
    };
    assert_eq!(number("needs 1 signer"), ["3", "0"]);
    assert_eq!(number("needs 2 signers"), ["0", "4"]);
    assert!(run.stdout.contains("bottleneck: "), "{run:?}");
    // Nothing but what is asked for is replayed.
    ana.countersign(&["policy", "simulate", "--since", "yesterday"])
        .expect(2, "--since yesterday");
    ana.write("next.toml", "nonsense");
    ana.countersign(&["policy", "simulate", "--policy", "next.toml"])
        .expect(2, "next.toml:1");
}

#[test]
fn lint_names_rules_that_too_few_people_can_satisfy() {
    let world = World::team();
    let ana = world.person("ana");
    let run = ana.countersign(&["policy", "lint"]).ok();
    assert!(!run.stdout.contains("warning"), "{run:?}");
    let path = ".countersign/policy.toml";
    let policy = std::fs::read_to_string(ana.path.join(path)).unwrap();
    ana.write(path, &format!("{policy}\n{TWO}"));
    ana.countersign(&["policy", "lint"])
        .expect(0, "warning: .countersign/policy.toml:")
        .expect(0, "\"two\" can't be met for changes by ana, ben, carol, omar: 1 more must be able to sign");
    ana.write(
        path,
        &format!("{policy}\n{}", TWO.replace("signers = 2, ", "")),
    );
    ana.countersign(&["policy", "lint"])
        .expect(
            0,
            "takes grace for every change by ana, ben, carol, omar: nobody can stand in",
        )
        .expect(0, "can't be met for changes by grace");
}
