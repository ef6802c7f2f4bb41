// SPDX-License-Identifier: GPL-2.0

//! The fields of an mm that need not be as in the parent.

use super::{
    super::{
        mm::{
            pages,
            Sums, //
        },
        shim::*, //
    },
    base,
    fields::{
        table,
        Compared,
        Field, //
    },
};

/// The child's mm and the parent's.
///
/// # Invariants
///
/// Both are valid, and nobody else changes the child.
pub(super) struct MmCopy {
    pub(super) child: *mut Mm,
    pub(super) parent: *mut Mm,
    pub(super) sums: Sums,
    /// Whether `dup_mm()` has made it, which copies all of it, and not `dup_mmap()` alone.
    pub(super) whole: bool,
    /// Whether an allocation has failed on the way, so that something optional may be missing.
    pub(super) did_without: bool,
}

// SAFETY: The mms are valid by the type's invariants.
unsafe impl Compared for MmCopy {
    type Structure = Mm;

    const FIELDS: &'static [&'static [Field<Self>]] = &[FIELDS, base::OF_MM, &[CPUS]];

    fn child(&self) -> *mut Mm {
        self.child
    }

    fn parent(&self) -> *const Mm {
        self.parent
    }
}

const FIELDS: &[Field<MmCopy>] = table!(MmCopy, MmFields {
    __bindgen_anon_1.mm_count: |of| count(of.child) => count_wanted(of);
    mm_users: |of| read_once!(fields!(of.child).mm_users.counter) => 1;
    mm_mt: |of| fields!(of.child).mm_mt.ma_flags & !MT_FLAGS_HEIGHT_MASK => MM_MT_FLAGS;
    pgd: |of| is_own(fields!(of.child).pgd, fields!(of.parent).pgd) => true;
    map_count: |of| fields!(of.child).map_count => of.sums.vmas;
    page_table_lock;
    mmap_lock: |of| rwsem_is_locked(&mut fields!(of.child).mmap_lock) => false;
    // With entries in the swap area, swapoff() has to find the mm.
    mmlist: |of| is_listed(&fields!(of.child).mmlist) => pages(of.child, MM_SWAPENTS) > 0;
    // check_mm() compares these with the pages at the end of the child.
    pgtables_bytes;
    rss_stat;
    hiwater_rss: |of| fields!(of.child).hiwater_rss => of.if_whole(get_mm_rss(of.child));
    hiwater_vm: |of| fields!(of.child).hiwater_vm => of.if_whole(of.sums.total);
    total_vm: |of| fields!(of.child).total_vm => of.sums.total;
    data_vm: |of| fields!(of.child).data_vm => of.sums.data;
    exec_vm: |of| fields!(of.child).exec_vm => of.sums.exec;
    stack_vm: |of| fields!(of.child).stack_vm => of.sums.stack;
    locked_vm: |of| fields!(of.child).locked_vm => 0;
    pinned_vm: |of| fields!(of.child).pinned_vm.counter => 0;
    write_protect_seq: |of| fields!(of.child).write_protect_seq.sequence => 0;
    arg_lock;
    flags: |of| flags(of.child) => flags_wanted(of);
    tlb_flush_pending: |of| read_once!(fields!(of.child).tlb_flush_pending.counter) => 0;
    // Of the architecture, which makes a new one
    context;
    uprobes_state;
    exe_file: |of| fields!(of.child).exe_file => fields!(of.parent).exe_file;
    #[cfg(CONFIG_AIO)]
    ioctx_lock;
    #[cfg(CONFIG_AIO)]
    ioctx_table: |of| fields!(of.child).ioctx_table => 0;
    #[cfg(CONFIG_MEMCG)]
    owner: |of| fields!(of.child).owner => fork_fail_current();
    #[cfg(CONFIG_MMU_NOTIFIER)]
    notifier_subscriptions: |of| fields!(of.child).notifier_subscriptions => 0;
    #[cfg(all(CONFIG_TRANSPARENT_HUGEPAGE, not(CONFIG_SPLIT_PMD_PTLOCKS)))]
    pmd_huge_pte;
    // Compared, and other CPUs may have flushed the parent's since.
    #[cfg(CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH)]
    tlb_flush_batched;
    // As many as pages were copied; shared ones are not.
    #[cfg(CONFIG_HUGETLB_PAGE)]
    hugetlb_usage;
    #[cfg(CONFIG_IOMMU_MM_DATA)]
    iommu_mm: |of| fields!(of.child).iommu_mm => 0;
    // Merging begins anew if it was asked for, else there is nothing to count.
    #[cfg(CONFIG_KSM)]
    ksm_merging_pages: |of| fields!(of.child).ksm_merging_pages => 0;
    #[cfg(CONFIG_KSM)]
    ksm_rmap_items: |of| fields!(of.child).ksm_rmap_items => 0;
    #[cfg(CONFIG_LRU_GEN_WALKS_MMU)]
    lru_gen: |of| is_listed(&fields!(of.child).lru_gen.list) => false;
});

/// It has run nowhere. That is beyond what the structure has of itself.
const CPUS: Field<MmCopy> = Field {
    name: "cpu_bitmap",
    bytes: 0..0,
    judge: Some(|of| {
        // SAFETY: The pointers of a copy are valid.
        let is = unsafe { cpumask_empty(mm_cpumask(of.child)) };

        (is.value(), 1)
    }),
};

impl MmCopy {
    fn if_whole(&self, value: usize) -> usize {
        if self.whole {
            value
        } else {
            0
        }
    }
}

/// Returns whether the child has its own of something.
pub(super) fn is_own<T>(of_child: *mut T, of_parent: *mut T) -> bool {
    !of_child.is_null() && of_child != of_parent
}

fn is_listed(head: *const list_head) -> bool {
    // SAFETY: It is in an mm that is valid.
    !core::ptr::eq(unsafe { (*head).next }, head)
}

/// Whoever has put the mm on a list says so by a flag, and has a reference.
const LISTED: usize = (1 << MMF_VM_MERGEABLE) | (1 << MMF_VM_HUGEPAGE);

/// # Safety
///
/// The mm is valid.
unsafe fn flags(mm: *const Mm) -> usize {
    // The one left out says that the mm has ever used what its parent may not have had to.
    // SAFETY: By the safety requirements.
    unsafe { fork_fail_flags(mm) & !(1 << base::HUGE_ZERO_PAGE_USED) }
}

fn flags_wanted(of: &MmCopy) -> usize {
    // SAFETY: Both are valid by the type's invariants.
    let (of_child, of_parent) = unsafe { (flags(of.child), flags(of.parent)) };
    // KSM and khugepaged do without the child if there is no memory to list it.
    let may_lack = if of.did_without { !of_child } else { 0 };

    // SAFETY: FFI call without safety requirements.
    unsafe { mmf_init_legacy_flags(of_parent) | (of_parent & LISTED & !may_lack) }
}

/// Returns the references by mmgrab().
///
/// # Safety
///
/// The mm is valid.
unsafe fn count(mm: *const Mm) -> isize {
    // SAFETY: By the safety requirements.
    unsafe { read_once!(fields!(mm).__bindgen_anon_1.mm_count.counter) as isize }
}

/// All users together have one, and so has whoever has listed it. khugepaged sets its flag also if
/// it could not.
fn count_wanted(of: &MmCopy) -> isize {
    // SAFETY: The child is valid by the type's invariants.
    let (is, flags) = unsafe { (count(of.child), flags(of.child)) };
    let most = 1 + (flags & LISTED).count_ones() as isize;

    if of.did_without {
        is.clamp(1, most)
    } else {
        most
    }
}
