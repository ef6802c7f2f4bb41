// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of real time clocks.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/rtc.h>

#include "parent.h"

static int read_time(struct device *dev, struct rtc_time *tm)
{
	rtc_time64_to_tm(1000000000, tm);
	return 0;
}

static int rtc(struct kunit *test)
{
	static const struct rtc_class_ops ops = { .read_time = read_time };
	struct device *dev = test->priv;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	struct rtc_device *rtc;
	int err;

	if (!group)
		return -ENOMEM;
	rtc = devm_rtc_allocate_device(dev);
	if (IS_ERR(rtc)) {
		err = PTR_ERR(rtc);
	} else {
		rtc->ops = &ops;
		err = devm_rtc_register_device(rtc);
	}
	devres_release_group(dev, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(rtc, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(rtc),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_rtc",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of real time clocks");
MODULE_LICENSE("GPL");
