// SPDX-License-Identifier: GPL-2.0

//! Readings: values that a failed fork must not change, each with its name for messages.

use super::{
    abort::threads,
    memcg,
    mm::{
        anon_vmas,
        flags,
        mappings,
        pages,
        range,
        ReadLock, //
    },
    parent::Parent,
    settings,
    shim::*,
    swap,
    uffd,
    user::is_attached, //
};
use core::ptr::{
    addr_of_mut,
    null,
    NonNull, //
};
use kernel::{
    c_str,
    prelude::*,
    str::CStr, //
};

/// Room for readings; each of the tables has fewer.
const MAX_READINGS: usize = 40;

/// A value that must not change.
#[derive(Clone, Copy)]
struct Reading {
    name: &'static str,
    value: isize,
}

/// The readings of one table: of the kernel, of a VMA, of the slab caches, or of settings.
pub(crate) struct Readings {
    all: [Reading; MAX_READINGS],
    nr: usize,
}

/// Makes readings of lines `name => value`. The values are unsafe code.
macro_rules! readings {
    ($($name:literal => $value:expr,)*) => {
        Readings::new(&[$(Reading { name: $name, value: $value.value() },)*])
    };
}

/// Returns a value that takes a pointer, or 0 if that is null.
macro_rules! if_any {
    ($ptr:ident, $value:expr) => {
        if $ptr.is_null() {
            0
        } else {
            $value.value()
        }
    };
}

