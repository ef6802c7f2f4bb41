// SPDX-License-Identifier: GPL-2.0

//! Kernels that were built before, in the cache: a fresh clone of the same series, with the same
//! configuration and the same compilers, runs them without compiling anything.

use super::kunit_py::Kunit;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::settings::Settings;
use crate::stamp::Inputs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many are kept; the one that was used longest ago goes first.
const KEPT: usize = 16;
/// How folders begin that are being filled or removed.
const TEMPORARY: &str = ".tmp.";
/// One that is older was left by a run that was killed.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

pub(crate) struct KernelCache {
    all: PathBuf,
    dir: PathBuf,
    /// FORCE=1: what is there is not taken.
    force: bool,
}

impl KernelCache {
    pub(crate) fn new(settings: &Settings, inputs: &Inputs) -> KernelCache {
        let all = settings.dirs.cache.join("kernels");

        KernelCache {
            dir: all.join(inputs.hash()),
            all,
            force: settings.force,
        }
    }

    /// Takes the kernel from here, or has it built and keeps it.
    pub(crate) fn take_or_build(
        &self,
        kunit: &Kunit,
        log: &Log,
        build: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if !self.force && self.restore(kunit, log)? {
            return Ok(());
        }
        build()?;
        self.keep(kunit)
    }

    /// Puts the kernel where it would have been built. Returns whether there was one.
    fn restore(&self, kunit: &Kunit, log: &Log) -> Result<bool> {
        let complete = self.dir.join("complete");

        // A checkout that has objects of its own builds: that is quick, and it will build again.
        if !complete.is_file() || kunit.objects.join(".config").is_file() {
            return Ok(false);
        }
        // Another checkout may remove it meanwhile, so that there is none.
        if let Err(error) = copy(&self.dir.join("image"), &kunit.image()) {
            log.say(error.message());
            return Ok(false);
        }
        // It was used now.
        let now = std::fs::File::options().write(true).open(&complete);
        if let Ok(file) = now {
            let _ = file.set_modified(SystemTime::now());
        }
        log.say(format!("taken from the cache, {}", self.dir.display()));
        Ok(true)
    }

    /// Keeps a kernel that was just built.
    fn keep(&self, kunit: &Kunit) -> Result<()> {
        std::fs::create_dir_all(&self.all)
            .or_say(|| format!("cannot make {}", self.all.display()))?;
        let new = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(&self.all)
            .or_say(|| format!("cannot write to {}", self.all.display()))?;
        copy(&kunit.image(), &new.path().join("image"))?;
        std::fs::write(new.path().join("complete"), "")
            .or_say(|| format!("cannot write to {}", self.all.display()))?;
        if self.force || !self.dir.join("complete").is_file() {
            // There need not be one.
            let _ = self.remove(&self.dir);
        }
        // Another checkout may have been faster; both are the same.
        if std::fs::rename(new.path(), &self.dir).is_ok() {
            // It is no temporary folder any more.
            let _ = new.into_path();
        }
        self.prune();
        Ok(())
    }

    /// Removes a folder, which is whole or not there for others.
    fn remove(&self, dir: &Path) -> std::io::Result<()> {
        let aside = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempdir_in(&self.all)?;

        std::fs::rename(dir, aside.path().join("removed"))
    }

    fn prune(&self) {
        let (mut kernels, mut abandoned) = (Vec::new(), Vec::new());

        for entry in std::fs::read_dir(&self.all).into_iter().flatten().flatten() {
            let (dir, name) = (entry.path(), entry.file_name());
            let when = |path: &Path| path.metadata().and_then(|data| data.modified());
            if name.to_string_lossy().starts_with(TEMPORARY) {
                let age = when(&dir).ok().and_then(|when| when.elapsed().ok());
                if age.is_some_and(|age| age > ABANDONED) {
                    abandoned.push(dir);
                }
            } else {
                // One that is not complete was used longest ago.
                let used = when(&dir.join("complete")).unwrap_or(SystemTime::UNIX_EPOCH);
                kernels.push((used, dir));
            }
        }
        kernels.sort();
        let old = kernels.into_iter().rev().skip(KEPT).map(|(_, dir)| dir);
        // What cannot be removed is removed next time.
        for dir in old {
            let _ = self.remove(&dir);
        }
        for dir in abandoned {
            let _ = std::fs::remove_dir_all(dir);
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(dir) = to.parent() {
        std::fs::create_dir_all(dir).or_say(|| format!("cannot make {}", dir.display()))?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .or_say(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write, File};

    #[test]
    fn the_oldest_kernels_go_first_and_what_is_half_done() {
        let top = tempfile::tempdir().expect("a folder");
        let cache = KernelCache {
            all: top.path().into(),
            dir: top.path().join("0"),
            force: false,
        };
        let at = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 24 * 3600);
        let is_there = |name: &str| top.path().join(name).is_dir();

        for name in ["half-done", ".tmp.old", ".tmp.new"] {
            create_dir_all(top.path().join(name)).expect("a folder");
        }
        for number in 0..=KEPT as u64 {
            let dir = top.path().join(number.to_string());
            create_dir_all(&dir).expect("a folder");
            write(dir.join("complete"), "").expect("a file");
            let file = File::options().write(true).open(dir.join("complete"));
            let file = file.expect("a file");
            file.set_modified(at(1 + number)).expect("a time");
        }
        let old = File::open(top.path().join(".tmp.old")).expect("a folder");
        old.set_modified(at(1)).expect("a time");

        cache.prune();
        assert!(!is_there("half-done") && !is_there("0"));
        assert!((1..=KEPT).all(|number| is_there(&number.to_string())));
        assert!(is_there(".tmp.new") && !is_there(".tmp.old"));
    }
}
