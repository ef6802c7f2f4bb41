/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUPLICATED: as dup.h, but what needs to know the VMA of the VMA tests.
 */
#ifndef _FORK_DUP_OFFSETS_H
#define _FORK_DUP_OFFSETS_H

static inline unsigned long vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

/* As vma_set_range() of mm/vma.c, which wants anonymous VMAs to have their usual offsets. */
static inline void fork_set_range(struct vm_area_struct *vma, unsigned long start,
				  unsigned long end, pgoff_t pgoff)
{
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
#ifdef CONFIG_64BIT
	vma->__vm_anon_pgoff_hi = pgoff >> 32;
#endif
	vma->__vm_anon_pgoff_lo = pgoff;
}

#endif /* _FORK_DUP_OFFSETS_H */
