// SPDX-License-Identifier: GPL-2.0

//! Kernels that were built before, in the cache: a fresh clone of the same series, with the same
//! configuration and the same compilers, runs them without compiling anything.

use super::kunit_py::Kunit;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::settings::Settings;
use crate::stamp::Inputs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many are kept; the one that was used longest ago goes first.
const KEPT: usize = 16;

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
        let to = kunit.image();
        copy(&self.dir.join("image"), &to)?;
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
            .prefix(".tmp.")
            .tempdir_in(&self.all)
            .or_say(|| format!("cannot write to {}", self.all.display()))?;
        copy(&kunit.image(), &new.path().join("image"))?;
        std::fs::write(new.path().join("complete"), "")
            .or_say(|| format!("cannot write to {}", self.all.display()))?;
        // Another checkout may have been faster; both are the same.
        if !self.dir.exists() && std::fs::rename(new.path(), &self.dir).is_ok() {
            // It is no temporary folder any more.
            let _ = new.into_path();
        }
        self.prune();
        Ok(())
    }

    fn prune(&self) {
        let mut kernels: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(&self.all)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let used = entry
                    .path()
                    .join("complete")
                    .metadata()
                    .ok()?
                    .modified()
                    .ok()?;
                Some((used, entry.path()))
            })
            .collect();

        kernels.sort();
        for (_, dir) in kernels.iter().rev().skip(KEPT) {
            // What cannot be removed is removed next time.
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
