// SPDX-License-Identifier: GPL-2.0

//! What `kunit.py` says of a run: its result as JSON, and the last lines of its console.

use serde::Deserialize;
use std::fmt;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    /// All that has neither passed nor been skipped, crashes included.
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

/// What a test came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Status {
    #[serde(rename = "PASS")]
    Passed,
    #[serde(rename = "FAIL")]
    Failed,
    #[serde(rename = "SKIP")]
    Skipped,
    /// The kernel crashed in it.
    #[serde(rename = "ERROR", other)]
    Crashed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Passed => "PASS",
            Status::Failed => "FAIL",
            Status::Skipped => "SKIP",
            Status::Crashed => "ERROR",
        })
    }
}

/// What each test of a run came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// `suite.test`, or `suite.test.parameter`, in the order they ran.
    pub(crate) tests: Vec<(String, Status)>,
    /// What `kunit.py` could not make sense of, such as tests announced that never came.
    pub(crate) errors: u64,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    name: String,
    #[serde(default)]
    test_cases: Vec<Case>,
    #[serde(default)]
    sub_groups: Vec<Group>,
    misc: Option<Misc>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    status: Status,
}

#[derive(Deserialize)]
struct Misc {
    errors: Option<u64>,
}

impl Outcome {
    /// Reads the result. That of 6.12's `kunit.py` has no count of errors: it is in the line that
    /// ends the console. Without either the result counts as unreadable.
    pub(crate) fn parse(json: &str, console: &str) -> Result<Outcome, String> {
        let group: Group = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let errors = match &group.misc {
            Some(misc) => misc.errors,
            None => errors_in(console),
        };
        let mut outcome = Outcome {
            tests: Vec::new(),
            errors: errors.ok_or("no count of errors")?,
        };

        outcome.collect(group, "");
        Ok(outcome)
    }

    fn collect(&mut self, group: Group, prefix: &str) {
        for case in group.test_cases {
            self.tests
                .push((format!("{prefix}{}", case.name), case.status));
        }
        for sub in group.sub_groups {
            let prefix = format!("{prefix}{}.", sub.name);

            self.collect(sub, &prefix);
        }
    }

    /// Counts the tests. The errors are not among them.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();

        for (_, status) in &self.tests {
            match status {
                Status::Passed => counts.passed += 1,
                Status::Skipped => counts.skipped += 1,
                Status::Failed | Status::Crashed => counts.failed += 1,
            }
        }
        counts
    }

    /// The tests of a suite, or the parameters of a test.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, Status)> {
        self.tests
            .iter()
            .map(|(known, status)| (known.as_str(), *status))
            .filter(move |(known, _)| {
                known
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }

    /// Returns whether a suite or test is in the result, be it that it was skipped.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.of(name).next().is_some()
    }
}

/// `Testing complete. Ran 121 tests: passed: 119, errors: 2`. What is 0 is left out.
fn errors_in(console: &str) -> Option<u64> {
    let line = console
        .lines()
        .rev()
        .find(|line| line.contains("Testing complete. Ran "))?;

    match line.split_once("errors: ") {
        None => Some(0),
        Some((_, rest)) => {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A result with two tests, one of which has this status.
    pub(in crate::judge) fn result(status: &str, errors: u64) -> String {
        format!(
            r#"{{"name": "KUnit Test Group", "misc": {{"errors": {errors}}}, "test_cases": [],
               "sub_groups": [{{"name": "fork_failure", "sub_groups": [], "kernel": null,
                 "test_cases": [{{"name": "anon", "status": "{status}"}},
                                {{"name": "shared", "status": "PASS"}}]}}]}}"#
        )
    }

    fn read(json: &str, console: &str) -> Outcome {
        Outcome::parse(json, console).expect("a result")
    }

    #[test]
    fn tests_have_the_name_of_their_suite() {
        let outcome = read(&result("SKIP", 2), "");

        assert_eq!(
            outcome.tests,
            [
                ("fork_failure.anon".to_string(), Status::Skipped),
                ("fork_failure.shared".to_string(), Status::Passed)
            ]
        );
        assert_eq!(outcome.errors, 2);
        assert!(outcome.has("fork_failure") && outcome.has("fork_failure.anon"));
        assert!(!outcome.has("fork_fail") && !outcome.has("anon"));
    }

    #[test]
    fn what_neither_passed_nor_was_skipped_has_failed() {
        for (status, failed) in [("FAIL", 1), ("ERROR", 1), ("NEW", 1), ("SKIP", 0)] {
            assert_eq!(read(&result(status, 0), "").counts().failed, failed);
        }
    }

    #[test]
    fn older_ones_count_errors_on_the_console_only() {
        let json = result("PASS", 0).replace(r#""misc": {"errors": 0}, "#, "");
        let ran = "[06:37:18] Testing complete. Ran 121 tests: passed: 119";

        assert_eq!(read(&json, &format!("{ran}, errors: 12\n")).errors, 12);
        assert_eq!(read(&json, &format!("{ran}, skipped: 2\n")).errors, 0);
        assert!(Outcome::parse(&json, "").is_err());
        assert_eq!(read(&result("PASS", 3), ran).errors, 3);
    }

    #[test]
    fn no_json_is_no_result() {
        for bad in ["", "{", "[1,]", "{\"a\" 1}", "\"a", "1 2"] {
            assert!(Outcome::parse(bad, "").is_err(), "{bad}");
        }
        let no_count = result("PASS", 0).replace("errors", "other");
        assert!(Outcome::parse(&no_count, "").is_err());
    }
}
