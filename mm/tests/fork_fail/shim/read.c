// SPDX-License-Identifier: GPL-2.0
/*
 * Readings: values that a failed fork must not change.  Each is a line of a table,
 * with its name for messages and its value.
 */

#include <linux/debug_locks.h>
#include <linux/file.h>
#include <linux/hugetlb.h>
#include <linux/mempolicy.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagewalk.h>
#include <linux/panic.h>
#include <linux/rcupdate.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/vmstat.h>

#include "../../../internal.h"
#include "../../../slab.h"
#include "shim.h"

/* Waits until everything is freed that is freed late, by RCU or by another task. */
void fork_fail_settle(void)
{
	fork_fail_uffd_settle();
	flush_delayed_fput();
	/* The per-CPU batches hold references to pages. */
	lru_add_drain_all();
	rcu_barrier();
	kvfree_rcu_barrier();
}

struct kmem_cache *fork_fail_cache(const char *name)
{
	struct kmem_cache *s, *found = NULL;

	mutex_lock(&slab_mutex);
	list_for_each_entry(s, &slab_caches, list) {
		if (!strcmp(s->name, name))
			found = s;
	}
	mutex_unlock(&slab_mutex);
	return found;
}

/*
 * How many objects of the named cache are in use.  The cache must never be
 * destroyed.  The number is exact: kmem_cache_shrink() flushes the per-CPU slabs.
 */
static long objects_in_use(const char *name)
{
	struct kmem_cache *s = fork_fail_cache(name);
	struct slabinfo info = {};

	if (!s)
		return -1;
	kmem_cache_shrink(s);
	mutex_lock(&slab_mutex);
	get_slabinfo(s, &info);
	mutex_unlock(&slab_mutex);
	return info.active_objs;
}

/* Exact: includes the per-CPU differences. */
static long node_pages(enum node_stat_item item)
{
	long pages = 0;
	int nid, cpu;

	for_each_online_node(nid) {
		pg_data_t *pgdat = NODE_DATA(nid);

		pages += atomic_long_read(&pgdat->vm_stat[item]);
		for_each_online_cpu(cpu) {
			struct per_cpu_nodestat *stat = per_cpu_ptr(pgdat->per_cpu_nodestats, cpu);

			pages += stat->vm_node_stat_diff[item];
		}
	}
	return pages;
}

unsigned int fork_fail_copy_readings(struct fork_fail_reading *out, unsigned int max,
				     const struct fork_fail_reading *all, unsigned int nr)
{
	if (WARN_ON_ONCE(nr > max))
		return 0;
	memcpy(out, all, nr * sizeof(*all));
	return nr;
}

static unsigned long huge_free(void)
{
#ifdef CONFIG_HUGETLB_PAGE
	return default_hstate.free_huge_pages;
#else
	return 0;
#endif
}

static unsigned long huge_reserved(void)
{
#ifdef CONFIG_HUGETLB_PAGE
	return default_hstate.resv_huge_pages;
#else
	return 0;
#endif
}

static unsigned long merged_pages(const struct mm_struct *mm)
{
#ifdef CONFIG_KSM
	return mm->ksm_merging_pages;
#else
	return 0;
#endif
}

static long exe_file_users(const struct mm_struct *mm)
{
	struct file *file = rcu_access_pointer(mm->exe_file);

	return file ? file_count(file) : 0;
}

