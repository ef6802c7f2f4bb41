// SPDX-License-Identifier: GPL-2.0

//! The address space that this kthread has attached: its user space.

use super::{
    child::Child,
    shim::*, //
};
use core::ptr::NonNull;
use kernel::{
    bindings,
    error::to_result,
    ffi::c_long,
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// Where [`UserSpace::with_scratch`] maps a page.
const SCRATCH: usize = 0x0800_0000;

/// The user space of a test's kthread. There is one at a time.
///
/// Whoever has a reference to it can call what needs a current mm: it is not [`Send`], and only its
/// own drop detaches it.
///
/// # Invariants
///
/// The current task has attached `mm`, by `fork_fail_attach()`, and this object owns a reference
/// to it.
pub(crate) struct UserSpace {
    mm: NonNull<Mm>,
}

impl UserSpace {
    /// Attaches an mm to this kthread, which runs a test.
    ///
    /// # Errors
    ///
    /// `EBUSY` if there is one already.
    pub(crate) fn attach(mm: Child) -> Result<Self> {
        // SAFETY: The mm is valid by its invariants.
        to_result(unsafe { fork_fail_attach(mm.mm()) })?;

        // INVARIANT: The mm was attached above, and the reference was the child's.
        Ok(Self { mm: mm.into_mm() })
    }

    /// Attaches another mm instead. Returns the old one.
    pub(crate) fn switch(&mut self, to: Child) -> Child {
        // SAFETY: `mm` is attached by the type's invariants, and `to` is valid by its own.
        unsafe { fork_fail_switch(self.mm(), to.mm()) };
        // INVARIANT: `to` was attached above, and the reference was the child's.
        let old = core::mem::replace(&mut self.mm, to.into_mm());

        // SAFETY: The reference was this object's.
        unsafe { Child::from_mm(old) }
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.mm.as_ptr()
    }

    fn word_at(&self, addr: usize) -> UserSlice {
        UserSlice::new(UserPtr::from_addr(addr), size_of::<c_long>())
    }

    /// Reads a word.
    ///
    /// # Errors
    ///
    /// `EFAULT` if there is none to be read.
    pub(crate) fn read(&self, addr: usize) -> Result<c_long> {
        self.word_at(addr).reader().read()
    }

    /// Writes a word.
    ///
    /// # Errors
    ///
    /// `EFAULT` if there is none to be written.
    pub(crate) fn write(&self, addr: usize, word: c_long) -> Result {
        self.word_at(addr).writer().write(&word)
    }

    /// Calls `f` with the address of a page that is mapped meanwhile: for the arguments of a system
    /// call.
    pub(crate) fn with_scratch<T>(&self, f: impl FnOnce(usize) -> Result<T>) -> Result<T> {
        // SAFETY: This kthread has an mm by the type's invariants; there is no file.
        let mapped = unsafe { fork_fail_map(core::ptr::null_mut(), SCRATCH, PAGE_SIZE, 0) };
        if mapped < 0 {
            return Err(Error::from_errno(mapped as i32));
        }
        let result = f(SCRATCH);
        // SAFETY: This kthread has an mm by the type's invariants, and the page is the one above.
        unsafe { bindings::vm_munmap(SCRATCH, PAGE_SIZE) };
        result
    }
}

impl Drop for UserSpace {
    fn drop(&mut self) {
        // SAFETY: `mm` is attached, and the reference is ours, by the type's invariants.
        unsafe {
            fork_fail_detach(self.mm());
            fork_fail_put(self.mm());
        }
    }
}
