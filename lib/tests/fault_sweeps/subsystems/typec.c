// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of USB Type-C ports.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/usb/typec.h>
#include <linux/usb/typec_altmode.h>

#include "parent.h"

static int use_port(struct typec_port *port)
{
	struct typec_altmode_desc altmode = { .svid = 0xff01, .mode = 1 };
	struct typec_partner_desc partner_desc = {};
	struct typec_cable_desc cable_desc = { .type = USB_PLUG_TYPE_C };
	struct typec_altmode *port_mode, *partner_mode;
	struct typec_partner *partner;
	struct typec_cable *cable;
	int err = 0;

	port_mode = typec_port_register_altmode(port, &altmode);
	if (IS_ERR(port_mode))
		return PTR_ERR(port_mode);
	partner = typec_register_partner(port, &partner_desc);
	if (IS_ERR(partner)) {
		err = PTR_ERR(partner);
		goto unregister_mode;
	}
	partner_mode = typec_partner_register_altmode(partner, &altmode);
	if (IS_ERR(partner_mode)) {
		err = PTR_ERR(partner_mode);
		goto unregister_partner;
	}
	cable = typec_register_cable(port, &cable_desc);
	if (IS_ERR(cable))
		err = PTR_ERR(cable);
	else
		typec_unregister_cable(cable);
	typec_unregister_altmode(partner_mode);
unregister_partner:
	typec_unregister_partner(partner);
unregister_mode:
	typec_unregister_altmode(port_mode);
	return err;
}

static int typec(struct kunit *test)
{
	struct typec_capability capability = {
		.type = TYPEC_PORT_DRP,
		.data = TYPEC_PORT_DRD,
		.prefer_role = TYPEC_NO_PREFERRED_ROLE,
	};
	struct typec_port *port = typec_register_port(test->priv, &capability);
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	err = use_port(port);
	typec_unregister_port(port);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(typec, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(typec),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_typec",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of USB Type-C ports");
MODULE_LICENSE("GPL");
