/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: one thread runs everything, so waiting for a lock would be a deadlock.
 * That is an error, and so is unlocking a lock that is not held.  Each operation is
 * an event at which a walker may run, see walker.c.
 */
#ifndef _FORK_RWSEM_H
#define _FORK_RWSEM_H

#include <linux/lockdep.h>

struct rw_semaphore {
	struct lockdep_map dep_map;
	/* The name of the lock in a schedule */
	const char *name;
};

void init_rwsem(struct rw_semaphore *sem);
void down_read(struct rw_semaphore *sem);
bool down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return lock_is_held(&sem->dep_map);
}

/* Nesting is not checked. */
#define down_write_nest_lock(sem, nest_lock)	((void)(nest_lock), down_write(sem))

#endif /* _FORK_RWSEM_H */
