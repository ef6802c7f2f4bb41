// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks and work that are followed: what they allocate counts, too.
 */

#include <linux/kallsyms.h>
#include <linux/vmalloc.h>

#include "bodies.h"
#include "expected.h"
#include "helper.h"

static noinline int one_object(void *unused)
{
	void *p = kmalloc(32, GFP_KERNEL);

	kfree(p);
	return p ? 0 : -ENOMEM;
}

static void allocate_in_a_kthread_worker(struct kthread_work *unused)
{
	three_objects(NULL);
}

static int three_by_a_thread(void *test)
{
	return by_a_thread(test, three_objects, true);
}

static int three_by_a_worker(void *test)
{
	return by_a_worker(test, three_objects, NULL);
}

static int seven_by_two(void *test)
{
	return three_by_a_worker(test) ?: one_object(NULL) ?: three_by_a_worker(test);
}

static void tasks_are_followed(struct kunit *test)
{
	unsigned long points = count_points(test, make_a_thread) + 3;
	struct kunit_fault_sweep sweep = {};
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, count_points(test, three_by_a_thread), points);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_by_a_thread, test), 2 * points);
	KUNIT_EXPECT_EQ(test, sweep.failed, points);
}

static void work_is_followed(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .scenario = "a worker" };
	int i;

	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, count_points(test, seven_by_two), 7);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_by_a_worker, test), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);

	sweep = (struct kunit_fault_sweep) { .scenario = "in turn" };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, seven_by_two, test), 14);
	KUNIT_EXPECT_EQ(test, sweep.failed, 7);
}

static void followed_sites_are_named(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1 };
	struct kunit_fault_report report;
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	KUNIT_EXPECT_EQ(test, by_a_worker(test, one_object, NULL), -ENOMEM);
	kunit_fault_disarm(test, &report);
	sprint_symbol_no_offset(name, kunit_fault_site(&report));
	KUNIT_EXPECT_STREQ(test, name, "one_object");
}

/* Who is followed in one window gets all that it asks for in the next. */
static void followed_are_forgotten(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1, .forever = true };
	struct helper helper = { .body = three_objects };
	struct kunit_fault_report report;
	struct kthread_work thread_work;
	struct kthread_worker thread;
	struct task_struct *task;
	int i;

	INIT_WORK_ONSTACK(&helper.work, help);
	kthread_init_worker(&thread);
	kthread_init_work(&thread_work, allocate_in_a_kthread_worker);
	task = kthread_run(kthread_worker_fn, &thread, "kunit_fault_helper");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &plan), 0);
		if (!i) {
			kunit_fault_follow_task(test, task);
			kunit_fault_follow_work(test, &helper.work);
		}
		kthread_queue_work(&thread, &thread_work);
		kthread_flush_work(&thread_work);
		schedule_work(&helper.work);
		flush_work(&helper.work);
		kunit_fault_disarm(test, &report);
		/* Each gives up after the first of three. */
		KUNIT_EXPECT_EQ(test, report.points, i ? 0 : 2);
		KUNIT_EXPECT_EQ(test, helper.err, i ? 0 : -ENOMEM);
	}
	kthread_stop(task);
	destroy_work_on_stack(&helper.work);
}

/* Tasks that may get the memory of one that was followed, and is gone, are not. */
static int threads_after_one_that_ended(void *test)
{
	int err = by_a_thread(test, nothing, true);
	int i;

	for (i = 0; i < 20 && !err; i++) {
		rcu_barrier();
		err = by_a_thread(test, three_objects, false);
	}
	return err;
}

static void followed_tasks_may_end(struct kunit *test)
{
	unsigned long points = count_points(test, make_a_thread);

	KUNIT_EXPECT_EQ(test, count_points(test, threads_after_one_that_ended), 21 * points);
}

/* Signals are for the task that is armed: it passes four points, those between are none. */
static int three_unless_killed_and_three(void *arg)
{
	void *p = kmalloc(16, GFP_KERNEL);
	struct kunit *test = arg;

	KUNIT_EXPECT_EQ(test, three_by_a_worker(test), 0);
	kfree(p);
	return three_unless_killed(NULL);
}

static void followed_get_no_signal(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .modes = BIT(KUNIT_FAULT_SIGNAL) };

	KUNIT_EXPECT_EQ(test,
			sweep_body(test, &sweep, three_unless_killed_and_three, test), 4);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
}

#ifndef MODULE	/* The hooks are not exported. */
/* A helper asks for memory in the middle of an allocation, as can be on another CPU. */
static int allocates_meanwhile(void *test)
{
	int err;

	if (kunit_fault_hit(KUNIT_FAULT_SLAB, GFP_KERNEL))
		return -ENOMEM;
	kunit_fault_mask();
	err = three_by_a_worker(test);
	kunit_fault_unmask();
	return err;
}

struct slow_helper {
	struct completion begun;
	struct completion go_on;
};

