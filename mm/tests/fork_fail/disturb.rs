// SPDX-License-Identifier: GPL-2.0

//! Self-test of the readings: changes what each of them reads, and checks that it shows.
//!
//! Some values cannot be changed and put back without harm, and are left out: a VMA's anon_vma,
//! file, policy and operations; links in trees and lists; lockdep turned off; taint.

use super::{
    limits::HeldLock,
    mm::ReadLock,
    oracles::Before,
    parent::Parent,
    readings::slab_cache,
    shim::*,
    undo::Undo, //
};
use core::ptr::{
    addr_of_mut,
    null_mut,
    NonNull, //
};
use kernel::{
    bindings,
    ffi::c_void,
    prelude::*,
    str::CString, //
};

/// What is disturbed.
struct Target {
    mm: *mut Mm,
    /// A private mapping of a file that was written to.
    vma: *mut VmArea,
    /// What holds the mm's lock, and a page that has a reference more, for the moment.
    lock: Option<Undo<HeldLock>>,
    page: *mut Page,
}

/// A change that a reading has to show. It is made with 1, and undone with -1.
type Disturb = fn(&mut Target, by: isize);

/// A table of lines `reading: |target, by| change`. The changes are unsafe code.
macro_rules! disturbances {
    ($($(#[$attr:meta])* $reading:literal: |$to:ident, $by:ident| $change:expr;)*) => {
        &[$(
            $(#[$attr])*
            // SAFETY: The mm and the VMA are valid, and nobody else changes them.
            ($reading, |$to, $by| unsafe { $change; }),
        )*]
    };
}

/// Calls one of two functions, for the change and for undoing it.
macro_rules! either {
    ($by:ident, $change:expr, $undo:expr) => {
        if $by > 0 {
            $change;
        } else {
            $undo;
        }
    };
}

/// A counter that is changed.
trait Change {
    fn change(&mut self, by: isize);
}

macro_rules! impl_change {
    ($($ty:ty),*) => {
        $(
            impl Change for $ty {
                fn change(&mut self, by: isize) {
                    *self = self.wrapping_add(by as $ty);
                }
            }
        )*
    };
}

impl_change!(i32, i64, usize);

const DISTURBANCES: &[(&str, Disturb)] = disturbances! {
    "parent's mm_users": |to, by| either!(by, mmget(to.mm), mmput(to.mm));
    "parent's mm_count": |to, by| either!(by, mmgrab(to.mm), mmdrop(to.mm));
    "parent's flags": |to, by| either!(
        by,
        mm_flags_set(MMF_UNSTABLE as i32, to.mm),
        mm_flags_clear(MMF_UNSTABLE as i32, to.mm)
    );
    "parent's map_count": |to, by| fields!(to.mm).map_count.change(by);
    "parent's total_vm": |to, by| fields!(to.mm).total_vm.change(by);
    "parent's data_vm": |to, by| fields!(to.mm).data_vm.change(by);
    "parent's exec_vm": |to, by| fields!(to.mm).exec_vm.change(by);
    "parent's stack_vm": |to, by| fields!(to.mm).stack_vm.change(by);
    "parent's locked_vm": |to, by| fields!(to.mm).locked_vm.change(by);
    "parent's pinned_vm": |to, by| fields!(to.mm).pinned_vm.counter.change(by);
    "parent's anonymous pages": |to, by| add_mm_counter(to.mm, MM_ANONPAGES as i32, by);
    "parent's file pages": |to, by| add_mm_counter(to.mm, MM_FILEPAGES as i32, by);
    "parent's shmem pages": |to, by| add_mm_counter(to.mm, MM_SHMEMPAGES as i32, by);
    "parent's swap entries": |to, by| add_mm_counter(to.mm, MM_SWAPENTS as i32, by);
    "parent's page tables": |to, by| either!(by, mm_inc_nr_ptes(to.mm), mm_dec_nr_ptes(to.mm));
    "parent's program's references": |to, by| change_users(fields!(to.mm).exe_file, by);
    "parent's lock": |to, by| to.lock = if by > 0 { HeldLock::of(to.mm).ok() } else { None };
    "committed pages": |_to, by| vm_acct_memory(by);
    "anonymous pages mapped": |_to, by| fork_fail_add_pages(node_stat_item_NR_ANON_MAPPED, by);
    "file pages mapped": |_to, by| fork_fail_add_pages(node_stat_item_NR_FILE_MAPPED, by);
    "page table pages": |_to, by| fork_fail_add_pages(node_stat_item_NR_PAGETABLE, by);
    #[cfg(CONFIG_SWAP)]
    "free swap pages": |_to, by| atomic_long_add(by, addr_of_mut!(nr_swap_pages));
    "driver's mappings": |_to, by| (*addr_of_mut!(fork_fail_driver_mappings)).counter.change(by);
    #[cfg(CONFIG_HUGETLB_PAGE)]
    "free huge pages": |_to, by| (*fork_fail_default_hstate()).free_huge_pages.change(by);
    #[cfg(CONFIG_HUGETLB_PAGE)]
    "reserved huge pages": |_to, by| (*fork_fail_default_hstate()).resv_huge_pages.change(by);
    "pgoff": |to, by| (*to.vma).vm_pgoff.change(by);
    "flags": |to, _by| (*to.vma).__bindgen_anon_2.vm_flags ^= VM_SEQ_READ;
    "anon_vma's references": |to, by| either!(
        by,
        get_anon_vma((*to.vma).anon_vma),
        put_anon_vma((*to.vma).anon_vma)
    );
    "anon_vma's children": |to, by| (*(*to.vma).anon_vma).num_children.change(by);
    "anon_vma's VMAs": |to, by| (*(*to.vma).anon_vma).num_active_vmas.change(by);
    "file's references": |to, by| change_users((*to.vma).vm_file, by);
    "file's writable mappings": |to, by| either!(
        by,
        mapping_allow_writable((*(*to.vma).vm_file).f_mapping),
        mapping_unmap_writable((*(*to.vma).vm_file).f_mapping)
    );
    "pages' references": |to, by| either!(by, to.get_page(), put_page(to.page));
};

impl Target {
    fn of(parent: &Parent) -> Option<Self> {
        let mm = parent.mm();
        // SAFETY: The mm is valid by the parent's invariants.
        let vma = unsafe { ReadLock::of(mm) }.vma(parent.vmas()[0].addr)?;

        Some(Self {
            mm,
            vma: vma.as_ptr(),
            lock: None,
            page: null_mut(),
        })
    }

    /// Takes an extra reference to a page of the VMA.
    fn get_page(&mut self) {
        // SAFETY: The VMA is valid, there is room for one page, and this kthread has the mm.
        unsafe {
            let addr = super::mm::range(self.vma).start;

            get_user_pages_unlocked(addr, 1, &mut self.page, 0);
        }
    }
}

/// # Safety
///
/// The file is referenced.
unsafe fn change_users(file: *mut File, by: isize) {
    // SAFETY: By the safety requirements.
    unsafe { either!(by, get_file(file), fput(file)) };
}

/// Changes what each reading reads, one after the other, and changes it back. Returns how many
/// there are. If a change does not show in its reading, returns the name of that and of the one
/// that shows it instead.
pub(crate) fn disturb_each(parent: &Parent) -> Result<usize, (&'static str, Option<&'static str>)> {
    let mut target = Target::of(parent).ok_or(("a VMA", None))?;

    for (name, disturb) in DISTURBANCES {
        let before = Before::new(parent).map_err(|_| ("memory for the readings", None))?;

        disturb(&mut target, 1);
        let shown = before.difference(parent).map(|difference| difference.name);

        disturb(&mut target, -1);
        if shown != Some(*name) {
            return Err((name, shown));
        }
    }
    Ok(DISTURBANCES.len())
}

/// An object of a slab cache that nobody uses.
pub(crate) struct Leak {
    cache: NonNull<kmem_cache>,
    object: NonNull<c_void>,
}

impl Leak {
    /// Allocates an object of the named cache.
    ///
    /// # Errors
    ///
    /// `ENOENT` if there is no such cache.
    pub(crate) fn of(cache: &str) -> Result<Self> {
        let cache = slab_cache(&CString::try_from_fmt(fmt!("{cache}"))?)?;
        // SAFETY: The cache is there, and is never destroyed.
        let object = unsafe { kmem_cache_alloc_noprof(cache.as_ptr(), bindings::GFP_KERNEL) };

        Ok(Self {
            cache,
            object: NonNull::new(object).ok_or(ENOMEM)?,
        })
    }
}

impl Drop for Leak {
    fn drop(&mut self) {
        // SAFETY: `of()` has allocated it from this cache.
        unsafe { kmem_cache_free(self.cache.as_ptr(), self.object.as_ptr()) };
    }
}

/// Allocates an object of each slab cache of the readings. Returns how many there are, or the name
/// of one that does not show it.
pub(crate) fn disturb_slabs(before: &Before) -> Result<usize, &'static str> {
    let mut taken = 0;

    for name in before.slabs.iter().flat_map(|slabs| slabs.names()) {
        let _leak = match Leak::of(name) {
            Err(ENOENT) => continue,
            leak => leak.map_err(|_| name)?,
        };

        match before.slab_difference() {
            Some((shown, was, is)) if shown == name && is > was => taken += 1,
            _ => return Err(name),
        }
    }
    Ok(taken)
}
