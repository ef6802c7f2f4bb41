// SPDX-License-Identifier: GPL-2.0

//! KUnit tests of forks that fail.
//!
//! `dup_mm()` and `dup_mmap()` copy an address space. The tests make each allocation in them fail:
//! alone, together with all that follow, and, for small address spaces, together with each later
//! one. They also kill the forking task at each allocation, and make forks fail for other reasons
//! than memory: see [`ways`]. After each failure they check that
//!
//! - the parent and the kernel's counters are as before,
//! - nothing was leaked,
//! - nobody can find a VMA of the child.
//!
//! They fork the address spaces of [`scenarios`], and every sequence of up to three VMAs of
//! [`scenarios::SHAPES_OF`]. They do not cover memory errors in a page that is copied, nor other
//! tasks that walk the child's VMAs while the fork fails.

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

mod abort;
mod call;
mod child;
mod copy;
mod disturb;
mod driver;
mod limits;
mod map;
mod mark;
mod memcg;
mod mm;
mod oracles;
mod parent;
mod readings;
mod scenarios;
mod selftest;
mod settings;
mod shim;
mod swap;
mod uffd;
mod undo;
mod user;
mod ways;

use child::Child;
use copy::Copied;
use driver::Keeping;
use oracles::{
    check_empty,
    check_words,
    settle,
    Before, //
};
use parent::Parent;
use scenarios::{
    Scenario,
    Spacing,
    Vma, //
};
use ways::{
    Way,
    WAYS, //
};

/// A way to fork.
#[derive(Clone, Copy)]
struct Fork {
    /// Forks the parent, and checks the child if the fork has failed. Returns the child if the fork
    /// has succeeded.
    by: fn(&mut Run<'_>, &Parent) -> Result<Option<Child>>,
    /// Whether it copies all of the mm, and not the VMAs alone.
    whole: bool,
    /// What it may return, whatever has failed.
    errors: &'static [Error],
}

/// `dup_mm()`, as fork() calls it. It does not tell why it has failed.
const WHOLE_MM: Fork = Fork {
    by: whole_mm,
    whole: true,
    errors: &[ENOMEM],
};

/// `dup_mm()`, with a driver that keeps the child's mm.
const KEPT_BY_A_DRIVER: Fork = Fork {
    by: kept_by_a_driver,
    ..WHOLE_MM
};

/// `dup_mmap()`. It returns what belongs to the failure: `ENOMEM`, `EINTR` to a task that was
/// killed, or the [`Way::error`].
const TREE_ALONE: Fork = Fork {
    by: tree_alone,
    whole: false,
    errors: &[],
};

/// One run of a sweep: forks by `fork`, and checks what that has left behind.
fn attempt(run: &mut Run<'_>, parent: &Parent, before: &Before, fork: Fork) -> Result {
    let announced_before = uffd::forks();
    let forked = (fork.by)(run, parent)?;

    if let Some(child) = forked {
        let copy = Copied {
            child: &child,
            parent,
            whole: fork.whole,
            did_without: run.fired() > 0,
        };

        if parent.is_watched() {
            // The child's userfaultfd is closed late.
            settle();
        }
        // Before its memory is read: that faults pages in.
        copy.check(run)?;
        let wrong = copy.wrong_memory();
        let once = child.ends_once();

        if let Some((addr, what)) = wrong {
            run.check(false, fmt!("the child has {what} wrong (at {addr:#x})"))?;
        }
        run.check(once, fmt!("the child's mm has other references at its end"))?;
    } else {
        run.check(
            uffd::forks() == announced_before,
            fmt!("a fork that failed is an event for userfaultfd"),
        )?;
    }
    before.check_unchanged(run, parent)
}

/// All modes but pairs, of which a large address space has too many.
const EACH: &[Mode] = &[Mode::Once, Mode::Forever, Mode::Signal];
const EACH_AND_PAIRS: &[Mode] = &[Mode::Once, Mode::Forever, Mode::Pair, Mode::Signal];

/// Returns a sweep of forks of this parent, which is yet to be run.
fn forks<'a>(name: &'a CStr, parent: &Parent, fork: Fork) -> Sweep<'a> {
    // anon_vma_clone() tries without waiting first.
    let sweep = Sweep::new()
        .scenario(name)
        .allow_success()
        .accept(fork.errors);

    if parent.keeps_something() {
        sweep.ignore_leaks()
    } else {
        sweep
    }
}

