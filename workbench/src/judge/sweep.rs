// SPDX-License-Identifier: GPL-2.0

//! A sweep, as the suites report it:
//!
//! ```text
//! fault-sweep: TEST[/SCENARIO] mode=MODE points=N failed=N tolerated=N [nofail=N] [sampled]
//! fault-sweep: TEST[/SCENARIO] mode=MODE none: WHY
//! ```

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
        // Devices of the sweeps are called fault-sweep, too; their drivers do not talk like tests.
        let (test, said) = line.trim_start().strip_prefix("# ")?.split_once(": ")?;
        let said = said.strip_prefix("fault-sweep: ")?;

        (!test.contains(' ')).then(|| Sweep::read(said).ok_or(line.trim()))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let sweep = read("# a: fault-sweep: a mode=any none: no CONFIG_X ").expect("a sweep");

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
        // By a driver, of a device.
        for other in [
            "rtc a.fault-sweep: registered",
            "watchdog: fault-sweep: failed",
        ] {
            assert_eq!(Sweep::in_line(other), None);
        }
    }
}
