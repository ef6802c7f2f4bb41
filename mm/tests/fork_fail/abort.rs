// SPDX-License-Identifier: GPL-2.0

//! Kthreads, and tests that abort: KUnit ends their kthread, so that no destructor runs. What they
//! have set up must not reach the tests after them.

use super::shim::*;
use core::ptr::{
    addr_of_mut,
    NonNull, //
};
use kernel::{
    c_str,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    str::CStr, //
};

type Body = unsafe extern "C" fn(*mut c_void) -> c_int;

/// Creates a kthread, which does not run yet.
///
/// # Safety
///
/// `data` is what `body` expects, until the kthread has ended.
unsafe fn create(name: &CStr, body: Body, data: *mut c_void) -> Result<NonNull<task_struct>> {
    const NUMA_NO_NODE: c_int = -1;
    let format = c_str!("%s").as_char_ptr();

    // SAFETY: By the safety requirements; the format is for one string.
    let task = unsafe {
        kthread_create_on_node(Some(body), data, NUMA_NO_NODE, format, name.as_char_ptr())
    };

    checked_ptr(task, ENOMEM)
}

/// A kthread that runs until this is dropped.
///
/// # Invariants
///
/// It runs until it is told to stop.
pub(crate) struct Thread(NonNull<task_struct>);

impl Thread {
    /// # Safety
    ///
    /// `data` is what `body` expects until this is dropped. `body` ends when, and not before, it is
    /// told to stop.
    pub(crate) unsafe fn run(name: &CStr, body: Body, data: *mut c_void) -> Result<Self> {
        // SAFETY: By the safety requirements.
        let task = unsafe { create(name, body, data) }?;

        // SAFETY: It was created above.
        unsafe { wake_up_process(task.as_ptr()) };
        // INVARIANT: By the safety requirements.
        Ok(Self(task))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: It has not ended, by the type's invariants.
        unsafe { kthread_stop(self.0.as_ptr()) };
    }
}

/// Returns how many kthreads the tests have started that have not ended.
pub(crate) fn threads() -> isize {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_threads() }
}

/// A test in a test.
struct Inner {
    test: kunit,
    body: fn(),
}

/// # Safety
///
/// `inner` is an [`Inner`] until this returns, or does not.
unsafe extern "C" fn run_inner(inner: *mut c_void) -> c_int {
    let inner = inner.cast::<Inner>();

    // SAFETY: `run_test()` gives it until this has ended.
    let body = unsafe {
        (*fork_fail_current()).kunit_test = addr_of_mut!((*inner).test);
        (*inner).body
    };

    body();
    0
}

/// Runs a test in a test, in a kthread of its own, which [`abort`] may end. Cleans up after it, as
/// KUnit does.
pub(crate) fn run_test(body: fn()) -> Result {
    let mut inner = KBox::new(
        Inner {
            test: Default::default(),
            body,
        },
        GFP_KERNEL,
    )?;
    let name = c_str!("test in a test").as_char_ptr();

    // SAFETY: The inner test is cleaned up below, and its kthread has ended by then. It is not told
    // to stop, since the test would see a signal. Cleaning up leaves this kthread without a test:
    // the outer test could not fail any more.
    unsafe {
        let outer = kunit_get_current_test();

        kunit_init_test(&mut inner.test, name, core::ptr::null_mut());
        let task = create(
            c_str!("test_in_test"),
            run_inner,
            core::ptr::from_mut(&mut *inner).cast(),
        )?
        .as_ptr();

        get_task_struct(task);
        let exited = (*task).vfork_done;

        wake_up_process(task);
        wait_for_completion(exited);
        put_task_struct(task);
        kunit_cleanup(&mut inner.test);
        (*fork_fail_current()).kunit_test = outer;
    }
    Ok(())
}

/// Aborts the current test as a failed assertion does, but without a message.
///
/// # Safety
///
/// This kthread runs a test. What is on its stack is not used again, and nobody else refers to it.
pub(crate) unsafe fn abort() {
    // SAFETY: By the safety requirements.
    unsafe { __kunit_abort(kunit_get_current_test()) };
}
