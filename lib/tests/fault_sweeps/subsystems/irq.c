// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of interrupts: descriptors, domains, handlers.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/fwnode.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/property.h>

#include "nodes.h"

static int irq_descriptors(struct kunit *test)
{
	int first = irq_alloc_descs(-1, 0, 10, 0);

	if (first < 0)
		return first;
	irq_free_descs(first, 10);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(irq_descriptors, .allow_success = true, .kept_by = nodes);

static int map_nothing(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_and_handler(irq, &dummy_irq_chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops flat_ops = { .map = map_nothing };

/* irq_create_mapping() does not say why it failed. */
static int map_some(struct irq_domain *domain)
{
	static const irq_hw_number_t numbers[] = { 0, 3, 60 };
	unsigned int irqs[ARRAY_SIZE(numbers)];
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(numbers) && !err; i++) {
		irqs[i] = irq_create_mapping(domain, numbers[i]);
		if (!irqs[i])
			err = -ENOMEM;
	}
	/* The domain need not find them: a tree may have had no memory to store them. */
	while (i--) {
		if (irqs[i])
			irq_dispose_mapping(irqs[i]);
	}
	return err;
}

static int irq_domain_flat(struct kunit *test)
{
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode("fault-sweep");
	struct irq_domain *linear, *tree;
	int err = -ENOMEM;

	if (!fwnode)
		return -ENOMEM;
	linear = irq_domain_create_linear(fwnode, 64, &flat_ops, NULL);
	if (!linear)
		goto free_fwnode;
	err = map_some(linear);
	irq_domain_remove(linear);
	if (err)
		goto free_fwnode;
	tree = irq_domain_create_tree(fwnode, &flat_ops, NULL);
	if (!tree) {
		err = -ENOMEM;
		goto free_fwnode;
	}
	err = map_some(tree);
	irq_domain_remove(tree);
free_fwnode:
	irq_domain_free_fwnode(fwnode);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(irq_domain_flat, .allow_success = true, .kept_by = nodes);

#ifdef CONFIG_GENERIC_IRQ_CHIP

static int generic_chips(struct kunit *test)
{
	struct irq_domain_chip_generic_info chips = {
		.name = "fault-sweep",
		.handler = handle_level_irq,
		.irqs_per_chip = 32,
		.num_ct = 2,
	};
	struct irq_domain_info info = {
		.size = 64,
		.hwirq_max = 64,
		.ops = &irq_generic_chip_ops,
		.dgc_info = &chips,
		.domain_flags = IRQ_DOMAIN_FLAG_DESTROY_GC,
	};
	struct irq_domain *domain;
	int err;

	info.fwnode = irq_domain_alloc_named_fwnode("fault-sweep");
	if (!info.fwnode)
		return -ENOMEM;
	domain = irq_domain_instantiate(&info);
	if (IS_ERR(domain)) {
		err = PTR_ERR(domain);
	} else {
		err = map_some(domain);
		irq_domain_remove(domain);
	}
	irq_domain_free_fwnode(info.fwnode);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(generic_chips, .allow_success = true, .kept_by = nodes);

#endif

#ifdef CONFIG_IRQ_DOMAIN_HIERARCHY

static int alloc_parent(struct irq_domain *domain, unsigned int irq, unsigned int nr, void *arg)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = irq_domain_set_hwirq_and_chip(domain, irq + i, i, &dummy_irq_chip, NULL);
	return err;
}

static const struct irq_domain_ops parent_ops = {
	.alloc = alloc_parent,
	.free = irq_domain_free_irqs_common,
};

static int alloc_child(struct irq_domain *domain, unsigned int irq, unsigned int nr, void *arg)
{
	int err = irq_domain_alloc_irqs_parent(domain, irq, nr, arg);

	return err ?: alloc_parent(domain, irq, nr, arg);
}

static const struct irq_domain_ops child_ops = {
	.alloc = alloc_child,
	.free = irq_domain_free_irqs_common,
};

static int use_hierarchy(struct irq_domain *parent, struct fwnode_handle *fwnode)
{
	struct irq_domain *child;
	int irq;

	child = irq_domain_create_hierarchy(parent, 0, 16, fwnode, &child_ops, NULL);
	if (!child)
		return -ENOMEM;
	irq = irq_domain_alloc_irqs(child, 4, NUMA_NO_NODE, NULL);
	if (irq > 0)
		irq_domain_free_irqs(irq, 4);
	irq_domain_remove(child);
	return min(irq, 0);
}

static int irq_domain_hierarchy(struct kunit *test)
{
	struct fwnode_handle *one, *two;
	struct irq_domain *parent;
	int err = -ENOMEM;

	one = irq_domain_alloc_named_fwnode("fault-sweep-one");
	two = irq_domain_alloc_named_fwnode("fault-sweep-two");
	if (!one || !two)
		goto free_fwnodes;
	parent = irq_domain_create_linear(one, 16, &parent_ops, NULL);
	if (!parent)
		goto free_fwnodes;
	err = use_hierarchy(parent, two);
	irq_domain_remove(parent);
free_fwnodes:
	if (one)
		irq_domain_free_fwnode(one);
	if (two)
		irq_domain_free_fwnode(two);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(irq_domain_hierarchy, .allow_success = true, .kept_by = nodes);

#endif

#if IS_ENABLED(CONFIG_IRQ_SIM)

static irqreturn_t handle(int irq, void *data)
{
	return IRQ_HANDLED;
}

/* The handlers' threads are made by kthreadd, whose memory is its own. */
static int request_both(int irq, void *data)
{
	int err = request_threaded_irq(irq, handle, handle, IRQF_SHARED, "fault-sweep", data);

	if (err)
		return err;
	err = request_irq(irq, handle, IRQF_SHARED, "fault-sweep-other", &err);
	if (!err)
		free_irq(irq, &err);
	free_irq(irq, data);
	return err;
}

static int irq_requested(struct kunit *test)
{
	struct irq_domain *sim = irq_domain_create_sim(NULL, 2);
	int irq, err;

	if (IS_ERR(sim))
		return PTR_ERR(sim);
	irq = irq_create_mapping(sim, 1);
	err = irq ? request_both(irq, test) : -ENOMEM;
	if (irq)
		irq_dispose_mapping(irq);
	irq_domain_remove_sim(sim);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(irq_requested, .allow_success = true, .kept_by = nodes);

#endif

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(irq_descriptors),
	KUNIT_CASE_FAULT_SWEEP(irq_domain_flat),
#ifdef CONFIG_GENERIC_IRQ_CHIP
	KUNIT_CASE_FAULT_SWEEP(generic_chips),
#endif
#ifdef CONFIG_IRQ_DOMAIN_HIERARCHY
	KUNIT_CASE_FAULT_SWEEP(irq_domain_hierarchy),
#endif
#if IS_ENABLED(CONFIG_IRQ_SIM)
	KUNIT_CASE_FAULT_SWEEP(irq_requested),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_irq",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of interrupts");
MODULE_LICENSE("GPL");
