// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of KUnit's fault injection, and how to use it from C.
 *
 * The bodies have known numbers of allocations.  Cases that a sweep has to
 * report as failed run under a test of their own, which fails, and that is what
 * is expected; its messages are in the log as those of "expected_failure".
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/anon_inodes.h>
#include <linux/completion.h>
#include <linux/debug_locks.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/error-injection.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "string-stream.h"
#include "try-catch-impl.h"

#define CASE_TIMEOUT	(30 * HZ)

/* Bodies: each frees what it has allocated, and returns what it should. */

static int three_objects(void *unused)
{
	void *a = kmalloc(16, GFP_KERNEL);
	void *b = a ? kzalloc(200, GFP_KERNEL) : NULL;
	void *c = b ? kmemdup("c", 2, GFP_KERNEL) : NULL;

	kfree(c);
	kfree(b);
	kfree(a);
	return c ? 0 : -ENOMEM;
}

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

static int nothing(void *unused)
{
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

/* Falls back to a second request if the first fails. */
static int tries_twice(void *unused)
{
	void *p = kmalloc(16, GFP_NOWAIT) ?: kmalloc(16, GFP_KERNEL);

	kfree(p);
	return p ? 0 : -ENOMEM;
}

/*
 * The preload is a request, though what it gets goes to a stock that may be full,
 * and the ID's node another one; either can do without the other.
 */
static int preload_an_id(void *unused)
{
	DEFINE_IDR(idr);
	int id;

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

/* Each of them can be swept, in all modes; returns the points in all. */
static unsigned long sweep_body(struct kunit *test, struct kunit_fault_sweep *sweep,
				int (*body)(void *arg), void *arg)
{
	while (kunit_fault_sweep_next(test, sweep)) {
		if (kunit_fault_sweep_arm(test, sweep))
			break;
		kunit_fault_sweep_disarm(test, sweep, body(arg));
	}
	return sweep->total;
}

static unsigned long count_points(struct kunit *test, int (*body)(void *arg))
{
	const struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;

	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	KUNIT_EXPECT_EQ(test, body(test), 0);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_FALSE(test, report.overlapped);
	return report.points;
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

/* What is freed, if not at once, is no leak. */

static int close_a_file(void *unused)
{
	static const struct file_operations none = {};
	struct file *file = anon_inode_getfile("[kunit]", &none, NULL, O_RDONLY);

	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(file);
	return 0;
}

struct freed_later {
	struct rcu_head rcu;
	struct freed_later *next;
};

static int free_with_a_head(void *unused)
{
	struct freed_later *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kfree_rcu(p, rcu);
	return 0;
}

static int free_without_a_head(void *unused)
{
	void *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kvfree_rcu_mightsleep(p);
	return 0;
}

static int free_pages_without_a_head(void *unused)
{
	void *p = kmalloc(4 * KMALLOC_MAX_CACHE_SIZE, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	kvfree_rcu_mightsleep(p);
	return 0;
}

/* Each of four is freed after a grace period that begins when the one before is. */
static void free_and_go_on(struct rcu_head *rcu)
{
	struct freed_later *p = container_of(rcu, struct freed_later, rcu);
	struct freed_later *next = p->next;

	kfree(p);
	if (next)
		call_rcu(&next->rcu, free_and_go_on);
}

static int free_one_after_the_other(void *unused)
{
	struct freed_later *list = NULL, *p;
	int i;

	for (i = 0; i < 4; i++) {
		p = kmalloc(sizeof(*p), GFP_KERNEL);
		if (!p)
			break;
		p->next = list;
		list = p;
	}
	if (list)
		call_rcu(&list->rcu, free_and_go_on);
	return p ? 0 : -ENOMEM;
}

struct freed_by_work {
	struct work_struct work;
	struct rcu_head rcu;
};

static void free_in_a_worker(struct work_struct *work)
{
	kfree(container_of(work, struct freed_by_work, work));
}

static int free_by_work(void *unused)
{
	struct freed_by_work *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	INIT_WORK(&p->work, free_in_a_worker);
	schedule_work(&p->work);
	return 0;
}

static void queue_work_to_free(struct rcu_head *rcu)
{
	struct freed_by_work *p = container_of(rcu, struct freed_by_work, rcu);

	INIT_WORK(&p->work, free_in_a_worker);
	schedule_work(&p->work);
}

/* As super blocks are. */
static int free_by_work_after_a_grace_period(void *unused)
{
	struct freed_by_work *p = kmalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	call_rcu(&p->rcu, queue_work_to_free);
	return 0;
}

static const struct later_case {
	const char *name;
	int (*body)(void *unused);
} later_cases[] = {
	{ "fput()", close_a_file },
	{ "kfree_rcu()", free_with_a_head },
	{ "kvfree_rcu_mightsleep()", free_without_a_head },
	{ "kvfree_rcu_mightsleep() of pages", free_pages_without_a_head },
	{ "call_rcu() four times", free_one_after_the_other },
	{ "schedule_work()", free_by_work },
	{ "call_rcu(), then schedule_work()", free_by_work_after_a_grace_period },
};

KUNIT_ARRAY_PARAM_DESC(later, later_cases, name);

static void late_frees_are_no_leaks(struct kunit *test)
{
	const struct later_case *c = test->param_value;
	struct kunit_fault_sweep sweep = {
		.scenario = c->name,
		.modes = BIT(KUNIT_FAULT_ONCE),
	};

	KUNIT_EXPECT_GT(test, sweep_body(test, &sweep, c->body, NULL), 0);
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

/* Three requests, each with a fallback: what a pair needs to have both parts. */
static int three_with_fallback(void *unused)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (tries_twice(NULL))
			return -ENOMEM;
	}
	return 0;
}

static void pairs_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {
		.modes = BIT(KUNIT_FAULT_PAIR),
		.allow_success = true,
	};

	/*
	 * With the first failure at request i of 3, there follow its fallback
	 * and the 3 - i others: 3 + 2 + 1 second points.
	 */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_with_fallback, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
	KUNIT_EXPECT_EQ(test, sweep.tolerated, 3);
}

/* Gives up when killed, but not in the middle of the third object. */
static int three_unless_killed(void *unused)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		kfree(kmalloc(16, GFP_KERNEL));
	}
	return 0;
}

