// SPDX-License-Identifier: GPL-2.0

//! What all tests have in common: they are counted, and the last of them prints the totals.

use crate::{
    running::say_what_ran_on_death,
    totals::{
        interleavings,
        Count,
        FAILURES,
        LAYOUTS,
        PREEMPTED,
        PRUNED,
        SCHEDULES, //
    }, //
};
use std::{
    sync::OnceLock,
    time::Instant, //
};

static PASSED: Count = Count::new();
static FAILED: Count = Count::new();
static START: OnceLock<Instant> = OnceLock::new();

extern "C" fn print() {
    if PREEMPTED.get() != 0 {
        println!(
            "preempted tasks: {} schedules run, {} pruned, of {:.0e}",
            PREEMPTED.get(),
            PRUNED.get(),
            interleavings()
        );
    }
    println!(
        "fork-harness: {} passed, {} failed; layouts {}, failures {}, schedules {}, {:.1} s",
        PASSED.get(),
        FAILED.get(),
        LAYOUTS.get(),
        FAILURES.get(),
        SCHEDULES.get(),
        START
            .get()
            .map_or(0.0, |start| start.elapsed().as_secs_f64())
    );
}

/// A test: counts itself when it ends.
pub(crate) struct Test;

impl Test {
    pub(crate) fn start() -> Self {
        extern "C" {
            fn atexit(function: extern "C" fn()) -> std::ffi::c_int;
        }

        START.get_or_init(|| {
            // SAFETY: The function can be called at any time.
            unsafe { atexit(print) };
            say_what_ran_on_death();
            Instant::now()
        });
        Self
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        if std::thread::panicking() {
            FAILED.add(1);
        } else {
            PASSED.add(1);
        }
    }
}
