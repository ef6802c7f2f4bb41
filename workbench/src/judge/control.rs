// SPDX-License-Identifier: GPL-2.0

//! The control: the same suites on the kernel without the fix. It has to fail by the defect, else
//! the suites prove nothing. That is either
//!
//! - a panic at the marker that a failed `dup_mmap()` leaves, on the way down; or
//! - a test that finds entries in the failed child's tree.

use super::event::{Entry, Event};
use super::kunit::{Counts, Outcome, Status};
use super::letter::WIDTH;
use super::log::Log;
use super::sweeps::Sweeps;
use super::verdict::{Run, Verdict};
use super::wrap;

/// Where a failed fork takes its address space down.
pub(super) const TEARDOWN: [&str; 3] = ["flush_tlb_mm", "exit_mmap", "dup_mm"];

/// So many failed assertions are shown.
const SHOWN: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// The kernel has failed as it must.
    Failed {
        /// The test or tests.
        place: String,
        /// The line that shows it.
        why: String,
        /// What else there is to see.
        more: Vec<String>,
    },
    /// Something else went wrong, so this run shows nothing.
    Broken(String),
    /// The kernel without the fix passes.
    Passed,
}

/// Judges a run without the fix. `suites` are the project's own.
pub(crate) fn judge(run: Run<'_>, suites: &[String]) -> Control {
    if suites.is_empty() {
        return Control::Broken("the series has no suites of its own".into());
    }
    if !Log::new(run.log).any(|entry| entry.event == Event::Header) {
        let last = run.log.lines().rev().find(|line| !line.trim().is_empty());
        return Control::Broken(format!(
            "the kernel did not get as far as its tests; the last it said: {}",
            last.unwrap_or("nothing").trim()
        ));
    }
    if run.console.contains("timed out after") {
        return Control::Broken("the kernel ran into the time limit".into());
    }
    judge_panic(run.log, suites)
        .or_else(|| judge_tests(run, suites))
        .unwrap_or_else(|| judge_assertions(run.log, suites))
}

/// Judges the first panic, if there is one.
fn judge_panic(log: &str, suites: &[String]) -> Option<Control> {
    let (mut rip, mut failed_before) = (None, Vec::new());
    let mut entries = Log::new(log);
    let fatal = entries.find(|entry| {
        match entry.event {
            Event::Rip => rip = Some(entry.line),
            Event::TestEnds { ok: false } => failed_before.extend(entry.place.test),
            _ => (),
        }
        matches!(entry.event, Event::Marker | Event::Panic)
    })?;

    if fatal.event != Event::Marker {
        return Some(Control::Broken(format!(
            "it panicked of something else: {}",
            fatal.line
        )));
    }
    if !is_own(&fatal, suites) {
        return Some(Control::Broken(format!(
            "it panicked outside of the project's suites, in {}: {}",
            fatal.place.suite, fatal.line
        )));
    }
    // UML says before the panic where it was, others after it.
    let trace: Vec<Entry<'_>> = entries
        .take_while(|entry| entry.event != Event::EndOfTrace)
        .collect();
    let rip = rip.filter(|rip| TEARDOWN.iter().any(|function| rip.contains(function)));
    let mut more: Vec<String> = rip.map(str::to_string).into_iter().collect();
    for function in TEARDOWN {
        let called = trace.iter().find(|e| e.event == Event::Call { function });
        more.extend(called.map(|entry| entry.line.to_string()));
    }
    if more.is_empty() {
        return Some(Control::Broken(format!(
            "no {} in the call trace of: {}",
            TEARDOWN.join(", "),
            fatal.line
        )));
    }
    if !failed_before.is_empty() {
        more.push(format!("before that failed: {}", failed_before.join(", ")));
    }
    Some(Control::Failed {
        place: fatal.place.to_string(),
        why: fatal.line.to_string(),
        more,
    })
}

/// Judges what the tests came to, unless some of the own ones have failed.
fn judge_tests(run: Run<'_>, suites: &[String]) -> Option<Control> {
    let outcome = match Outcome::parse(run.json, run.console) {
        Ok(outcome) => outcome,
        Err(error) => {
            return Some(Control::Broken(format!(
                "kunit.py's result is unreadable: {error}"
            )))
        }
    };
    let mut failed = false;

    for suite in suites {
        if !outcome.has(suite) {
            return Some(Control::Broken(format!("suite {suite} did not run")));
        }
        for (name, status) in outcome.of(suite) {
            if status == Status::Crashed {
                return Some(Control::Broken(format!(
                    "{name} ended as {status}, without a panic"
                )));
            }
            failed |= status == Status::Failed;
        }
    }
    (!failed).then_some(Control::Passed)
}

