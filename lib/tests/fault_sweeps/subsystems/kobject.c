// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of kobjects, sysfs, kernfs and software nodes.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/sysfs.h>

static ssize_t one_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "1\n");
}

static struct kobj_attribute one_attr = __ATTR_RO(one);
static struct kobj_attribute two_attr = __ATTR(two, 0444, one_show, NULL);
static struct kobj_attribute three_attr = __ATTR(three, 0444, one_show, NULL);

static struct attribute *one_attrs[] = { &one_attr.attr, &two_attr.attr, NULL };
static struct attribute *more_attrs[] = { &three_attr.attr, NULL };

static const struct attribute_group one_group = { .attrs = one_attrs };
static const struct attribute_group named_group = { .name = "named", .attrs = one_attrs };
static const struct attribute_group more_group = { .name = "named", .attrs = more_attrs };
static const struct attribute_group *groups[] = { &one_group, &named_group, NULL };

static int kobject(struct kunit *test)
{
	struct kobject *parent = kobject_create_and_add("fault-sweep", kernel_kobj);
	struct kobject *child;
	int err = -ENOMEM;

	if (!parent)
		return -ENOMEM;
	child = kobject_create_and_add("child", parent);
	if (!child)
		goto put_parent;
	err = sysfs_create_groups(parent, groups);
	if (err)
		goto put_child;
	err = sysfs_merge_group(parent, &more_group);
	if (err)
		goto remove_groups;
	err = sysfs_create_link(parent, child, "link");
	if (err)
		goto unmerge;
	err = kobject_rename(child, "renamed");
	sysfs_remove_link(parent, "link");
unmerge:
	sysfs_unmerge_group(parent, &more_group);
remove_groups:
	sysfs_remove_groups(parent, groups);
put_child:
	kobject_put(child);
put_parent:
	kobject_put(parent);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(kobject, .allow_success = true);

static int kset(struct kunit *test)
{
	struct kset *kset = kset_create_and_add("fault-sweep", NULL, kernel_kobj);

	if (!kset)
		return -ENOMEM;
	kset_unregister(kset);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(kset, .allow_success = true);

static const struct kernfs_ops no_ops;

static int kernfs(struct kunit *test)
{
	struct kernfs_root *root = kernfs_create_root(NULL, 0, NULL);
	struct kernfs_node *dir, *node;
	int err = 0;

	if (IS_ERR(root))
		return PTR_ERR(root);
	dir = kernfs_create_dir(kernfs_root_to_node(root), "dir", 0755, NULL);
	if (IS_ERR(dir)) {
		err = PTR_ERR(dir);
		goto destroy;
	}
	node = __kernfs_create_file(dir, "file", 0644, GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, 0,
				    &no_ops, NULL, NULL, NULL);
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto destroy;
	}
	node = kernfs_create_link(kernfs_root_to_node(root), "link", dir);
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto destroy;
	}
	err = kernfs_rename(dir, kernfs_root_to_node(root), "another name");
destroy:
	kernfs_destroy_root(root);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(kernfs, .allow_success = true);

static const struct software_node first_node = { .name = "fault-sweep-first" };

static const char * const words[] = { "one", "two", "three" };

static const struct property_entry properties[] = {
	PROPERTY_ENTRY_U32("number", 5),
	PROPERTY_ENTRY_STRING("word", "five"),
	PROPERTY_ENTRY_STRING_ARRAY("words", words),
	PROPERTY_ENTRY_REF("reference", &first_node, 1, 2),
	{}
};

static const struct software_node second_node = {
	.name = "fault-sweep-second",
	.parent = &first_node,
	.properties = properties,
};

static const struct software_node *node_group[] = { &first_node, &second_node, NULL };

static int software_nodes(struct kunit *test)
{
	int err = software_node_register_node_group(node_group);

	if (!err)
		software_node_unregister_node_group(node_group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(software_nodes, .allow_success = true);

static int created_node(struct kunit *test)
{
	struct fwnode_handle *parent, *child;
	int err = 0;

	parent = fwnode_create_software_node(properties, NULL);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	child = fwnode_create_software_node(properties, parent);
	if (IS_ERR(child))
		err = PTR_ERR(child);
	else
		fwnode_remove_software_node(child);
	fwnode_remove_software_node(parent);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(created_node, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(kobject),
	KUNIT_CASE_FAULT_SWEEP(kset),
	KUNIT_CASE_FAULT_SWEEP(kernfs),
	KUNIT_CASE_FAULT_SWEEP(software_nodes),
	KUNIT_CASE_FAULT_SWEEP(created_node),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_kobject",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of kobjects and what is built on them");
MODULE_LICENSE("GPL");
