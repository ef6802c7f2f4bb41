// SPDX-License-Identifier: GPL-2.0

//! Locks between runs: a file that one of them holds. It is let go when its holder ends, however
//! that is.

use crate::console::Console;
use crate::error::{Context, Result};
use crate::interrupt;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Held as long as this is there.
#[must_use]
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Waits for whoever has it; `what` is what the user is told they are at work on.
    pub(crate) fn take(path: &Path, what: &str, console: &Console) -> Result<Lock> {
        let cannot = || format!("cannot lock {}", path.display());
        let mut said = false;

        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).or_say(cannot)?;
        }
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .or_say(cannot)?;
        loop {
            match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
                Ok(lock) => return Ok(Lock { _file: lock }),
                Err((same, nix::errno::Errno::EWOULDBLOCK | nix::errno::Errno::EINTR)) => {
                    file = same;
                }
                Err((_, error)) => return Err(error).or_say(cannot),
            }
            if !said {
                console.say_at_once(&format!("waiting: another make is at work on {what}"));
                said = true;
            }
            interrupt::check()?;
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_waits_for_the_first_and_says_so() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("folder/lock");
        let outer = Console::quiet();
        let console = outer.quiet_within();
        let first = Lock::take(&path, "build", &console).expect("a lock");

        std::thread::scope(|threads| {
            let second = threads.spawn(|| Lock::take(&path, "build", &console).is_ok());
            while console.kept().is_empty() {
                std::thread::sleep(Duration::from_millis(10));
            }
            drop(first);
            assert!(second.join().expect("no panic"));
        });
        let said = "waiting: another make is at work on build\n";
        assert_eq!(console.kept(), said);
        // Also by one that is quiet otherwise.
        assert_eq!(outer.kept(), said);
    }
}
