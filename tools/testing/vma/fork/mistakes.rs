// SPDX-License-Identifier: GPL-2.0

//! Tests of the checks: makes mistakes, and expects each to be reported.

use crate::{
    layout::Layout,
    sweep::Subject,
    testing::Test,
    world::{
        places,
        Mistake,
        Plan, //
    }, //
};
use std::collections::BTreeSet;

/// Makes a mistake, forks, and frees everything. Returns the place that has said what it should,
/// or what was found by comparing.
fn noticed_by(mistake: &Mistake) -> Result<usize, String> {
    let layout: Layout = "file,written".parse().unwrap();
    let mut subject = Subject::new(&layout).unwrap().unwrap();

    subject.world.make_mistake(mistake);
    let (_, checked) = subject.try_schedule(&Plan::default());
    let errors = [checked.err(), subject.end().err()];

    mistake.noticed_by().ok_or_else(|| {
        errors
            .into_iter()
            .flatten()
            .map(|wrong| wrong.what + "\n")
            .collect()
    })
}

#[test]
fn every_mistake_is_noticed_and_every_complaint_is_made() {
    let _test = Test::start();
    let places = places();
    let mut silent: BTreeSet<_> = (0..places.len()).collect();

    for mistake in Mistake::all() {
        match noticed_by(&mistake) {
            Ok(place) => {
                silent.remove(&place);
            }
            Err(found) => assert!(
                found.contains(&mistake.words),
                "{} gives {found:?}, not {:?}",
                mistake.name,
                mistake.words
            ),
        }
    }
    let silent: Vec<_> = silent.iter().map(|nr| places[*nr].clone()).collect();

    assert!(
        silent.is_empty(),
        "no mistake makes these complain:\n{}",
        silent.join("\n")
    );
}
