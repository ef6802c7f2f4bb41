/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CUSTOMISED: one thread runs everything, so a lock that can't be had would
 * never be.  That, and the release of what isn't held, is complained about.
 * Each operation is an event at which a walker may run, see walker.c.
 */
#ifndef _FORK_RWSEM_H
#define _FORK_RWSEM_H

#include <linux/lockdep.h>

struct rw_semaphore {
	struct lockdep_map dep_map;
	/* What an event is called */
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

/* Where the nesting is of no interest */
#define down_write_nest_lock(sem, nest_lock)	((void)(nest_lock), down_write(sem))

#endif /* _FORK_RWSEM_H */
