// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces, and forks of them.
 *
 * The functions here and in the files beside this one do one thing each that Rust
 * cannot do, or read one value.  The tests that use them are in Rust.
 */

#include <linux/delay.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>

#include "../../../internal.h"
#include "shim.h"
#include "undo.h"

/* An mm with nothing in it */
struct mm_struct *fork_fail_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	if (mm) {
		mm->task_size = TASK_SIZE;
		arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	}
	return mm;
}

/* The mm that the running test has attached.  There is one at a time. */
static struct mm_struct *attached;

bool fork_fail_is_attached(void)
{
	return attached;
}

static bool is_torn_down(struct mm_struct *mm)
{
	return !atomic_read(&mm->mm_users) && mtree_empty(&mm->mm_mt);
}

/*
 * The test has aborted: its kthread exits, and exit_mm() drops the reference that
 * the test has not dropped.  Wait for that, so that the next test does not see it.
 */
static void await_exit(void *unused)
{
	unsigned int tries;

	for (tries = 0; tries < 250 && !is_torn_down(attached); tries++)
		msleep(20);
	/* exit_mm() does not drop what kthread_use_mm() has taken. */
	if (!WARN_ON_ONCE(!is_torn_down(attached)))
		mmdrop(attached);
	flush_delayed_fput();
	attached = NULL;
}

/*
 * Use @mm as the user space of this kthread.  Pin the kthread first: a CPU left
 * behind keeps a lazy-TLB reference to the mm, and per-CPU counters are exact only
 * on the CPU that adds to them.
 */
int fork_fail_attach(struct mm_struct *mm)
{
	int err;

	if (attached || current->mm)
		return -EBUSY;
	if (!kunit_get_current_test())
		return -EINVAL;
	err = set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id()));
	if (err)
		return err;
	kthread_use_mm(mm);
	attached = mm;
	err = kunit_add_action(kunit_get_current_test(), await_exit, NULL);
	if (err)
		fork_fail_detach(mm);
	return err;
}

/* The same for @to, instead of @from */
void fork_fail_switch(struct mm_struct *from, struct mm_struct *to)
{
	kthread_unuse_mm(from);
	kthread_use_mm(to);
	attached = to;
}

void fork_fail_detach(struct mm_struct *mm)
{
	fork_fail_undo_never(await_exit, NULL);
	kthread_unuse_mm(mm);
	attached = NULL;
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

struct mm_struct *fork_fail_dup_mm(struct mm_struct *parent)
{
	return dup_mm(current, parent);
}

void fork_fail_get(struct mm_struct *mm)
{
	mmget(mm);
}

void fork_fail_put(struct mm_struct *mm)
{
	mmput(mm);
	/* A kthread's fput() is delayed, and the file's references are compared. */
	flush_delayed_fput();
}

/* Drops a reference.  Returns whether nobody has any other reference to @mm. */
bool fork_fail_put_keeping(struct mm_struct *mm)
{
	bool right;

	mmgrab(mm);
	mmput(mm);
	flush_delayed_fput();
	right = !atomic_read(&mm->mm_users) && atomic_read(&mm->mm_count) == 1;
	mmdrop(mm);
	return right;
}

int fork_fail_dup_mmap(struct mm_struct *child, struct mm_struct *parent)
{
	return dup_mmap(child, parent);
}

/* The lowest address that can be mapped, and the end of what can be mapped */
unsigned long fork_fail_lowest(void)
{
	return max_t(unsigned long, PAGE_ALIGN(mmap_min_addr), FIRST_USER_ADDRESS) ?: PAGE_SIZE;
}

unsigned long fork_fail_highest(void)
{
	/* UML maps the last page, but no access to it is allowed. */
	return TASK_SIZE - PAGE_SIZE;
}

/* How many bytes a page table of a level maps: level 1 has the PTEs */
unsigned long fork_fail_table_span(unsigned int level)
{
	switch (level) {
	case 1:
		return PMD_SIZE;
	case 2:
		return PUD_SIZE;
	case 3:
		return P4D_SIZE;
	default:
		return PGDIR_SIZE;
	}
}
