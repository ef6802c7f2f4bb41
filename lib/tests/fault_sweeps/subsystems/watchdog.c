// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of watchdogs.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/watchdog.h>

#include "parent.h"

static int start_watchdog(struct watchdog_device *wdd)
{
	return 0;
}

static int watchdog(struct kunit *test)
{
	static const struct watchdog_info info = { .identity = "fault-sweep" };
	static const struct watchdog_ops ops = {
		.owner = THIS_MODULE,
		.start = start_watchdog,
		.stop = start_watchdog,
	};
	struct watchdog_device wdd = {
		.info = &info,
		.ops = &ops,
		.parent = test->priv,
		.timeout = 10,
	};
	int err = watchdog_register_device(&wdd);

	if (!err)
		watchdog_unregister_device(&wdd);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(watchdog, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(watchdog),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_watchdog",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of watchdogs");
MODULE_LICENSE("GPL");