/// Forks once, so that the readings before and after a later fork can be compared: the first fork
/// write-protects pages, and fills per-CPU caches.
fn warm_up(parent: &Parent) -> Result {
    if !parent.keeps_something() {
        drop(parent.fork()?);
    }
    Ok(())
}

/// The same. Returns how many fault points the fork has, or 0 if there was none.
fn warm_up_counting(parent: &Parent) -> Result<usize> {
    if parent.keeps_something() {
        return Ok(0);
    }
    let (child, report) = inject(Plan::count(), || parent.fork())?;

    drop(child?);
    Ok(report.points)
}

/// Prints which slab cache has more or fewer objects in use than before, if one has.
///
/// # Errors
///
/// `EINVAL` in that case.
fn check_slabs(name: &CStr, before: &Before) -> Result {
    let Some((slab, was, is)) = before.slab_difference() else {
        return Ok(());
    };

    pr_err!("{name}: objects of {slab} were {was} and are {is}\n");
    Err(EINVAL)
}

/// Above this many points, sample instead of sweeping exhaustively.
const MAX_EXHAUSTIVE: usize = if cfg!(CONFIG_UML) { 1500 } else { 200 };

/// Chooses points to sample: the first, the last, and some in between. Returns none if all points
/// are to be swept.
fn sample(points: usize) -> Result<KVec<usize>> {
    const ENDS: usize = 12;
    let mut some = KVec::new();

    if points <= MAX_EXHAUSTIVE {
        return Ok(some);
    }
    // Odd, so that it does not always hit the same allocation of a VMA.
    let stride = (points / 37) | 1;

    for point in 1..=points {
        if point <= ENDS || point + ENDS > points || point % stride == 0 {
            some.push(point, GFP_KERNEL)?;
        }
    }
    Ok(some)
}

/// Makes the forks of a parent fail at one point after the other.
fn sweep_parent(name: &CStr, parent: &Parent, modes: &[Mode], fork: Fork) -> Result {
    if !available() {
        return Ok(());
    }
    let points = warm_up_counting(parent)?;
    let some = sample(points)?;
    let before = Before::new(parent)?.with_slabs();
    let mut sweep = forks(name, parent, fork).modes(modes).only(&some);

    if !some.is_empty() {
        pr_info!("{name}: {} of {points} points\n", some.len());
    }
    if parent.vmas().is_empty() {
        // dup_mmap() has no VMA to copy.
        sweep = sweep.allow_empty();
    }
    sweep.run(|run| attempt(run, parent, &before, fork))?;
    check_slabs(name, &before)
}

/// Marks the current test as skipped.
fn skip(why: &'static CStr) -> Result {
    // SAFETY: FFI calls; the current task runs a test, and the reason is a static string.
    unsafe {
        bindings::kunit_mark_skipped(bindings::kunit_get_current_test(), why.as_char_ptr());
    }
    Ok(())
}

/// Runs a test, or marks it as skipped where it would take too long.
fn where_quick(test: impl FnOnce() -> Result) -> Result {
    if cfg!(CONFIG_UML) {
        return test();
    }
    skip(c_str!(
        "only on UML: too many points for an emulated machine"
    ))
}

/// Makes the forks of each address space of a table fail at one point after the other.
fn sweep(table: &'static [Scenario], modes: &'static [Mode], fork: Fork) -> Result {
    let mut swept = 0;

    for scenario in table {
        if let Some(why) = scenario.missing() {
            Sweep::new().scenario(scenario.name).report_skipped(why)?;
            continue;
        }
        let mut modes = modes;

        if scenario.is_large() && modes.contains(&Mode::Pair) {
            Sweep::new()
                .scenario(scenario.name)
                .cause(c_str!("pair"), ENOMEM)
                .report_skipped(c_str!("too many points to try each two of them"))?;
            modes = EACH;
        }
        // The first fork may leave something to the later ones: then each mode has a new parent.
        let leaves = scenario.vmas.iter().any(|vma| vma.leaves_something());

        for modes in modes.chunks(if leaves { 1 } else { modes.len() }) {
            sweep_parent(scenario.name, &Parent::new(scenario)?, modes, fork)?;
        }
        swept += 1;
    }
    if swept == 0 {
        pr_err!("this kernel has none of the address spaces of the table\n");
        return Err(EINVAL);
    }
    Ok(())
}

