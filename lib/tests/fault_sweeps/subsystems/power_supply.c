// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of power supplies.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/power_supply.h>

#include "parent.h"

static int get_property(struct power_supply *psy, enum power_supply_property property,
			union power_supply_propval *value)
{
	value->intval = 1;
	return 0;
}

static int power_supply(struct kunit *test)
{
	static const enum power_supply_property properties[] = {
		POWER_SUPPLY_PROP_STATUS, POWER_SUPPLY_PROP_TEMP,
		POWER_SUPPLY_PROP_VOLTAGE_NOW,
	};
	static const struct power_supply_desc desc = {
		.name = "fault-sweep",
		.type = POWER_SUPPLY_TYPE_BATTERY,
		.properties = properties,
		.num_properties = ARRAY_SIZE(properties),
		.get_property = get_property,
	};
	static char *supplied_to[] = { "fault-sweep-other" };
	struct power_supply_config config = {
		.supplied_to = supplied_to,
		.num_supplicants = 1,
	};
	struct power_supply *psy = power_supply_register(test->priv, &desc, &config);

	if (IS_ERR(psy))
		return PTR_ERR(psy);
	power_supply_unregister(psy);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(power_supply, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(power_supply),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_power_supply",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of power supplies");
MODULE_LICENSE("GPL");
