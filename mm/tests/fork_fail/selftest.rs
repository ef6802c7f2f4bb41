// SPDX-License-Identifier: GPL-2.0

//! Tests of the tests: whether they notice what they look for, and put back what they change.

use super::{
    abort::{
        abort,
        run_test, //
    },
    check_slabs,
    copy::{
        spoil_each,
        Copied, //
    },
    disturb::{
        disturb_each,
        disturb_slabs,
        Leak, //
    },
    driver::Keeping,
    memcg::Charged,
    mm::{
        entries,
        finds,
        linked, //
    },
    oracles::Before,
    parent::Parent,
    readings::Readings,
    scenarios::*,
    skip,
    swap::mark_disk,
    warm_up,
    ways::{
        Way,
        WAYS, //
    },
};
use core::sync::atomic::{
    AtomicBool,
    Ordering, //
};
use kernel::{
    c_str,
    kunit::fault::{
        available,
        inject,
        Plan, //
    },
    prelude::*, //
};

/// VMAs that need more than an address space, as far as this kernel has them.
fn demanding() -> Result<KVec<Vma>> {
    let mut vmas = KVec::new();

    for vma in [
        ANON,
        PINNED,
        MERGED,
        SWAPPED,
        FORKS_WATCHED,
        HUGE,
        HUGE_PINNED,
    ] {
        if vma.missing().is_none() {
            vmas.push(vma, GFP_KERNEL)?;
        }
    }
    Ok(vmas)
}

/// Whether [`set_up`] has set up everything, and the readings of settings show it.
static IS_SET_UP: AtomicBool = AtomicBool::new(false);

/// Sets up all that a test can, and calls `then`.
fn set_up(then: impl FnOnce()) -> Result {
    let before = Readings::of_settings();
    let vmas = demanding()?;
    let parent = Parent::of(&vmas, Spacing::Apart)?;
    let mut arranged = KVec::new();

    let keeping = Keeping::new()?;
    // The first one takes all memory that can be committed.
    for way in WAYS.iter().rev() {
        if way.missing(&vmas).is_none() {
            arranged.push(way.arrange(&parent, 1)?, GFP_KERNEL)?;
        }
    }
    let shown = before.difference(&Readings::of_settings()).is_some();
    IS_SET_UP.store(shown, Ordering::Relaxed);
    then();
    drop(arranged);
    drop(keeping);
    Ok(())
}

/// A test that ends as it should.
fn ends() {
    if let Err(err) = set_up(|| {}) {
        pr_err!("set-up: {err:?}\n");
    }
}

/// A test that aborts when it has set up everything.
fn aborts() {
    let result = set_up(|| {
        // SAFETY: This kthread runs a test. What is on its stack is not used again, and nobody
        // else refers to it.
        unsafe { abort() }
    });

    pr_err!("a test that was to abort returned {result:?}\n");
}

/// Runs a test in a test, and looks for what it has left behind.
fn run_and_look(test: fn()) -> Result {
    let before = Readings::of_settings();

    IS_SET_UP.store(false, Ordering::Relaxed);
    run_test(test)?;
    if !IS_SET_UP.load(Ordering::Relaxed) {
        pr_err!("the test in the test did not get as far as its end\n");
        return Err(EINVAL);
    }
    let Some((name, was, is)) = before.difference(&Readings::of_settings()) else {
        return Ok(());
    };

    pr_err!("{name} was {was} and is {is}\n");
    Err(EINVAL)
}

