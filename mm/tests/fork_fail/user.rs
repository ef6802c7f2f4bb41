// SPDX-License-Identifier: GPL-2.0

//! The address space that this kthread has attached: its user space.

use super::{
    child::Child,
    mm::is_torn_down,
    shim::*,
    undo::{
        must,
        wait_for,
        Undo, //
    }, //
};
use core::{
    mem::{
        replace,
        size_of_val, //
    },
    ptr::{
        from_ref,
        null_mut, //
    },
    sync::atomic::{
        AtomicBool,
        Ordering, //
    }, //
};
use kernel::{
    error::to_result,
    ffi::c_long,
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// Whether a test has attached an mm. There is one at a time.
static ATTACHED: AtomicBool = AtomicBool::new(false);

/// Returns whether a test has attached an mm.
pub(crate) fn is_attached() -> bool {
    ATTACHED.load(Ordering::Relaxed)
}

fn has_mm() -> bool {
    // SAFETY: The current task is valid.
    !unsafe { (*fork_fail_current()).mm }.is_null()
}

/// An mm that a test's kthread may use.
///
/// If the test aborts, its kthread exits, and exit_mm() drops the reference that the test has not
/// dropped.
struct Attached {
    mm: Object<Mm>,
    is_used: bool,
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mm = self.mm.as_ptr();

        if !self.is_used {
            return;
        }
        // The test has aborted. Wait, so that the next test does not see it.
        // SAFETY: What kthread_use_mm() has taken keeps the structure.
        match wait_for(250, 20, || unsafe { is_torn_down(mm) }) {
            // SAFETY: As above. exit_mm() does not drop that.
            Ok(()) => unsafe { mmdrop(mm) },
            failed => must("the mm of a test that has aborted", failed),
        }
        // SAFETY: FFI call without safety requirements.
        unsafe { flush_delayed_fput() };
        ATTACHED.store(false, Ordering::Relaxed);
    }
}

/// The user space of a test's kthread. There is one at a time.
///
/// Whoever has a reference to it can call what needs a current mm: it is not [`Send`], and only its
/// own drop detaches it.
///
/// # Invariants
///
/// The current task uses the mm, and this object owns a reference to it.
pub(crate) struct UserSpace(Undo<Attached>);

impl UserSpace {
    /// Attaches an mm to this kthread, which runs a test, and keeps it on its CPU: one left behind
    /// keeps a lazy-TLB reference to the mm, and per-CPU counters are exact only on the CPU that
    /// adds to them.
    ///
    /// # Errors
    ///
    /// `EBUSY` if there is one already.
    pub(crate) fn attach(child: Child) -> Result<Self> {
        if is_attached() || has_mm() {
            return Err(EBUSY);
        }
        let mut attached = Undo::new(Attached {
            mm: Object(child.as_non_null()),
            is_used: false,
        })?;

        // SAFETY: FFI call without safety requirements.
        to_result(unsafe { fork_fail_stay_on_cpu(true) })?;
        // SAFETY: The mm is valid by the child's invariants, and this kthread has none.
        unsafe { kthread_use_mm(child.into_mm().as_ptr()) };
        attached.is_used = true;
        ATTACHED.store(true, Ordering::Relaxed);
        // INVARIANT: It is used since above, and the reference was the child's.
        Ok(Self(attached))
    }

    /// Attaches another mm instead. Returns the old one.
    pub(crate) fn switch(&mut self, to: Child) -> Child {
        // SAFETY: The mm is used by the type's invariants, and `to` is valid by its own.
        unsafe {
            kthread_unuse_mm(self.mm());
            kthread_use_mm(to.mm());
        }
        // INVARIANT: `to` is used since above, and the reference was the child's.
        let old = replace(&mut self.0.mm, Object(to.into_mm()));

        // SAFETY: The reference was this object's.
        unsafe { Child::from_mm(old.0) }
    }

    pub(crate) fn mm(&self) -> *mut Mm {
        self.0.mm.as_ptr()
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

    /// Calls `then` with the address of a copy of `arg` in user space: for the arguments of a
    /// system call.
    pub(crate) fn with_argument<T: ?Sized, R>(
        &self,
        arg: &T,
        then: impl FnOnce(usize) -> Result<R>,
    ) -> Result<R> {
        // SAFETY: This kthread has an mm by the type's invariants.
        unsafe { with_scratch(arg, then) }
    }
}

impl Drop for UserSpace {
    fn drop(&mut self) {
        self.0.is_used = false;
        // SAFETY: The mm is used, and the reference is ours, by the type's invariants.
        unsafe {
            kthread_unuse_mm(self.mm());
            drop(Child::from_mm(self.0.mm.0));
        }
        ATTACHED.store(false, Ordering::Relaxed);
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_stay_on_cpu(false) };
    }
}

/// A page that is mapped for arguments of system calls.
struct Scratch;

impl Scratch {
    /// Below all that is mapped otherwise.
    const ADDR: usize = 0x0800_0000;

    /// # Safety
    ///
    /// This kthread has an mm, until this is dropped.
    unsafe fn new() -> Result<Self> {
        // SAFETY: By the safety requirements; there is no file.
        checked(unsafe {
            vm_mmap(
                null_mut(),
                Self::ADDR,
                PAGE_SIZE,
                (PROT_READ | PROT_WRITE) as usize,
                (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE) as usize,
                0,
            )
        } as isize)?;
        Ok(Self)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: This kthread has an mm, with the page that `new()` has mapped.
        unsafe { vm_munmap(Self::ADDR, PAGE_SIZE) };
    }
}

/// # Safety
///
/// This kthread has an mm.
unsafe fn with_scratch<T: ?Sized, R>(arg: &T, then: impl FnOnce(usize) -> Result<R>) -> Result<R> {
    // SAFETY: By the safety requirements.
    let _scratch = unsafe { Scratch::new() }?;
    let from = from_ref(arg).cast();

    // SAFETY: The page is for that, and `arg` has this size.
    if !unsafe { fork_fail_copy_to_user(Scratch::ADDR, from, size_of_val(arg)) } {
        return Err(EFAULT);
    }
    then(Scratch::ADDR)
}

/// Calls `then` with the address of a copy of `arg` in user space, if need be in one of its own:
/// KUnit's kthread that cleans up after a test has none.
pub(crate) fn anywhere<T: ?Sized, R>(arg: &T, then: impl FnOnce(usize) -> Result<R>) -> Result<R> {
    let own = if has_mm() { None } else { Some(Child::new()?) };

    if let Some(own) = &own {
        // SAFETY: The mm is valid by its invariants, and this kthread has none.
        unsafe { kthread_use_mm(own.mm()) };
    }
    // SAFETY: This kthread has an mm.
    let result = unsafe { with_scratch(arg, then) };

    if let Some(own) = &own {
        // SAFETY: It is used since above.
        unsafe { kthread_unuse_mm(own.mm()) };
    }
    // SAFETY: FFI call without safety requirements.
    unsafe { flush_delayed_fput() };
    result
}
