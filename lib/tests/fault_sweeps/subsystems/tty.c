// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of TTY drivers.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>

#include "parent.h"

static const struct tty_operations tty_ops = {};

static int tty(struct kunit *test)
{
	struct tty_driver *driver;
	int err;

	driver = tty_alloc_driver(4, TTY_DRIVER_REAL_RAW | TTY_DRIVER_DYNAMIC_DEV);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "fault-sweep";
	driver->name = "ttySweep";
	driver->type = TTY_DRIVER_TYPE_SERIAL;
	driver->subtype = SERIAL_TYPE_NORMAL;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &tty_ops);
	err = tty_register_driver(driver);
	if (!err) {
		struct device *dev = tty_register_device(driver, 1, test->priv);

		if (IS_ERR(dev))
			err = PTR_ERR(dev);
		else
			tty_unregister_device(driver, 1);
		tty_unregister_driver(driver);
	}
	tty_driver_kref_put(driver);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(tty, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(tty),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_tty",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of TTY drivers");
MODULE_LICENSE("GPL");
