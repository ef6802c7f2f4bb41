// SPDX-License-Identifier: GPL-2.0

//! `tools/testing/vma/fork`: its totals, and how it must fail on a kernel without the fix.

use crate::error::{Error, Result};

/// With fewer it has not tried all it is there for.
pub(crate) const LEAST_FAILURES: u64 = 1_000_000;

/// What a walker must find in the child of a failed fork if the kernel is without the fix.
const FINDINGS: [&str; 2] = [
    "finds the zero marker",
    "finds a VMA of the parent in the child",
];

const NAME: &str = "fork-harness: ";

/// The last line of a run:
/// `fork-harness: 15 passed, 0 failed; layouts 22885, failures 1070582, schedules 95829, 38.7 s`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Address spaces.
    pub(crate) layouts: u64,
    /// Forks in which something was made to fail.
    pub(crate) failures: u64,
    /// Schedules in which a walker looked around.
    pub(crate) schedules: u64,
    pub(crate) seconds: f64,
    line: String,
}

impl Totals {
    fn parse(line: &str) -> Option<Totals> {
        let said = line.strip_prefix(NAME)?;
        let (tests, rest) = said.split_once("; ")?;
        let (passed, failed) = tests.split_once(", ")?;
        let mut counts = rest.split(", ");
        let mut count = |name: &str| counts.next()?.strip_prefix(name)?.trim().parse().ok();
        Some(Totals {
            passed: passed.strip_suffix(" passed")?.parse().ok()?,
            failed: failed.strip_suffix(" failed")?.parse().ok()?,
            layouts: count("layouts ")?,
            failures: count("failures ")?,
            schedules: count("schedules ")?,
            seconds: counts.next()?.strip_suffix(" s")?.parse().ok()?,
            line: line.to_string(),
        })
    }

    /// As the harness has printed it.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// For the cover letter.
    pub(crate) fn record(&self) -> String {
        let said = self.line.strip_prefix(NAME).unwrap_or(&self.line);
        format!(
            "tools/testing/vma/fork, in userspace, with ASan and UBSan:\n  {}\n",
            said.replace("; ", ";\n  ")
        )
    }
}

/// Judges a run on the patched tree that has ended well. `name` is that of its log.
pub(crate) fn judge(log: &str, name: &str) -> Result<Totals> {
    let mut lines = log.lines().filter(|line| line.starts_with(NAME.trim_end()));
    let line = match (lines.next(), lines.next()) {
        (Some(line), None) => line,
        (None, _) => {
            return Err(Error::failed(format!(
                "tools/testing/vma/fork ended without its totals: see {name}"
            )))
        }
        // Of which run would they be?
        (Some(_), Some(_)) => {
            return Err(Error::failed(format!(
                "tools/testing/vma/fork has printed totals more than once: see {name}"
            )))
        }
    };
    let totals = Totals::parse(line).ok_or_else(|| {
        Error::failed(format!(
            "these are no totals of tools/testing/vma/fork: {line}"
        ))
    })?;
    if totals.failed > 0 || totals.passed == 0 {
        return Err(Error::failed(format!(
            "tools/testing/vma/fork: {} tests passed, {} failed: see {name}",
            totals.passed, totals.failed
        )));
    }
    if totals.failures < LEAST_FAILURES {
        return Err(Error::failed(format!(
            "only {} failures were injected, of at least {LEAST_FAILURES}",
            totals.failures
        )));
    }
    Ok(totals)
}

/// The line that says how many schedules of tasks were run that can be preempted.
pub(crate) fn tasks(log: &str) -> Result<&str> {
    let mut lines = log.lines();

    lines
        .find(|line| line.starts_with("preempted tasks: "))
        .ok_or_else(|| Error::failed("tools/testing/vma/fork has run no tasks"))
}

/// One fork that went wrong, from what it is called to how to see it again:
///
/// ```text
/// written once:2 iterate:4:7:0
///      1  lock mmap_lock of the parent
///                 the walker gets the child
/// for_each_vma() finds the zero marker
/// replay: make replay SEED='written once:2 iterate:4:7:0'
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
struct Schedule<'a> {
    lines: &'a [&'a str],
}

impl Schedule<'_> {
    fn finds_something(&self) -> bool {
        self.lines
            .iter()
            .any(|line| FINDINGS.iter().any(|what| line.contains(what)))
    }
}

/// All that a log shows from beginning to end. Those of large address spaces have no beginning.
fn schedules<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = Schedule<'a>> {
    lines.iter().enumerate().filter_map(|(end, line)| {
        let seed = line.strip_prefix("replay: make replay SEED='")?;
        let seed = seed.strip_suffix('\'')?;
        let begin = lines[..end].iter().rposition(|line| *line == seed)?;
        // Nothing of another one is in between.
        let lines = &lines[begin..=end];
        let ends = lines.iter().filter(|line| line.starts_with("replay: "));
        (ends.count() == 1).then_some(Schedule { lines })
    })
}

