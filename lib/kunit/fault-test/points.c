// SPDX-License-Identifier: GPL-2.0
/*
 * What a window counts and makes fail.  The bodies have known numbers of
 * allocations.
 */

#include <linux/idr.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "bodies.h"

static int two_requests_for_pages(void *unused)
{
	struct page *one = alloc_page(GFP_KERNEL);
	struct page *four = one ? alloc_pages(GFP_KERNEL, 2) : NULL;

	if (four)
		__free_pages(four, 2);
	if (one)
		__free_page(one);
	return four ? 0 : -ENOMEM;
}

static int large_kmalloc_is_a_page(void *unused)
{
	void *p = kmalloc(4 * KMALLOC_MAX_CACHE_SIZE, GFP_KERNEL);

	kfree(p);
	return p ? 0 : -ENOMEM;
}

static int one_percpu(void *unused)
{
	int __percpu *p = alloc_percpu(int);

	free_percpu(p);
	return p ? 0 : -ENOMEM;
}

static struct kmem_cache *cache;

/* One decision for the whole of it: all objects come, or none. */
static int one_bulk_of_ten(void *unused)
{
	void *objects[10];

	if (!kmem_cache_alloc_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objects), objects))
		return -ENOMEM;
	kmem_cache_free_bulk(cache, ARRAY_SIZE(objects), objects);
	return 0;
}

#ifndef MODULE	/* These functions are not exported. */
/* The sheaf is requested, what is taken from it cannot fail. */
static int one_sheaf_of_three(void *unused)
{
	struct slab_sheaf *sheaf = kmem_cache_prefill_sheaf(cache, GFP_KERNEL, 3);
	void *objects[3];
	int i;

	if (!sheaf)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		objects[i] = kmem_cache_alloc_from_sheaf(cache, GFP_KERNEL, sheaf);
	for (i = 0; i < ARRAY_SIZE(objects); i++)
		kmem_cache_free(cache, objects[i]);
	kmem_cache_return_sheaf(cache, GFP_KERNEL, sheaf);
	return 0;
}
#endif

static noinline int nested(void *depth)
{
	void *p;
	int err;

	if (!depth)
		return 0;
	p = kmalloc(32, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	err = nested(depth - 1);
	kfree(p);
	return err;
}

static int cannot_fail(void *unused)
{
	kfree(kmalloc(16, GFP_KERNEL | __GFP_NOFAIL));
	return 0;
}

static void allocate_in_a_worker(struct work_struct *unused)
{
	three_objects(NULL);
}

static int in_another_task(void *unused)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, allocate_in_a_worker);
	schedule_work(&work);
	flush_work(&work);
	destroy_work_on_stack(&work);
	return 0;
}

/*
 * The preload is a request, though what it gets goes to a stock that may be full,
 * and the ID's node another one; either can do without the other.
 */
static int preload_an_id(void *unused)
{
	struct idr idr;
	int id;

	idr_init(&idr);
	idr_preload(GFP_KERNEL);
	id = idr_alloc(&idr, &idr, 1, 0, GFP_NOWAIT);
	idr_preload_end();
	idr_destroy(&idr);
	return min(id, 0);
}

static const struct count_case {
	const char *name;
	int (*body)(void *arg);
	void *arg;
	unsigned long points;
	unsigned long nofail;
} count_cases[] = {
	{ "three objects", three_objects, NULL, 3 },
	{ "two requests for pages", two_requests_for_pages, NULL, 2 },
	{ "a large kmalloc", large_kmalloc_is_a_page, NULL, 1 },
	{ "one percpu", one_percpu, NULL, 1 },
	{ "a bulk of ten", one_bulk_of_ten, NULL, 1 },
#ifndef MODULE
	{ "a sheaf of three", one_sheaf_of_three, NULL, 1 },
#endif
	{ "nested calls", nested, (void *)7, 7 },
	{ "not injectable", cannot_fail, NULL, 0, 1 },
	{ "nothing", nothing, NULL, 0 },
	{ "another task", in_another_task, NULL, 0 },
	{ "a fallback not needed", tries_twice, NULL, 1 },
	{ "an ID, preloaded", preload_an_id, NULL, 2 },
};

KUNIT_ARRAY_PARAM_DESC(count, count_cases, name);

/* Each body has the points that it should have, twenty times in a row. */
static void points_are_counted(struct kunit *test)
{
	const struct count_case *c = test->param_value;
	const struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	int i;

	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
		c->body(c->arg);
		kunit_fault_disarm(test, &report);
		KUNIT_EXPECT_EQ(test, report.points, c->points);
		KUNIT_EXPECT_EQ(test, report.nofail, c->nofail);
		KUNIT_EXPECT_EQ(test, report.fired, 0);
	}
}

/*
 * Areas that lie one behind the other, up to where a page table ends and beyond:
 * the one that needs another table has no more points than those before.
 */
static void page_tables_do_not_count(struct kunit *test)
{
	const struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	void **area, **last = NULL;
	int i;

	for (i = 0; i < 512; i++) {
		KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
		area = vmalloc(PAGE_SIZE);
		kunit_fault_disarm(test, &report);
		/* Two descriptions, an array of pages, a page and its mapping */
		KUNIT_EXPECT_EQ(test, report.points, 5);
		KUNIT_EXPECT_NOT_NULL(test, area);
		if (!area)
			break;
		*area = last;
		last = area;
	}
	while (last) {
		area = *last;
		vfree(last);
		last = area;
	}
}

