// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of devlink instances.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/devlink.h>

#include "parent.h"

static const struct devlink_ops devlink_ops = {};

static const struct devlink_health_reporter_ops reporter_ops = { .name = "sweep" };

static const struct devlink_region_ops region_ops = {
	.name = "sweep",
	.destructor = kfree,
};

static int use_devlink(struct devlink *devlink)
{
	struct devlink_health_reporter *reporter;
	struct devlink_port port = {};
	struct devlink_region *region;
	int err = devl_port_register(devlink, &port, 1);

	if (err)
		return err;
	reporter = devl_health_reporter_create(devlink, &reporter_ops, NULL);
	if (IS_ERR(reporter)) {
		err = PTR_ERR(reporter);
		goto unregister_port;
	}
	region = devl_region_create(devlink, &region_ops, 2, 100);
	if (IS_ERR(region))
		err = PTR_ERR(region);
	else
		devl_region_destroy(region);
	devl_health_reporter_destroy(reporter);
unregister_port:
	devl_port_unregister(&port);
	return err;
}

static int devlink(struct kunit *test)
{
	struct devlink *devlink = devlink_alloc(&devlink_ops, 16, test->priv);
	int err;

	if (!devlink)
		return -ENOMEM;
	devl_lock(devlink);
	err = devl_register(devlink);
	if (!err) {
		err = use_devlink(devlink);
		devl_unregister(devlink);
	}
	devl_unlock(devlink);
	devlink_free(devlink);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(devlink, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(devlink),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_devlink",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of devlink instances");
MODULE_LICENSE("GPL");
