// SPDX-License-Identifier: GPL-2.0
/*
 * What a fork has to make of an mm and of its VMAs: tables of the fields that need
 * not be as in the parent, each with what it is and what it has to be.  All other
 * bytes are compared, so that a field that is new in the kernel has to be copied or
 * to be listed here.
 */

#include <linux/binfmts.h>
#include <linux/cpumask.h>
#include <linux/ksm.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/userfaultfd_k.h>

#include "../../../internal.h"
#include "shim.h"

#define FIELD(type, field, is, want) {					\
	.name = #field,							\
	.offset = offsetof(struct type, field),				\
	.size = sizeof_field(struct type, field),			\
	.is_value = (long)(is),						\
	.wanted = (long)(want),						\
}

#define MM(field, is, want)	FIELD(mm_struct, field, is, want)
#define VMA(field, is, want)	FIELD(vm_area_struct, field, is, want)

/* Set anew, to what says nothing by itself */
#define MM_ANY(field)		MM(field, 0, 0)

/* Nothing is there but padding; lockdep may have a field of its own. */
#define VMA_PADDING(from, to) {						\
	.name = "padding",						\
	.offset = (from),						\
	.size = (to) - (from),						\
}

static unsigned int copy_fields(struct fork_fail_field *out, unsigned int max,
				const struct fork_fail_field *all, unsigned int nr)
{
	if (WARN_ON_ONCE(nr > max))
		return 0;
	memcpy(out, all, nr * sizeof(*all));
	return nr;
}

/* Sums over the VMAs of an mm */
struct sums {
	unsigned long vmas;
	unsigned long total;
	unsigned long data;
	unsigned long exec;
	unsigned long stack;
};

static struct sums sum_up(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	struct sums sums = {};

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		unsigned long pages = vma_pages(vma);

		sums.vmas++;
		sums.total += pages;
		sums.data += is_data_mapping(vma->vm_flags) ? pages : 0;
		sums.exec += is_exec_mapping(vma->vm_flags) ? pages : 0;
		sums.stack += is_stack_mapping(vma->vm_flags) ? pages : 0;
	}
	mmap_read_unlock(mm);
	return sums;
}

/* Whoever has put the mm on a list says so by a flag, and has a reference. */
#define LISTED	(BIT(MMF_VM_MERGEABLE) | BIT(MMF_VM_HUGEPAGE))

static unsigned long flags_of(const struct mm_struct *mm)
{
	/* Says that the mm has ever used what its parent may not have had to. */
	return *__mm_flags_get_bitmap(mm) & ~BIT(MMF_HUGE_ZERO_FOLIO);
}

/* KSM and khugepaged do without the child if there is no memory to list it. */
static unsigned long flags_wanted(const struct mm_struct *child,
				  const struct mm_struct *parent, unsigned int how)
{
	unsigned long listed = flags_of(parent) & LISTED;

	if (how & FORK_FAIL_DID_WITHOUT)
		listed &= flags_of(child);
	return mmf_init_legacy_flags(flags_of(parent)) | listed;
}

/*
 * References by mmgrab(): all users together, and whoever has listed it.  khugepaged
 * sets its flag also if it could not.
 */
static long count_wanted(const struct mm_struct *child, unsigned int how)
{
	long is = atomic_read(&child->mm_count);
	long most = 1 + hweight_long(flags_of(child) & LISTED);

	return how & FORK_FAIL_DID_WITHOUT ? clamp(is, 1, most) : most;
}

