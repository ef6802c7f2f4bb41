// SPDX-License-Identifier: GPL-2.0
/* Mistakes with page tables, pages and the TLB */

#include "mistakes/mistakes.h"

static void free_table(bool early, bool full)
{
	struct mmu_gather tlb = { .mm = world.parent, .vmas_freed = !early };
	pte_t *table = fork_alloc(FORK_SITE_PTE, PTRS_PER_TABLE * sizeof(*table));

	if (full)
		table[0].page = (struct page *)table;
	pte_free_tlb(&tlb, table, 0);
	fork_free(FORK_SITE_PTE, table);
}

static void free_table_early(struct vm_area_struct *vma)
{
	free_table(true, false);
}

static void free_full_table(struct vm_area_struct *vma)
{
	free_table(false, true);
}

static void free_range(unsigned long addr, unsigned long end, unsigned long floor,
		       unsigned long ceiling)
{
	struct mmu_gather tlb = { .mm = world.parent, .fullmm = true };

	mmap_read_lock(world.parent);
	fork_check_pgd_range(&tlb, addr, end, floor, ceiling);
	mmap_read_unlock(world.parent);
}

static void free_below_floor(struct vm_area_struct *vma)
{
	free_range(vma->vm_start, vma->vm_end, vma->vm_end, TASK_SIZE);
}

static void free_above_ceiling(struct vm_area_struct *vma)
{
	free_range(vma->vm_start, vma->vm_end, 0, vma->vm_start);
}

static void free_another_range(struct vm_area_struct *vma)
{
	free_range(vma->vm_start, vma->vm_end + PAGE_SIZE, 0, TASK_SIZE);
}

/* It has no pages. */
static void copy(struct vm_area_struct *to, struct vm_area_struct *vma, bool flushed)
{
	world.cache_flushed = flushed;
	mmap_write_lock(world.parent);
	copy_hugetlb_page_range(world.parent, world.parent, to, vma);
	mmap_write_unlock(world.parent);
	world.cache_flushed = false;
}

static void copy_unflushed(struct vm_area_struct *vma)
{
	copy(vma, vma, false);
}

static void copy_to_itself(struct vm_area_struct *vma)
{
	copy(vma, vma, true);
}

static void copy_to_detached(struct vm_area_struct *vma)
{
	struct vm_area_struct *to = vm_area_alloc(world.parent);

	copy(to, vma, true);
	vm_area_free(to);
}

/* Nothing, in @vma, as if for @mm */
static void unmap(struct vm_area_struct *vma, struct mm_struct *mm)
{
	struct mmu_gather tlb;

	mmap_read_lock(mm);
	tlb_gather_mmu(&tlb, mm);
	__unmap_hugepage_range(&tlb, vma, vma->vm_start, vma->vm_start, NULL, 0);
	tlb_finish_mmu(&tlb);
	mmap_read_unlock(mm);
}

static void unmap_another(struct vm_area_struct *vma)
{
	struct mm_struct *mm = fork_new_mm();

	unmap(vma, mm);
	mmdrop(mm);
}

static void unmap_ungathered(struct vm_area_struct *vma)
{
	struct mmu_gather tlb = { .mm = world.parent };

	mmap_read_lock(world.parent);
	__unmap_hugepage_range(&tlb, vma, vma->vm_start, vma->vm_start, NULL, 0);
	mmap_read_unlock(world.parent);
}

static void unmap_without_hiwater(struct vm_area_struct *vma)
{
	world.parent->rss++;
	unmap(vma, world.parent);
	world.parent->rss--;
}

static void unmap_untold(struct vm_area_struct *vma)
{
	update_hiwater_rss(world.parent);
	unmap(vma, world.parent);
}

static void gather_twice(struct vm_area_struct *vma)
{
	struct mmu_gather tlb, again;

	tlb_gather_mmu(&tlb, world.parent);
	tlb_gather_mmu(&again, world.parent);
	tlb_finish_mmu(&tlb);
}

static void finish_twice(struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, world.parent);
	tlb_finish_mmu(&tlb);
	tlb_finish_mmu(&tlb);
}

static void free_without_oom_skip(struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	mmap_read_lock(world.parent);
	tlb_gather_mmu_fullmm(&tlb, world.parent);
	tlb_finish_mmu(&tlb);
	mmap_read_unlock(world.parent);
}

const struct mistake fork_table_mistakes[] = {
	MISTAKE(free_table_early, "freed before tlb_free_vmas()"),
	MISTAKE(free_full_table, "freed, but not empty"),
	MISTAKE(free_below_floor, "the floor or the ceiling"),
	MISTAKE(free_above_ceiling, "the floor or the ceiling"),
	MISTAKE(free_another_range, "another range than that of near"),
	MISTAKE(copy_unflushed, "copied before flush_cache_dup_mm()"),
	MISTAKE(copy_to_itself, "a VMA is copied into its own mm"),
	MISTAKE(copy_to_detached, "into a VMA that is not attached"),
	MISTAKE(unmap_another, "the pages of another mm are unmapped"),
	MISTAKE(unmap_ungathered, "unmapped without tlb_gather_mmu()"),
	MISTAKE(unmap_without_hiwater, "unmapped before update_hiwater_rss()"),
	MISTAKE(unmap_untold, "not told of"),
	MISTAKE(gather_twice, "tlb_gather_mmu() twice"),
	MISTAKE(finish_twice, "tlb_finish_mmu() without tlb_gather_mmu()"),
	MISTAKE(free_without_oom_skip, "the OOM killer may wait"),
	NO_MORE_MISTAKES,
};