/// Judges the assertions of the own tests, some of which have failed.
fn judge_assertions(log: &str, suites: &[String]) -> Control {
    let (mut places, mut found, mut others) = (Vec::new(), Vec::new(), Vec::new());

    for entry in Log::new(log).filter(|entry| is_own(entry, suites)) {
        let Event::Assertion { reason } = entry.event else {
            continue;
        };
        let reason = reason.unwrap_or(entry.line);
        let place = entry.place.to_string();

        if !is_defect(reason) {
            others.push(format!("{place}: {reason}"));
            continue;
        }
        found.push(reason.to_string());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    if found.is_empty() {
        let more = others.len().saturating_sub(SHOWN);
        others.truncate(SHOWN);
        let mut what = match others.is_empty() {
            true => "tests failed without saying why".to_string(),
            false => others.join("; "),
        };
        if more > 0 {
            what.push_str(&format!("; and {more} more"));
        }
        return Control::Broken(format!("it failed, but not by the defect: {what}"));
    }
    found.truncate(SHOWN);
    Control::Failed {
        place: places.join(", "),
        why: found.remove(0),
        more: found,
    }
}

fn is_own(entry: &Entry<'_>, suites: &[String]) -> bool {
    suites.iter().any(|suite| suite == entry.place.suite)
}

/// Whether an assertion says that something is left in the failed child's tree. The words are those
/// of `check_empty()` in `mm/tests/fork_fail/oracles.rs`.
fn is_defect(reason: &str) -> bool {
    let entries = || {
        let (_, rest) = reason.split_once("the child's tree has ")?;
        let (number, _) = rest.split_once(" entries when its lock is dropped")?;

        number.parse::<u64>().ok()
    };

    entries().is_some_and(|number| number > 0)
        || (reason.contains("a lookup at 0x")
            && reason.contains(" finds something in the child's tree"))
}

impl Control {
    /// The verdict on the run: good if it has failed as it must.
    pub(crate) fn verdict(&self, run: Run<'_>) -> Verdict {
        let Run { label, seconds, .. } = run;
        let text = match self {
            Control::Failed { place, why, more } => {
                let lines: Vec<&str> = [why].into_iter().chain(more).map(String::as_str).collect();

                format!(
                    "failed in {place}:\n    {}\n{label}: fails as it must, {seconds} s\n",
                    lines.join("\n    ")
                )
            }
            Control::Broken(why) => format!(
                "error: {why}\n{label}: the control is broken and shows nothing, {seconds} s\n"
            ),
            Control::Passed => {
                format!("{label}: passes, so the suites do not show the defect, {seconds} s\n")
            }
        };

        Verdict {
            good: matches!(self, Control::Failed { .. }),
            text,
            counts: Outcome::parse(run.json, run.console)
                .map_or(Counts::default(), |outcome| outcome.counts()),
            points: Sweeps::of(run.log).points(),
        }
    }

    /// What a cover letter tells of it, if it has failed as it must.
    pub(crate) fn in_words(&self, arch: &str) -> Option<String> {
        match self {
            Control::Failed { place, why, .. } => Some(format!(
                "KUnit, {arch}, without the fix:\n{}{}",
                wrap(&format!("failed in {place}:"), WIDTH, "  "),
                wrap(why, WIDTH, "  ")
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kunit::tests::result;
    use super::super::sweeps::tests::SWEEPS;
    use super::*;

    const PANIC: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_failure
    1..2
    # tree: EXPECTATION FAILED at lib/kunit/fault-sweep.c:253
1 mode=once N=2: too many
    not ok 1 tree
    # anon: fault-sweep: anon/untouched mode=once points=5 failed=5 tolerated=0
RIP: 0033:flush_tlb_mm+0x3a/0xb0
Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x6002f9a4
CPU: 0 UID: 0 PID: 24 Comm: kunit_try_catch
Stack:
Call Trace:
 [<600d2a6b>] tlb_finish_mmu+0x2b/0x90
 [<600cf2aa>] exit_mmap+0x15a/0x220
 [<60031d33>] dup_mm+0x103/0x440
";

    const LEFT: &str = "1 mode=once N=2: the child's tree has 1 entries when its lock is dropped, \
         after vm_area_dup+0x27/0xd0 failed";

    fn run<'a>(log: &'a str, json: &'a str) -> Run<'a> {
        Run {
            label: "6.18.15 um, unfixed",
            release: "6.18.15",
            exit: Some(1),
            seconds: 32,
            log,
            json,
            console: "",
        }
    }

    fn judged(log: &str, json: &str) -> Control {
        judge(run(log, json), &["fork_failure".to_string()])
    }

    fn failed_by(reason: &str) -> String {
        SWEEPS.replace(
            "    ok 1 anon",
            &format!(
                "    # anon: EXPECTATION FAILED at lib/kunit/fault-sweep.c:249\n\
                 {reason}\n    not ok 1 anon"
            ),
        )
    }

    fn broken(log: &str, json: &str) -> String {
        match judged(log, json) {
            Control::Broken(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_panic_at_the_marker_is_the_defect() {
        let control = judged(PANIC, "");
        let verdict = control.verdict(run(PANIC, ""));

        assert!(verdict.good);
        assert_eq!(
            verdict.text,
            "failed in fork_failure.anon:\n    \
             Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x6002f9a4\n    \
             RIP: 0033:flush_tlb_mm+0x3a/0xb0\n    \
             [<600cf2aa>] exit_mmap+0x15a/0x220\n    \
             [<60031d33>] dup_mm+0x103/0x440\n    \
             before that failed: tree\n\
             6.18.15 um, unfixed: fails as it must, 32 s\n"
        );
        assert_eq!(
            control.in_words("um").as_deref(),
            Some(
                "KUnit, um, without the fix:\n  failed in fork_failure.anon:\n  \
                 Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip\n  \
                 0x6002f9a4\n"
            )
        );
    }

    #[test]
    fn entries_left_in_the_tree_are_the_defect() {
        for reason in [
            LEFT,
            "1 mode=pair N=2+1: a lookup at 0x1000 finds something in the child's tree",
        ] {
            let Control::Failed { place, why, .. } = judged(&failed_by(reason), &result("FAIL", 0))
            else {
                panic!("{reason}");
            };
            assert_eq!(
                (place.as_str(), why.as_str()),
                ("fork_failure.anon", reason)
            );
        }
    }

    #[test]
    fn other_assertions_are_not() {
        for reason in [
            "Expected a == b",
            "1 mode=once N=2: 1 allocations leaked",
            "the child's tree has 0 entries when its lock is dropped",
            "an rmap walk from 0x1000 finds 1 VMAs of the child",
        ] {
            let why = broken(&failed_by(reason), &result("FAIL", 0));
            assert!(why.contains("not by the defect"), "{why}");
            assert!(
                why.ends_with(&format!("fork_failure.anon: {reason}")),
                "{why}"
            );
        }
        let silent = SWEEPS.replace("    ok 1 anon", "    not ok 1 anon");
        assert!(broken(&silent, &result("FAIL", 0)).contains("without saying why"));
        // Nor are those of others' suites.
        let of_others = failed_by(LEFT).replace("Subtest: fork_failure", "Subtest: others");
        assert!(broken(&of_others, &result("FAIL", 0)).contains("without saying why"));
    }

    #[test]
    fn other_ends_break_the_control() {
        assert!(broken("Checking PTRACE\n", "").contains("Checking PTRACE"));
        assert!(broken("", "").contains("nothing"));
        assert!(broken(&PANIC.replace("0x406", "0x40"), "").contains("something else"));
        assert!(broken(&PANIC.replace("fork_failure", "rust_kvec"), "").contains("rust_kvec"));
        let elsewhere = PANIC.replace("flush_tlb_mm", "f").replace("exit_mmap", "g");
        let elsewhere = elsewhere.replace("dup_mm", "do_exit_mmap");
        assert!(broken(&elsewhere, "").contains("no flush_tlb_mm"));
        assert!(broken(SWEEPS, "").contains("unreadable"));
        assert!(broken(SWEEPS, &result("ERROR", 0)).contains("without a panic"));
        let missing = result("PASS", 0).replace("fork_failure", "other");
        assert!(broken(SWEEPS, &missing).contains("did not run"));
        let late = Run {
            console: "timed out after 300 seconds",
            ..run(PANIC, "")
        };
        let judged = judge(late, &["fork_failure".to_string()]);
        assert!(matches!(judged, Control::Broken(why) if why.contains("time limit")));
        assert!(matches!(judge(run(PANIC, ""), &[]), Control::Broken(_)));
    }

    #[test]
    fn a_kernel_that_passes_is_no_control() {
        let json = result("PASS", 0);
        let control = judged(SWEEPS, &json);

        assert_eq!(control, Control::Passed);
        assert!(!control.verdict(run(SWEEPS, &json)).good);
        assert_eq!(control.in_words("um"), None);
    }
}
