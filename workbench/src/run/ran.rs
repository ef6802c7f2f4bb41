// SPDX-License-Identifier: GPL-2.0

//! What a run of the suites has left, and what it prints meanwhile.

use crate::judge::verdict::Run;
use std::time::Instant;

/// What a run has left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// How `kunit.py` ended.
    pub(crate) exit: Option<i32>,
    /// Its result.
    pub(crate) json: String,
    /// The kernel's console.
    pub(crate) log: String,
    /// What `kunit.py` printed.
    pub(crate) console: String,
    /// How many kernels have run a part of the tests each.
    pub(crate) parts: usize,
}

impl Ran {
    /// The same, to be judged: what ran, on which release, and since when.
    pub(crate) fn run<'a>(&'a self, label: &'a str, release: &'a str, begun: Instant) -> Run<'a> {
        Run {
            label,
            release,
            exit: self.exit,
            seconds: begun.elapsed().as_secs(),
            log: &self.log,
            json: &self.json,
            console: &self.console,
        }
    }
}

/// The test that ended last, as kunit.py prints it.
pub(super) fn last_test(console: &str) -> String {
    console
        .lines()
        .rev()
        .find_map(|line| {
            let (_, said) = line.split_once("] ")?;
            let (status, name) = said.trim().split_once("] ")?;
            status.starts_with('[').then(|| name.trim().to_string())
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_test_is_told() {
        let console = "[12:00:01] ========== fork_fail (3 subtests) ==========\n\
                       [12:00:02] [PASSED] kinds\n[12:00:03] noise\n";

        assert_eq!(last_test(console), "kinds");
        assert_eq!(last_test(""), "");
    }
}
