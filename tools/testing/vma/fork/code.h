/* SPDX-License-Identifier: GPL-2.0 */
/* The code under test, for what is above it */
#ifndef _FORK_CODE_H
#define _FORK_CODE_H

#include "world.h"

/* code.c, around.h */
void fork_check_not_in_rcu(struct maple_tree *mt, const char *what);
void fork_check_pgd_range(struct mmu_gather *tlb, unsigned long addr, unsigned long end,
			  unsigned long floor, unsigned long ceiling);
void fork_code_init(void);
struct mm_struct *fork_dup_mm(void);
void unlink_anon_vmas(struct vm_area_struct *vma);
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
void mmput(struct mm_struct *mm);

#endif /* _FORK_CODE_H */
