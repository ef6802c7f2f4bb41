// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of hardware monitors.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/hwmon.h>
#include <linux/module.h>

#include "parent.h"

static umode_t all_visible(const void *data, enum hwmon_sensor_types type, u32 attr, int channel)
{
	return 0444;
}

static int read_sensor(struct device *dev, enum hwmon_sensor_types type, u32 attr, int channel,
		       long *value)
{
	*value = 20000;
	return 0;
}

static const struct hwmon_ops hwmon_ops = {
	.is_visible = all_visible,
	.read = read_sensor,
};

static const struct hwmon_channel_info * const hwmon_channels[] = {
	HWMON_CHANNEL_INFO(chip, HWMON_C_REGISTER_TZ),
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_MAX, HWMON_T_INPUT),
	HWMON_CHANNEL_INFO(in, HWMON_I_INPUT),
	NULL
};

static const struct hwmon_chip_info chip_info = {
	.ops = &hwmon_ops,
	.info = hwmon_channels,
};

static int hwmon(struct kunit *test)
{
	struct device *dev;

	dev = hwmon_device_register_with_info(test->priv, "sweep", NULL, &chip_info, NULL);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	hwmon_device_unregister(dev);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(hwmon, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(hwmon),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_hwmon",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of hardware monitors");
MODULE_LICENSE("GPL");
