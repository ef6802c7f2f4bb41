// SPDX-License-Identifier: GPL-2.0
/*
 * Tests that abort: KUnit ends their kthread, so that no destructor in Rust runs.
 * What they have set up must not reach the tests after them.
 */

#include <kunit/test-bug.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>

#include "shim.h"

/* Kthreads that the tests have started */
static long threads(void)
{
	struct task_struct *task;
	long nr = 0;

	rcu_read_lock();
	for_each_process(task)
		nr += !task->exit_state && str_has_prefix(task->comm, "fork_fail_");
	rcu_read_unlock();
	return nr;
}

/* What a test must leave as it was when it ends, also if it aborts */
unsigned int fork_fail_read_settings(struct fork_fail_reading *out, unsigned int max)
{
	const struct fork_fail_reading all[] = {
		{ "attached mm", fork_fail_is_attached() },
		{ "threads", threads() },
		{ "userfaultfds", fork_fail_uffd_count() },
		{ "overcommit policy", sysctl_overcommit_memory },
		{ "memory cgroup", fork_fail_group_exists() },
		{ "huge pages in the pool", fork_fail_huge_pool_size() },
		{ "KSM's run", fork_fail_ksm_run() },
		{ "KSM's sleep_millisecs", fork_fail_ksm_sleep() },
		{ "pages of swap", total_swap_pages },
		{ "node of the swap area", fork_fail_swap_node() },
		{ "error of the RAM disk", fork_fail_swap_disk() },
	};

	return fork_fail_copy_readings(out, max, all, ARRAY_SIZE(all));
}

struct inner {
	struct kunit test;
	void (*body)(void);
};

static int run(void *data)
{
	struct inner *inner = data;

	current->kunit_test = &inner->test;
	inner->body();
	return 0;
}

/*
 * Runs @body as a test in a test: in a kthread of its own, which fork_fail_abort()
 * may end.  Cleans up after it, as KUnit does.
 */
int fork_fail_run_test(void (*body)(void))
{
	struct inner *inner = kzalloc(sizeof(*inner), GFP_KERNEL);
	struct kunit *test = kunit_get_current_test();
	struct completion *exited;
	struct task_struct *task;

	if (!inner)
		return -ENOMEM;
	kunit_init_test(&inner->test, "test in a test", NULL);
	inner->body = body;

	task = kthread_create(run, inner, "test_in_test");
	if (IS_ERR(task)) {
		kfree(inner);
		return PTR_ERR(task);
	}
	/* Not kthread_stop(): @body would see a signal. */
	get_task_struct(task);
	exited = task->vfork_done;
	wake_up_process(task);
	wait_for_completion(exited);
	put_task_struct(task);

	kunit_cleanup(&inner->test);
	/* kunit_cleanup() has cleared it: the outer test could not fail any more. */
	current->kunit_test = test;
	kfree(inner);
	return 0;
}

/* Aborts the current test as a failed assertion does, but without a message. */
void fork_fail_abort(void)
{
	__kunit_abort(kunit_get_current_test());
}
