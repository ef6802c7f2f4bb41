// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of thermal zones.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/thermal.h>

#include "parent.h"

static int get_temperature(struct thermal_zone_device *zone, int *temperature)
{
	*temperature = 20000;
	return 0;
}

static bool should_bind(struct thermal_zone_device *zone, const struct thermal_trip *trip,
			struct thermal_cooling_device *cooling, struct cooling_spec *spec)
{
	return cooling->devdata == thermal_zone_device_priv(zone);
}

static int get_state(struct thermal_cooling_device *cooling, unsigned long *state)
{
	*state = 3;
	return 0;
}

static int set_state(struct thermal_cooling_device *cooling, unsigned long state)
{
	return 0;
}

static int thermal_zone(struct kunit *test)
{
	static const struct thermal_zone_device_ops zone_ops = {
		.get_temp = get_temperature,
		.should_bind = should_bind,
	};
	static const struct thermal_cooling_device_ops cooling_ops = {
		.get_max_state = get_state,
		.get_cur_state = get_state,
		.set_cur_state = set_state,
	};
	static const struct thermal_trip trips[] = {
		{ .temperature = 50000, .type = THERMAL_TRIP_PASSIVE },
		{ .temperature = 90000, .type = THERMAL_TRIP_CRITICAL },
	};
	struct thermal_cooling_device *cooling;
	struct thermal_zone_device *zone;
	int err = 0;

	cooling = thermal_cooling_device_register("fault-sweep", test, &cooling_ops);
	if (IS_ERR(cooling))
		return PTR_ERR(cooling);
	zone = thermal_zone_device_register_with_trips("sweep", trips, ARRAY_SIZE(trips), test,
						       &zone_ops, NULL, 0, 0);
	if (IS_ERR(zone))
		err = PTR_ERR(zone);
	else
		thermal_zone_device_unregister(zone);
	thermal_cooling_device_unregister(cooling);
	return err;
}

/* A zone is a hardware monitor, too, with CONFIG_THERMAL_HWMON. */
KUNIT_DEFINE_FAULT_SWEEP(thermal_zone, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(thermal_zone),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_thermal",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of thermal zones");
MODULE_LICENSE("GPL");
