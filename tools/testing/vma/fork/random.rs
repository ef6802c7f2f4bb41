// SPDX-License-Identifier: GPL-2.0

//! Random address spaces, up to the largest.
//!
//! They follow from a number, FORK_RANDOM_SEED. One that fails is reduced to a smaller one that
//! still fails, and both are kept in a file, to be added to `regressions`.

use crate::{
    generate::{
        layout,
        Random, //
    },
    layout::{
        Layout,
        Place,
        KINDS, //
    },
    seed::plan_text,
    sweep::Subject,
    testing::Test,
    world::Plan,
    wrong::Wrong, //
};
use std::{
    io::Write,
    sync::Once, //
};

const DEFAULT_SEED: u64 = 20_260_101;
/// Almost the default of sysctl_max_map_count.
const MOST: usize = 60_000;

/// Chooses some of the plans, if they are more than `max`: the first, the last, and `max` between.
fn sample(plans: &[Plan], max: usize, random: &mut Random) -> Vec<Plan> {
    if plans.len() <= max {
        return plans.to_vec();
    }
    let mut sample = vec![plans[0], plans[plans.len() - 1]];

    // One of each part: plans for the same kind of failure are neighbours.
    for part in 0..max {
        let start = plans.len() * part / max;
        let end = plans.len() * (part + 1) / max;

        sample.push(plans[start + random.below(end - start)]);
    }
    sample
}

/// Forks with some of the failures, about `max`. Returns how many were injected.
fn try_some(layout: &Layout, max: usize, random: &mut Random) -> Result<u64, Wrong> {
    let Some(subject) = Subject::new(layout) else {
        return Ok(0);
    };
    let mut subject = subject?;
    let plans = subject.plans();
    let mut failures = 0;

    for plan in sample(&plans, max, random) {
        failures += u64::from(subject.try_plan(&plan)?.injected != 0);
    }
    subject.end().map(|()| failures)
}

/// Removes and simplifies VMAs of a layout while `is_wrong` is true for the rest.
fn shrink(mut layout: Layout, mut is_wrong: impl FnMut(&Layout) -> bool) -> Layout {
    let mut chunk = layout.0.len().div_ceil(2);

    while chunk > 0 {
        let mut at = 0;

        while at < layout.0.len() {
            let mut less = layout.clone();

            less.0.drain(at..(at + chunk).min(layout.0.len()));
            if is_wrong(&less) {
                layout = less;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    for at in 0..layout.0.len() {
        for simpler in [(0, Place::Hole), (layout.0[at].0, Place::Hole)] {
            let mut plainer = layout.clone();

            plainer.0[at] = simpler;
            if plainer != layout && is_wrong(&plainer) {
                layout = plainer;
                break;
            }
        }
    }
    layout
}

/// Keeps seeds that fail. Says where, as a line that follows others.
fn keep(seeds: &[String]) -> String {
    let path = std::env::var("FORK_FAILED_SEEDS")
        .unwrap_or_else(|_| concat!(env!("FORK_OUT"), "/failed-seeds").to_string());
    let mut file = std::fs::OpenOptions::new();
    let written = file
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| writeln!(file, "{}", seeds.join("\n")));

    match written {
        Ok(()) => format!("\nkept in {path}; when it is mended, add them to regressions"),
        Err(err) => format!("\nnot kept in {path}: {err}"),
    }
}

/// Reduces an address space that fails. Returns the message, with seeds for both.
fn reduced(seed: u64, len: usize, wrong: Wrong) -> String {
    let mut random = Random::new(seed);
    let first = format!("random:{seed}:{len} {}", plan_text(&wrong.plan));
    let mut least = wrong;

    shrink(least.layout.clone(), |layout| {
        match try_some(layout, 100, &mut random) {
            Ok(_) => false,
            Err(wrong) => {
                least = wrong;
                true
            }
        }
    });
    let kept = keep(&[
        first.clone(),
        format!("{} {}", least.layout, plan_text(&least.plan)),
    ]);

    format!(
        "found by SEED='{first}', and still in {} VMAs:\n{least}{kept}",
        least.layout.0.len()
    )
}

fn check(seed: u64, len: usize, max: usize) -> u64 {
    match try_some(&layout(seed, len), max, &mut Random::new(seed)) {
        Ok(failures) => failures,
        Err(wrong) => panic!("{}", reduced(seed, len, wrong)),
    }
}

/// The number from which all follows; a line says once which it is.
fn seed() -> u64 {
    static SAID: Once = Once::new();

    let seed = std::env::var("FORK_RANDOM_SEED").map_or(DEFAULT_SEED, |seed| {
        seed.parse().expect("FORK_RANDOM_SEED is no number")
    });

    // Not by println!(), which the test runner shows of failed tests only.
    SAID.call_once(|| {
        let _ = writeln!(std::io::stdout(), "FORK_RANDOM_SEED={seed}");
    });
    seed
}

#[test]
fn many_of_some() {
    let _test = Test::start();
    let mut random = Random::new(seed());
    let mut failures = 0;

    for nr in 0..300 {
        let len = 5 + random.below(if nr % 10 == 0 { 2000 } else { 60 });

        failures += check(seed() + nr, len, 60);
    }
    assert_ne!(failures, 0, "nothing was made to fail");
}

#[test]
fn one_of_most() {
    let _test = Test::start();
    let failures = check(seed(), MOST, 12);

    assert_ne!(failures, 0, "nothing was made to fail");
}

#[test]
fn shrinking_finds_the_least() {
    let _test = Test::start();
    let kind = |name| KINDS.iter().position(|kind| kind.name == name).unwrap();
    let (dontcopy, driver) = (kind("dontcopy"), kind("driver"));
    let is_wrong = |layout: &Layout| {
        let mut kinds = layout.0.iter().map(|(kind, _)| *kind);

        kinds.any(|kind| kind == dontcopy) && kinds.any(|kind| kind == driver)
    };
    let large = layout(seed(), 3000);

    assert!(is_wrong(&large));
    assert_eq!(shrink(large, is_wrong).to_string(), "dontcopy,driver");
}
