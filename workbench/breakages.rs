// SPDX-License-Identifier: GPL-2.0

//! Whether the suites have caught a kernel that was broken on purpose: what failed first, as the
//! kernel's console tells it. A kernel that panics, hangs or just ends was caught, too. The same
//! for the userspace harness, `tools/testing/vma/fork`.

use super::{has_ktap_header, is_splat};

#[derive(Debug, PartialEq)]
pub(super) enum Caught {
    /// Where, and by what.
    By(String, String),
    /// All suites ran to their end and passed.
    Survived,
    /// Neither: the kernel is still running, or was stopped.
    Undecided,
}

/// The test that a line of the log is about, as far as can be told.
#[derive(Default)]
struct Place<'a> {
    suite: &'a str,
    /// Whether the suite has said how many tests it has; they follow.
    planned: bool,
    test: Option<&'a str>,
    last: Option<&'a str>,
}

impl Place<'_> {
    fn said(&self) -> String {
        match (self.suite, self.test, self.last) {
            ("", ..) => "before the first test".into(),
            (suite, Some(test), _) => format!("{suite}.{test}"),
            (suite, None, Some(last)) => format!("{suite}, after {last}"),
            (suite, None, None) => format!("{suite}, its first test"),
        }
    }
}

/// Looks for the first failure. `ended` says how the kernel has ended, if it has.
pub(super) fn caught(log: &str, ended: Option<&str>) -> Caught {
    let mut place = Place::default();
    let mut passed = 0;
    let mut lines = log.lines().peekable();

    while let Some(line) = lines.next() {
        let said = line.trim();
        let by = |place: &Place<'_>, what: &str| Caught::By(place.said(), what.to_string());
        if let Some(name) = said.strip_prefix("# Subtest: ") {
            // One further in belongs to a test with parameters.
            if line.starts_with("    # ") {
                place = Place {
                    suite: name,
                    ..Place::default()
                };
            } else {
                place.test = Some(name);
            }
        } else if line.starts_with("    1..") {
            place.planned = true;
        } else if let Some((name, rest)) = said.strip_prefix("# ").and_then(|s| s.split_once(": "))
        {
            // Before the plan are attributes of the suite, with a dot those of a test.
            if place.planned && !name.contains([' ', '.']) && !rest.starts_with("pass:") {
                place.test = Some(name);
            }
            if rest.starts_with("EXPECTATION FAILED") || rest.starts_with("ASSERTION FAILED") {
                // The reason follows, if it has arrived yet.
                match lines.peek() {
                    Some(reason) => return by(&place, reason.trim()),
                    None => continue,
                }
            }
        } else if let Some(name) = said
            .strip_prefix("not ok ")
            .and_then(|rest| rest.split(' ').nth(1))
        {
            place.test = Some(name);
            return by(&place, "fails");
        } else if let Some(name) = said
            .strip_prefix("ok ")
            .and_then(|rest| rest.split(' ').nth(1))
        {
            if line.starts_with("ok ") {
                passed += 1;
            } else if line.starts_with("    ok ") {
                (place.test, place.last) = (None, Some(name));
            }
        } else if line.contains("Kernel panic - not syncing") || is_splat(line) {
            return by(&place, said);
        }
    }
    match ended {
        None => Caught::Undecided,
        Some("timeout") => Caught::By(place.said(), "hangs".into()),
        Some(_) if !has_ktap_header(log) => Caught::By(place.said(), "does not boot".into()),
        Some(_) if passed == 0 || !log.contains("reboot: System halted") => {
            Caught::By(place.said(), "the kernel ends without a word".into())
        }
        Some(_) => Caught::Survived,
    }
}

