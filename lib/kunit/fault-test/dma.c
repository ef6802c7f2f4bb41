// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings for DMA that fail.
 */

#include <linux/dma-mapping.h>
#include <linux/kallsyms.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>

#include "bodies.h"
#include "expected.h"
#include "helper.h"

#define HALF	512

static struct platform_device *dma_device;

/* An object and two mappings, of its halves */
static noinline int maps_two_halves(void *unused)
{
	void *buffer = kmalloc(2 * HALF, GFP_KERNEL);
	struct device *dev = &dma_device->dev;
	int err = -ENOMEM;
	dma_addr_t a, b;

	if (!buffer)
		return -ENOMEM;
	a = dma_map_single(dev, buffer, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, a))
		goto free;
	b = dma_map_single(dev, buffer + HALF, HALF, DMA_FROM_DEVICE);
	if (!dma_mapping_error(dev, b)) {
		err = 0;
		dma_unmap_single(dev, b, HALF, DMA_FROM_DEVICE);
	}
	dma_unmap_single(dev, a, HALF, DMA_TO_DEVICE);
free:
	kfree(buffer);
	return err;
}

/* Of each function that maps, a call: registers, a list, and a table, which is an object, too */
static int maps_all_else(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct sg_table table;
	struct scatterlist list;
	dma_addr_t registers;
	int err = -ENOMEM;

	registers = dma_map_resource(dev, 0xfed00000, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	if (dma_mapping_error(dev, registers))
		return -ENOMEM;
	sg_init_one(&list, page_address(ZERO_PAGE(0)), HALF);
	if (!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE))
		goto unmap_registers;
	if (sg_alloc_table(&table, 1, GFP_KERNEL))
		goto unmap_list;
	sg_set_page(table.sgl, ZERO_PAGE(0), HALF, 0);
	err = dma_map_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	if (!err)
		dma_unmap_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	sg_free_table(&table);
unmap_list:
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
unmap_registers:
	dma_unmap_resource(dev, registers, PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
	return err;
}

static void skip_without_dma(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION_DMA))
		kunit_skip(test, "needs CONFIG_KUNIT_FAULT_INJECTION_DMA");
}

KUNIT_DEFINE_ACTION_WRAPPER(unregister, platform_device_unregister, struct platform_device *);

static void make_a_dma_device(struct kunit *test)
{
	dma_device = platform_device_register_simple("kunit_fault", PLATFORM_DEVID_AUTO, NULL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dma_device);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unregister, dma_device), 0);
	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(&dma_device->dev, DMA_BIT_MASK(64)), 0);
}

static void mappings_are_swept(struct kunit *test)
{
	struct kunit_fault_sweep sweep = { .scenario = "halves", .dma_mappings = true };
	struct kunit_fault_sweep begun = { .dma_mappings = true };

	skip_without_dma(test);
	make_a_dma_device(test);
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 6);
	KUNIT_EXPECT_EQ(test, sweep.failed, 3);

	sweep = (struct kunit_fault_sweep) { .scenario = "all else", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_all_else, NULL), 8);
	KUNIT_EXPECT_EQ(test, sweep.failed, 4);

	/* Not in a sweep that does not ask for it, beside another one that does */
	KUNIT_ASSERT_TRUE(test, kunit_fault_sweep_next(test, &begun));
	sweep = (struct kunit_fault_sweep) { .scenario = "the object" };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 2);

	/* And once in one that does, though there are two */
	sweep = (struct kunit_fault_sweep) { .scenario = "again", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_two_halves, NULL), 6);
}

static void mappings_are_named(struct kunit *test)
{
	struct kunit_fault_sweep sweep = {
		.dma_mappings = true,
		.modes = BIT(KUNIT_FAULT_ONCE),
	};
	char name[KSYM_SYMBOL_LEN];

	skip_without_sites(test);
	skip_without_dma(test);
	make_a_dma_device(test);
	while (kunit_fault_sweep_next(test, &sweep)) {
		KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &sweep), 0);
		kunit_fault_sweep_disarm(test, &sweep, maps_two_halves(NULL));
		if (!sweep.report.fired)
			continue;
		sprint_symbol_no_offset(name, kunit_fault_site(&sweep.report));
		KUNIT_EXPECT_STREQ(test, name, "maps_two_halves");
	}
}

/* An object, and a mapping that stays */
static noinline int maps_for_good(void *unused)
{
	void *p = kmalloc(16, GFP_KERNEL);
	struct device *dev = &dma_device->dev;

	if (!p)
		return -ENOMEM;
	kfree(p);
	return dma_mapping_error(dev, dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE));
}

static int others_map(void *test)
{
	return by_a_thread(test, maps_two_halves, false);
}

