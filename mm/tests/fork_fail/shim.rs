// SPDX-License-Identifier: GPL-2.0

//! Declarations of the C functions in `shim/`.
//!
//! A function returns `-EOPNOTSUPP` or null if the kernel lacks an option that it needs.

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

    /// Makes `mm` the mm of this kthread, which runs a test, and keeps the kthread on its CPU.
    /// Returns 0 or a negative error: `-EBUSY` if a test has one attached.
    pub(crate) fn fork_fail_attach(mm: *mut Mm) -> c_int;

    /// Makes `to` this kthread's instead of `from`, which is attached.
    pub(crate) fn fork_fail_switch(from: *mut Mm, to: *mut Mm);

    /// Undoes [`fork_fail_attach`].
    pub(crate) fn fork_fail_detach(mm: *mut Mm);

    /// Calls `dup_mm()`; null if it failed.
    pub(crate) fn fork_fail_dup_mm(parent: *mut Mm) -> *mut Mm;

    /// Takes a reference to an mm, by `mmget()`.
    pub(crate) fn fork_fail_get(mm: *mut Mm);

    /// Drops a reference to an mm, by `mmput()`.
    pub(crate) fn fork_fail_put(mm: *mut Mm);

    /// Drops a reference by `mmput()`. Returns whether it was the last, and whether all references
    /// by `mmgrab()` are gone as well.
    pub(crate) fn fork_fail_put_keeping(mm: *mut Mm) -> bool;

    /// Calls `dup_mmap()`.
    pub(crate) fn fork_fail_dup_mmap(child: *mut Mm, parent: *mut Mm) -> c_int;

    /// Returns the word at `addr`, or `-EFAULT`.
    pub(crate) fn fork_fail_peek(mm: *mut Mm, addr: c_ulong) -> c_long;

    /// Returns the mm's `map_count`.
    pub(crate) fn fork_fail_map_count(mm: *mut Mm) -> c_int;

    /// Returns the lowest address that can be mapped.
    pub(crate) fn fork_fail_lowest() -> c_ulong;

    /// Returns the end of what can be mapped and read.
    pub(crate) fn fork_fail_highest() -> c_ulong;

    /// Returns how many bytes a page table of this level maps, PTEs being 1.
    pub(crate) fn fork_fail_table_span(level: c_uint) -> c_ulong;
}

// map.c: system calls on the address space, which the kthread has attached.
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

    /// Gives a device exclusive access to the page at `addr`, and keeps the page locked; null if
    /// that fails.
    pub(crate) fn fork_fail_exclusive(mm: *mut Mm, addr: c_ulong) -> *mut Folio;

    /// Undoes [`fork_fail_exclusive`], but for the entry in the page table.
    pub(crate) fn fork_fail_exclusive_end(folio: *mut Folio);
}

// uffd.c: userfaultfd.
extern "C" {
    /// Registers memory with a new userfaultfd. Uses a page at `scratch`. Null if that fails.
    pub(crate) fn fork_fail_uffd_open(
        addr: c_ulong,
        len: c_ulong,
        how: c_uint,
        scratch: c_ulong,
    ) -> *mut Uffd;

    /// Closes it.
    pub(crate) fn fork_fail_uffd_close(uffd: *mut Uffd);

    /// Returns how many events of forks there were so far.
    pub(crate) fn fork_fail_uffd_forks() -> c_ulong;
}

// driver.c: mappings of a driver.
extern "C" {
    /// Opens a device that can be mapped, with pages that are counted or without; null without
    /// memory.
    pub(crate) fn fork_fail_driver(mixed: bool) -> *mut File;

    /// Makes the driver keep the first mm into which a mapping of it is copied, or not. Returns 0
    /// or a negative error; it never fails to stop.
    pub(crate) fn fork_fail_driver_keep(keep: bool) -> c_int;

    /// Returns the mm that the driver has kept, with its reference, or null.
    pub(crate) fn fork_fail_driver_take() -> *mut Mm;
    /// Returns how often, since it was made to keep an mm, the driver has closed a mapping of an mm
    /// that did not have `MMF_UNSTABLE`.
    pub(crate) fn fork_fail_driver_unmarked() -> c_long;
    /// Returns how often it has closed one while the lock of the current mm could not be taken for
    /// read.
    pub(crate) fn fork_fail_driver_locked() -> c_long;
}

// What follows is undone when the test ends, also if it aborts. The functions that undo it earlier
// do nothing if there is nothing to undo.

// settings.c: the pool of huge pages and KSM, for the whole machine. They return 0 or a negative
// error.
extern "C" {
    /// Enlarges the pool until so many huge pages are free.
    pub(crate) fn fork_fail_huge_pool(pages: c_uint) -> c_int;

    /// Makes the pool as large as before.
    pub(crate) fn fork_fail_huge_pool_restore();

    /// Runs KSM until it has merged so many pages of the mm. From then on it is stopped.
    pub(crate) fn fork_fail_merge(mm: *mut Mm, pages: c_ulong) -> c_int;
}

