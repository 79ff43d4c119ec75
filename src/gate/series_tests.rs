use proptest::prelude::*;

use super::cheapest_split;

/// All splits of `length` units into groups, with what each costs.
fn every_cost(length: usize, groups: &[(usize, usize, bool)], from: usize) -> Vec<(usize, usize)> {
    if from == length {
        return vec![(0, 0)];
    }
    let mut costs = Vec::new();
    for (first, last, passes) in groups.iter().filter(|(first, ..)| *first == from) {
        let own = if *passes { 0 } else { last + 1 - first };
        for (failing, number) in every_cost(length, groups, last + 1) {
            costs.push((failing + own, number + 1));
        }
    }
    costs
}

fn groups() -> impl Strategy<Value = (usize, Vec<(usize, usize, bool)>)> {
    (1usize..8).prop_flat_map(|length| {
        let singles = prop::collection::vec(any::<bool>(), length);
        let runs = prop::collection::vec((0..length, 0..length, any::<bool>()), 0..6);
        (singles, runs).prop_map(move |(singles, runs)| {
            let singles = singles
                .into_iter()
                .enumerate()
                .map(|(at, passes)| (at, at, passes));
            let runs = runs
                .into_iter()
                .map(|(one, other, passes)| (one.min(other), one.max(other), passes))
                .filter(|(first, last, _)| first < last);
            (length, singles.chain(runs).collect())
        })
    })
}

proptest! {
    #[test]
    fn the_chosen_groups_are_a_split_and_no_split_is_cheaper((length, groups) in groups()) {
        let chosen = cheapest_split(length, &groups);
        let mut next = 0;
        let mut cost = (0, 0);
        for index in &chosen {
            let (first, last, passes) = groups[*index];
            prop_assert_eq!(first, next);
            next = last + 1;
            cost = (cost.0 + if passes { 0 } else { last + 1 - first }, cost.1 + 1);
        }
        prop_assert_eq!(next, length);
        prop_assert_eq!(Some(cost), every_cost(length, &groups, 0).into_iter().min());
    }

    #[test]
    fn one_group_more_never_costs_more((length, groups) in groups()) {
        let cost = |groups: &[(usize, usize, bool)]| {
            let chosen = cheapest_split(length, groups);
            let failing = chosen.iter().map(|index| groups[*index]).filter(|group| !group.2);
            failing.map(|(first, last, _)| last + 1 - first).sum::<usize>()
        };
        for fewer in length..groups.len() {
            prop_assert!(cost(&groups) <= cost(&groups[..fewer]));
        }
    }
}
