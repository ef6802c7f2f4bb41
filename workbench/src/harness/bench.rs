// SPDX-License-Identifier: GPL-2.0

//! The benchmark of `tools/testing/vma/fork`: instructions of a fork, before and after the fix.

use crate::error::{Error, Result};
use std::fmt::Write as _;

/// What stands between the two runs in the log.
pub(crate) const DIVIDER: &str = "after";

/// One fork: how many VMAs, and at which of them it fails, `none`, `first`, `middle` or `last`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) vmas: u64,
    pub(crate) fails_at: String,
    pub(crate) before: u64,
    pub(crate) after: u64,
}

impl Row {
    pub(crate) fn ratio(&self) -> f64 {
        self.after as f64 / self.before as f64
    }
}

/// `VMAS WHERE INSTRUCTIONS`
fn measured(line: &str) -> Option<(u64, &str, u64)> {
    let mut words = line.split(' ');
    let vmas = words.next()?.parse().ok()?;
    let fails_at = words
        .next()
        .filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))?;
    let instructions = words.next()?.parse().ok()?;
    words
        .next()
        .is_none()
        .then_some((vmas, fails_at, instructions))
}

/// Reads the log of both runs, each as `bench.sh` prints it, with [`DIVIDER`] on a line between.
pub(crate) fn rows(log: &str) -> Result<Vec<Row>> {
    let mut lines = log.lines();
    let before: Vec<_> = lines
        .by_ref()
        .take_while(|line| *line != DIVIDER)
        .filter_map(measured)
        .collect();
    let after: Vec<_> = lines.filter_map(measured).collect();
    if before.is_empty() || after.is_empty() {
        return Err(Error::failed(format!(
            "{} forks were measured before the fix, and {} after it",
            before.len(),
            after.len()
        )));
    }
    // Where it fails can come twice: of one VMA the first is the last.
    if before.len() != after.len() {
        return Err(Error::failed(format!(
            "not the same forks were measured before the fix, {}, and after it, {}",
            before.len(),
            after.len()
        )));
    }
    before
        .into_iter()
        .zip(after)
        .map(
            |((vmas, fails_at, before), (vmas_after, fails_after, after))| {
                if (vmas, fails_at) != (vmas_after, fails_after) || before == 0 {
                    return Err(Error::failed(format!(
                        "{vmas_after} VMAs, {fails_after}: not measured before the fix"
                    )));
                }
                Ok(Row {
                    vmas,
                    fails_at: fails_at.to_string(),
                    before,
                    after,
                })
            },
        )
        .collect()
}

/// The rows for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:>8}  {:<8} {:>14} {:>14} {:>8}\n",
        "VMAs", "fails at", "before", "after", "ratio"
    );
    for row in rows {
        let _ = writeln!(
            text,
            "{:>8}  {:<8} {:>14} {:>14} {:>8.3}",
            row.vmas,
            row.fails_at,
            row.before,
            row.after,
            row.ratio()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
  RUSTC   /tmp/before/plain/fork
1 none 20417
1 first 9021
100 none 810300
100 last 1609000
after
  RUSTC   /tmp/generated/plain/fork
1 none 20417
1 first 9000
100 none 810301
100 last 1207500
";

    #[test]
    fn rows_are_compared() -> Result<()> {
        let rows = rows(LOG)?;

        assert_eq!(rows.len(), 4);
        assert_eq!(
            rows[3],
            Row {
                vmas: 100,
                fails_at: "last".into(),
                before: 1_609_000,
                after: 1_207_500
            }
        );
        assert_eq!(
            table(&rows[2..]),
            "    VMAs  fails at         before          after    ratio\n     \
             100  none             810300         810301    1.000\n     \
             100  last            1609000        1207500    0.750\n"
        );
        Ok(())
    }

    #[test]
    fn both_runs_have_to_measure_the_same() {
        let refused = |log: &str| rows(log).expect_err("refused").to_string();

        assert_eq!(
            refused(""),
            "0 forks were measured before the fix, and 0 after it"
        );
        assert_eq!(
            refused(&LOG.replace("after\n", "")),
            "8 forks were measured before the fix, and 0 after it"
        );
        assert!(refused(&LOG.replace("100 last 1207500\n", "")).contains("not the same forks"));
        assert_eq!(
            refused(&LOG.replace("100 last 1207500", "100 first 1207500")),
            "100 VMAs, first: not measured before the fix"
        );
        assert!(refused(&LOG.replacen("20417", "0", 1)).contains("1 VMAs, none: not measured"));
    }

    #[test]
    fn other_lines_are_none_of_its() {
        for line in [
            "",
            "1 none",
            "1 none 2 3",
            "a none 1",
            "1 None 1",
            "1  1",
            "1 none -1",
        ] {
            assert_eq!(measured(line), None, "{line}");
        }
    }
}
