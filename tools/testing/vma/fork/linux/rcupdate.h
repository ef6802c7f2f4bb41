/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: there is one CPU.  The harness says when a grace period ends.  The
 * lock that rcu_dereference_protected() and the like name is checked.
 */
#ifndef _FORK_RCUPDATE_H
#define _FORK_RCUPDATE_H

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

extern __thread struct lockdep_map rcu_callback_map;

void fork_rcu_lock(void);
void fork_rcu_unlock(void);
bool fork_rcu_held(void);
void fork_call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *));
void fork_rcu_unprotected(const char *file, int line, const char *cond);

#define rcu_read_lock()		fork_rcu_lock()
#define rcu_read_unlock()	fork_rcu_unlock()
#define call_rcu(head, func)	fork_call_rcu(head, func)

#define rcu_dereference_protected(p, cond)				\
({									\
	if (unlikely(!(cond)))						\
		fork_rcu_unprotected(__FILE__, __LINE__, #cond);	\
	(p);								\
})
#define rcu_dereference_check(p, cond)	\
	rcu_dereference_protected(p, (cond) || fork_rcu_held())
#define rcu_dereference(p)		rcu_dereference_check(p, false)
#define rcu_dereference_raw(p)		(p)
#define rcu_assign_pointer(p, v)	((p) = (v))
#define RCU_INIT_POINTER(p, v)		((p) = (v))

#endif /* _FORK_RCUPDATE_H */