// swap.c: swapping to the RAM disk. They return 0 or a negative error.
extern "C" {
    /// Provides a swap area: the RAM disk, which must be blank. `-EBUSY` if it is not, or if it is
    /// used otherwise.
    pub(crate) fn fork_fail_swap_on() -> c_int;

    /// Takes the swap area away, and blanks the disk.
    pub(crate) fn fork_fail_swap_off();

    /// Swaps out all pages there.
    pub(crate) fn fork_fail_swap_out(mm: *mut Mm, addr: c_ulong, len: c_ulong) -> c_int;

    /// Writes something to the RAM disk, as a user of it would do, or blanks it.
    pub(crate) fn fork_fail_swap_disk_mark(marked: bool) -> c_int;
}

// memcg.c: a limit to what the test is charged.
extern "C" {
    /// Puts this task into a memory cgroup that can be charged for so many pages more. The kthread
    /// has an mm. Returns 0 or a negative error.
    pub(crate) fn fork_fail_charge_only(pages: c_ulong) -> c_int;

    /// Takes the task out of the cgroup.
    pub(crate) fn fork_fail_charge_again();
}

// abort.c: tests that abort.
extern "C" {
    /// Reads what a test must leave as it was; returns how many values these are.
    pub(crate) fn fork_fail_read_settings(out: *mut Reading, max: c_uint) -> c_uint;

    /// Runs a test in a test, in a kthread of its own, and cleans up after it as KUnit does.
    /// Returns 0 or a negative error.
    pub(crate) fn fork_fail_run_test(body: extern "C" fn()) -> c_int;

    /// Aborts the current test as a failed assertion does, but without a message. Does not return;
    /// objtool would have to know about a `!`.
    pub(crate) fn fork_fail_abort();
}

// refuse.c: failures other than of allocations.
extern "C" {
    /// Lets the mm commit so many pages more. Returns 0 or a negative error.
    pub(crate) fn fork_fail_commit_only(mm: *mut Mm, pages: c_ulong) -> c_int;

    /// Undoes [`fork_fail_commit_only`].
    pub(crate) fn fork_fail_commit_again();

    /// Lets another task hold the mm's mmap lock for reading. Returns 0 or a negative error.
    pub(crate) fn fork_fail_lock_hold(mm: *mut Mm) -> c_int;

    /// Undoes [`fork_fail_lock_hold`].
    pub(crate) fn fork_fail_lock_release();

    /// Gives the mm a binary format whose module is about to be unloaded, or takes it away.
    pub(crate) fn fork_fail_binfmt_leaves(mm: *mut Mm, leaves: bool);

    /// Takes all free huge pages from the pool but so many. Returns 0 or a negative error.
    pub(crate) fn fork_fail_huge_take(leave: c_ulong) -> c_int;

    /// Undoes [`fork_fail_huge_take`].
    pub(crate) fn fork_fail_huge_give_back();
}

// child.c: what others can find in the mm of a fork that failed.
extern "C" {
    /// Returns the number of entries in the mm's tree, of whatever kind.
    pub(crate) fn fork_fail_entries(mm: *mut Mm) -> c_ulong;

    /// Returns whether a lookup at `addr`, or a search from there upwards, finds an entry.
    pub(crate) fn fork_fail_finds(mm: *mut Mm, addr: c_ulong) -> bool;

    /// Returns how many VMAs of the child can be reached by an rmap walk from the parent's VMA at
    /// `addr`.
    pub(crate) fn fork_fail_linked(child: *mut Mm, parent: *mut Mm, addr: c_ulong) -> c_ulong;

    /// Returns whether the mm has `MMF_UNSTABLE`.
    pub(crate) fn fork_fail_unstable(mm: *mut Mm) -> bool;
}

// read.c: what a failed fork must not change.
extern "C" {
    /// Waits until everything is freed that is freed late.
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

// disturb.c: changes that the readings have to show.
extern "C" {
    /// Makes the `nth` change, counted from 0, to the mm and its VMA at `addr`, or undoes it. The
    /// VMA must be a private mapping of a file that was written to. Returns the name of the reading
    /// that has to show the change, a static string, or null if there are no more.
    pub(crate) fn fork_fail_disturb(
        mm: *mut Mm,
        addr: c_ulong,
        nth: c_uint,
        undo: bool,
    ) -> *const c_char;

    /// Allocates an object of the named slab cache, or frees it. Returns whether there is such a
    /// cache.
    pub(crate) fn fork_fail_disturb_slab(name: *const c_char, undo: bool) -> bool;
}
