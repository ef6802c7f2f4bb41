// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of generic PHYs.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/phy/phy.h>

#include "parent.h"

static const struct phy_ops phy_ops = { .owner = THIS_MODULE };

static int phy(struct kunit *test)
{
	struct device *dev = test->priv;
	struct phy *phy = phy_create(dev, NULL, &phy_ops), *user;
	int err;

	if (IS_ERR(phy))
		return PTR_ERR(phy);
	err = phy_create_lookup(phy, "sweep", dev_name(dev));
	if (!err) {
		user = phy_get(dev, "sweep");
		if (IS_ERR(user))
			err = PTR_ERR(user);
		else
			phy_put(dev, user);
		phy_remove_lookup(phy, "sweep", dev_name(dev));
	}
	phy_destroy(phy);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(phy, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(phy),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_phy",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of generic PHYs");
MODULE_LICENSE("GPL");