unsigned int fork_fail_read(struct mm_struct *parent,
			    struct fork_fail_reading *out, unsigned int max)
{
	const struct fork_fail_reading all[] = {
		{ "parent's mm_users", atomic_read(&parent->mm_users) },
		{ "parent's mm_count", atomic_read(&parent->mm_count) },
		{ "parent's flags", bitmap_read(__mm_flags_get_bitmap(parent), 0, BITS_PER_LONG) },
		{ "parent's map_count", parent->map_count },
		{ "parent's total_vm", parent->total_vm },
		{ "parent's data_vm", parent->data_vm },
		{ "parent's exec_vm", parent->exec_vm },
		{ "parent's stack_vm", parent->stack_vm },
		{ "parent's locked_vm", parent->locked_vm },
		{ "parent's pinned_vm", atomic64_read(&parent->pinned_vm) },
		{ "parent's anonymous pages", get_mm_counter_sum(parent, MM_ANONPAGES) },
		{ "parent's file pages", get_mm_counter_sum(parent, MM_FILEPAGES) },
		{ "parent's shmem pages", get_mm_counter_sum(parent, MM_SHMEMPAGES) },
		{ "parent's swap entries", get_mm_counter_sum(parent, MM_SWAPENTS) },
		{ "parent's merged pages", merged_pages(parent) },
		{ "parent's page tables", mm_pgtables_bytes(parent) },
		{ "parent's program's references", exe_file_users(parent) },
		{ "parent's lock", rwsem_is_locked(&parent->mmap_lock) },
		{ "parent's userfaultfd", fork_fail_uffd_changing() },
		{ "committed pages", percpu_counter_sum(&vm_committed_as) },
		{ "anonymous pages mapped", node_pages(NR_ANON_MAPPED) },
		{ "file pages mapped", node_pages(NR_FILE_MAPPED) },
		{ "page table pages", node_pages(NR_PAGETABLE) },
		{ "free swap pages", get_nr_swap_pages() },
		{ "free huge pages", huge_free() },
		{ "reserved huge pages", huge_reserved() },
		{ "driver's mappings", fork_fail_driver_mappings() },
		{ "kernel taint", get_taint() },
		{ "lockdep's end", !debug_locks },
	};

	return fork_fail_copy_readings(out, max, all, ARRAY_SIZE(all));
}

/*
 * Objects in use, named by their cache.  This takes long, and finds no more than
 * the leak table of the sweep, except for what was allocated before it.
 */
unsigned int fork_fail_read_slabs(struct fork_fail_reading *out, unsigned int max)
{
	static const char * const caches[] = {
		"mm_struct",
		"vm_area_struct",
		"anon_vma",
		"anon_vma_chain",
		"maple_node",
		"numa_policy",
		"userfaultfd_ctx_cache",
	};
	struct fork_fail_reading all[ARRAY_SIZE(caches)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		all[i].name = caches[i];
		all[i].value = objects_in_use(caches[i]);
	}
	return fork_fail_copy_readings(out, max, all, ARRAY_SIZE(all));
}

/* Sums over the pages of a VMA */
struct pages {
	long present;
	long writable;
	long exclusive;
	long watched;
	long references;
	long mappings;
	long swapped;
	long swap_users;
	long other;
};

static void add_page(struct pages *sum, struct page *page, bool writable, bool watched)
{
	sum->present++;
	sum->writable += writable;
	sum->watched += watched;
	if (!page)
		return;
	sum->references += folio_ref_count(page_folio(page));
	sum->mappings += folio_mapcount(page_folio(page));
	sum->exclusive += PageAnon(page) && PageAnonExclusive(page);
}

static int add_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t entry = ptep_get(pte);
	struct pages *sum = walk->private;
	swp_entry_t swap;

	if (pte_none(entry))
		return 0;
	if (pte_present(entry)) {
		add_page(sum, vm_normal_page(walk->vma, addr, entry), pte_write(entry),
			 pte_uffd_wp(entry));
		return 0;
	}
	swap = pte_to_swp_entry(entry);
	if (non_swap_entry(swap)) {
		sum->other++;
	} else {
		sum->swapped++;
		sum->swap_users += swp_swapcount(swap);
	}
	return 0;
}

static int add_pmd(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_trans_huge_lock(pmd, walk->vma);

	if (!ptl)
		return 0;
	if (pmd_present(*pmd))
		add_page(walk->private, pmd_page(*pmd), pmd_write(*pmd), pmd_uffd_wp(*pmd));
	spin_unlock(ptl);
	walk->action = ACTION_CONTINUE;
	return 0;
}

