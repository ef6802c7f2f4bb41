// SPDX-License-Identifier: GPL-2.0

//! What `shim/` offers, as declarations.
//!
//! A function that needs an option which the kernel lacks returns `-EOPNOTSUPP`, null or nothing.

use kernel::ffi::{
    c_char,
    c_int,
    c_long,
    c_uint,
    c_ulong, //
};

macro_rules! opaque {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {
        $(
            $(#[doc = $doc])*
            ///
            /// Nothing here looks into it.
            #[repr(C)]
            pub(crate) struct $name {
                opaque: [u8; 0],
            }
        )*
    };
}

opaque! {
    /// `struct mm_struct`.
    Mm;
    /// `struct file`.
    File;
    /// `struct page`.
    Page;
    /// `struct folio`.
    Folio;
    /// `struct fork_fail_uffd`: a userfaultfd and who reads it.
    Uffd;
}

/// Map the memory shared, not private.
pub(crate) const FORK_FAIL_SHARED: c_uint = 0x1;
/// Lock the memory.
pub(crate) const FORK_FAIL_LOCKED: c_uint = 0x2;
/// Map huge pages, of the pool.
pub(crate) const FORK_FAIL_HUGE: c_uint = 0x4;

/// `enum fork_fail_advice`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Advice {
    DontFork,
    WipeOnFork,
    HugePage,
    NoHugePage,
    Mergeable,
    DontNeed,
}

/// A fork is an event.
pub(crate) const FORK_FAIL_UFFD_EVENTS: c_uint = 0x1;
/// The pages are write protected.
pub(crate) const FORK_FAIL_UFFD_WP: c_uint = 0x2;

/// `struct fork_fail_reading`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Reading {
    /// A static string.
    pub(crate) name: *const c_char,
    pub(crate) value: c_long,
}

// mm.c: address spaces, and forks of them.
extern "C" {
    /// Makes an mm with nothing in it; null without memory.
    pub(crate) fn fork_fail_mm() -> *mut Mm;

    /// Makes `mm` this kthread's, which must have none, and keeps it on its CPU. Returns 0 or a
    /// negative error.
    pub(crate) fn fork_fail_attach(mm: *mut Mm) -> c_int;

    /// Makes `to` this kthread's instead of `from`, which it has.
    pub(crate) fn fork_fail_switch(from: *mut Mm, to: *mut Mm);

    /// Undoes [`fork_fail_attach`].
    pub(crate) fn fork_fail_detach(mm: *mut Mm);

    /// Calls `dup_mm()`; null if it failed.
    pub(crate) fn fork_fail_dup_mm(parent: *mut Mm) -> *mut Mm;

    /// Takes a reference to an mm, by `mmget()`.
    pub(crate) fn fork_fail_get(mm: *mut Mm);

    /// Drops a reference to an mm, by `mmput()`.
    pub(crate) fn fork_fail_put(mm: *mut Mm);

    /// Drops the last reference but for one by `mmgrab()` that is taken here, and returns whether
    /// that was indeed the only one left; then drops that as well.
    pub(crate) fn fork_fail_put_keeping(mm: *mut Mm) -> bool;

    /// Calls `dup_mmap()`.
    pub(crate) fn fork_fail_dup_mmap(child: *mut Mm, parent: *mut Mm) -> c_int;

    /// Returns the word at `addr`, or `-EFAULT`.
    pub(crate) fn fork_fail_peek(mm: *mut Mm, addr: c_ulong) -> c_long;

    /// Returns the number of VMAs that the mm believes to have.
    pub(crate) fn fork_fail_map_count(mm: *mut Mm) -> c_int;

    /// Returns the lowest address that can be mapped.
    pub(crate) fn fork_fail_lowest() -> c_ulong;

    /// Returns the end of what can be mapped and read.
    pub(crate) fn fork_fail_highest() -> c_ulong;

    /// Returns how many bytes a page table of this level maps, PTEs being 1.
    pub(crate) fn fork_fail_table_span(level: c_uint) -> c_ulong;
}

