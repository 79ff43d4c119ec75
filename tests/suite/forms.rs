//! What CI systems and code hosts read of a verdict.

use serde_json::Value;

use crate::world::{Clone, Run, World};

/// A subject that tries to be a command, markup and an end of what it stands in.
const HOSTILE: &str = "::error::x <b>|`@all` ]]> &\u{202e}\u{7}";

/// Two commits of ben on main: one that he declared to be assisted, and one that he didn't declare.
fn waiting(world: &World) -> Clone {
    let ben = world.fresh("ben");
    ben.commit("lines.rs", "one\n", "Add lines");
    ben.countersign(&["declare", "--ai", "assisted"]).ok();
    ben.commit("tags.rs", "one\n", HOSTILE);
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.fresh("ci")
}

fn verify(world: &World, ci: &Clone, args: &[&str]) -> Run {
    let root = world.root();
    let verify = ["verify", "--fetch", "--root", root.as_str(), "HEAD~2..HEAD"];
    ci.countersign(&[&verify, args].concat())
}

/// The same, verified.
fn landed(world: &World) -> Clone {
    let ben = world.fresh("ben");
    for path in ["lines.rs", "tags.rs"] {
        ben.commit(path, "one\n", HOSTILE);
        ben.countersign(&["declare", "--ai", "none", "HEAD~1..HEAD"])
            .ok();
    }
    ben.git(&["push", "-q", "origin", "HEAD:main"]);
    world.fresh("ci")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn sarif_has_a_result_for_each_finding_and_says_where_nothing_was_decided() {
    let world = World::team();
    let ci = waiting(&world);
    let log = parsed(
        &verify(&world, &ci, &["--format", "sarif"])
            .expect(1, "")
            .stdout,
    );
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let codes: Vec<_> = results.iter().map(|result| &result["ruleId"]).collect();
    assert_eq!(codes, ["CS101", "CS102"]);
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], ".countersign/policy.toml");
    assert_eq!(place["region"]["startLine"], 14);
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let undecided = ci.countersign(&["verify", "--format", "sarif", "HEAD~1..HEAD"]);
    let log = parsed(&undecided.expect(2, "").stdout);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["results"][0]["ruleId"], "CS405");
    assert_eq!(run["results"][0]["level"], "error");
}

#[test]
fn sarif_of_what_is_verified_has_no_results() {
    let world = World::team();
    let ci = landed(&world);
    let log = parsed(&verify(&world, &ci, &["--format", "sarif"]).ok().stdout);
    assert_eq!(log["runs"][0]["results"], Value::from(Vec::<Value>::new()));
}

#[test]
fn code_quality_has_an_issue_with_its_own_fingerprint_for_each_finding() {
    let world = World::team();
    let ci = waiting(&world);
    let issues = parsed(
        &verify(&world, &ci, &["--format", "gitlab"])
            .expect(1, "")
            .stdout,
    );
    let issues = issues.as_array().unwrap();
    assert_eq!(issues.len(), 2);
    assert_ne!(issues[0]["fingerprint"], issues[1]["fingerprint"]);
    assert_eq!(issues[0]["description"], "CS101: sign-off missing");
    assert_eq!(issues[0]["location"]["lines"]["begin"], 14);
    let again = parsed(&verify(&world, &ci, &["--format", "gitlab"]).stdout);
    assert_eq!(again[0]["fingerprint"], issues[0]["fingerprint"]);
    let undecided = ci.countersign(&["verify", "--format", "gitlab", "HEAD~1..HEAD"]);
    let issues = parsed(&undecided.expect(2, "").stdout);
    assert_eq!(issues[0]["severity"], "blocker");
}

