// SPDX-License-Identifier: GPL-2.0

//! Reads the kernel's log: KTAP as KUnit prints it, and what the kernel says in between.
//!
//! [`Log`] yields the lines that tell something, each with the test that it is about as far as can
//! be told. A log may end anywhere, also while a kernel is still writing it.

use super::complaint;
use super::event::{Entry, Event, Place};
use super::sweep::Sweep;
use std::iter::Peekable;
use std::str::Lines;

pub(crate) struct Log<'a> {
    lines: Peekable<Lines<'a>>,
    place: Place<'a>,
    /// Whether the suite has said how many tests it has; they follow.
    planned: bool,
}

impl<'a> Log<'a> {
    pub(crate) fn new(log: &'a str) -> Log<'a> {
        Log {
            lines: log.lines().peekable(),
            place: Place::default(),
            planned: false,
        }
    }

    /// Where the lines that were read have got to.
    pub(crate) fn place(&self) -> Place<'a> {
        self.place
    }

    /// Reads the lines of KTAP, which are indented by four for each level.
    fn ktap(&mut self, line: &'a str) -> Option<Event<'a>> {
        let said = line.trim_start();
        let level = (line.len() - said.len()) / 4;

        if let Some(name) = said.strip_prefix("# Subtest: ") {
            if level > 1 {
                self.place.test = Some(name);
                return Some(Event::TestBegins);
            }
            self.place = Place {
                suite: name,
                ..Place::default()
            };
            self.planned = false;
            return Some(Event::SuiteBegins);
        }
        if level == 1 && said.starts_with("1..") {
            self.planned = true;
            return None;
        }
        let (ok, name) = ending(said)?;

        match level {
            0 => Some(Event::SuiteEnds { ok }),
            1 => {
                self.place.test = Some(name);
                Some(Event::TestEnds { ok })
            }
            _ => Some(Event::ParameterEnds { name, ok }),
        }
    }

    /// Reads what a test says, which has its name in front.
    fn of_test(&mut self, line: &'a str) -> Option<Event<'a>> {
        let (name, said) = line.trim_start().strip_prefix("# ")?.split_once(": ")?;

        // Before the plan are attributes of the suite, and with a dot those of a test.
        if self.planned && !name.contains([' ', '.']) && !said.starts_with("pass:") {
            self.place.test = Some(name);
        }
        if said.starts_with("EXPECTATION FAILED") || said.starts_with("ASSERTION FAILED") {
            let reason = self.lines.peek().map(|next| without_time(next).trim());

            return Some(Event::Assertion { reason });
        }
        None
    }

    fn event(&mut self, line: &'a str) -> Option<Event<'a>> {
        if line.ends_with("KTAP version 1") || line.contains("TAP version 14") {
            return Some(Event::Header);
        }
        if let Some(event) = self.ktap(line).or_else(|| self.of_test(line)) {
            return Some(event);
        }
        match Sweep::in_line(line) {
            Some(Ok(sweep)) => Some(Event::Sweep(sweep)),
            Some(Err(_)) => Some(Event::GarbledSweep),
            None => complaint::read(line.trim_start()),
        }
    }
}

impl<'a> Iterator for Log<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            let line = without_time(self.lines.next()?).trim_end();
            let event = self.event(line);
            let place = self.place;

            if let Some(Event::TestEnds { .. }) = event {
                self.place.last = place.test;
                self.place.test = None;
            }
            if let Some(event) = event {
                return Some(Entry {
                    line: line.trim(),
                    place,
                    event,
                });
            }
        }
    }
}

/// `ok 3 NAME # SKIP WHY`, or `not ok`.
pub(super) fn ending(said: &str) -> Option<(bool, &str)> {
    let (ok, rest) = match said.strip_prefix("not ") {
        Some(rest) => (false, rest),
        None => (true, said),
    };
    let (number, name) = rest.strip_prefix("ok ")?.split_once(' ')?;
    let name = name.split(" # ").next()?.trim();

    number.parse::<u64>().ok()?;
    Some((ok, name))
}

/// Leaves out the time that a kernel with `CONFIG_PRINTK_TIME` has in front of each line.
pub(super) fn without_time(line: &str) -> &str {
    let after = || {
        let (time, rest) = line.strip_prefix('[')?.split_once("] ")?;
        let (seconds, parts) = time.trim_start().split_once('.')?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());

        (digits(seconds) && digits(parts)).then_some(rest)
    };

    after().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
Linux version 6.18.15
KTAP version 1
1..1
    KTAP version 1
    # Subtest: fork_fail
    # module: fork_fail
    # speed: normal
    1..3
    # tree: fault-sweep: tree/one mode=once points=5 failed=5 tolerated=0
    # tree.speed: normal
    ok 1 tree
        KTAP version 1
        # Subtest: matrix
        ok 1 anonymous, pinned
        not ok 2 shared # SKIP none here
    # matrix: pass:1 fail:1 skip:0 total:2
    not ok 2 matrix
    # kinds: EXPECTATION FAILED at lib/kunit/fault-sweep.c:249
1 mode=once N=2: too many
    not ok 3 kinds
not ok 1 fork_fail
reboot: System halted
";

    fn said(log: &str) -> Vec<(String, Event<'_>)> {
        Log::new(log)
            .filter(|entry| entry.event != Event::Header)
            .map(|entry| (entry.place.to_string(), entry.event))
            .collect()
    }

    #[test]
    fn each_line_has_its_test() {
        let sweep = said("# x: fault-sweep: tree/one mode=once points=5 failed=5 tolerated=0")[0].1;
        let expected = [
            ("fork_fail, its first test", Event::SuiteBegins),
            ("fork_fail.tree", sweep),
            ("fork_fail.tree", Event::TestEnds { ok: true }),
            ("fork_fail.matrix", Event::TestBegins),
            (
                "fork_fail.matrix",
                Event::ParameterEnds {
                    name: "anonymous, pinned",
                    ok: true,
                },
            ),
            (
                "fork_fail.matrix",
                Event::ParameterEnds {
                    name: "shared",
                    ok: false,
                },
            ),
            ("fork_fail.matrix", Event::TestEnds { ok: false }),
            (
                "fork_fail.kinds",
                Event::Assertion {
                    reason: Some("1 mode=once N=2: too many"),
                },
            ),
            ("fork_fail.kinds", Event::TestEnds { ok: false }),
            ("fork_fail, after kinds", Event::SuiteEnds { ok: false }),
            ("fork_fail, after kinds", Event::Halted),
        ];
        let read = said(LOG);
        let read: Vec<_> = read
            .iter()
            .map(|(place, event)| (place.as_str(), *event))
            .collect();

        assert_eq!(read, expected);
    }

    #[test]
    fn times_in_front_make_no_difference() {
        let before = "[    1.234567] ";
        let timed = format!("{before}{}", LOG.replace('\n', &format!("\r\n{before}")));

        assert_eq!(said(&timed), said(LOG));
        assert_eq!(without_time("[<60072399>] dup_mm"), "[<60072399>] dup_mm");
    }
}
