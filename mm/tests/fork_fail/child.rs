// SPDX-License-Identifier: GPL-2.0

//! The mm of a fork.

use super::{
    parent::{
        Parent,
        Placed, //
    },
    scenarios::{
        Memory,
        Treatment, //
    },
    shim::*,
};
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
const NOT_MAPPED: c_long = -(bindings::EFAULT as c_long);

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
        let mm = NonNull::new(unsafe { fork_fail_mm() }).ok_or(ENOMEM)?;

        // INVARIANT: `fork_fail_mm()` has returned the reference.
        Ok(Self { mm })
    }

    /// Takes over the mm that the driver has a reference to, if it has one.
    pub(crate) fn kept() -> Option<Self> {
        // SAFETY: FFI call without safety requirements.
        let mm = NonNull::new(unsafe { fork_fail_driver_take() })?;

        // INVARIANT: The driver has handed over its reference.
        Some(Self { mm })
    }

    /// Makes one by `dup_mm()`, which does not tell why it fails. The only error is `ENOMEM`.
    pub(crate) fn dup_mm(parent: &Parent) -> Result<Self> {
        // SAFETY: The parent's mm is valid by its invariants.
        let mm = NonNull::new(unsafe { fork_fail_dup_mm(parent.mm()) }).ok_or(ENOMEM)?;

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
        unsafe { fork_fail_get(self.mm()) };
        // INVARIANT: That was the reference.
        Self { mm: self.mm }
    }

    /// Hands over the reference.
    pub(crate) fn into_mm(self) -> NonNull<Mm> {
        ManuallyDrop::new(self).mm
    }

    /// Fills an empty one by `dup_mmap()`.
    pub(crate) fn dup_mmap(&self, parent: &Parent) -> Result {
        // SAFETY: Both are valid by their invariants.
        to_result(unsafe { fork_fail_dup_mmap(self.mm(), parent.mm()) })
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    /// Drops the reference. Returns whether that has freed the address space, and whether nobody
    /// has another reference to the mm.
    pub(crate) fn ends_once(self) -> bool {
        // SAFETY: The reference is ours by the type's invariants, and is handed over.
        unsafe { fork_fail_put_keeping(self.into_mm().as_ptr()) }
    }

    /// Returns the word at an address, and faults its page in.
    fn peek(&self, addr: usize) -> c_long {
        const LEN: c_int = size_of::<c_long>() as c_int;
        let mut word: c_long = 0;
        let to = core::ptr::from_mut(&mut word).cast();

        // SAFETY: `mm` is valid by the type's invariants, and `word` has as much room.
        match unsafe { bindings::access_remote_vm(self.mm(), addr, to, LEN, bindings::FOLL_FORCE) }
        {
            LEN => word,
            _ => NOT_MAPPED,
        }
    }

    /// Returns what a word of the copy should be, and what to call it.
    fn expected(placed: Placed, word: usize) -> (c_long, &'static str) {
        match (placed.vma.treatment, placed.vma.memory) {
            (Treatment::DontFork, _) => (NOT_MAPPED, "a page not to be copied"),
            (Treatment::WipeOnFork, _) => (0, "a page to be wiped"),
            // access_remote_vm() cannot read it, as if nothing were mapped.
            (_, Memory::Secret) => (NOT_MAPPED, "a secret page"),
            _ if placed.vma.written => (placed.pattern(word), "a page that was written"),
            _ => (0, "a page that was not written"),
        }
    }

    /// Returns what is wrong with the copy of a fork that succeeded.
    pub(crate) fn wrong_copy(&self, parent: &Parent) -> Option<(usize, &'static str)> {
        let copied = parent
            .vmas()
            .iter()
            .filter(|placed| !placed.vma.is_left_out());

        // SAFETY: `mm` is valid by the type's invariants, and nobody else changes it.
        let map_count = unsafe { (*self.mm()).__bindgen_anon_1.map_count };

        if map_count as usize != copied.count() {
            return Some((0, "the number of VMAs"));
        }
        // Reading faults pages in. In shared memory the parent would have them, too.
        let readable = |placed: &&Placed| placed.vma.written || !placed.vma.memory.is_shared();

        parent.vmas().iter().filter(readable).find_map(|placed| {
            placed.words().find_map(|word| {
                let (content, what) = Self::expected(*placed, word);

                (self.peek(word) != content).then_some((word, what))
            })
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // SAFETY: The reference is ours by the type's invariants.
        unsafe { fork_fail_put(self.mm()) };
    }
}
