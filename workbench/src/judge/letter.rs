// SPDX-License-Identifier: GPL-2.0

//! What a cover letter tells of a run of the suites.

use super::kunit::Counts;
use super::sweeps::Sweeps;
use super::wrap;

/// No line is wider; a mail may indent them.
pub(super) const WIDTH: usize = 70;

/// What the suites came to on one architecture, in lines without indentation.
pub(crate) fn suites_in_words(arch: &str, counts: Counts, sweeps: &Sweeps<'_>) -> String {
    let swept = format!(
        "{} failure points swept: {}",
        sweeps.points(),
        sweeps.by_mode().in_words()
    );

    format!(
        "KUnit, {arch}: {} tests passed, {} failed, {} skipped;\n{}",
        counts.passed,
        counts.failed,
        counts.skipped,
        wrap(&swept, WIDTH, "  ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::sweeps::tests::SWEEPS;
    use super::*;

    const COUNTS: Counts = Counts {
        passed: 2,
        failed: 0,
        skipped: 1,
    };

    #[test]
    fn a_letter_has_the_numbers_of_the_run() {
        assert_eq!(
            suites_in_words("um", COUNTS, &Sweeps::of(SWEEPS)),
            "KUnit, um: 2 tests passed, 0 failed, 1 skipped;\n  \
             150 failure points swept: once 106, forever 44\n"
        );
    }

    #[test]
    fn many_modes_take_several_lines() {
        let mut log = String::new();

        for mode in [
            "once", "forever", "pair", "signal", "commit", "lock", "charge",
        ] {
            log += &format!("# a: fault-sweep: a mode={mode} points=10000 failed=1 tolerated=0\n");
        }
        let text = suites_in_words("um", COUNTS, &Sweeps::of(&log));

        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
