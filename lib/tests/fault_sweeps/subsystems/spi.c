// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of SPI controllers and devices.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/spi/spi.h>

#include "parent.h"

static int transfer_one(struct spi_controller *host, struct spi_message *message)
{
	message->status = 0;
	spi_finalize_current_message(host);
	return 0;
}

static int use_controller(struct device *dev)
{
	static struct spi_board_info board = {
		.modalias = "fault-sweep",
		.max_speed_hz = 1000,
		.chip_select = 1,
	};
	struct spi_controller *host = devm_spi_alloc_host(dev, 16);
	struct spi_device *device;
	int err;

	if (!host)
		return -ENOMEM;
	host->num_chipselect = 2;
	host->bus_num = -1;
	host->transfer_one_message = transfer_one;
	err = spi_register_controller(host);
	if (err)
		return err;
	/* It does not say why it failed. */
	device = spi_new_device(host, &board);
	if (device)
		spi_unregister_device(device);
	else
		err = -ENOMEM;
	spi_unregister_controller(host);
	return err;
}

/* The controller and, on older kernels, its statistics belong to the parent. */
static int spi(struct kunit *test)
{
	struct device *dev = test->priv;
	void *group = devres_open_group(dev, NULL, GFP_KERNEL);
	int err;

	if (!group)
		return -ENOMEM;
	err = use_controller(dev);
	devres_release_group(dev, group);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(spi, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(spi),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_spi",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of SPI controllers and devices");
MODULE_LICENSE("GPL");
