// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test of the readings in read.c: corrupt each value and check that the
 * comparison reports it.
 *
 * Some values cannot be corrupted and restored without harm, and are left out: a
 * VMA's anon_vma, file, policy and operations; links in trees and lists; lockdep
 * turned off; taint.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "../../../internal.h"
#include "../../../slab.h"
#include "shim.h"

/* @by is 1 to change the value, and -1 to change it back. */
#define DISTURB(name, what)						\
	static void name(struct mm_struct *mm, struct vm_area_struct *vma, int by) \
	{								\
		what;							\
	}

DISTURB(users, by > 0 ? mmget(mm) : mmput(mm))
DISTURB(count, by > 0 ? mmgrab(mm) : mmdrop(mm))
DISTURB(flags, by > 0 ? mm_flags_set(MMF_UNSTABLE, mm) : mm_flags_clear(MMF_UNSTABLE, mm))
DISTURB(map_count, mm->map_count += by)
DISTURB(total_vm, mm->total_vm += by)
DISTURB(data_vm, mm->data_vm += by)
DISTURB(exec_vm, mm->exec_vm += by)
DISTURB(stack_vm, mm->stack_vm += by)
DISTURB(locked_vm, mm->locked_vm += by)
DISTURB(pinned_vm, atomic64_add(by, &mm->pinned_vm))
DISTURB(anon_pages, add_mm_counter(mm, MM_ANONPAGES, by))
DISTURB(file_pages, add_mm_counter(mm, MM_FILEPAGES, by))
DISTURB(shmem_pages, add_mm_counter(mm, MM_SHMEMPAGES, by))
DISTURB(swap_entries, add_mm_counter(mm, MM_SWAPENTS, by))
DISTURB(tables, by > 0 ? mm_inc_nr_ptes(mm) : mm_dec_nr_ptes(mm))
DISTURB(program, by > 0 ? (void)get_file(rcu_access_pointer(mm->exe_file)) :
	fput(rcu_access_pointer(mm->exe_file)))
DISTURB(lock, by > 0 ? (void)fork_fail_lock_hold(mm) : fork_fail_lock_release())
DISTURB(committed, vm_acct_memory(by))
DISTURB(anon_mapped, mod_node_page_state(NODE_DATA(first_online_node), NR_ANON_MAPPED, by))
DISTURB(file_mapped, mod_node_page_state(NODE_DATA(first_online_node), NR_FILE_MAPPED, by))
DISTURB(table_pages, mod_node_page_state(NODE_DATA(first_online_node), NR_PAGETABLE, by))
DISTURB(swap_pages, atomic_long_add(by, &nr_swap_pages))
DISTURB(driver, fork_fail_driver_disturb(by))
DISTURB(pgoff, vma->vm_pgoff += by)
DISTURB(vma_flags, ACCESS_PRIVATE(vma, __vm_flags) ^= VM_SEQ_READ)
DISTURB(anon_refs, by > 0 ? get_anon_vma(vma->anon_vma) : put_anon_vma(vma->anon_vma))
DISTURB(anon_children, vma->anon_vma->num_children += by)
DISTURB(anon_vmas, vma->anon_vma->num_active_vmas += by)
DISTURB(file_refs, by > 0 ? (void)get_file(vma->vm_file) : fput(vma->vm_file))
DISTURB(writable, by > 0 ? mapping_allow_writable(vma->vm_file->f_mapping) :
	mapping_unmap_writable(vma->vm_file->f_mapping))

#ifdef CONFIG_HUGETLB_PAGE
DISTURB(huge_free, default_hstate.free_huge_pages += by)
DISTURB(huge_reserved, default_hstate.resv_huge_pages += by)
#endif

/* An extra reference to a page of the VMA */
static void page_refs(struct mm_struct *mm, struct vm_area_struct *vma, int by)
{
	static struct page *page;

	if (by > 0 && get_user_pages_unlocked(vma->vm_start, 1, &page, 0) != 1)
		page = NULL;
	if (by < 0 && page)
		put_page(page);
}

static const struct {
	const char *reading;
	void (*disturb)(struct mm_struct *mm, struct vm_area_struct *vma, int by);
} disturbances[] = {
	{ "parent's mm_users", users },
	{ "parent's mm_count", count },
	{ "parent's flags", flags },
	{ "parent's map_count", map_count },
	{ "parent's total_vm", total_vm },
	{ "parent's data_vm", data_vm },
	{ "parent's exec_vm", exec_vm },
	{ "parent's stack_vm", stack_vm },
	{ "parent's locked_vm", locked_vm },
	{ "parent's pinned_vm", pinned_vm },
	{ "parent's anonymous pages", anon_pages },
	{ "parent's file pages", file_pages },
	{ "parent's shmem pages", shmem_pages },
	{ "parent's swap entries", swap_entries },
	{ "parent's page tables", tables },
	{ "parent's program's references", program },
	{ "parent's lock", lock },
	{ "committed pages", committed },
	{ "anonymous pages mapped", anon_mapped },
	{ "file pages mapped", file_mapped },
	{ "page table pages", table_pages },
	{ "free swap pages", swap_pages },
	{ "driver's mappings", driver },
#ifdef CONFIG_HUGETLB_PAGE
	{ "free huge pages", huge_free },
	{ "reserved huge pages", huge_reserved },
#endif
	{ "pgoff", pgoff },
	{ "flags", vma_flags },
	{ "anon_vma's references", anon_refs },
	{ "anon_vma's children", anon_children },
	{ "anon_vma's VMAs", anon_vmas },
	{ "file's references", file_refs },
	{ "file's writable mappings", writable },
	{ "pages' references", page_refs },
};

/*
 * Makes the @nth change, counted from 0, to @mm and its VMA at @addr, or undoes it.
 * Returns the name of the reading that has to show it, or NULL if there are no more.
 */
const char *fork_fail_disturb(struct mm_struct *mm, unsigned long addr, unsigned int nth,
			      bool undo)
{
	struct vm_area_struct *vma;

	if (nth >= ARRAY_SIZE(disturbances))
		return NULL;
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	disturbances[nth].disturb(mm, vma, undo ? -1 : 1);
	return disturbances[nth].reading;
}

/* Allocates an object of the named cache, or frees the one allocated before. */
bool fork_fail_disturb_slab(const char *name, bool undo)
{
	static void *object;
	struct kmem_cache *s = fork_fail_cache(name);

	if (!s)
		return false;
	if (undo)
		kmem_cache_free(s, object);
	else
		object = kmem_cache_alloc(s, GFP_KERNEL);
	return object;
}
