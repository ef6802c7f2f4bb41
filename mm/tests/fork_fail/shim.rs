// SPDX-License-Identifier: GPL-2.0

//! What `fork_fail_shim.c` offers, as declarations.

use kernel::ffi::{
    c_char,
    c_int,
    c_long,
    c_uint,
    c_ulong, //
};

/// `struct mm_struct`. Nothing here looks into it.
#[repr(C)]
pub(crate) struct Mm {
    opaque: [u8; 0],
}

/// `struct file`. Nothing here looks into it.
#[repr(C)]
pub(crate) struct File {
    opaque: [u8; 0],
}

/// `struct page`. Nothing here looks into it.
#[repr(C)]
pub(crate) struct Page {
    opaque: [u8; 0],
}

/// Map the memory shared, not private.
pub(crate) const FORK_FAIL_SHARED: c_uint = 1;
/// Lock the memory.
pub(crate) const FORK_FAIL_LOCKED: c_uint = 2;

/// `struct fork_fail_reading`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Reading {
    /// A static string.
    pub(crate) name: *const c_char,
    pub(crate) value: c_long,
}

extern "C" {
    /// Gives this kthread an empty address space; null without memory.
    pub(crate) fn fork_fail_attach() -> *mut Mm;

    /// Undoes [`fork_fail_attach`], and drops the reference.
    pub(crate) fn fork_fail_detach(mm: *mut Mm);

    /// Makes a shmem file of `size` bytes; null without memory.
    pub(crate) fn fork_fail_file(size: c_ulong) -> *mut File;

    /// Opens the driver; null without memory.
    pub(crate) fn fork_fail_driver() -> *mut File;

    /// Makes the driver keep the first mm into which a mapping of it is copied, or not.
    pub(crate) fn fork_fail_driver_keep(keep: bool);

    /// Returns the mm that the driver has kept, with its reference, or null.
    pub(crate) fn fork_fail_driver_take() -> *mut Mm;

    /// Drops a reference to a file.
    pub(crate) fn fork_fail_file_put(file: *mut File);

    /// Maps `file`, or anonymous memory if it is null, at `addr`, readable and writable. Returns
    /// `addr` or a negative error.
    pub(crate) fn fork_fail_map(
        file: *mut File,
        addr: c_ulong,
        len: c_ulong,
        how: c_uint,
    ) -> c_long;

    /// Pins the page at `addr` for DMA; null if that fails.
    pub(crate) fn fork_fail_pin(addr: c_ulong) -> *mut Page;

    /// Undoes [`fork_fail_pin`].
    pub(crate) fn fork_fail_unpin(page: *mut Page);

    /// Sets `VM_DONTCOPY`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_dontfork(mm: *mut Mm, addr: c_ulong, len: c_ulong) -> c_int;

    /// Sets `VM_WIPEONFORK`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_wipeonfork(mm: *mut Mm, addr: c_ulong, len: c_ulong) -> c_int;

    /// Calls `dup_mm()`; null if it failed.
    pub(crate) fn fork_fail_dup_mm(parent: *mut Mm) -> *mut Mm;

    /// Makes an mm for [`fork_fail_dup_mmap`]; null without memory.
    pub(crate) fn fork_fail_child() -> *mut Mm;

    /// Drops a reference to an mm, by `mmput()`.
    pub(crate) fn fork_fail_put(mm: *mut Mm);

    /// Calls `dup_mmap()`.
    pub(crate) fn fork_fail_dup_mmap(child: *mut Mm, parent: *mut Mm) -> c_int;

    /// Returns the word at `addr`, or `-EFAULT`.
    pub(crate) fn fork_fail_peek(mm: *mut Mm, addr: c_ulong) -> c_long;

    /// Returns the number of VMAs that the mm believes to have.
    pub(crate) fn fork_fail_map_count(mm: *mut Mm) -> c_int;

    /// Returns the number of entries in the mm's tree, of whatever kind.
    pub(crate) fn fork_fail_entries(mm: *mut Mm) -> c_ulong;

    /// Returns whether a lookup at `addr`, or a search from there upwards, finds an entry.
    pub(crate) fn fork_fail_finds(mm: *mut Mm, addr: c_ulong) -> bool;

    /// Reads at most `max` values that a failed fork must not change; returns how many.
    pub(crate) fn fork_fail_read(mm: *mut Mm, out: *mut Reading, max: c_uint) -> c_uint;

    /// The same for the VMA at `addr`; 0 if there is none.
    pub(crate) fn fork_fail_read_vma(
        mm: *mut Mm,
        addr: c_ulong,
        out: *mut Reading,
        max: c_uint,
    ) -> c_uint;
}
