// SPDX-License-Identifier: GPL-2.0

//! All sweeps of a log, and their points added up.

use super::event::Event;
use super::log::Log;
use super::sweep::Sweep;

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
