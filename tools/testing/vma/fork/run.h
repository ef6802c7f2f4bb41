/* SPDX-License-Identifier: GPL-2.0 */
/* Between what builds, what forks, what walks meanwhile, and what maps */
#ifndef _FORK_RUN_H
#define _FORK_RUN_H

#include "world.h"

/* walker.c */
bool fork_walk_rmap(void);
void fork_walk_tree(struct mm_struct *mm, enum fork_walker how);
bool fork_walk_parent(void);
void fork_walk_avcs(struct anon_vma *anon);
u8 fork_walk_at(unsigned int now);
void fork_walk_after(void);

/* visit.c */
void fork_visit(u32 how);

/* build.c */
struct mm_struct *fork_new_mm(void);

/* run.c */
void fork_check_idle(void);

#endif /* _FORK_RUN_H */
