// SPDX-License-Identifier: GPL-2.0

//! The kernel's own `tools/testing/vma`.

use crate::error::{Error, Result};
use std::fmt;

/// Its last line: `11 tests run, 11 passed, 0 failed.`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) run: u64,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} tests run, {} passed, {} failed.",
            self.run, self.passed, self.failed
        )
    }
}

impl Totals {
    fn parse(line: &str) -> Option<Totals> {
        let mut parts = line.trim().strip_suffix('.')?.split(", ");
        let mut count = |what: &str| parts.next()?.strip_suffix(what)?.parse().ok();
        let totals = Totals {
            run: count(" tests run")?,
            passed: count(" passed")?,
            failed: count(" failed")?,
        };
        parts.next().is_none().then_some(totals)
    }

    /// For the cover letter.
    pub(crate) fn record(&self) -> String {
        format!("tools/testing/vma: {self}\n")
    }
}

/// Judges a run. `name` is that of its log.
pub(crate) fn judge(log: &str, name: &str) -> Result<Totals> {
    let totals = log
        .lines()
        .filter_map(Totals::parse)
        .last()
        .ok_or_else(|| {
            Error::failed(format!(
                "tools/testing/vma ended without a count of its tests: see {name}"
            ))
        })?;
    if totals.failed > 0 || totals.passed == 0 || totals.passed != totals.run {
        return Err(Error::failed(format!(
            "tools/testing/vma: {totals} See {name}"
        )));
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() -> Result<()> {
        let totals = judge("cc ...\n11 tests run, 11 passed, 0 failed.\n", "the log")?;

        assert_eq!(
            totals,
            Totals {
                run: 11,
                passed: 11,
                failed: 0
            }
        );
        assert_eq!(
            totals.record(),
            "tools/testing/vma: 11 tests run, 11 passed, 0 failed.\n"
        );
        Ok(())
    }

    #[test]
    fn all_have_to_pass() {
        let refused = |log: &str| judge(log, "the log").expect_err("refused").to_string();

        assert_eq!(
            refused("Test merge failed\n"),
            "tools/testing/vma ended without a count of its tests: see the log"
        );
        for line in [
            "11 tests run, 10 passed, 1 failed.",
            "0 tests run, 0 passed, 0 failed.",
            "11 tests run, 10 passed, 0 failed.",
        ] {
            assert_eq!(
                refused(line),
                format!("tools/testing/vma: {line} See the log")
            );
        }
        for line in [
            "11 tests run",
            "x tests run, 1 passed, 0 failed.",
            "1 tests run, 1 passed.",
        ] {
            assert!(refused(line).contains("without a count"), "{line}");
        }
    }
}