/// Makes the forks of each address space of a table fail in one of the ways, at one position after
/// the other.
fn refuse(table: &'static [Scenario], way: Way, fork: Fork) -> Result {
    for scenario in table {
        if let Some(why) = scenario.missing().or(way.missing(scenario.vmas)) {
            Sweep::new()
                .scenario(scenario.name)
                .cause(way.name(), way.error())
                .report_skipped(why)?;
            continue;
        }
        let parent = Parent::new(scenario)?;
        let sweep = forks(scenario.name, &parent, fork).cause(way.name(), way.error());

        sweep.run(|run| {
            // Each run needs its own: a page that a device gives back is writable again.
            warm_up(&parent)?;
            let arranged = way.arrange(&parent, run.nth())?;
            let before = Before::new(&parent)?;

            drop(arranged.fork(|| (fork.by)(run, &parent))?);
            before.check_readings(run, &parent)?;
            // Only then can a page be read that a device was busy with.
            drop(arranged);
            check_words(run, &parent)
        })?;
    }
    Ok(())
}

/// Makes them fail in each of the ways.
fn refuse_all(table: &'static [Scenario], fork: Fork) -> Result {
    WAYS.iter().try_for_each(|way| refuse(table, *way, fork))
}

/// Forks by `dup_mm()`, as fork() does.
fn whole_mm(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    Ok(run.inject(|| parent.fork()).ok())
}

/// Forks by `dup_mmap()` alone. So the child can be checked after its lock is dropped and before it
/// is freed.
fn tree_alone(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    let child = Child::new()?;

    if run.inject(|| parent.fork_tree(&child)).is_ok() {
        return Ok(Some(child));
    }
    look_at_failed(run, child, parent)?;
    Ok(None)
}

/// Checks the mm of a fork that failed. The caller has the only reference to it.
fn look_at_failed(run: &mut Run<'_>, child: Child, parent: &Parent) -> Result {
    if let Err(err) = check_empty(run, &child, parent) {
        // Leak it: exit_mmap() would walk the broken tree, and panic the kernel.
        core::mem::forget(child);
        return Err(err);
    }
    run.check(
        child.ends_once(),
        fmt!("the failed child's mm has other references at its end"),
    )
}

/// Forks by `dup_mm()`, while a driver takes a reference to the child's mm, as any task may that
/// finds the mm in time. So the mm outlives the failed fork, and can be checked.
fn kept_by_a_driver(run: &mut Run<'_>, parent: &Parent) -> Result<Option<Child>> {
    let keeping = Keeping::new()?;
    let forked = run.inject(|| parent.fork()).ok();
    let kept = keeping.stop();
    let (unmarked, locked) = (driver::unmarked(), driver::locked());

    run.check(
        unmarked == 0,
        fmt!("{unmarked} times close() finds an mm that is not marked as unstable"),
    )?;
    run.check(
        locked == 0,
        fmt!("{locked} times nobody can read the parent's VMAs during close()"),
    )?;

    if let (None, Some(child)) = (&forked, kept) {
        run.check(
            child.is_unstable(),
            fmt!("the failed child's mm is not marked as unstable"),
        )?;
        look_at_failed(run, child, parent)?;
    }
    Ok(forked)
}

