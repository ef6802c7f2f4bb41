// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of PTP clocks.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/ptp_clock_kernel.h>

#include "parent.h"

static int adjust_fine(struct ptp_clock_info *ptp, long ppm)
{
	return 0;
}

static int adjust_time(struct ptp_clock_info *ptp, s64 delta)
{
	return 0;
}

static int get_time(struct ptp_clock_info *ptp, struct timespec64 *ts)
{
	*ts = (struct timespec64) {};
	return 0;
}

static int set_time(struct ptp_clock_info *ptp, const struct timespec64 *ts)
{
	return 0;
}

static int verify_pin(struct ptp_clock_info *ptp, unsigned int pin, enum ptp_pin_function func,
		      unsigned int chan)
{
	return 0;
}

static int ptp(struct kunit *test)
{
	struct ptp_pin_desc pins[2] = { { .name = "one" }, { .name = "two" } };
	struct ptp_clock_info info = {
		.owner = THIS_MODULE,
		.name = "fault-sweep",
		.max_adj = 100,
		.n_pins = ARRAY_SIZE(pins),
		.n_ext_ts = 1,
		.pin_config = pins,
		.adjfine = adjust_fine,
		.adjtime = adjust_time,
		.gettime64 = get_time,
		.settime64 = set_time,
		.verify = verify_pin,
	};
	struct ptp_clock *clock = ptp_clock_register(&info, test->priv);

	if (IS_ERR(clock))
		return PTR_ERR(clock);
	return ptp_clock_unregister(clock);
}

KUNIT_DEFINE_FAULT_SWEEP(ptp, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(ptp),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_ptp",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of PTP clocks");
MODULE_LICENSE("GPL");
