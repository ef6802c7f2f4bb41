// SPDX-License-Identifier: GPL-2.0

//! Sweeps, as the suites report them:
//!
//! ```text
//! fault-sweep: TEST[/SCENARIO] mode=MODE points=N failed=N tolerated=N [nofail=N] [sampled]
//! fault-sweep: TEST[/SCENARIO] mode=MODE none: WHY
//! ```

use super::log::{Event, Log};

/// One sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sweep<'a> {
    pub(crate) test: &'a str,
    /// Of what, if the test sweeps more than one thing; else empty.
    pub(crate) scenario: &'a str,
    pub(crate) mode: &'a str,
    /// What was swept, or why nothing was.
    pub(crate) swept: Result<Points, &'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Points {
    pub(crate) points: u64,
    /// Failures that the code did without.
    pub(crate) tolerated: u64,
}

impl<'a> Sweep<'a> {
    /// The sweep that a line reports, or the line if it is not as it should be.
    pub(super) fn in_line(line: &'a str) -> Option<Result<Sweep<'a>, &'a str>> {
        let (_, said) = line.split_once("fault-sweep: ")?;

        Some(Sweep::read(said).ok_or(line.trim()))
    }

    /// Reads a report without the words in front.
    fn read(said: &'a str) -> Option<Sweep<'a>> {
        let (name, rest) = said.split_once(" mode=")?;
        let (mode, rest) = rest.split_once(' ')?;
        let (test, scenario) = name.split_once('/').unwrap_or((name, ""));
        let number = |key: &str| {
            let (_, value) = rest
                .split_whitespace()
                .filter_map(|word| word.split_once('='))
                .find(|(found, _)| *found == key)?;

            value.parse::<u64>().ok()
        };
        let swept = match rest.strip_prefix("none: ") {
            Some(why) => Err(why.trim()),
            None => {
                number("failed")?;
                Ok(Points {
                    points: number("points")?,
                    tolerated: number("tolerated")?,
                })
            }
        };

        Some(Sweep {
            test,
            scenario,
            mode,
            swept,
        })
    }

    pub(crate) fn points(&self) -> u64 {
        self.swept.map_or(0, |swept| swept.points)
    }
}

/// Points by mode, in the order in which the modes first came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByMode<'a>(Vec<(&'a str, u64)>);

impl<'a> ByMode<'a> {
    pub(super) fn add(&mut self, mode: &'a str, points: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == mode) {
            Some((_, sum)) => *sum += points,
            None => self.0.push((mode, points)),
        }
    }

    /// The modes, in the order in which they came.
    pub(crate) fn modes(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.0.iter().map(|(mode, _)| *mode)
    }

    pub(crate) fn get(&self, mode: &str) -> Option<u64> {
        let found = self.0.iter().find(|(known, _)| *known == mode)?;

        Some(found.1)
    }

    /// `once 106, forever 44`: the modes that have points.
    pub(crate) fn in_words(&self) -> String {
        let words: Vec<String> = self
            .0
            .iter()
            .filter(|(_, points)| *points > 0)
            .map(|(mode, points)| format!("{mode} {points}"))
            .collect();

        words.join(", ")
    }
}

/// All sweeps of a log.
#[derive(Debug, Default)]
pub(crate) struct Sweeps<'a> {
    /// Each with its suite, in the order of the log.
    pub(crate) all: Vec<(&'a str, Sweep<'a>)>,
    /// Lines that are no sweep's report although they say so.
    pub(crate) garbled: Vec<&'a str>,
}

impl<'a> Sweeps<'a> {
    pub(crate) fn of(log: &'a str) -> Sweeps<'a> {
        let mut sweeps = Sweeps::default();

        for entry in Log::new(log) {
            match entry.event {
                Event::Sweep(sweep) => sweeps.all.push((entry.place.suite, sweep)),
                Event::GarbledSweep => sweeps.garbled.push(entry.line),
                _ => (),
            }
        }
        sweeps
    }

    pub(crate) fn by_mode(&self) -> ByMode<'a> {
        let mut modes = ByMode::default();

        for (_, sweep) in self.all.iter().filter(|(_, sweep)| sweep.swept.is_ok()) {
            modes.add(sweep.mode, sweep.points());
        }
        modes
    }

    pub(crate) fn points(&self) -> u64 {
        self.all.iter().map(|(_, sweep)| sweep.points()).sum()
    }

    /// The points that each test has swept, in the order of the log. Tests without any are left
    /// out.
    pub(crate) fn per_test(&self) -> Vec<(String, ByMode<'a>)> {
        let mut tests: Vec<((&str, &str), ByMode<'a>)> = Vec::new();

        for (suite, sweep) in &self.all {
            let name = (*suite, sweep.test);
            if sweep.points() == 0 {
                continue;
            }
            if tests.last().is_none_or(|(last, _)| *last != name) {
                tests.push((name, ByMode::default()));
            }
            if let Some((_, modes)) = tests.last_mut() {
                modes.add(sweep.mode, sweep.points());
            }
        }
        tests
            .into_iter()
            .map(|((suite, test), modes)| (format!("{suite}.{test}"), modes))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::judge) const SWEEPS: &str = "\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_failure
    1..2
    # anon: fault-sweep: anon/written mode=once points=106 failed=106 tolerated=0
    # anon: fault-sweep: anon/written mode=forever points=44 failed=43 tolerated=1
    ok 1 anon
    ok 2 shared
ok 1 fork_failure
";

    fn read(said: &str) -> Option<Sweep<'_>> {
        Sweep::in_line(said).and_then(Result::ok)
    }

    #[test]
    fn a_report_is_read() {
        let said = "# a: fault-sweep: a/64, mixed mode=once points=7 failed=5 \
                    tolerated=2 nofail=0 sampled";
        let sweep = read(said).expect("a sweep");

        assert_eq!((sweep.test, sweep.scenario), ("a", "64, mixed"));
        assert_eq!(sweep.mode, "once");
        let points = Points {
            points: 7,
            tolerated: 2,
        };
        assert_eq!(sweep.swept, Ok(points));
    }

    #[test]
    fn one_that_was_not_made_says_why() {
        let sweep = read("fault-sweep: a mode=any none: no CONFIG_X ").expect("a sweep");

        assert_eq!((sweep.test, sweep.scenario), ("a", ""));
        assert_eq!(sweep.swept, Err("no CONFIG_X"));
        assert_eq!(sweep.points(), 0);
    }

    #[test]
    fn a_garbled_report_is_none() {
        for bad in [
            "a mode=once points=1 failed=1 toler",
            "a mode=once points=x failed=1 tolerated=0",
            "a points=1 failed=1 tolerated=0",
        ] {
            let line = format!("  # a: fault-sweep: {bad}");

            assert_eq!(Sweep::in_line(&line), Some(Err(line.trim())));
        }
        assert_eq!(Sweep::in_line("# a: something else"), None);
    }

    #[test]
    fn points_are_added_up_per_test() {
        let sweeps = Sweeps::of(SWEEPS);
        let per_test = sweeps.per_test();

        assert_eq!(sweeps.points(), 150);
        assert_eq!(per_test.len(), 1);
        assert_eq!(per_test[0].0, "fork_failure.anon");
        assert_eq!(per_test[0].1.in_words(), "once 106, forever 44");
        assert_eq!(sweeps.by_mode(), per_test[0].1);
    }

    #[test]
    fn parameters_do_not_hide_the_suite() {
        let log = SWEEPS.replace("    # anon:", "        # Subtest: anon\n    # anon:");

        assert_eq!(Sweeps::of(&log).per_test()[0].0, "fork_failure.anon");
    }
}
