// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of PWM chips.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/pwm.h>

#include "parent.h"

static int apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	return 0;
}

static int pwm(struct kunit *test)
{
	static const struct pwm_ops ops = { .apply = apply };
	struct pwm_chip *chip = pwmchip_alloc(test->priv, 4, 16);
	int err;

	if (IS_ERR(chip))
		return PTR_ERR(chip);
	chip->ops = &ops;
	err = pwmchip_add(chip);
	if (!err)
		pwmchip_remove(chip);
	pwmchip_put(chip);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(pwm, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(pwm),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_pwm",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of PWM chips");
MODULE_LICENSE("GPL");
