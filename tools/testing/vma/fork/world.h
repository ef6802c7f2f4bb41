/* SPDX-License-Identifier: GPL-2.0 */
/* The world: all state of the models, one for each thread */
#ifndef _FORK_WORLD_H
#define _FORK_WORLD_H

#include "kernel.h"
#include "fork.h"

struct fork_world {
	struct mm_struct *parent;
	struct mm_struct *grandparent;
	struct mm_struct *child;
	struct vm_area_struct **vmas;	/* the parent's */
	struct anon_vma **anon;		/* theirs, or none */
	size_t nr;
	struct task_struct task;
	struct file *file;
	struct file *shmem;
	struct userfaultfd_ctx *uffd;
	struct mm_struct *published;	/* by a driver's open() */
	long committed;

	/* The present run */
	bool running;
	struct fork_plan plan;
	struct fork_result result;
	bool in_walker;
	struct mm_struct *got;		/* by the walker, with a reference */
	struct mm_struct *met;		/* by its last walk of rmap */
	bool unlocked_once;
	bool parent_tlb_stale;		/* pages were write-protected, and no flush since */

	long live[FORK_SITES];
	struct rcu_head *rcu;
	int rcu_depth;			/* of the task that runs */

	/* What was freed to caches whose memory stays for a grace period */
	struct fork_grave {
		void *object;
		size_t size;
		bool gone;		/* the grace period is over */
	} *graves;
	size_t nr_graves, max_graves;

	/* Tasks, while they are explored: see task.c */
	bool exploring;
	u32 turn;			/* of the task that runs */
	struct vm_area_struct *reading[FORK_TASKS];	/* VMAs locked for read */
	struct mm_struct *got_by[FORK_TASKS];	/* the child, with a reference */
	struct anon_vma *page_anon;	/* where rmap is for a page of the child */
	void (*end_grace)(void);
	int locks_held;
	int dup_mmaps;			/* uprobe_start_dup_mmap() */
	int invalidations;		/* of mmu notifiers */
	const struct mmu_notifier_range *unmapping;
	unsigned long unmapped_end;
	int freed_vmas;			/* since cond_resched() */
	bool cache_flushed;		/* flush_cache_dup_mm() */

	u8 *points;
	size_t max_points;
	struct fork_event *events;
	size_t nr_events, max_events;
	bool log_events;
	/* What other tasks do at an event; returns what to log of it. */
	u8 (*at_event)(unsigned int now);

	unsigned int complaints;
	char complaint[400];
	/* A part of what a mistake has to cause, and the number of the place that said it */
	const char *expected;
	size_t noticed_by;
};

extern __thread struct fork_world world;

/* In benchmarks, leave out checks that walk all VMAs: they would be measured, too. */
#ifdef FORK_BENCH
#define fork_checks	false
#else
#define fork_checks	true
#endif

#endif /* _FORK_WORLD_H */