// map.c: what user space would do to its own; the kthread has the mm.
extern "C" {
    /// Makes a file in memory; null without memory.
    pub(crate) fn fork_fail_file(size: c_ulong) -> *mut File;

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

    /// Unmaps. Returns 0 or a negative error.
    pub(crate) fn fork_fail_unmap(addr: c_ulong, len: c_ulong) -> c_int;

    /// Maps memory of `memfd_secret()`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_map_secret(addr: c_ulong, len: c_ulong) -> c_int;

    /// Calls `madvise()`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_advise(
        mm: *mut Mm,
        addr: c_ulong,
        len: c_ulong,
        advice: Advice,
    ) -> c_int;

    /// Takes the permission to write. Returns 0 or a negative error.
    pub(crate) fn fork_fail_read_only(addr: c_ulong, len: c_ulong) -> c_int;

    /// Names anonymous memory. Uses a page at `scratch`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_name(addr: c_ulong, len: c_ulong, scratch: c_ulong) -> c_int;

    /// Sets a memory policy. Returns 0 or a negative error.
    pub(crate) fn fork_fail_policy(addr: c_ulong, len: c_ulong) -> c_int;

    /// Gives the mm an LDT. Uses a page at `scratch`. Returns 0 or a negative error.
    pub(crate) fn fork_fail_ldt(scratch: c_ulong) -> c_int;

    /// Pins the page at `addr` for DMA; null if that fails.
    pub(crate) fn fork_fail_pin(addr: c_ulong) -> *mut Page;

    /// Undoes [`fork_fail_pin`].
    pub(crate) fn fork_fail_unpin(page: *mut Page);

    /// Lets a device have the page at `addr` to itself, and be busy with it; null if that fails.
    pub(crate) fn fork_fail_exclusive(mm: *mut Mm, addr: c_ulong) -> *mut Folio;

    /// The device is no longer busy. The entry in the page table stays.
    pub(crate) fn fork_fail_exclusive_end(folio: *mut Folio);
}

// uffd.c: userfaultfd.
extern "C" {
    /// Watches memory. Uses a page at `scratch`. Null if that fails.
    pub(crate) fn fork_fail_uffd_open(
        addr: c_ulong,
        len: c_ulong,
        how: c_uint,
        scratch: c_ulong,
    ) -> *mut Uffd;

    /// Watches it no longer.
    pub(crate) fn fork_fail_uffd_close(uffd: *mut Uffd);

    /// Returns of how many forks there were events so far.
    pub(crate) fn fork_fail_uffd_forks() -> c_ulong;
}

// driver.c: a driver's mappings.
extern "C" {
    /// Opens a device that can be mapped, with pages that are counted or without; null without
    /// memory.
    pub(crate) fn fork_fail_driver(mixed: bool) -> *mut File;

    /// Makes the driver keep the first mm into which a mapping of it is copied, or not.
    pub(crate) fn fork_fail_driver_keep(keep: bool);

    /// Returns the mm that the driver has kept, with its reference, or null.
    pub(crate) fn fork_fail_driver_take() -> *mut Mm;
}

// system.c: what is set up for the whole machine. They return 0 or a negative error.
extern "C" {
    /// Makes the pool hold as many huge pages.
    pub(crate) fn fork_fail_huge_pool(pages: c_uint) -> c_int;

    /// Provides a place to swap to. The kthread has an mm.
    pub(crate) fn fork_fail_swap_on() -> c_int;

    /// Takes it away again; nothing is swapped out any more. The kthread has an mm.
    pub(crate) fn fork_fail_swap_off();

    /// Swaps out all pages there.
    pub(crate) fn fork_fail_swap_out(mm: *mut Mm, addr: c_ulong, len: c_ulong) -> c_int;

    /// Lets KSM run until it has merged as many pages of the mm.
    pub(crate) fn fork_fail_merge(mm: *mut Mm, pages: c_ulong) -> c_int;

    /// Puts this task into a memory cgroup that can be charged for so many pages more. The kthread
    /// has an mm.
    pub(crate) fn fork_fail_charge_only(pages: c_ulong) -> c_int;

    /// Undoes [`fork_fail_charge_only`], also if that failed.
    pub(crate) fn fork_fail_charge_again();
}

