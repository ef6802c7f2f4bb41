// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of GPIO chips.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/module.h>

#include "parent.h"

static int get_direction(struct gpio_chip *chip, unsigned int offset)
{
	return GPIO_LINE_DIRECTION_IN;
}

static int get_line(struct gpio_chip *chip, unsigned int offset)
{
	return 0;
}

static int direction_input(struct gpio_chip *chip, unsigned int offset)
{
	return 0;
}

static int use_gpios(struct gpio_chip *chip)
{
	struct gpio_desc *one, *hog;

	one = gpiochip_request_own_desc(chip, 1, "sweep", GPIO_ACTIVE_HIGH, GPIOD_IN);
	if (IS_ERR(one))
		return PTR_ERR(one);
	hog = gpiochip_request_own_desc(chip, 2, "other", GPIO_ACTIVE_LOW, GPIOD_IN);
	if (!IS_ERR(hog))
		gpiochip_free_own_desc(hog);
	gpiochip_free_own_desc(one);
	return PTR_ERR_OR_ZERO(hog);
}

static int gpio(struct kunit *test)
{
	static const char * const names[] = { "one", "two", "three", "four" };
	struct gpio_chip chip = {
		.label = "fault-sweep",
		.owner = THIS_MODULE,
		.parent = test->priv,
		.base = -1,
		.ngpio = ARRAY_SIZE(names),
		.names = names,
		.get_direction = get_direction,
		.direction_input = direction_input,
		.get = get_line,
	};
	int err = gpiochip_add_data(&chip, NULL);

	if (err)
		return err;
	err = use_gpios(&chip);
	gpiochip_remove(&chip);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(gpio, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(gpio),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_gpio",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of GPIO chips");
MODULE_LICENSE("GPL");
