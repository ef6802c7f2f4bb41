/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Other tasks and workers that run a body for the one that is armed.
 */
#ifndef _KUNIT_FAULT_TEST_HELPER_H
#define _KUNIT_FAULT_TEST_HELPER_H

#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>

#include "bodies.h"

/* Does its work in another task, or in a worker, and waits for that. */
struct helper {
	struct work_struct work;
	struct completion done;
	int (*body)(void *arg);
	void *arg;
	int err;
};

static inline void help(struct work_struct *work)
{
	struct helper *helper = container_of(work, struct helper, work);

	helper->err = helper->body(helper->arg);
}

static inline int by_a_worker(struct kunit *test, int (*body)(void *arg), void *arg)
{
	struct helper helper = { .body = body, .arg = arg };

	INIT_WORK_ONSTACK(&helper.work, help);
	kunit_fault_follow_work(test, &helper.work);
	schedule_work(&helper.work);
	flush_work(&helper.work);
	destroy_work_on_stack(&helper.work);
	return helper.err;
}

static inline int help_in_a_thread(void *data)
{
	struct helper *helper = data;

	help(&helper->work);
	complete(&helper->done);
	return 0;
}

static inline int by_a_thread(struct kunit *test, int (*body)(void *arg), bool followed)
{
	struct helper helper = { .body = body };
	struct task_struct *task;

	init_completion(&helper.done);
	task = kthread_create(help_in_a_thread, &helper, "kunit_fault_helper");
	if (IS_ERR(task))
		return PTR_ERR(task);
	get_task_struct(task);
	if (followed)
		kunit_fault_follow_task(test, task);
	wake_up_process(task);
	/* If it were stopped too early, it would not begin. */
	wait_for_completion(&helper.done);
	kthread_stop_put(task);
	return helper.err;
}

/* What it takes to have a thread, apart from what that does */
static inline int make_a_thread(void *test)
{
	return by_a_thread(test, nothing, false);
}

#endif /* _KUNIT_FAULT_TEST_HELPER_H */
