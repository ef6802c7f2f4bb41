// SPDX-License-Identifier: GPL-2.0
/*
 * What a sweep has to report, and what is left when a test ends early.
 */

#include <kunit/test-bug.h>
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/task_work.h>

#include "bodies.h"
#include "expected.h"
#include "helper.h"

static int swallows_the_error(void *unused)
{
	kfree(kmalloc(16, GFP_KERNEL));
	return 0;
}

static int returns_another_error(void *unused)
{
	return three_objects(NULL) ? -EINVAL : 0;
}

/* An error that is not in the list is another failing case. */
static void other_errors_are_accepted(struct kunit *test)
{
	static const int accept[] = { -EAGAIN, -EINVAL, 0 };
	struct kunit_fault_sweep sweep = { .accept = accept };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, returns_another_error, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
}

static int fails_without_a_fault(void *unused)
{
	return three_objects(NULL) ?: -ENOMEM;
}

static int asserts_on_error(void *arg)
{
	void *p = kmalloc(16, GFP_KERNEL);
	struct kunit *test = arg;

	KUNIT_ASSERT_NOT_NULL(test, p);
	kfree(p);
	return 0;
}

/* Goes on then, with all the memory that it asks for. */
static int expects_the_second_to_succeed(void *arg)
{
	void *a = kmalloc(16, GFP_KERNEL);
	void *b = a ? kmalloc(16, GFP_KERNEL) : NULL;
	struct kunit *test = arg;

	if (a)
		KUNIT_EXPECT_NOT_NULL(test, b);
	kfree(b);
	kfree(a);
	return a ? three_objects(NULL) : -ENOMEM;
}

/* The same in a worker that is followed */
static int expects_in_a_worker(void *test)
{
	return by_a_worker(test, expects_the_second_to_succeed, test);
}

/* As a helper does that does not have the test. */
static int fails_the_current_test(void *unused)
{
	void *a = kmalloc(16, GFP_KERNEL);
	void *b = a ? kmalloc(16, GFP_KERNEL) : NULL;

	if (a && !b)
		kunit_fail_current_test("the second of two has failed");
	kfree(b);
	kfree(a);
	return a ? three_objects(NULL) : -ENOMEM;
}

/* Each of these forgets something when its allocation fails. */

static int leaves_preemption_off(void *unused)
{
	void *p;

	preempt_disable();
	p = kmalloc(16, GFP_ATOMIC);
	if (!p)
		return -ENOMEM;
	preempt_enable();
	kfree(p);
	return 0;
}

static void need_a_preempt_count(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "needs CONFIG_PREEMPT_COUNT");
}

static int leaves_interrupts_off(void *unused)
{
	void *p;

	local_irq_disable();
	p = kmalloc(16, GFP_ATOMIC);
	if (!p)
		return -ENOMEM;
	local_irq_enable();
	kfree(p);
	return 0;
}

static DEFINE_MUTEX(left_lock);

static int leaves_a_lock(void *unused)
{
	void *p;

	mutex_lock(&left_lock);
	p = kmalloc(16, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	mutex_unlock(&left_lock);
	kfree(p);
	return 0;
}

/* Without lockdep the lock is not missed, and the next run waits for it for ever. */
static void need_lockdep(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_LOCKDEP) || !debug_locks)
		kunit_skip(test, "needs CONFIG_LOCKDEP, working");
}

static void unlock_left_lock(void)
{
	mutex_unlock(&left_lock);
}

/* As an oops does, which would switch lockdep off for all tests that follow */
static int ends_its_task_on_error(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);

	if (!p)
		kthread_complete_and_exit(NULL, 0);
	kfree(p);
	return 0;
}

static int does_not_give_up(void *unused)
{
	void *p;

	do {
		p = kmalloc(16, GFP_KERNEL);
	} while (!p);
	kfree(p);
	return 0;
}

static void limits_are_kept(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1, .forever = true, .limit = 7 };
	struct kunit_fault_report report;

	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	KUNIT_EXPECT_EQ(test, does_not_give_up(NULL), 0);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_EQ(test, report.fired, 7);
	KUNIT_EXPECT_EQ(test, report.relented, 1);
}

