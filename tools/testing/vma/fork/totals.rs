// SPDX-License-Identifier: GPL-2.0

//! Counts what the tests have done, for the last line of the output.

use std::sync::atomic::{
    AtomicU64,
    Ordering::Relaxed, //
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
