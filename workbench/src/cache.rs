// SPDX-License-Identifier: GPL-2.0

//! What the cache has of toolchains and programs that nobody uses any more is removed: sysroots,
//! programs built of other states of the source, crates compiled by other compilers.
//!
//! Who uses one of these folders holds a lock on it, shared with others, and notes the time.

use crate::console::Console;
use crate::error::{Context, Result};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long what nobody uses is kept: a branch may be looked at again.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Held as long as a folder of the cache is in use.
#[derive(Debug)]
pub(crate) struct Used {
    _lock: Flock<File>,
}

impl Used {
    /// Says that a folder of the cache is used from now on.
    pub(crate) fn begin(dir: &Path) -> Result<Used> {
        let gone = || {
            format!(
                "{} was just removed as unused for long: run make again",
                dir.display()
            )
        };
        let file = File::open(dir).or_say(gone)?;
        let lock = Flock::lock(file, FlockArg::LockShared)
            .map_err(|(_, error)| error)
            .or_say(|| format!("cannot lock {}", dir.display()))?;

        // Its user may not be its owner.
        let _ = lock.set_modified(SystemTime::now());
        // Whoever had the lock for himself has removed it.
        std::fs::metadata(dir).or_say(gone)?;
        Ok(Used { _lock: lock })
    }
}

/// Removes what nobody has used for long. Not while something is made: that comes to use later.
pub(crate) fn forget(cache: &Path, console: &Console) {
    forget_older(cache, KEPT, console);
}

fn forget_older(cache: &Path, kept: Duration, console: &Console) {
    // Those of workbench/boot.
    let making = ["lock", "program/lock"].map(|name| {
        let file = File::options()
            .create(true)
            .append(true)
            .open(cache.join(name));
        locked(file.ok()?)
    });
    if making.iter().any(Option::is_none) {
        return;
    }
    for dir in folders(cache) {
        let Some(lock) = unused(&dir, kept) else {
            continue;
        };
        // At once for others, whoever ends this program meanwhile.
        let going = dir.with_extension("going");
        let moved = dir.extension().is_some_and(|end| end == "going")
            || std::fs::rename(&dir, &going).is_ok();
        if moved && std::fs::remove_dir_all(&going).is_ok() {
            console.say(format!(
                "removed {}: nobody has used it for {} days",
                dir.display(),
                kept.as_secs() / (24 * 60 * 60)
            ));
        }
        drop(lock);
    }
}

/// Sysroots, programs, and crates by compilers; also such as are half removed.
fn folders(cache: &Path) -> Vec<PathBuf> {
    let below = |dir: &Path, start: &str| -> Vec<PathBuf> {
        std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
            .map(|entry| entry.path())
            .collect()
    };

    [
        below(cache, "sysroot-"),
        below(&cache.join("program"), ""),
        below(&cache.join("cargo"), ""),
    ]
    .concat()
}

/// The lock on a folder that nobody uses and nobody has used for so long.
fn unused(dir: &Path, kept: Duration) -> Option<Flock<File>> {
    let lock = locked(File::open(dir).ok()?)?;
    let used = lock.metadata().ok()?.modified().ok()?;
    let age = SystemTime::now().duration_since(used).ok()?;

    (age >= kept).then_some(lock)
}

fn locked(file: File) -> Option<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for name in [
            "sysroot-1",
            "sysroot-2",
            "program/3",
            "cargo/4",
            "base-6.18",
        ] {
            std::fs::create_dir_all(dir.path().join(name).join("usr")).expect("a folder");
        }
        for name in ["lock", "program/lock"] {
            std::fs::write(dir.path().join(name), "").expect("a file");
        }
        dir
    }

    fn left(dir: &Path) -> Vec<String> {
        let mut left: Vec<String> = folders(dir)
            .iter()
            .filter_map(|dir| Some(dir.file_name()?.to_string_lossy().into_owned()))
            .collect();

        left.sort();
        left
    }

    #[test]
    fn what_is_used_stays_and_all_else_goes_in_time() {
        let dir = cache();
        let console = Console::quiet();
        let used = Used::begin(&dir.path().join("sysroot-1")).expect("it is there");

        forget(dir.path(), &console);
        assert_eq!(left(dir.path()), ["3", "4", "sysroot-1", "sysroot-2"]);
        assert_eq!(console.kept(), "");
        forget_older(dir.path(), Duration::ZERO, &console);
        assert_eq!(left(dir.path()), ["sysroot-1"]);
        assert!(console.kept().contains("sysroot-2: nobody has used it for"));
        assert!(dir.path().join("base-6.18/usr").is_dir());
        drop(used);
        forget_older(dir.path(), Duration::ZERO, &console);
        assert_eq!(left(dir.path()), [""; 0]);
        assert!(Used::begin(&dir.path().join("sysroot-1")).is_err());
    }

    #[test]
    fn to_use_it_makes_it_young() {
        let dir = cache();
        let old = dir.path().join("program/3");
        let then = SystemTime::now() - KEPT - KEPT;
        File::open(&old)
            .and_then(|file| file.set_modified(then))
            .expect("a time");

        assert!(unused(&old, KEPT).is_some());
        drop(Used::begin(&old).expect("it is there"));
        assert!(unused(&old, KEPT).is_none());
    }

    #[test]
    fn nothing_goes_while_something_is_made() {
        let dir = cache();
        let file = File::open(dir.path().join("program/lock")).expect("a file");
        let making = locked(file).expect("a lock");

        forget_older(dir.path(), Duration::ZERO, &Console::quiet());
        assert_eq!(left(dir.path()).len(), 4);
        drop(making);
    }

    #[test]
    fn what_is_half_removed_goes() {
        let dir = cache();
        let (whole, half) = (dir.path().join("cargo/4"), dir.path().join("cargo/4.going"));
        std::fs::rename(whole, &half).expect("a folder");

        forget_older(dir.path(), Duration::ZERO, &Console::quiet());
        assert!(!half.exists());
    }
}
