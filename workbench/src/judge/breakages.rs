// SPDX-License-Identifier: GPL-2.0

//! Whether the suites have caught a kernel that was broken on purpose: what failed first, as the
//! kernel's log tells it. A kernel that panics, hangs or just ends was caught, too. The same for
//! the userspace harness, `tools/testing/vma/fork`.

use super::event::Event;
use super::log::Log;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caught {
    By {
        /// The test, as far as can be told.
        place: String,
        what: String,
    },
    /// All suites ran to their end and passed.
    Survived,
    /// Neither: the kernel is still running, was stopped, or has not even begun. Or the harness did
    /// not build.
    Undecided,
}

/// How a kernel has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exit,
    /// It was stopped, as it took too long.
    Timeout,
}

/// Looks for the first failure. `end` says how the kernel has ended, if it has.
pub(crate) fn caught(log: &str, end: Option<End>) -> Caught {
    // The last line may not be all there yet.
    let log = match end {
        None => &log[..log.rfind('\n').map_or(0, |at| at + 1)],
        Some(_) => log,
    };
    let (mut booted, mut halted, mut passed) = (false, false, 0);
    let mut entries = Log::new(log);

    for entry in entries.by_ref() {
        let what = match entry.event {
            Event::Assertion { reason } => reason.map(str::to_string),
            Event::TestEnds { ok: false } | Event::SuiteEnds { ok: false } => Some("fails".into()),
            Event::ParameterEnds { ok: false, name } => Some(format!("fails with {name}")),
            Event::Marker | Event::Panic | Event::Splat => Some(entry.line.to_string()),
            _ => None,
        };

        if let Some(what) = what {
            let place = entry.place.to_string();
            return Caught::By { place, what };
        }
        match entry.event {
            Event::Header => booted = true,
            Event::SuiteEnds { ok: true } => passed += 1,
            Event::Halted => halted = true,
            _ => (),
        }
    }
    let by = |what: &str| Caught::By {
        place: entries.place().to_string(),
        what: what.to_string(),
    };
    match end {
        None => Caught::Undecided,
        // It is the machine that is in trouble.
        Some(_) if !booted && !has_begun(log) => Caught::Undecided,
        Some(End::Timeout) => by("hangs"),
        Some(End::Exit) if !booted => by("does not boot"),
        Some(End::Exit) if passed == 0 || !halted => by("the kernel ends without a word"),
        Some(End::Exit) => Caught::Survived,
    }
}

/// Whether there is a line that each kernel prints, and nobody else.
fn has_begun(log: &str) -> bool {
    log.lines().any(|line| line.contains("Linux version "))
}