/* As fork() does, which has one error for all that can go wrong */
static int tells_no_signal(void *unused)
{
	return three_unless_killed(NULL) ? -ENOMEM : 0;
}

static void signals_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .modes = BIT(KUNIT_FAULT_SIGNAL) };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_unless_killed, NULL), 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
	KUNIT_EXPECT_EQ(test, sweep.tolerated, 1);
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/* Without the list it is a failing case. */
static void signals_need_not_be_told(struct kunit *test)
{
	static const int accept[] = { -ENOMEM, 0 };
	struct kunit_fault_sweep sweep = {
		.modes = BIT(KUNIT_FAULT_SIGNAL),
		.accept = accept,
	};

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, tells_no_signal, NULL), 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
}

/*
 * As who sends a signal to itself may: the signal of the sweep has to wait for the
 * lock, and so for the second request.
 */
static int allocates_under_siglock(void *unused)
{
	/* current's cannot go away. */
	struct sighand_struct *sighand = rcu_dereference_protected(current->sighand, true);
	void *p;

	spin_lock_irq(&sighand->siglock);
	p = kmalloc(16, GFP_ATOMIC);
	spin_unlock_irq(&sighand->siglock);
	kfree(p);
	kfree(kmalloc(16, GFP_KERNEL));
	return fatal_signal_pending(current) ? -EINTR : 0;
}

static void signals_wait_for_siglock(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .modes = BIT(KUNIT_FAULT_SIGNAL) };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, allocates_under_siglock, NULL), 2);
	KUNIT_EXPECT_EQ(test, sweep.failed, 2);
	KUNIT_EXPECT_FALSE(test, signal_pending(current));
}

/* What it makes fail are the steps beyond a limit, not allocations. */
static void causes_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .cause = "limit", .cause_err = -E2BIG };
	int steps;

	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		for (steps = 1; steps <= 3 && steps < sweep.plan.nth; steps++)
			kfree(kmalloc(16, GFP_KERNEL));
		kunit_fault_sweep_disarm(test, &sweep, steps <= 3 ? -E2BIG : 0);
	}
	KUNIT_EXPECT_EQ(test, sweep.total, 3);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
	KUNIT_EXPECT_EQ(test, sweep.tolerated, 0);
}

static void some_points_are_swept(struct kunit *test)
{
	static const unsigned long only[] = { 1, 3, 4, 5 };
	struct kunit_fault_sweep sweep = { .only = only, .nr_only = ARRAY_SIZE(only) };

	/* There is no fourth, so the run for the fifth is not made. */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_objects, NULL), 4);
	KUNIT_EXPECT_EQ(test, sweep.points, 2);
}

static void skip_without_sites(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_STACKTRACE) || !IS_ENABLED(CONFIG_KALLSYMS))
		kunit_skip(test, "needs CONFIG_STACKTRACE and CONFIG_KALLSYMS");
	if (IS_ENABLED(CONFIG_UML) && !IS_ENABLED(CONFIG_FRAME_POINTER))
		kunit_skip(test, "needs CONFIG_FRAME_POINTER on UML");
}

static unsigned long user_word;

static noinline int put_a_word(void)
{
	unsigned long word = 1;

	return copy_to_user((void __user *)user_word, &word, sizeof(word)) ? -EFAULT : 0;
}

static int get_it_back(void)
{
	unsigned long word;

	return copy_from_user(&word, (void __user *)user_word, sizeof(word)) ? -EFAULT : 0;
}

/* An object and two copies */
static int copies_a_word(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);
	int err = p ? put_a_word() ?: get_it_back() : -ENOMEM;

	kfree(p);
	return err;
}

