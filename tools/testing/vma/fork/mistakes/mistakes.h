/* SPDX-License-Identifier: GPL-2.0 */
/* Mistakes on purpose: what a broken kernel would do to the models */
#ifndef _FORK_MISTAKES_H
#define _FORK_MISTAKES_H

#include "code.h"
#include "models.h"
#include "run.h"

struct mistake {
	struct fork_mistake what;
	/* Leaves the world so that it can still be freed. */
	void (*make)(struct vm_area_struct *vma);
};

#define MISTAKE(name_, words_)	{ { #name_, words_ }, name_ }
#define NO_MORE_MISTAKES	{ { NULL, NULL }, NULL }

/* As vmas[0], but not itself, while @f runs */
void fork_replace_first(void (*f)(enum fork_walker how), enum fork_walker how);

extern const struct mistake fork_memory_mistakes[], fork_lock_mistakes[], fork_rmap_mistakes[],
	fork_mm_mistakes[], fork_object_mistakes[], fork_table_mistakes[], fork_walker_mistakes[],
	fork_task_mistakes[];

#endif /* _FORK_MISTAKES_H */
