// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of industrial I/O: devices, buffers, triggers, events.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/iio/buffer.h>
#include <linux/iio/driver.h>
#include <linux/iio/events.h>
#include <linux/iio/iio.h>
#include <linux/iio/machine.h>
#include <linux/iio/trigger.h>
#include <linux/iio/triggered_buffer.h>
#include <linux/module.h>

#include "nodes.h"
#include "parent.h"

static int read_raw(struct iio_dev *iio, const struct iio_chan_spec *channel, int *one,
		    int *two, long mask)
{
	*one = 1;
	return IIO_VAL_INT;
}

static int read_event(struct iio_dev *iio, const struct iio_chan_spec *channel,
		      enum iio_event_type type, enum iio_event_direction dir)
{
	return 0;
}

static const struct iio_info info = {
	.read_raw = read_raw,
	.read_event_config = read_event,
};

static const struct iio_event_spec event = {
	.type = IIO_EV_TYPE_THRESH,
	.dir = IIO_EV_DIR_RISING,
	.mask_separate = BIT(IIO_EV_INFO_VALUE) | BIT(IIO_EV_INFO_ENABLE),
};

#define CHANNEL(number)							\
{									\
	.type = IIO_VOLTAGE,						\
	.indexed = 1,							\
	.channel = (number),						\
	.info_mask_separate = BIT(IIO_CHAN_INFO_RAW),			\
	.info_mask_shared_by_type = BIT(IIO_CHAN_INFO_SCALE),		\
	.scan_index = (number),						\
	.scan_type = { .sign = 'u', .realbits = 12, .storagebits = 16 },	\
	.event_spec = &event,						\
	.num_event_specs = 1,						\
	.datasheet_name = "in" #number,					\
}

static const struct iio_chan_spec channels[] = {
	CHANNEL(0), CHANNEL(1), IIO_CHAN_SOFT_TIMESTAMP(2),
};

static irqreturn_t handle(int irq, void *data)
{
	return IRQ_HANDLED;
}

static struct iio_dev *new_device(struct kunit *test)
{
	struct iio_dev *iio = iio_device_alloc(test->priv, 16);

	if (!iio)
		return NULL;
	iio->name = "fault-sweep";
	iio->info = &info;
	iio->channels = channels;
	iio->num_channels = ARRAY_SIZE(channels);
	iio->modes = INDIO_DIRECT_MODE;
	return iio;
}

static int iio_device(struct kunit *test)
{
	struct iio_dev *iio = new_device(test);
	int err;

	if (!iio)
		return -ENOMEM;
	err = iio_device_register(iio);
	if (!err)
		iio_device_unregister(iio);
	iio_device_free(iio);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(iio_device, .allow_success = true, .kept_by = nodes, .accept = nameless);

static int iio_buffer(struct kunit *test)
{
	struct iio_dev *iio = new_device(test);
	int err;

	if (!iio)
		return -ENOMEM;
	err = iio_triggered_buffer_setup(iio, NULL, handle, NULL);
	if (!err) {
		err = iio_device_register(iio);
		if (!err)
			iio_device_unregister(iio);
		iio_triggered_buffer_cleanup(iio);
	}
	iio_device_free(iio);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(iio_buffer, .allow_success = true, .kept_by = nodes, .accept = nameless);

static int iio_trigger(struct kunit *test)
{
	struct iio_trigger *trigger = iio_trigger_alloc(test->priv, "fault-sweep-%d", 1);
	int err;

	if (!trigger)
		return -ENOMEM;
	err = iio_trigger_register(trigger);
	if (!err)
		iio_trigger_unregister(trigger);
	iio_trigger_free(trigger);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(iio_trigger, .allow_success = true, .kept_by = nodes, .accept = nameless);

static int iio_maps(struct kunit *test)
{
	static const struct iio_map maps[] = {
		IIO_MAP("in0", "fault-sweep-user", "one"),
		IIO_MAP("in1", "fault-sweep-user", "two"),
		{}
	};
	struct iio_dev *iio = new_device(test);
	int err;

	if (!iio)
		return -ENOMEM;
	err = iio_map_array_register(iio, maps);
	if (!err)
		iio_map_array_unregister(iio);
	iio_device_free(iio);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(iio_maps, .allow_success = true, .kept_by = nodes, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(iio_device),
	KUNIT_CASE_FAULT_SWEEP(iio_buffer),
	KUNIT_CASE_FAULT_SWEEP(iio_trigger),
	KUNIT_CASE_FAULT_SWEEP(iio_maps),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_iio",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of industrial I/O");
MODULE_LICENSE("GPL");