static int add_huge(pte_t *pte, unsigned long mask, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	pte_t entry = ptep_get(pte);

	if (pte_present(entry))
		add_page(walk->private, pte_page(entry), pte_write(entry), pte_uffd_wp(entry));
	return 0;
}

static const struct mm_walk_ops add_ops = {
	.pmd_entry = add_pmd,
	.pte_entry = add_pte,
	.hugetlb_entry = add_huge,
	.walk_lock = PGWALK_RDLOCK,
};

static long links_of(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	long n = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

static long name_users(struct vm_area_struct *vma)
{
	struct anon_vma_name *name = anon_vma_name(vma);

#ifdef CONFIG_ANON_VMA_NAME
	return name ? kref_read(&name->kref) : 0;
#else
	return !!name;
#endif
}

static long policy_users(const struct vm_area_struct *vma)
{
#ifdef CONFIG_NUMA
	return vma->vm_policy ? atomic_read(&vma->vm_policy->refcnt) : 0;
#else
	return 0;
#endif
}

static unsigned int read_vma(struct vm_area_struct *vma,
			     struct fork_fail_reading *out, unsigned int max)
{
	const struct anon_vma *anon = vma->anon_vma;
	struct file *file = vma->vm_file;
	struct pages pages = {};

	/* Pages without a struct page (VM_PFNMAP) have no counts to add up. */
	walk_page_vma(vma, &add_ops, &pages);

	const struct fork_fail_reading all[] = {
		{ "start", vma->vm_start },
		{ "end", vma->vm_end },
		{ "pgoff", vma->vm_pgoff },
		{ "flags", vma->vm_flags },
		{ "operations", (long)vma->vm_ops },
		{ "private data", (long)vma->vm_private_data },
		{ "policy", (long)vma_policy(vma) },
		{ "policy's users", policy_users(vma) },
		{ "name's users", name_users(vma) },
		{ "anon_vma", (long)anon },
		{ "anon_vma's references", anon ? atomic_read(&anon->refcount) : 0 },
		{ "anon_vma's children", anon ? anon->num_children : 0 },
		{ "anon_vma's VMAs", anon ? anon->num_active_vmas : 0 },
		{ "anon_vma's parent's references",
		  anon ? atomic_read(&anon->parent->refcount) : 0 },
		{ "anon_vma's parent's children", anon ? anon->parent->num_children : 0 },
		{ "links to anon_vmas", links_of(vma) },
		{ "file", (long)file },
		{ "file's references", file ? file_count(file) : 0 },
		{ "file's mappings", file ? fork_fail_mappings(file->f_mapping, NULL) : 0 },
		{ "file's writable mappings",
		  file ? atomic_read(&file->f_mapping->i_mmap_writable) : 0 },
		{ "pages", pages.present },
		{ "writable pages", pages.writable },
		{ "exclusive pages", pages.exclusive },
		{ "watched pages", pages.watched },
		{ "pages' references", pages.references },
		{ "pages' mappings", pages.mappings },
		{ "swapped pages", pages.swapped },
		{ "swapped pages' users", pages.swap_users },
		{ "other entries", pages.other },
	};

	return fork_fail_copy_readings(out, max, all, ARRAY_SIZE(all));
}

/* Readings of the VMA at @addr and of what it refers to; none if there is no VMA */
unsigned int fork_fail_read_vma(struct mm_struct *parent, unsigned long addr,
				struct fork_fail_reading *out, unsigned int max)
{
	struct vm_area_struct *vma;
	unsigned int nr = 0;

	mmap_read_lock(parent);
	vma = vma_lookup(parent, addr);
	if (vma)
		nr = read_vma(vma, out, max);
	mmap_read_unlock(parent);
	return nr;
}
