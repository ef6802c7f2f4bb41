// SPDX-License-Identifier: GPL-2.0

//! Counts what the tests have done, for the last line of the output.

use std::sync::{
    atomic::{
        AtomicU64,
        Ordering::Relaxed, //
    },
    Mutex, //
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
/// Schedules of tasks that can be preempted, and those that were not needed.
pub(crate) static PREEMPTED: Count = Count::new();
pub(crate) static PRUNED: Count = Count::new();
static INTERLEAVINGS: Mutex<f64> = Mutex::new(0.0);

/// Adds to the number of orders in which the operations of such tasks could be done.
pub(crate) fn add_interleavings(number: f64) {
    *INTERLEAVINGS.lock().unwrap() += number;
}

pub(crate) fn interleavings() -> f64 {
    *INTERLEAVINGS.lock().unwrap()
}
