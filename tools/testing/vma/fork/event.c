// SPDX-License-Identifier: GPL-2.0
/* CUSTOMISED: time.  It passes by events: operations on locks. */

#include "models.h"

static void log_event(const char *what, const struct rw_semaphore *sem)
{
	struct fork_event *event;

	if (world.nr_events == world.max_events) {
		world.max_events = world.max_events ? 2 * world.max_events : 64;
		world.events = realloc(world.events, world.max_events * sizeof(*event));
	}
	event = &world.events[world.nr_events++];
	event->what = what;
	event->lock = sem->name;
	event->owner = world.parent && sem == &world.parent->mmap_lock ? 1 :
		       world.child && sem == &world.child->mmap_lock ? 2 : 0;
	event->walker = 0;
}

/* The forking task calls this before it takes a lock, and after it has dropped one. */
void fork_event(const char *what, const struct rw_semaphore *sem)
{
	u8 done;

	if (!world.running || world.in_walker)
		return;
	world.result.events++;
	if (world.log_events)
		log_event(what, sem);
	done = world.at_event(world.result.events);
	if (world.log_events)
		world.events[world.nr_events - 1].walker = done;
}
