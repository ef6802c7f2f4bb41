// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: RCU, with grace periods that end when the harness says so. */

#include "models.h"

__thread struct lockdep_map rcu_callback_map;

void fork_rcu_lock(void)
{
	world.rcu_depth++;
}

void fork_rcu_unlock(void)
{
	if (--world.rcu_depth < 0)
		fork_complain("rcu_read_unlock() without rcu_read_lock()");
}

bool fork_rcu_held(void)
{
	return world.rcu_depth;
}

void fork_rcu_unprotected(const char *file, int line, const char *cond)
{
	const char *name = strrchr(file, '/');

	fork_complain("%s:%d: a tree is read without %s", name ? name + 1 : file, line, cond);
}

void fork_call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
	head->func = func;
	head->next = world.rcu;
	world.rcu = head;
}

/* Ends a grace period: calls all callbacks. */
void fork_grace_period(void)
{
	rcu_callback_map.writer = true;
	while (world.rcu) {
		struct rcu_head *head = world.rcu;

		world.rcu = head->next;
		head->func(head);
	}
	rcu_callback_map.writer = false;
}
