// SPDX-License-Identifier: GPL-2.0
/*
 * Failures that are no allocations: a limit that is reached, a lock that a killed
 * task does not wait for, a pool that is empty.
 */

#include <linux/binfmts.h>
#include <linux/completion.h>
#include <linux/hugetlb.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/security.h>

#include "shim.h"

/* How much a CPU adds up by itself before it tells the others; returns the old value. */
static int set_batch(int batch)
{
#ifdef CONFIG_SMP
	swap(vm_committed_as_batch, batch);
#endif
	return batch;
}

static struct {
	int policy;
	int batch;
	long taken;
} commit;

/*
 * Strict overcommit from here on, with so many pages left that @mm may commit.
 * Exact, as the counter adds up at once.
 */
int fork_fail_commit_only(struct mm_struct *mm, unsigned long pages)
{
	long step;

	commit.policy = sysctl_overcommit_memory;
	commit.batch = set_batch(1);
	commit.taken = 0;
	sysctl_overcommit_memory = OVERCOMMIT_NEVER;
	percpu_counter_sync(&vm_committed_as);

	/* Take all that there is, and give that much back. */
	for (step = BIT(30); step; step /= 2) {
		while (percpu_counter_read_positive(&vm_committed_as) + step < vm_commit_limit() &&
		       !security_vm_enough_memory_mm(mm, step))
			commit.taken += step;
	}
	if (commit.taken < (long)pages)
		return -ENOMEM;
	vm_unacct_memory(pages);
	commit.taken -= pages;
	return 0;
}

void fork_fail_commit_again(void)
{
	sysctl_overcommit_memory = commit.policy;
	set_batch(commit.batch);
	vm_unacct_memory(commit.taken);
}

static struct {
	struct mm_struct *mm;
	struct task_struct *task;
	struct completion held;
	struct completion release;
} holder;

static int hold_lock(void *unused)
{
	mmap_read_lock(holder.mm);
	complete(&holder.held);
	wait_for_completion(&holder.release);
	mmap_read_unlock(holder.mm);
	return 0;
}

/* Another task reads the address space of @mm, and takes its time. */
int fork_fail_lock_hold(struct mm_struct *mm)
{
	holder.mm = mm;
	init_completion(&holder.held);
	init_completion(&holder.release);
	holder.task = kthread_run(hold_lock, NULL, "fork_fail_holder");
	if (IS_ERR(holder.task))
		return PTR_ERR(holder.task);
	get_task_struct(holder.task);
	wait_for_completion(&holder.held);
	return 0;
}

void fork_fail_lock_release(void)
{
	complete(&holder.release);
	kthread_stop_put(holder.task);
}

#ifdef CONFIG_HUGETLB_PAGE

static struct folio *taken_huge[32];
static unsigned int nr_taken;

/* Takes all free huge pages out of the pool but @leave. */
void fork_fail_huge_take(unsigned long leave)
{
	struct hstate *h = &default_hstate;
	struct folio *folio;

	while (nr_taken < ARRAY_SIZE(taken_huge) &&
	       h->free_huge_pages > h->resv_huge_pages + leave) {
		folio = alloc_hugetlb_folio_nodemask(h, numa_node_id(), NULL,
						     htlb_alloc_mask(h), true);
		if (!folio)
			break;
		taken_huge[nr_taken++] = folio;
	}
}

void fork_fail_huge_give_back(void)
{
	while (nr_taken)
		folio_put(taken_huge[--nr_taken]);
}

#else

void fork_fail_huge_take(unsigned long leave) {}
void fork_fail_huge_give_back(void) {}

#endif

#ifdef CONFIG_MODULES

/* The module of a binary format, which is on its way out */
static struct module leaving_module = { .state = MODULE_STATE_GOING };
static struct linux_binfmt leaving_binfmt = { .module = &leaving_module };

/* A fork of @mm fails when all of it has been copied. */
void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves)
{
	mm->binfmt = leaves ? &leaving_binfmt : NULL;
}

#else

void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves) {}

#endif
