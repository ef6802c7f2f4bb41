// SPDX-License-Identifier: GPL-2.0

//! Runs the suites of a kernel that was built.

use super::kunit_py::{Exec, Kunit};
use super::{halves, kvm};
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::Result;
use crate::judge::verdict::Run;
use crate::settings::{Arch, Settings};
use crate::stamp::remove_file;
use crate::toolchain;
use std::time::Instant;

/// What a run has left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// How `kunit.py` ended.
    pub(crate) exit: Option<i32>,
    /// Its result.
    pub(crate) json: String,
    /// The kernel's console.
    pub(crate) log: String,
    /// What `kunit.py` printed.
    pub(crate) console: String,
    /// How many kernels have run a part of the tests each.
    pub(crate) parts: usize,
}

impl Ran {
    /// The same, to be judged: what ran, on which release, and since when.
    pub(crate) fn run<'a>(&'a self, label: &'a str, release: &'a str, begun: Instant) -> Run<'a> {
        Run {
            label,
            release,
            exit: self.exit,
            seconds: begun.elapsed().as_secs(),
            log: &self.log,
            json: &self.json,
            console: &self.console,
        }
    }
}

/// Seconds the suites may take, if the user says nothing. x86_64 is emulated, with all detectors.
fn limit(settings: &Settings) -> u64 {
    settings.timeout.unwrap_or(match settings.arch {
        Arch::Um => 600,
        _ => 1800,
    })
}

/// `ONLY=` as kunit.py takes it: it has no way to name several suites.
pub(crate) fn filter(only: Option<&str>) -> Option<String> {
    only.map(str::to_string)
}

/// Runs them, all or those that `only` names.
pub(crate) fn run(b: &Builder, kunit: &Kunit, only: Option<&str>, log: &Log) -> Result<Ran> {
    run_in(b, kunit, only, log, &[])
}

/// The same, with variables for the kernel's process. `{part}` in their values is the number of
/// the kernel, if it is one of several that run side by side.
pub(crate) fn run_in(
    b: &Builder,
    kunit: &Kunit,
    only: Option<&str>,
    log: &Log,
    environment: &[(&str, &str)],
) -> Result<Ran> {
    let can_be_halved = kunit.arch == Arch::Um && only.is_none() && b.settings.jobs > 1;

    if can_be_halved {
        if let Some(ran) = halves::run(kunit, limit(&b.settings), log, environment)? {
            return Ok(ran);
        }
    }
    run_whole(b, kunit, only, log, environment)
}

/// The same, by one kernel: one that breaks down ends its tests there.
pub(crate) fn run_whole(
    b: &Builder,
    kunit: &Kunit,
    only: Option<&str>,
    log: &Log,
    environment: &[(&str, &str)],
) -> Result<Ran> {
    let mut kunit = with_environment(kunit, environment, 0);
    let json = kunit.objects.join(RESULT);

    for old in [&json, &kunit.log()] {
        remove_file(old)?;
    }
    let mut with_kvm = false;
    if let Some(toolbox) = toolchain::of_machine(b, kunit.arch)? {
        kunit.toolbox = toolbox;
        with_kvm = kvm::works(&kunit.toolbox, &kunit, log)?;
    }
    let mut cmd = kunit.exec_cmd(&Exec {
        limit: limit(&b.settings),
        only: filter(only),
        json: Some(json.clone()),
        ..Exec::default()
    });
    if with_kvm {
        cmd = cmd.env("ENTER_KVM", "1");
    }
    let before = log.text().len();
    let status = log.run_watched(&cmd, None, |log| log.status(&last_test(&log.text())))?;

    Ok(Ran {
        exit: status.code(),
        json: read_lossy(&json),
        log: read_lossy(&kunit.log()),
        console: log.text()[before..].to_string(),
        parts: 1,
    })
}

/// The file of kunit.py's result.
pub(super) const RESULT: &str = "result.json";

pub(super) fn with_environment(kunit: &Kunit, environment: &[(&str, &str)], part: usize) -> Kunit {
    let mut kunit = kunit.clone();

    for (name, value) in environment {
        let value = value.replace("{part}", &part.to_string());
        kunit.toolbox = kunit.toolbox.env(name, &value);
    }
    kunit
}

/// The test that ended last, as kunit.py prints it.
pub(super) fn last_test(console: &str) -> String {
    console
        .lines()
        .rev()
        .find_map(|line| {
            let (_, said) = line.split_once("] ")?;
            let (status, name) = said.trim().split_once("] ")?;
            status.starts_with('[').then(|| name.trim().to_string())
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_test_is_told() {
        let console = "[12:00:01] ========== fork_fail (3 subtests) ==========\n\
                       [12:00:02] [PASSED] kinds\n[12:00:03] noise\n";

        assert_eq!(last_test(console), "kinds");
        assert_eq!(last_test(""), "");
    }
}
