// SPDX-License-Identifier: GPL-2.0
/* Mistakes with an mm and those that are told what happens to it */

#include "mistakes/mistakes.h"

static void miscount_pages(struct vm_area_struct *vma)
{
	world.parent->rss--;
}

static void miscount_tables(struct vm_area_struct *vma)
{
	world.parent->pgtables++;
}

static void leave_table(struct vm_area_struct *vma)
{
	world.parent->nr_tables++;
}

static void free_full_tree(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();

	mm->mm_mt.ma_root = vma;
	mmdrop(mm);
}

static void free_locked(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();

	mmap_write_lock(mm);
	mmdrop(mm);
	world.locks_held--;
}

static void free_gathering(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	mmdrop(mm);
}

static void drop_twice(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();

	atomic_set(&mm->mm_count, 0);
	mmdrop(mm);
	atomic_set(&mm->mm_count, 1);
	mmdrop(mm);
}

static void end_uprobes_twice(struct vm_area_struct *vma)
{
	uprobe_end_dup_mmap();
	uprobe_start_dup_mmap();
}

static void leave_uprobes(struct vm_area_struct *vma)
{
	uprobe_start_dup_mmap();
}

static void tell(struct vm_area_struct *vma, struct mm_struct *mm, unsigned long end)
{
	struct mmu_notifier_range range;
	unsigned long start = 0;

	mmu_notifier_range_init(&range, MMU_NOTIFY_UNMAP, 0, mm, start, end);
	mmu_notifier_invalidate_range_start(&range);
	hugetlb_zap_begin(vma, &start, &end);
	mmu_notifier_invalidate_range_end(&range);
}

static void tell_too_much(struct vm_area_struct *vma)
{
	tell(vma, world.parent, PAGE_SIZE);
}

static void zap_another(struct vm_area_struct *vma)
{
	tell(vma, NULL, ULONG_MAX);
}

static void tell_end_twice(struct vm_area_struct *vma)
{
	struct mmu_notifier_range range;

	mmu_notifier_range_init(&range, MMU_NOTIFY_PROTECTION_PAGE, 0, world.parent, 0, PAGE_SIZE);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	mmu_notifier_invalidate_range_end(&range);
	world.invalidations = 0;
}

static void tell_no_end(struct vm_area_struct *vma)
{
	struct mmu_notifier_range range;

	mmu_notifier_range_init(&range, MMU_NOTIFY_PROTECTION_PAGE, 0, world.parent, 0, PAGE_SIZE);
	mmu_notifier_invalidate_range_start(&range);
}

const struct mistake fork_mm_mistakes[] = {
	MISTAKE(miscount_pages, "pages by its count"),
	MISTAKE(miscount_tables, "page tables by its count"),
	MISTAKE(leave_table, "page tables left"),
	MISTAKE(free_full_tree, "freed with something in its tree"),
	MISTAKE(free_locked, "an mm is freed with its lock held"),
	MISTAKE(free_gathering, "freed before tlb_finish_mmu()"),
	MISTAKE(drop_twice, "mmdrop() of an mm without references"),
	MISTAKE(end_uprobes_twice, "uprobe_end_dup_mmap() twice"),
	MISTAKE(leave_uprobes, "uprobe_end_dup_mmap() was not called"),
	MISTAKE(tell_too_much, "told of another range"),
	MISTAKE(zap_another, "hugetlb_zap_begin() of another mm"),
	MISTAKE(tell_end_twice, "mmu_notifier_invalidate_range_end() twice"),
	MISTAKE(tell_no_end, "mmu_notifier_invalidate_range_end() was not called"),
	NO_MORE_MISTAKES,
};