/* Does not tell one from the other. */
static int copies_without_memory(void *unused)
{
	return copies_a_word(NULL) ? -ENOMEM : 0;
}

static void skip_without_user_copies(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY) || !IS_ENABLED(CONFIG_MMU))
		kunit_skip(test, "needs CONFIG_FAULT_INJECTION_USERCOPY and CONFIG_MMU");
}

/* Gives this kthread an mm with a page. */
static void map_a_word(struct kunit *test)
{
	user_word = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				  MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, user_word, 0);
	/* Later it does not fault, which takes memory. */
	KUNIT_ASSERT_EQ(test, put_a_word(), 0);
}

static void user_copies_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .user_copies = true };

	skip_without_user_copies(test);
	map_a_word(test);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, copies_a_word, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);

	/* Only if that is asked for */
	sweep = (struct kunit_fault_sweep) {};
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, copies_a_word, NULL), 2);
}

static void user_copies_are_named(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 2, .user_copies = true };
	struct kunit_fault_report report;
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	skip_without_user_copies(test);
	map_a_word(test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	copies_a_word(NULL);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_EQ(test, report.fired, 1);
	KUNIT_EXPECT_EQ(test, report.user_copies, 1);
	sprint_symbol_no_offset(name, kunit_fault_site(&report));
	KUNIT_EXPECT_STREQ(test, name, "put_a_word");
}

static unsigned int steps;

/* Functions that may be made to fail.  What they return is not known when they are compiled. */
static noinline int take_a_step(void)
{
	WRITE_ONCE(steps, steps + 1);
	return READ_ONCE(steps) ? 0 : -EINVAL;
}
ALLOW_ERROR_INJECTION(take_a_step, ERRNO);

static noinline unsigned int *where_we_are(void)
{
	return READ_ONCE(steps) ? &steps : NULL;
}
ALLOW_ERROR_INJECTION(where_we_are, NULL);

/* An object and two calls */
static noinline int walks(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);
	int err = p ? take_a_step() : -ENOMEM;

	if (!err && !where_we_are())
		err = -ENOMEM;
	kfree(p);
	return err;
}

static const char * const steps_of_walks[] = { "take_a_step", "where_we_are", NULL };

static void skip_without_functions(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_FUNCTION_ERROR_INJECTION))
		kunit_skip(test, "needs CONFIG_FUNCTION_ERROR_INJECTION");
}

static void injectable_functions_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .functions = steps_of_walks };
	struct kunit_fault_sweep begun = { .functions = steps_of_walks };

	skip_without_functions(test);
	steps = 0;
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, walks, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
	/* It is entered in two of the four runs of each mode: a call that fails does nothing. */
	KUNIT_EXPECT_EQ(test, steps, 4);

	/* Again, as the first sweep has left nothing behind */
	sweep = (struct kunit_fault_sweep) { .functions = steps_of_walks };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, walks, NULL), 6);

	/* Not in a sweep that does not ask for it, beside another one that does */
	KUNIT_ASSERT_TRUE(test, kunit_fault_sweep_next(test, &begun));
	sweep = (struct kunit_fault_sweep) {};
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, walks, NULL), 2);

	/* Nor without a sweep, though that one was the last to arm */
	KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &begun), 0);
	kunit_fault_sweep_disarm(test, &begun, walks(NULL));
	KUNIT_EXPECT_EQ(test, count_points(test, walks), 1);
}

static void injectable_functions_are_named(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {
		.functions = steps_of_walks,
		.modes = BIT(KUNIT_FAULT_ONCE),
	};
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	skip_without_functions(test);
	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		kunit_fault_sweep_disarm(test, &sweep, walks(NULL));
		if (sweep.plan.nth < 2 || !sweep.report.fired)
			continue;
		sprint_symbol_no_offset(name, kunit_fault_site(&sweep.report));
		KUNIT_EXPECT_STREQ(test, name, steps_of_walks[sweep.plan.nth - 2]);
		/* Behind it is its caller. */
		KUNIT_ASSERT_GT(test, sweep.report.nr_frames, 1);
		sprint_symbol_no_offset(name, sweep.report.frames[1] - 1);
		KUNIT_EXPECT_STREQ(test, name, "walks");
	}
}

#define HALF	512

static struct platform_device *dma_device;

/* An object and two mappings, of its halves */
static noinline int maps_two_halves(void *unused)
{
	void *buffer = kmalloc(2 * HALF, GFP_KERNEL);
	struct device *dev = &dma_device->dev;
	int err = -ENOMEM;
	dma_addr_t a, b;

	if (!buffer)
		return -ENOMEM;
	a = dma_map_single(dev, buffer, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, a))
		goto free;
	b = dma_map_single(dev, buffer + HALF, HALF, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, b)) {
		err = 0;
		dma_unmap_single(dev, b, HALF, DMA_FROM_DEVICE);
	}
	dma_unmap_single(dev, a, HALF, DMA_TO_DEVICE);
