use proptest::prelude::*;

use super::*;
use crate::ai::{Agent, AiAssistance, Contradiction, assess};
use crate::change::sha256;

fn trace(rule: &str, strength: Strength, extent: Extent) -> Trace {
    Trace {
        rule: rule.to_owned(),
        source: EvidenceSource::Trailer,
        commit: None,
        reference: None,
        line: None,
        sha256: sha256(rule.as_bytes()),
        strength,
        extent,
        agent: None,
        signed_off: false,
    }
}

fn strong(extent: Extent) -> Trace {
    trace("r/t", Strength::Strong, extent)
}

fn naming(tool: &str, model: Option<&str>, role: AgentRole) -> Trace {
    Trace {
        agent: Some(NamedAgent {
            tool: tool.to_owned(),
            model: model.map(str::to_owned),
            role,
            ..NamedAgent::default()
        }),
        ..strong(Extent::Assisted)
    }
}

fn found(traces: impl IntoIterator<Item = Trace>) -> Found {
    let mut found = Found::default();
    traces.into_iter().for_each(|trace| found.add(trace));
    found
}

#[test]
fn no_declaration_and_no_evidence_is_unknown() {
    assert_eq!(assess(None, &Found::default()), AiAssistance::default());
}

#[test]
fn the_extent_is_the_stronger_of_declaration_and_evidence() {
    let generated = found([strong(Extent::Generated)]);
    assert_eq!(assess(None, &generated).extent, Some(Extent::Generated));
    assert_eq!(
        assess(Some(Extent::Assisted), &generated).extent,
        Some(Extent::Generated)
    );
    assert_eq!(
        assess(Some(Extent::Autonomous), &generated).extent,
        Some(Extent::Autonomous)
    );
    assert_eq!(
        assess(Some(Extent::None), &Found::default()).extent,
        Some(Extent::None)
    );
}

#[test]
fn weak_evidence_never_raises() {
    let with = |strength| found([trace("r/t", strength, Extent::Autonomous)]);
    assert_eq!(
        assess(Some(Extent::None), &with(Strength::Weak)).extent,
        Some(Extent::None)
    );
    assert_eq!(assess(None, &with(Strength::Weak)).extent, None);
    assert_eq!(
        assess(None, &with(Strength::Medium)).extent,
        Some(Extent::Autonomous)
    );
}

#[test]
fn evidence_of_a_persons_work_is_no_declaration_of_none() {
    let human = found([strong(Extent::None)]);
    assert_eq!(assess(None, &human).extent, None);
    assert_eq!(assess(Some(Extent::Generated), &human).contradictions, []);
}

#[test]
fn evidence_above_the_declaration_is_a_contradiction_for_each_rule() {
    let both = found([
        trace("a/x", Strength::Strong, Extent::Assisted),
        trace("b/x", Strength::Strong, Extent::Generated),
        trace("b/x", Strength::Strong, Extent::Autonomous),
        trace("c/x", Strength::Weak, Extent::Autonomous),
    ]);
    let contradiction = Contradiction {
        declared: Extent::Assisted,
        evidence: Extent::Autonomous,
        rule: "b/x".to_owned(),
    };
    assert_eq!(
        assess(Some(Extent::Assisted), &both).contradictions,
        [contradiction]
    );
    assert_eq!(assess(Some(Extent::Autonomous), &both).contradictions, []);
    assert_eq!(assess(None, &both).contradictions, []);
}

#[test]
fn agents_are_listed_once_and_evidence_refers_to_them() {
    let assessed = assess(
        None,
        &found([
            naming("B", None, AgentRole::Unknown),
            naming("B", Some("m"), AgentRole::Coauthor),
            naming("A", Some("m"), AgentRole::Coauthor),
            naming("A", Some("m"), AgentRole::Author),
        ]),
    );
    let agent = |id: &str, tool: &str, role| Agent {
        id: id.to_owned(),
        tool: tool.to_owned(),
        model: Some("m".to_owned()),
        role,
        ..Agent::default()
    };
    let expected = [
        agent("a1", "A", AgentRole::Author),
        agent("a2", "B", AgentRole::Coauthor),
    ];
    assert_eq!(assessed.agents, expected);
    let ids: Vec<_> = assessed
        .evidence
        .iter()
        .filter_map(|one| one.agent.as_deref())
        .collect();
    assert_eq!(ids, ["a1", "a2"]);
}