/* Tells the fields of @child, which is a copy of @parent.  @how is FORK_FAIL_*. */
unsigned int fork_fail_mm_fields(struct mm_struct *child, struct mm_struct *parent,
				 unsigned int how, struct fork_fail_field *out,
				 unsigned int max)
{
	const bool whole = how & FORK_FAIL_WHOLE;
	const struct sums sums = sum_up(child);
	const struct fork_fail_field all[] = {
		MM(mm_count, atomic_read(&child->mm_count), count_wanted(child, how)),
		MM(mm_users, atomic_read(&child->mm_users), 1),
		MM(mm_mt, child->mm_mt.ma_flags & ~MT_FLAGS_HEIGHT_MASK, MM_MT_FLAGS),
		MM(pgd, child->pgd && child->pgd != parent->pgd, 1),
		MM(map_count, child->map_count, sums.vmas),
		MM_ANY(page_table_lock),
		MM(mmap_lock, rwsem_is_locked(&child->mmap_lock), 0),
		/* With entries in the swap area, swapoff() has to find the mm. */
		MM(mmlist, !list_empty(&child->mmlist),
		   get_mm_counter_sum(child, MM_SWAPENTS) > 0),
		/* check_mm() compares these with the pages at the end of the child. */
		MM_ANY(pgtables_bytes),
		MM_ANY(rss_stat),
		MM(hiwater_rss, child->hiwater_rss, whole ? get_mm_rss(child) : 0),
		MM(hiwater_vm, child->hiwater_vm, whole ? sums.total : 0),
		MM(total_vm, child->total_vm, sums.total),
		MM(data_vm, child->data_vm, sums.data),
		MM(exec_vm, child->exec_vm, sums.exec),
		MM(stack_vm, child->stack_vm, sums.stack),
		MM(locked_vm, child->locked_vm, 0),
		MM(pinned_vm, atomic64_read(&child->pinned_vm), 0),
		MM(def_flags, child->def_flags, parent->def_flags & VM_INIT_DEF_MASK),
		MM(write_protect_seq, child->write_protect_seq.sequence, 0),
		MM_ANY(arg_lock),
		MM(flags, flags_of(child), flags_wanted(child, parent, how)),
		MM(tlb_flush_pending, atomic_read(&child->tlb_flush_pending), 0),
		/* Of the architecture, which makes a new one */
		MM_ANY(context),
		MM_ANY(uprobes_state),
		MM(exe_file, (long)rcu_access_pointer(child->exe_file),
		   (long)rcu_access_pointer(parent->exe_file)),
		/* It has run nowhere.  This is beyond what the structure has of itself. */
		{
			.name = "cpu_bitmap",
			.offset = sizeof(struct mm_struct),
			.is_value = !cpumask_empty(mm_cpumask(child)),
		},
#ifdef CONFIG_SCHED_MM_CID
		/* Of the scheduler, which makes new ones */
		MM_ANY(pcpu_cid),
		MM_ANY(nr_cpus_allowed),
		MM_ANY(max_nr_cid),
		MM_ANY(cpus_allowed_lock),
#endif
#ifdef CONFIG_PER_VMA_LOCK
		MM_ANY(vma_writer_wait),
		MM(mm_lock_seq, child->mm_lock_seq.sequence & 1, 0),
#endif
#ifdef CONFIG_FUTEX_PRIVATE_HASH
		MM(futex_hash_lock, mutex_is_locked(&child->futex_hash_lock), 0),
		MM(futex_phash, (long)rcu_access_pointer(child->futex_phash), 0),
		MM(futex_phash_new, (long)child->futex_phash_new, 0),
		MM_ANY(futex_batches),
		MM(futex_atomic, atomic_long_read(&child->futex_atomic), 0),
		MM(futex_ref, (long)child->futex_ref, 0),
#endif
#ifdef CONFIG_AIO
		MM_ANY(ioctx_lock),
		MM(ioctx_table, (long)rcu_access_pointer(child->ioctx_table), 0),
#endif
#ifdef CONFIG_MEMCG
		MM(owner, (long)rcu_access_pointer(child->owner), (long)current),
#endif
#ifdef CONFIG_MMU_NOTIFIER
		MM(notifier_subscriptions, (long)child->notifier_subscriptions, 0),
#endif
#if defined(CONFIG_TRANSPARENT_HUGEPAGE) && !defined(CONFIG_SPLIT_PMD_PTLOCKS)
		MM_ANY(pmd_huge_pte),
#endif
#ifdef CONFIG_ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH
		/* Copied, and other CPUs may have flushed the parent's since. */
		MM_ANY(tlb_flush_batched),
#endif
#ifdef CONFIG_HUGETLB_PAGE
		/* As many as pages were copied; shared ones are not. */
		MM_ANY(hugetlb_usage),
#endif
#ifdef CONFIG_IOMMU_MM_DATA
		MM(iommu_mm, (long)child->iommu_mm, 0),
#endif
#ifdef CONFIG_KSM
		/* Merging begins anew if it was asked for, else there is nothing to count. */
		MM(ksm_merging_pages, child->ksm_merging_pages, 0),
		MM(ksm_rmap_items, child->ksm_rmap_items, 0),
#endif
#ifdef CONFIG_LRU_GEN_WALKS_MMU
		MM(lru_gen, !list_empty(&child->lru_gen.list), 0),
#endif
#ifdef CONFIG_MM_ID
		MM(mm_id, child->mm_id != parent->mm_id, 1),
#endif
	};

	return copy_fields(out, max, all, ARRAY_SIZE(all));
}

