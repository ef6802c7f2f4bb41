// SPDX-License-Identifier: GPL-2.0

//! KUnit tests of forks that fail.
//!
//! Every allocation that `dup_mm()` and `dup_mmap()` make for an address space is made to fail,
//! once, and from there on; for small ones also each two of them. And the forking task is killed at
//! each of these places. Then there are the [`ways`] to fail that are no allocations. After each
//! failure the parent and the kernel's counters have to be as before, nothing may be leaked, and
//! nobody may find anything in the child's tree.
//!
//! Covered are the address spaces of [`scenarios`], and all that can be made of up to three VMAs of
//! [`scenarios::SHAPES_OF`]. Not covered: memory errors in a page that is copied, and walkers that
//! run while a fork fails.

use kernel::{
    bindings, c_str,
    kunit::fault::{
        available,
        inject,
        Mode,
        Plan,
        Run,
        Sweep, //
    },
    prelude::*,
    str::{
        CStr,
        CString, //
    },
};

/// For `pr_info!()` and the like.
const __LOG_PREFIX: &[u8] = b"fork_fail\0";

mod child;
mod oracles;
mod parent;
mod scenarios;
mod shim;
mod user;
mod ways;

use child::Child;
use oracles::{
    check_empty,
    check_words,
    disturb_each,
    disturb_slabs,
    Before, //
};
use parent::Parent;
use scenarios::{
    Scenario,
    Spacing,
    Vma, //
};
use shim::*;
use ways::{
    Way,
    WAYS, //
};

/// How a fork is made, and what is looked at before the child is gone. Returns the child if it
/// was not to fail.
type Fork = fn(&mut Run<'_>, &Parent) -> Result<Option<Child>>;

/// One run: a fork by `fork`, and what it has left.
fn attempt(run: &mut Run<'_>, parent: &Parent, before: &Before, fork: Fork) -> Result {
    // SAFETY: FFI call without safety requirements.
    let announced = || unsafe { fork_fail_uffd_forks() };
    let announced_before = announced();
    let forked = fork(run, parent)?;

    if let Some(child) = forked {
        let wrong = child.wrong_copy(parent);
        let once = child.ends_once();

        if let Some((addr, what)) = wrong {
            run.check(false, fmt!("the child has {what} wrong (at {addr:#x})"))?;
        }
        run.check(once, fmt!("the child's mm has other references at its end"))?;
    } else {
        run.check(
            announced() == announced_before,
            fmt!("a fork that failed is an event for userfaultfd"),
        )?;
    }
    before.check_unchanged(run, parent)
}

const EACH: &[Mode] = &[Mode::Once, Mode::Forever, Mode::Signal];
const ALSO_TWO: &[Mode] = &[Mode::Once, Mode::Forever, Mode::Pair, Mode::Signal];

/// A sweep of forks: what is allowed beyond the defaults.
fn forks<'a>(name: &'a CStr, parent: &Parent) -> Sweep<'a> {
    // anon_vma_clone() tries without waiting first.
    let sweep = Sweep::new().scenario(name).may_tolerate();

    if parent.keeps_something() {
        sweep.may_keep()
    } else {
        sweep
    }
}

/// The first fork leaves traces that stay: pages are write protected, per-CPU stocks filled.
fn warm_up(parent: &Parent) -> Result {
    if !parent.keeps_something() {
        drop(Child::dup_mm(parent)?);
    }
    Ok(())
}

/// The same, before a sweep. Returns how many points that fork has had, if it was made.
fn warm_up_counting(parent: &Parent) -> Result<usize> {
    if parent.keeps_something() {
        return Ok(0);
    }
    let (child, report) = inject(Plan::count(), || Child::dup_mm(parent))?;

    drop(child?);
    Ok(report.points)
}

/// Fails the test if there are objects left, or too few, of those that were there before.
fn check_slabs(name: &CStr, before: &Before) -> Result {
    let Some((slab, was, is)) = before.slab_difference() else {
        return Ok(());
    };

    pr_err!("{name}: {slab} were {was} and are {is}\n");
    assert!(was == is);
    Err(EINVAL)
}

/// Above this many points, sample instead of sweeping exhaustively.
const WHOLE: usize = if cfg!(CONFIG_UML) { 1500 } else { 200 };

/// Chooses some of so many points: the first and the last ones, and some in between, at a distance
/// that has nothing to do with that from VMA to VMA. Chooses none if all of them are to be swept.
fn some_of(points: usize) -> Result<KVec<usize>> {
    const ENDS: usize = 12;
    let mut some = KVec::new();

    if points <= WHOLE {
        return Ok(some);
    }
    let stride = (points / 37) | 1;

    for point in 1..=points {
        if point <= ENDS || point + ENDS > points || point % stride == 0 {
            some.push(point, GFP_KERNEL)?;
        }
    }
    Ok(some)
}

