// SPDX-License-Identifier: GPL-2.0
/* Mistakes of tasks that can be preempted */

#include "mistakes/mistakes.h"

static u32 choose_any(void *context, const struct fork_op *ops)
{
	u32 i;

	for (i = 0; i < FORK_TASKS; i++)
		if (ops[i].enabled)
			return i;
	return 0;
}

static void run(void (*body)(u32 how), enum fork_walker how)
{
	fork_start_task(FORK_TASK_FIRST, body, how);
	fork_start_task(FORK_TASK_SECOND, body, FORK_WALK_NOT);
	fork_explore_begin(choose_any, NULL);
	fork_explore_end();
	world.rcu_depth = 0;
}

static void only_lock(u32 how)
{
	rcu_read_lock();
}

static void end_in_rcu(struct vm_area_struct *vma)
{
	run(only_lock, FORK_WALK_PUT);
}

static void lock_vma(enum fork_walker how)
{
	run(fork_visit, how);
}

static void fault_on_another(struct vm_area_struct *vma)
{
	fork_replace_first(lock_vma, FORK_WALK_VMA_LOCK);
}

static void use_freed(struct vm_area_struct *vma)
{
	void *object = malloc(1);

	fork_bury(object, 1);
	fork_may_use(object, "an object");
	fork_empty_graves();
}

const struct mistake fork_task_mistakes[] = {
	MISTAKE(end_in_rcu, "a task ends with rcu_read_lock() held"),
	MISTAKE(fault_on_another, "of another thread does not find the VMA"),
	MISTAKE(use_freed, "an object is used after it was freed, without rcu_read_lock()"),
	NO_MORE_MISTAKES,
};
