// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of I2C adapters and clients.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "parent.h"

static int transfer(struct i2c_adapter *adapter, u16 addr, unsigned short flags, char read_write,
		    u8 command, int size, union i2c_smbus_data *data)
{
	return 0;
}

static u32 functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_SMBUS_QUICK;
}

static const struct i2c_algorithm algorithm = {
	.smbus_xfer = transfer,
	.functionality = functionality,
};

static int i2c(struct kunit *test)
{
	static const struct i2c_board_info board = { I2C_BOARD_INFO("fault-sweep", 0x20) };
	struct i2c_adapter *adapter = kzalloc(sizeof(*adapter), GFP_KERNEL);
	struct i2c_client *client;
	int err;

	if (!adapter)
		return -ENOMEM;
	strscpy(adapter->name, "fault-sweep");
	adapter->owner = THIS_MODULE;
	adapter->algo = &algorithm;
	adapter->dev.parent = test->priv;
	err = i2c_add_adapter(adapter);
	if (err)
		goto free;
	client = i2c_new_client_device(adapter, &board);
	if (IS_ERR(client))
		err = PTR_ERR(client);
	else
		i2c_unregister_device(client);
	i2c_del_adapter(adapter);
free:
	kfree(adapter);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(i2c, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(i2c),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_i2c",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of I2C adapters and clients");
MODULE_LICENSE("GPL");