free:
	kfree(buffer);
	return err;
}

/* Of each function that maps, a call: registers, a list, and a table, which is an object, too */
static int maps_all_else(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct sg_table table;
	struct scatterlist list;
	dma_addr_t registers;
	int err = -ENOMEM;

	registers = dma_map_resource(dev, 0xfed00000, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(dev, registers))
		return -ENOMEM;
	sg_init_one(&list, page_address(ZERO_PAGE(0)), HALF);
	if (!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE))
		goto unmap_registers;
	if (sg_alloc_table(&table, 1, GFP_KERNEL))
		goto unmap_list;
	sg_set_page(table.sgl, ZERO_PAGE(0), HALF, 0);
	err = dma_map_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	if (!err)
		dma_unmap_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	sg_free_table(&table);
unmap_list:
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
unmap_registers:
	dma_unmap_resource(dev, registers, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	return err;
}

static void skip_without_dma(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION_DMA))
		kunit_skip(test, "needs CONFIG_KUNIT_FAULT_INJECTION_DMA");
}

KUNIT_DEFINE_ACTION_WRAPPER(unregister, platform_device_unregister, struct platform_device *);

static void make_a_dma_device(struct kunit *test)
{
	dma_device = platform_device_register_simple("kunit_fault", PLATFORM_DEVID_AUTO, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dma_device);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister, dma_device), 0);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&dma_device->dev, DMA_BIT_MASK(64)), 0);
}

static void mappings_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .scenario = "halves", .dma_mappings = true };
	struct kunit_fault_sweep begun = { .dma_mappings = true };

	skip_without_dma(test);
	make_a_dma_device(test);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);

	sweep = (struct kunit_fault_sweep) { .scenario = "all else", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_all_else, NULL), 8);
	KUNIT_EXPECT_EQ(test, sweep.failed, 4);

	/* Not in a sweep that does not ask for it, beside another one that does */
	KUNIT_ASSERT_TRUE(test, kunit_fault_sweep_next(test, &begun));
	sweep = (struct kunit_fault_sweep) { .scenario = "the object" };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 2);

	/* And once in one that does, though there are two */
	sweep = (struct kunit_fault_sweep) { .scenario = "again", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 6);
}

static void mappings_are_named(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {
		.dma_mappings = true,
		.modes = BIT(KUNIT_FAULT_ONCE),
	};
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	skip_without_dma(test);
	make_a_dma_device(test);
	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		kunit_fault_sweep_disarm(test, &sweep, maps_two_halves(NULL));
		if (!sweep.report.fired)
			continue;
		sprint_symbol_no_offset(name, kunit_fault_site(&sweep.report));
		KUNIT_EXPECT_STREQ(test, name, "maps_two_halves");
	}
}

static const struct replay_case {
	const char *name;
	const char *run;
	unsigned int mode;
	unsigned long runs;
	unsigned long nth;
	unsigned long again;
} replay_cases[] = {
	{ NULL, "mode=once N=2", BIT(KUNIT_FAULT_ONCE), 1, 2 },
	{ "third", "third mode=forever N=3", BIT(KUNIT_FAULT_FOREVER), 1, 3 },
	{ NULL, "mode=pair N=1+2", BIT(KUNIT_FAULT_PAIR), 1, 1, 2 },
	/* Those of other sweeps */
	{ NULL, "mode=once N=2", BIT(KUNIT_FAULT_FOREVER) },
	{ NULL, "third mode=once N=2", BIT(KUNIT_FAULT_ONCE) },
	{ "third", "mode=once N=2", BIT(KUNIT_FAULT_ONCE) },
	{ NULL, "mode=once", BIT(KUNIT_FAULT_ONCE) },
};

static void one_run_is_replayed(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(replay_cases); i++) {
		const struct replay_case *c = &replay_cases[i];
		struct kunit_fault_sweep sweep = {
			.scenario = c->name,
			.modes = c->mode,
			.allow_success = true,
			.replay = c->run,
		};
		unsigned long runs = 0;

		while (kunit_fault_sweep_next(test, &sweep)) {
			runs++;
			KUNIT_EXPECT_EQ(test, sweep.plan.nth, c->nth);
			KUNIT_EXPECT_EQ(test, sweep.plan.again, c->again);
			if (kunit_fault_sweep_arm(test, &sweep))
				break;
			kunit_fault_sweep_disarm(test, &sweep, three_with_fallback(NULL));
		}
		KUNIT_EXPECT_EQ(test, runs, c->runs);
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

static void allocate_in_a_kthread_worker(struct kthread_work *unused)
{
	three_objects(NULL);
}

/* Does its work in another task, or in a worker, and waits for that. */
struct helper {
	struct work_struct work;
	struct completion done;
	int (*body)(void *arg);
	void *arg;
	int err;
};

static void help(struct work_struct *work)
{
	struct helper *helper = container_of(work, struct helper, work);

	helper->err = helper->body(helper->arg);
}

static int by_a_worker(struct kunit *test, int (*body)(void *arg), void *arg)
{
	struct helper helper = { .body = body, .arg = arg };

	INIT_WORK_ONSTACK(&helper.work, help);
	kunit_fault_follow_work(test, &helper.work);
	schedule_work(&helper.work);
	flush_work(&helper.work);
	destroy_work_on_stack(&helper.work);
	return helper.err;
}

static int help_in_a_thread(void *data)
{
	struct helper *helper = data;

	help(&helper->work);
	complete(&helper->done);
	return 0;
}

static int by_a_thread(struct kunit *test, int (*body)(void *arg), bool followed)
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
	return three_by_a_worker(test) ?: nested((void *)1) ?: three_by_a_worker(test);
}

