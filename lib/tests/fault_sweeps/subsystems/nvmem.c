// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of NVMEM devices and cells.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/nvmem-provider.h>

#include "parent.h"

static int read_nvmem(void *priv, unsigned int offset, void *value, size_t bytes)
{
	memset(value, 0, bytes);
	return 0;
}

static int nvmem(struct kunit *test)
{
	static const struct nvmem_cell_info cells[] = {
		{ .name = "one", .offset = 0, .bytes = 4 },
		{ .name = "two", .offset = 4, .bytes = 2, .bit_offset = 2, .nbits = 3 },
	};
	struct nvmem_config config = {
		.dev = test->priv,
		.name = "fault-sweep",
		.id = NVMEM_DEVID_AUTO,
		.owner = THIS_MODULE,
		.cells = cells,
		.ncells = ARRAY_SIZE(cells),
		.size = 32,
		.word_size = 1,
		.stride = 1,
		.reg_read = read_nvmem,
	};
	struct nvmem_device *nvmem = nvmem_register(&config);

	if (IS_ERR(nvmem))
		return PTR_ERR(nvmem);
	nvmem_unregister(nvmem);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(nvmem, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(nvmem),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_nvmem",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of NVMEM devices and cells");
MODULE_LICENSE("GPL");
