// SPDX-License-Identifier: GPL-2.0

//! The log of a kernel that has run tests, taken apart.

use super::super::log::{ending, without_time};

/// What a kernel has said, taken apart.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    /// Before the first suite: how the kernel has booted.
    pub(super) boot: Vec<&'a str>,
    pub(super) suites: Vec<Suite<'a>>,
    /// After the last one.
    pub(super) end: Vec<&'a str>,
}

#[derive(Debug, Default)]
pub(super) struct Suite<'a> {
    pub(super) name: &'a str,
    /// Up to its plan.
    pub(super) begin: Vec<&'a str>,
    /// Each with its lines, the last of which is its result.
    pub(super) tests: Vec<(&'a str, Vec<&'a str>)>,
    /// After the tests, up to its result.
    pub(super) end: Vec<&'a str>,
}

/// Where in KTAP a line is: what it is about, how deep it is, and whether it says that it passed.
enum Line<'a> {
    Version,
    Begin(&'a str),
    /// The second is how many there are.
    Plan(usize, usize),
    End(usize, &'a str),
    Other,
}

fn read(line: &str) -> Line<'_> {
    let line = without_time(line).trim_end();
    let said = line.trim_start();
    let level = (line.len() - said.len()) / 4;

    if level == 0 && said == "KTAP version 1" {
        return Line::Version;
    }
    match said.strip_prefix("# Subtest: ") {
        Some(name) if level == 1 => return Line::Begin(name),
        _ => (),
    }
    if let Some(Ok(number)) = said.strip_prefix("1..").map(str::parse) {
        return Line::Plan(level, number);
    }
    match ending(said) {
        Some((_, name)) => Line::End(level, name),
        None => Line::Other,
    }
}

impl<'a> Parts<'a> {
    pub(super) fn of(log: &'a str) -> Result<Parts<'a>, String> {
        let mut parts = Parts::default();
        let mut lines = Vec::new();
        let mut suite: Option<Suite<'a>> = None;
        let mut planned = None;

        for line in log.lines() {
            match (read(line), &mut suite) {
                // These are written anew.
                (Line::Version, _) if planned.is_none() => continue,
                (Line::Plan(0, suites), _) if planned.is_none() => {
                    parts.boot = std::mem::take(&mut lines);
                    planned = Some(suites);
                    continue;
                }
                _ if planned.is_none() => (),
                (Line::Begin(name), None) => {
                    suite = Some(Suite {
                        name,
                        ..Suite::default()
                    });
                }
                (Line::Plan(1, _), Some(suite)) => {
                    suite.begin = std::mem::take(&mut lines);
                    continue;
                }
                (Line::End(1, name), Some(suite)) => {
                    lines.push(line);
                    suite.tests.push((name, std::mem::take(&mut lines)));
                    continue;
                }
                (Line::End(0, name), Some(open)) if open.name == name => {
                    lines.push(line);
                    open.end = std::mem::take(&mut lines);
                    parts.suites.extend(suite.take());
                    continue;
                }
                _ => (),
            }
            lines.push(line);
        }
        let Some(planned) = planned else {
            return Err("the kernel has not got to its tests".into());
        };
        if let Some(suite) = suite {
            return Err(format!("suite {} has no end", suite.name));
        }
        // A kernel may also fall over between two of them.
        let ended = parts.suites.len();
        if ended != planned {
            return Err(format!("{ended} of {planned} suites have run"));
        }
        parts.end = lines;
        Ok(parts)
    }

    pub(super) fn suite(&self, name: &str) -> Option<&Suite<'a>> {
        self.suites.iter().find(|suite| suite.name == name)
    }
}

/// Whether a log has a result of each suite that the kernel was about to run.
pub(crate) fn is_whole(log: &str) -> bool {
    Parts::of(log).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = include_str!("../../../tests/data/um-6.18.15.log");

    #[test]
    fn what_has_no_end_is_not_whole() {
        let (cut, _) = LOG.split_once("ok 1 fork_fail\n").expect("a suite");

        assert!(is_whole(LOG));
        assert!(!is_whole(cut) && !is_whole("Linux version 6.18.15\n") && !is_whole(""));
        // No suite is open.
        let panic = "Kernel panic - not syncing: x\n";
        let one = format!("1..2\n    # Subtest: a\n    1..1\n    ok 1 x\nok 1 a\n{panic}");
        assert!(!is_whole(&one));
        assert!(is_whole(&one.replace("1..2", "1..1")));
        assert!(is_whole("1..0\n"));
    }
}