/// Judges a run on the kernel without the fix. `passed` is whether it has ended well, and `name`
/// that of its log. Returns the shortest schedule that shows the defect: it says it best.
pub(crate) fn judge_control(log: &str, passed: bool, name: &str) -> Result<Vec<String>> {
    if passed {
        return Err(Error::failed(
            "tools/testing/vma/fork passes without the fix, so it does not show the defect",
        ));
    }
    for what in FINDINGS {
        if !log.contains(what) {
            return Err(Error::failed(format!(
                "without the fix no walker of tools/testing/vma/fork {what}: see {name}"
            )));
        }
    }
    let lines: Vec<&str> = log.lines().collect();
    let shortest = schedules(&lines)
        .filter(Schedule::finds_something)
        .min_by_key(|schedule| schedule.lines.len())
        .ok_or_else(|| {
            Error::failed(format!(
                "tools/testing/vma/fork shows no schedule to see the defect again: see {name}"
            ))
        })?;
    Ok(shortest.lines.iter().map(ToString::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "fork-harness: 15 passed, 0 failed; layouts 22884, failures 1012015, \
                        schedules 90403, 21.8 s";

    fn log() -> String {
        format!("running 15 tests\n...............\ntest result: ok. 15 passed\n\n{LINE}\n")
    }

    fn refused(log: &str) -> String {
        let error = judge(log, "the log").expect_err("refused");
        error.to_string()
    }

    #[test]
    fn totals_are_numbers() -> Result<()> {
        let totals = judge(&log(), "the log")?;

        assert_eq!((totals.passed, totals.failed), (15, 0));
        assert_eq!(
            (totals.layouts, totals.failures, totals.schedules),
            (22884, 1_012_015, 90403)
        );
        assert!((totals.seconds - 21.8).abs() < 1e-9);
        assert_eq!(totals.line(), LINE);
        Ok(())
    }

    #[test]
    fn the_letter_has_them_on_two_lines() -> Result<()> {
        assert_eq!(
            judge(&log(), "the log")?.record(),
            "tools/testing/vma/fork, in userspace, with ASan and UBSan:\n  \
             15 passed, 0 failed;\n  \
             layouts 22884, failures 1012015, schedules 90403, 21.8 s\n"
        );
        Ok(())
    }

    #[test]
    fn totals_have_to_be_there_once() {
        assert!(refused("running 15 tests\n").contains("ended without its totals: see the log"));
        assert!(refused(&format!("{LINE}\n{LINE}\n")).contains("more than once"));
        assert!(refused("fork-harness: 15 passed\n").contains("these are no totals"));
        assert!(refused(&log().replace("failures 1012015", "failures many")).contains("no totals"));
        assert!(refused(&log().replace("21.8 s", "21.8")).contains("no totals"));
    }

    #[test]
    fn tasks_have_to_be_run() {
        let line = "preempted tasks: 7 schedules run, 3 pruned, of 2e9";

        assert!(tasks(&format!("{line}\n{LINE}\n")).is_ok_and(|found| found == line));
        assert!(tasks(LINE).is_err());
    }

    #[test]
    fn few_failures_are_too_few() {
        assert_eq!(
            refused(&log().replace("1012015", "999999")),
            "only 999999 failures were injected, of at least 1000000"
        );
        assert!(judge(&log().replace("1012015", "1000000"), "").is_ok());
    }

    #[test]
    fn tests_have_to_pass() {
        assert!(
            refused(&log().replace("15 passed, 0 failed;", "14 passed, 1 failed;"))
                .contains("14 tests passed, 1 failed: see the log")
        );
        assert!(
            refused(&log().replace("15 passed, 0 failed;", "0 passed, 0 failed;"))
                .contains("0 tests passed")
        );
    }

    const CONTROL: &str = "\
running 15 tests
---- interleave::walkers_of_two stdout ----

thread 'interleave::walkers_of_two' (99) panicked at interleave.rs:235:13:
written,written once:7 iterate:4:7:0
     1  lock mmap_lock of the parent
     2  lock mmap_lock of the child
                the walker gets the child
                the walker looks around
     3  unlock mmap_lock of the parent
for_each_vma() finds the zero marker
replay: make replay SEED='written,written once:7 iterate:4:7:0'

written,written once:7 find:4:7:0
     1  lock mmap_lock of the parent
                the walker gets the child
                the walker looks around
     2  unlock mmap_lock of the parent
find_vma() finds a VMA of the parent in the child
replay: make replay SEED='written,written once:7 find:4:7:0'
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- random::random stdout ----
a VMA is leaked
replay: make replay SEED='random:1:2 once:9'
---- exhaustive::one stdout ----
written once:7
     1  lock mmap_lock of the parent
a page table is left
replay: make replay SEED='written once:7'
";

    #[test]
    fn the_control_shows_its_shortest_schedule() -> Result<()> {
        let shown = judge_control(CONTROL, false, "the log")?;

        assert_eq!(shown.len(), 7, "{shown:#?}");
        assert_eq!(shown[0], "written,written once:7 find:4:7:0");
        assert_eq!(
            shown[5],
            "find_vma() finds a VMA of the parent in the child"
        );
        assert!(shown[6].starts_with("replay: "));
        Ok(())
    }

    #[test]
    fn the_control_has_to_fail_by_both() {
        let broken = |log: &str, passed| {
            let error = judge_control(log, passed, "the log").expect_err("broken");
            error.to_string()
        };

        assert!(broken(CONTROL, true).contains("passes without the fix"));
        for what in FINDINGS {
            assert!(broken(&CONTROL.replace(what, "finds nothing"), false).contains(what));
        }
        assert!(broken(&CONTROL.replace("replay:", "again:"), false).contains("no schedule"));
    }

    #[test]
    fn half_a_schedule_is_none() {
        let lines = [
            "a once:1",
            "replay: make replay SEED='b once:1'",
            "replay: make",
        ];
        assert_eq!(schedules(&lines).count(), 0);
        // Its end is missing, and then another one of the same name follows.
        let lines = [
            "a once:1",
            "a once:1",
            "x",
            "replay: make replay SEED='a once:1'",
        ];
        assert_eq!(
            schedules(&lines)
                .map(|one| one.lines.len())
                .collect::<Vec<_>>(),
            [3]
        );
    }
}