/// The first failure that the userspace harness tells of. There is none if it did not build.
pub(super) fn caught_by_harness(log: &str) -> Caught {
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
            let said = lines.take_while(|line| !line.starts_with("replay: ") && !line.is_empty());
            let what = said.last().unwrap_or("panics").trim();
            return Caught::By(format!("fork harness, {name}"), what.to_string());
        }
    }
    // It did not get as far as that.
    match log
        .lines()
        .find(|line| line.contains("ERROR: AddressSanitizer: ") || line.contains("runtime error: "))
    {
        Some(line) => Caught::By("fork harness".into(), line.trim().to_string()),
        None if log.contains("fork-harness: ") && !log.contains("FAILED") => Caught::Survived,
        None => Caught::Undecided,
    }
}

/// One line, its first word what came of it.
pub(super) fn said(caught: &Caught) -> String {
    match caught {
        Caught::By(place, what) => format!("CAUGHT {place}: {what}"),
        Caught::Survived => "SURVIVED".into(),
        Caught::Undecided => "UNDECIDED".into(),
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

    fn by(log: &str, ended: Option<&str>) -> (String, String) {
        match caught(log, ended) {
            Caught::By(place, what) => (place, what),
            other => panic!("{other:?}"),
        }
    }

    fn with(before: &str, more: &str) -> String {
        let (start, end) = PASSED.split_once(before).expect("part of the log");
        format!("{start}{more}\n{before}{end}")
    }

    #[test]
    fn what_passes_has_survived() {
        assert_eq!(caught(PASSED, Some("exit")), Caught::Survived);
        assert_eq!(said(&Caught::Survived), "SURVIVED");
    }

    #[test]
    fn a_failed_expectation_is_told_with_its_reason() {
        let failed = "    # tree: EXPECTATION FAILED at lib/kunit/fault-sweep.c:249";
        let log = with(
            "    ok 1 tree",
            &format!("{failed}\n    1 mode=once N=2: too many"),
        );
        let expected = ("fork_fail.tree".into(), "1 mode=once N=2: too many".into());
        assert_eq!(by(&log, Some("exit")), expected);
        // Also while the kernel runs, but not before the reason is there.
        assert_eq!(by(&log, None), expected);
        let (start, _) = log.split_once("\n    1 mode").expect("the reason");
        assert_eq!(caught(start, None), Caught::Undecided);
        let log = log.replace("EXPECTATION", "ASSERTION");
        assert_eq!(
            said(&caught(&log, None)),
            "CAUGHT fork_fail.tree: 1 mode=once N=2: too many"
        );
    }

    #[test]
    fn a_test_can_fail_without_saying_why() {
        let log = PASSED.replace("    ok 2 matrix", "    not ok 2 matrix");
        assert_eq!(by(&log, None), ("fork_fail.matrix".into(), "fails".into()));
    }

    #[test]
    fn panics_and_splats_are_placed() {
        let panic = "Kernel panic - not syncing: Kernel mode fault at addr 0x406";
        let placed = |before: &str| by(&with(before, panic), Some("exit"));
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
        assert_eq!(caught(start, None), Caught::Undecided);
        assert_eq!(
            by(start, Some("timeout")),
            ("fork_fail.matrix".into(), "hangs".into())
        );
        assert_eq!(by(start, Some("exit")).1, "the kernel ends without a word");
        assert_eq!(
            by("Checking PTRACE\n", Some("exit")),
            ("before the first test".into(), "does not boot".into())
        );
        let no_suite = PASSED.replace("\nok 1 fork_fail", "");
        assert_eq!(
            by(&no_suite, Some("exit")).1,
            "the kernel ends without a word"
        );
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
        assert_eq!(
            caught_by_harness(HARNESS),
            Caught::By(
                "fork harness, interleave::walkers_of_one".into(),
                "for_each_vma() finds a VMA".into()
            )
        );
        let asan = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x1";
        assert_eq!(
            caught_by_harness(&format!("running 2 tests\n{asan}\n")),
            Caught::By("fork harness".into(), asan.into())
        );
        let passed = "test result: ok. 15 passed\nfork-harness: 15 passed, 0 failed; 1 s\n";
        assert_eq!(caught_by_harness(passed), Caught::Survived);
        assert_eq!(
            caught_by_harness("error: expected ';'\n"),
            Caught::Undecided
        );
    }
}
