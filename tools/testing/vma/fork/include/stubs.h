/* SPDX-License-Identifier: GPL-2.0 */
/*
 * STUBBED: functions that do nothing.  The tests do not depend on them.
 */
#ifndef _FORK_STUBS_H
#define _FORK_STUBS_H

#include <linux/export.h>

#define __init
#define __latent_entropy
#define VISIBLE_IF_KUNIT

static inline void uprobe_clear_state(struct mm_struct *mm)
{
}

static inline void flush_cache_mm(struct mm_struct *mm)
{
}

static inline void khugepaged_exit(struct mm_struct *mm)
{
}

static inline void exit_aio(struct mm_struct *mm)
{
}

static inline void mm_put_huge_zero_folio(struct mm_struct *mm)
{
}

static inline void lru_gen_del_mm(struct mm_struct *mm)
{
}

static inline void futex_hash_free(struct mm_struct *mm)
{
}

static inline void mm_init_owner(struct mm_struct *mm, struct task_struct *task)
{
}

static inline bool try_module_get(struct module *module)
{
	return true;
}

static inline void module_put(struct module *module)
{
}

static inline void mmu_notifier_release(struct mm_struct *mm)
{
}

static inline void arch_exit_mmap(struct mm_struct *mm)
{
}

static inline void trace_exit_mmap(struct mm_struct *mm)
{
}

static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return mm->rss;
}

static inline void hugetlb_zap_end(struct vm_area_struct *vma, struct zap_details *details)
{
}

static inline void tlb_change_page_size(struct mmu_gather *tlb, unsigned int size)
{
}

static inline void raw_write_seqcount_begin(unsigned int *seq)
{
	++*seq;
}

static inline void raw_write_seqcount_end(unsigned int *seq)
{
	++*seq;
}

static inline bool is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* There are no huge entries, and no swapped ones. */
static inline bool is_swap_pmd(pmd_t pmd)
{
	return false;
}

static inline bool pmd_trans_huge(pmd_t pmd)
{
	return false;
}

static inline bool pud_trans_huge(pud_t pud)
{
	return false;
}

static inline int copy_huge_pmd(struct mm_struct *dst_mm, struct mm_struct *src_mm,
				pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr,
				struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	return 0;
}

static inline int copy_huge_pud(struct mm_struct *dst_mm, struct mm_struct *src_mm,
				pud_t *dst_pud, pud_t *src_pud, unsigned long addr,
				struct vm_area_struct *vma)
{
	return 0;
}

static inline void fork_update_hiwater_rss(struct mm_struct *mm)
{
	mm->hiwater_rss = max_t(unsigned long, mm->hiwater_rss, mm->rss);
}

/* CUSTOMISED: an operation of a task, see task.c */
static inline bool fork_dec_and_test(atomic_t *counter, const char *name)
{
	fork_op(FORK_OP_WRITE, counter, name);
	return atomic_dec_and_test(counter);
}

#define atomic_dec_and_test(counter)	fork_dec_and_test(counter, #counter)

/* CUSTOMISED: not empty, as vma_internal.h has them */
#define flush_dcache_mmap_lock		fork_dcache_lock
#define flush_dcache_mmap_unlock	fork_dcache_unlock
#define update_hiwater_rss		fork_update_hiwater_rss

#endif /* _FORK_STUBS_H */
