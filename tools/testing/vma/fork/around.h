/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: what is checked where functions of the code under test call each other,
 * see "via" in sources/.  code.c includes it after these functions.
 */
#ifndef _FORK_AROUND_H
#define _FORK_AROUND_H

/* Keeps the error: dup_mm() only asks whether there is one. */
static int fork_dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	int error = dup_mmap(mm, oldmm);

	world.result.error = -error;
	return error;
}

/* Whether one call frees the page tables of both VMAs, which are neighbours */
static bool gathered(struct vm_area_struct *vma, struct vm_area_struct *next)
{
#ifdef FORK_HUGETLB_APART
	if (is_vm_hugetlb_page(vma) || is_vm_hugetlb_page(next))
		return false;
#endif
	return next->vm_start <= vma->vm_end + PMD_SIZE;
}

static struct vm_area_struct *next_of(struct ma_state *mas, struct mm_struct *mm)
{
	struct vm_area_struct *vma = mas_find(mas, ULONG_MAX);

	/* Above the copies are VMAs of the parent. */
	return vma && !xa_is_zero(vma) && vma->vm_mm == mm ? vma : NULL;
}

/* A range is that of a VMA and all that are gathered with it. */
static bool is_gathered(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	struct vm_area_struct *vma, *next;
	struct ma_state mas;

	mas_init(&mas, &mm->mm_mt, addr);
	vma = next_of(&mas, mm);
	if (!vma || vma->vm_start != addr)
		return false;
	for (next = next_of(&mas, mm); next && gathered(vma, next); next = next_of(&mas, mm))
		vma = next;
	return vma->vm_end == end;
}

void fork_check_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
			  unsigned long floor, unsigned long ceiling)
{
	bool whole = tlb->fullmm || tlb->mm == world.child;

	if (addr < floor || end - 1 > ceiling - 1 ||
	    ceiling - 1 > USER_PGTABLES_CEILING - 1)
		fork_complain("page tables are freed beyond the floor or the ceiling");
	if (fork_checks && whole && !is_gathered(tlb->mm, addr, end))
		fork_complain("page tables are freed of another range than that of near VMAs");
}

static void fork_free_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
				unsigned long floor, unsigned long ceiling)
{
	fork_check_pgd_range(tlb, addr, end, floor, ceiling);
	free_pgd_range(tlb, addr, end, floor, ceiling);
}

#endif /* _FORK_AROUND_H */
