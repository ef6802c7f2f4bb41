// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of device frequencies.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/devfreq.h>
#include <linux/module.h>
#include <linux/pm_opp.h>

#include "parent.h"

static int set_target(struct device *dev, unsigned long *freq, u32 flags)
{
	return 0;
}

static int add_devfreq(struct device *dev)
{
	struct devfreq_dev_profile profile = {
		.initial_freq = 1000,
		.target = set_target,
	};
	struct devfreq *devfreq;
	int err = dev_pm_opp_add(dev, 1000, 100);

	if (err)
		return err;
	err = dev_pm_opp_add(dev, 2000, 200);
	if (!err) {
		devfreq = devfreq_add_device(dev, &profile, DEVFREQ_GOV_PERFORMANCE, NULL);
		if (IS_ERR(devfreq))
			err = PTR_ERR(devfreq);
		else
			err = devfreq_remove_device(devfreq);
	}
	dev_pm_opp_remove_all_dynamic(dev);
	return err;
}

/* The table of frequencies belongs to the parent, and so do its constraints, once there are any. */
static int devfreq(struct kunit *test)
{
	struct device *dev = test->priv;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	int err;

	if (!group)
		return -ENOMEM;
	err = add_devfreq(dev);
	devres_release_group(dev, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(devfreq, .warm_up = true, .allow_success = true, .accept = nameless);

/* On more than one CPU SRCU allocates, and srcu_init_notifier_head() calls BUG() if it cannot. */
static int init(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_TREE_SRCU))
		kunit_skip(test, "devfreq_add_device() calls BUG() when SRCU gets no memory");
	return make_parent(test);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(devfreq),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_devfreq",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of device frequencies");
MODULE_LICENSE("GPL");