// refuse.c: failures that are no allocations.
extern "C" {
    /// Lets the mm commit so many pages more. Returns 0, or a negative error if there are none.
    /// In either case [`fork_fail_commit_again`] has to follow.
    pub(crate) fn fork_fail_commit_only(mm: *mut Mm, pages: c_ulong) -> c_int;

    /// Undoes [`fork_fail_commit_only`].
    pub(crate) fn fork_fail_commit_again();

    /// Lets another task hold the mm's mmap lock for reading. Returns 0 or a negative error.
    pub(crate) fn fork_fail_lock_hold(mm: *mut Mm) -> c_int;

    /// Undoes [`fork_fail_lock_hold`].
    pub(crate) fn fork_fail_lock_release();

    /// Gives the mm a binary format whose module is about to be unloaded, or takes it away.
    pub(crate) fn fork_fail_binfmt_leaves(mm: *mut Mm, leaves: bool);

    /// Takes all free huge pages from the pool but so many.
    pub(crate) fn fork_fail_huge_take(leave: c_ulong);

    /// Undoes [`fork_fail_huge_take`].
    pub(crate) fn fork_fail_huge_give_back();
}

// child.c: who finds what in the mm of a fork that failed.
extern "C" {
    /// Returns the number of entries in the mm's tree, of whatever kind.
    pub(crate) fn fork_fail_entries(mm: *mut Mm) -> c_ulong;

    /// Returns whether a lookup at `addr`, or a search from there upwards, finds an entry.
    pub(crate) fn fork_fail_finds(mm: *mut Mm, addr: c_ulong) -> bool;

    /// Returns how many VMAs of the child can be reached by an rmap walk from the parent's VMA at
    /// `addr`.
    pub(crate) fn fork_fail_linked(child: *mut Mm, parent: *mut Mm, addr: c_ulong) -> c_ulong;

    /// Returns whether the mm is marked as one whose VMAs are not to be relied upon.
    pub(crate) fn fork_fail_unstable(mm: *mut Mm) -> bool;
}

// read.c: what a failed fork must not change.
extern "C" {
    /// Waits for all that is freed later.
    pub(crate) fn fork_fail_settle();

    /// Reads at most `max` values that a failed fork must not change; returns how many.
    pub(crate) fn fork_fail_read(mm: *mut Mm, out: *mut Reading, max: c_uint) -> c_uint;

    /// Reads how many objects are in use; returns how many values these are.
    pub(crate) fn fork_fail_read_slabs(out: *mut Reading, max: c_uint) -> c_uint;

    /// Reads the values of the VMA at `addr`; returns how many, 0 if there is no VMA.
    pub(crate) fn fork_fail_read_vma(
        mm: *mut Mm,
        addr: c_ulong,
        out: *mut Reading,
        max: c_uint,
    ) -> c_uint;
}

// disturb.c: what the readings have to show.
extern "C" {
    /// Does the `nth` harm, from 0, to the mm and its VMA at `addr`, which must be of a file and
    /// have been written to, or undoes it. Returns the name of the reading that has to show it, a
    /// static string, or null if there are no more.
    pub(crate) fn fork_fail_disturb(
        mm: *mut Mm,
        addr: c_ulong,
        nth: c_uint,
        undo: bool,
    ) -> *const c_char;

    /// Takes an object of the named cache, or gives it back. Returns whether there is such a cache.
    pub(crate) fn fork_fail_disturb_slab(name: *const c_char, undo: bool) -> bool;
}