/* What it takes to have a thread, apart from what that does */
static int make_a_thread(void *test)
{
	return by_a_thread(test, nothing, false);
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

/* An object, and a mapping that stays */
static noinline int maps_for_good(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);
	struct device *dev = &dma_device->dev;

	if (!p)
		return -ENOMEM;
	kfree(p);
	return dma_mapping_error(dev, dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE));
}

static int others_map(void *test)
{
	return by_a_thread(test, maps_two_halves, false);
}

static void mappings_of_others_do_not_count(struct kunit *test)
{
	static const char * const caches[] = { "maps_for_good", NULL };
	struct kunit_fault_sweep sweep = { .dma_mappings = true, .kept_by = caches };
	struct kunit_fault_sweep begun = { .dma_mappings = true };
	unsigned long points;

	skip_without_sites(test);
	skip_without_dma(test);
	make_a_dma_device(test);
	/* Whose mappings stay */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_for_good, NULL), 4);

	/* Those of another task */
	points = count_points(test, make_a_thread);
	sweep = (struct kunit_fault_sweep) { .scenario = "threads", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, others_map, test), 2 * points);

	/* And those of a sweep that has been begun: they are no leaks, either. */
	KUNIT_ASSERT_TRUE(test, kunit_fault_sweep_next(test, &begun));
	sweep = (struct kunit_fault_sweep) { .scenario = "beside" };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_for_good, NULL), 2);
	KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &begun), 0);
	kunit_fault_sweep_disarm(test, &begun, maps_two_halves(NULL));
	KUNIT_EXPECT_EQ(test, count_points(test, maps_two_halves), 1);
}

static void followed_sites_are_named(struct kunit *test)
{
	const struct kunit_fault_plan plan = { .nth = 1 };
	struct kunit_fault_report report;
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &plan), 0);
	KUNIT_EXPECT_EQ(test, by_a_worker(test, nested, (void *)1), -ENOMEM);
	kunit_fault_disarm(test, &report);
	sprint_symbol_no_offset(name, kunit_fault_site(&report));
	KUNIT_EXPECT_STREQ(test, name, "nested");
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

/* One that frees its memory after it has told the armed task to go on is no danger. */
static void followed_may_free_later(struct kunit *test)
{
	struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;
	struct slow_helper slow;
	struct helper helper;

	begin_slowly(&helper, &slow, frees_slowly);
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_follow_work(test, &helper.work);
	schedule_work(&helper.work);
	wait_for_completion(&slow.begun);
	three_objects(NULL);
	kunit_fault_disarm(test, &report);
	go_on(&helper, &slow);
	KUNIT_EXPECT_FALSE(test, report.overlapped);
	KUNIT_EXPECT_EQ(test, report.points, 3);
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

/* What a run has to tell is not there before it, not even of the run before. */
static void set_up_has_no_report(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {};

	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_EXPECT_EQ(test, sweep.report.points, 0);
		KUNIT_EXPECT_EQ(test, sweep.report.fired, 0);
		if (kunit_fault_sweep_arm(test, &sweep))
			break;
		kunit_fault_sweep_disarm(test, &sweep, three_objects(NULL));
	}
	/* That of the last run is there for the caller. */
	KUNIT_EXPECT_EQ(test, sweep.report.points, 3);
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

/* Expected failures */

static void *leaked;

static int leaks_when_the_second_fails(void *unused)
{
	void *b;

	leaked = kmalloc(16, GFP_KERNEL);
	if (!leaked)
		return -ENOMEM;
	b = kmalloc(16, GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	kfree(b);
	kfree(leaked);
	leaked = NULL;
	return 0;
}

static int swallows_the_error(void *unused)
{
	kfree(kmalloc(16, GFP_KERNEL));
	return 0;
}

static int returns_another_error(void *unused)
{
	return three_objects(NULL) ? -EINVAL : 0;
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

/* The same in a worker that is followed */

static int leaks_in_a_worker(void *test)
{
	return by_a_worker(test, leaks_when_the_second_fails, NULL);
}

static int expects_in_a_worker(void *test)
{
	return by_a_worker(test, expects_the_second_to_succeed, test);
}

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

/* Gives the device an address that is none. */
static int uses_a_mapping_that_failed(void *unused)
{
	struct device *dev = &dma_device->dev;
	dma_addr_t a = dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE);

	if (a != DMA_MAPPING_ERROR)
		dma_unmap_page(dev, a, HALF, DMA_TO_DEVICE);
	return 0;
}

/* Forgets the first of two if there is no second. */
static int leaves_a_mapping(void *unused)
{
	struct device *dev = &dma_device->dev;
	dma_addr_t a, b;

	a = dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, a))
		return -ENOMEM;
	b = dma_map_page(dev, ZERO_PAGE(0), HALF, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, b))
		return -ENOMEM;
	dma_unmap_page(dev, b, HALF, DMA_TO_DEVICE);
	dma_unmap_page(dev, a, HALF, DMA_TO_DEVICE);
	return 0;
}