impl Readings {
    fn new(table: &[Reading]) -> Self {
        let mut all = [Reading { name: "", value: 0 }; MAX_READINGS];

        all[..table.len()].copy_from_slice(table);
        Self {
            all,
            nr: table.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Reading> {
        self.all.iter().take(self.nr)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.iter().map(|reading| reading.name)
    }

    /// Returns the first reading that differs: its name, and the values before and after.
    pub(crate) fn difference(&self, after: &Self) -> Option<(&'static str, isize, isize)> {
        if self.nr != after.nr {
            return Some(("number of readings", self.nr as isize, after.nr as isize));
        }
        self.iter()
            .zip(after.iter())
            .find(|(before, after)| before.value != after.value)
            .map(|(before, after)| (before.name, before.value, after.value))
    }

    /// Those of the parent's mm, and of the kernel.
    pub(crate) fn of_global(parent: &Parent) -> Self {
        let mm = parent.mm();
        // SAFETY: The parent's mm is valid.
        let exe_file = unsafe { fields!(mm).exe_file };
        let (huge_free, huge_reserved) = settings::huge_pages();

        // SAFETY: The parent's mm is valid; the rest are the kernel's counters.
        unsafe {
            readings! {
                "parent's mm_users" => read_once!(fields!(mm).mm_users.counter),
                "parent's mm_count" => read_once!(fields!(mm).__bindgen_anon_1.mm_count.counter),
                "parent's flags" => fork_fail_flags(mm),
                "parent's map_count" => fields!(mm).map_count,
                "parent's total_vm" => fields!(mm).total_vm,
                "parent's data_vm" => fields!(mm).data_vm,
                "parent's exec_vm" => fields!(mm).exec_vm,
                "parent's stack_vm" => fields!(mm).stack_vm,
                "parent's locked_vm" => fields!(mm).locked_vm,
                "parent's pinned_vm" => read_once!(fields!(mm).pinned_vm.counter),
                "parent's anonymous pages" => pages(mm, MM_ANONPAGES),
                "parent's file pages" => pages(mm, MM_FILEPAGES),
                "parent's shmem pages" => pages(mm, MM_SHMEMPAGES),
                "parent's swap entries" => pages(mm, MM_SWAPENTS),
                "parent's merged pages" => settings::merged_pages(mm),
                "parent's page tables" => read_once!(fields!(mm).pgtables_bytes.counter),
                "parent's program's references" => users(exe_file),
                "parent's lock" => rwsem_is_locked(&mut fields!(mm).mmap_lock),
                "parent's userfaultfd" => parent.is_changing(),
                "committed pages" => percpu_counter_sum(addr_of_mut!(vm_committed_as)),
                "anonymous pages mapped" => fork_fail_node_pages(node_stat_item_NR_ANON_MAPPED),
                "file pages mapped" => fork_fail_node_pages(node_stat_item_NR_FILE_MAPPED),
                "page table pages" => fork_fail_node_pages(node_stat_item_NR_PAGETABLE),
                "free swap pages" => fork_fail_free_swap_pages(),
                "free huge pages" => huge_free,
                "reserved huge pages" => huge_reserved,
                "driver's mappings" => read_once!(fork_fail_driver_mappings.counter),
                "kernel taint" => get_taint(),
                "lockdep's end" => debug_locks == 0,
            }
        }
    }

    /// Objects in use, named by their cache. This takes long, and finds no more than the leak table
    /// of the sweep, except for what was allocated before it.
    pub(crate) fn of_slabs() -> Self {
        readings! {
            "mm_struct" => objects_in_use(c_str!("mm_struct")),
            "vm_area_struct" => objects_in_use(c_str!("vm_area_struct")),
            "anon_vma" => objects_in_use(c_str!("anon_vma")),
            "anon_vma_chain" => objects_in_use(c_str!("anon_vma_chain")),
            "maple_node" => objects_in_use(c_str!("maple_node")),
            "numa_policy" => objects_in_use(c_str!("numa_policy")),
            "userfaultfd_ctx_cache" => objects_in_use(c_str!("userfaultfd_ctx_cache")),
        }
    }

    /// What a test must leave as it was when it ends, also if it aborts.
    pub(crate) fn of_settings() -> Self {
        // SAFETY: The kernel's settings, which can be read at any time.
        let (overcommit, swap_pages) =
            unsafe { (sysctl_overcommit_memory, fork_fail_swap_pages()) };

        readings! {
            "attached mm" => is_attached(),
            "threads" => threads(),
            "userfaultfds" => uffd::count(),
            "overcommit policy" => overcommit,
            "memory cgroup" => memcg::exists(),
            "huge pages in the pool" => settings::huge_pool_size(),
            "KSM's run" => settings::ksm_run(),
            "KSM's sleep_millisecs" => settings::ksm_sleep(),
            "pages of swap" => swap_pages,
            "node of the swap area" => swap::has_node(),
            "error of the RAM disk" => swap::disk_error(),
        }
    }

    /// Those of a VMA and of what it refers to; none if there is no VMA.
    pub(crate) fn of_vma(parent: &Parent, addr: usize) -> Self {
        // SAFETY: The parent's mm is valid.
        let lock = unsafe { ReadLock::of(parent.mm()) };

        match lock.vma(addr) {
            // SAFETY: The VMA is valid while the lock is held.
            Some(vma) => unsafe { Self::of_locked_vma(vma.as_ptr()) },
            None => Self::new(&[]),
        }
    }

    /// # Safety
    ///
    /// The VMA is valid, and its mm is locked.
    unsafe fn of_locked_vma(vma: *mut VmArea) -> Self {
        // SAFETY: The VMA is valid, and what it refers to.
        unsafe {
            let pages = fork_fail_pages_of(vma);
            let file = (*vma).vm_file;
            let anon = (*vma).anon_vma;
            let parents = if_any!(anon, (*anon).parent) as *mut anon_vma;
            let mapping = if_any!(file, (*file).f_mapping) as *mut address_space;

            readings! {
                "start" => range(vma).start,
                "end" => range(vma).end,
                "pgoff" => (*vma).vm_pgoff,
                "flags" => flags(vma),
                "operations" => (*vma).vm_ops,
                "private data" => (*vma).vm_private_data,
                "policy" => policy(vma),
                "policy's users" => policy_users(policy(vma)),
                "name's users" => name_users(vma),
                "anon_vma" => anon,
                "anon_vma's references" => if_any!(anon, read_once!((*anon).refcount.counter)),
                "anon_vma's children" => if_any!(anon, (*anon).num_children),
                "anon_vma's VMAs" => if_any!(anon, (*anon).num_active_vmas),
                "anon_vma's parent's references" =>
                    if_any!(parents, read_once!((*parents).refcount.counter)),
                "anon_vma's parent's children" => if_any!(parents, (*parents).num_children),
                "links to anon_vmas" => anon_vmas(vma).count(),
                "file" => file,
                "file's references" => users(file),
                "file's mappings" => mappings(file, null()),
                "file's writable mappings" =>
                    if_any!(mapping, read_once!((*mapping).i_mmap_writable.counter)),
                "pages" => pages.present,
                "writable pages" => pages.writable,
                "exclusive pages" => pages.exclusive,
                "watched pages" => pages.watched,
                "pages' references" => pages.references,
                "pages' mappings" => pages.mappings,
                "swapped pages" => pages.swapped,
                "swapped pages' users" => pages.swap_users,
                "other entries" => pages.other,
            }
        }
    }
}

/// Returns the references to a file, if there is one.
///
/// # Safety
///
/// The file is null or referenced.
unsafe fn users(file: *mut File) -> isize {
    // SAFETY: By the safety requirements.
    unsafe { if_any!(file, fork_fail_file_count(file)) }
}

/// Returns a VMA's policy, if it has one.
///
/// # Safety
///
/// The VMA is valid.
#[cfg(CONFIG_NUMA)]
unsafe fn policy(vma: *const VmArea) -> *const mempolicy {
    // SAFETY: By the safety requirements.
    unsafe { (*vma).vm_policy }
}

/// # Safety
///
/// None.
#[cfg(not(CONFIG_NUMA))]
unsafe fn policy(_: *const VmArea) -> *const mempolicy {
    null()
}

/// Returns the references to a policy, if there is one.
///
/// # Safety
///
/// It is null or valid.
unsafe fn policy_users(_policy: *const mempolicy) -> isize {
    #[cfg(CONFIG_NUMA)]
    // SAFETY: By the safety requirements.
    return unsafe { if_any!(_policy, read_once!((*_policy).refcnt.counter)) };
    #[cfg(not(CONFIG_NUMA))]
    0
}

/// Returns the references to a VMA's name, if it has one.
///
/// # Safety
///
/// The VMA is valid.
#[cfg(CONFIG_ANON_VMA_NAME)]
unsafe fn name_users(vma: *mut VmArea) -> isize {
    // SAFETY: By the safety requirements.
    unsafe {
        let name = anon_vma_name(vma);

        if_any!(name, read_once!((*name).kref.refcount.refs.counter))
    }
}

/// # Safety
///
/// None.
#[cfg(not(CONFIG_ANON_VMA_NAME))]
unsafe fn name_users(_: *mut VmArea) -> isize {
    0
}

/// Returns the slab cache of this name, if there is one.
pub(crate) fn slab_cache(name: &CStr) -> Result<NonNull<kmem_cache>> {
    // SAFETY: The name is a string.
    NonNull::new(unsafe { fork_fail_cache(name.as_char_ptr()) }).ok_or(ENOENT)
}

/// Returns how many objects of a slab cache are in use, or -1 if there is no such cache.
fn objects_in_use(name: &CStr) -> isize {
    match slab_cache(name) {
        // SAFETY: The cache is there, and none of these is ever destroyed.
        Ok(cache) => unsafe { fork_fail_objects_in_use(cache.as_ptr()) },
        Err(_) => -1,
    }
}