/// Does so for every sequence of `nr` VMAs of [`scenarios::SHAPES_OF`].
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
        sweep(KINDS, EACH_AND_PAIRS, TREE_ALONE)
    }

    #[test]
    fn kinds() -> Result {
        sweep(KINDS, EACH_AND_PAIRS, WHOLE_MM)
    }

    #[test]
    fn tree_of_refused_kinds() -> Result {
        // dup_mmap() does not check the binary format; dup_mm() does.
        let mut ways = WAYS.iter().filter(|way| **way != Way::Format);

        ways.try_for_each(|way| refuse(KINDS, *way, TREE_ALONE))
    }

    #[test]
    fn refused_kinds() -> Result {
        refuse_all(KINDS, WHOLE_MM)
    }

    #[test]
    fn tree_of_dontcopy() -> Result {
        sweep(DONTCOPY, EACH, TREE_ALONE)
    }

    #[test]
    fn dontcopy() -> Result {
        sweep(DONTCOPY, EACH, WHOLE_MM)
    }

    #[test]
    fn tree_of_mixed() -> Result {
        sweep(MIXED, EACH, TREE_ALONE)
    }

    #[test]
    fn mixed() -> Result {
        sweep(MIXED, EACH, WHOLE_MM)
    }

    #[test]
    fn refused_mixed() -> Result {
        refuse_all(MIXED, WHOLE_MM)
    }

    #[test]
    fn tree_of_adjacent() -> Result {
        sweep(ADJACENT, EACH, TREE_ALONE)
    }

    #[test]
    fn adjacent() -> Result {
        sweep(ADJACENT, EACH, WHOLE_MM)
    }

    #[test]
    fn tree_of_tables() -> Result {
        sweep(TABLES, EACH, TREE_ALONE)
    }

    #[test]
    fn tables() -> Result {
        where_quick(|| sweep(TABLES, EACH, WHOLE_MM))
    }

    #[test]
    fn tree_of_numbers() -> Result {
        sweep(NUMBERS, EACH, TREE_ALONE)
    }

    #[test]
    fn numbers() -> Result {
        where_quick(|| sweep(NUMBERS, EACH, WHOLE_MM))
    }

    #[test]
    fn refused_numbers() -> Result {
        where_quick(|| refuse_all(NUMBERS, WHOLE_MM))
    }

    #[test]
    fn tree_of_large() -> Result {
        where_quick(|| sweep(LARGE, EACH, TREE_ALONE))
    }

    #[test]
    fn shapes_of_one() -> Result {
        shapes(1, Spacing::Apart, TREE_ALONE)
    }

    #[test]
    fn shapes_of_two() -> Result {
        shapes(2, Spacing::Apart, TREE_ALONE)
    }

    #[test]
    fn shapes_of_three() -> Result {
        where_quick(|| shapes(3, Spacing::Apart, TREE_ALONE))
    }

    #[test]
    fn kept() -> Result {
        sweep(KEPT, EACH, KEPT_BY_A_DRIVER)
    }

    /// A second allocation fails while the first failure is handled, or after it was tolerated.
    #[test]
    fn pairs() -> Result {
        sweep(PAIRS, &[Mode::Pair], WHOLE_MM)
    }

    /// A task that is killed while it forks does not copy the rest.
    #[test]
    fn killed_forker_gives_up() -> Result {
        if !available() {
            return Ok(());
        }
        let parent = Parent::new(NUMBERS.last().ok_or(EINVAL)?)?;
        let (child, whole) = inject(Plan::count(), || parent.fork())?;

        drop(child?);
        let (child, killed) = inject(Plan::once(1).signal(), || parent.fork())?;

        assert!(child.is_err());
        assert!(killed.points < whole.points / 2);
        Ok(())
    }

    /// The same within one VMA: its other page tables are not copied.
    #[test]
    fn killed_forker_gives_up_in_a_vma() -> Result {
        if !available() {
            return Ok(());
        }
        let parent = Parent::of(&[SPARSE], Spacing::Apart)?;
        let points = warm_up_counting(&parent)?;

        // The latter half are page tables, and maybe their locks. It ends with the last but one.
        for nth in points / 2..points - 2 {
            let (child, killed) = inject(Plan::once(nth).signal(), || parent.fork())?;

            assert!(child.is_err());
            // What may follow is the lock of the table, and lists of what is to be freed: of pages,
            // and of page tables.
            assert!(killed.points <= nth + 3);
        }
        Ok(())
    }

    /// A fork has the same number of fault points each time.
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

            drop(parent.fork()?);
            for _ in 0..20 {
                let (child, report) = inject(Plan::count(), || parent.fork())?;

                drop(child?);
                assert_eq!(*first.get_or_insert(report), report);
            }
        }
        Ok(())
    }
}