#[test]
fn an_agent_without_a_model_stands_apart_where_its_tool_has_two() {
    let assessed = assess(
        None,
        &found([
            naming("A", None, AgentRole::Unknown),
            naming("A", Some("m"), AgentRole::Coauthor),
            naming("A", Some("n"), AgentRole::Coauthor),
        ]),
    );
    assert_eq!(assessed.agents.len(), 3);
    assert_eq!(assessed.agents[0].model, None);
}

#[test]
fn an_agent_that_only_weak_evidence_names_is_not_listed() {
    let weak = Trace {
        strength: Strength::Weak,
        ..naming("A", None, AgentRole::Author)
    };
    let assessed = assess(None, &found([weak]));
    assert_eq!(assessed.agents, []);
    assert_eq!(assessed.evidence[0].agent, None);
    assert_eq!(
        assess(None, &found([naming("A", None, AgentRole::Author)]))
            .agents
            .len(),
        1
    );
}

#[test]
fn a_line_that_repeats_is_one_trace_at_its_first_place() {
    let at = |line| Trace {
        line: Some(line),
        ..strong(Extent::Assisted)
    };
    let found = found([at(9), at(4), at(7)]);
    assert_eq!(found.traces().collect::<Vec<_>>(), [at(4)]);
}

#[test]
fn over_the_limit_the_traces_that_raise_most_stay() {
    let weak =
        (0..TRACE_LIMIT).map(|number| trace(&number.to_string(), Strength::Weak, Extent::Assisted));
    let mut found = found(weak);
    assert_eq!(found.left_out(), 0);
    found.add(trace("zz", Strength::Strong, Extent::Autonomous));
    assert_eq!((found.left_out(), found.traces().count()), (1, TRACE_LIMIT));
    assert_eq!(assess(None, &found).extent, Some(Extent::Autonomous));
}

fn any_trace() -> impl Strategy<Value = Trace> {
    let strength = prop::sample::select(vec![
        Strength::Weak,
        Strength::Medium,
        Strength::Strong,
        Strength::Signed,
    ]);
    let extent = prop::sample::select(Extent::ALL.to_vec());
    let agent = prop::option::of(("[ab]", prop::option::of("[mn]")));
    let line = prop::option::of(0u64..3);
    ("[rst]", strength, extent, agent, line).prop_map(|(rule, strength, extent, agent, line)| {
        Trace {
            line,
            agent: agent.map(|(tool, model)| NamedAgent {
                tool,
                model,
                ..NamedAgent::default()
            }),
            ..trace(&rule, strength, extent)
        }
    })
}

fn any_declaration() -> impl Strategy<Value = Option<Extent>> {
    prop::option::of(prop::sample::select(Extent::ALL.to_vec()))
}

proptest! {
    #[test]
    fn adding_evidence_never_lowers_the_extent(
        declared in any_declaration(),
        some in prop::collection::vec(any_trace(), 0..8),
        more in prop::collection::vec(any_trace(), 0..8),
    ) {
        let mut all = found(some.clone());
        let before = assess(declared, &all);
        all.merge(found(more));
        let after = assess(declared, &all);
        prop_assert!(after.extent >= before.extent);
        prop_assert!(after.contradictions.len() >= before.contradictions.len());
    }

    #[test]
    fn the_extent_is_never_below_the_declaration(
        declared in any_declaration(),
        traces in prop::collection::vec(any_trace(), 0..8),
    ) {
        let assessed = assess(declared, &found(traces));
        prop_assert!(assessed.extent >= declared);
        prop_assert_eq!(
            assessed.contradictions.is_empty(),
            declared.is_none() || assessed.extent == declared
        );
    }

    #[test]
    fn the_order_of_evidence_does_not_matter(
        traces in prop::collection::vec(any_trace(), 0..12).prop_shuffle(),
    ) {
        let mut sorted = traces.clone();
        sorted.sort();
        prop_assert_eq!(assess(None, &found(traces)), assess(None, &found(sorted)));
    }

    #[test]
    fn evidence_refers_only_to_agents_that_are_listed(
        traces in prop::collection::vec(any_trace(), 0..12),
    ) {
        let assessed = assess(None, &found(traces));
        for id in assessed.evidence.iter().filter_map(|one| one.agent.as_ref()) {
            prop_assert!(assessed.agents.iter().any(|agent| agent.id == *id));
        }
    }
}
