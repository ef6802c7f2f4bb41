// SPDX-License-Identifier: GPL-2.0

//! What was swept, by the kind of VMA and the way to fail: a table, made from the lines that the
//! suites print. A cell that is empty has a letter that says why.

use super::{add_points, sweep_in};
use std::fmt::Write;

/// The mode of what cannot be swept in any.
const ANY: &str = "any";

#[derive(Default)]
struct Row<'a> {
    kind: &'a str,
    points: Vec<(&'a str, u64)>,
    missing: Vec<(&'a str, &'a str)>,
}

impl<'a> Row<'a> {
    fn points(&self, mode: &str) -> Option<u64> {
        let cell = self.points.iter().find(|(known, _)| *known == mode)?;

        (cell.1 > 0).then_some(cell.1)
    }

    fn why_missing(&self, mode: &str) -> Option<&'a str> {
        let reasons = || self.missing.iter();
        let swept = self.points.iter().any(|(known, _)| *known == mode);

        if swept && mode == "pair" {
            return Some("no second point: the first failure ends the fork");
        }

        reasons()
            .find(|(known, _)| *known == ANY)
            .or(reasons().find(|(known, _)| *known == mode))
            .map(|(_, why)| *why)
    }
}

/// Makes a letter of each reason, in the order in which they come.
fn letter<'a>(legend: &mut Vec<&'a str>, why: &'a str) -> char {
    let index = legend
        .iter()
        .position(|known| *known == why)
        .unwrap_or_else(|| {
            legend.push(why);
            legend.len() - 1
        });

    char::from(b'a' + (index % 26) as u8)
}

/// The table of the tests whose name ends in `kinds`; empty if there are none. Also returns what is
/// wrong with it: cells that are empty for no reason.
pub(crate) fn matrix(log: &str) -> (String, Vec<String>) {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut modes: Vec<&str> = Vec::new();

    // What is no report is found by who judges the run.
    for sweep in log.lines().filter_map(sweep_in).flatten() {
        if !sweep.test.ends_with("kinds") {
            continue;
        }
        if sweep.mode != ANY && !modes.contains(&sweep.mode) {
            modes.push(sweep.mode);
        }
        if !rows.iter().any(|row| row.kind == sweep.scenario) {
            rows.push(Row {
                kind: sweep.scenario,
                ..Row::default()
            });
        }
        let Some(row) = rows.iter_mut().find(|row| row.kind == sweep.scenario) else {
            continue;
        };
        match sweep.swept {
            Ok(points) => add_points(&mut row.points, sweep.mode, points),
            Err(why) => row.missing.push((sweep.mode, why)),
        }
    }
    if rows.is_empty() {
        return (String::new(), Vec::new());
    }

    let (mut text, mut wrong, mut legend) = (String::new(), Vec::new(), Vec::new());
    let width = rows.iter().map(|row| row.kind.len()).max().unwrap_or(0);

    let _ = write!(text, "{:width$}", "failure points");
    for mode in &modes {
        let _ = write!(text, " {mode:>8}");
    }
    text.push('\n');
    for row in &rows {
        let _ = write!(text, "{:width$}", row.kind);
        for mode in &modes {
            match (row.points(mode), row.why_missing(mode)) {
                (Some(points), _) => {
                    let _ = write!(text, " {points:>8}");
                }
                (None, Some(why)) => {
                    let _ = write!(text, " {:>8}", letter(&mut legend, why));
                }
                (None, None) => {
                    let _ = write!(text, " {:>8}", '-');
                    wrong.push(format!(
                        "{}, {mode}: not swept, and no reason given",
                        row.kind
                    ));
                }
            }
        }
        text.push('\n');
    }
    for why in legend.clone() {
        let _ = writeln!(text, "    {} {why}", letter(&mut legend, why));
    }
    (text, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
    # kinds: fault-sweep: kinds/written, mapped mode=once points=10 failed=9 tolerated=1 nofail=0
    # tree_of_kinds: fault-sweep: tree_of_kinds/written, mapped mode=once points=5 failed=5 tolerated=0 nofail=0
    # kinds: fault-sweep: kinds/huge mode=any none: no CONFIG_HUGE
    # refused_kinds: fault-sweep: refused_kinds/written, mapped mode=pool none: no huge page
    # numbers: fault-sweep: numbers/3 mode=once points=7 failed=7 tolerated=0 nofail=0
";

    #[test]
    fn cells_are_sums_or_letters() {
        let (text, wrong) = matrix(LOG);

        assert_eq!(
            text,
            "failure points      once     pool\n\
             written, mapped       15        a\n\
             huge                   b        b\n    \
                 a no huge page\n    \
                 b no CONFIG_HUGE\n"
        );
        assert!(wrong.is_empty());
    }

    #[test]
    fn an_empty_cell_without_a_reason_is_wrong() {
        let log = LOG.replace(
            "pool none: no huge page",
            "pool points=0 failed=0 tolerated=0",
        );

        assert_eq!(matrix(&log).1.len(), 1);
    }

    #[test]
    fn a_pair_needs_a_second_point() {
        let log = LOG.replace(
            "mode=pool none: no huge page",
            "mode=pair points=0 failed=0 tolerated=0",
        );
        let (text, wrong) = matrix(&log);

        assert!(text.contains("no second point") && wrong.is_empty());
    }

    #[test]
    fn other_tests_have_no_part_in_it() {
        let (text, wrong) = matrix(LOG.lines().last().unwrap_or_default());

        assert!(text.is_empty() && wrong.is_empty());
    }
}
