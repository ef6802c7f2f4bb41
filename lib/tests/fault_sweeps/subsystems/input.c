// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of input and HID devices.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/hid.h>
#include <linux/input.h>
#include <linux/input/mt.h>
#include <linux/module.h>

#include "parent.h"

static int register_input(struct input_dev *input)
{
	int err = input_register_device(input);

	if (err)
		input_free_device(input);
	else
		input_unregister_device(input);
	return err;
}

static int keyboard(struct kunit *test)
{
	struct input_dev *input = input_allocate_device();

	if (!input)
		return -ENOMEM;
	input->name = "fault-sweep";
	input->dev.parent = test->priv;
	input_set_capability(input, EV_KEY, KEY_A);
	input_set_capability(input, EV_LED, LED_CAPSL);
	input_set_capability(input, EV_REP, REP_DELAY);
	return register_input(input);
}

KUNIT_DEFINE_FAULT_SWEEP(keyboard, .allow_success = true, .accept = nameless);

static int touchscreen(struct kunit *test)
{
	struct input_dev *input = input_allocate_device();
	int err;

	if (!input)
		return -ENOMEM;
	input->name = "fault-sweep";
	input->dev.parent = test->priv;
	input_set_abs_params(input, ABS_MT_POSITION_X, 0, 1000, 0, 0);
	input_set_abs_params(input, ABS_MT_POSITION_Y, 0, 1000, 0, 0);
	err = input_mt_init_slots(input, 10, INPUT_MT_DIRECT | INPUT_MT_TRACK);
	if (!err)
		return register_input(input);
	input_free_device(input);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(touchscreen, .allow_success = true, .accept = nameless);

#if IS_ENABLED(CONFIG_INPUT_FF_MEMLESS)

static int play(struct input_dev *input, void *data, struct ff_effect *effect)
{
	return 0;
}

static int force_feedback(struct kunit *test)
{
	struct input_dev *input = input_allocate_device();
	void *data;
	int err;

	if (!input)
		return -ENOMEM;
	input->name = "fault-sweep";
	input->dev.parent = test->priv;
	input_set_capability(input, EV_FF, FF_RUMBLE);
	/* It belongs to the device only if that could be set up. */
	data = kzalloc(10, GFP_KERNEL);
	err = data ? input_ff_create_memless(input, data, play) : -ENOMEM;
	if (!err)
		return register_input(input);
	kfree(data);
	input_free_device(input);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(force_feedback, .allow_success = true, .accept = nameless);

#endif

#if IS_ENABLED(CONFIG_HID)

/* A mouse with three buttons, and a report of a vendor's own. */
static const u8 descriptor[] = {
	0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x85, 0x01,
	0x05, 0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01, 0x95, 0x03,
	0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05, 0x81, 0x03,
	0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x15, 0x81, 0x25, 0x7f, 0x75, 0x08,
	0x95, 0x02, 0x81, 0x06, 0xc0, 0xc0,
	0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x85, 0x02, 0x09, 0x02, 0x15,
	0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x04, 0xb1, 0x02, 0xc0,
};

static int parse(struct hid_device *hid)
{
	return hid_parse_report(hid, descriptor, sizeof(descriptor));
}

static int succeed(struct hid_device *hid)
{
	return 0;
}

static void ignore(struct hid_device *hid) {}

static int raw_request(struct hid_device *hid, unsigned char number, u8 *buf, size_t len,
		       unsigned char type, int request)
{
	return len;
}

static const struct hid_ll_driver transport = {
	.parse = parse,
	.start = succeed,
	.stop = ignore,
	.open = succeed,
	.close = ignore,
	.raw_request = raw_request,
};

static const char * const caches[] = { "alloc_vmap_area", NULL };

/* The device is there, without its driver, if the probe fails. */
static int hid_mouse(struct kunit *test)
{
	struct hid_device *hid = hid_allocate_device();
	int err;

	if (IS_ERR(hid))
		return PTR_ERR(hid);
	hid->ll_driver = &transport;
	hid->bus = BUS_VIRTUAL;
	hid->dev.parent = test->priv;
	strscpy(hid->name, "fault-sweep");
	err = hid_add_device(hid);
	if (!err && !device_is_bound(&hid->dev))
		err = -ENOMEM;
	hid_destroy_device(hid);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(hid_mouse, .allow_success = true, .accept = nameless,
			 .kept_by = caches);

#endif

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(keyboard),
	KUNIT_CASE_FAULT_SWEEP(touchscreen),
#if IS_ENABLED(CONFIG_INPUT_FF_MEMLESS)
	KUNIT_CASE_FAULT_SWEEP(force_feedback),
#endif
#if IS_ENABLED(CONFIG_HID)
	KUNIT_CASE_FAULT_SWEEP(hid_mouse),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_input",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of input devices");
MODULE_LICENSE("GPL");
