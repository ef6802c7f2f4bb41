// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: what a run allocates and does not free.
 *
 * Objects are noted while the window is armed, and struck out when they are
 * freed, at any time, by anybody.  The table has a fixed size, taken before the
 * first window and kept: it must not allocate while it is in use.
 */

#include <linux/export.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/hardirq.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/workqueue.h>
#include <kunit/fault-hooks.h>

#include "fault-impl.h"

#define TRACK_BITS	16
#define TRACK_MAX	BIT(TRACK_BITS)
#define MOST_NAPS	3

struct tracked {
	struct hlist_node node;
	const void *object;
	unsigned long site;
};

struct track {
	struct hlist_head heads[TRACK_MAX];
	struct tracked pool[TRACK_MAX];
	struct hlist_head spare;
	unsigned int unused;		/* first of the pool never handed out */
	unsigned int count;
	unsigned int lost;
};

static DEFINE_RAW_SPINLOCK(track_lock);
static struct track *track;		/* once set, for ever */

static struct hlist_head *head_of(const void *object)
{
	return &track->heads[hash_ptr(object, TRACK_BITS)];
}

/* In the owner of the window */
int kunit_fault_track_start(void)
{
	struct track *new;

	if (track)
		return 0;
	new = kvzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	/* All CPUs look at it when they free, and must find it zeroed. */
	smp_store_release(&track, new);
	return 0;
}

static struct tracked *take_entry(void)
{
	struct tracked *entry;

	if (!hlist_empty(&track->spare)) {
		entry = hlist_entry(track->spare.first, struct tracked, node);
		hlist_del(&entry->node);
		return entry;
	}
	return track->unused < TRACK_MAX ? &track->pool[track->unused++] : NULL;
}

void kunit_fault_track_add(const void *object, unsigned long site)
{
	struct tracked *entry;
	unsigned long flags;

	raw_spin_lock_irqsave(&track_lock, flags);
	entry = take_entry();
	if (entry) {
		entry->object = object;
		entry->site = site;
		hlist_add_head(&entry->node, head_of(object));
		WRITE_ONCE(track->count, track->count + 1);
	} else {
		track->lost++;
	}
	raw_spin_unlock_irqrestore(&track_lock, flags);
}

/* With track_lock held */
static void give_back(struct tracked *entry)
{
	hlist_del(&entry->node);
	hlist_add_head(&entry->node, &track->spare);
	WRITE_ONCE(track->count, track->count - 1);
}

void __kunit_fault_untrack(const void *object)
{
	struct tracked *entry;
	unsigned long flags;

	/* Pairs with the release in kunit_fault_track_start(). */
	if (!READ_ONCE(track) || !READ_ONCE(track->count))
		return;
	/* It may have interrupted the holder: rather report a leak that is none. */
	if (in_nmi())
		return;
	raw_spin_lock_irqsave(&track_lock, flags);
	hlist_for_each_entry(entry, head_of(object), node) {
		if (entry->object == object) {
			give_back(entry);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&track_lock, flags);
}

/* Not by flush_workqueue(), which warns of whom waits for what others queue. */
static void flush_system_work(void)
{
	__flush_workqueue(system_percpu_wq);
	__flush_workqueue(system_dfl_wq);
}

/*
 * Free what waits for a worker or a grace period or in a batch, if that keeps it
 * alive.  What is freed may make other things wait, so go on while it helps.
 */
static void wait_for_frees(unsigned int naps)
{
	unsigned int before;

	do {
		before = READ_ONCE(track->count);
		if (READ_ONCE(track->count))
			flush_delayed_fput();	/* the last fput() of a kthread */
		if (READ_ONCE(track->count))
			lru_add_drain_all();
		if (READ_ONCE(track->count))
			rcu_barrier();
		if (READ_ONCE(track->count))
			kvfree_rcu_barrier();
		if (READ_ONCE(track->count))
			flush_system_work();
		/* There are other workers, and timers: what needs longer is a leak. */
		if (!before || READ_ONCE(track->count) < before)
			continue;
		if (!naps--)
			break;
		schedule_timeout_uninterruptible(HZ / 50);
	} while (READ_ONCE(track->count));
}

/* Report what is left, and forget it; waits longer if that is to be a leak */
void kunit_fault_track_end(struct kunit_fault_leak *leak, bool judged)
{
	struct tracked *entry;
	struct hlist_node *next;
	unsigned long flags;
	unsigned int i;

	*leak = (struct kunit_fault_leak) {};
	if (!track)
		return;
	wait_for_frees(judged ? MOST_NAPS : 0);

	raw_spin_lock_irqsave(&track_lock, flags);
	leak->count = track->count;
	leak->lost = track->lost;
	for (i = 0; track->count && i < TRACK_MAX; i++) {
		hlist_for_each_entry_safe(entry, next, &track->heads[i], node) {
			leak->site = entry->site;
			give_back(entry);
		}
	}
	track->lost = 0;
	raw_spin_unlock_irqrestore(&track_lock, flags);
}
EXPORT_SYMBOL_GPL(kunit_fault_track_end);
