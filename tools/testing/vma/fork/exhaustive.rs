// SPDX-License-Identifier: GPL-2.0

//! Every small address space, and every way for its fork to fail.

use crate::{
    layout::{
        for_each_sequence,
        Layout,
        Place,
        KINDS,
        NARROW,
        PLACES, //
    },
    sweep::sweep,
    testing::Test,
    wrong::Wrong, //
};
use std::sync::{
    atomic::{
        AtomicU64,
        AtomicUsize,
        Ordering::Relaxed, //
    },
    Mutex, //
};

/// Four VMAs are of the first so many kinds; fewer are of all kinds.
const KINDS_OF_FOUR: usize = 9;

/// Sweeps all layouts, on all processors. Returns the number of failures injected, or the first
/// layout in their order that is wrong.
pub(crate) fn sweep_all(layouts: &[Layout]) -> Result<u64, Wrong> {
    let next = AtomicUsize::new(0);
    let end = AtomicUsize::new(layouts.len());
    let failures = AtomicU64::new(0);
    let wrong = Mutex::new(None::<(usize, Wrong)>);
    let work = || loop {
        let at = next.fetch_add(1, Relaxed);

        if at >= end.load(Relaxed) {
            break;
        }
        match sweep(&layouts[at]) {
            Ok(nr) => {
                failures.fetch_add(nr, Relaxed);
            }
            Err(err) => {
                let mut wrong = wrong.lock().unwrap();

                // Layouts later in the order need not be tried any more.
                end.fetch_min(at, Relaxed);
                if at < wrong.as_ref().map_or(usize::MAX, |(before, _)| *before) {
                    *wrong = Some((at, err));
                }
            }
        }
    };

    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |nr| nr.get()) {
            scope.spawn(work);
        }
    });
    match wrong.into_inner().unwrap() {
        Some((_, wrong)) => Err(wrong),
        None => Ok(failures.into_inner()),
    }
}

/// All sequences of so many VMAs of the first so many kinds, each at all of these places.
fn layouts(kinds: usize, len: usize, places: &[Place]) -> Vec<Layout> {
    let mut layouts = Vec::new();

    for_each_sequence(kinds, len, |kinds| {
        for_each_sequence(places.len(), len, |at| {
            let vmas = kinds.iter().zip(at).map(|(kind, at)| (*kind, places[*at]));

            layouts.push(Layout(vmas.collect()));
        });
    });
    layouts
}

fn check(layouts: &[Layout]) {
    let _test = Test::start();

    match sweep_all(layouts) {
        Ok(failures) => assert_ne!(failures, 0, "nothing was made to fail"),
        Err(wrong) => panic!("{wrong}"),
    }
}

#[test]
fn none_and_one_everywhere() {
    let mut all = layouts(KINDS.len(), 0, PLACES);

    all.extend(layouts(KINDS.len(), 1, PLACES));
    all.extend(layouts(KINDS.len(), 1, NARROW));
    check(&all);
}

#[test]
fn two_narrow() {
    check(&layouts(KINDS_OF_FOUR, 2, NARROW));
}

#[test]
fn three_narrow() {
    check(&layouts(4, 3, NARROW));
}

#[test]
fn two_everywhere() {
    check(&layouts(KINDS.len(), 2, PLACES));
}

#[test]
fn three_of_all_kinds() {
    check(&layouts(KINDS.len(), 3, &[Place::Hole]));
}

#[test]
fn three_across_tables() {
    check(&layouts(4, 3, &PLACES[1..5]));
}

#[test]
fn four() {
    check(&layouts(KINDS_OF_FOUR, 4, &[Place::Hole]));
}