static const struct kunit_fault_failing failing_cases[] = {
	{ "swallows the error", swallows_the_error, 1, 1 },
	{ "returns another error", returns_another_error, 1, 1 },
	{
		"returns another error, goes on", returns_another_error, 6, 3,
		.sweep.keep_going = true,
	},
	{ "fails without a fault", fails_without_a_fault, 3, 3 },
	{ "fails an expectation", expects_the_second_to_succeed, 1, 2 },
	{ "fails an expectation in a worker", expects_in_a_worker, 1, 2 },
	{ "fails the current test", fails_the_current_test, 1, 2 },
	{ "aborts on error", asserts_on_error, 0, 0 },
	{ "ends its task on error", ends_its_task_on_error, 0, 0, .task_ends = true },
	{ "goes beyond the cap", three_objects, 3, 3, .sweep.cap = 2 },
	{ "has no point", nothing, 0, 0 },
	{
		"does not give up", does_not_give_up, 1, 1001,
		.sweep.modes = BIT(KUNIT_FAULT_FOREVER),
		.sweep.allow_success = true,
	},
	{
		"leaves preemption off", leaves_preemption_off, 1, 1,
		.needs = need_a_preempt_count,
	},
	{ "leaves interrupts off", leaves_interrupts_off, 1, 1 },
	{
		"leaves a lock", leaves_a_lock, 1, 1,
		.needs = need_lockdep,
		.end = unlock_left_lock,
	},
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

#ifndef MODULE	/* For these the log's stream, and task_work_add(), are not exported. */
static void failed_assertions_have_a_run(struct kunit *test)
{
	kunit_fault_expect_named_run(test, expects_the_second_to_succeed);
	kunit_fault_expect_named_run(test, expects_in_a_worker);
}

/* A test that ends while it is armed */
struct skipped_test {
	struct kunit test;
	struct callback_head on_exit;
	struct completion done;
	int err;
};

static void allocate_on_exit(struct callback_head *work)
{
	struct skipped_test *skipped = container_of(work, struct skipped_test, on_exit);

	skipped->err = three_objects(NULL);
	complete(&skipped->done);
}

static void skip_while_armed(void *data)
{
	const struct kunit_fault_plan plan = { .nth = 1, .forever = true };
	struct skipped_test *skipped = data;

	init_task_work(&skipped->on_exit, allocate_on_exit);
	if (task_work_add(current, &skipped->on_exit, TWA_NONE) ||
	    kunit_fault_arm(&skipped->test, &plan))
		return;
	kunit_skip(&skipped->test, "on purpose");
}

struct later_task {
	struct completion done;
	int err;
};

static int allocate_in_a_task(void *data)
{
	struct later_task *later = data;

	later->err = three_objects(NULL);
	complete(&later->done);
	return 0;
}

static void exits_are_left_alone(struct kunit *test)
{
	const struct kunit_fault_plan count_only = {};
	struct skipped_test *skipped;
	struct later_task later = {};
	int i;

	skipped = kunit_kzalloc(test, sizeof(*skipped), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, skipped);
	skipped->err = -EAGAIN;
	init_completion(&skipped->done);
	kunit_init_test(&skipped->test, "expected_skip", NULL);
	kunit_fault_init_try_catch(test, &skipped->test, skip_while_armed);
	kunit_try_catch_run(&skipped->test.try_catch, skipped);
	KUNIT_EXPECT_EQ(test, skipped->test.status, KUNIT_SKIPPED);
	/* Its task may still be on the way out, and its work uses @skipped. */
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&skipped->done, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, skipped->err, 0);

	/* Tasks that may get the memory of the one that is gone are not armed. */
	for (i = 0; i < 20 && !later.err; i++) {
		rcu_barrier();
		init_completion(&later.done);
		if (IS_ERR(kthread_run(allocate_in_a_task, &later, "kunit_fault_later")))
			break;
		wait_for_completion(&later.done);
	}
	KUNIT_EXPECT_EQ(test, i, 20);
	KUNIT_EXPECT_EQ(test, later.err, 0);

	/* It has the window until its test has been cleaned up. */
	KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &count_only), -EBUSY);
	kunit_cleanup(&skipped->test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_disarm(test, NULL);
}

#endif /* !MODULE */

static struct kunit_case failures_cases[] = {
	KUNIT_CASE(other_errors_are_accepted),
	KUNIT_CASE(limits_are_kept),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
#ifndef MODULE
	KUNIT_CASE(failed_assertions_have_a_run),
	KUNIT_CASE(exits_are_left_alone),
#endif
	{}
};

static struct kunit_suite failures_suite = {
	.name = "kunit_fault_failures",
	.init = fault_test_init,
	.test_cases = failures_cases,
};

kunit_test_suite(failures_suite);