#[kunit_tests(fork_fail_selftest)]
mod tests {
    use super::*;

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
            Ok(nr) => pr_info!("{nr} slab caches were disturbed, and showed it\n"),
            Err(name) => {
                pr_err!("objects of {name} were allocated, and did not show\n");
                return Err(EINVAL);
            }
        }
        Ok(())
    }

    /// Each field of a copy that is wrong is noticed, and so is each byte that is in none of them.
    #[test]
    fn copies_can_be_wrong() -> Result {
        let parent = Parent::of(&[PRIVATE_FILE], Spacing::Apart)?;
        let child = parent.fork()?;
        let copy = Copied {
            child: &child,
            parent: &parent,
            whole: true,
            did_without: false,
        };

        match spoil_each(&copy) {
            Ok((fields, bytes)) => {
                pr_info!("{fields} fields and {bytes} other bytes were wrong, and showed it\n");
                Ok(())
            }
            Err((name, shown)) => {
                pr_err!("{name:?} was made wrong, shown was {shown:?}\n");
                Err(EINVAL)
            }
        }
    }

    /// What is not found in the tree of a failed fork is found in that of one that succeeded.
    #[test]
    fn walkers_find_what_is_there() -> Result {
        let parent = Parent::of(&[ANON, SHARED_FILE, PRIVATE_FILE], Spacing::Apart)?;
        let child = parent.fork()?;

        // SAFETY: The child's mm is valid by its invariants.
        assert_eq!(unsafe { entries(child.mm()) }, 3);
        for placed in parent.vmas() {
            for addr in placed.bounds() {
                // SAFETY: As above.
                assert!(unsafe { finds(child.mm(), addr) });
            }
            // SAFETY: Both are valid by their invariants.
            assert!(unsafe { linked(child.mm(), parent.mm(), placed.addr) } > 0);
        }
        let other = child.share();
        assert!(!other.ends_once());
        assert!(child.ends_once());
        Ok(())
    }

    /// A leaked object fails a test, and does not panic the kernel.
    #[test]
    fn leaked_object_is_an_error() -> Result {
        let parent = Parent::of(&[ANON], Spacing::Apart)?;
        let before = Before::new(&parent)?.with_slabs();

        check_slabs(c_str!("without a leak"), &before)?;
        let leak = Leak::of("vm_area_struct")?;

        assert_eq!(check_slabs(c_str!("leak on purpose"), &before), Err(EINVAL));
        drop(leak);
        check_slabs(c_str!("after the leak"), &before)
    }

    /// A kthread has one address space at a time.
    #[test]
    fn second_parent_is_refused() -> Result {
        let parent = Parent::of(&[ANON], Spacing::Apart)?;

        assert_eq!(Parent::of(&[ANON], Spacing::Apart).err(), Some(EBUSY));
        assert!(parent.wrong_word().is_none());
        drop(parent);
        drop(Parent::of(&[ANON], Spacing::Apart)?);
        Ok(())
    }

    /// A test puts back what it has changed.
    #[test]
    fn settings_are_put_back() -> Result {
        run_and_look(ends)
    }

    /// The same when it aborts, so that none of its destructors runs. A second one can set up all
    /// of it again.
    #[test]
    fn settings_are_put_back_after_abort() -> Result {
        run_and_look(aborts)?;
        run_and_look(aborts)
    }

    /// A RAM disk that somebody uses is not swapped to.
    #[test]
    fn used_disk_is_left_alone() -> Result {
        if let Some(why) = SWAPPED.missing() {
            return skip(why);
        }
        mark_disk(true)?;
        let marked = Readings::of_settings();
        let parent = Parent::of(&[SWAPPED], Spacing::Apart).err();
        let kept = marked.difference(&Readings::of_settings()).is_none();

        mark_disk(false)?;

        assert_eq!(parent, Some(EBUSY));
        assert!(kept);
        drop(Parent::of(&[SWAPPED], Spacing::Apart)?);
        Ok(())
    }

    /// Whoever cannot mount the cgroup file system is told so each time.
    #[test]
    fn failed_mount_is_an_error() -> Result {
        if let Some(why) = Way::Charge.missing(&[PINNED]) {
            return skip(why);
        }
        if !available() {
            return Ok(());
        }
        let parent = Parent::of(&[PINNED], Spacing::Apart)?;
        let charge = || Charged::only(parent.user(), 0).map(drop);

        for _ in 0..2 {
            let (charged, _) = inject(Plan::forever(1), charge)?;

            assert_eq!(charged, Err(ENOMEM));
        }
        charge()
    }
}
