// SPDX-License-Identifier: GPL-2.0
/*
 * Functions that may be made to fail.
 */

#include <linux/error-injection.h>
#include <linux/kallsyms.h>

#include "bodies.h"
#include "expected.h"

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

static const char * const not_injectable[] = { "take_a_step", "kunit_fault_sweep_next", NULL };
static const char * const not_there[] = { "there_is_no_such_function", NULL };

static const struct kunit_fault_failing failing_cases[] = {
	{
		"names what may not fail", walks, 0, 0,
		.sweep.functions = not_injectable,
		.needs = skip_without_functions,
	},
	{
		"names what is not there", walks, 0, 0,
		.sweep.functions = not_there,
		.needs = skip_without_functions,
	},
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

static void option_is_needed(struct kunit *test)
{
	const struct kunit_fault_sweep sweep = { .functions = steps_of_walks };

	if (IS_ENABLED(CONFIG_FUNCTION_ERROR_INJECTION))
		kunit_skip(test, "has CONFIG_FUNCTION_ERROR_INJECTION");
	kunit_fault_expect_skip(test, &sweep);
}

static struct kunit_case functions_cases[] = {
	KUNIT_CASE(injectable_functions_are_swept),
	KUNIT_CASE(injectable_functions_are_named),
	KUNIT_CASE(option_is_needed),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
	{}
};

static struct kunit_suite functions_suite = {
	.name = "kunit_fault_functions",
	.init = fault_test_init,
	.test_cases = functions_cases,
};

kunit_test_suite(functions_suite);
