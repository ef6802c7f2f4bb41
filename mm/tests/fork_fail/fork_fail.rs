// SPDX-License-Identifier: GPL-2.0

//! KUnit tests of forks that fail.
//!
//! Every allocation that `dup_mm()` and `dup_mmap()` make for an address space is made to fail,
//! once, and from there on; for small ones also each two of them. And the forking task is killed at
//! each of these places. After each failure the parent and the kernel's counters have to be as
//! before, nothing may be leaked, and nobody may find anything in the child's tree.
//!
//! Covered are the address spaces of [`scenarios`], and what fails for want of memory or by a fatal
//! signal. Not covered: failures for other reasons (overcommit, an LSM), other kinds of VMA (huge
//! pages, userfaultfd, policies, swapped pages, KSM), and walkers that run at the same time.

use kernel::{
    kunit::fault::{
        available,
        inject,
        Mode,
        Plan,
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
use shim::fork_fail_driver_keep;

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

const EACH: &[Mode] = &[Mode::Once, Mode::Forever, Mode::Signal];

/// Sweeps the forks of each address space of a table.
fn sweep(
    table: &'static [Scenario],
    modes: &[Mode],
    fork: impl Fn(&mut Run<'_>, &Parent) -> Result<Option<Child>>,
) -> Result {
    for scenario in table {
        let parent = Parent::new(scenario)?;
        // The first fork leaves traces that stay: pages are write protected, per-CPU stocks filled.
        drop(Child::dup_mm(&parent)?);
        let before = Before::new(&parent)?;

        Sweep::new()
            .scenario(scenario.name)
            .modes(modes)
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

/// Forks by `dup_mm()`, while a driver keeps the mm, as a walker does that found it in time: its
/// end is put off until the failed fork is over, and what is in its tree can be looked at.
fn kept_by_a_driver(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_driver_keep(true) };
    let forked = run.inject(|| Child::dup_mm(parent)).ok();
    // SAFETY: As above.
    unsafe { fork_fail_driver_keep(false) };

    if forked.is_some() {
        drop(Child::kept());
    } else if let Some(child) = Child::kept() {
        if let Err(err) = check_empty(run, &child, parent) {
            core::mem::forget(child);
            return Err(err);
        }
    }
    Ok(forked)
}

#[kunit_tests(fork_fail)]
mod tests {
    use super::{
        scenarios::*,
        *, //
    };

    #[test]
    fn tree_of_anonymous() -> Result {
        sweep(ANONYMOUS, EACH, tree_alone)
    }

    #[test]
    fn tree_of_shared_and_files() -> Result {
        sweep(SHARED_AND_FILES, EACH, tree_alone)
    }

    #[test]
    fn tree_of_dontcopy() -> Result {
        sweep(DONTCOPY, EACH, tree_alone)
    }

    #[test]
    fn tree_of_wipeonfork() -> Result {
        sweep(WIPEONFORK, EACH, tree_alone)
    }

    #[test]
    fn tree_of_numbers() -> Result {
        sweep(NUMBERS, EACH, tree_alone)
    }

    #[test]
    fn anonymous() -> Result {
        sweep(ANONYMOUS, EACH, whole_mm)
    }

    #[test]
    fn shared_and_files() -> Result {
        sweep(SHARED_AND_FILES, EACH, whole_mm)
    }

    #[test]
    fn dontcopy() -> Result {
        sweep(DONTCOPY, EACH, whole_mm)
    }

    #[test]
    fn wipeonfork() -> Result {
        sweep(WIPEONFORK, EACH, whole_mm)
    }

    #[test]
    fn numbers() -> Result {
        sweep(NUMBERS, EACH, whole_mm)
    }

    #[test]
    fn tree_of_adjacent() -> Result {
        sweep(ADJACENT, EACH, tree_alone)
    }

    #[test]
    fn adjacent() -> Result {
        sweep(ADJACENT, EACH, whole_mm)
    }

    #[test]
    fn tree_of_special() -> Result {
        sweep(SPECIAL, EACH, tree_alone)
    }

    #[test]
    fn special() -> Result {
        sweep(SPECIAL, EACH, whole_mm)
    }

    #[test]
    fn kept() -> Result {
        sweep(KEPT, EACH, kept_by_a_driver)
    }

    /// A second failure while the first one is dealt with, or made up for.
    #[test]
    fn pairs() -> Result {
        sweep(PAIRS, &[Mode::Pair], whole_mm)
    }

    /// A forker that is killed does not go on to copy what is left.
    #[test]
    fn killed_forker_gives_up() -> Result {
        if !available() {
            return Ok(());
        }
        let parent = Parent::new(NUMBERS.last().ok_or(EINVAL)?)?;
        let (child, whole) = inject(Plan::count(), || Child::dup_mm(&parent))?;

        drop(child?);
        let (child, killed) = inject(Plan::once(1).signal(), || Child::dup_mm(&parent))?;

        assert!(child.is_err());
        assert!(killed.points < whole.points / 2);
        Ok(())
    }

    /// A fork has the same number of points each time.
    #[test]
    fn points_are_the_same() -> Result {
        if !available() {
            return Ok(());
        }
        for scenario in [
            ANONYMOUS,
            SHARED_AND_FILES,
            DONTCOPY,
            WIPEONFORK,
            SPECIAL,
            NUMBERS,
        ]
        .into_iter()
        .flatten()
        {
            let parent = Parent::new(scenario)?;
            let mut first = None;

            drop(Child::dup_mm(&parent)?);
            for _ in 0..20 {
                let (child, report) = inject(Plan::count(), || Child::dup_mm(&parent))?;

                drop(child?);
                assert_eq!(*first.get_or_insert(report), report);
            }
        }
        Ok(())
    }
}
