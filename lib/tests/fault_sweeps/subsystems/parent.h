/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device for what a sweep registers, made before its first run.
 */

#ifndef _FAULT_SWEEPS_PARENT_H
#define _FAULT_SWEEPS_PARENT_H

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/errno.h>

/*
 * A device whose name could not be allocated is refused by the driver core as one
 * without a name, unless who sets it looks whether that worked; hardly anybody does.
 */
static const int nameless[] = { -EINVAL, 0 };

/* For the init of a suite: the device is the test's priv. */
static inline int make_parent(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "fault-sweep");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	test->priv = dev;
	return 0;
}

#endif /* _FAULT_SWEEPS_PARENT_H */