/// The first failure that the userspace harness tells of. There is none if it did not build.
pub(crate) fn caught_by_harness(log: &str) -> Caught {
    let mut test = None;
    let mut lines = log.lines();

    while let Some(line) = lines.next() {
        if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            test = Some(name);
        } else if let (Some(name), true) = (test, line.contains("' panicked at ")) {
            // What happened before may come first, and a line to see it again follows.
            let ends = |line: &str| {
                line.starts_with("replay: ") || line.starts_with("note: ") || line.is_empty()
            };
            let said = lines.take_while(|line| !ends(line));

            return Caught::By {
                place: format!("fork harness, {name}"),
                what: said.last().unwrap_or("panics").trim().to_string(),
            };
        }
    }
    // It did not get as far as that.
    match log
        .lines()
        .find(|line| line.contains("ERROR: AddressSanitizer: ") || line.contains("runtime error: "))
    {
        Some(line) => Caught::By {
            place: "fork harness".into(),
            what: line.trim().to_string(),
        },
        None if log.contains("fork-harness: ") && !log.contains("FAILED") => Caught::Survived,
        None => Caught::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_fail
    # module: fork_fail
    # speed: normal
    1..2
    # tree: fault-sweep: tree/one mode=once points=5 failed=5 tolerated=0
    # tree.speed: normal
    ok 1 tree
        KTAP version 1
        # Subtest: matrix
        ok 1 anonymous
    # matrix: pass:1 fail:0 skip:0 total:1
    ok 2 matrix
# fork_fail: pass:2 fail:0 skip:0 total:2
# Totals: pass:2 fail:0 skip:0 total:2
ok 1 fork_fail
reboot: System halted
";

    fn by(log: &str, end: Option<End>) -> (String, String) {
        match caught(log, end) {
            Caught::By { place, what } => (place, what),
            other => panic!("{other:?}"),
        }
    }

    fn with(before: &str, more: &str) -> String {
        let (start, rest) = PASSED.split_once(before).expect("part of the log");
        format!("{start}{more}\n{before}{rest}")
    }

    #[test]
    fn what_passes_has_survived() {
        assert_eq!(caught(PASSED, Some(End::Exit)), Caught::Survived);
    }

    #[test]
    fn a_failed_expectation_is_told_with_its_reason() {
        let failed = "    # tree: EXPECTATION FAILED at lib/kunit/fault-sweep.c:249";
        let log = with(
            "    ok 1 tree",
            &format!("{failed}\n1 mode=once N=2: too many"),
        );
        let expected = ("fork_fail.tree".into(), "1 mode=once N=2: too many".into());

        assert_eq!(by(&log, Some(End::Exit)), expected);
        assert_eq!(by(&log.replace("EXPECTATION", "ASSERTION"), None), expected);
        // Also while the kernel runs, but not before all of the reason is there.
        assert_eq!(by(&log, None), expected);
        for cut in ["\n1 mode", " too many"] {
            let (start, _) = log.split_once(cut).expect("the reason");
            assert_eq!(caught(start, None), Caught::Undecided);
        }
    }

    #[test]
    fn a_test_can_fail_without_saying_why() {
        let log = PASSED.replace("    ok 2 matrix", "    not ok 2 matrix");
        assert_eq!(by(&log, None), ("fork_fail.matrix".into(), "fails".into()));
        let log = PASSED.replace("    ok 1 anonymous", "    not ok 1 anonymous, pinned");
        let expected = ("fork_fail.matrix", "fails with anonymous, pinned");
        assert_eq!(by(&log, None), (expected.0.into(), expected.1.into()));
    }

    #[test]
    fn panics_and_splats_are_placed() {
        let panic = "Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x1";
        let placed = |before: &str| by(&with(before, panic), Some(End::Exit));

        assert_eq!(placed("KTAP").0, "before the first test");
        assert_eq!(placed("    # tree").0, "fork_fail, its first test");
        assert_eq!(placed("    ok 1 tree").0, "fork_fail.tree");
        assert_eq!(placed("        KTAP").0, "fork_fail, after tree");
        assert_eq!(placed("        ok 1").0, "fork_fail.matrix");
        assert_eq!(placed("        ok 1").1, panic);
        let splat = "WARNING: CPU: 0 PID: 24 at mm/mmap.c:1286";
        assert_eq!(by(&with("    ok 1 tree", splat), None).1, splat);
    }

    #[test]
    fn a_kernel_that_does_not_finish_is_caught() {
        let (start, _) = PASSED.split_once("    ok 2 matrix").expect("the end");
        let no_word = "the kernel ends without a word";

        assert_eq!(caught(start, None), Caught::Undecided);
        assert_eq!(
            by(start, Some(End::Timeout)),
            ("fork_fail.matrix".into(), "hangs".into())
        );
        assert_eq!(by(start, Some(End::Exit)).1, no_word);
        assert_eq!(
            by("Checking PTRACE\nLinux version 6.18.15\n", Some(End::Exit)),
            ("before the first test".into(), "does not boot".into())
        );
        let no_suite = PASSED.replace("\nok 1 fork_fail", "");
        assert_eq!(by(&no_suite, Some(End::Exit)).1, no_word);
        let (started, _) = PASSED.split_once("    # tree:").expect("the first test");
        let said = format!("{started}    # tree: hello\n");
        assert_eq!(by(&said, Some(End::Timeout)).0, "fork_fail.tree");
    }

    #[test]
    fn a_kernel_that_has_not_begun_is_not_caught() {
        for log in [
            "",
            "Checking PTRACE\n",
            "unshare: fork failed: Resource temporarily unavailable\n",
            "Running tests with:\n$ linux kunit.enable=1\nTraceback (most recent call last):\n",
        ] {
            for end in [End::Exit, End::Timeout] {
                assert_eq!(caught(log, Some(end)), Caught::Undecided, "{log}");
            }
        }
    }

    const HARNESS: &str = "\
running 2 tests
test interleave::walkers_of_one ... FAILED
test mistakes::every_mistake_is_noticed ... ok

failures:

---- interleave::walkers_of_one stdout ----

thread 'interleave::walkers_of_one' panicked at interleave.rs:89:23:
     7  unlock mmap_lock of the child
for_each_vma() finds a VMA
replay: make replay SEED='untouched once:5'
";

    #[test]
    fn the_harness_tells_what_it_finds() {
        let by = |place: &str, what: &str| Caught::By {
            place: place.into(),
            what: what.into(),
        };
        let asan = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1";
        let passed = "test result: ok. 15 passed\nfork-harness: 15 passed, 0 failed; 1 s\n";

        assert_eq!(
            caught_by_harness(HARNESS),
            by(
                "fork harness, interleave::walkers_of_one",
                "for_each_vma() finds a VMA"
            )
        );
        assert_eq!(
            caught_by_harness(&format!("running 2 tests\n{asan}\n")),
            by("fork harness", asan)
        );
        assert_eq!(caught_by_harness(passed), Caught::Survived);
        assert_eq!(
            caught_by_harness("error: expected ';'\n"),
            Caught::Undecided
        );
    }
}
