/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DUPLICATED: as dup.h, but what needs to know the VMA of the VMA tests.
 */
#ifndef _FORK_DUP_VMA_H
#define _FORK_DUP_VMA_H

static inline unsigned long vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}

static inline void vma_set_range(struct vm_area_struct *vma, unsigned long start,
				 unsigned long end, pgoff_t pgoff)
{
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
}

#endif /* _FORK_DUP_VMA_H */
