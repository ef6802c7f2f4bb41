// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of regulators.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/regulator/consumer.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/machine.h>

#include "parent.h"

static int regulator_on(struct regulator_dev *rdev)
{
	return 0;
}

static const struct regulator_ops regulator_ops = {
	.enable = regulator_on,
	.disable = regulator_on,
	.is_enabled = regulator_on,
};

static int use_regulator(struct device *dev)
{
	struct regulator *user = regulator_get(dev, "vcc");
	int err;

	if (IS_ERR(user))
		return PTR_ERR(user);
	err = regulator_enable(user);
	if (!err)
		regulator_disable(user);
	regulator_put(user);
	return err;
}

static int regulator(struct kunit *test)
{
	static const struct regulator_desc desc = {
		.name = "fault-sweep",
		.ops = &regulator_ops,
		.type = REGULATOR_VOLTAGE,
		.owner = THIS_MODULE,
		.n_voltages = 1,
		.fixed_uV = 3300000,
	};
	struct device *dev = test->priv;
	struct regulator_consumer_supply supply = REGULATOR_SUPPLY("vcc", dev_name(dev));
	struct regulator_init_data data = {
		.constraints = {
			.name = "sweep",
			.valid_ops_mask = REGULATOR_CHANGE_STATUS,
		},
		.num_consumer_supplies = 1,
		.consumer_supplies = &supply,
	};
	struct regulator_config config = { .dev = dev, .init_data = &data };
	struct regulator_dev *rdev = regulator_register(dev, &desc, &config);
	int err;

	if (IS_ERR(rdev))
		return PTR_ERR(rdev);
	err = use_regulator(dev);
	regulator_unregister(rdev);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(regulator, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(regulator),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_regulator",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of regulators");
MODULE_LICENSE("GPL");