/* The VMA at @addr, or NULL */
struct vm_area_struct *fork_fail_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	mmap_read_unlock(mm);
	return vma;
}

/*
 * A child's VMA is not locked.  Nor is it watched: if its parent's userfaultfd asks
 * for events, the child gets one of its own, which uffd.c has closed by now.
 */
static unsigned long vma_flags_wanted(const struct vm_area_struct *parent)
{
	return parent->vm_flags & ~(VM_LOCKED_MASK | __VM_UFFD_FLAGS);
}

/* Writes to shared memory are noticed as long as userfaultfd protects it. */
static bool prot_is_right(const struct vm_area_struct *child,
			  const struct vm_area_struct *parent)
{
	if ((parent->vm_flags & (VM_SHARED | VM_UFFD_WP)) == (VM_SHARED | VM_UFFD_WP))
		return true;
	return pgprot_val(child->vm_page_prot) == pgprot_val(parent->vm_page_prot);
}

static unsigned long links_to_anon(const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *avc;
	unsigned long n = 0;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma)
		n++;
	return n;
}

static bool has_link_to(const struct vm_area_struct *vma, const struct anon_vma *anon)
{
	const struct anon_vma_chain *avc;

	list_for_each_entry(avc, &vma->anon_vma_chain, same_vma) {
		if (avc->anon_vma == anon)
			return true;
	}
	return false;
}

static bool has_anon(const struct vm_area_struct *parent)
{
	return parent->anon_vma && !(parent->vm_flags & VM_WIPEONFORK);
}

/* Those of the parent, for its pages, and one for its own, unless that is one of them */
static unsigned long links_wanted(const struct vm_area_struct *child,
				  const struct vm_area_struct *parent)
{
	if (!has_anon(parent))
		return 0;
	return links_to_anon(parent) + !has_link_to(parent, child->anon_vma);
}

/* Its own, in the tree of the parent's, or one that the parent has left to it */
static bool anon_is_right(const struct vm_area_struct *child,
			  const struct vm_area_struct *parent)
{
	const struct anon_vma *anon = child->anon_vma;

	if (!has_anon(parent))
		return !anon;
	return anon && anon != parent->anon_vma && anon->root == parent->anon_vma->root &&
	       has_link_to(child, anon) && has_link_to(child, parent->anon_vma);
}

/* Whether rmap finds the child's VMA by the file of the parent's */
static bool is_linked(const struct vm_area_struct *child,
		      const struct vm_area_struct *parent)
{
	struct vm_area_struct *found;
	struct address_space *mapping;
	bool linked = false;

	if (!parent->vm_file)
		return false;
	mapping = parent->vm_file->f_mapping;
	i_mmap_lock_read(mapping);
	vma_interval_tree_foreach(found, &mapping->i_mmap, parent->vm_pgoff, parent->vm_pgoff)
		linked |= found == child;
	i_mmap_unlock_read(mapping);
	return linked;
}

/* hugetlb keeps reservations there, which are not inherited, or a lock of each VMA. */
static bool private_data_is_right(const struct vm_area_struct *child,
				  const struct vm_area_struct *parent)
{
	if (!(parent->vm_flags & VM_HUGETLB))
		return child->vm_private_data == parent->vm_private_data;
	return !child->vm_private_data ||
	       (child->vm_flags & VM_MAYSHARE &&
		child->vm_private_data != parent->vm_private_data);
}

#ifdef CONFIG_NUMA
static bool policy_is_right(const struct vm_area_struct *child,
			    const struct vm_area_struct *parent)
{
	if (!parent->vm_policy)
		return !child->vm_policy;
	return child->vm_policy != parent->vm_policy &&
	       mpol_equal(child->vm_policy, parent->vm_policy);
}
#endif

