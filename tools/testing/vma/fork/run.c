// SPDX-License-Identifier: GPL-2.0
/* Forks by a plan. */

#include "code.h"
#include "models.h"
#include "run.h"

/* Checks what must be true after each fork. */
void fork_check_idle(void)
{
	if (world.locks_held)
		fork_complain("%d locks are still held", world.locks_held);
	if (world.rcu_depth)
		fork_complain("rcu_read_lock() is still held");
	if (world.dup_mmaps)
		fork_complain("uprobe_end_dup_mmap() was not called");
	if (world.invalidations)
		fork_complain("mmu_notifier_invalidate_range_end() was not called");
	world.locks_held = 0;
	world.rcu_depth = 0;
	world.dup_mmaps = 0;
	world.invalidations = 0;
	world.unmapping = NULL;
	world.freed_vmas = 0;
}

static void begin(const struct fork_plan *plan)
{
	memset(&world.result, 0, sizeof(world.result));
	world.plan = *plan;
	world.nr_events = 0;
	world.unlocked_once = false;
	world.cache_flushed = false;
	world.parent_tlb_stale = false;
	world.child = NULL;
	world.published = NULL;
	world.got = NULL;
	memset(world.got_by, 0, sizeof(world.got_by));
	world.page_anon = NULL;
	world.at_event = fork_walk_at;
	world.running = true;
}

static void end(struct mm_struct *child, struct fork_result *result)
{
	world.running = false;
	world.child = child;
	world.result.succeeded = child;
	memset(&world.plan, 0, sizeof(world.plan));
	fork_grace_period();
	fork_empty_graves();
	memset(world.reading, 0, sizeof(world.reading));
	fork_check_idle();
	*result = world.result;
}

void fork_run(const struct fork_plan *plan, struct fork_result *result)
{
	struct mm_struct *child;

	begin(plan);
	child = fork_dup_mm();
	fork_walk_after();
	end(child, result);
}

void fork_explore(const struct fork_plan *plan, struct fork_result *result,
		  u32 (*choose)(void *context, const struct fork_op *ops), void *context)
{
	struct mm_struct *child;

	begin(plan);
	world.end_grace = fork_grace_period;
	fork_start_task(FORK_TASK_FIRST, fork_visit, plan->tasks[0]);
	fork_start_task(FORK_TASK_SECOND, fork_visit, plan->tasks[1]);
	fork_explore_begin(choose, context);
	child = fork_dup_mm();
	fork_explore_end();
	end(child, result);
}

void fork_child_put(void)
{
	struct mm_struct *child = world.child;

	world.child = NULL;
	mmput(child);
	fork_grace_period();
	fork_check_idle();
}

size_t fork_points(u8 *sites, size_t max)
{
	size_t nr = world.result.points;

	if (max)
		memcpy(sites, world.points, min(nr, max));
	return nr;
}

void fork_log_events(bool on)
{
	world.log_events = on;
}

size_t fork_events(struct fork_event *events, size_t max)
{
	if (max)
		memcpy(events, world.events, min(world.nr_events, max) * sizeof(*events));
	return world.nr_events;
}
