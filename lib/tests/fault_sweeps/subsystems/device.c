// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of the driver core: devices, classes, components.
 */

#include <kunit/device.h>
#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/auxiliary_bus.h>
#include <linux/cdev.h>
#include <linux/component.h>
#include <linux/device.h>
#include <linux/device/faux.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

struct devices {
	struct device *one, *two;
};

static int root_device(struct kunit *test)
{
	struct device *dev = root_device_register("fault-sweep-root");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	root_device_unregister(dev);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(root_device, .allow_success = true);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "none\n");
}

static DEVICE_ATTR_RO(state);

static struct attribute *some_attrs[] = {
	&dev_attr_state.attr,
	NULL
};

static const struct attribute_group some_group = {
	.name = "some",
	.attrs = some_attrs,
};

static const struct attribute_group *some_groups[] = { &some_group, NULL };

static int class_device(struct kunit *test)
{
	struct devices *devices = test->priv;
	struct class *class = class_create("fault-sweep");
	struct device *dev;
	int err = 0;

	if (IS_ERR(class))
		return PTR_ERR(class);
	dev = device_create_with_groups(class, devices->one, 0, NULL, some_groups,
					"fault-sweep-%d", 1);
	if (IS_ERR(dev))
		err = PTR_ERR(dev);
	else
		device_unregister(dev);
	class_destroy(class);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(class_device, .allow_success = true);

static int bind_part(struct device *dev, struct device *master, void *data)
{
	return devm_kzalloc(dev, 10, GFP_KERNEL) ? 0 : -ENOMEM;
}

static void unbind_part(struct device *dev, struct device *master, void *data) {}

static const struct component_ops part_ops = {
	.bind = bind_part,
	.unbind = unbind_part,
};

static int bind_whole(struct device *dev)
{
	return component_bind_all(dev, NULL);
}

static void unbind_whole(struct device *dev)
{
	component_unbind_all(dev, NULL);
}

static const struct component_master_ops whole_ops = {
	.bind = bind_whole,
	.unbind = unbind_whole,
};

static int components(struct kunit *test)
{
	struct devices *devices = test->priv;
	struct component_match *match = NULL;
	void *group = devres_open_group(devices->one, NULL, GFP_KERNEL);
	int err;

	if (!group)
		return -ENOMEM;
	component_match_add(devices->one, &match, component_compare_dev, devices->two);
	if (IS_ERR(match)) {
		err = PTR_ERR(match);
		goto release;
	}
	err = component_master_add_with_match(devices->one, &whole_ops, match);
	if (err)
		goto release;
	err = component_add(devices->two, &part_ops);
	if (!err)
		component_del(devices->two, &part_ops);
	component_master_del(devices->one, &whole_ops);
release:
	devres_release_group(devices->one, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(components, .allow_success = true);

static int auxiliary_device(struct kunit *test)
{
	struct devices *devices = test->priv;
	struct auxiliary_device *adev;

	adev = auxiliary_device_create(devices->one, "fault-sweep", "part", NULL, 0);
	if (!adev)
		return -ENOMEM;
	auxiliary_device_destroy(adev);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(auxiliary_device, .allow_success = true);

static int probe_faux(struct faux_device *faux)
{
	return devm_kzalloc(&faux->dev, 10, GFP_KERNEL) ? 0 : -ENOMEM;
}

static const struct faux_device_ops faux_ops = { .probe = probe_faux };

static int faux_device(struct kunit *test)
{
	struct faux_device *faux;

	faux = faux_device_create_with_groups("fault-sweep", NULL, &faux_ops, some_groups);
	if (!faux)
		return -ENOMEM;
	faux_device_destroy(faux);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(faux_device, .allow_success = true);

static const struct file_operations no_operations = { .owner = THIS_MODULE };

static int misc_device(struct kunit *test)
{
	struct miscdevice misc = {
		.minor = MISC_DYNAMIC_MINOR,
		.name = "fault-sweep",
		.fops = &no_operations,
		.groups = some_groups,
	};
	int err = misc_register(&misc);

	if (!err)
		misc_deregister(&misc);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(misc_device, .allow_success = true);

static int char_device(struct kunit *test)
{
	struct cdev *cdev;
	dev_t first;
	int err = alloc_chrdev_region(&first, 0, 2, "fault-sweep");

	if (err)
		return err;
	cdev = cdev_alloc();
	if (!cdev) {
		err = -ENOMEM;
		goto unregister;
	}
	cdev->ops = &no_operations;
	err = cdev_add(cdev, first, 2);
	if (err)
		kobject_put(&cdev->kobj);
	else
		cdev_del(cdev);
unregister:
	unregister_chrdev_region(first, 2);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(char_device);

static int init(struct kunit *test)
{
	struct devices *devices = kunit_kzalloc(test, sizeof(*devices), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, devices);
	devices->one = kunit_device_register(test, "fault-sweep-one");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, devices->one);
	devices->two = kunit_device_register(test, "fault-sweep-two");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, devices->two);
	test->priv = devices;
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(root_device),
	KUNIT_CASE_FAULT_SWEEP(class_device),
	KUNIT_CASE_FAULT_SWEEP(components),
	KUNIT_CASE_FAULT_SWEEP(auxiliary_device),
	KUNIT_CASE_FAULT_SWEEP(faux_device),
	KUNIT_CASE_FAULT_SWEEP(misc_device),
	KUNIT_CASE_FAULT_SWEEP(char_device),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_device",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of the driver core");
MODULE_LICENSE("GPL");
