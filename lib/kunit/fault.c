// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: let a test arm, and disarm it however it ends.
 */

#include <kunit/fault.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/export.h>
#include <linux/string.h>

#include "fault-impl.h"

/* Where to say in which run an assertion has failed; belongs to who has the window */
static struct {
	struct kunit *test;
	char run[96];		/* its name, or empty */
} place;

static void release(void *unused)
{
	kunit_fault_release();
}

/**
 * kunit_fault_arm() - Let allocations of the current task fail from here on
 * @test: The test
 * @plan: What is to fail
 *
 * What the task allocates until kunit_fault_disarm() is counted and may fail;
 * tasks that are not followed, interrupts and what the allocators need for
 * themselves do not take part.  The test's end disarms as well, however it comes about; until then
 * no other task can arm.
 *
 * Context: Process context, in the task that is to see the failures.  Sleeps.
 * Return: 0, -EBUSY if a task is armed already, or -ENOMEM.
 */
int kunit_fault_arm(struct kunit *test, const struct kunit_fault_plan *plan)
{
	int err = kunit_fault_claim();

	if (err)
		return err;
	err = kunit_add_action_or_reset(test, release, NULL);
	if (err)
		return err;
	place.run[0] = '\0';
	kunit_fault_open(plan);
	return 0;
}
EXPORT_SYMBOL_GPL(kunit_fault_arm);

/* In the owner: what to call the run, in case that an assertion fails in it */
void kunit_fault_name_run(struct kunit *test, const char *name)
{
	place.test = test;
	strscpy(place.run, name);
}

/* In the owner, or who is followed, and not armed any more */
static void say_which_run(void)
{
	struct kunit_fault_report report;

	if (!place.run[0])
		return;
	kunit_fault_peek(&report);
	if (report.fired)
		kunit_info(place.test, "in the run %s, after %pS failed:\n", place.run,
			   (void *)kunit_fault_site(&report));
	else
		kunit_info(place.test, "in the run %s, in which nothing has failed yet:\n",
			   place.run);
}

/**
 * kunit_fault_disarm() - Let allocations succeed again
 * @test: The test
 * @report: Where to put what happened since kunit_fault_arm(), or NULL
 *
 * To be called as well if the test has failed since: @report says then what
 * happened until it did.
 *
 * Context: The task that armed; without effect in another one.  Process context.
 */
void kunit_fault_disarm(struct kunit *test, struct kunit_fault_report *report)
{
	if (!kunit_fault_is_owner())
		return;
	kunit_fault_close();
	if (report)
		kunit_fault_peek(report);
	kunit_release_action(test, release, NULL);
}
EXPORT_SYMBOL_GPL(kunit_fault_disarm);

static void follow(struct kunit *test, struct task_struct *task,
		   const struct work_struct *work)
{
	switch (kunit_fault_follow(task, work)) {
	case 0:
		return;
	case -ENOSPC:
		KUNIT_FAIL(test, "no more than %u tasks and work items can be followed",
			   KUNIT_FAULT_MOST_FOLLOWED);
		return;
	default:
		KUNIT_FAIL(test, "only the task that is armed can have others followed");
	}
}

/**
 * kunit_fault_follow_task() - Let points of another task count
 * @test: The test
 * @task: The task, such as one made by kthread_create() and not woken yet
 *
 * What @task allocates from here on is counted, may fail and is looked for among the
 * leaks, as if the armed task did it, until that disarms.  The armed task has to wait
 * before it passes the next point itself, until @task has ended or waits: else
 * it is up to the scheduler which point comes first.  The test fails if the two are
 * seen at points at the same time.
 *
 * @task may end meanwhile: it is referred to.  The test fails if the current task
 * is not armed, or if there are more than %KUNIT_FAULT_MOST_FOLLOWED.
 *
 * Context: Process context, in the task that armed.
 */
void kunit_fault_follow_task(struct kunit *test, struct task_struct *task)
{
	follow(test, task, NULL);
}
EXPORT_SYMBOL_GPL(kunit_fault_follow_task);

/**
 * kunit_fault_follow_work() - Let points of a work item count
 * @test: The test
 * @work: The work item, such as one that has not been queued yet; that in a &struct
 *	  delayed_work, and in a &struct rcu_work, will do
 *
 * The same as kunit_fault_follow_task(), for the worker that does @work, while it does.
 * The armed task waits by flush_work(), or by a completion.
 *
 * @work is not looked into.  It may be freed, but as long as the task is armed there
 * must be no other work item at its address.
 *
 * Context: Process context, in the task that armed.
 */
void kunit_fault_follow_work(struct kunit *test, const struct work_struct *work)
{
	follow(test, NULL, work);
}
EXPORT_SYMBOL_GPL(kunit_fault_follow_work);

/**
 * kunit_fault_abort() - Let allocations succeed because the test has failed
 *
 * Reporting a failure takes memory.  The report of kunit_fault_disarm() has what
 * happened up to here.  Says in which run of a sweep it is, since an assertion in
 * the code does not know.
 *
 * Context: Any.  Without effect in a task that has not armed and is not followed.
 */
void kunit_fault_abort(void)
{
	if (!kunit_fault_takes_part())
		return;
	kunit_fault_close_aborted();
	say_which_run();
}
EXPORT_SYMBOL_GPL(kunit_fault_abort);