/* The same with a list */
static int leaves_a_list(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct scatterlist list;
	void *p;

	sg_init_one(&list, page_address(ZERO_PAGE(0)), HALF);
	if (!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE))
		return -ENOMEM;
	p = kmalloc(16, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	kfree(p);
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
	return 0;
}

/* Frees a table that is mapped if there is no memory for something else. */
static int leaves_a_table(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct sg_table table;
	int err;
	void *p;

	if (sg_alloc_table(&table, 1, GFP_KERNEL))
		return -ENOMEM;
	sg_set_page(table.sgl, ZERO_PAGE(0), HALF, 0);
	err = dma_map_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	if (!err) {
		p = kmalloc(16, GFP_KERNEL);
		err = p ? 0 : -ENOMEM;
		if (p)
			dma_unmap_sgtable(dev, &table, DMA_TO_DEVICE, 0);
		kfree(p);
	}
	sg_free_table(&table);
	return err;
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

static int crashes_on_error(void *unused)
{
	int *p = kmalloc(16, GFP_KERNEL);

	WRITE_ONCE(*p, 1);
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

/* An error that is not in the list is another failing case. */
static void other_errors_are_accepted(struct kunit *test)
{
	static const int accept[] = { -EAGAIN, -EINVAL, 0 };
	struct kunit_fault_sweep sweep = { .accept = accept };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, returns_another_error, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);
}

/* One after each run, with the leak that the run has left for it to free */
static void free_what_is_left(struct kunit *test)
{
	unsigned long *runs = test->priv;

	if (runs)
		++*runs;
	kfree(leaked);
	leaked = NULL;
}

static int defined_sweep(struct kunit *test)
{
	return leaks_when_the_second_fails(NULL);
}

KUNIT_DEFINE_FAULT_SWEEP(defined_sweep, .after = free_what_is_left);

static void functions_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .after = free_what_is_left };
	unsigned long runs = 0;

	test->priv = &runs;
	kunit_fault_sweep_run(test, &sweep, defined_sweep);
	KUNIT_EXPECT_EQ(test, sweep.total, 4);
	/* Each mode ends with a run in which nothing fails. */
	KUNIT_EXPECT_EQ(test, runs, 6);
}

static void *kept;

/* Allocates once more when it is called first, and keeps that. */
static noinline int sets_up_once(void *unused)
{
	if (!kept)
		kept = kmalloc(16, GFP_KERNEL);
	return kept ? three_objects(NULL) : -ENOMEM;
}

static void first_use_can_be_left_out(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .warm_up = true };

	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, sets_up_once, NULL), 6);
	kfree(kept);
	kept = NULL;
}

static void caches_can_be_named(struct kunit *test)
{
	static const char * const caches[] = { "none", "sets_up_once", NULL };
	struct kunit_fault_sweep sweep = { .kept_by = caches };

	if (!IS_ENABLED(CONFIG_KALLSYMS))
		kunit_skip(test, "needs CONFIG_KALLSYMS");
	/* The second run keeps it, so from the third one on there is a point less. */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, sets_up_once, NULL), 6);
	kfree(kept);
	kept = NULL;
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

static const char * const not_injectable[] = { "take_a_step", "kunit_fault_sweep_next", NULL };
static const char * const not_there[] = { "there_is_no_such_function", NULL };

