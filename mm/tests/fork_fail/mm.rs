// SPDX-License-Identifier: GPL-2.0

//! An mm as others find it: by its tree, for which they need its lock, and by rmap, for which they
//! do not.

use super::shim::*;
use core::{
    iter::from_fn,
    mem::offset_of,
    ptr::{
        addr_of,
        addr_of_mut,
        NonNull, //
    }, //
};
use kernel::{
    ffi::c_void,
    page::PAGE_SIZE, //
};

/// The mmap lock of an mm, held for read.
///
/// # Invariants
///
/// `mm` is valid, and this task holds its lock until this is dropped.
pub(crate) struct ReadLock {
    mm: *mut Mm,
}

impl ReadLock {
    /// # Safety
    ///
    /// The mm is valid until this is dropped.
    pub(crate) unsafe fn of(mm: *mut Mm) -> Self {
        // SAFETY: By the safety requirements.
        unsafe { mmap_read_lock(mm) };
        // INVARIANT: It was locked above.
        Self { mm }
    }

    /// Returns the VMA at an address.
    pub(crate) fn vma(&self, addr: usize) -> Option<NonNull<VmArea>> {
        // SAFETY: The lock is held by the type's invariants.
        NonNull::new(unsafe { vma_lookup(self.mm, addr) })
    }

    /// Returns what an iterator finds from an address upwards. In a broken tree these may be no
    /// VMAs.
    fn entries(&self, from: usize) -> impl Iterator<Item = NonNull<c_void>> + '_ {
        let mut state = ma_state {
            // SAFETY: The mm is valid by the type's invariants.
            tree: unsafe { addr_of_mut!(fields!(self.mm).mm_mt) },
            index: from,
            last: from,
            max: usize::MAX,
            status: maple_status_ma_start,
            ..Default::default()
        };

        // SAFETY: The lock is held by the type's invariants, and the state is of this tree.
        from_fn(move || NonNull::new(unsafe { mas_find(&mut state, usize::MAX) }))
    }

    /// Returns whether a lookup at an address, or a search from there upwards, finds an entry.
    fn finds(&self, addr: usize) -> bool {
        // SAFETY: The lock is held by the type's invariants.
        let found = unsafe {
            !find_vma(self.mm, addr).is_null()
                || !find_vma_intersection(self.mm, addr, addr + 1).is_null()
        };

        found || self.vma(addr).is_some() || self.entries(addr).next().is_some()
    }
}

impl Drop for ReadLock {
    fn drop(&mut self) {
        // SAFETY: The lock is held by the type's invariants.
        unsafe { mmap_read_unlock(self.mm) };
    }
}

/// Returns how many entries an mm's tree has, of whatever kind.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn entries(mm: *mut Mm) -> usize {
    // SAFETY: By the safety requirements.
    unsafe { ReadLock::of(mm) }.entries(0).count()
}

/// Returns whether anything is found in an mm's tree at an address, or from there upwards.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn finds(mm: *mut Mm, addr: usize) -> bool {
    // SAFETY: By the safety requirements.
    unsafe { ReadLock::of(mm) }.finds(addr)
}

/// Returns how many VMAs of the child can be reached by an rmap walk from a VMA of the parent.
///
/// # Safety
///
/// Both are valid.
pub(crate) unsafe fn linked(child: *mut Mm, parent: *mut Mm, addr: usize) -> usize {
    // SAFETY: By the safety requirements.
    let lock = unsafe { ReadLock::of(parent) };
    let Some(vma) = lock.vma(addr).map(NonNull::as_ptr) else {
        return 0;
    };

    // SAFETY: The lock keeps the VMA, and what it refers to.
    unsafe {
        let by_anon: usize = anon_vmas(vma)
            .map(|anon| fork_fail_anon_mappings(anon, child))
            .sum();

        by_anon + mappings((*vma).vm_file, child)
    }
}

