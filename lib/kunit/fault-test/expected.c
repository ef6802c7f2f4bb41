// SPDX-License-Identifier: GPL-2.0
/*
 * A test that is expected to fail runs inside of another one.  Its messages are
 * in the log as those of "expected_failure".
 */

#include <linux/module.h>

#include "../string-stream.h"
#include "../try-catch-impl.h"
#include "bodies.h"
#include "expected.h"

#define CASE_TIMEOUT	(30 * HZ)

struct expected_test {
	struct kunit test;
	struct kunit_fault_sweep sweep;
	const struct kunit_fault_failing *failing;
};

static void run_expected_test(void *data)
{
	struct expected_test *expected = data;
	const struct kunit_fault_failing *c = expected->failing;

	current->kunit_test = &expected->test;
	if (c->begin)
		c->begin(&expected->test);
	sweep_body(&expected->test, &expected->sweep, c->body, &expected->test);
	if (c->end)
		c->end();
}

static void caught(void *data) {}

/* Prepares @expected to run @try, in a task of its own. */
void kunit_fault_init_try_catch(struct kunit *test, struct kunit *expected,
				void (*try)(void *data))
{
	kunit_try_catch_init(&expected->try_catch, expected, try, caught, CASE_TIMEOUT);
}

/* Sweeps a body in a test of its own, which the caller has to clean up. */
static struct expected_test *run_apart(struct kunit *test, const char *name,
				       struct string_stream *log,
				       const struct kunit_fault_failing *c)
{
	struct expected_test *expected;

	expected = kunit_kzalloc(test, sizeof(*expected), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, expected);
	kunit_init_test(&expected->test, name, log);
	kunit_fault_init_try_catch(test, &expected->test, run_expected_test);
	expected->sweep = c->sweep;
	expected->failing = c;
	kunit_try_catch_run(&expected->test.try_catch, expected);
	return expected;
}

/* Sweeps a body that has to fail its test. */
void kunit_fault_expect_failure(struct kunit *test, const struct kunit_fault_failing *c)
{
	const struct kunit_fault_plan count_only = {};
	struct expected_test *expected;

	if (c->needs)
		c->needs(test);

	expected = run_apart(test, "expected_failure", NULL, c);
	if (c->task_ends)
		KUNIT_EXPECT_EQ(test, expected->test.try_catch.try_result, -EINTR);
	else
		KUNIT_EXPECT_EQ(test, expected->test.status, KUNIT_FAILURE);
	KUNIT_EXPECT_EQ(test, expected->sweep.total, c->total);
	KUNIT_EXPECT_EQ(test, expected->sweep.report.points, c->points);
	kunit_cleanup(&expected->test);

	/* Whatever happened, nothing is armed any more. */
	KUNIT_ASSERT_EQ(test, kunit_fault_arm(test, &count_only), 0);
	kunit_fault_disarm(test, NULL);
}

/* A sweep that asks for what this kernel does not have. */
void kunit_fault_expect_skip(struct kunit *test, const struct kunit_fault_sweep *sweep)
{
	const struct kunit_fault_failing failing = { .body = nothing, .sweep = *sweep };
	struct expected_test *expected = run_apart(test, "expected_skip", NULL, &failing);

	KUNIT_EXPECT_EQ(test, expected->test.status, KUNIT_SKIPPED);
	kunit_cleanup(&expected->test);
}

#ifndef MODULE	/* For this the log's stream is not exported. */
/* An assertion of the code does not know in which run it fails, so that is said. */
void kunit_fault_expect_named_run(struct kunit *test, int (*body)(void *test))
{
	const struct kunit_fault_failing failing = {
		.body = body,
		.sweep.scenario = "second of two",
	};
	struct string_stream *log = kunit_alloc_string_stream(test, GFP_KERNEL);
	char *text;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, log);
	kunit_cleanup(&run_apart(test, "expected_failure", log, &failing)->test);

	text = string_stream_get_string(log);
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "in the run second of two mode=once N=2, after "));
	kfree(text);
}
#endif

MODULE_DESCRIPTION("KUnit tests of KUnit's fault injection");
MODULE_LICENSE("GPL");
