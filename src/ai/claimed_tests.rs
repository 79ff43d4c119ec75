use super::*;

fn claimed_people(commit: &Commit) -> ClaimedAuthors {
    AgentTable::builtin().claimed_people(commit)
}

fn commit(author: &str, message: &str) -> Commit {
    let identity = Identity {
        name: "A Person".to_owned(),
        email: author.to_owned(),
    };
    Commit {
        id: "1".repeat(40).parse().unwrap(),
        parents: Vec::new(),
        author: identity,
        committer: Identity {
            name: "Lander".to_owned(),
            email: "lander@example.com".to_owned(),
        },
        committed_at: 0,
        message: message.to_owned(),
    }
}

fn emails(list: &[(Identity, ClaimedRole)]) -> Vec<(&str, ClaimedRole)> {
    list.iter()
        .map(|(identity, role)| (identity.email.as_str(), *role))
        .collect()
}

#[test]
fn the_author_and_co_authors_on_any_line_are_claimed() {
    let message = "Subject\\n\\nCo-authored-by: B <b@example.com>\n\n  CO-AUTHORED-BY: C <c@example.com>\n\nprose\n";
    let claimed = claimed_people(&commit("a@example.com", message));
    let expected = [
        ("a@example.com", ClaimedRole::Author),
        ("b@example.com", ClaimedRole::CoAuthor),
        ("c@example.com", ClaimedRole::CoAuthor),
    ];
    assert_eq!(emails(&claimed.people), expected);
    assert!(claimed.agents.is_empty());
}

#[test]
fn known_agents_stand_apart() {
    let message =
        "S\n\nCo-authored-by: Cursor <CursorAgent@cursor.com>\nCo-authored-by: B <b@example.com>";
    let claimed = claimed_people(&commit("noreply@anthropic.com", message));
    assert_eq!(
        emails(&claimed.people),
        [("b@example.com", ClaimedRole::CoAuthor)]
    );
    let expected = [
        ("noreply@anthropic.com", ClaimedRole::Author),
        ("CursorAgent@cursor.com", ClaimedRole::CoAuthor),
    ];
    assert_eq!(emails(&claimed.agents), expected);
}

#[test]
fn people_with_agents_names_or_vendor_addresses_are_people() {
    let message = "S\n\nCo-authored-by: Devin Smith <devin@example.com>\nCo-authored-by: Paul <paul@aider.chat>";
    let claimed = claimed_people(&commit("someone@zed.dev", message));
    assert_eq!(claimed.people.len(), 3);
}

#[test]
fn committers_and_other_trailers_claim_nothing() {
    let message = "S\n\nSigned-off-by: B <b@example.com>\nReviewed-by: C <c@example.com>\nCo-authored-by: nobody";
    let claimed = claimed_people(&commit("a@example.com", message));
    assert_eq!(
        emails(&claimed.people),
        [("a@example.com", ClaimedRole::Author)]
    );
}

#[test]
fn each_address_stands_once() {
    let message = "S\n\nCo-authored-by: A <A@example.com>\nCo-authored-by: B <b@example.com>\nCo-authored-by: B <b@example.com>";
    assert_eq!(
        claimed_people(&commit("a@example.com", message))
            .people
            .len(),
        2
    );
}

#[test]
fn co_authors_over_the_limit_are_counted() {
    let line = |number| format!("Co-authored-by: N <n{number}@example.com>\n");
    let message: String = (0..CO_AUTHOR_LIMIT).map(line).collect();
    let claimed = claimed_people(&commit("a@example.com", &message));
    assert_eq!(
        (claimed.people.len(), claimed.left_out),
        (CO_AUTHOR_LIMIT + 1, 0)
    );
    let message: String = (0..CO_AUTHOR_LIMIT + 2).map(line).collect();
    let claimed = claimed_people(&commit("a@example.com", &message));
    assert_eq!(
        (claimed.people.len(), claimed.left_out),
        (CO_AUTHOR_LIMIT + 1, 2)
    );
}
