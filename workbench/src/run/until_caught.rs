// SPDX-License-Identifier: GPL-2.0

//! Runs suites on a kernel that is broken on purpose, until the first failure.

use super::kunit_py::{Exec, Kunit};
use crate::console::Log;
use crate::error::Result;
use crate::judge::breakages::{caught, Caught, End};
use std::time::Duration;

/// The suites that are about the fix.
pub(crate) const SUITES: &str = "fork_fail*";
/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// How many seconds a broken kernel may run if one that is not took so many: it may be slower, but
/// not by that much.
pub(crate) fn limit_of_broken(seconds: u64) -> u64 {
    seconds * 3 + 20
}

/// What fails first, if anything does, within so many seconds. The kernel gets the argument.
pub(crate) fn until_caught(
    kunit: &Kunit,
    limit: u64,
    argument: Option<String>,
    log: &Log,
) -> Result<Caught> {
    let exec = Exec {
        limit,
        only: Some(SUITES.to_string()),
        argument,
        raw: true,
        ..Exec::default()
    };
    let mut running = kunit.exec_cmd(&exec).start_logged(log.file())?;

    loop {
        let ended = running.wait_a_while(LOOK)?.is_some();
        let text = kernels_own(&log.text());
        let found = caught(&text, None);
        if found != Caught::Undecided || ended {
            running.stop();
            return Ok(match found {
                Caught::Undecided => caught(&text, Some(end(&text, limit))),
                found => found,
            });
        }
    }
}

/// What the kernel has printed: kunit.py resets a terminal that there is none of.
fn kernels_own(log: &str) -> String {
    let lines = log.split_inclusive('\n');

    lines.filter(|line| !line.starts_with("stty: ")).collect()
}

/// How a kernel has ended, as kunit.py says it.
fn end(log: &str, limit: u64) -> End {
    match log.contains(&format!("timed out after {limit}")) {
        true => End::Timeout,
        false => End::Exit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_no_concern_of_the_kernel() {
        assert_eq!(
            kernels_own("KTAP\nstty: 'standard input'\n# x: EXPECT"),
            "KTAP\n# x: EXPECT"
        );
    }

    #[test]
    fn the_end_is_told() {
        let log = "Command '['./linux']' timed out after 20 seconds\n";

        assert_eq!(end(log, 20), End::Timeout);
        assert_eq!(end(log, 30), End::Exit);
    }
}
