// SPDX-License-Identifier: GPL-2.0

//! KUnit tests of forks that fail.
//!
//! Every allocation that `dup_mm()` and `dup_mmap()` make for an address space is made to fail,
//! once, and from there on. After each failure the parent and the kernel's counters have to be as
//! before, nothing may be leaked, and nobody may find anything in the child's tree.
//!
//! Covered are the address spaces of [`scenarios`], and all that fails for want of memory. Not
//! covered: failures for other reasons (signals, overcommit, an LSM), other kinds of VMA (huge
//! pages, userfaultfd, policies, locked and special mappings), and walkers that run at the same
//! time.

use kernel::{
    kunit::fault::{
        Run,
        Sweep, //
    },
    prelude::*,
};

mod oracles;
mod parent;
mod scenarios;
mod shim;

use oracles::{
    check_empty,
    Before, //
};
use parent::{
    Child,
    Parent, //
};
use scenarios::Scenario;

/// One run: a fork by `fork`, which also looks at what it has left.
fn attempt(
    run: &mut Run<'_>,
    parent: &Parent,
    before: &Before,
    fork: impl FnOnce(&mut Run<'_>, &Parent) -> Result<Option<Child>>,
) -> Result {
    if let Some(child) = fork(run, parent)? {
        let wrong = child.wrong_copy(parent);

        drop(child);
        if let Some((addr, what)) = wrong {
            run.check(false, fmt!("the child has {what} wrong (at {addr:#x})"))?;
        }
    }
    before.check_unchanged(run, parent)
}

/// Sweeps the forks of each address space of a table.
fn sweep(
    table: &'static [Scenario],
    fork: impl Fn(&mut Run<'_>, &Parent) -> Result<Option<Child>>,
) -> Result {
    for scenario in table {
        let parent = Parent::new(scenario)?;
        // The first fork leaves traces that stay: pages are write protected, per-CPU stocks filled.
        drop(Child::dup_mm(&parent)?);
        let before = Before::new(&parent)?;

        Sweep::new()
            .scenario(scenario.name)
            // anon_vma_clone() tries without waiting first.
            .may_tolerate()
            .run(|run| attempt(run, &parent, &before, &fork))?;
    }
    Ok(())
}

/// Forks by `dup_mm()`: as fork() does it, but for the task.
fn whole_mm(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    Ok(run.inject(|| Child::dup_mm(parent)).ok())
}

/// Forks by `dup_mmap()` alone, to look at the child between its unlocking and its end.
fn tree_alone(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    let child = Child::new()?;

    if run.inject(|| child.dup_mmap(parent)).is_ok() {
        return Ok(Some(child));
    }
    if let Err(err) = check_empty(run, &child, parent) {
        // Its end would walk the broken tree and take the kernel down.
        core::mem::forget(child);
        return Err(err);
    }
    Ok(None)
}

#[kunit_tests(fork_fail)]
mod tests {
    use super::{
        scenarios::*,
        *, //
    };

    #[test]
    fn tree_of_anonymous() -> Result {
        sweep(ANONYMOUS, tree_alone)
    }

    #[test]
    fn tree_of_shared_and_files() -> Result {
        sweep(SHARED_AND_FILES, tree_alone)
    }

    #[test]
    fn tree_of_dontcopy() -> Result {
        sweep(DONTCOPY, tree_alone)
    }

    #[test]
    fn tree_of_wipeonfork() -> Result {
        sweep(WIPEONFORK, tree_alone)
    }

    #[test]
    fn tree_of_numbers() -> Result {
        sweep(NUMBERS, tree_alone)
    }

    #[test]
    fn anonymous() -> Result {
        sweep(ANONYMOUS, whole_mm)
    }

    #[test]
    fn shared_and_files() -> Result {
        sweep(SHARED_AND_FILES, whole_mm)
    }

    #[test]
    fn dontcopy() -> Result {
        sweep(DONTCOPY, whole_mm)
    }

    #[test]
    fn wipeonfork() -> Result {
        sweep(WIPEONFORK, whole_mm)
    }

    #[test]
    fn numbers() -> Result {
        sweep(NUMBERS, whole_mm)
    }
}
