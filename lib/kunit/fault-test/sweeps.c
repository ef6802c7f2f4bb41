// SPDX-License-Identifier: GPL-2.0
/*
 * Which runs a sweep makes.
 */

#include "bodies.h"

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

static void some_points_are_swept(struct kunit *test)
{
	static const unsigned long only[] = { 1, 3, 4, 5 };
	struct kunit_fault_sweep sweep = { .only = only, .nr_only = ARRAY_SIZE(only) };

	/* There is no fourth, so the run for the fifth is not made. */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, three_objects, NULL), 4);
	KUNIT_EXPECT_EQ(test, sweep.points, 2);
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

static struct kunit_case sweeps_cases[] = {
	KUNIT_CASE(pairs_are_swept),
	KUNIT_CASE(some_points_are_swept),
	KUNIT_CASE(one_run_is_replayed),
	KUNIT_CASE(set_up_has_no_report),
	{}
};

static struct kunit_suite sweeps_suite = {
	.name = "kunit_fault_sweeps",
	.init = fault_test_init,
	.test_cases = sweeps_cases,
};

kunit_test_suite(sweeps_suite);