/// Sweeps the forks of a parent.
fn sweep_parent(name: &CStr, parent: &Parent, modes: &[Mode], fork: Fork) -> Result {
    if !available() {
        return Ok(());
    }
    let points = warm_up_counting(parent)?;
    let some = some_of(points)?;
    let before = Before::new(parent)?.with_slabs();
    let mut sweep = forks(name, parent).modes(modes).only(&some);

    if !some.is_empty() {
        pr_info!("{name}: {} of {points} points\n", some.len());
    }
    if parent.vmas().is_empty() {
        // dup_mmap() has nothing to do.
        sweep = sweep.may_be_empty();
    }
    sweep.run(|run| attempt(run, parent, &before, fork))?;
    check_slabs(name, &before)
}

/// Runs a test, or marks it as skipped where it would take too long.
fn where_quick(test: impl FnOnce() -> Result) -> Result {
    if cfg!(CONFIG_UML) {
        return test();
    }
    // SAFETY: FFI calls; the current task runs a test, and the reason is a static string.
    unsafe {
        bindings::kunit_mark_skipped(
            bindings::kunit_get_current_test(),
            c_str!("only on UML: too many points for an emulated machine").as_char_ptr(),
        );
    }
    Ok(())
}

/// Sweeps the forks of each address space of a table.
fn sweep(table: &'static [Scenario], modes: &'static [Mode], fork: Fork) -> Result {
    let mut swept = 0;

    for scenario in table {
        if let Some(why) = scenario.missing() {
            Sweep::new().scenario(scenario.name).none(why)?;
            continue;
        }
        let mut modes = modes;

        if scenario.is_large() && modes.contains(&Mode::Pair) {
            Sweep::new()
                .scenario(scenario.name)
                .cause(c_str!("pair"), ENOMEM)
                .none(c_str!("too many points to try each two of them"))?;
            modes = EACH;
        }
        // What the first fork leaves is not there for a parent made anew.
        let leaves = scenario.vmas.iter().any(|vma| vma.leaves_something());

        for modes in modes.chunks(if leaves { 1 } else { modes.len() }) {
            sweep_parent(scenario.name, &Parent::new(scenario)?, modes, fork)?;
        }
        swept += 1;
    }
    assert!(swept > 0);
    Ok(())
}

/// Makes the forks of each address space of a table fail in one of the ways.
fn refuse(table: &'static [Scenario], way: Way, fork: Fork) -> Result {
    for scenario in table {
        if let Some(why) = scenario.missing().or(way.missing(scenario.vmas)) {
            Sweep::new()
                .scenario(scenario.name)
                .cause(way.name(), way.error())
                .none(why)?;
            continue;
        }
        let parent = Parent::new(scenario)?;
        let sweep = forks(scenario.name, &parent).cause(way.name(), way.error());

        sweep.run(|run| {
            // A page that a device has given back can be written to again.
            warm_up(&parent)?;
            let arranged = way.arrange(&parent, run.nth())?;
            let before = Before::new(&parent)?;

            drop(arranged.fork(|| fork(run, &parent))?);
            before.check_readings(run, &parent)?;
            // A page that a device is busy with can't be read before.
            drop(arranged);
            check_words(run, &parent)
        })?;
    }
    Ok(())
}

/// The same in all ways.
fn refuse_all(table: &'static [Scenario], fork: Fork) -> Result {
    WAYS.iter().try_for_each(|way| refuse(table, *way, fork))
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
    look_at_failed(run, child, parent)?;
    Ok(None)
}

/// Looks at the mm of a fork that failed, which the caller has the last reference to.
fn look_at_failed(run: &mut Run<'_>, child: Child, parent: &Parent) -> Result {
    if let Err(err) = check_empty(run, &child, parent) {
        // Its end would walk the broken tree and take the kernel down.
        core::mem::forget(child);
        return Err(err);
    }
    run.check(
        child.ends_once(),
        fmt!("the failed child's mm has other references at its end"),
    )
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
        // SAFETY: The child's mm is valid by its invariants.
        let unstable = unsafe { fork_fail_unstable(child.mm()) };

        run.check(
            unstable,
            fmt!("the failed child's mm is not marked as unstable"),
        )?;
        look_at_failed(run, child, parent)?;
    }
    Ok(forked)
}

/// Sweeps all address spaces of `nr` VMAs of [`scenarios::SHAPES_OF`], in each order.
fn shapes(nr: u32, spacing: Spacing, fork: Fork) -> Result {
    let kinds = scenarios::SHAPES_OF;

    for number in 0..kinds.len().pow(nr) {
        let mut vmas = KVec::<Vma>::new();

        for place in 0..nr {
            vmas.push(
                kinds[number / kinds.len().pow(place) % kinds.len()],
                GFP_KERNEL,
            )?;
        }
        let name = CString::try_from_fmt(fmt!("shape {number}"))?;

        sweep_parent(&name, &Parent::of(&vmas, spacing)?, EACH, fork)?;
    }
    Ok(())
}

