// SPDX-License-Identifier: GPL-2.0

//! Warnings that a run of the suites has to have: `workbench/kunit/sweeps-BASE.warnings`. Each line names
//! a suite, the function that warns, and why that is left as it is:
//!
//! ```text
//! fault_sweep_rtc remove_proc_entry: a file that could not be made is removed nevertheless
//! ```
//!
//! No other complaint of the kernel can be in there: what a detector says is always wrong.

use super::event::{Entry, Event};
use super::log::Log;

#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

#[derive(Clone, Debug)]
struct Warning {
    suite: String,
    function: String,
}

impl Warnings {
    pub(crate) fn parse(text: &str) -> Warnings {
        let lines = text.lines().filter(|line| !line.starts_with('#'));

        Warnings(
            lines
                .filter_map(|line| {
                    let (suite, rest) = line.split_once(' ')?;
                    let (function, _why) = rest.split_once(": ")?;

                    Some(Warning {
                        suite: suite.to_string(),
                        function: function.to_string(),
                    })
                })
                .collect(),
        )
    }

    /// Whether it is one of these.
    pub(super) fn have(&self, entry: &Entry<'_>) -> bool {
        self.0.iter().any(|warning| warning.is(entry))
    }

    /// Those that a log lacks.
    pub(super) fn missing<'a>(&'a self, log: &str) -> impl Iterator<Item = String> + 'a {
        let mut missing: Vec<&Warning> = self.0.iter().collect();

        for entry in Log::new(log) {
            missing.retain(|warning| !warning.is(&entry));
        }
        missing.into_iter().map(|warning| {
            let Warning { suite, function } = warning;

            format!("{function}() did not warn in {suite}, as its list of warnings has it")
        })
    }
}

impl Warning {
    fn is(&self, entry: &Entry<'_>) -> bool {
        entry.event == Event::Splat
            && entry.place.suite == self.suite
            && function(entry.line) == Some(self.function.as_str())
    }
}

/// The function that warns, if a line is the first of a WARN_ON(), in each of its forms.
pub(super) fn function(line: &str) -> Option<&str> {
    let words = line.strip_prefix("WARNING: ")?.split_whitespace();
    let mut functions = words.filter_map(|word| word.split_once("+0x"));

    functions.next().map(|(function, _)| function)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# Why.\nsuite_a remove: left so\nsuite_b add: left so\n";
    const LOG: &str = "\
    # Subtest: suite_a
WARNING: CPU: 0 PID: 24 at ../run/fs/a.c:736 remove+0x417/0x690
WARNING: CPU: 0 PID: 24 at ../run/fs/a.c:736 remove_all+0x417/0x690
BUG: KASAN: use-after-free in remove+0x417/0x690
    # Subtest: suite_b
WARNING: fs/a.c:736 at remove+0x417/0x690, CPU#0
";

    #[test]
    fn a_warning_is_known_by_its_suite_and_function() {
        let warnings = Warnings::parse(LIST);
        let known: Vec<bool> = Log::new(LOG)
            .filter(|entry| entry.event == Event::Splat)
            .map(|entry| warnings.have(&entry))
            .collect();

        assert_eq!(known, [true, false, false, false]);
    }

    #[test]
    fn a_warning_has_its_function_in_each_form() {
        for line in [
            "WARNING: CPU: 0 PID: 24 at ../run/fs/a.c:736 remove+0x417/0x690",
            "WARNING: CPU: 1 PID: 41 at remove+0x9a0/0x11c0",
            "WARNING: fs/a.c:736 at remove+0x417/0x690, CPU#0: x/1",
        ] {
            assert_eq!(function(line), Some("remove"));
        }
        assert_eq!(function("WARNING: possible recursive locking"), None);
        assert_eq!(
            function("BUG: KASAN: use-after-free in remove+0x4/0x6"),
            None
        );
    }

    #[test]
    fn one_that_does_not_come_is_named() {
        let missing: Vec<String> = Warnings::parse(LIST).missing(LOG).collect();

        assert_eq!(
            missing,
            ["add() did not warn in suite_b, as its list of warnings has it"]
        );
    }
}
