/* SPDX-License-Identifier: GPL-2.0 */
/* CUSTOMISED: tells whether a lock is held, see linux/rwsem.h. */
#ifndef _FORK_LOCKDEP_H
#define _FORK_LOCKDEP_H

#include <linux/types.h>

/* For the maple tree to check its external lock, the mmap_lock */
#define CONFIG_LOCKDEP

struct lockdep_map {
	int readers;
	bool writer;
};

static inline bool lock_is_held(const struct lockdep_map *map)
{
	return map->readers || map->writer;
}

/* 0 is for write, as in the kernel. */
static inline bool lock_is_held_type(const struct lockdep_map *map, int read)
{
	return read ? map->readers : map->writer;
}

/* Maple trees with a lock of their own; that lock is not modelled. */
#define lockdep_is_held(lock)	((void)(lock), true)

#endif /* _FORK_LOCKDEP_H */