static void points_are_failed(struct kunit *test)
{
	const struct count_case *c = test->param_value;
	struct kunit_fault_sweep sweep = {
		.scenario = c->name,
		.allow_empty = !c->points,
		.allow_success = c->body == tries_twice || c->body == preload_an_id,
	};

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, c->body, c->arg), 2 * c->points);
	/* Of the last mode, forever: all that is left of a preload is what it got. */
	KUNIT_EXPECT_EQ(test, sweep.tolerated, c->body == preload_an_id);
}

static void kinds_are_told_apart(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {
		.allocators = BIT(KUNIT_FAULT_PAGE),
		.modes = BIT(KUNIT_FAULT_ONCE),
		.allow_empty = true,
	};

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_objects, NULL), 0);
	sweep = (struct kunit_fault_sweep) {
		.allocators = BIT(KUNIT_FAULT_PAGE),
		.modes = BIT(KUNIT_FAULT_ONCE),
	};
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, two_requests_for_pages, NULL), 2);
}

/* Which of ten requests fail is what the plan says. */
static void plan_is_followed(struct kunit *test)
{
	static const struct {
		struct kunit_fault_plan plan;
		unsigned int failed;	/* a bit for each */
	} cases[] = {
		{ { .nth = 0 }, 0 },
		{ { .nth = 1 }, 0x001 },
		{ { .nth = 10 }, 0x200 },
		{ { .nth = 11 }, 0 },
		{ { .nth = 4, .forever = true }, 0x3f8 },
		{ { .nth = 3, .again = 1 }, 0x00c },
		{ { .nth = 3, .again = 5 }, 0x084 },
		{ { .nth = 1, .allocators = BIT(KUNIT_FAULT_PAGE), .forever = true }, 0 },
	};
	struct kunit_fault_report report;
	unsigned int failed;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		failed = 0;
		KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &cases[i].plan), 0);
		for (j = 0; j < 10; j++) {
			void *p = kmalloc(8, GFP_KERNEL);

			failed |= !p << j;
			kfree(p);
		}
		kunit_fault_disarm(test, &report);
		KUNIT_EXPECT_EQ(test, failed, cases[i].failed);
		KUNIT_EXPECT_EQ(test, report.fired, hweight32(failed));
	}
}

static void site_is_named(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1 };
	struct kunit_fault_report report;
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	nested((void *)1);
	kunit_fault_disarm(test, &report);
	sprint_symbol_no_offset(name, kunit_fault_site(&report));
	KUNIT_EXPECT_STREQ(test, name, "nested");
}

static int allocate_until_stopped(void *data)
{
	unsigned long *done = data;

	while (!kthread_should_stop()) {
		if (three_objects(NULL))
			done[1]++;
		done[0]++;
		cond_resched();
	}
	return 0;
}

/* A task beside the armed one gets all that it asks for. */
static void other_tasks_are_left_alone(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1, .forever = true };
	struct kunit_fault_report report;
	unsigned long done[2] = {};
	struct task_struct *task;

	task = kthread_run(allocate_until_stopped, done, "kunit_fault_other");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &plan), 0);
	while (READ_ONCE(done[0]) < 100) {
		KUNIT_EXPECT_EQ(test, three_objects(NULL), -ENOMEM);
		schedule_timeout_uninterruptible(1);
	}
	kunit_fault_disarm(test, &report);
	kthread_stop(task);
	KUNIT_EXPECT_GT(test, report.fired, 0);
	KUNIT_EXPECT_EQ(test, done[1], 0);
}

static void one_window_at_a_time(struct kunit *test)
{
	const struct kunit_fault_plan plan = {};

	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &plan), -EBUSY);
	kunit_fault_disarm(test, NULL);
	KUNIT_EXPECT_EQ(test, kunit_fault_arm(test, &plan), 0);
	kunit_fault_disarm(test, NULL);
}

static int points_suite_init(struct kunit_suite *suite)
{
	struct kmem_cache_args args = { .sheaf_capacity = 8 };

	cache = kmem_cache_create("kunit_fault_test", 64, &args, SLAB_NO_MERGE);
	return cache ? 0 : -ENOMEM;
}

static void points_suite_exit(struct kunit_suite *suite)
{
	kmem_cache_destroy(cache);
}

static struct kunit_case points_cases[] = {
	KUNIT_CASE_PARAM(points_are_counted, count_gen_params),
	KUNIT_CASE(page_tables_do_not_count),
	KUNIT_CASE_PARAM(points_are_failed, count_gen_params),
	KUNIT_CASE(kinds_are_told_apart),
	KUNIT_CASE(plan_is_followed),
	KUNIT_CASE(site_is_named),
	KUNIT_CASE(other_tasks_are_left_alone),
	KUNIT_CASE(one_window_at_a_time),
	{}
};

static struct kunit_suite points_suite = {
	.name = "kunit_fault_points",
	.suite_init = points_suite_init,
	.suite_exit = points_suite_exit,
	.init = fault_test_init,
	.test_cases = points_cases,
};

kunit_test_suite(points_suite);
