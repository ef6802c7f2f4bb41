/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that are expected to fail, or to be skipped: what a sweep has to report.
 */
#ifndef _KUNIT_FAULT_TEST_EXPECTED_H
#define _KUNIT_FAULT_TEST_EXPECTED_H

#include <kunit/fault.h>
#include <kunit/test.h>

/**
 * struct kunit_fault_failing - A body that fails its test when it is swept
 * @name: What it does wrong
 * @body: The body; its argument is the test that fails
 * @total: Failures injected until it is found out
 * @points: Points in the report of the last run
 * @sweep: How it is swept
 * @needs: Skips the test if something is missing, or gets it ready; or NULL
 * @begin: Called before the sweep, in its task; or NULL
 * @end: Called after it, in its task, to mend what is left; or NULL
 * @task_ends: The body ends the task that sweeps it
 */
struct kunit_fault_failing {
	const char *name;
	int (*body)(void *test);
	unsigned long total;
	unsigned long points;
	struct kunit_fault_sweep sweep;
	void (*needs)(struct kunit *test);
	void (*begin)(struct kunit *test);
	void (*end)(void);
	bool task_ends;
};

void kunit_fault_expect_failure(struct kunit *test, const struct kunit_fault_failing *c);
void kunit_fault_expect_skip(struct kunit *test, const struct kunit_fault_sweep *sweep);
void kunit_fault_expect_named_run(struct kunit *test, int (*body)(void *test));
void kunit_fault_init_try_catch(struct kunit *test, struct kunit *expected,
				void (*try)(void *data));

/* Of each suite that has a list of them */
static inline void failures_are_reported(struct kunit *test)
{
	kunit_fault_expect_failure(test, test->param_value);
}

#endif /* _KUNIT_FAULT_TEST_EXPECTED_H */
