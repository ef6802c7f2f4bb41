// SPDX-License-Identifier: GPL-2.0

//! A driver that keeps the mm of a child, as that of SGX does: other tasks could find the child
//! through it.

use super::{
    child::Child,
    shim::*,
    undo::Undo, //
};
use core::ptr::NonNull;
use kernel::prelude::*;

/// Makes the driver keep the first mm into which a mapping of it is copied, until this is dropped.
pub(crate) struct Keeping;

impl Keeping {
    pub(crate) fn new() -> Result<Undo<Self>> {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_driver_keep(true) };
        Undo::new(Self)
    }

    /// Takes over the mm that the driver has a reference to, if it has one.
    fn take() -> Option<Child> {
        // SAFETY: FFI call without safety requirements.
        let mm = NonNull::new(unsafe { fork_fail_driver_take() })?;

        // SAFETY: The driver has handed over its reference.
        Some(unsafe { Child::from_mm(mm) })
    }
}

impl Undo<Keeping> {
    /// Stops it. Returns the mm that the driver has kept, if it has one.
    pub(crate) fn stop(self) -> Option<Child> {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_driver_keep(false) };
        Keeping::take()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        // SAFETY: FFI call without safety requirements.
        unsafe { fork_fail_driver_keep(false) };
        drop(Self::take());
    }
}

/// Returns how often, since it was made to keep an mm, the driver has closed a mapping of an mm
/// that was not marked as unstable.
pub(crate) fn unmarked() -> isize {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_driver_unmarked() }
}

/// Returns how often it has closed one while the lock of the current mm could not be taken for
/// read.
pub(crate) fn locked() -> isize {
    // SAFETY: FFI call without safety requirements.
    unsafe { fork_fail_driver_locked() }
}
