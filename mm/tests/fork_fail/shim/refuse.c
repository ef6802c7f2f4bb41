// SPDX-License-Identifier: GPL-2.0
/*
 * Failures other than of allocations: the commit limit is reached, a killed task
 * does not wait for a lock, the pool of huge pages is empty, a module is going.
 */

#include <linux/binfmts.h>
#include <linux/completion.h>
#include <linux/hugetlb.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "shim.h"
#include "undo.h"

/* Sets the batch of the per-CPU counter of committed memory.  Returns the old one. */
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

static void commit_again(void *unused)
{
	sysctl_overcommit_memory = commit.policy;
	set_batch(commit.batch);
	vm_unacct_memory(commit.taken);
}

/*
 * Refuses to overcommit, and leaves @pages that @mm may commit.  That is exact, as
 * the counter has a batch of 1.
 */
int fork_fail_commit_only(struct mm_struct *mm, unsigned long pages)
{
	long step;

	commit.policy = sysctl_overcommit_memory;
	commit.batch = set_batch(1);
	commit.taken = 0;
	sysctl_overcommit_memory = OVERCOMMIT_NEVER;
	percpu_counter_sync(&vm_committed_as);

	/* Commit all memory there is, then give @pages back. */
	for (step = BIT(30); step; step /= 2) {
		while (percpu_counter_read_positive(&vm_committed_as) + step < vm_commit_limit() &&
		       !security_vm_enough_memory_mm(mm, step))
			commit.taken += step;
	}
	if (commit.taken < (long)pages) {
		commit_again(NULL);
		return -ENOMEM;
	}
	vm_unacct_memory(pages);
	commit.taken -= pages;
	return fork_fail_undo_at_end(commit_again, NULL);
}

void fork_fail_commit_again(void)
{
	fork_fail_undo_now(commit_again, NULL);
}

static struct {
	struct mm_struct *mm;
	struct task_struct *task;
	struct completion held;
	struct completion release;
} holder;

static void release_lock(void *unused)
{
	complete(&holder.release);
	kthread_stop_put(holder.task);
}

static int hold_lock(void *unused)
{
	mmap_read_lock(holder.mm);
	complete(&holder.held);
	wait_for_completion(&holder.release);
	mmap_read_unlock(holder.mm);
	return 0;
}

/* Lets another task hold the mmap lock of @mm for reading. */
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
	return fork_fail_undo_at_end(release_lock, NULL);
}

void fork_fail_lock_release(void)
{
	fork_fail_undo_now(release_lock, NULL);
}

/* Lets this kthread, which no signal ends, look killed to what it calls. */
void fork_fail_set_killed(bool killed)
{
	guard(spinlock_irq)(&current->sighand->siglock);
	if (killed) {
		sigaddset(&current->pending.signal, SIGKILL);
		set_thread_flag(TIF_SIGPENDING);
	} else {
		sigdelset(&current->pending.signal, SIGKILL);
		recalc_sigpending();
	}
}

#ifdef CONFIG_HUGETLB_PAGE

/* Not a list: hugetlb has the folios on a list of its own, by ->lru. */
static struct folio *taken_huge[32];
static unsigned int nr_taken;

static void give_back_huge(void *unused)
{
	while (nr_taken)
		folio_put(taken_huge[--nr_taken]);
}

/* Allocates all free huge pages of the pool but @leave. */
int fork_fail_huge_take(unsigned long leave)
{
	struct hstate *h = &default_hstate;
	struct folio *folio;

	while (h->free_huge_pages > h->resv_huge_pages + leave) {
		if (nr_taken == ARRAY_SIZE(taken_huge)) {
			give_back_huge(NULL);
			return -E2BIG;
		}
		folio = alloc_hugetlb_folio_nodemask(h, numa_node_id(), NULL,
						     htlb_alloc_mask(h), true);
		if (!folio)
			break;
		taken_huge[nr_taken++] = folio;
	}
	return fork_fail_undo_at_end(give_back_huge, NULL);
}

void fork_fail_huge_give_back(void)
{
	fork_fail_undo_now(give_back_huge, NULL);
}

#else

int fork_fail_huge_take(unsigned long leave)
{
	return -EOPNOTSUPP;
}

void fork_fail_huge_give_back(void) {}

#endif

#ifdef CONFIG_MODULES

/*
 * The module of a binary format, which is being unloaded.  If a test aborts, its mm
 * still has the format when it ends, which drops a reference to the module.
 */
static struct module leaving_module = {
	.state = MODULE_STATE_GOING,
#ifdef CONFIG_MODULE_UNLOAD
	.refcnt = ATOMIC_INIT(INT_MAX / 2),
#endif
};

static struct linux_binfmt leaving_binfmt = { .module = &leaving_module };

/* Lets a fork of @mm fail after all has been copied, or stops that. */
void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves)
{
	mm->binfmt = leaves ? &leaving_binfmt : NULL;
}

#else

void fork_fail_binfmt_leaves(struct mm_struct *mm, bool leaves) {}

#endif
