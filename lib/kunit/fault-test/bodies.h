/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bodies to be swept that several suites use, and how they are swept.
 */
#ifndef _KUNIT_FAULT_TEST_BODIES_H
#define _KUNIT_FAULT_TEST_BODIES_H

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

/* Bodies: each frees what it has allocated, and returns what it should. */

static inline int three_objects(void *unused)
{
	void *a = kmalloc(16, GFP_KERNEL);
	void *b = a ? kzalloc(200, GFP_KERNEL) : NULL;
	void *c = b ? kmemdup("c", 2, GFP_KERNEL) : NULL;

	kfree(c);
	kfree(b);
	kfree(a);
	return c ? 0 : -ENOMEM;
}

static inline int nothing(void *unused)
{
	return 0;
}

/* Falls back to a second request if the first fails. */
static inline int tries_twice(void *unused)
{
	void *p = kmalloc(16, GFP_NOWAIT) ?: kmalloc(16, GFP_KERNEL);

	kfree(p);
	return p ? 0 : -ENOMEM;
}

/* Gives up when killed, but not in the middle of the third object. */
static inline int three_unless_killed(void *unused)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		kfree(kmalloc(16, GFP_KERNEL));
	}
	return 0;
}

/* Keeps the first of two in *@left if there is no second. */
static inline int leaves_the_first_of_two(void *left)
{
	void **a = left, *b;

	*a = kmalloc(16, GFP_KERNEL);
	if (!*a)
		return -ENOMEM;
	b = kmalloc(16, GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	kfree(b);
	kfree(*a);
	*a = NULL;
	return 0;
}

/* Sweeps a body; returns the points of all modes. */
static inline unsigned long sweep_body(struct kunit *test, struct kunit_fault_sweep *sweep,
				       int (*body)(void *arg), void *arg)
{
	while (kunit_fault_sweep_next(test, sweep)) {
		if (kunit_fault_sweep_arm(test, sweep))
			break;
		kunit_fault_sweep_disarm(test, sweep, body(arg));
	}
	return sweep->total;
}

static inline unsigned long count_points(struct kunit *test, int (*body)(void *arg))
{
	const struct kunit_fault_plan count_only = {};
	struct kunit_fault_report report;

	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	KUNIT_EXPECT_EQ(test, body(test), 0);
	kunit_fault_disarm(test, &report);
	KUNIT_EXPECT_FALSE(test, report.overlapped);
	return report.points;
}

static inline void skip_without_sites(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_STACKTRACE) || !IS_ENABLED(CONFIG_KALLSYMS))
		kunit_skip(test, "needs CONFIG_STACKTRACE and CONFIG_KALLSYMS");
	if (IS_ENABLED(CONFIG_UML) && !IS_ENABLED(CONFIG_FRAME_POINTER))
		kunit_skip(test, "needs CONFIG_FRAME_POINTER on UML");
}

/* Of each suite */
static inline int fault_test_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION))
		kunit_skip(test, "needs CONFIG_KUNIT_FAULT_INJECTION");
	return 0;
}

#endif /* _KUNIT_FAULT_TEST_BODIES_H */
