// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of MDIO buses.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/phy.h>

#include "parent.h"

static int read_mdio(struct mii_bus *bus, int addr, int reg)
{
	/* One PHY, at address 1. */
	if (addr != 1)
		return 0xffff;
	return reg == MII_PHYSID1 ? 0x1234 : reg == MII_PHYSID2 ? 0x5670 : 0;
}

static int write_mdio(struct mii_bus *bus, int addr, int reg, u16 value)
{
	return 0;
}

static int mdio(struct kunit *test)
{
	struct mii_bus *bus = mdiobus_alloc();
	int err;

	if (!bus)
		return -ENOMEM;
	bus->name = "fault-sweep";
	snprintf(bus->id, sizeof(bus->id), "fault-sweep");
	bus->parent = test->priv;
	bus->read = read_mdio;
	bus->write = write_mdio;
	err = mdiobus_register(bus);
	if (!err)
		mdiobus_unregister(bus);
	mdiobus_free(bus);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(mdio, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(mdio),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_mdio",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of MDIO buses");
MODULE_LICENSE("GPL");
