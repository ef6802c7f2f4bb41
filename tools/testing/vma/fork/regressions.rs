// SPDX-License-Identifier: GPL-2.0

//! Runs again what has once failed: the seeds in `regressions`.

use crate::{
    replay::replay,
    seed::parse,
    testing::Test, //
};

#[test]
fn what_was_mended_stays_so() {
    let _test = Test::start();
    let lines = include_str!("regressions").lines();
    let mut seeds = lines.filter(|line| !line.starts_with('#')).peekable();

    assert!(seeds.peek().is_some(), "regressions has no seeds");
    for seed in seeds {
        let parsed = parse(seed).unwrap_or_else(|err| panic!("{seed}: {err}"));

        if let Err(wrong) = replay(&parsed) {
            panic!("{wrong}");
        }
    }
}
