// SPDX-License-Identifier: GPL-2.0

//! The fields of a VMA that need not be as in the parent.

use super::{
    super::{
        mm::{
            anon_vmas,
            flags, //
        },
        shim::*, //
    },
    base,
    fields::{
        table,
        Compared,
        Field, //
    },
    mm::is_own, //
};

/// A VMA of the child and that of the parent.
///
/// # Invariants
///
/// Both are valid, and `mm` is the child's mm. Nobody else changes them.
pub(super) struct VmaCopy {
    pub(super) child: *mut VmArea,
    pub(super) parent: *mut VmArea,
    pub(super) mm: *mut Mm,
}

// SAFETY: The VMAs are valid by the type's invariants.
unsafe impl Compared for VmaCopy {
    type Structure = VmArea;

    const FIELDS: &'static [&'static [Field<Self>]] = &[FIELDS, base::OF_VMA, base::VMA_PADDING];

    fn child(&self) -> *mut VmArea {
        self.child
    }

    fn parent(&self) -> *const VmArea {
        self.parent
    }
}

const FIELDS: &[Field<VmaCopy>] = table!(VmaCopy, VmArea {
    vm_mm: |of| (*of.child).vm_mm => of.mm;
    vm_page_prot: |of| of.prot_is_right() => true;
    __bindgen_anon_2.vm_flags: |of| flags(of.child) => of.flags_wanted();
    anon_vma_chain: |of| anon_vmas(of.child).count() => of.links_wanted();
    anon_vma: |of| of.anon_is_right() => true;
    vm_private_data: |of| of.private_data_is_right() => true;
    shared: |of| of.is_mapped() => !(*of.parent).vm_file.is_null();
    #[cfg(CONFIG_USERFAULTFD)]
    vm_userfaultfd_ctx: |of| (*of.child).vm_userfaultfd_ctx.ctx => 0;
    #[cfg(CONFIG_NUMA)]
    vm_policy: |of| of.policy_is_right() => true;
    #[cfg(CONFIG_NUMA_BALANCING)]
    numab_state: |of| (*of.child).numab_state => 0;
});

impl VmaCopy {
    /// Returns whether the parent has all of these flags.
    fn parent_has(&self, wanted: usize) -> bool {
        // SAFETY: The VMA is valid by the type's invariants.
        unsafe { flags(self.parent) & wanted == wanted }
    }

    /// A child's VMA is not locked. Nor is it watched: if its parent's userfaultfd asks for events,
    /// the child gets one of its own, which `uffd.rs` has closed by now.
    fn flags_wanted(&self) -> usize {
        // SAFETY: The VMA is valid by the type's invariants.
        unsafe { flags(self.parent) & !(VM_LOCKED_MASK | __VM_UFFD_FLAGS) }
    }

    /// Writes to shared memory are noticed as long as userfaultfd protects it.
    fn prot_is_right(&self) -> bool {
        // SAFETY: Both are valid by the type's invariants.
        let (of_child, of_parent) =
            unsafe { ((*self.child).vm_page_prot, (*self.parent).vm_page_prot) };

        self.parent_has(VM_SHARED | VM_UFFD_WP) || of_child.pgprot == of_parent.pgprot
    }

    fn has_anon(&self) -> bool {
        // SAFETY: The VMA is valid by the type's invariants.
        !unsafe { (*self.parent).anon_vma }.is_null() && !self.parent_has(VM_WIPEONFORK)
    }

    /// Those of the parent, for its pages, and one for its own, unless that is one of them.
    fn links_wanted(&self) -> usize {
        if !self.has_anon() {
            return 0;
        }
        // SAFETY: Both are valid by the type's invariants.
        unsafe {
            let own = (*self.child).anon_vma;

            anon_vmas(self.parent).count()
                + usize::from(!anon_vmas(self.parent).any(|anon| anon == own))
        }
    }

    /// Its own, in the tree of the parent's, or one that the parent has left to it.
    fn anon_is_right(&self) -> bool {
        // SAFETY: Both are valid by the type's invariants.
        let (anon, of_parent) = unsafe { ((*self.child).anon_vma, (*self.parent).anon_vma) };
        // SAFETY: As above.
        let has_link_to = |wanted| unsafe { anon_vmas(self.child) }.any(|anon| anon == wanted);

        if !self.has_anon() {
            return anon.is_null();
        }
        // SAFETY: An anon_vma of a VMA is valid as long as that is.
        let in_tree = || unsafe { (*anon).root == (*of_parent).root };

        is_own(anon, of_parent) && in_tree() && has_link_to(anon) && has_link_to(of_parent)
    }

    /// Returns whether rmap finds the child's VMA by the file of the parent's.
    fn is_mapped(&self) -> bool {
        // SAFETY: Both are valid by the type's invariants, and the parent's has a file.
        unsafe { !(*self.parent).vm_file.is_null() && fork_fail_is_mapped(self.child, self.parent) }
    }

    /// hugetlb keeps reservations there, which are not inherited, or a lock of each VMA.
    fn private_data_is_right(&self) -> bool {
        // SAFETY: Both are valid by the type's invariants.
        let (of_child, of_parent, child_flags) = unsafe {
            (
                (*self.child).vm_private_data,
                (*self.parent).vm_private_data,
                flags(self.child),
            )
        };

        if !self.parent_has(VM_HUGETLB) {
            return of_child == of_parent;
        }
        of_child.is_null() || (child_flags & VM_MAYSHARE != 0 && of_child != of_parent)
    }

    #[cfg(CONFIG_NUMA)]
    fn policy_is_right(&self) -> bool {
        // SAFETY: Both are valid by the type's invariants, and so are their policies.
        unsafe {
            let (of_child, of_parent) = ((*self.child).vm_policy, (*self.parent).vm_policy);

            if of_parent.is_null() {
                return of_child.is_null();
            }
            of_child != of_parent && mpol_equal(of_child, of_parent)
        }
    }
}
