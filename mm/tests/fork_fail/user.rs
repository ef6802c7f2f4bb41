// SPDX-License-Identifier: GPL-2.0

//! Access to the address space that this kthread has attached.

use super::shim::*;
use kernel::{
    ffi::c_long,
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

fn word_at(addr: usize) -> UserSlice {
    UserSlice::new(UserPtr::from_addr(addr), size_of::<c_long>())
}

/// Reads a word.
///
/// # Errors
///
/// `EFAULT` if there is none to be read.
pub(crate) fn read(addr: usize) -> Result<c_long> {
    word_at(addr).reader().read()
}

/// Writes a word.
///
/// # Errors
///
/// `EFAULT` if there is none to be written.
pub(crate) fn write(addr: usize, word: c_long) -> Result {
    word_at(addr).writer().write(&word)
}

/// Maps a page at `addr` for as long as `f` takes, which gets its address.
pub(crate) fn with_scratch<T>(addr: usize, f: impl FnOnce(usize) -> Result<T>) -> Result<T> {
    // SAFETY: A kthread without an mm gets an error, and null is no file to have a reference to.
    let mapped = unsafe { fork_fail_map(core::ptr::null_mut(), addr, PAGE_SIZE, 0) };
    if mapped < 0 {
        return Err(Error::from_errno(mapped as i32));
    }
    let result = f(addr);
    // SAFETY: FFI call without safety requirements: user space loses a page.
    unsafe { fork_fail_unmap(addr, PAGE_SIZE) };
    result
}
