// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of external connectors.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/device.h>
#include <linux/extcon-provider.h>
#include <linux/module.h>

#include "parent.h"

static int extcon(struct kunit *test)
{
	static const unsigned int cables[] = { EXTCON_USB, EXTCON_USB_HOST, EXTCON_NONE };
	struct device *dev = test->priv;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	struct extcon_dev *edev;
	int err;

	if (!group)
		return -ENOMEM;
	edev = devm_extcon_dev_allocate(dev, cables);
	err = IS_ERR(edev) ? PTR_ERR(edev) : devm_extcon_dev_register(dev, edev);
	devres_release_group(dev, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(extcon, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(extcon),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_extcon",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of external connectors");
MODULE_LICENSE("GPL");
