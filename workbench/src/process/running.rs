// SPDX-License-Identifier: GPL-2.0

//! A program that was started: waiting for it, and ending it.

use crate::error::{Context, Result};
use crate::interrupt;
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running program is looked at, once it has taken its time.
const POLL: Duration = Duration::from_millis(30);
/// And at first: git often ends within a few milliseconds, and there are many of it.
const FIRST_POLL: Duration = Duration::from_micros(500);
/// How long a program has to tidy up after SIGTERM before SIGKILL.
const GRACE: Duration = Duration::from_secs(10);

/// A program that runs, with all of its process group.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
}

impl Running {
    pub(crate) fn finished(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().or_say(|| "cannot wait for a program")
    }

    /// Waits; stops it and fails if a signal arrives, or ends it at the time limit.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> Result<ExitStatus> {
        let begun = Instant::now();
        let mut poll = FIRST_POLL;

        loop {
            if let Some(status) = self.look(&mut poll)? {
                return Ok(status);
            }
            if limit.is_some_and(|limit| begun.elapsed() > limit) {
                self.stop();
            }
        }
    }

    /// Waits for a while; whether it has ended then. Stops it and fails if a signal arrives.
    pub(crate) fn wait_a_while(&mut self, time: Duration) -> Result<Option<ExitStatus>> {
        let begun = Instant::now();
        let mut poll = FIRST_POLL;

        while begun.elapsed() < time {
            if let Some(status) = self.look(&mut poll)? {
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// Whether it has ended. If not, sleeps until it is worth to look again.
    fn look(&mut self, poll: &mut Duration) -> Result<Option<ExitStatus>> {
        if let Some(status) = self.finished()? {
            return Ok(Some(status));
        }
        if let Err(error) = interrupt::check() {
            self.stop();
            return Err(error);
        }
        thread::sleep(*poll);
        *poll = POLL.min(*poll * 2);
        Ok(None)
    }

    /// SIGTERM for those that tidy up, SIGKILL for those that do not.
    pub(crate) fn stop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        let begun = Instant::now();
        self.signal(Signal::SIGTERM);
        while begun.elapsed() < GRACE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
        self.kill();
    }

    /// For what has nothing to tidy up: the first process of a name space may take no other signal.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// To all of the group. It may end by itself at any time; then there is nobody to signal.
    fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(-(self.child.id() as i32)), signal);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cmd;

    #[test]
    fn a_time_limit_stops_the_whole_group() {
        let log = tempfile::tempfile().expect("a file");
        let mut running = Cmd::new("sh")
            .args(["-c", "sleep 60 | cat"])
            .start_logged(&log)
            .expect("it starts");
        let begun = Instant::now();
        let status = running.wait(Some(Duration::from_millis(100)));

        assert!(!status.expect("it ends").success());
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_takes_no_signal_is_killed() {
        let log = tempfile::tempfile().expect("a file");
        let mut running = Cmd::new("sh")
            .args(["-c", "trap '' TERM; sleep 60 | cat"])
            .start_logged(&log)
            .expect("it starts");
        let begun = Instant::now();

        running.kill();
        assert!(matches!(running.finished(), Ok(Some(_))));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
}
