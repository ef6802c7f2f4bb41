// SPDX-License-Identifier: GPL-2.0

//! The verdict on a run of the suites: good only if all tests passed, the kernel has not
//! complained, and each sweep has come to what the golden table says.

use super::event::Event;
use super::golden::{Scope, Table};
use super::kunit::{Counts, Outcome, Status};
use super::log::Log;
use super::matrix::Matrix;
use super::matrix_text;
use super::sweeps::Sweeps;
use super::warnings::Warnings;
use std::fmt::Write as _;

/// What a run has left, and how it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    /// What ran, such as `6.18.15 um`.
    pub(crate) label: &'a str,
    /// The kernel's release, such as `6.18.15`.
    pub(crate) release: &'a str,
    /// `kunit.py`'s exit code, if it has one.
    pub(crate) exit: Option<i32>,
    pub(crate) seconds: u64,
    /// Of the kernel.
    pub(crate) log: &'a str,
    /// `kunit.py`'s result.
    pub(crate) json: &'a str,
    /// What `kunit.py` has printed.
    pub(crate) console: &'a str,
}

/// What a run has to come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    /// A test of each of these suites has to pass.
    pub(crate) suites: &'a [String],
    pub(crate) golden: Golden<'a>,
    /// What it warns of, and nothing else.
    pub(crate) warnings: &'a Warnings,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Golden<'a> {
    /// The sweeps are those of the table.
    Table(&'a Table, Scope),
    /// There should be a table and is none, as this says.
    Missing(&'a str),
    /// The sweeps may be any, as when the table is about to be written.
    Any,
}

#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) good: bool,
    /// To be printed: errors, points, the matrix, and a line with the numbers.
    pub(crate) text: String,
    pub(crate) counts: Counts,
    /// Failure points that were swept.
    pub(crate) points: u64,
}

pub(crate) fn verdict(run: Run<'_>, expected: Expected<'_>) -> Verdict {
    let sweeps = Sweeps::of(run.log);
    let matrix = Matrix::of(&sweeps);
    let outcome = Outcome::parse(run.json, run.console);
    let mut wrong = Vec::new();
    let mut counts = Counts::default();

    match run.exit {
        Some(0) => (),
        Some(code) => wrong.push(format!("kunit.py ended with exit code {code}")),
        None => wrong.push("kunit.py did not end by itself".into()),
    }
    match &outcome {
        Err(error) => wrong.push(format!("kunit.py left no readable result: {error}")),
        Ok(outcome) => {
            counts = outcome.counts();
            // Tests that never reported are in nobody's list.
            counts.failed += outcome.errors;
            wrong.extend(wrong_tests(outcome, expected.suites));
        }
    }
    if counts.passed == 0 {
        wrong.push("no test passed".into());
    }
    wrong.extend(
        Log::new(run.log)
            .filter(|entry| matches!(entry.event, Event::Marker | Event::Panic | Event::Splat))
            .filter(|entry| !expected.warnings.have(entry))
            .map(|entry| format!("the kernel complained: {}", entry.line)),
    );
    wrong.extend(
        sweeps
            .garbled
            .iter()
            .map(|line| format!("not a sweep's report: {line}")),
    );
    // A test that was asked for need not have sweeps. If it has lost them, the table tells.
    let chosen = matches!(expected.golden, Golden::Table(_, Scope::Some));
    if !chosen {
        wrong.extend(expected.warnings.missing(run.log));
    }
    if sweeps.points() == 0 && !chosen {
        wrong.push("no failure point was swept".into());
    }
    wrong.extend(matrix.unexplained());
    // Of a run that failed some sweeps are missing, which says no more.
    if let (true, Ok(outcome)) = (wrong.is_empty(), &outcome) {
        wrong.extend(wrong_sweeps(run.release, &sweeps, outcome, expected.golden));
    }

    let mut text = String::new();
    for what in &wrong {
        let _ = writeln!(text, "error: {what}");
    }
    text.push_str(&points_in_words(&sweeps));
    text.push_str(&matrix_text::text(&matrix));
    let _ = writeln!(
        text,
        "{}: {} passed, {} failed, {} skipped, {} failure points swept, {} s",
        run.label,
        counts.passed,
        counts.failed,
        counts.skipped,
        sweeps.points(),
        run.seconds
    );
    Verdict {
        good: wrong.is_empty(),
        text,
        counts,
        points: sweeps.points(),
    }
}

fn wrong_tests(outcome: &Outcome, suites: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();

    if outcome.errors > 0 {
        wrong.push(format!(
            "kunit.py found {} errors in the kernel's output",
            outcome.errors
        ));
    }
    for (name, status) in &outcome.tests {
        if matches!(status, Status::Failed | Status::Crashed) {
            wrong.push(format!("{name}: {status}"));
        }
    }
    for suite in suites {
        if !outcome
            .of(suite)
            .any(|(_, status)| status == Status::Passed)
        {
            wrong.push(format!("suite {suite}: no test of it ran and passed"));
        }
    }
    wrong
}

fn wrong_sweeps(
    release: &str,
    sweeps: &Sweeps<'_>,
    outcome: &Outcome,
    golden: Golden<'_>,
) -> Vec<String> {
    match golden {
        Golden::Any => Vec::new(),
        Golden::Missing(why) => vec![why.to_string()],
        Golden::Table(table, scope) => {
            let actual = Table::of_run(release, sweeps, outcome);
            let mut wrong = table.compare(&actual, outcome, scope);

            if !wrong.is_empty() && table.release() != release {
                wrong.push(format!("the table is of linux {}", table.release()));
            }
            wrong
        }
    }
}

fn points_in_words(sweeps: &Sweeps<'_>) -> String {
    let mut text = String::new();
    let per_test = sweeps.per_test();

    if !per_test.is_empty() {
        text.push_str("failure points per test:\n");
    }
    for (test, modes) in per_test {
        let _ = writeln!(text, "    {test:<45} {}", modes.in_words());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::kunit::tests::result;
    use super::super::matrix::tests::LOG;
    use super::super::sweeps::tests::SWEEPS;
    use super::*;

    fn run<'a>(log: &'a str, json: &'a str) -> Run<'a> {
        Run {
            label: "6.18.15 um",
            release: "6.18.15",
            exit: Some(0),
            seconds: 215,
            log,
            json,
            console: "",
        }
    }

    fn judge_by(run: Run<'_>, golden: Golden<'_>) -> Verdict {
        let suites = ["fork_failure".to_string()];

        verdict(
            run,
            Expected {
                suites: &suites,
                golden,
                warnings: &Warnings::default(),
            },
        )
    }

    fn judge(log: &str, json: &str) -> Verdict {
        judge_by(run(log, json), Golden::Any)
    }

    fn named(verdict: &Verdict, what: &str) {
        assert!(!verdict.good, "{what}");
        assert!(
            verdict.text.contains(what),
            "{what} not in {}",
            verdict.text
        );
    }

    #[test]
    fn all_passed_and_swept_is_good() {
        let verdict = judge(SWEEPS, &result("PASS", 0));

        assert!(verdict.good);
        assert_eq!((verdict.counts.passed, verdict.points), (2, 150));
        assert_eq!(
            verdict.text,
            "failure points per test:\n    \
             fork_failure.anon                             once 106, forever 44\n\
             6.18.15 um: 2 passed, 0 failed, 0 skipped, 150 failure points swept, 215 s\n"
        );
    }

    #[test]
    fn each_way_to_be_bad_is_named() {
        let passed = result("PASS", 0);

        for (exit, what) in [(Some(1), "exit code 1"), (None, "did not end by itself")] {
            let run = Run {
                exit,
                ..run(SWEEPS, &passed)
            };
            named(&judge_by(run, Golden::Any), what);
        }
        for (json, what) in [
            (result("FAIL", 0), "fork_failure.anon: FAIL"),
            (result("ERROR", 0), "1 passed, 1 failed"),
            (result("PASS", 3), "2 passed, 3 failed"),
            (String::new(), "no readable result"),
            (
                passed.replace("fork_failure", "fork_failure_of_others"),
                "suite fork_failure: no test of it ran",
            ),
        ] {
            named(&judge(SWEEPS, &json), what);
        }
        let splat = "WARNING: possible circular locking dependency detected";
        for (log, what) in [
            ("KTAP version 1\n".into(), "no failure point was swept"),
            (format!("{SWEEPS}\n{splat}\n"), "complained: WARNING"),
            (
                SWEEPS
                    .replace("=44", "=0")
                    .replace("points=106", "points=0"),
                "no failure point was swept",
            ),
            (
                SWEEPS.replace("tolerated=1", "toler"),
                "not a sweep's report",
            ),
        ] {
            named(&judge(&log, &passed), what);
        }
    }

    #[test]
    fn skipped_tests_are_counted_apart() {
        let verdict = judge(SWEEPS, &result("SKIP", 0));

        assert!(verdict.good);
        assert!(verdict
            .text
            .contains("1 passed, 0 failed, 1 skipped, 150 failure"));
    }

    #[test]
    fn sweeps_are_those_of_the_table() {
        let json = result("PASS", 0);
        let outcome = Outcome::parse(&json, "").expect("a result");
        let table = Table::of_run("6.18.14", &Sweeps::of(SWEEPS), &outcome);
        let by =
            |log: &str, json: &str| judge_by(run(log, json), Golden::Table(&table, Scope::All));
        let fewer = SWEEPS.replace("points=106", "points=5");

        assert!(by(SWEEPS, &json).good);
        let verdict = by(&fewer, &json);
        named(&verdict, "mode=once: 5 points, the table says 106");
        named(&verdict, "error: the table is of linux 6.18.14");
        // What failed explains it.
        assert!(!by(&fewer, &result("FAIL", 0)).text.contains("the table"));
        // One test was asked for: without sweeps it has lost them, or never had any.
        let none = "KTAP version 1\n";
        let some = |table| judge_by(run(none, &json), Golden::Table(table, Scope::Some));
        named(&some(&table), "mode=once");
        let without = Table::of_run("6.18.14", &Sweeps::of(none), &outcome);
        assert!(some(&without).good);
        let verdict = judge_by(run(SWEEPS, &json), Golden::Missing("no table"));
        named(&verdict, "error: no table");
    }

    #[test]
    fn errors_come_first_and_the_matrix_last() {
        let log = format!("{}{LOG}", SWEEPS.replace("ok 1 fork_failure\n", ""));
        let text = judge(&log, &result("FAIL", 0)).text;
        let at = |what: &str| {
            text.find(what)
                .unwrap_or_else(|| panic!("{what} in {text}"))
        };

        assert!(at("error: ") < at("failure points per test:"));
        assert!(at("failure points per test:") < at("failure points by kind"));
        assert!(text.ends_with("s\n") && at("failure points by kind") < at("6.18.15 um: "));
    }
}