static void mappings_of_others_do_not_count(struct kunit *test)
{
	static const char * const caches[] = { "maps_for_good", NULL };
	struct kunit_fault_sweep sweep = { .dma_mappings = true, .kept_by = caches };
	struct kunit_fault_sweep begun = { .dma_mappings = true };
	unsigned long points;

	skip_without_sites(test);
	skip_without_dma(test);
	make_a_dma_device(test);
	/* Whose mappings stay */
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_for_good, NULL), 4);

	/* Those of another task */
	points = count_points(test, make_a_thread);
	sweep = (struct kunit_fault_sweep) { .scenario = "threads", .dma_mappings = true };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, others_map, test), 2 * points);

	/* And those of a sweep that has been begun: they are no leaks, either. */
	KUNIT_ASSERT_TRUE(test, kunit_fault_sweep_next(test, &begun));
	sweep = (struct kunit_fault_sweep) { .scenario = "beside" };
	KUNIT_EXPECT_EQ(test, sweep_body(test, &sweep, maps_for_good, NULL), 2);
	KUNIT_ASSERT_EQ(test, kunit_fault_sweep_arm(test, &begun), 0);
	kunit_fault_sweep_disarm(test, &begun, maps_two_halves(NULL));
	KUNIT_EXPECT_EQ(test, count_points(test, maps_two_halves), 1);
}

/* Gives the device an address that is none. */
static int uses_a_mapping_that_failed(void *unused)
{
	struct device *dev = &dma_device->dev;
	dma_addr_t a = dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE);

	if (a != DMA_MAPPING_ERROR)
		dma_unmap_page(dev, a, HALF, DMA_TO_DEVICE);
	return 0;
}

/* Forgets the first of two if there is no second. */
static int leaves_a_mapping(void *unused)
{
	struct device *dev = &dma_device->dev;
	dma_addr_t a, b;

	a = dma_map_page(dev, ZERO_PAGE(0), 0, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, a))
		return -ENOMEM;
	b = dma_map_page(dev, ZERO_PAGE(0), HALF, HALF, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, b))
		return -ENOMEM;
	dma_unmap_page(dev, b, HALF, DMA_TO_DEVICE);
	dma_unmap_page(dev, a, HALF, DMA_TO_DEVICE);
	return 0;
}

/* The same with a list */
static int leaves_a_list(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct scatterlist list;
	void *p;

	sg_init_one(&list, page_address(ZERO_PAGE(0)), HALF);
	if (!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE))
		return -ENOMEM;
	p = kmalloc(16, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	kfree(p);
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
	return 0;
}

/* Frees a table that is mapped if there is no memory for something else. */
static int leaves_a_table(void *unused)
{
	struct device *dev = &dma_device->dev;
	struct sg_table table;
	int err;
	void *p;

	if (sg_alloc_table(&table, 1, GFP_KERNEL))
		return -ENOMEM;
	sg_set_page(table.sgl, ZERO_PAGE(0), HALF, 0);
	err = dma_map_sgtable(dev, &table, DMA_TO_DEVICE, 0);
	if (!err) {
		p = kmalloc(16, GFP_KERNEL);
		err = p ? 0 : -ENOMEM;
		if (p)
			dma_unmap_sgtable(dev, &table, DMA_TO_DEVICE, 0);
		kfree(p);
	}
	sg_free_table(&table);
	return err;
}

static void need_a_dma_device(struct kunit *test)
{
	skip_without_dma(test);
	make_a_dma_device(test);
}

#define OF_DMA	.sweep.dma_mappings = true, .needs = need_a_dma_device

static const struct kunit_fault_failing failing_cases[] = {
	{ "uses a mapping that failed", uses_a_mapping_that_failed, 1, 1, OF_DMA },
	{ "leaves a mapping", leaves_a_mapping, 2, 2, OF_DMA },
	{ "leaves a list", leaves_a_list, 2, 2, OF_DMA },
	{ "leaves a table", leaves_a_table, 3, 3, OF_DMA },
};

KUNIT_ARRAY_PARAM_DESC(failing, failing_cases, name);

static void option_is_needed(struct kunit *test)
{
	const struct kunit_fault_sweep sweep = { .dma_mappings = true };

	if (IS_ENABLED(CONFIG_KUNIT_FAULT_INJECTION_DMA))
		kunit_skip(test, "has CONFIG_KUNIT_FAULT_INJECTION_DMA");
	kunit_fault_expect_skip(test, &sweep);
}

static struct kunit_case dma_cases[] = {
	KUNIT_CASE(mappings_are_swept),
	KUNIT_CASE(mappings_are_named),
	KUNIT_CASE(mappings_of_others_do_not_count),
	KUNIT_CASE(option_is_needed),
	KUNIT_CASE_PARAM(failures_are_reported, failing_gen_params),
	{}
};

static struct kunit_suite dma_suite = {
	.name = "kunit_fault_dma",
	.init = fault_test_init,
	.test_cases = dma_cases,
};

kunit_test_suite(dma_suite);