/* As what frees does, it does not pass a point. */
static int frees_slowly(void *arg)
{
	struct slow_helper *slow = arg;

	kunit_fault_mask();
	complete(&slow->begun);
	wait_for_completion(&slow->go_on);
	kunit_fault_unmask();
	return 0;
}

/* Is in an allocator for long, and then allocates three objects. */
static int allocates_slowly(void *arg)
{
	if (kunit_fault_hit(KUNIT_FAULT_SLAB, GFP_KERNEL))
		return -ENOMEM;
	return frees_slowly(arg) ?: three_objects(NULL);
}

static void begin_slowly(struct helper *helper, struct slow_helper *slow,
			 int (*body)(void *arg))
{
	*helper = (struct helper) { .body = body, .arg = slow };
	init_completion(&slow->begun);
	init_completion(&slow->go_on);
	INIT_WORK_ONSTACK(&helper->work, help);
}

static void go_on(struct helper *helper, struct slow_helper *slow)
{
	complete(&slow->go_on);
	flush_work(&helper->work);
	destroy_work_on_stack(&helper->work);
}

/* One that is still in an allocator when the window is closed is not waited for. */
static void followed_have_to_be_waited_for(struct kunit *test)
{
	struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	struct slow_helper slow;
	struct helper helper;

	begin_slowly(&helper, &slow, allocates_slowly);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_follow_work(test, &helper.work);
	schedule_work(&helper.work);
	wait_for_completion(&slow.begun);
	kunit_fault_disarm(test, &report);
	go_on(&helper, &slow);
	KUNIT_EXPECT_TRUE(test, report.overlapped);
	KUNIT_EXPECT_EQ(test, report.points, 1);

	/* It leaves the next window alone. */
	KUNIT_EXPECT_EQ(test, count_points(test, seven_by_two), 7);
}

/* The points of a helper that is still at work when the window is closed, and of three objects */
static unsigned long points_beside(struct kunit *test, int (*body)(void *arg))
{
	struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	struct slow_helper slow;
	struct helper helper;

	begin_slowly(&helper, &slow, body);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_follow_work(test, &helper.work);
	schedule_work(&helper.work);
	wait_for_completion(&slow.begun);
	three_objects(NULL);
	kunit_fault_disarm(test, &report);
	go_on(&helper, &slow);
	KUNIT_EXPECT_FALSE(test, report.overlapped);
	return report.points;
}

/* One that frees its memory after it has told the armed task to go on is no danger. */
static void followed_may_free_later(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, points_beside(test, frees_slowly), 3);
}

static int maps_and_frees_slowly(void *arg)
{
	void *mapped = vmalloc(PAGE_SIZE);
	int err;

	if (!mapped)
		return -ENOMEM;
	err = frees_slowly(arg);
	vfree(mapped);
	return err;
}

/* The same if the last that it has asked for is a mapping. */
static void followed_may_have_mapped(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, points_beside(test, maps_and_frees_slowly), 3);
}

/* What it is in when it begins to be followed does not hide what comes later. */
static void followed_may_be_at_work(struct kunit *test)
{
	struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	struct slow_helper slow;
	struct helper helper;

	begin_slowly(&helper, &slow, allocates_slowly);
	schedule_work(&helper.work);
	wait_for_completion(&slow.begun);
	KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_follow_work(test, &helper.work);
	go_on(&helper, &slow);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_FALSE(test, report.overlapped);
	KUNIT_EXPECT_EQ(test, report.points, 3);
}
#endif

static struct work_struct too_many[KUNIT_FAULT_MOST_FOLLOWED + 1];

static int follows_too_many(void *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(too_many); i++)
		kunit_fault_follow_work(test, &too_many[i]);
	return three_objects(NULL);
}

static int follows_another(void *test)
{
	kunit_fault_follow_work(test, &too_many[0]);
	return three_objects(NULL);
}

static int lets_a_worker_follow(void *test)
{
	return by_a_worker(test, follows_another, test);
}

static const struct kunit_fault_failing failing_cases[] = {
	{ "follows too many", follows_too_many, 0, 0 },
	{ "follows when it is followed", lets_a_worker_follow, 0, 0 },
#ifndef MODULE
	{ "allocates meanwhile", allocates_meanwhile, 1, 2 },
#endif
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

static struct kunit_case followed_cases[] = {
	KUNIT_CASE(tasks_are_followed),
	KUNIT_CASE(work_is_followed),
	KUNIT_CASE(followed_sites_are_named),
	KUNIT_CASE(followed_are_forgotten),
	KUNIT_CASE(followed_tasks_may_end),
	KUNIT_CASE(followed_get_no_signal),
#ifndef MODULE
	KUNIT_CASE(followed_have_to_be_waited_for),
	KUNIT_CASE(followed_may_free_later),
	KUNIT_CASE(followed_may_have_mapped),
	KUNIT_CASE(followed_may_be_at_work),
#endif
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
	{}
};

static struct kunit_suite followed_suite = {
	.name = "kunit_fault_followed",
	.init = fault_test_init,
	.test_cases = followed_cases,
};

kunit_test_suite(followed_suite);
