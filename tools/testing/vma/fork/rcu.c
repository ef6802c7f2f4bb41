// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: RCU, with grace periods that end when the harness says so. */

#include "models.h"

__thread struct lockdep_map rcu_callback_map;

/* That the forking task reads is no operation: it does nothing else meanwhile. */
static void rcu_op(enum fork_op_kind kind)
{
	if (world.in_walker)
		fork_op(kind, &world.rcu, "RCU");
}

void fork_rcu_lock(void)
{
	rcu_op(FORK_OP_LOCK_READ);
	if (!world.rcu_depth++)
		fork_guard_graves();
}

void fork_rcu_unlock(void)
{
	rcu_op(FORK_OP_UNLOCK_READ);
	if (--world.rcu_depth < 0)
		fork_complain("rcu_read_unlock() without rcu_read_lock()");
	if (!world.rcu_depth)
		fork_guard_graves();
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
	fork_op(FORK_OP_READ, &world.rcu, "RCU");
	head->func = func;
	head->next = world.rcu;
	world.rcu = head;
}

/* Ends a grace period: calls all callbacks. */
void fork_grace_period(void)
{
	fork_close_graves();
	rcu_callback_map.writer = true;
	while (world.rcu) {
		struct rcu_head *head = world.rcu;

		world.rcu = head->next;
		head->func(head);
	}
	rcu_callback_map.writer = false;
}
