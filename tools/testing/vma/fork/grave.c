// SPDX-License-Identifier: GPL-2.0
/*
 * CUSTOMISED: memory that stays for a grace period after it was freed, as that of
 * SLAB_TYPESAFE_BY_RCU caches.  Only who holds rcu_read_lock() may look at it.  It is
 * not used again meanwhile.
 */

#include "models.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
static inline void __asan_poison_memory_region(const void *addr, size_t size)
{
}

static inline void __asan_unpoison_memory_region(const void *addr, size_t size)
{
}
#endif

static void guard(const struct fork_grave *grave)
{
	if (world.rcu_depth && !grave->gone)
		__asan_unpoison_memory_region(grave->object, grave->size);
	else
		__asan_poison_memory_region(grave->object, grave->size);
}

/* Hides or shows what was freed, after who runs or its read section has changed. */
void fork_guard_graves(void)
{
	size_t i;

	for (i = 0; i < world.nr_graves; i++)
		guard(&world.graves[i]);
}

/* Takes the memory of an object until fork_empty_graves(). */
void fork_bury(void *object, size_t size)
{
	if (world.nr_graves == world.max_graves) {
		world.max_graves = world.max_graves ? 2 * world.max_graves : 16;
		world.graves = realloc(world.graves, world.max_graves * sizeof(*world.graves));
	}
	world.graves[world.nr_graves] = (struct fork_grave) { .object = object, .size = size };
	guard(&world.graves[world.nr_graves++]);
}

/* A grace period has ended: nobody may look at what was freed before. */
void fork_close_graves(void)
{
	size_t i;

	for (i = 0; i < world.nr_graves; i++)
		world.graves[i].gone = true;
	fork_guard_graves();
}

void fork_empty_graves(void)
{
	size_t i;

	for (i = 0; i < world.nr_graves; i++) {
		__asan_unpoison_memory_region(world.graves[i].object, world.graves[i].size);
		free(world.graves[i].object);
	}
	world.nr_graves = 0;
}

/* Whether the task that runs may look at an object, which complains if not. */
bool fork_may_use(const void *object, const char *what)
{
	size_t i;

	for (i = 0; i < world.nr_graves; i++) {
		const struct fork_grave *grave = &world.graves[i];

		if (grave->object != object || (world.rcu_depth && !grave->gone))
			continue;
		fork_complain("%s is used after it was freed%s", what,
			      grave->gone ? ", and a grace period" : ", without rcu_read_lock()");
		return false;
	}
	return true;
}