#[kunit_tests(fork_fail)]
mod tests {
    use super::{
        scenarios::*,
        *, //
    };

    #[test]
    fn tree_of_kinds() -> Result {
        sweep(KINDS, ALSO_TWO, tree_alone)
    }

    #[test]
    fn kinds() -> Result {
        sweep(KINDS, ALSO_TWO, whole_mm)
    }

    #[test]
    fn tree_of_refused_kinds() -> Result {
        // dup_mmap() does not look at the format.
        let mut ways = WAYS.iter().filter(|way| **way != Way::Format);

        ways.try_for_each(|way| refuse(KINDS, *way, tree_alone))
    }

    #[test]
    fn refused_kinds() -> Result {
        refuse_all(KINDS, whole_mm)
    }

    #[test]
    fn tree_of_dontcopy() -> Result {
        sweep(DONTCOPY, EACH, tree_alone)
    }

    #[test]
    fn dontcopy() -> Result {
        sweep(DONTCOPY, EACH, whole_mm)
    }

    #[test]
    fn tree_of_mixed() -> Result {
        sweep(MIXED, EACH, tree_alone)
    }

    #[test]
    fn mixed() -> Result {
        sweep(MIXED, EACH, whole_mm)
    }

    #[test]
    fn refused_mixed() -> Result {
        refuse_all(MIXED, whole_mm)
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
    fn tree_of_tables() -> Result {
        sweep(TABLES, EACH, tree_alone)
    }

    #[test]
    fn tables() -> Result {
        where_quick(|| sweep(TABLES, EACH, whole_mm))
    }

    #[test]
    fn tree_of_numbers() -> Result {
        sweep(NUMBERS, EACH, tree_alone)
    }

    #[test]
    fn numbers() -> Result {
        where_quick(|| sweep(NUMBERS, EACH, whole_mm))
    }

    #[test]
    fn refused_numbers() -> Result {
        where_quick(|| refuse_all(NUMBERS, whole_mm))
    }

    #[test]
    fn tree_of_large() -> Result {
        where_quick(|| sweep(LARGE, EACH, tree_alone))
    }

    #[test]
    fn shapes_of_one() -> Result {
        shapes(1, Spacing::Apart, tree_alone)
    }

    #[test]
    fn shapes_of_two() -> Result {
        shapes(2, Spacing::Apart, tree_alone)
    }

    #[test]
    fn shapes_of_three() -> Result {
        where_quick(|| shapes(3, Spacing::Apart, tree_alone))
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

    /// Each reading shows what it is there for.
    #[test]
    fn readings_can_differ() -> Result {
        let parent = Parent::of(&[PRIVATE_FILE], Spacing::Apart)?;

        warm_up(&parent)?;
        let before = Before::new(&parent)?.with_slabs();

        match disturb_each(&parent) {
            Ok(nr) => pr_info!("{nr} readings were disturbed, and showed it\n"),
            Err((name, shown)) => {
                pr_err!("{name} was disturbed, shown was {:?}\n", shown);
                return Err(EINVAL);
            }
        }
        match disturb_slabs(&before) {
            Ok(nr) => pr_info!("{nr} slabs were disturbed, and showed it\n"),
            Err(name) => {
                pr_err!("{name} were disturbed and did not show it\n");
                return Err(EINVAL);
            }
        }
        Ok(())
    }

    /// What is not found in the tree of a failed fork is found in that of one that succeeded.
    #[test]
    fn walkers_find_what_is_there() -> Result {
        let parent = Parent::of(&[ANON, SHARED_FILE, PRIVATE_FILE], Spacing::Apart)?;
        let child = Child::dup_mm(&parent)?;

        // SAFETY: The child's mm is valid by its invariants.
        assert_eq!(unsafe { fork_fail_entries(child.mm()) }, 3);
        for placed in parent.vmas() {
            for addr in placed.bounds() {
                // SAFETY: As above.
                assert!(unsafe { fork_fail_finds(child.mm(), addr) });
            }
            // SAFETY: Both are valid by their invariants.
            assert!(unsafe { fork_fail_linked(child.mm(), parent.mm(), placed.addr) } > 0);
        }
        let other = child.share();
        assert!(!other.ends_once());
        assert!(child.ends_once());
        Ok(())
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
        for scenario in [KINDS, DONTCOPY, MIXED, NUMBERS].into_iter().flatten() {
            if scenario.missing().is_some() {
                continue;
            }
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
