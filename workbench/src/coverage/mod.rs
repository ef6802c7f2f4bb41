// SPDX-License-Identifier: GPL-2.0

//! Which lines and branches of some functions a run has reached, and whether somebody has said why
//! the others were not.
//!
//! What was reached comes from `llvm-cov export`. What is said is a text file, `#` for comments:
//!
//! ```text
//! dup_mmap true is_vm_hugetlb_page(tmp)
//! dup_mmap line hugetlb_dup_vma_private(tmp);
//!         UML has no huge pages.
//! ```
//!
//! A line that is not indented names something unreached, a function, then what it is, then the
//! source text; the indented lines below are the reason. It is `line`, for a line that never ran;
//! `true` or `false`, for a condition that never was; or `macro`, for a line on which a macro has
//! branches inside that were not all taken, such as an assertion. Where the same condition is there
//! more than once, ` => ` and the line below it tells which. What is there twice is named twice.

mod explain;
mod export;
mod judge;
mod measure;
pub(crate) mod run;

pub(crate) use judge::{judge, Coverage, Input};

use std::fmt;

/// The functions judged in the whole run, of any base.
pub(crate) const JUDGED: [&str; 7] = [
    "dup_mm",
    "dup_mmap",
    "tear_down_vmas",
    "unmap_region",
    "unmap_vmas",
    "free_pgtables",
    "exit_mmap",
];

/// Those judged again, by what ran while a failed fork was undone. Most of that runs at each exit
/// as well, which says nothing about forks.
pub(crate) const JUDGED_IN_RECOVERY: [&str; 4] = [
    "tear_down_vmas",
    "unmap_region",
    "unmap_vmas",
    "free_pgtables",
];

/// The objects that have them, without `.c`.
pub(crate) const INSTRUMENTED: [&str; 4] = ["mm/mmap", "mm/vma", "mm/memory", "kernel/fork"];

/// The `-name-regex` of `llvm-cov show` for these functions.
pub(crate) fn name_regex(functions: &[&str]) -> String {
    format!("(^|[:;])({})$", functions.join("|"))
}

/// How many were reached, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) reached: usize,
    pub(crate) all: usize,
}

impl Tally {
    fn count(&mut self, reached: bool) {
        self.reached += usize::from(reached);
        self.all += 1;
    }

    fn add(&mut self, other: Tally) {
        self.reached += other.reached;
        self.all += other.all;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.all {
            0 => f.pad("-"),
            _ => f.pad(&format!("{}/{}", self.reached, self.all)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_as_a_pattern() {
        assert_eq!(name_regex(&["a", "b"]), "(^|[:;])(a|b)$");
    }

    #[test]
    fn what_is_judged_twice_is_judged() {
        assert!(JUDGED_IN_RECOVERY.iter().all(|name| JUDGED.contains(name)));
    }

    #[test]
    fn tallies_fit_columns() {
        let (reached, all) = (3, 14);
        assert_eq!(format!("{:>6}", Tally { reached, all }), "  3/14");
        assert_eq!(format!("{:>3}", Tally::default()), "  -");
    }
}
