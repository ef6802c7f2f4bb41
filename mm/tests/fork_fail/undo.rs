// SPDX-License-Identifier: GPL-2.0

//! What is undone when a test ends, however it ends.
//!
//! When a test aborts, its kthread exits and no destructor runs. KUnit runs its actions even then,
//! in another kthread.

use super::shim::*;
use core::{
    mem::forget,
    ops::{
        Deref,
        DerefMut, //
    },
    ptr::NonNull, //
};
use kernel::{
    error::to_result,
    ffi::c_void,
    prelude::*, //
};

/// Owns a value, and drops it when it is dropped itself, or at the end of the test if the test
/// aborts before.
///
/// # Invariants
///
/// The value is in a [`KBox`], and the current test has an action that drops it.
pub(crate) struct Undo<T: Send>(NonNull<T>);

impl<T: Send> Undo<T> {
    /// Takes over a value. If that fails, the value is dropped.
    ///
    /// # Errors
    ///
    /// `EINVAL` if this kthread runs no test.
    pub(crate) fn new(value: T) -> Result<Self> {
        // SAFETY: FFI call without safety requirements.
        let test = unsafe { kunit_get_current_test() };
        if test.is_null() {
            return Err(EINVAL);
        }
        let value = KBox::into_raw(KBox::new(value, GFP_KERNEL)?);

        // SAFETY: The test is running, and `value` is what the action expects. It runs at once if
        // it cannot be added.
        to_result(unsafe { kunit_add_action_or_reset(test, Some(Self::undo), value.cast()) })?;
        // INVARIANT: By the two calls above.
        NonNull::new(value).map(Self).ok_or(EINVAL)
    }

    /// Leaves the value to the end of the test.
    pub(crate) fn at_end(self) {
        forget(self);
    }

    /// # Safety
    ///
    /// `value` came from [`KBox::into_raw`], and nobody uses it any more.
    unsafe extern "C" fn undo(value: *mut c_void) {
        // SAFETY: By the safety requirements.
        drop(unsafe { KBox::from_raw(value.cast::<T>()) });
    }
}

impl<T: Send> Deref for Undo<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The value is there by the type's invariants.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Send> DerefMut for Undo<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The value is there by the type's invariants.
        unsafe { self.0.as_mut() }
    }
}

impl<T: Send> Drop for Undo<T> {
    fn drop(&mut self) {
        // SAFETY: By the type's invariants there is the action, which runs now.
        unsafe {
            kunit_release_action(
                kunit_get_current_test(),
                Some(Self::undo),
                self.0.as_ptr().cast(),
            );
        }
    }
}

/// Reports that something could not be put back. That fails the tests.
pub(crate) fn must(what: &str, undone: Result) {
    if let Err(err) = undone {
        pr_err!("{what}: {err:?}\n");
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_warn() };
    }
}

/// Waits until something is so, in so many tries, with so many milliseconds between them.
///
/// # Errors
///
/// `EAGAIN` if it never was.
pub(crate) fn wait_for(tries: u32, ms: u32, mut is_so: impl FnMut() -> bool) -> Result {
    for _ in 0..tries {
        if is_so() {
            return Ok(());
        }
        // SAFETY: FFI call without safety requirements.
        unsafe { msleep(ms) };
    }
    Err(EAGAIN)
}