/// Returns how many VMAs of an mm, or of all if it is null, map a file, if there is one.
///
/// # Safety
///
/// The file is null or referenced.
pub(crate) unsafe fn mappings(file: *mut File, only: *const Mm) -> usize {
    if file.is_null() {
        return 0;
    }
    // SAFETY: By the safety requirements.
    unsafe { fork_fail_mappings((*file).f_mapping, only) }
}

/// Returns the anon_vmas that a VMA is linked to.
///
/// # Safety
///
/// The VMA is valid, and does not change meanwhile.
pub(crate) unsafe fn anon_vmas(vma: *const VmArea) -> impl Iterator<Item = *mut anon_vma> {
    // SAFETY: By the safety requirements.
    let (head, mut at) = unsafe { (addr_of!((*vma).anon_vma_chain), (*vma).anon_vma_chain.next) };

    from_fn(move || {
        if at.cast_const() == head {
            return None;
        }
        // SAFETY: What is on this list is in a chain, by that field.
        let chain = unsafe { at.byte_sub(offset_of!(anon_vma_chain, same_vma)) };
        let chain = chain.cast::<anon_vma_chain>();

        // SAFETY: By the safety requirements.
        unsafe {
            at = (*at).next;
            Some((*chain).anon_vma)
        }
    })
}

/// Sums over the VMAs of an mm, in pages.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) vmas: usize,
    pub(crate) total: usize,
    pub(crate) data: usize,
    pub(crate) exec: usize,
    pub(crate) stack: usize,
}

impl Sums {
    /// # Safety
    ///
    /// The mm is valid, and its tree is not broken.
    pub(crate) unsafe fn of(mm: *mut Mm) -> Self {
        let mut sums = Self::default();

        // SAFETY: By the safety requirements.
        for vma in unsafe { ReadLock::of(mm) }.entries(0) {
            let vma = vma.cast::<VmArea>().as_ptr();
            // SAFETY: All entries of the tree are VMAs, and the lock keeps them.
            let (range, flags) = unsafe { (range(vma), flags(vma)) };
            let pages = (range.end - range.start) / PAGE_SIZE;
            let pages_if = |is: bool| if is { pages } else { 0 };

            sums.vmas += 1;
            sums.total += pages;
            // SAFETY: FFI calls without safety requirements.
            unsafe {
                sums.data += pages_if(is_data_mapping(flags));
                sums.exec += pages_if(is_exec_mapping(flags));
                sums.stack += pages_if(is_stack_mapping(flags));
            }
        }
        sums
    }
}

/// Returns the addresses of a VMA.
///
/// # Safety
///
/// The VMA is valid.
pub(crate) unsafe fn range(vma: *const VmArea) -> core::ops::Range<usize> {
    // SAFETY: By the safety requirements. The rest of the union is for a VMA that is freed.
    let addrs = unsafe { (*vma).__bindgen_anon_1.__bindgen_anon_1 };

    addrs.vm_start..addrs.vm_end
}

/// Returns the flags of a VMA, `VM_*`.
///
/// # Safety
///
/// The VMA is valid.
pub(crate) unsafe fn flags(vma: *const VmArea) -> usize {
    // SAFETY: By the safety requirements. The union has other types of the same.
    unsafe { (*vma).__bindgen_anon_2.vm_flags }
}

/// Returns how many pages an mm has of one kind, `MM_*`.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn pages(mm: *mut Mm, kind: u32) -> usize {
    // SAFETY: By the safety requirements.
    unsafe { get_mm_counter_sum(mm, kind as i32) }
}

/// Returns whether nobody uses an mm any more, and nothing is in its tree.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn is_torn_down(mm: *mut Mm) -> bool {
    // SAFETY: By the safety requirements.
    unsafe {
        read_once!(fields!(mm).mm_users.counter) == 0 && mtree_empty(addr_of!(fields!(mm).mm_mt))
    }
}

/// Returns the flags that new VMAs have.
///
/// # Safety
///
/// The mm is valid.
pub(crate) unsafe fn def_flags(mm: *mut Mm) -> *mut usize {
    // SAFETY: By the safety requirements.
    unsafe { addr_of_mut!(fields!(mm).def_flags) }
}
