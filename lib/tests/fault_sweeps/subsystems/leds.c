// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of LEDs.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/leds.h>
#include <linux/module.h>

#include "parent.h"

static void set_brightness(struct led_classdev *led, enum led_brightness brightness) {}

static int led(struct kunit *test)
{
	struct led_classdev led = {
		.name = "fault-sweep::status",
		.max_brightness = 10,
		.brightness_set = set_brightness,
	};
	int err = led_classdev_register(test->priv, &led);

	if (!err)
		led_classdev_unregister(&led);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(led, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(led),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_leds",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of LEDs");
MODULE_LICENSE("GPL");
