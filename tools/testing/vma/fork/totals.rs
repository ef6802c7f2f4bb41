// SPDX-License-Identifier: GPL-2.0

//! Counts what the tests have done, for the last line of the output.

use std::{
    sync::{
        atomic::{
            AtomicU64,
            Ordering::Relaxed, //
        },
        OnceLock, //
    },
    time::Instant,
};

/// A counter.
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

pub(crate) static LAYOUTS: Count = Count::new();
pub(crate) static FAILURES: Count = Count::new();
pub(crate) static SCHEDULES: Count = Count::new();
static PASSED: Count = Count::new();
static FAILED: Count = Count::new();
static START: OnceLock<Instant> = OnceLock::new();

extern "C" fn print() {
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
            crate::sweep::say_what_ran_on_death();
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