static const struct failing_case {
	const char *name;
	int (*body)(void *test);
	unsigned long cap;
	unsigned long total;	/* failures injected until it is found out */
	unsigned long points;	/* in the report of the last run */
	bool keep_going;
	bool user_copies;
	bool dma_mappings;
	const char * const *functions;
	unsigned int modes;
} failing_cases[] = {
	{ "leaks", leaks_when_the_second_fails, 0, 2, 2 },
	{ "swallows the error", swallows_the_error, 0, 1, 1 },
	{ "returns another error", returns_another_error, 0, 1, 1 },
	{ "returns another error, goes on", returns_another_error, 0, 6, 3, .keep_going = true },
	{ "fails without a fault", fails_without_a_fault, 0, 3, 3 },
	{ "fails an expectation", expects_the_second_to_succeed, 0, 1, 2 },
	{ "fails the current test", fails_the_current_test, 0, 1, 2 },
	{ "aborts on error", asserts_on_error, 0, 0, 0 },
	{ "crashes on error", crashes_on_error, 0, 0, 0 },
	{ "goes beyond the cap", three_objects, 2, 3, 3 },
	{ "has no point", nothing, 0, 0, 0 },
	{ "tells no signal", tells_no_signal, 0, 1, 1, .modes = BIT(KUNIT_FAULT_SIGNAL) },
	{ "does not give up", does_not_give_up, 0, 1, 1001, .modes = BIT(KUNIT_FAULT_FOREVER) },
	{ "hides a user copy", copies_without_memory, 0, 2, 2, .user_copies = true },
	{ "names what may not fail", walks, 0, 0, 0, .functions = not_injectable },
	{ "names what is not there", walks, 0, 0, 0, .functions = not_there },
	{ "leaks in a worker", leaks_in_a_worker, 0, 2, 2 },
	{ "fails an expectation in a worker", expects_in_a_worker, 0, 1, 2 },
	{ "follows too many", follows_too_many, 0, 0, 0 },
	{ "follows when it is followed", lets_a_worker_follow, 0, 0, 0 },
#ifndef MODULE
	{ "allocates meanwhile", allocates_meanwhile, 0, 1, 2 },
#endif
	{ "uses a mapping that failed", uses_a_mapping_that_failed, 0, 1, 1, .dma_mappings = true },
	{ "leaves a mapping", leaves_a_mapping, 0, 2, 2, .dma_mappings = true },
	{ "leaves a list", leaves_a_list, 0, 2, 2, .dma_mappings = true },
	{ "leaves a table", leaves_a_table, 0, 3, 3, .dma_mappings = true },
	{ "leaves preemption off", leaves_preemption_off, 0, 1, 1 },
	{ "leaves interrupts off", leaves_interrupts_off, 0, 1, 1 },
	{ "leaves a lock", leaves_a_lock, 0, 1, 1 },
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

struct expected_failure {
	struct kunit test;
	struct kunit_fault_sweep sweep;
	int (*body)(void *test);
};

static void run_expected_failure(void *data)
{
	struct expected_failure *expected = data;

	current->kunit_test = &expected->test;
	if (expected->sweep.user_copies)
		map_a_word(&expected->test);
	sweep_body(&expected->test, &expected->sweep, expected->body, &expected->test);
	if (expected->body == leaves_a_lock)
		mutex_unlock(&left_lock);
}

static void caught(void *data) {}

static void init_try_catch(struct kunit *test, struct kunit *expected,
			   void (*try)(void *data))
{
	kunit_try_catch_init(&expected->try_catch, expected, try, caught, CASE_TIMEOUT);
}

static bool faults_are_fatal(void)
{
#ifdef MODULE
	return true;
#else
	return panic_on_oops;
#endif
}

static void failures_are_reported(struct kunit *test)
{
	const struct failing_case *c = test->param_value;
	const struct kunit_fault_plan count_only = {};
	struct expected_failure *expected;

	if (c->body == crashes_on_error && IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "UML does not outlive a fault of its own");
	if (c->body == crashes_on_error && faults_are_fatal())
		kunit_skip(test, "panic_on_oops is set, or cannot be seen by a module");
	if (c->user_copies)
		skip_without_user_copies(test);
	if (c->functions)
		skip_without_functions(test);
	if (c->dma_mappings) {
		skip_without_dma(test);
		make_a_dma_device(test);
	}
	if (c->body == leaves_preemption_off && !IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "needs CONFIG_PREEMPT_COUNT");
	/* It ends itself with its first report, and then would never get the lock again. */
	if (c->body == leaves_a_lock && (!IS_ENABLED(CONFIG_LOCKDEP) || !debug_locks))
		kunit_skip(test, "needs CONFIG_LOCKDEP, working");

	expected = kunit_kzalloc(test, sizeof(*expected), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, expected);
	kunit_init_test(&expected->test, "expected_failure", NULL);
	init_try_catch(test, &expected->test, run_expected_failure);
	expected->sweep.cap = c->cap;
	expected->sweep.keep_going = c->keep_going;
	expected->sweep.user_copies = c->user_copies;
	expected->sweep.functions = c->functions;
	expected->sweep.dma_mappings = c->dma_mappings;
	expected->sweep.modes = c->modes;
	expected->sweep.allow_success = c->body == does_not_give_up;
	expected->body = c->body;

	if (c->body == crashes_on_error)
		kunit_info(test, "this test faults on purpose\n");
	kunit_try_catch_run(&expected->test.try_catch, expected);
	if (c->body == crashes_on_error)
		kunit_info(test, "that was the fault on purpose\n");
	if (c->body != crashes_on_error)
		KUNIT_EXPECT_EQ(test, expected->test.status, KUNIT_FAILURE);
	else
		KUNIT_EXPECT_EQ(test, expected->test.try_catch.try_result, -EINTR);
	KUNIT_EXPECT_EQ(test, expected->sweep.total, c->total);
	KUNIT_EXPECT_EQ(test, expected->sweep.report.points, c->points);
	kunit_cleanup(&expected->test);
	kfree(leaked);
	leaked = NULL;

	/* Whatever happened, nothing is armed any more. */
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_disarm(test, NULL);
}

#ifndef MODULE	/* For these the log's stream, and task_work_add(), are not exported. */
/* An assertion of the code does not know in which run it fails, so that is said. */
static void assertion_has_a_run(struct kunit *test, int (*body)(void *arg))
{
	struct expected_failure *expected;
	struct string_stream *log;
	char *text;

	expected = kunit_kzalloc(test, sizeof(*expected), GFP_KERNEL);
	log = kunit_alloc_string_stream(test, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, expected);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, log);
	kunit_init_test(&expected->test, "expected_failure", log);
	init_try_catch(test, &expected->test, run_expected_failure);
	expected->sweep.scenario = "second of two";
	expected->body = body;
	kunit_try_catch_run(&expected->test.try_catch, expected);
	kunit_cleanup(&expected->test);

	text = string_stream_get_string(log);
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "in the run second of two mode=once N=2, after "));
	kfree(text);
}

