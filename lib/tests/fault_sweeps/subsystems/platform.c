// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of the driver core: platform devices and managed resources.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "parent.h"

static void nothing(void *unused) {}

static int probe_thing(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	const char *name;

	if (!devm_kzalloc(dev, 100, GFP_KERNEL))
		return -ENOMEM;
	name = devm_kasprintf(dev, GFP_KERNEL, "%s-%d", dev_name(dev), pdev->id);
	if (!name || !devm_kmemdup(dev, name, 4, GFP_KERNEL))
		return -ENOMEM;
	return devm_add_action_or_reset(dev, nothing, NULL);
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "none\n");
}

static DEVICE_ATTR_RO(state);

static struct attribute *thing_attrs[] = {
	&dev_attr_state.attr,
	NULL
};
ATTRIBUTE_GROUPS(thing);

static struct platform_driver thing_driver = {
	.probe = probe_thing,
	.driver = {
		.name = "fault-sweep",
		.dev_groups = thing_groups,
	},
};

static const struct property_entry thing_properties[] = {
	PROPERTY_ENTRY_U32("number", 5),
	PROPERTY_ENTRY_STRING("word", "five"),
	PROPERTY_ENTRY_BOOL("flag"),
	{}
};

static const struct resource thing_resources[] = {
	DEFINE_RES_IRQ(1),
	DEFINE_RES_IRQ_NAMED(2, "second"),
};

static const struct platform_device_info thing_info = {
	.name = "fault-sweep",
	.id = PLATFORM_DEVID_AUTO,
	.res = thing_resources,
	.num_res = ARRAY_SIZE(thing_resources),
	.data = "data",
	.size_data = 5,
	.properties = thing_properties,
};

/* A device whose probe fails is there nevertheless, without its driver. */
static int platform_device(struct kunit *test)
{
	struct platform_device *pdev = platform_device_register_full(&thing_info);
	int err;

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	err = device_is_bound(&pdev->dev) ? 0 : -ENOMEM;
	platform_device_unregister(pdev);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(platform_device, .allow_success = true, .accept = nameless);

static struct platform_driver other_driver = {
	.probe = probe_thing,
	.driver.name = "fault-sweep-other",
};

static int platform_driver(struct kunit *test)
{
	int err = platform_driver_register(&other_driver);

	if (!err)
		platform_driver_unregister(&other_driver);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(platform_driver, .allow_success = true, .accept = nameless);

/* Everything of a group is given back, however far it got. */
static int devres_group(struct kunit *test)
{
	struct device *dev = test->priv;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	void *memory;
	int err = -ENOMEM;

	if (!group)
		return -ENOMEM;
	memory = devm_kmalloc(dev, 10, GFP_KERNEL);
	if (!memory)
		goto release;
	memory = devm_krealloc(dev, memory, 1000, GFP_KERNEL);
	if (!memory || !devm_kstrdup(dev, "name", GFP_KERNEL) ||
	    !devm_get_free_pages(dev, GFP_KERNEL, 1))
		goto release;
	err = devm_add_action_or_reset(dev, nothing, NULL);
release:
	devres_release_group(dev, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(devres_group);

static int suite_init(struct kunit_suite *suite)
{
	return platform_driver_register(&thing_driver);
}

static void suite_exit(struct kunit_suite *suite)
{
	if (!suite->suite_init_err)
		platform_driver_unregister(&thing_driver);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(platform_device),
	KUNIT_CASE_FAULT_SWEEP(platform_driver),
	KUNIT_CASE_FAULT_SWEEP(devres_group),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_platform",
	.init = make_parent,
	.suite_init = suite_init,
	.suite_exit = suite_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of platform devices");
MODULE_LICENSE("GPL");
