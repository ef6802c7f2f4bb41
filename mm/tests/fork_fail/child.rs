// SPDX-License-Identifier: GPL-2.0

//! The mm of a fork.

use super::shim::*;
use core::{
    mem::ManuallyDrop,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::{
        c_int,
        c_long, //
    },
    prelude::*, //
};

/// What [`Child::peek`] returns where nothing is mapped.
pub(crate) const NOT_MAPPED: c_long = -(bindings::EFAULT as c_long);

/// An mm that is not the current one.
///
/// # Invariants
///
/// `mm` is an mm with a reference that this object owns.
pub(crate) struct Child {
    mm: NonNull<Mm>,
}

impl Child {
    /// Makes an empty one.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: FFI call without safety requirements.
        let mm = NonNull::new(unsafe { mm_alloc() }).ok_or(ENOMEM)?;

        // SAFETY: The mm is new, and the current task is valid.
        unsafe {
            let mut stack = (*(*fork_fail_current()).signal).rlim[RLIMIT_STACK as usize];

            fields!(mm.as_ptr()).task_size = fork_fail_task_size();
            arch_pick_mmap_layout(mm.as_ptr(), core::ptr::from_mut(&mut stack));
        }
        // INVARIANT: `mm_alloc()` has returned the reference.
        Ok(Self { mm })
    }

    /// Makes one by `dup_mm()`, which does not tell why it fails. The only error is `ENOMEM`.
    ///
    /// # Safety
    ///
    /// The parent's mm is valid.
    pub(crate) unsafe fn dup_mm(parent: *mut Mm) -> Result<Self> {
        // SAFETY: By the safety requirements.
        let mm = NonNull::new(unsafe { dup_mm(fork_fail_current(), parent) }).ok_or(ENOMEM)?;

        // INVARIANT: `dup_mm()` has returned the reference.
        Ok(Self { mm })
    }

    /// Takes over a reference.
    ///
    /// # Safety
    ///
    /// The caller owns the reference, and is not to use it any more.
    pub(crate) unsafe fn from_mm(mm: NonNull<Mm>) -> Self {
        // INVARIANT: By the safety requirements.
        Self { mm }
    }

    /// Takes another reference.
    pub(crate) fn share(&self) -> Self {
        // SAFETY: `mm` is valid by the type's invariants.
        unsafe { mmget(self.mm()) };
        // INVARIANT: That was the reference.
        Self { mm: self.mm }
    }

    /// Hands over the reference.
    pub(crate) fn into_mm(self) -> NonNull<Mm> {
        ManuallyDrop::new(self).mm
    }

    /// Fills an empty one by `dup_mmap()`.
    ///
    /// # Safety
    ///
    /// The parent's mm is valid.
    pub(crate) unsafe fn dup_mmap(&self, parent: *mut Mm) -> Result {
        // SAFETY: By the safety requirements, and this one's invariants.
        to_result(unsafe { dup_mmap(self.mm(), parent) })
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    pub(crate) fn as_non_null(&self) -> NonNull<Mm> {
        self.mm
    }

    /// Returns whether the mm is marked: its VMAs must not be relied upon.
    pub(crate) fn is_unstable(&self) -> bool {
        // SAFETY: The mm is valid by the type's invariants.
        unsafe { mm_flags_test(MMF_UNSTABLE as i32, self.mm()) }
    }

    /// Drops the reference. Returns whether that has freed the address space, and whether nobody
    /// has another reference to the mm.
    pub(crate) fn ends_once(self) -> bool {
        let mm = self.mm();

        // SAFETY: The mm is valid by the type's invariants, then by mmgrab().
        unsafe {
            mmgrab(mm);
            drop(self);
            let once = read_once!(fields!(mm).mm_users.counter) == 0
                && read_once!(fields!(mm).__bindgen_anon_1.mm_count.counter) == 1;

            mmdrop(mm);
            once
        }
    }

    /// Returns the word at an address, and faults its page in.
    pub(crate) fn peek(&self, addr: usize) -> c_long {
        const LEN: c_int = size_of::<c_long>() as c_int;
        let mut word: c_long = 0;
        let to = core::ptr::from_mut(&mut word).cast();

        // SAFETY: `mm` is valid by the type's invariants, and `word` has as much room.
        match unsafe { access_remote_vm(self.mm(), addr, to, LEN, FOLL_FORCE) } {
            LEN => word,
            _ => NOT_MAPPED,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type's invariants. A kthread's files are dropped
        // late, and their references are compared.
        unsafe {
            mmput(self.mm());
            flush_delayed_fput();
        }
    }
}
