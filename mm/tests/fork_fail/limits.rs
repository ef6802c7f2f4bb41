// SPDX-License-Identifier: GPL-2.0

//! What makes a fork fail without a failing allocation: the commit limit is reached, a killed task
//! does not wait for a lock, the pool of huge pages is empty, a device has a page to itself, a
//! module is going.

use super::{
    settings::huge_pages,
    shim::*,
    undo::Undo, //
};
use core::ptr::{
    addr_of_mut,
    replace,
    NonNull, //
};
use kernel::prelude::*;

/// A commit limit that leaves a few pages.
pub(crate) struct CommitLimit {
    policy: i32,
    batch: i32,
    taken: usize,
}

impl CommitLimit {
    /// Refuses to overcommit, and leaves so many pages that the mm may commit. That is exact, as
    /// the counter has a batch of 1.
    ///
    /// # Safety
    ///
    /// The mm is valid.
    pub(crate) unsafe fn leaving(mm: *mut Mm, pages: usize) -> Result<Undo<Self>> {
        let counter = addr_of_mut!(vm_committed_as);
        // SAFETY: The settings are only changed by this test.
        let mut limit = unsafe {
            Self {
                policy: replace(
                    addr_of_mut!(sysctl_overcommit_memory),
                    OVERCOMMIT_NEVER as i32,
                ),
                batch: set_batch(1),
                taken: 0,
            }
        };

        // SAFETY: FFI call; the counter is there.
        unsafe { percpu_counter_sync(counter) };
        // Commit all memory there is, then give some back.
        for step in (0..=30).rev().map(|bit| 1 << bit) {
            // SAFETY: The mm is valid by the safety requirements.
            while unsafe {
                (percpu_counter_read_positive(counter) as usize + step) < vm_commit_limit()
                    && security_vm_enough_memory_mm(mm, step as isize) == 0
            } {
                limit.taken += step;
            }
        }
        if limit.taken < pages {
            return Err(ENOMEM);
        }
        // SAFETY: These were taken above.
        unsafe { vm_unacct_memory(pages as isize) };
        limit.taken -= pages;
        Undo::new(limit)
    }
}

impl Drop for CommitLimit {
    fn drop(&mut self) {
        // SAFETY: These are as before, and so many pages were taken.
        unsafe {
            sysctl_overcommit_memory = self.policy;
            set_batch(self.batch);
            vm_unacct_memory(self.taken as isize);
        }
    }
}

/// Sets the batch of the per-CPU counter of committed memory. Returns the old one.
///
/// # Safety
///
/// Nobody else changes it.
unsafe fn set_batch(batch: i32) -> i32 {
    #[cfg(CONFIG_SMP)]
    // SAFETY: By the safety requirements.
    return unsafe { replace(addr_of_mut!(vm_committed_as_batch), batch) };
    #[cfg(not(CONFIG_SMP))]
    batch
}

/// The mmap lock of an mm, held for read by no task in particular. The task that forks looks killed
/// meanwhile.
pub(crate) struct HeldLock(Object<Mm>);

impl HeldLock {
    /// # Safety
    ///
    /// The mm is valid until this is dropped.
    pub(crate) unsafe fn of(mm: *mut Mm) -> Result<Undo<Self>> {
        let mm = Object(NonNull::new(mm).ok_or(EINVAL)?);

        // SAFETY: By the safety requirements.
        unsafe { fork_fail_lock_hold(mm.as_ptr()) };
        Undo::new(Self(mm))
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // SAFETY: The lock is held since this was made.
        unsafe { fork_fail_lock_release(self.0.as_ptr()) };
    }
}

/// Calls `then`, with a fatal signal pending in this kthread.
pub(crate) fn killed<T>(then: impl FnOnce() -> T) -> T {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_set_killed(true) };
    let result = then();
    // SAFETY: As above.
    unsafe { fork_fail_set_killed(false) };
    result
}

/// A huge page that was taken from the pool.
pub(crate) struct HugePage(Object<Folio>);

impl HugePage {
    #[cfg(CONFIG_HUGETLB_PAGE)]
    fn take() -> Option<Self> {
        // SAFETY: FFI calls without safety requirements; the pool is always there.
        let folio = unsafe {
            let pool = fork_fail_default_hstate();
            let gfp = htlb_alloc_mask(pool);

            alloc_hugetlb_folio_nodemask(pool, numa_node_id(), core::ptr::null_mut(), gfp, true)
        };

        Some(Self(Object(NonNull::new(folio)?)))
    }

    #[cfg(not(CONFIG_HUGETLB_PAGE))]
    fn take() -> Option<Self> {
        None
    }

    /// Takes all free huge pages of the pool but so many.
    pub(crate) fn take_all_but(leave: usize) -> Result<Undo<KVec<Self>>> {
        let mut taken = KVec::new();
        let are_left = || {
            let (free, reserved) = huge_pages();

            free > reserved + leave
        };

        while are_left() {
            let Some(page) = Self::take() else {
                break;
            };

            taken.push(page, GFP_KERNEL)?;
        }
        Undo::new(taken)
    }
}

impl Drop for HugePage {
    fn drop(&mut self) {
        // SAFETY: The reference is the one from `take()`.
        unsafe { folio_put(self.0.as_ptr()) };
    }
}

/// A page that a device has exclusive access to, and that is locked. A fork has to take it back,
/// and fails with `EBUSY` while it is locked.
pub(crate) struct Exclusive(Object<Folio>);

impl Exclusive {
    /// # Safety
    ///
    /// The mm is valid.
    #[cfg(CONFIG_DEVICE_PRIVATE)]
    pub(crate) unsafe fn of(mm: *mut Mm, addr: usize) -> Result<Undo<Self>> {
        let mut folio = core::ptr::null_mut();
        // SAFETY: The mm is valid by the safety requirements.
        let page = unsafe {
            let _lock = super::mm::ReadLock::of(mm);

            make_device_exclusive(mm, addr, core::ptr::null_mut(), &mut folio)
        };

        checked_ptr(page, EBUSY)?;
        Undo::new(Self(Object(NonNull::new(folio).ok_or(EBUSY)?)))
    }

    /// # Safety
    ///
    /// The mm is valid.
    #[cfg(not(CONFIG_DEVICE_PRIVATE))]
    pub(crate) unsafe fn of(_: *mut Mm, _: usize) -> Result<Undo<Self>> {
        Err(EBUSY)
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        // SAFETY: Lock and reference are from `make_device_exclusive()`.
        unsafe {
            folio_unlock(self.0.as_ptr());
            folio_put(self.0.as_ptr());
        }
    }
}

/// A binary format whose module is about to be unloaded: a fork fails after all has been copied.
pub(crate) struct LeavingFormat {
    mm: *mut Mm,
    before: *mut linux_binfmt,
}

impl LeavingFormat {
    /// # Safety
    ///
    /// The mm is valid until this is dropped.
    pub(crate) unsafe fn of(mm: *mut Mm) -> Self {
        let leaving = addr_of_mut!(fork_fail_leaving_binfmt);
        // SAFETY: By the safety requirements; nothing else uses the format.
        let before = unsafe { replace(addr_of_mut!(fields!(mm).binfmt), leaving) };

        Self { mm, before }
    }
}

impl Drop for LeavingFormat {
    fn drop(&mut self) {
        // SAFETY: The mm is valid since this was made.
        unsafe { fields!(self.mm).binfmt = self.before };
    }
}
