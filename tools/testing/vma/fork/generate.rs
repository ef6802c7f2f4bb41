// SPDX-License-Identifier: GPL-2.0

//! Makes address spaces that follow from a number.

use crate::layout::{
    Layout,
    Place,
    KINDS,
    TABLE_SHIFTS, //
};

/// A xorshift64* generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Must not be 0: all that follows would be 0.
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

/// The layout of `len` VMAs that follows from a seed.
pub(crate) fn layout(seed: u64, len: usize) -> Layout {
    let mut random = Random::new(seed);
    let vmas = (0..len).map(|_| {
        // User space has no room for many VMAs far apart.
        let place = match random.below(1000) {
            0 => Place::Across(random.below(TABLE_SHIFTS.len())),
            1..=99 => Place::Across(3),
            100..=499 => Place::Next,
            _ => Place::Hole,
        };

        (random.below(KINDS.len()), place)
    });

    Layout(vmas.collect())
}
