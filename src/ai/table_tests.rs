use super::*;

const ROW: &str = "[[agent]]\nid = \"x\"\ntool = \"X\"\n";

fn error(text: &str) -> AgentTableError {
    AgentTable::parse(text).unwrap_err()
}

#[test]
fn the_compiled_in_table_parses() {
    assert_eq!(AgentTable::builtin().rows.len(), 24);
}

#[test]
fn the_smallest_row_is_an_id_and_a_tool() {
    assert!(AgentTable::parse(ROW).is_ok());
    let text = "[[agent]]\nid = \"x\"\n";
    assert_eq!(
        error(text),
        AgentTableError::Value {
            row: 1,
            key: "tool"
        }
    );
}

#[test]
fn a_text_without_rows_is_refused() {
    assert_eq!(error(""), AgentTableError::Syntax);
    assert_eq!(error("[[agent]"), AgentTableError::Syntax);
    assert_eq!(error(&format!("other = 1\n{ROW}")), AgentTableError::Syntax);
}

#[test]
fn an_unknown_key_is_refused() {
    let unknown = |key: &str| AgentTableError::UnknownKey {
        row: 1,
        key: key.to_owned(),
    };
    assert_eq!(error(&format!("{ROW}adresses = []\n")), unknown("adresses"));
    let trailer = format!("{ROW}trailers = [{{ key = \"K\", valu = \"v\" }}]\n");
    assert_eq!(error(&trailer), unknown("valu"));
    assert!(AgentTable::parse(&trailer.replace("valu ", "value ")).is_ok());
}

#[test]
fn an_address_pattern_or_domain_is_refused() {
    let with = |address: &str| format!("{ROW}addresses = [\"{address}\"]\n");
    assert!(AgentTable::parse(&with("bot@x.example")).is_ok());
    for address in [
        "@x.example",
        "*@x.example",
        "x.example",
        "bot@x",
        "a b@x.example",
        "",
    ] {
        let expected = AgentTableError::Value {
            row: 1,
            key: "addresses",
        };
        assert_eq!(error(&with(address)), expected, "{address}");
    }
}

#[test]
fn an_id_address_or_name_of_another_row_is_refused() {
    let twice = |first: &str, second: &str| {
        format!("{ROW}{first}\n{}{second}\n", ROW.replace("\"x\"", "\"y\""))
    };
    let repeated = |value: &str| AgentTableError::Repeated {
        row: 2,
        value: value.to_owned(),
    };
    assert_eq!(error(&format!("{ROW}{ROW}")), repeated("x"));
    let (one, other) = (
        "addresses = [\"a@x.example\"]",
        "addresses = [\"A@x.example\"]",
    );
    assert_eq!(error(&twice(one, other)), repeated("A@x.example"));
    assert_eq!(
        error(&twice("names = [\"n\"]", "given_names = [\"n\"]")),
        repeated("n")
    );
    assert!(AgentTable::parse(&twice(one, "names = [\"n\"]")).is_ok());
}

#[test]
fn a_trailer_with_two_value_forms_is_refused() {
    let text = format!("{ROW}trailers = [{{ key = \"K\", value = \"v\", hex = 3 }}]\n");
    assert_eq!(
        error(&text),
        AgentTableError::Value {
            row: 1,
            key: "value"
        }
    );
    assert!(AgentTable::parse(&text.replace(", hex = 3", "")).is_ok());
}

#[test]
fn a_marker_of_a_prefix_alone_is_refused() {
    let text = format!("{ROW}markers = [{{ prefix = \"Made with [X](\", suffix = \")\" }}]\n");
    assert!(AgentTable::parse(&text).is_ok());
    let prefix_alone = text.replace(", suffix = \")\"", "");
    assert_eq!(
        error(&prefix_alone),
        AgentTableError::Value {
            row: 1,
            key: "line"
        }
    );
}

#[test]
fn a_rule_can_not_show_that_no_ai_took_part() {
    let text = format!("{ROW}trailers = [{{ key = \"K\", extent = \"assisted\" }}]\n");
    assert!(AgentTable::parse(&text).is_ok());
    let none = text.replace("assisted", "none");
    assert_eq!(
        error(&none),
        AgentTableError::Value {
            row: 1,
            key: "extent"
        }
    );
    let signed = text.replace("extent = \"assisted\"", "strength = \"signed\"");
    assert_eq!(
        error(&signed),
        AgentTableError::Value {
            row: 1,
            key: "strength"
        }
    );
}

#[test]
fn a_model_pattern_has_two_parts() {
    let text = format!("{ROW}model_in_name = [\"X \", \"\"]\n");
    assert!(AgentTable::parse(&text).is_ok());
    let three = text.replace("\"\"]", "\"\", \"\"]");
    assert_eq!(
        error(&three),
        AgentTableError::Value {
            row: 1,
            key: "model_in_name"
        }
    );
}

#[test]
fn policy_rows_extend_the_table() {
    let mut table = AgentTable::builtin().clone();
    assert!(!table.is_agent_address("bot@corp.example"));
    let document: DocumentMut = format!(
        "{}addresses = [\"bot@corp.example\"]\n",
        ROW.replace("agent", "ai.rule")
    )
    .parse()
    .unwrap();
    let rows = document["ai"]["rule"].as_array_of_tables().unwrap();
    table.extend(rows).unwrap();
    assert!(table.is_agent_address("bot@corp.example"));
    assert!(table.is_agent_address("noreply@anthropic.com"));
}

#[test]
fn the_longest_leading_name_wins_and_ends_at_a_word() {
    let table = AgentTable::builtin();
    let (row, given, rest) = table.by_leading_name("Claude Code v2.1").unwrap();
    assert_eq!(
        (row.id.as_str(), given, rest),
        ("claude-code", false, " v2.1")
    );
    assert!(table.by_leading_name("Cursory look").is_none());
    assert!(table.by_leading_name("amphibian").is_none());
}
