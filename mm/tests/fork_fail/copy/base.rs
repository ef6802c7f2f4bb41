// SPDX-License-Identifier: GPL-2.0

//! Fields that not every kernel has, or not so.

use super::{
    super::{
        mm::def_flags,
        shim::*, //
    },
    fields::{
        table,
        Field, //
    },
    mm::MmCopy,
    vma::VmaCopy, //
};

/// The flag that an mm has ever used the huge zero page.
pub(super) const HUGE_ZERO_PAGE_USED: u32 = MMF_HUGE_ZERO_FOLIO;

pub(super) const OF_MM: &[Field<MmCopy>] = table!(MmCopy, MmFields {
    def_flags: |of| *def_flags(of.child) => *def_flags(of.parent) & VM_INIT_DEF_MASK;
    // Of the scheduler, which makes new ones
    #[cfg(CONFIG_SCHED_MM_CID)]
    pcpu_cid;
    #[cfg(CONFIG_SCHED_MM_CID)]
    nr_cpus_allowed;
    #[cfg(CONFIG_SCHED_MM_CID)]
    max_nr_cid;
    #[cfg(CONFIG_SCHED_MM_CID)]
    cpus_allowed_lock;
    #[cfg(CONFIG_PER_VMA_LOCK)]
    vma_writer_wait;
    #[cfg(CONFIG_PER_VMA_LOCK)]
    mm_lock_seq: |of| fields!(of.child).mm_lock_seq.sequence & 1 => 0;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_hash_lock: |of| mutex_is_locked(&mut fields!(of.child).futex_hash_lock) => false;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_phash: |of| fields!(of.child).futex_phash => 0;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_phash_new: |of| fields!(of.child).futex_phash_new => 0;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_batches;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_atomic: |of| fields!(of.child).futex_atomic.counter => 0;
    #[cfg(CONFIG_FUTEX_PRIVATE_HASH)]
    futex_ref: |of| fields!(of.child).futex_ref => 0;
    #[cfg(CONFIG_MM_ID)]
    mm_id: |of| fields!(of.child).mm_id != fields!(of.parent).mm_id => true;
});

#[cfg(CONFIG_PER_VMA_LOCK)]
pub(super) use vma_lock::{
    OF_VMA,
    VMA_PADDING, //
};

#[cfg(not(CONFIG_PER_VMA_LOCK))]
pub(super) const OF_VMA: &[Field<VmaCopy>] = &[];
#[cfg(not(CONFIG_PER_VMA_LOCK))]
pub(super) const VMA_PADDING: &[Field<VmaCopy>] = &[];

#[cfg(CONFIG_PER_VMA_LOCK)]
mod vma_lock {
    use super::*;
    use core::mem::offset_of;

    pub(crate) const OF_VMA: &[Field<VmaCopy>] = table!(VmaCopy, VmArea {
        // In the tree, and nobody holds its lock, for read or for write.
        vm_refcnt: |of| read_once!((*of.child).vm_refcnt.refs.counter) => 1;
        vm_lock_seq: |of| (*of.child).vm_lock_seq == fields!(of.mm).mm_lock_seq.sequence => false;
    });

    /// Returns where a field of a VMA ends.
    macro_rules! end_of {
        ($field:ident) => {
            table!(@bytes VmArea, $field).end
        };
    }

    /// Around these two, and at the end, is nothing, or what lockdep has of its own.
    pub(crate) const VMA_PADDING: &[Field<VmaCopy>] = &[
        padding(end_of!(vm_lock_seq), offset_of!(VmArea, anon_vma_chain)),
        padding(END_BEFORE_REFCNT, offset_of!(VmArea, vm_refcnt)),
        padding(end_of!(vm_refcnt), offset_of!(VmArea, shared)),
        padding(END_OF_LAST, size_of::<VmArea>()),
    ];

    #[cfg(CONFIG_NUMA_BALANCING)]
    const END_BEFORE_REFCNT: usize = end_of!(numab_state);
    #[cfg(all(CONFIG_NUMA, not(CONFIG_NUMA_BALANCING)))]
    const END_BEFORE_REFCNT: usize = end_of!(vm_policy);
    #[cfg(all(CONFIG_SWAP, not(CONFIG_NUMA)))]
    const END_BEFORE_REFCNT: usize = end_of!(swap_readahead_info);
    #[cfg(not(any(CONFIG_SWAP, CONFIG_NUMA)))]
    const END_BEFORE_REFCNT: usize = end_of!(vm_private_data);

    #[cfg(CONFIG_X86)]
    const END_OF_LAST: usize = end_of!(pfnmap_track_ctx);
    #[cfg(not(CONFIG_X86))]
    const END_OF_LAST: usize = end_of!(vm_userfaultfd_ctx);

    const fn padding(start: usize, end: usize) -> Field<VmaCopy> {
        Field {
            name: "padding",
            bytes: start..end,
            judge: None,
        }
    }
}
