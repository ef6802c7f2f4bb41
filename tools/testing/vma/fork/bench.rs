// SPDX-License-Identifier: GPL-2.0

//! One fork, for bench.sh to measure.

use crate::{
    bindings::{
        fork_failure::*,
        fork_site::*, //
    },
    layout::{
        Layout,
        Place,
        KINDS, //
    },
    testing::Test,
    world::{
        task_size,
        Plan,
        World, //
    },
};

/// Forks `nr` VMAs that were written to. The `nth` allocation fails, unless that is 0: then it
/// prints which allocations are those of the first, the middle and the last VMA.
fn fork(nr: usize, nth: u32) {
    let written = KINDS
        .iter()
        .position(|kind| kind.name == "written")
        .unwrap();
    let layout = Layout(vec![(written, Place::Hole); nr]);
    let mut world = World::new(&layout.vmas(task_size()).unwrap());
    let failure = if nth == 0 {
        FORK_FAIL_NOTHING
    } else {
        FORK_FAIL_ONCE
    };
    let outcome = world.fork(&Plan {
        failure,
        nth,
        ..Plan::default()
    });

    assert_eq!(outcome.succeeded, nth == 0);
    if outcome.succeeded {
        let points = world.points();
        let of_vmas = points
            .iter()
            .enumerate()
            .filter(|(_, site)| u32::from(**site) == FORK_SITE_VMA);
        let at: Vec<_> = of_vmas.map(|(at, _)| at + 1).collect();

        println!(
            "first={} middle={} last={}",
            at[0],
            at[nr / 2],
            points.len()
        );
    }
}

#[test]
#[ignore = "needs FORK_BENCH"]
fn bench_one() {
    let _test = Test::start();
    let bench = std::env::var("FORK_BENCH").expect("FORK_BENCH says how many VMAs, and what fails");
    let numbers: Vec<usize> = bench.split(' ').map(|word| word.parse().unwrap()).collect();

    fork(numbers[0], numbers[1] as u32);
}