#[test]
fn junit_has_a_test_for_each_unit_and_untrusted_text_stays_text() {
    let world = World::team();
    let ci = waiting(&world);
    let xml = verify(&world, &ci, &["--format", "junit"])
        .expect(1, "")
        .stdout;
    assert!(
        xml.contains("tests=\"2\" failures=\"2\" errors=\"0\""),
        "{xml}"
    );
    assert!(xml.contains("<failure type=\"CS102\""), "{xml}");
    assert!(
        xml.contains("::error::x &lt;b&gt;|`@all` ]]&gt; &amp;\\u{202e}\\u{7}"),
        "{xml}"
    );
    let well_formed =
        "import sys, xml.dom.minidom; xml.dom.minidom.parseString(sys.argv[1].encode())";
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
    let parsed = std::process::Command::new(python)
        .args(["-c", well_formed, &xml])
        .status();
    assert!(parsed.unwrap().success(), "{xml}");
    let undecided = ci.countersign(&["verify", "--format", "junit", "HEAD~1..HEAD"]);
    let xml = undecided.expect(2, "").stdout;
    assert!(xml.contains("failures=\"0\" errors=\"1\""), "{xml}");
    assert!(xml.contains("<error type=\"CS405\""), "{xml}");
    let world = World::team();
    let ci = landed(&world);
    let xml = verify(&world, &ci, &["--format", "junit"]).ok().stdout;
    assert!(
        xml.contains("tests=\"2\" failures=\"0\" errors=\"0\""),
        "{xml}"
    );
}

#[test]
fn no_line_of_a_log_is_a_command_of_somebody_else() {
    let world = World::team();
    let ci = waiting(&world);
    let log = verify(&world, &ci, &["--format", "github"])
        .expect(1, "")
        .stdout;
    let mut lines = log.lines();
    let wanted = [
        "::error file=.countersign/policy.toml,line=14,title=CS101 sign-off missing::error[CS101]",
        "::error file=.countersign/policy.toml,line=11,title=CS102 declaration missing::error[CS102]",
    ];
    for wanted in wanted {
        let line = lines.next().unwrap();
        assert!(line.starts_with(wanted), "{line}");
    }
    let token = lines
        .next()
        .unwrap()
        .strip_prefix("::stop-commands::")
        .unwrap();
    let rest: Vec<_> = lines.collect();
    assert_eq!(rest.last().unwrap(), &format!("::{token}::"));
    let others = rest[..rest.len() - 1].iter();
    assert!(others.clone().all(|line| !line.contains(token)), "{log}");
    assert!(others.count() > 5, "{log}");
}

#[test]
fn a_page_reads_no_markup_of_a_subject() {
    let world = World::team();
    let ci = waiting(&world);
    let page = verify(&world, &ci, &["--format", "markdown"])
        .expect(1, "")
        .stdout;
    assert!(
        page.starts_with("### countersign: waiting, 2 of 2\n"),
        "{page}"
    );
    for markup in ["<b>", "@all", "`", "::error"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    assert!(
        page.contains("<details><summary>CS101: sign-off missing"),
        "{page}"
    );
    let world = World::team();
    let ci = landed(&world);
    let page = verify(&world, &ci, &["--format", "markdown"]).ok().stdout;
    assert!(page.starts_with("### countersign: verified\n"), "{page}");
}

#[test]
fn one_run_writes_several_formats_also_where_nothing_was_decided() {
    let world = World::team();
    let ci = waiting(&world);
    let files = [
        "-o",
        "sarif=v.sarif",
        "-o",
        "junit=v.xml",
        "-o",
        "json=v.json",
    ];
    verify(&world, &ci, &files).expect(1, "error[CS101]");
    let read = |name: &str| std::fs::read_to_string(ci.path.join(name)).unwrap();
    assert_eq!(parsed(&read("v.json"))["result"], "refused");
    assert_eq!(parsed(&read("v.sarif"))["version"], "2.1.0");
    assert!(read("v.xml").starts_with("<?xml"));
    ci.countersign(&[&["verify", "HEAD~1..HEAD"], &files[..]].concat())
        .expect(2, "error[CS405]: could not decide");
    assert_eq!(parsed(&read("v.json"))["result"], "undecided");
    verify(&world, &ci, &["-o", "json=nowhere/v.json"]).expect(2, "can't write nowhere/v.json");
    verify(&world, &ci, &["-o", "html=v.html"]).expect(2, "invalid value 'html=v.html'");
    ci.countersign(&["status", "--format", "sarif"])
        .expect(2, "this --format is for verify alone");
}
