// SPDX-License-Identifier: GPL-2.0

//! Runs the suites of a kernel that was built.

use super::kunit_py::{Exec, Kunit};
use super::ran::{last_test, Ran};
use super::{halves, kvm};
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::Result;
use crate::settings::{Arch, Settings};
use crate::stamp::remove_file;
use crate::toolchain;
use crate::tree::suites::Suites;

/// Seconds the suites may take, if the user says nothing. All but UML are emulated, with all detectors.
fn limit(settings: &Settings) -> u64 {
    settings.timeout.unwrap_or(match settings.arch {
        Arch::Um => 600,
        _ => 3600,
    })
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
    let kunit = on_machine(b, kunit, log)?;
    // The sweeps of subsystems take seconds, and what has run before them matters.
    let can_be_halved = kunit.suites == Suites::Fork && only.is_none() && b.settings.jobs > 1;

    if can_be_halved {
        if let Some(ran) = halves::run(&kunit, limit(&b.settings), log, environment)? {
            return Ok(ran);
        }
    }
    run_by_one(b, &kunit.with_environment(environment, 0), only, log)
}

/// Runs all by one kernel: one that breaks down ends its tests there.
pub(crate) fn run_whole(b: &Builder, kunit: &Kunit, log: &Log) -> Result<Ran> {
    run_by_one(b, &on_machine(b, kunit, log)?, None, log)
}

/// The same kernel with what emulates its machine, by KVM where that works.
pub(crate) fn on_machine(b: &Builder, kunit: &Kunit, log: &Log) -> Result<Kunit> {
    let mut kunit = kunit.clone();

    if let Some(toolbox) = toolchain::of_machine(b, kunit.arch)? {
        kunit.toolbox = match kvm::works(&toolbox, &kunit, log)? {
            true => toolbox.env("ENTER_KVM", "1"),
            false => toolbox,
        };
    }
    Ok(kunit)
}

fn run_by_one(b: &Builder, kunit: &Kunit, only: Option<&str>, log: &Log) -> Result<Ran> {
    let json = kunit.json();

    for old in [&json, &kunit.log()] {
        remove_file(old)?;
    }
    let cmd = kunit.exec_cmd(&Exec {
        limit: limit(&b.settings),
        only: only.map(str::to_string),
        json: Some(json.clone()),
        ..Exec::default()
    });
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