static void failed_assertions_have_a_run(struct kunit *test)
{
	assertion_has_a_run(test, expects_the_second_to_succeed);
	assertion_has_a_run(test, expects_in_a_worker);
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
	init_try_catch(test, &skipped->test, skip_while_armed);
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

static int fault_suite_init(struct kunit_suite *suite)
{
	struct kmem_cache_args args = { .sheaf_capacity = 8 };

	cache = kmem_cache_create("kunit_fault_test", 64, &args, SLAB_NO_MERGE);
	return cache ? 0 : -ENOMEM;
}

static void fault_suite_exit(struct kunit_suite *suite)
{
	kmem_cache_destroy(cache);
}

static int fault_test_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION))
		kunit_skip(test, "needs CONFIG_KUNIT_FAULT_INJECTION");
	return 0;
}

static struct kunit_case fault_test_cases[] = {
	KUNIT_CASE_PARAM(points_are_counted, count_gen_params),
	KUNIT_CASE(page_tables_do_not_count),
	KUNIT_CASE_PARAM(points_are_failed, count_gen_params),
	KUNIT_CASE_PARAM(late_frees_are_no_leaks, later_gen_params),
	KUNIT_CASE(kinds_are_told_apart),
	KUNIT_CASE(plan_is_followed),
	KUNIT_CASE(pairs_are_swept),
	KUNIT_CASE(signals_are_swept),
	KUNIT_CASE(signals_need_not_be_told),
	KUNIT_CASE(signals_wait_for_siglock),
	KUNIT_CASE(causes_are_swept),
	KUNIT_CASE(some_points_are_swept),
	KUNIT_CASE(one_run_is_replayed),
	KUNIT_CASE(user_copies_are_swept),
	KUNIT_CASE(user_copies_are_named),
	KUNIT_CASE(injectable_functions_are_swept),
	KUNIT_CASE(injectable_functions_are_named),
	KUNIT_CASE(mappings_are_swept),
	KUNIT_CASE(mappings_are_named),
	KUNIT_CASE(mappings_of_others_do_not_count),
	KUNIT_CASE(site_is_named),
	KUNIT_CASE(other_tasks_are_left_alone),
	KUNIT_CASE(tasks_are_followed),
	KUNIT_CASE(work_is_followed),
	KUNIT_CASE(followed_sites_are_named),
	KUNIT_CASE(followed_are_forgotten),
	KUNIT_CASE(followed_tasks_may_end),
	KUNIT_CASE(followed_get_no_signal),
#ifndef MODULE
	KUNIT_CASE(followed_have_to_be_waited_for),
	KUNIT_CASE(followed_may_free_later),
	KUNIT_CASE(followed_may_be_at_work),
#endif
	KUNIT_CASE(set_up_has_no_report),
	KUNIT_CASE(one_window_at_a_time),
	KUNIT_CASE(limits_are_kept),
	KUNIT_CASE(other_errors_are_accepted),
	KUNIT_CASE(first_use_can_be_left_out),
	KUNIT_CASE(caches_can_be_named),
	KUNIT_CASE(functions_are_swept),
	KUNIT_CASE_FAULT_SWEEP(defined_sweep),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
#ifndef MODULE
	KUNIT_CASE(failed_assertions_have_a_run),
	KUNIT_CASE(exits_are_left_alone),
#endif
	{}
};

static struct kunit_suite fault_test_suite = {
	.name = "kunit_fault_injection",
	.suite_init = fault_suite_init,
	.suite_exit = fault_suite_exit,
	.init = fault_test_init,
	.test_cases = fault_test_cases,
};

kunit_test_suite(fault_test_suite);

MODULE_DESCRIPTION("KUnit tests of KUnit's fault injection");
MODULE_LICENSE("GPL");
