// SPDX-License-Identifier: GPL-2.0
/*
 * What a sweep takes for a leak, and what not.
 */

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "bodies.h"
#include "expected.h"
#include "helper.h"

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

static void *leaked;

static int leaks_when_the_second_fails(void *unused)
{
	return leaves_the_first_of_two(&leaked);
}

static int leaks_in_a_worker(void *test)
{
	return by_a_worker(test, leaves_the_first_of_two, &leaked);
}

static void free_leaked(void)
{
	kfree(leaked);
	leaked = NULL;
}

/* One after each run, with the leak that the run has left for it to free */
static void free_what_is_left(struct kunit *test)
{
	unsigned long *runs = test->priv;

	if (runs)
		++*runs;
	free_leaked();
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

static const struct kunit_fault_failing failing_cases[] = {
	{ "leaks", leaks_when_the_second_fails, 2, 2, .end = free_leaked },
	{ "leaks in a worker", leaks_in_a_worker, 2, 2, .end = free_leaked },
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

static struct kunit_case leaks_cases[] = {
	KUNIT_CASE_PARAM(late_frees_are_no_leaks, later_gen_params),
	KUNIT_CASE(first_use_can_be_left_out),
	KUNIT_CASE(caches_can_be_named),
	KUNIT_CASE(functions_are_swept),
	KUNIT_CASE_FAULT_SWEEP(defined_sweep),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
	{}
};

static struct kunit_suite leaks_suite = {
	.name = "kunit_fault_leaks",
	.init = fault_test_init,
	.test_cases = leaks_cases,
};

kunit_test_suite(leaks_suite);