/* What is before the lock, and at the end, with padding after it */
#ifdef CONFIG_NUMA_BALANCING
#define END_BEFORE_LOCK	offsetofend(struct vm_area_struct, numab_state)
#elif defined(CONFIG_NUMA)
#define END_BEFORE_LOCK	offsetofend(struct vm_area_struct, vm_policy)
#elif defined(CONFIG_SWAP)
#define END_BEFORE_LOCK	offsetofend(struct vm_area_struct, swap_readahead_info)
#else
#define END_BEFORE_LOCK	offsetofend(struct vm_area_struct, vm_private_data)
#endif

#ifdef __HAVE_PFNMAP_TRACKING
#define END_OF_LAST	offsetofend(struct vm_area_struct, pfnmap_track_ctx)
#else
#define END_OF_LAST	offsetofend(struct vm_area_struct, vm_userfaultfd_ctx)
#endif

/* Tells the fields of @child, which is in @mm, as the copy of @parent. */
unsigned int fork_fail_vma_fields(struct vm_area_struct *child, struct mm_struct *mm,
				  struct vm_area_struct *parent,
				  struct fork_fail_field *out, unsigned int max)
{
	const struct fork_fail_field all[] = {
		VMA(vm_mm, (long)child->vm_mm, (long)mm),
		VMA(vm_page_prot, prot_is_right(child, parent), 1),
		VMA(vm_flags, child->vm_flags, vma_flags_wanted(parent)),
		VMA(anon_vma_chain, links_to_anon(child), links_wanted(child, parent)),
		VMA(anon_vma, anon_is_right(child, parent), 1),
		VMA(vm_private_data, private_data_is_right(child, parent), 1),
		VMA(shared, is_linked(child, parent), !!parent->vm_file),
#ifdef CONFIG_USERFAULTFD
		VMA(vm_userfaultfd_ctx, (long)child->vm_userfaultfd_ctx.ctx, 0),
#endif
#ifdef CONFIG_NUMA
		VMA(vm_policy, policy_is_right(child, parent), 1),
#endif
#ifdef CONFIG_NUMA_BALANCING
		VMA(numab_state, (long)child->numab_state, 0),
#endif
#ifdef CONFIG_PER_VMA_LOCK
		/* In the tree, and nobody holds its lock, for read or for write. */
		VMA(vm_refcnt, refcount_read(&child->vm_refcnt), 1),
		VMA(vm_lock_seq, child->vm_lock_seq == mm->mm_lock_seq.sequence, 0),
		VMA_PADDING(offsetofend(struct vm_area_struct, vm_lock_seq),
			    offsetof(struct vm_area_struct, anon_vma_chain)),
		VMA_PADDING(END_BEFORE_LOCK, offsetof(struct vm_area_struct, vm_refcnt)),
		VMA_PADDING(offsetofend(struct vm_area_struct, vm_refcnt),
			    offsetof(struct vm_area_struct, shared)),
		VMA_PADDING(END_OF_LAST, sizeof(struct vm_area_struct)),
#endif
	};

	return copy_fields(out, max, all, ARRAY_SIZE(all));
}

/*
 * Gives the mm, which is to be forked, values that tell whether a fork has copied
 * them, or set them anew.  Nothing relies on them in an mm without a process.
 */
int fork_fail_mark(struct mm_struct *mm, struct file *exe_file)
{
	static struct linux_binfmt binfmt;
	unsigned int i;

	mm->start_code = 1;
	mm->end_code = 2;
	mm->start_data = 3;
	mm->end_data = 4;
	mm->start_brk = 5;
	mm->brk = 6;
	mm->start_stack = 7;
	mm->arg_start = 8;
	mm->arg_end = 9;
	mm->env_start = 10;
	mm->env_end = 11;
	for (i = 0; i < AT_VECTOR_SIZE; i++)
		mm->saved_auxv[i] = 100 + i;
	mm->binfmt = &binfmt;
	mm->hiwater_rss = BIT(20);
	mm->hiwater_vm = BIT(21);
	mm->locked_vm += 12;
	atomic64_set(&mm->pinned_vm, 13);
	/* Not VM_LOCKED: what is mapped later is not to be there at once. */
	mm->def_flags = VM_LOCKONFAULT | VM_INIT_DEF_MASK;
	mm_flags_set(MMF_DUMP_MAPPED_SHARED, mm);
	mm_flags_set(MMF_MULTIPROCESS, mm);
	return set_mm_exe_file(mm, exe_file);
}
